//! Options of `tercel diff`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tercel_replay::Settings;
use tercel_ruletest::{DiffFormat, RuleSource};

use super::overrides::{PathsName, RuleMatching};
use super::read::{WindowArgs, captures};
use super::rules::SelectionArgs;
use crate::exit::Failure;
use crate::intent::Diff;

const AFTER_HELP: &str = "\
Examples:
  tercel diff -r rules --rules-b new-rules testdata/traces
  tercel diff -r rules --rules-at HEAD~1 testdata/traces
  tercel diff -r rules --rules-at origin/main --format markdown traces

Exit codes:
  0  nothing differs
  1  definitions or alerts differ
  2  usage or rules are wrong, or git does not know the revision
  3  a capture is damaged (everything readable was still compared)
  4  input or output failed";

/// Options of `tercel diff`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct DiffArgs {
    /// The rules before the change: rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// The rules after the change [default: --rules as they are now, with --rules-at]
    #[arg(long, value_name = "FILE", required_unless_present = "rules_at")]
    rules_b: Vec<PathBuf>,
    /// Read --rules as they are at this revision of git, such as origin/main
    #[arg(long, value_name = "REVISION")]
    rules_at: Option<String>,
    /// Captures, or directories of them; then, optionally, a filter: rules see only the events for which it holds. Without
    /// captures, only what the files define is compared
    #[arg(value_name = "TRACE… [FILTER]")]
    traces: Vec<String>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION", requires = "traces")]
    filter: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Which of several matching rules raises an alert
    #[arg(long, value_enum, default_value = "first", help_heading = "Rule selection")]
    rule_matching: RuleMatching,
    /// Which paths conditions see, as for 'tercel replay' [default: both]
    #[arg(long = "paths", value_enum, value_name = "WHOSE", help_heading = "Rule selection")]
    seen_paths: Option<PathsName>,
    #[command(flatten)]
    window: WindowArgs,
    /// Read this many captures at a time; the output is the same for any number [default: one per CPU]
    #[arg(short, long, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,
    /// The form of the report: text, one JSON object, Markdown for the page of a merge request, or annotations of GitHub
    /// Actions
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: FormatName,
    /// Show this many alerts of each rule that appear, vanish or change
    #[arg(short = 'n', long, value_name = "ALERTS", default_value = "3", help_heading = "Output")]
    examples: usize,
    /// Print no progress and no summary
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// Forms of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// For the page of a merge request
    Markdown,
    /// Annotations of GitHub Actions
    Github,
}

impl DiffArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Diff, Failure> {
        let (traces, filter) = match self.traces.is_empty() {
            true => (Vec::new(), None),
            false => captures(&self.traces, self.filter)?,
        };
        let window = self.window.intent(&traces, true)?;
        let loading = self.selection.of(Vec::new())?.options;
        let new = if self.rules_b.is_empty() { self.rules.clone() } else { self.rules_b };
        Ok(Diff {
            old: RuleSource { paths: self.rules, revision: self.rules_at },
            new: RuleSource { paths: new, revision: None },
            loading,
            matching: self.rule_matching.setting(),
            traces,
            filter,
            window,
            settings: Settings {
                paths: self.seen_paths.map(PathsName::setting).unwrap_or_default(),
                ..Settings::default()
            },
            examples: self.examples,
            format: match self.format {
                FormatName::Text => DiffFormat::Text,
                FormatName::Json => DiffFormat::Json,
                FormatName::Markdown => DiffFormat::Markdown,
                FormatName::Github => DiffFormat::Github,
            },
            jobs: self.jobs,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
