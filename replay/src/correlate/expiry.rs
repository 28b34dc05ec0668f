//! Bounds for what is remembered: groups and the bytes that they take enter, those that are over or too old leave.

use rustc_hash::FxHashMap;

/// Most groups of all correlations together.
const GROUPS: usize = 200_000;

/// Bytes that all groups together may take.
const BYTES: usize = 64 << 20;

/// What an entry of a table takes besides its key and its value.
const ENTRY: usize = 32;

/// Something that grows old.
pub(super) trait Ageing {
    /// Time of the newest alert, nanoseconds since the epoch.
    fn last(&self) -> u64;

    /// Whether nothing hangs on it any more.
    fn is_over(&self, now: u64, timespan: u64) -> bool;

    /// Memory that it takes, in bytes and roughly.
    fn weight(&self) -> usize;
}

/// Groups and bytes that are remembered.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    groups: usize,
    bytes: usize,
}

impl Allowance {
    /// A new group takes this many bytes.
    pub(super) fn take(&mut self, bytes: usize) {
        self.groups += 1;
        self.bytes += ENTRY + bytes;
    }

    /// A group takes more, or less.
    pub(super) fn change(&mut self, before: usize, after: usize) {
        self.bytes = (self.bytes + after).saturating_sub(before);
    }

    /// Whether there are too many.
    pub(super) fn is_exceeded(&self) -> bool {
        self.groups > GROUPS || self.bytes > BYTES
    }

    /// Removes those that are over; the others are measured again.
    pub(super) fn forget_over<T: Ageing>(
        &mut self,
        table: &mut FxHashMap<Box<[u8]>, T>,
        now: u64,
        timespan: u64,
    ) {
        self.leave(table);
        table.retain(|_, one| !one.is_over(now, timespan));
        self.enter(table);
    }

    /// Removes the older half of a table if there are still too many.
    pub(super) fn forget_oldest<T: Ageing>(&mut self, table: &mut FxHashMap<Box<[u8]>, T>) -> u64 {
        if self.groups * 2 <= GROUPS && self.bytes * 2 <= BYTES {
            return 0;
        }
        self.leave(table);
        // Of two that are equally old, the key decides, so that every run forgets the same.
        let mut ages: Vec<(u64, Box<[u8]>)> =
            table.iter().map(|(key, one)| (one.last(), key.clone())).collect();
        ages.sort_unstable();
        ages.truncate(ages.len().div_ceil(2));
        ages.iter().for_each(|(_, key)| drop(table.remove(key)));
        self.enter(table);
        ages.len() as u64
    }

    fn leave<T: Ageing>(&mut self, table: &FxHashMap<Box<[u8]>, T>) {
        self.groups = self.groups.saturating_sub(table.len());
        self.bytes = self.bytes.saturating_sub(weight(table));
    }

    fn enter<T: Ageing>(&mut self, table: &FxHashMap<Box<[u8]>, T>) {
        self.groups += table.len();
        self.bytes += weight(table);
    }
}

fn weight<T: Ageing>(table: &FxHashMap<Box<[u8]>, T>) -> usize {
    table.iter().map(|(key, one)| ENTRY + key.len() + one.weight()).sum()
}
