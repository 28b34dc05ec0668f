//! Limits of cuts: what was written enters, whether there may be another one leaves. Files of earlier runs count, too, so that a host
//! that starts its recorder again and again does not fill the disk.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tercel_format::series::Directory;

/// A minute in nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// How often files are counted again while there are too many: some may have been removed.
const AGAIN: Duration = Duration::from_secs(10);

/// Limits of cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutLimits {
    /// Bytes after which a cut ends; 0 for no limit.
    pub file_bytes: u64,
    /// Files below which there may be another one.
    pub files: u64,
    /// Bytes of all files below which there may be another one; a cut ends when they reach it.
    pub bytes: u64,
    /// Cuts that may begin within a minute.
    pub per_minute: u32,
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutLimit {
    /// The bytes of one file: it has ended.
    FileBytes,
    /// The number of files.
    Files,
    /// The bytes of all files.
    Bytes,
    /// The number of cuts within a minute.
    PerMinute,
    /// Cuts that have ended are still being written.
    Writing,
}

/// What is used of the limits.
#[derive(Debug)]
pub(super) struct Budget {
    files: u64,
    bytes: u64,
    /// When the cuts of the last minute began.
    begun: VecDeque<u64>,
    /// The limit that was reported, until there is another cut.
    told: Option<CutLimit>,
    counting: Option<JoinHandle<io::Result<Directory>>>,
    counted: Instant,
}

impl Budget {
    pub(super) fn new(found: &Directory) -> Budget {
        Budget {
            files: found.files,
            bytes: found.bytes,
            begun: VecDeque::new(),
            told: None,
            counting: None,
            counted: Instant::now(),
        }
    }

    /// Why there is no cut at `ts`, if so. `is_busy` says that there are too many that are being written.
    pub(super) fn refusal(&mut self, limits: &CutLimits, ts: u64, is_busy: bool) -> Option<CutLimit> {
        while self.begun.front().is_some_and(|begun| begun.saturating_add(MINUTE) <= ts) {
            self.begun.pop_front();
        }
        if self.files >= limits.files {
            Some(CutLimit::Files)
        } else if self.bytes >= limits.bytes {
            Some(CutLimit::Bytes)
        } else if self.begun.len() as u64 >= u64::from(limits.per_minute) {
            Some(CutLimit::PerMinute)
        } else {
            is_busy.then_some(CutLimit::Writing)
        }
    }

    /// Whether a limit is still to be reported.
    pub(super) fn tell(&mut self, limit: CutLimit) -> bool {
        self.told.replace(limit) != Some(limit)
    }

    /// A cut has begun at `ts`. It counts as a file once it is written.
    pub(super) fn begun(&mut self, ts: u64) {
        self.begun.push_back(ts);
        self.told = None;
    }

    /// A file of this size was written.
    pub(super) fn written(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Bytes that a cut may have, and the limit that it reaches there.
    pub(super) fn allowed(&self, limits: &CutLimits) -> (u64, CutLimit) {
        let rest = limits.bytes.saturating_sub(self.bytes);
        match limits.file_bytes {
            0 => (rest, CutLimit::Bytes),
            file if file <= rest => (file, CutLimit::FileBytes),
            _ => (rest, CutLimit::Bytes),
        }
    }

    /// Counts the files again, in a thread of its own, unless that was done just now.
    pub(super) fn count_again(&mut self, prefix: &Path) {
        if self.counting.is_some() || self.counted.elapsed() < AGAIN {
            return;
        }
        self.counted = Instant::now();
        let prefix = prefix.to_owned();
        let thread = std::thread::Builder::new().name("count".to_owned());
        // Without a thread the old counts stay; the next refusal tries again.
        self.counting = thread.spawn(move || Directory::look(&prefix, &super::is_name)).ok();
    }

    /// Uses new counts if they are there.
    pub(super) fn settle(&mut self) {
        if let Some(counting) = self.counting.take_if(|counting| counting.is_finished())
            && let Ok(Ok(found)) = counting.join()
        {
            (self.files, self.bytes) = (found.files, found.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_reported_once() {
        let limits = CutLimits { file_bytes: 0, files: 3, bytes: 100, per_minute: 2 };
        let mut budget = Budget::new(&Directory { files: 1, bytes: 10, ..Directory::default() });
        let second = MINUTE / 60;
        for (ts, expected) in [(0, None), (second, None), (2 * second, Some(CutLimit::PerMinute))] {
            assert_eq!(budget.refusal(&limits, ts, false), expected);
            if expected.is_none() {
                budget.begun(ts);
            }
        }
        assert!(budget.tell(CutLimit::PerMinute) && !budget.tell(CutLimit::PerMinute));
        assert_eq!(budget.refusal(&limits, MINUTE, false), None, "the first is a minute ago");
        assert_eq!(budget.refusal(&limits, MINUTE, true), Some(CutLimit::Writing));
        budget.written(40);
        assert_eq!(budget.allowed(&limits), (50, CutLimit::Bytes));
        assert_eq!(budget.allowed(&CutLimits { file_bytes: 30, ..limits }), (30, CutLimit::FileBytes));
        budget.written(0);
        assert_eq!(budget.refusal(&limits, MINUTE, false), Some(CutLimit::Files));
        assert_eq!(
            budget.refusal(&CutLimits { files: 9, bytes: 50, ..limits }, MINUTE, false),
            Some(CutLimit::Bytes)
        );
    }
}
