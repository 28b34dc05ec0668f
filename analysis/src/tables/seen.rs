//! An event as tables look at it: what several of them ask is found out once.

use std::sync::Arc;

use tercel_format::catalogue::code;
use tercel_replay::Context;
use tercel_replay::fields::Direction;
use tercel_replay::state::{Fd, Slot, Thread};

use crate::data::Data;

use super::alerts::Raised;
use super::cell::Cell;
use super::dns::Message;
use super::process_id::{Label, ProcessId};

/// An event inside of the window that the filter lets pass.
pub(super) struct Seen<'a> {
    /// The event, and the host after it.
    pub(super) context: Context<'a>,
    /// Its process: the leader of the thread and its slot.
    pub(super) process: Option<(ProcessId, Slot, &'a Thread)>,
    /// Bytes that it moved through its fd.
    pub(super) moved: Option<(Direction, u64)>,
    /// The error with which it failed.
    pub(super) error: Option<&'static str>,
    /// The message of the domain name system that it moved, if tables ask for those.
    pub(super) message: Option<&'a Message>,
    /// The alerts that it gave.
    pub(super) alerts: &'a [Raised],
}

impl<'a> Seen<'a> {
    pub(super) fn new(context: Context<'a>, message: Option<&'a Message>, alerts: &'a [Raised]) -> Seen<'a> {
        let process = context.process();
        Seen {
            context,
            process: process
                .and_then(|(slot, leader)| Some((ProcessId::of(context.state, leader)?, slot, leader))),
            moved: context.transferred(),
            error: context.error_name(),
            message,
            alerts,
        }
    }

    /// Time of the event.
    pub(super) fn ts(&self) -> u64 {
        self.context.event.ts
    }

    /// Its cells in the columns of [`EVENT`](super::process_id::EVENT).
    pub(super) fn event_cells(&self) -> [Cell; 2] {
        [Cell::Time(self.ts()), Cell::Uint(self.context.event.num)]
    }

    /// The thread itself.
    pub(super) fn thread(&self) -> Option<&'a Thread> {
        let threads = &self.context.state.threads;
        let slot = self.context.facts.thread.or_else(|| threads.by_tid(self.context.event.tid))?;
        Some(threads.get(slot))
    }

    /// The data that it moved, as far as they were captured.
    pub(super) fn data(&self) -> Option<Data<'a>> {
        Data::of(&self.context)
    }

    /// The fd that it works on.
    pub(super) fn fd(&self) -> Option<&'a Arc<Fd>> {
        self.context.descriptor().and_then(|(_, fd)| fd)
    }

    /// What rows say of its process.
    pub(super) fn label(&self) -> Option<Label> {
        self.process.map(|(id, _, leader)| Label::new(id, leader))
    }

    /// Whether a thread of its process ends with it.
    pub(super) fn is_exit(&self) -> bool {
        self.context.event.code() == code::PROCEXIT_1_E
    }

    /// Whether a program was executed.
    pub(super) fn executes(&self) -> bool {
        let is_exec =
            matches!(self.context.event.code(), code::SYSCALL_EXECVE_19_X | code::SYSCALL_EXECVEAT_X);
        is_exec && self.error.is_none()
    }
}

/// Bytes in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Moved {
    /// Read or received.
    pub(super) read: u64,
    /// Written or sent.
    pub(super) written: u64,
}

impl Moved {
    pub(super) fn count(&mut self, (direction, bytes): (Direction, u64)) {
        let sum = match direction {
            Direction::In => &mut self.read,
            Direction::Out => &mut self.written,
        };
        *sum = sum.saturating_add(bytes);
    }

    pub(super) fn sum(self) -> u64 {
        self.read.saturating_add(self.written)
    }

    pub(super) fn add(&mut self, other: Moved) {
        self.read = self.read.saturating_add(other.read);
        self.written = self.written.saturating_add(other.written);
    }
}

/// The first and the last time that something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// Nanoseconds since the epoch.
    pub(super) first: u64,
    /// Nanoseconds since the epoch.
    pub(super) last: u64,
}

impl Times {
    pub(super) fn at(ts: u64) -> Times {
        Times { first: ts, last: ts }
    }

    pub(super) fn see(&mut self, other: Times) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}
