//! A part of a state: what some processes and containers need stays, everything of others goes.

use super::{Slot, State, Threads};

impl State {
    /// Removes the threads and the descriptions of containers that are not wanted. Who is left keeps its parent where that one is left,
    /// too; users, groups and interfaces stay.
    pub fn retain(&mut self, threads: &dyn Fn(&Threads, Slot) -> bool, containers: &dyn Fn(&[u8]) -> bool) {
        self.start();
        let slots: Vec<Slot> = self.threads.iter().collect();
        let others: Vec<Slot> = slots.into_iter().filter(|slot| !threads(&self.threads, *slot)).collect();
        others.into_iter().for_each(|slot| self.threads.release(slot));
        // The host has no id.
        self.containers.by_id.retain(|id, _| id.is_empty() || containers(id));
        self.accounts.of_containers.retain(|id, _| containers(id));
    }
}
