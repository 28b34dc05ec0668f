//! What `tercel explain` has to do.

use tercel_replay::{Matching, Settings, Window};
use tercel_ruletest::explain::Want;

use super::{Filter, Rules};
use crate::inputs::Input;

/// What `tercel explain` does.
pub struct Explain {
    /// Rules.
    pub rules: Rules,
    /// The one that is explained.
    pub rule: String,
    /// Captures.
    pub traces: Vec<Input>,
    /// Rules see only events for which it holds.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// What is asked.
    pub want: Want,
    /// Which of several matching rules raises an alert.
    pub matching: Matching,
    /// Whose paths conditions see.
    pub settings: Settings,
    /// Times in UTC.
    pub utc: bool,
    /// All of the condition.
    pub full: bool,
    /// As JSON.
    pub json: bool,
    /// No progress, no warnings.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}
