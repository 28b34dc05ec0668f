//! What a recording has become on the disk: what was written of each file enters, sums leave.

use crate::writer::Written;

/// What has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Files, removed ones included.
    pub files: u64,
    /// Those that are complete.
    pub finished: u64,
    /// Events in those that are complete, those included that are there for the state only.
    pub events: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Bytes of scap in them.
    pub raw_bytes: u64,
    /// Older events that a flight recorder has removed from memory.
    pub forgotten: u64,
    /// Keyframes that were too large to be written.
    pub keyframes_left_out: u64,
    /// Files that are not signed to their end because the signer failed.
    pub unsigned: u64,
}

impl Sums {
    /// Counts a file of so many events that is complete.
    pub(crate) fn finished(&mut self, events: u64, written: &Written) {
        self.finished += 1;
        self.events += events;
        self.add(written);
    }

    /// Counts the bytes of a file.
    pub(crate) fn add(&mut self, written: &Written) {
        self.bytes += written.bytes;
        self.raw_bytes += written.raw_bytes;
        self.keyframes_left_out += written.summary.as_ref().map_or(0, |summary| summary.keyframes_left_out);
        self.unsigned += u64::from(written.is_unsigned());
    }
}
