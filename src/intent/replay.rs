//! What `tercel replay` does.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use tercel_replay::{Options, Style};
use tercel_rules::program::Priority;

use super::{Filter, Rules};
use crate::inputs::Input;

/// What `tercel replay` does.
pub struct Replay {
    /// Rules.
    pub rules: Rules,
    /// Files of correlations over their alerts.
    pub correlations: Vec<PathBuf>,
    /// Files of the configuration.
    pub configuration: Vec<PathBuf>,
    /// Captures.
    pub traces: Vec<Input>,
    /// Rules see only events for which it holds.
    pub filter: Option<Filter>,
    /// Verify native traces before they are replayed.
    pub verify: bool,
    /// How rules are evaluated, and over which window.
    pub options: Options,
    /// The form of the lines.
    pub style: Style,
    /// Threads.
    pub jobs: Option<NonZeroUsize>,
    /// Print the alerts of several captures in order of time.
    pub merge: bool,
    /// Print the name of the capture with each alert.
    pub with_file: bool,
    /// Times in UTC.
    pub utc: bool,
    /// Alerts go into this file.
    pub output: Option<PathBuf>,
    /// An alert of at least this priority fails the run.
    pub fail_on: Option<Priority>,
    /// No summary, no progress, no warnings.
    pub quiet: bool,
    /// Show warnings of the rule files and every damaged place.
    pub verbose: bool,
}
