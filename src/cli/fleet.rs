//! Options of the verbs of `tercel fleet`.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tercel_config as config;
use tercel_rules::program::Priority;

use super::overrides::OverrideArgs;
use super::read::{WindowArgs, captures_only, filter};
use super::rules::SelectionArgs;
use super::values;
use crate::configured;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{AlertForm, FleetMerge, FleetPlan, FleetRun, Intent, Judge};

/// The verbs of `tercel fleet`.
#[derive(Debug, Subcommand)]
pub enum FleetVerb {
    /// Write a plan: which captures there are, the rules, and the shards to run
    Plan(Box<PlanArgs>),
    /// Run one shard of a plan, or several; a shard that is run again writes the same bytes
    Run(RunArgs),
    /// Print the alerts of all shards as one stream, and what is missing
    Merge(MergeArgs),
}

/// How events are judged. A plan holds these options as words, and every worker reads them again.
#[derive(Debug, Args)]
struct JudgeArgs {
    /// Rules see only the events for which this condition holds
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Print times in UTC instead of the time zones of the captures
    #[arg(long, help_heading = "Output")]
    utc: bool,
}

/// The words of a plan.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Words {
    #[command(flatten)]
    judge: JudgeArgs,
}

/// Reads the options that a plan holds.
///
/// # Errors
/// They are not such options.
pub fn judge(words: &[String]) -> Result<Judge, Failure> {
    let words = Words::try_parse_from(words)
        .map_err(|error| Failure::usage(format!("the plan's settings: {error}")))?;
    words.judge.intent(Vec::new())
}

impl JudgeArgs {
    fn words(&self) -> Vec<String> {
        let filter = self.filter.as_ref().map(|filter| format!("--filter={filter}"));
        let overrides = self.overrides.pairs().into_iter().map(|pair| format!("-o{pair}"));
        let utc = self.utc.then(|| "--utc".to_owned());
        filter.into_iter().chain(self.selection.words()).chain(overrides).chain(utc).collect()
    }

    fn intent(self, files: Vec<PathBuf>) -> Result<Judge, Failure> {
        let loaded = config::load(None, &self.overrides.pairs()).map_err(Failure::usage)?;
        let config = &loaded.config;
        let mut rules = self.selection.of(files)?;
        rules.options = configured::loading(rules.options, config);
        Ok(Judge {
            rules,
            filter: filter(&[], self.filter, "")?,
            matching: configured::matching(config),
            style: configured::style(config.lines),
            utc: self.utc,
        })
    }
}

/// Options of `tercel fleet plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
The plan holds the rules and what identifies every capture, so that a worker needs nothing but the plan and the captures. Its \
files stand in the order of hosts and of time; a native trace larger than a shard is divided at its keyframes.
  tercel fleet plan traces -r rules --output plan.json
  tercel fleet plan traces -r rules --shard-size 64MiB > plan.json")]
pub struct PlanArgs {
    /// Captures, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// End a shard when its captures reach this size
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = values::memory)]
    shard_size: usize,
    /// Write the plan to this file [default: standard output]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Print no summary, no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show warnings of the rule files
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// Options of `tercel fleet run`.
#[derive(Debug, Args)]
#[command(after_help = "\
The outputs of a shard are named by the digest of all that goes into it: _fleet/NAME.json says what came of it, _fleet/NAME.alerts \
holds its alerts; builds with the feature parquet also write dt=DAY/host=HOST/NAME.parquet. A shard is done when its .json is there. \
Damage is written there and is not a failure of the run: the merge reports it.
  tercel fleet run --plan plan.json --shard 0 --out out")]
pub struct RunArgs {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The number of the shard, from 0, or the first and the last of several, as in 0-99
    #[arg(long, value_name = "N", value_parser = shards)]
    shard: RangeInclusive<usize>,
    /// Write outputs below this directory
    #[arg(long, value_name = "DIRECTORY")]
    out: String,
    /// Leave out shards whose outputs are there
    #[arg(long)]
    skip_done: bool,
    /// Print only errors
    #[arg(short, long)]
    quiet: bool,
}

/// Options of `tercel fleet merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Lines are those of 'tercel replay --merge --with-file' over the files in the order of the plan, byte for byte. A summary follows on \
standard error: alerts by rule and host, shards that are not done, damage, lost events, clocks that disagree. Exit codes are \
those of replay; 4 if a shard is missing.
  tercel fleet merge --plan plan.json out
  tercel fleet merge --plan plan.json out --format json --summary s.json")]
pub struct MergeArgs {
    /// The plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// The directory below which the shards' outputs are
    #[arg(value_name = "DIRECTORY")]
    from: String,
    /// The form of the alerts
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: Format,
    /// Write the alerts to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Write the counts by rule, host and day, and all that is missing, to this file, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    summary: Option<PathBuf>,
    /// Exit with code 1 if an alert has this priority or a more urgent one
    #[arg(long, value_name = "PRIORITY", value_parser = values::priority, help_heading = "Output")]
    fail_on: Option<Priority>,
    /// Print no summary
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show everything that is missing, damaged or skewed, and not only the first
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// The form of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines of text
    Text,
    /// One JSON object per line
    Json,
    /// Apache Parquet (in builds with the feature parquet)
    Parquet,
}

fn shards(text: &str) -> Result<RangeInclusive<usize>, String> {
    let number = |text: &str| text.parse::<usize>().ok();
    let range = match text.split_once('-') {
        None => number(text).map(|number| number..=number),
        Some((first, last)) => number(first).zip(number(last)).map(|(first, last)| first..=last),
    };
    range.filter(|range| !range.is_empty()).ok_or_else(|| "give a number, or two as in 0-99".to_owned())
}

impl FleetVerb {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        match self {
            FleetVerb::Plan(args) => args.intent().map(Intent::FleetPlan),
            FleetVerb::Run(args) => Ok(Intent::FleetRun(FleetRun {
                plan: args.plan,
                shards: args.shard,
                out: args.out,
                skip_done: args.skip_done,
                quiet: args.quiet,
            })),
            FleetVerb::Merge(args) => args.intent().map(Intent::FleetMerge),
        }
    }
}

impl PlanArgs {
    fn intent(self) -> Result<FleetPlan, Failure> {
        let traces = captures_only(&self.traces)?;
        if traces.contains(&Input::Stdin) {
            return Err(Failure::usage(
                "a plan is of captures that every worker can open; standard input is none",
            ));
        }
        Ok(FleetPlan {
            window: self.window.intent(&traces, self.judge.utc)?,
            traces,
            settings: self.judge.words(),
            judge: self.judge.intent(self.rules)?,
            shard_size: self.shard_size as u64,
            output: self.output,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}

impl MergeArgs {
    fn intent(self) -> Result<FleetMerge, Failure> {
        let form = match self.format {
            Format::Text => AlertForm::Text,
            Format::Json => AlertForm::Json,
            Format::Parquet => AlertForm::Parquet,
        };
        if cfg!(not(feature = "parquet")) && form == AlertForm::Parquet {
            return Err(Failure::usage(
                "this tercel was built without Parquet; 'cargo install --features parquet' builds it in. --format text and json \
                 are there",
            ));
        }
        Ok(FleetMerge {
            plan: self.plan,
            from: self.from,
            form,
            output: self.output,
            summary: self.summary,
            fail_on: self.fail_on,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
