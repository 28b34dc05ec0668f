//! Threads that exited a moment ago: a clone's return in the parent that arrives after the child's exit must not bring the
//! child back (reference state 2.2, 4.4).

use std::collections::HashMap;

/// How many exits are remembered.
pub(super) const CAPACITY: usize = 8192;

/// For how long an exit counts, nanoseconds.
const MAX_AGE: u64 = 2_000_000_000;

/// The last exits, keyed by the low halves of parent and thread id.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentExits {
    /// Keys and times; the place of an exit is its number modulo the capacity.
    ring: Vec<(u64, u64)>,
    /// How many exits there were.
    recorded: u64,
    /// Time of the newest exit of a key, and its place in the ring.
    newest: HashMap<u64, (u64, usize)>,
}

fn key(tid: i64, ptid: i64) -> u64 {
    (ptid as u64) << 32 | (tid as u64 & 0xFFFF_FFFF)
}

impl RecentExits {
    /// Remembers an exit.
    pub(super) fn record(&mut self, tid: i64, ptid: i64, ts: u64) {
        self.push(key(tid, ptid), ts);
    }

    fn push(&mut self, key: u64, ts: u64) {
        let place = (self.recorded % CAPACITY as u64) as usize;
        match self.ring.get_mut(place) {
            None => self.ring.push((key, ts)),
            Some(exit) => {
                let (evicted, _) = std::mem::replace(exit, (key, ts));
                if self.newest.get(&evicted).is_some_and(|(_, newest)| *newest == place) {
                    self.newest.remove(&evicted);
                }
            }
        }
        self.newest.insert(key, (ts, place));
        self.recorded = self.recorded.wrapping_add(1);
    }

    /// The exits since there were `before` of them that are still remembered, as keys and times.
    pub(super) fn since(&self, before: u64) -> Vec<(u64, u64)> {
        let len = self.ring.len() as u64;
        let count = self.recorded.wrapping_sub(before).min(len);
        let places = (0..count).map(|back| self.recorded - count + back);
        places.filter_map(|place| self.ring.get((place % CAPACITY as u64) as usize).copied()).collect()
    }

    /// Stores only the number of exits.
    pub(super) fn count_from(&mut self, recorded: u64) {
        self.recorded = recorded;
    }

    /// How many exits there were.
    pub(super) fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Takes over the result of [`since`](RecentExits::since); `false` if it does not follow what is known here.
    pub(super) fn extend(&mut self, recorded: u64, exits: &[(u64, u64)]) -> bool {
        let count = exits.len() as u64;
        if recorded.wrapping_sub(self.recorded) != count {
            // Everything remembered before is forgotten by now.
            if exits.len() != CAPACITY || recorded < count {
                return false;
            }
            self.ring = vec![(0, 0); CAPACITY];
            self.newest.clear();
            self.recorded = recorded - count;
        }
        exits.iter().for_each(|(key, ts)| self.push(*key, *ts));
        true
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
