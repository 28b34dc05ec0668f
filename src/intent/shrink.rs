//! What `tercel shrink` does.

use std::path::PathBuf;

use tercel_replay::Options;

use super::{Rules, Write};
use crate::inputs::Input;

/// What `tercel shrink` does.
pub struct Shrink {
    /// The capture, a file.
    pub input: Input,
    /// Rules.
    pub rules: Rules,
    /// The rule whose alerts stay.
    pub rule: String,
    /// Only those at the event of this number.
    pub event: Option<u64>,
    /// How rules are evaluated.
    pub options: Options,
    /// Where the small trace goes.
    pub write: Write,
    /// Where the test goes that expects the alerts.
    pub test: Option<PathBuf>,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show warnings of the rule files and every damaged place.
    pub verbose: bool,
}
