//! Threads that exited a moment ago: a clone's return in the parent that arrives after the child's exit must not bring the
//! child back (reference state 2.2, 4.4).

use std::collections::HashMap;

/// How many exits are remembered.
const CAPACITY: usize = 8192;

/// For how long an exit counts, nanoseconds.
const MAX_AGE: u64 = 2_000_000_000;

/// The last exits, keyed by the low halves of parent and thread id.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentExits {
    ring: Vec<u64>,
    next: usize,
    /// Time of the newest exit of a key, and its place in the ring.
    newest: HashMap<u64, (u64, usize)>,
}

fn key(tid: i64, ptid: i64) -> u64 {
    (ptid as u64) << 32 | (tid as u64 & 0xFFFF_FFFF)
}

impl RecentExits {
    /// Remembers an exit.
    pub(super) fn record(&mut self, tid: i64, ptid: i64, ts: u64) {
        let key = key(tid, ptid);
        if self.ring.len() < CAPACITY {
            self.ring.push(key);
        } else {
            let evicted = std::mem::replace(&mut self.ring[self.next], key);
            if self.newest.get(&evicted).is_some_and(|(_, place)| *place == self.next) {
                self.newest.remove(&evicted);
            }
        }
        self.newest.insert(key, (ts, self.next));
        self.next = (self.next + 1) % CAPACITY;
    }

    /// Whether the thread exited less than two seconds before `ts`.
    pub(super) fn contains(&self, tid: i64, ptid: i64, ts: u64) -> bool {
        self.newest.get(&key(tid, ptid)).is_some_and(|(exit, _)| ts >= *exit && ts - exit < MAX_AGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_are_remembered_for_two_seconds_and_8192_others() {
        let mut exits = RecentExits::default();
        exits.record(7, 1, 1000);
        assert!(exits.contains(7, 1, 1000 + MAX_AGE - 1));
        assert!(!exits.contains(7, 1, 1000 + MAX_AGE));
        assert!(!exits.contains(7, 1, 999));
        assert!(!exits.contains(7, 2, 1000));
        for tid in 0..CAPACITY as i64 {
            exits.record(100_000 + tid, 1, 1001);
        }
        assert!(!exits.contains(7, 1, 1001));
        assert_eq!(exits.newest.len(), CAPACITY);
    }
}
