//! The captures of a scan: where they come from, and where the result of each goes.

use tercel_format::Capture;

use super::{Report, ScanError};
use crate::alert::Origin;

/// A capture to scan.
#[derive(Debug)]
pub struct Opened {
    /// What lines show of it.
    pub origin: Origin,
    /// Where its blocks come from.
    pub capture: Capture,
}

/// A capture of which everything has been merged.
#[derive(Debug)]
pub struct Ended {
    /// The capture; a stream knows what was read of it.
    pub capture: Capture,
    /// What was found to be damaged.
    pub report: Report,
    /// Why it was not scanned to its end.
    pub error: Option<ScanError>,
}

/// Where captures come from, and where reports about them go.
pub trait Supply {
    /// Opens the next capture; `None` after the last. Captures that cannot be opened are the supply's own business.
    fn next(&mut self) -> Option<Opened>;

    /// A capture is done: all that was found in it has been merged, and nothing of a later one.
    fn ended(&mut self, ended: Ended);
}

/// Takes the number of bytes of captures that are done with, for a progress bar. Called by several threads.
pub type Advance<'a> = &'a (dyn Fn(u64) + Sync);
