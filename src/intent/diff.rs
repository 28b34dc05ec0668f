//! What `tercel diff` has to do.

use std::num::NonZeroUsize;

use tercel_replay::{Matching, Settings, Window};
use tercel_rules::load::Options as Loading;
use tercel_ruletest::{DiffFormat, RuleSource};

use super::Filter;
use crate::inputs::Input;

/// What `tercel diff` does.
pub struct Diff {
    /// The rules before the change.
    pub old: RuleSource,
    /// The rules after it.
    pub new: RuleSource,
    /// How both are loaded.
    pub loading: Loading,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// Captures; without any, only definitions are compared.
    pub traces: Vec<Input>,
    /// Only events for which it holds.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// How conditions see values.
    pub settings: Settings,
    /// How many alerts of each rule are shown that appear, vanish or change.
    pub examples: usize,
    /// The form of the report.
    pub format: DiffFormat,
    /// How many captures are read at a time.
    pub jobs: Option<NonZeroUsize>,
    /// No progress and no summary.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}
