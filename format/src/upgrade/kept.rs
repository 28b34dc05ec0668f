//! Enter events of system calls, kept per thread until the exit event that needs their parameters (reference D6, D7). Memory is bounded
//! for every capture: a thread that never returns from a call must not use memory forever.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use super::Draft;
use crate::catalogue::EventInfo;
use crate::error::Fault;
use crate::event::Event;

/// Largest number of threads whose enter events are kept.
const THREADS: usize = 1 << 18;

/// Largest number of bytes of all kept enter events.
const BYTES: usize = 64 << 20;

/// An enter event, or the memory of one that was used.
#[derive(Debug, Default)]
struct Slot {
    /// Counts up with every entry kept: the order of age.
    age: u64,
    used: bool,
    draft: Draft,
}

impl Slot {
    fn bytes(&self) -> usize {
        self.draft.lengths.capacity() + self.draft.data.capacity()
    }
}

/// The kept enter events, one per thread.
#[derive(Debug, Default)]
pub(super) struct Kept {
    slots: HashMap<i64, Slot, Folding>,
    bytes: usize,
    age: u64,
    forgotten: u64,
}

impl Kept {
    /// Keeps an enter event; it replaces the one of the thread.
    pub(super) fn keep(&mut self, tid: i64, code: u16, lengths: &[u8], data: &[u8]) {
        self.age += 1;
        let slot = self.slots.entry(tid).or_default();
        let before = slot.bytes();
        slot.age = self.age;
        slot.used = false;
        slot.draft.clear(code);
        slot.draft.lengths.extend_from_slice(lengths);
        slot.draft.data.extend_from_slice(data);
        self.bytes += slot.bytes() - before;
        if self.slots.len() > THREADS || self.bytes > BYTES {
            self.shrink();
        }
    }

    /// The enter event kept for the exit event `exit` of thread `tid`; a fault if it belongs to another call.
    pub(super) fn entry(&self, tid: i64, exit: &'static EventInfo) -> Result<Option<Event<'_>>, Fault> {
        let Some(event) = self.slots.get(&tid).filter(|slot| !slot.used).and_then(|slot| slot.draft.event())
        else {
            return Ok(None);
        };
        if event.info.code.checked_add(1) != Some(exit.code) {
            return Err(Fault::WrongEnter { exit: exit.name, code: exit.code, enter: event.info.name });
        }
        Ok(Some(event))
    }

    /// Drops the enter event of a thread. Its memory is reused.
    pub(super) fn forget(&mut self, tid: i64) {
        if let Some(slot) = self.slots.get_mut(&tid) {
            slot.used = true;
        }
    }

    /// How many enter events were dropped.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Drops the older half of the enter events: the same ones in every run, independent of the order of the map.
    fn shrink(&mut self) {
        let mut ages: Vec<u64> = self.slots.values().map(|slot| slot.age).collect();
        let middle = ages.len() / 2;
        let (_, oldest_kept, _) = ages.select_nth_unstable(middle);
        let oldest_kept = *oldest_kept;
        let forgotten = &mut self.forgotten;
        self.slots.retain(|_, slot| {
            let keep = slot.age >= oldest_kept && !slot.used;
            *forgotten += u64::from(!keep && !slot.used);
            keep
        });
        self.bytes = self.slots.values().map(Slot::bytes).sum();
    }
}

/// Hashes thread ids by one multiplication with keys that differ from run to run, so that a capture cannot be made to
/// collide; the standard hash costs more than the rest of the look-up.
#[derive(Debug, Clone)]
struct Folding {
    keys: [u64; 2],
}

impl Default for Folding {
    fn default() -> Folding {
        let random = RandomState::new();
        Folding { keys: [random.hash_one(1), random.hash_one(2) | 1] }
    }
}

impl BuildHasher for Folding {
    type Hasher = FoldingHasher;

    fn build_hasher(&self) -> FoldingHasher {
        FoldingHasher { keys: self.keys, hash: 0 }
    }
}

struct FoldingHasher {
    keys: [u64; 2],
    hash: u64,
}

impl Hasher for FoldingHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(value ^ self.hash ^ self.keys[0]) * u128::from(self.keys[1]);
        self.hash = product as u64 ^ (product >> 64) as u64;
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{EVENTS, code::SYSCALL_CLOSE_E, code::SYSCALL_CLOSE_X};

    fn fd(kept: &Kept, tid: i64) -> Option<i64> {
        let exit = &EVENTS[usize::from(SYSCALL_CLOSE_X)];
        kept.entry(tid, exit).expect("the right entry").and_then(|event| event.int(0))
    }

    #[test]
    fn too_many_threads_cost_the_oldest_entries() {
        let mut kept = Kept::default();
        let threads = THREADS as i64 + 1;
        for tid in 0..threads {
            kept.keep(tid, SYSCALL_CLOSE_E, &[8, 0], &tid.to_le_bytes());
        }
        assert_eq!(kept.forgotten(), threads as u64 / 2);
        assert_eq!(fd(&kept, 0), None);
        assert_eq!(fd(&kept, threads / 2 - 1), None);
        assert_eq!(fd(&kept, threads / 2), Some(threads / 2));
        assert_eq!(fd(&kept, threads - 1), Some(threads - 1));
    }

    #[test]
    fn memory_is_bounded() {
        let mut kept = Kept::default();
        let data = vec![0; 60_000];
        for tid in 0..10_000 {
            kept.keep(tid, SYSCALL_CLOSE_E, &60_000u16.to_le_bytes(), &data);
            assert!(kept.bytes <= BYTES);
        }
        assert!(kept.forgotten() > 0);
        let real: usize = kept.slots.values().map(Slot::bytes).sum();
        assert_eq!(kept.bytes, real);
    }
}
