//! Options of `tercel profile`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use tercel_replay::Settings;

use super::overrides::{PathsName, RuleMatching};
use super::read::{WindowArgs, captures};
use super::rules::SelectionArgs;
use crate::exit::Failure;
use crate::intent::Profile;

const AFTER_HELP: &str = "\
Examples:
  tercel profile -r rules testdata/traces
  tercel profile -r rules --alone -n 10 testdata/traces
  tercel profile -r rules --counts --json testdata/traces

Counts are the same in every run, whatever -j, and so is all that --counts prints; times are measured on one event in 16 and differ a little.";

/// Options of `tercel profile`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ProfileArgs {
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// Captures, directories of them, or - for standard input; then, optionally, a filter: rules see only the events for
    /// which it holds
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    traces: Vec<String>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION")]
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
    /// Evaluate each rule by itself, too, which takes several times as long
    #[arg(long)]
    alone: bool,
    /// Read this many captures at a time; counts are the same for any number [default: one per CPU]
    #[arg(short, long, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,
    /// Print counts only, without shares of the time
    #[arg(long, help_heading = "Output")]
    counts: bool,
    /// Print this many rows of each table
    #[arg(short = 'n', value_name = "ROWS", default_value = "15", help_heading = "Output")]
    rows: usize,
    /// Print one JSON object with all rows
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print no progress and no summary
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

impl ProfileArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Profile, Failure> {
        let (traces, filter) = captures(&self.traces, self.filter)?;
        Ok(Profile {
            rules: self.selection.of(self.rules)?,
            matching: self.rule_matching.setting(),
            window: self.window.intent(&traces, true)?,
            traces,
            filter,
            settings: Settings {
                paths: self.seen_paths.map(PathsName::setting).unwrap_or_default(),
                ..Settings::default()
            },
            alone: self.alone,
            times: !self.counts,
            rows: self.rows,
            json: self.json,
            jobs: self.jobs,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
