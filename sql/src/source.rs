//! The captures of a database: how they are opened, and who gets the reports of damage.

use std::io;
use std::sync::Arc;

use tercel_format::Capture;
use tercel_replay::Paths;
use tercel_replay::scan::{Report, ScanError};
use tercel_rules::program::Program;

/// Takes what was damaged in a capture: its name, the damaged places and why it was not read to its end.
pub type Ended = Arc<dyn Fn(&str, &Report, Option<&ScanError>) + Send + Sync>;

/// Opens the capture of this index.
pub type Open = Arc<dyn Fn(usize) -> io::Result<Capture> + Send + Sync>;

/// What queries are about.
#[derive(Clone)]
pub struct Source {
    /// Names of the captures.
    pub names: Vec<String>,
    /// Opens one of them. It may be opened more than once.
    pub open: Open,
    /// Is told of damage.
    pub ended: Ended,
    /// Rules for the tables that show alerts.
    pub rules: Option<Arc<Program>>,
    /// Whose paths the conditions of these rules see.
    pub paths: Paths,
    /// How many threads read a capture.
    pub threads: usize,
    /// Bytes that the rows of a table may take.
    pub memory: usize,
}
