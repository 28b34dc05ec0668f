//! What exists at one moment: the state, of which only what the filter lets pass is shown.

use std::cell::RefCell;
use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::{EVENTS, EventInfo, code};
use tercel_replay::state::{Container, Facts, Fd, Slot, State, Thread};
use tercel_replay::{Context, Filter};

use super::process_id::{Label, ProcessId};

/// The host at a moment.
pub(super) struct Snapshot<'a> {
    state: &'a State,
    filter: RefCell<Option<&'a mut Filter>>,
    /// Most bytes that rows may take. What would take more is not made: a state shares fds of many processes, rows do not.
    memory: usize,
}

/// The type of the event that a filter sees where nothing happens: one that works on an fd, so that `fd.*` have values.
const NOTHING: &EventInfo = &EVENTS[code::SYSCALL_FSTAT_X as usize];

impl<'a> Snapshot<'a> {
    pub(super) fn new(state: &'a State, filter: Option<&'a mut Filter>, memory: usize) -> Snapshot<'a> {
        Snapshot { state, filter: RefCell::new(filter), memory }
    }

    /// Rows of so many bytes that are one more than there may be.
    pub(super) fn too_many(&self, bytes: usize) -> usize {
        self.memory / bytes + 1
    }

    pub(super) fn state(&self) -> &'a State {
        self.state
    }

    /// Whether the filter holds for a thread, and one of its fds.
    fn passes(&self, slot: Slot, fd: Option<i64>) -> bool {
        let mut filter = self.filter.borrow_mut();
        let Some(filter) = filter.as_mut() else { return true };
        let mut event = Event::from_parts(NOTHING, &[], &[]);
        event.tid = self.state.threads.get(slot).tid;
        let facts = Facts::about(slot, fd);
        filter.holds(&Context { state: self.state, event: &event, facts: &facts })
    }

    /// The leaders of all processes.
    fn leaders(&self) -> impl Iterator<Item = (ProcessId, Slot, &'a Thread)> {
        let threads = &self.state.threads;
        threads.iter().filter_map(move |slot| {
            let leader = threads.get(slot);
            let id = ProcessId::of(self.state, leader).filter(|_| leader.is_main() && !leader.is_dead())?;
            Some((id, slot, leader))
        })
    }

    /// The process of a thread, if the filter lets it pass.
    pub(super) fn process(&self, tid: i64) -> Option<(ProcessId, Slot, &'a Thread)> {
        let threads = &self.state.threads;
        let slot = threads.by_tid(tid)?;
        let slot = threads.leader(slot).unwrap_or(slot);
        let leader = threads.get(slot);
        ProcessId::of(self.state, leader).filter(|_| self.passes(slot, None)).map(|id| (id, slot, leader))
    }

    /// The processes that the filter lets pass.
    pub(super) fn processes(&self) -> impl Iterator<Item = (ProcessId, Slot, &'a Thread)> {
        self.leaders().filter(|(_, slot, _)| self.passes(*slot, None))
    }

    /// The threads that the filter lets pass, with their processes.
    pub(super) fn threads(&self) -> impl Iterator<Item = (Label, &'a Thread)> {
        let threads = &self.state.threads;
        threads.iter().filter_map(move |slot| {
            let thread = threads.get(slot);
            let leader = threads.get(threads.leader(slot).unwrap_or(slot));
            let id =
                ProcessId::of(self.state, leader).filter(|_| !thread.is_dead() && self.passes(slot, None))?;
            Some((Label::new(id, leader), thread))
        })
    }

    /// The open fds that the filter lets pass, with their numbers.
    pub(super) fn fds(&self) -> impl Iterator<Item = (Label, i64, &'a Arc<Fd>)> {
        self.leaders().flat_map(move |(id, slot, leader)| {
            let fds = leader.fds.iter().filter(move |(number, _)| self.passes(slot, Some(*number)));
            fds.map(move |(number, fd)| (Label::new(id, leader), number, fd))
        })
    }

    /// The containers that the capture describes; with a filter none, since it is about processes.
    pub(super) fn containers(&self) -> impl Iterator<Item = &'a Arc<Container>> {
        let is_asked = self.filter.borrow().is_none();
        self.state.containers.iter().filter(move |container| is_asked && container.id != b"host")
    }
}
