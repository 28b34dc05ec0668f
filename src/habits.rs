//! Flags of Falco and sysdig: words of the command line enter, words that tercel's command line knows leave, or a message that says
//! what to use instead. A program that is called `falco` is `tercel live`, one that is called
//! `sysdig` is `tercel events`.

mod chisels;
mod sysdig;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tercel_config as config;
use tercel_rules::files::is_absent;

use crate::exit::Failure;

/// Flags of Falco that have no meaning here, and what to use instead.
const REFUSED: &[(&[&str], &str)] = &[
    (&["-N"], "use 'tercel fields': it prints one field per line, the name first"),
    (
        &["-i"],
        "no event is excluded by default; 'tercel events --list' prints all, -o base_syscalls.all=true captures all",
    ),
    (
        &["-P", "--pidfile"],
        "use systemd, which tracks the process; in scripts: sh -c 'echo $$ >FILE; exec tercel live …'",
    ),
    (&["-d", "--daemon"], "use 'systemctl enable --now tercel' to run it in the background"),
    (
        &["-g", "--gvisor-config", "--gvisor-generate-config", "--gvisor-root"],
        "events of gVisor are not read; tercel records from the kernel of the host",
    ),
    (&["--nodriver"], "live always reads from the kernel, or a capture with -e FILE"),
    (&["-u", "--userspace"], "live always reads from the kernel"),
    (
        &["--stats-interval"],
        "set metrics.enabled and metrics.interval in the configuration, or -o metrics.interval=1h",
    ),
    (
        &["-k", "-K", "--k8s-api", "--k8s-api-cert", "--k8s-node", "-m", "--mesos-api"],
        "names of pods come from the container engines, not from a server",
    ),
    (&["--list-plugins", "--plugin-info"], "plugins cannot be loaded; containers are built in"),
    (
        &["--format", "--markdown"],
        "use 'tercel fields' and 'tercel events --list', with --json for JSON lines",
    ),
    (&["--page-size"], "use 'getconf PAGESIZE'"),
    (
        &["--config-schema", "--rule-schema"],
        "see docs/from-falco.md for the keys and docs/rule-files.md for the rules",
    ),
];

const ONE_SOURCE: &str = "system calls are the only event source; plugins cannot be loaded";

/// Files that are used by default, if they exist.
struct Defaults<'a> {
    /// The configuration of a program called `falco`.
    falco_yaml: &'a str,
    /// Sets of rule files and directories. The files of the first set that exists, in full or in part, answer questions about rules
    /// if neither the command line nor the configuration names any.
    rules: &'a [&'a [&'a str]],
}

/// The files that the packages of this program and of Falco install.
const DEFAULTS: Defaults<'_> = Defaults {
    falco_yaml: "/etc/falco/falco.yaml",
    rules: &[
        &[
            "/etc/tercel/tercel_macros.yaml",
            "/etc/tercel/tercel_rules.yaml",
            "/etc/tercel/tercel_rules.local.yaml",
            "/etc/tercel/rules.d",
        ],
        &["/etc/falco/falco_rules.yaml", "/etc/falco/falco_rules.local.yaml", "/etc/falco/rules.d"],
    ],
};

impl Defaults<'_> {
    fn rules(&self) -> Option<Vec<OsString>> {
        let there = |set: &&[&str]| -> Vec<OsString> {
            set.iter().filter(|path| !is_absent(Path::new(path))).map(OsString::from).collect()
        };
        self.rules.iter().map(there).find(|found| !found.is_empty())
    }
}

/// Flags of live, Falco's or tercel's, that take a value.
const WITH_VALUE: &[&str] = &[
    "-r",
    "--rules",
    "-c",
    "--config",
    "-o",
    "-w",
    "--write",
    "-s",
    "-S",
    "--snaplen",
    "-M",
    "--seconds",
    "-n",
    "-t",
    "-T",
    "-D",
    "-p",
    "--priority",
    "--filter",
    "--output",
    "--buffer",
    "--docker",
    "--cri",
    "--rule-matching",
    "--json-schema",
];

/// Falco's other long flags that take a value, which may follow an equals sign.
const LONG_WITH_VALUE: &[&str] =
    &["--option", "--print", "--validate", "--list", "--enable-source", "--disable-source"];

/// Flags of one letter without a value, which may stand together: `-vL`.
const LETTERS: &str = "vqLAbUiNdh";

/// Flags of one letter whose value may follow at once: `-rFILE`.
const LETTERS_WITH_VALUE: &str = "rcowsSMntTDplVPekKmgu";

/// A question that is answered instead of a run.
enum Question {
    Version,
    Validate(Vec<OsString>),
    /// All rules, or the one of this name.
    Rules(Option<OsString>),
    Fields,
    Events,
    Check,
}

/// The words in the form that the command line knows.
///
/// # Errors
/// A flag has no meaning here; the message says what to use instead.
pub fn translate(words: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    with_defaults(words, &DEFAULTS)
}

/// As [`translate`], with other default files.
fn with_defaults(mut words: Vec<OsString>, defaults: &Defaults<'_>) -> Result<Vec<OsString>, Failure> {
    let name = words.first().and_then(|word| Path::new(word).file_name());
    let is_falco = name.is_some_and(|name| name == "falco");
    let is_sysdig = name.is_some_and(|name| name == "sysdig");
    sysdig::refuse_dashes(&words)?;
    let asks_about_program =
        |word: &OsString| ["-h", "--help", "--version"].iter().any(|known| word == known);
    let validates = words.get(1).is_some_and(|word| word == "-V" || word == "--validate") && words.len() > 2;
    if validates || is_falco && !words.get(1).is_some_and(asks_about_program) {
        words.insert(1, "live".into());
    }
    if is_sysdig && !words.get(1).is_some_and(asks_about_program) || sysdig::is_typed(&words) {
        words.insert(1, "events".into());
    }
    match words.get(1).and_then(|word| word.to_str()) {
        Some("live") => {
            let default = Some(defaults.falco_yaml).filter(|path| is_falco && !is_absent(Path::new(path)));
            Live { default: default.map(Into::into), ..Live::default() }.read(words, defaults)
        }
        Some("events") if is_sysdig => sysdig::named(words),
        Some("events") => sysdig::events(words),
        Some("record") => sysdig::record(words),
        _ => Ok(words),
    }
}

/// Flags and values that stand together as words of their own; what is not known stays as it is, and nothing changes after `--`.
fn apart(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let is_refused = |name: &str| REFUSED.iter().any(|(flags, _)| flags.contains(&name));
    let mut out = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        if word == "--" {
            out.push(word);
            out.extend(words);
            break;
        }
        let text = word.to_str().unwrap_or_default();
        match text.split_once('=').filter(|(name, _)| name.starts_with("--")) {
            Some((name, value))
                if WITH_VALUE.contains(&name) || LONG_WITH_VALUE.contains(&name) || is_refused(name) =>
            {
                out.extend([name.into(), value.into()]);
                continue;
            }
            Some(_) => out.push(word),
            None => match letters(text) {
                Some(flags) => out.extend(flags),
                None => out.push(word),
            },
        }
    }
    out
}

/// The flags of `-vL` and `-rFILE`, each as a word; `None` if one of them is unknown.
fn letters(text: &str) -> Option<Vec<OsString>> {
    let cluster = text.strip_prefix('-').filter(|rest| rest.len() > 1 && !rest.starts_with('-'))?;
    let mut flags = Vec::new();
    for (at, letter) in cluster.char_indices() {
        flags.push(format!("-{letter}").into());
        if LETTERS_WITH_VALUE.contains(letter) {
            let value = &cluster[at + letter.len_utf8()..];
            flags.extend((!value.is_empty()).then(|| value.into()));
            return Some(flags);
        }
        if !LETTERS.contains(letter) {
            return None;
        }
    }
    Some(flags)
}

/// The words after `live`, sorted.
#[derive(Default)]
struct Live {
    /// Words that are passed on.
    kept: Vec<OsString>,
    rules: Vec<OsString>,
    config: Option<OsString>,
    /// The default configuration.
    default: Option<OsString>,
    overrides: Vec<OsString>,
    question: Option<Question>,
}

impl Live {
    fn read(mut self, words: Vec<OsString>, defaults: &Defaults<'_>) -> Result<Vec<OsString>, Failure> {
        let mut words = words.into_iter();
        self.kept.extend(words.by_ref().take(2));
        let mut words = apart(words).into_iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                self.kept.push(word);
                self.kept.extend(words.by_ref());
                break;
            }
            // Falco's long names of flags that are short here.
            let word = match word.to_str() {
                Some("--option") => "-o".into(),
                Some("--print") => "-p".into(),
                Some("-S" | "--snaplen") => "-s".into(),
                _ => word,
            };
            let text = word.to_str().unwrap_or_default();
            if let Some((flags, instead)) = REFUSED.iter().find(|(flags, _)| flags.contains(&text)) {
                return Err(Failure::usage(format!("{}: {instead}", flags.join(", "))));
            }
            let is_word = |next: &OsString| !next.to_str().is_some_and(|next| next.starts_with('-'));
            match text {
                "-V" | "--validate" => {
                    let mut files = match self.question.take() {
                        Some(Question::Validate(files)) => files,
                        _ => Vec::new(),
                    };
                    while let Some(file) = words.next_if(is_word) {
                        files.push(file);
                    }
                    if files.is_empty() {
                        return Err(Failure::usage("-V: name the rule files to validate"));
                    }
                    self.question = Some(Question::Validate(files));
                }
                "-L" => self.question = Some(Question::Rules(None)),
                "-l" => {
                    let name = words.next().ok_or_else(|| Failure::usage("-l: name the rule"))?;
                    self.question = Some(Question::Rules(Some(name)));
                }
                "--list" => {
                    if words.next_if(is_word).is_some_and(|source| source != "syscall") {
                        return Err(Failure::usage(format!("--list: {ONE_SOURCE}")));
                    }
                    self.question = Some(Question::Fields);
                }
                "--version" => self.question = Some(Question::Version),
                "--list-events" | "--list-syscall-events" => self.question = Some(Question::Events),
                "--dry-run" | "--support" => self.question = Some(Question::Check),
                // Every line is written at once, there is one probe, and no event waits for a container engine.
                "-U" | "--unbuffered" | "--modern-bpf" | "--disable-cri-async" => {}
                "-A" => self.set("base_syscalls.all=true"),
                "-e" => {
                    let file = words.next().ok_or_else(|| Failure::usage("-e: name the capture"))?;
                    self.set("engine.kind=replay");
                    self.set(&format!("engine.replay.capture_file={}", file.to_string_lossy()));
                }
                "-b" | "--print-base64" => self.set("buffer_format_base64=true"),
                "--enable-source" | "--disable-source" => {
                    let source = words.next().unwrap_or_default();
                    if (source == "syscall") != (text == "--enable-source") {
                        return Err(Failure::usage(format!(
                            "--enable-source, --disable-source: {ONE_SOURCE}"
                        )));
                    }
                }
                _ if WITH_VALUE.contains(&text) => {
                    let Some(value) = words.next() else {
                        self.kept.push(word);
                        break;
                    };
                    self.value(word, value)?;
                }
                _ => self.kept.push(word),
            }
        }
        self.answer(defaults)
    }

    fn set(&mut self, argument: &str) {
        self.overrides.push(argument.into());
        self.kept.extend(["-o".into(), argument.into()]);
    }

    /// A flag with its value.
    fn value(&mut self, flag: OsString, value: OsString) -> Result<(), Failure> {
        match flag.to_str().unwrap_or_default() {
            "-p" if ["c", "container", "k", "kubernetes"].iter().any(|known| value == *known) => {
                self.set("append_output[].suggested_output=true");
                return Ok(());
            }
            "-p" if value.to_str().is_some_and(|value| value.contains('%')) => {
                self.set(&format!("append_output[].extra_output={}", value.to_string_lossy()));
                return Ok(());
            }
            "-s" if value.to_str().is_none_or(|value| value.parse::<u64>().is_err()) => {
                return Err(Failure::usage(
                    "-s is the number of bytes of buffers to keep; counters are served where \
                     webserver.prometheus_metrics_enabled is true",
                ));
            }
            "-r" | "--rules" => self.rules.push(value.clone()),
            "-c" | "--config" => self.config = Some(value.clone()),
            "-o" => self.overrides.push(value.clone()),
            _ => {}
        }
        self.kept.extend([flag, value]);
        Ok(())
    }

    /// The words of the verb that answers the question.
    fn answer(mut self, defaults: &Defaults<'_>) -> Result<Vec<OsString>, Failure> {
        if let (None, Some(default)) = (&self.config, self.default.take()) {
            let at = 2.min(self.kept.len());
            self.kept.splice(at..at, ["-c".into(), default.clone()]);
            self.config = Some(default);
        }
        let program = self.kept.first().cloned().unwrap_or_default();
        let verb = |words: &[&str]| -> Vec<OsString> {
            std::iter::once(program.clone()).chain(words.iter().map(OsString::from)).collect()
        };
        Ok(match self.question {
            None => self.kept,
            Some(Question::Version) => verb(&["--version"]),
            Some(Question::Validate(files)) => [verb(&["rules", "check"]), files].concat(),
            Some(Question::Fields) => verb(&["fields"]),
            Some(Question::Events) => verb(&["events", "--list"]),
            Some(Question::Rules(name)) => {
                let texts = self.overrides.iter().map(|text| text.to_string_lossy().into_owned());
                let texts: Vec<String> = texts.collect();
                let file = self.config.as_ref().map(Path::new).or(config::default_file());
                let loaded = config::load(file, &texts).map_err(Failure::usage)?.config;
                let mut words = verb(&["rules", "list"]);
                if loaded.lines.json {
                    words.push("--json".into());
                }
                if let Some(name) = name {
                    words.extend(["--rule".into(), name]);
                }
                let configured = || loaded.rules_files.into_iter().map(PathBuf::into_os_string).collect();
                let files = [self.rules, configured()].into_iter().find(|files| !files.is_empty());
                let none =
                    || Failure::usage("no rules: name them with -r, or as rules_files in the configuration");
                words.extend(files.or_else(|| defaults.rules()).ok_or_else(none)?);
                words
            }
            Some(Question::Check) => {
                let mut words = verb(&["config", "check"]);
                words.extend(self.config);
                let mut overrides = self.overrides;
                if !self.rules.is_empty() {
                    overrides.push("rules_files=[]".into());
                }
                for file in self.rules {
                    let mut element = OsString::from("rules_files[]=");
                    element.push(file);
                    overrides.push(element);
                }
                words.extend(overrides.into_iter().flat_map(|text| ["-o".into(), text]));
                words
            }
        })
    }
}

#[cfg(test)]
mod tests;
