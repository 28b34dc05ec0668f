//! Threads whose ends were lost: after a loss, threads of the state that the host no longer knows enter a list of suspects; who
//! is still gone at the next look leaves, to be told as ended. So the table of threads does not grow by what was missed.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tercel_replay::state::Threads;

/// Between two looks. What is in the rings at the first one has long been evaluated at the second.
const PERIOD: Duration = Duration::from_secs(5);

/// Kernel: inode of the first pid namespace (`PROC_PID_INIT_INO`).
const FIRST_NAMESPACE: u64 = 0xefff_fffc;

/// Looks for threads that have ended unseen.
pub struct LostExits {
    /// /proc shows the threads of the whole host.
    sees_all: bool,
    looked: Instant,
    /// Events that were lost up to the last look.
    lost: u64,
    suspects: HashSet<i64>,
}

impl LostExits {
    /// Nobody is suspected.
    pub fn new(now: Instant) -> LostExits {
        let namespace = fs::metadata("/proc/self/ns/pid").map_or(0, |found| found.ino());
        LostExits { sees_all: namespace == FIRST_NAMESPACE, looked: now, lost: 0, suspects: HashSet::new() }
    }

    /// The threads of `threads` that are gone; `lost` events were lost so far.
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
