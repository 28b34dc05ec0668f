//! The settings of a configuration: one checked structure, independent of how it was written.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use tercel_outputs::{Kind, Level, Limits};
use tercel_rules::fields::StaticFields;
use tercel_rules::load::AppendOutput;
use tercel_rules::program::Priority;
use tercel_rules::select::SelectionStep;

/// A checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Rule files and directories that exist, in the order of loading.
    pub rules_files: Vec<PathBuf>,
    /// Files of correlations, and directories of them, that exist.
    pub correlations_files: Vec<PathBuf>,
    /// Reload rules and configuration when their files change.
    pub watch: bool,
    /// Which rules run.
    pub selection: Vec<SelectionStep>,
    /// Rules less urgent than this do not run.
    pub priority: Priority,
    /// Every matching rule raises an alert, not only the first.
    pub all_matching: bool,
    /// Texts that are appended to the outputs of rules.
    pub append_output: Vec<AppendOutput>,
    /// Fields that conditions and outputs can name in addition to those of the catalogue.
    pub static_fields: StaticFields,
    /// The form of the lines.
    pub lines: Lines,
    /// Where the lines go.
    pub outputs: Vec<Kind>,
    /// Limits of the queue of each output.
    pub limits: Limits,
    /// How long outputs may take to finish at the end.
    pub patience: Duration,
    /// What is logged about the run itself, and where.
    pub log: Log,
    /// What happens when events are lost.
    pub drops: Drops,
    /// Timeouts in a row, 30 ms each, without an event, after which an alert is raised.
    pub timeouts: u32,
    /// The web server, if there is one.
    pub web: Option<Web>,
    /// What is measured.
    pub metrics: Metrics,
    /// What alerts cut out of the newest events.
    pub capture: Capture,
    /// Which system calls the probe captures.
    pub calls: Calls,
    /// Bytes of read and written buffers to keep.
    pub snaplen: u32,
    /// Bytes of the ring of each CPU.
    pub ring: u32,
    /// A capture that is read instead of the kernel's events.
    pub capture_file: Option<PathBuf>,
}

impl Config {
    /// The outputs that are configured; without any, standard output.
    pub fn kinds(&self) -> Vec<Kind> {
        if self.outputs.is_empty() { vec![Kind::Stdout] } else { self.outputs.clone() }
    }
}

/// The form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// JSON instead of text.
    pub json: bool,
    /// The schema of the JSON.
    pub schema: Schema,
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
    /// Whose paths conditions see.
    pub paths: SeenPaths,
}

/// Whose paths conditions see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeenPaths {
    /// Those that callers gave.
    Caller,
    /// Those that the kernel resolved.
    Kernel,
    /// Both.
    #[default]
    Both,
}

/// The schema of alerts in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schema {
    /// Falco's keys.
    #[default]
    Falco,
    /// Elastic Common Schema.
    Ecs,
    /// Open Cybersecurity Schema Framework.
    Ocsf,
}

/// What is logged about the run itself, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// On standard error.
    pub stderr: bool,
    /// To the syslog daemon of this host.
    pub syslog: bool,
    /// The least severe level that is logged.
    pub level: Level,
    /// The same for messages about the capture from the kernel; none of them if it is `None`.
    pub capture: Option<Level>,
}

/// What happens when events are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drops {
    /// Share of the events of a second above which there is an action.
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
    /// Path of the health check.
    pub health: String,
    /// Serve metrics at `/metrics`.
    pub metrics: bool,
    /// File of certificates and their key, with TLS.
    pub certificate: Option<PathBuf>,
}

impl Web {
    /// The scheme of its addresses.
    pub fn scheme(&self) -> &'static str {
        if self.certificate.is_some() { "https" } else { "http" }
    }
}

/// What is measured, and where snapshots of it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Whether there are snapshots.
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
    /// Include values that are 0.
    pub empty: bool,
}

/// Which system calls the probe captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// All, regardless of what rules need.
    pub all: bool,
    /// Additional ones, by name.
    pub more: BTreeSet<String>,
    /// Under overload, share out the events that make up the load, and leave out what only rules of lesser priority need.
    pub adaptive: bool,
    /// Rules of this priority and more urgent ones are never left without kinds of events.
    pub shed_below: Priority,
    /// Not these, by name, regardless of what rules need.
    pub less: BTreeSet<String>,
}

/// What alerts cut out of the newest events, and the limits of these files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Whether alerts start cuts.
    pub enabled: bool,
    /// What names of files begin with.
    pub prefix: PathBuf,
    /// Whether alerts of all rules start cuts, not only those of rules that say so.
    pub all_rules: bool,
    /// How long a cut goes on after an alert, unless the rule says so.
    pub duration: Duration,
    /// How long before an alert it begins, unless the rule says so.
    pub before: Duration,
    /// Bytes after which a cut ends; 0 for no limit.
    pub file_bytes: u64,
    /// Bytes of compressed events in memory.
    pub ring: u64,
    /// Files below which there may be another one.
    pub files: u64,
    /// Bytes of all files below which there may be another one.
    pub bytes: u64,
    /// Cuts that may begin within a minute.
    pub per_minute: u32,
    /// The file with the key that signs what is recorded.
    pub sign_key: Option<PathBuf>,
}
