//! Options of `tercel explain`.

use std::path::PathBuf;

use clap::Args;
use tercel_replay::{Matching, Settings};
use tercel_rules::load::Options;
use tercel_ruletest::explain::Want;

use super::overrides::{PathsName, RuleMatching};
use super::read::{WindowArgs, captures};
use super::values;
use crate::exit::Failure;
use crate::intent::{Explain, Rules};

const AFTER_HELP: &str = "\
Why the rule fired, at each of its alerts:
  tercel explain -r rules --rule 'Miner started' impact.scap

Its condition at one event, each term with the value that the event has:
  tercel explain -r rules --rule 'Miner started' impact.scap --event 46

Why it did not fire: the events that missed by the fewest terms, and what they had instead:
  tercel explain -r rules --rule 'Miner started' impact.scap --near

docs/explain.md describes the output.";

/// Groups of events that --near shows.
const GROUPS: &str = "5";

/// Options of `tercel explain`.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER_HELP,
    override_usage = "tercel explain [OPTIONS] -r <FILE> --rule <NAME> <TRACE… [FILTER]>"
)]
pub struct ExplainArgs {
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// The rule
    #[arg(long, value_name = "NAME")]
    rule: String,
    /// Captures, directories of them, or - for standard input; then, optionally, a filter: rules see only the events for
    /// which it holds
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    traces: Vec<String>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Explain the rule at the event of this number, whether it matches or not
    #[arg(long, value_name = "NUMBER", value_parser = values::event_number, conflicts_with_all = ["near", "from", "to", "alerts"])]
    event: Option<u64>,
    /// Show the events that missed by the fewest terms, grouped by what they missed: this many groups [default: 5]
    #[arg(
        long,
        value_name = "GROUPS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = GROUPS,
        value_parser = clap::value_parser!(u16).range(1..=100),
        conflicts_with = "alerts"
    )]
    near: Option<u16>,
    /// Explain this many alerts; all are counted [default: 10]
    #[arg(short = 'n', value_name = "ALERTS", value_parser = clap::value_parser!(u16).range(0..=10_000))]
    alerts: Option<u16>,
    #[command(flatten)]
    window: WindowArgs,
    /// Which of several matching rules raises an alert [default: first]
    #[arg(long, value_enum)]
    rule_matching: Option<RuleMatching>,
    /// Which paths conditions see, as for 'tercel replay' [default: both]
    #[arg(long = "paths", value_enum, value_name = "WHOSE")]
    seen_paths: Option<PathsName>,
    /// Print times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
    /// Show all of the condition, also macros that did not decide, and long terms and values whole
    #[arg(long, help_heading = "Output")]
    full: bool,
    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// Alerts that are explained.
const ALERTS: u16 = 10;

impl ExplainArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Explain, Failure> {
        let (traces, filter) = captures(&self.traces, self.filter)?;
        let want = match (self.event, self.near) {
            (Some(number), _) => Want::Event(number),
            (None, Some(groups)) => Want::Near(groups.into()),
            (None, None) => Want::Alerts(self.alerts.unwrap_or(ALERTS).into()),
        };
        if self.event.is_some() && traces.len() > 1 {
            return Err(Failure::usage(
                "--event is the number of an event in one capture; several are named",
            ));
        }
        Ok(Explain {
            rules: Rules { files: self.rules, options: Options::default(), tags: Vec::new() },
            rule: self.rule,
            window: self.window.intent(&traces, self.utc)?,
            traces,
            filter,
            want,
            matching: self.rule_matching.map_or(Matching::First, RuleMatching::setting),
            settings: Settings {
                paths: self.seen_paths.map(PathsName::setting).unwrap_or_default(),
                ..Settings::default()
            },
            utc: self.utc,
            full: self.full,
            json: self.json,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
