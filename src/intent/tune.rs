//! What `tercel tune` has to do.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use tercel_replay::{Matching, Settings};

use super::Rules;
use crate::inputs::Input;

/// What `tercel tune` does.
pub struct Tune {
    /// Rules.
    pub rules: Rules,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// How conditions see values.
    pub settings: Settings,
    /// Captures without attacks.
    pub good: Vec<Input>,
    /// Captures of attacks.
    pub bad: Vec<Input>,
    /// Test files and directories of them.
    pub tests: Vec<PathBuf>,
    /// Alerts over the good captures that make a rule noisy.
    pub least: u64,
    /// The file of exceptions; none is written without one.
    pub output: Option<PathBuf>,
    /// Whether it may exist.
    pub force: bool,
    /// How many captures are read at a time.
    pub jobs: Option<NonZeroUsize>,
    /// No progress and no warnings.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}
