//! Options of `tercel live` as typed. What Falco's users write as `-o key=value` can be written so here, too; the flags of
//! replay stand beside it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{RuleMatching, SelectionArgs};

/// Options of `tercel live`.
#[derive(Debug, Args)]
#[command(after_help = "\
Signals: HUP loads rules anew, USR1 opens files anew (log rotation), INT and TERM end the run.
The filter is a condition in the rule language; it narrows the events that rules see:
  tercel live -r rules proc.name=nginx")]
pub struct LiveArgs {
    /// Rule files or directories of them, in the order of loading [default: rules_files of the configuration]
    #[arg(long, short, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// A filter
    #[arg(value_name = "FILTER")]
    pub words: Vec<String>,
    /// The filter, when it should not stand at the end
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "words")]
    pub filter: Option<String>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Which of several matching rules raises an alert
    #[arg(long, value_enum, help_heading = "Rule selection")]
    pub rule_matching: Option<RuleMatching>,
    /// Configuration [default: /etc/tercel/tercel.yaml, if it exists]
    #[arg(short, long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// Override a key of the configuration, as in json_output=true or file_output.enabled=true
    #[arg(short = 'o', value_name = "KEY=VALUE", help_heading = "Configuration")]
    pub options: Vec<String>,
    /// Record at the same time; a replay of the file gives the same alerts
    #[arg(short, long, value_name = "FILE", help_heading = "Capture")]
    pub write: Option<PathBuf>,
    /// Bytes of read and written buffers to keep
    #[arg(short, long, value_name = "BYTES", help_heading = "Capture")]
    pub snaplen: Option<u32>,
    /// Size of the ring of each CPU in MiB
    #[arg(long, value_name = "MIB", help_heading = "Capture")]
    pub buffer: Option<u32>,
    /// A further socket that speaks Docker's language
    #[arg(long, value_name = "SOCKET", help_heading = "Capture")]
    pub docker: Vec<PathBuf>,
    /// A further socket of containerd, CRI-O or another runtime of Kubernetes
    #[arg(long, value_name = "SOCKET", help_heading = "Capture")]
    pub cri: Vec<PathBuf>,
    /// Stop after this many seconds
    #[arg(short = 'M', long, value_name = "SECONDS", help_heading = "Capture")]
    pub seconds: Option<f64>,
    /// Stop after rules have seen this many events
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Capture")]
    pub limit: Option<u64>,
    /// Alerts as JSON, one object per line, with Falco's keys
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Times in UTC, whatever the zone of the host
    #[arg(long, help_heading = "Output")]
    pub utc: bool,
    /// Times in ISO 8601
    #[arg(long, help_heading = "Output")]
    pub iso8601: bool,
    /// Write the alerts to this file instead of the outputs of the configuration
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// No summary and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Show warnings of the rule files
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

impl LiveArgs {
    /// The overrides of the configuration, flags that stand for one included.
    pub fn overrides(&self) -> Vec<String> {
        let mut overrides = self.options.clone();
        let mut flag = |given: bool, key: &str| {
            if given {
                overrides.push(key.to_owned());
            }
        };
        flag(self.json, "json_output=true");
        flag(self.iso8601, "time_format_iso_8601=true");
        flag(self.rule_matching == Some(RuleMatching::First), "rule_matching=first");
        flag(self.rule_matching == Some(RuleMatching::All), "rule_matching=all");
        flag(self.verbose, "log_level=debug");
        overrides
    }

    /// The filter, wherever it stands.
    pub fn filter(&self) -> Option<String> {
        self.filter.clone().or_else(|| (!self.words.is_empty()).then(|| self.words.join(" ")))
    }
}
