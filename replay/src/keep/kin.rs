//! Whose state the fields of some events show: events with the state that they met enter, processes and containers leave. These are the
//! event's process, those that led to it, the leaders of its session and its groups, processes that its parameters name, and its
//! container. The state of all others can be left out, with their arguments and environments.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use tercel_format::Event;
use tercel_format::catalogue::{ParamType, code};

use crate::state::{Container, MAX_ANCESTORS, Parentage, Slot, State, Threads};

/// Processes and containers that some events depend on.
#[derive(Debug, Clone, Default)]
pub struct Kin {
    /// Per process id when those processes were started.
    processes: FxHashMap<i64, BTreeSet<u64>>,
    /// Ids of containers.
    containers: BTreeSet<Vec<u8>>,
    walked: Walked,
}

/// Threads whose ancestors are known already, while nobody got another parent.
#[derive(Debug, Clone, Default)]
struct Walked {
    parentage: Option<Parentage>,
    /// Thread, session and groups.
    threads: FxHashSet<[i64; 4]>,
}

impl Kin {
    /// Adds those that an event depends on. `state` is what is known after it.
    pub fn see(&mut self, state: &State, event: &Event<'_>) {
        let threads = &state.threads;
        if let Some(slot) = threads.by_tid(event.tid) {
            self.see_thread(threads, slot);
        }
        if let Some(container) = Container::of(event) {
            self.containers.insert(container.id);
        }
        if event.code() == code::SCHEDSWITCH_6_E {
            // Whoever runs next has nothing to do with it.
            return;
        }
        let named = event.info.params.iter().enumerate();
        for (index, _) in named.filter(|(_, param)| matches!(param.ty, ParamType::Pid | ParamType::Pid32)) {
            if let Some(slot) = event.int(index).and_then(|tid| threads.by_tid(tid)) {
                self.see_thread(threads, slot);
            }
        }
    }

    fn see_thread(&mut self, threads: &Threads, slot: Slot) {
        if !self.walked.parentage.as_ref().is_some_and(|then| threads.has_parentage(then)) {
            self.walked = Walked { parentage: Some(threads.parentage()), threads: FxHashSet::default() };
        }
        let thread = threads.get(slot);
        if !self.walked.threads.insert([thread.tid, thread.sid, thread.vpgid, thread.pgid]) {
            return;
        }
        for leader in [thread.sid, thread.vpgid, thread.pgid] {
            threads.by_tid(leader).into_iter().for_each(|slot| self.add(threads, slot));
        }
        if let Some(origin) = thread.origin() {
            threads.by_tid(origin.pid).into_iter().for_each(|slot| self.add(threads, slot));
        }
        let mut next = Some(slot);
        for _ in 0..MAX_ANCESTORS {
            let Some(slot) = next else { break };
            let leader = threads.leader(slot).unwrap_or(slot);
            self.add(threads, leader);
            next = threads.by_tid(threads.get(leader).ptid).filter(|parent| *parent != leader);
        }
    }

    /// Adds a process with those that led to it, and its container.
    fn add(&mut self, threads: &Threads, slot: Slot) {
        let thread = threads.get(slot);
        let (pid, started) = process(threads, slot);
        self.processes.entry(pid).or_default().insert(started);
        for ancestor in thread.lineage().into_iter().flat_map(|lineage| lineage.chain()) {
            self.processes.entry(ancestor.pid).or_default().insert(ancestor.started);
        }
        if !thread.container.is_empty() && !self.containers.contains(&*thread.container) {
            self.containers.insert(thread.container.to_vec());
        }
    }

    /// Whether a thread is one of these processes.
    pub fn has(&self, threads: &Threads, slot: Slot) -> bool {
        let (pid, started) = process(threads, slot);
        let has_leader = threads.leader(slot).is_some();
        self.processes.get(&pid).is_some_and(|known| !has_leader || known.contains(&started))
    }

    /// Whether the thread of an event is one of these processes. `state` is what is known after it.
    pub fn is_of(&self, state: &State, event: &Event<'_>) -> bool {
        state.threads.by_tid(event.tid).is_some_and(|slot| self.has(&state.threads, slot))
    }

    /// Whether a container is one of these.
    pub fn has_container(&self, id: &[u8]) -> bool {
        self.containers.contains(id)
    }

    /// Whether what is known of these processes can hang on an event that changes the state. `state` is what is known after it.
    pub fn needs(&self, state: &State, event: &Event<'_>) -> bool {
        if let Some(container) = Container::of(event) {
            return self.has_container(&container.id);
        }
        let Some(slot) = state.threads.by_tid(event.tid) else { return true };
        // The end of a child that its parent is known to have made.
        let is_childs_end = event.code() == code::PROCEXIT_1_E
            && state
                .threads
                .by_tid(state.threads.get(slot).ptid)
                .is_some_and(|one| self.has(&state.threads, one));
        self.has(&state.threads, slot) || is_childs_end
    }

    /// Number of processes.
    pub fn len(&self) -> usize {
        self.processes.values().map(BTreeSet::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }
}

/// A thread's process, and when it was started.
fn process(threads: &Threads, slot: Slot) -> (i64, u64) {
    let leader = threads.get(threads.leader(slot).unwrap_or(slot));
    (leader.pid, leader.started())
}
