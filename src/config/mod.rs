//! The configuration: files with Falco's keys and overrides of the command line enter, one checked structure leaves. What is
//! wrong is told with its place; what has no effect is named.

mod keys;
mod outputs;
mod read;
mod reader;
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tercel_rules::load::AppendOutput;
use tercel_rules::program::Priority;
use tercel_rules::select::Step;

use crate::exit::Failure;
use tercel_outputs::{Kind, Level, Limits};
use tree::{Entry, Remark, Strategy, Value};

pub use keys::Remarks;

/// Where the configuration is looked for.
pub const DEFAULT_FILE: &str = "/etc/tercel/tercel.yaml";

/// A checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Rule files and directories that exist, in the order of loading.
    pub rules_files: Vec<PathBuf>,
    /// Reload rules and configuration when their files change.
    pub watch: bool,
    /// Which rules run.
    pub selection: Vec<Step>,
    /// Rules less urgent than this do not run.
    pub priority: Priority,
    /// Every matching rule gives an alert, not only the first.
    pub all_matching: bool,
    /// Texts that outputs get in addition.
    pub append_output: Vec<AppendOutput>,
    /// How lines look.
    pub lines: Lines,
    /// Where lines go.
    pub outputs: Vec<Kind>,
    /// How much may wait for each output.
    pub limits: Limits,
    /// How long outputs may go on at the end.
    pub patience: Duration,
    /// What is told of the run itself, and where.
    pub log: Log,
    /// What happens when events are lost.
    pub drops: Drops,
    /// The web server, if there is one.
    pub web: Option<Web>,
    /// What is measured.
    pub metrics: Metrics,
    /// Which system calls the probe is asked for.
    pub calls: Calls,
    /// Bytes of read and written buffers to keep.
    pub snaplen: u32,
    /// Bytes of the ring of each CPU.
    pub ring: u32,
}

impl Config {
    /// The outputs asked for; without any, standard output.
    pub fn kinds(&self) -> Vec<Kind> {
        if self.outputs.is_empty() { vec![Kind::Stdout] } else { self.outputs.clone() }
    }
}

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// JSON instead of text.
    pub json: bool,
    /// Times in ISO 8601.
    pub iso8601: bool,
    /// JSON: the text under `output`.
    pub output: bool,
    /// JSON: the text without time and priority under `message`.
    pub message: bool,
    /// JSON: the values under `output_fields`.
    pub fields: bool,
    /// JSON: the tags under `tags`.
    pub tags: bool,
    /// Buffers of reads and writes in base64.
    pub base64: bool,
}

/// What is told of the run itself, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// On standard error.
    pub stderr: bool,
    /// To the syslog daemon of this host.
    pub syslog: bool,
    /// Nothing less grave than this.
    pub level: Level,
}

/// What happens when events are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drops {
    /// Share of the events of a second above which something happens.
    pub threshold: f64,
    /// It is logged.
    pub log: bool,
    /// An alert is raised.
    pub alert: bool,
    /// The run ends.
    pub exit: bool,
    /// How often per second, on average.
    pub rate: f64,
    /// How often in a row.
    pub burst: f64,
    /// As if an event were lost every second, for tests of the outputs.
    pub simulate: bool,
}

/// The web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Address and port.
    pub address: std::net::SocketAddr,
    /// Path that tells whether all is well.
    pub health: String,
    /// Serve metrics below `/metrics`.
    pub metrics: bool,
    /// File of certificates and their key, where TLS is spoken.
    pub certificate: Option<PathBuf>,
}

impl Web {
    /// How its addresses begin.
    pub fn scheme(&self) -> &'static str {
        if self.certificate.is_some() { "https" } else { "http" }
    }
}

/// What is measured, and where snapshots of it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// There are snapshots.
    pub enabled: bool,
    /// Time between two snapshots.
    pub interval: Duration,
    /// As alerts.
    pub output_rule: bool,
    /// As lines of this file.
    pub output_file: Option<PathBuf>,
    /// Alerts by rule.
    pub rules: bool,
    /// CPU and memory of the process and of the host.
    pub resources: bool,
    /// Sizes of the state.
    pub state: bool,
    /// Events and losses of the probe.
    pub kernel: bool,
    /// Losses of each CPU.
    pub kernel_by_cpu: bool,
    /// Memory in MB instead of KB.
    pub megabytes: bool,
    /// Values that are 0, too.
    pub empty: bool,
}

/// Which system calls the probe is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// All, whatever rules need.
    pub all: bool,
    /// Further ones, by name.
    pub more: BTreeSet<String>,
    /// Under overload, leave out what only rules of lesser priority need.
    pub adaptive: bool,
    /// Not these, by name, whatever rules need.
    pub less: BTreeSet<String>,
}

/// A configuration with what is to be told about it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is to be warned of, and keys that have no effect.
    pub remarks: Remarks,
    /// Files that it was read from.
    pub files: Vec<PathBuf>,
    /// Rule files that it names and that do not exist.
    pub absent: Vec<PathBuf>,
}

/// Reads the configuration: `file`, or the one of the system if there is one, then the files that it names, then the overrides.
///
/// # Errors
/// A file cannot be read, or values are wrong; every place is told.
pub fn load(file: Option<&Path>, overrides: &[String]) -> Result<Loaded, Failure> {
    let (mut files, mut warnings) = (Vec::new(), Vec::new());
    let default = Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists());
    let mut root = match file.or(default) {
        Some(file) => parse(file, &mut files, &mut warnings)?,
        None => Entry::parse("", "", &mut warnings).map_err(Failure::usage)?,
    };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for argument in overrides {
        if argument.starts_with("config_files") { &mut first } else { &mut second }.push(argument);
    }
    first.into_iter().try_for_each(|argument| root.set(argument)).map_err(Failure::usage)?;
    for (path, strategy) in further(&root)? {
        let entry = parse(&path, &mut files, &mut warnings)?;
        // As in Falco: files do not name further files in turn.
        if let Some(inner) = entry.get("config_files") {
            return Err(Failure::usage(format!(
                "{}: config_files is only for the first file of a configuration",
                inner.place
            )));
        }
        root.lay(entry, strategy);
    }
    second.into_iter().try_for_each(|argument| root.set(argument)).map_err(Failure::usage)?;
    let mut remarks = keys::check(&root);
    let read::Read { config, warnings: wrong_kinds } = read::config(&root).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::usage(texts.join("\n"))
    })?;
    warnings.append(&mut remarks.warnings);
    warnings.extend(wrong_kinds);
    remarks.warnings = warnings;
    Ok(Loaded { absent: read::absent_rules(&root), config, remarks, files })
}

fn parse(file: &Path, files: &mut Vec<PathBuf>, warnings: &mut Vec<Remark>) -> Result<Entry, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", file.display()));
    let bytes = fs::read(file).map_err(|error| failed(&error))?;
    let text = String::from_utf8(bytes).map_err(|_| failed(&"not UTF-8"))?;
    files.push(file.to_owned());
    Entry::parse(&file.display().to_string(), &text, warnings).map_err(Failure::usage)
}

/// The files that `config_files` names and that exist.
fn further(root: &Entry) -> Result<Vec<(PathBuf, Strategy)>, Failure> {
    let mut found = Vec::new();
    let Some(entry) = root.get("config_files") else { return Ok(found) };
    let Value::List(items) = &entry.value else { return Ok(found) };
    for item in items {
        let (path, strategy) = match &item.value {
            Value::Text(path) => (path, Strategy::Append),
            Value::Map(_) => match (item.get("path"), item.get("strategy")) {
                (Some(Entry { value: Value::Text(path), .. }), strategy) => (path, strategy_of(strategy)?),
                _ => {
                    return Err(Failure::usage(format!(
                        "{}: an entry of config_files has a path",
                        item.place
                    )));
                }
            },
            _ => return Err(Failure::usage(format!("{}: config_files lists paths", item.place))),
        };
        let path = Path::new(path);
        if path.is_dir() {
            let mut inside: Vec<PathBuf> =
                fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            inside.retain(|path| path.is_file());
            inside.sort();
            found.extend(inside.into_iter().map(|path| (path, strategy)));
        } else if path.is_file() {
            found.push((path.to_owned(), strategy));
        }
    }
    Ok(found)
}

fn strategy_of(entry: Option<&Entry>) -> Result<Strategy, Failure> {
    match entry.map(|entry| (&entry.value, &entry.place)) {
        None => Ok(Strategy::Append),
        Some((Value::Text(text), _)) if text == "append" => Ok(Strategy::Append),
        Some((Value::Text(text), _)) if text == "override" => Ok(Strategy::Override),
        Some((Value::Text(text), _)) if text == "add-only" => Ok(Strategy::AddOnly),
        Some((_, place)) => {
            Err(Failure::usage(format!("{place}: a strategy is append, override or add-only")))
        }
    }
}

#[cfg(test)]
mod tests;
