//! Options that override keys of a configuration, among them flags that stand for one.

use clap::{Args, ValueEnum};
use tercel_replay::{Matching, Paths};

/// Overrides of a configuration.
#[derive(Debug, Args)]
pub struct OverrideArgs {
    /// Override a key of the configuration, as in json_output=true or static_fields.stage=test
    #[arg(short = 'o', value_name = "KEY=VALUE", help_heading = "Configuration")]
    options: Vec<String>,
    /// Which of several matching rules raises an alert [default: first]
    #[arg(long, value_enum, help_heading = "Rule selection")]
    rule_matching: Option<RuleMatching>,
    /// Which paths conditions see, for fields as fd.name, fs.path.name and proc.exepath: those that callers gave, as in
    /// Falco, those that the kernel resolved, or both: a rule matches with the ones or with the others. Captures of other
    /// recorders have only those of the callers [default: both]
    #[arg(long, value_enum, value_name = "WHOSE", help_heading = "Rule selection")]
    paths: Option<PathsName>,
    /// Print alerts as JSON, one object per line, with Falco's keys
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print alerts as JSON of this schema
    #[arg(long, value_enum, value_name = "SCHEMA", help_heading = "Output")]
    json_schema: Option<SchemaName>,
    /// Print times in ISO 8601
    #[arg(long, help_heading = "Output")]
    iso8601: bool,
}

impl OverrideArgs {
    /// All of them as `key=value`, the flags last.
    pub fn pairs(&self) -> Vec<String> {
        let json = (self.json || self.json_schema.is_some()).then_some("json_output=true");
        let schema = self.json_schema.map(|schema| match schema {
            SchemaName::Falco => "json_schema=falco",
            SchemaName::Ecs => "json_schema=ecs",
            SchemaName::Ocsf => "json_schema=ocsf",
        });
        let iso8601 = self.iso8601.then_some("time_format_iso_8601=true");
        let matching = self.rule_matching.map(|matching| match matching {
            RuleMatching::First => "rule_matching=first",
            RuleMatching::All => "rule_matching=all",
        });
        let paths = self.paths.map(|paths| match paths {
            PathsName::Caller => "paths=caller",
            PathsName::Kernel => "paths=kernel",
            PathsName::Both => "paths=both",
        });
        let flags = [json, schema, iso8601, matching, paths].into_iter().flatten().map(str::to_owned);
        self.options.iter().cloned().chain(flags).collect()
    }
}

/// Which of several matching rules raises an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RuleMatching {
    /// The first one in the order of loading
    First,
    /// All of them
    All,
}

impl RuleMatching {
    /// The setting.
    pub(super) fn setting(self) -> Matching {
        match self {
            RuleMatching::First => Matching::First,
            RuleMatching::All => Matching::All,
        }
    }
}

/// Which paths conditions see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PathsName {
    /// Those that callers gave
    Caller,
    /// Those that the kernel resolved
    Kernel,
    /// Both
    Both,
}

impl PathsName {
    /// The setting.
    pub(super) fn setting(self) -> Paths {
        match self {
            PathsName::Caller => Paths::Caller,
            PathsName::Kernel => Paths::Kernel,
            PathsName::Both => Paths::Both,
        }
    }
}

/// The schema of alerts in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaName {
    /// Falco's keys
    Falco,
    /// Elastic Common Schema
    Ecs,
    /// Detection Finding of the Open Cybersecurity Schema Framework
    Ocsf,
}
