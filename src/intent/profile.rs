//! What `tercel profile` has to do.

use std::num::NonZeroUsize;

use tercel_replay::{Matching, Settings, Window};

use super::{Filter, Rules};
use crate::inputs::Input;

/// What `tercel profile` does.
pub struct Profile {
    /// Rules.
    pub rules: Rules,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// Captures.
    pub traces: Vec<Input>,
    /// Only events for which it holds.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// How conditions see values.
    pub settings: Settings,
    /// Evaluate each rule by itself, too.
    pub alone: bool,
    /// Print shares of the time.
    pub times: bool,
    /// How many rows of each table are printed.
    pub rows: usize,
    /// Print one JSON object.
    pub json: bool,
    /// How many captures are read at a time.
    pub jobs: Option<NonZeroUsize>,
    /// No progress and no summary.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}
