//! Threads whose exit events were lost: after a loss, threads of the state that do not exist on the host enter a list of suspects; those
//! that are still missing at the next check leave, and an exit event is made for each. So lost events do not let the table of threads
//! grow.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tercel_replay::state::Threads;

/// Time between two checks. Events in the rings at the first check have long been evaluated at the second.
const PERIOD: Duration = Duration::from_secs(5);

/// Kernel: inode of the first pid namespace (`PROC_PID_INIT_INO`).
const FIRST_NAMESPACE: u64 = 0xefff_fffc;

/// Finds threads that have ended without an event.
pub struct LostExits {
    /// /proc shows the threads of the whole host.
    sees_all: bool,
    looked: Instant,
    /// Events that were lost up to the last check.
    lost: u64,
    suspects: HashSet<i64>,
}

impl LostExits {
    /// Without suspects.
    pub fn new(now: Instant) -> LostExits {
        let namespace = fs::metadata("/proc/self/ns/pid").map_or(0, |found| found.ino());
        LostExits { sees_all: namespace == FIRST_NAMESPACE, looked: now, lost: 0, suspects: HashSet::new() }
    }

    /// The threads of `threads` that have ended; `lost` events were lost so far.
    pub fn look(&mut self, threads: &Threads, lost: u64, now: Instant) -> Vec<i64> {
        if !self.sees_all || now.saturating_duration_since(self.looked) < PERIOD {
            return Vec::new();
        }
        self.looked = now;
        if lost == self.lost && self.suspects.is_empty() {
            return Vec::new();
        }
        self.lost = lost;
        let tids = threads.iter().map(|slot| threads.get(slot).tid);
        let gone = |tid: &i64| *tid > 0 && !Path::new(&format!("/proc/{tid}")).exists();
        let (ended, suspects): (Vec<i64>, Vec<i64>) =
            tids.filter(gone).partition(|tid| self.suspects.contains(tid));
        self.suspects = suspects.into_iter().collect();
        ended
    }
}
