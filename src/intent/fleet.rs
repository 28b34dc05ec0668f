//! What the verbs of `tercel fleet` do.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use tercel_replay::{Matching, Style, Window};
use tercel_rules::program::Priority;

use super::{Filter, Rules};
use crate::inputs::Input;

/// How events are judged.
pub struct Judge {
    /// Which rules run.
    pub rules: Rules,
    /// Rules see only events for which it holds.
    pub filter: Option<Filter>,
    /// Which of several matching rules raises an alert.
    pub matching: Matching,
    /// The form of the lines.
    pub style: Style,
    /// Times in UTC.
    pub utc: bool,
}

/// What `tercel fleet plan` does.
pub struct FleetPlan {
    /// Captures.
    pub traces: Vec<Input>,
    /// How they will be judged.
    pub judge: Judge,
    /// The same as words of a command line.
    pub settings: Vec<String>,
    /// The window.
    pub window: Window,
    /// Bytes after which a shard ends.
    pub shard_size: u64,
    /// Where the plan goes; standard output unless given.
    pub output: Option<PathBuf>,
    /// No summary, no progress, no warnings.
    pub quiet: bool,
    /// Show warnings of the rule files.
    pub verbose: bool,
}

/// What `tercel fleet run` does.
pub struct FleetRun {
    /// The file of the plan.
    pub plan: PathBuf,
    /// Which shards.
    pub shards: RangeInclusive<usize>,
    /// Where outputs go.
    pub out: String,
    /// Leave out shards whose outputs are there.
    pub skip_done: bool,
    /// Only errors are printed.
    pub quiet: bool,
}

/// What `tercel fleet merge` does.
pub struct FleetMerge {
    /// The file of the plan.
    pub plan: PathBuf,
    /// Where the outputs of the shards are.
    pub from: String,
    /// The form of the alerts.
    pub form: AlertForm,
    /// They go into this file.
    pub output: Option<PathBuf>,
    /// The counts by rule, host and day go into this file.
    pub summary: Option<PathBuf>,
    /// An alert of at least this priority fails the run.
    pub fail_on: Option<Priority>,
    /// No summary.
    pub quiet: bool,
    /// Show all that is missing, damaged or skewed.
    pub verbose: bool,
}

/// The form of merged alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertForm {
    /// Lines of text.
    Text,
    /// One JSON object per line.
    Json,
    /// Apache Parquet.
    Parquet,
}
