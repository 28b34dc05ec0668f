//! Whether an event can be left out: it enters, and whether the state after it differs from the one before in something
//! that later events show leaves. If only some events of a capture are kept, these have to be kept, too.

use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::{EventSource, code};

use super::identity::memory_calls;
use super::startup::Phase;
use super::transfer::{receives, sends};
use super::{Facts, FdTable, Memory, Slot, State, Thread};

/// What is remembered of a thread while an event is taken in.
struct Before {
    slot: Slot,
    last_fd: i64,
    last_enter: u16,
    had_enter: bool,
    memory: Memory,
    /// The fd table in force and its owner, held so that a change makes a copy.
    fds: Option<(Slot, Arc<FdTable>)>,
}

impl State {
    /// As [`apply`](State::apply), and returns whether the event changed anything that later events can show.
    pub fn apply_noting(&mut self, event: &Event<'_>) -> (Option<Facts>, bool) {
        if !self.is_settled(event) {
            return (self.apply(event), true);
        }
        self.finish_previous(event.ts);
        let Some(before) = self.before(event) else { return (self.apply(event), true) };
        let facts = self.apply(event);
        let is_inert = facts.as_ref().is_some_and(|facts| facts.inert);
        let changed = if is_inert || is_compared(event.code()) { self.has_changed(&before) } else { true };
        (facts, changed)
    }

    /// Whether the capture proper has begun, and the event before ended no thread.
    fn is_settled(&self, event: &Event<'_>) -> bool {
        let has_base = self.first_ts != 0 || event.info.source.contains(EventSource::METAEVENT);
        matches!(self.phase, Phase::Running) && self.exiting.is_none() && has_base
    }

    /// `None` if the thread is not known: it will be made up.
    fn before(&self, event: &Event<'_>) -> Option<Before> {
        let slot = self.threads.by_tid(event.tid)?;
        let thread = self.threads.get(slot);
        let may_change_fds = is_transfer(event.code()) || !event.extras().is_empty();
        let owner = self.threads.fd_owner(slot).filter(|_| may_change_fds);
        Some(Before {
            slot,
            last_fd: thread.last_fd,
            last_enter: thread.last_enter,
            had_enter: thread.enter.is_some(),
            memory: thread.memory,
            fds: owner.map(|owner| (owner, self.threads.get(owner).fds.clone())),
        })
    }

    fn has_changed(&self, before: &Before) -> bool {
        let thread = self.threads.get(before.slot);
        let fds = before.fds.as_ref();
        had_effect_on_calls(before, thread)
            || thread.memory != before.memory
            || fds.is_some_and(|(owner, fds)| !Arc::ptr_eq(&self.threads.get(*owner).fds, fds))
    }
}

/// Whether the exit of a call that begins later can find something else. The last fd counts only where an entry is
/// remembered, since an exit without its entry does not look at it.
fn had_effect_on_calls(before: &Before, thread: &Thread) -> bool {
    before.had_enter
        || thread.last_enter != before.last_enter
        || (thread.last_enter != u16::MAX && thread.last_fd != before.last_fd)
}

/// Whether events of this type change only what [`Before`] holds.
fn is_compared(code: u16) -> bool {
    is_transfer(code) || matches!(code, memory_calls!())
}

/// Whether events of this type read or write, and can change the fd that they work on.
fn is_transfer(code: u16) -> bool {
    matches!(code, receives!() | sends!())
}
