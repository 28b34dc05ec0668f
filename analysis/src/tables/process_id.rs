//! The durable identity of a process, which joins the tables.

use std::sync::Arc;

use tercel_replay::state::{State, Text, Thread};

use super::catalogue::{ColumnInfo, column};
use super::cell::{Cell, ColumnType as T};

/// A process of the recorded host. A pid that is used again is another process, and a process that gets another parent is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId {
    /// Its pid on the host.
    pub pid: i64,
    /// When it was started, nanoseconds since the epoch; 0 where it ran before the capture.
    pub start: u64,
}

impl ProcessId {
    /// The process that a thread leads; `None` for an entry of which nothing is known.
    pub(super) fn of(leader: &Thread) -> Option<ProcessId> {
        (leader.pid >= 0).then(|| ProcessId { pid: leader.pid, start: leader.started() })
    }

    /// Its two columns.
    pub(super) fn cells(self) -> [Cell; 2] {
        [Cell::Int(self.pid), Cell::time(self.start)]
    }
}

/// The columns of a [`Label`].
pub(super) const LABEL: [ColumnInfo; 4] = [
    column("pid", T::Int, "Process id on the host"),
    column("start", T::Time, "When the process was started; empty if it ran before the capture"),
    column("name", T::Text, "Name of the process (proc.name)"),
    column("container", T::Text, "Its container id; empty on the host"),
];

/// The first two columns of rows about an event.
pub(super) const EVENT: [ColumnInfo; 2] = [
    column("time", T::Time, "When the call returned"),
    column("number", T::Uint, "Number of the event (evt.num)"),
];

/// What rows about something else say of a process.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// The process.
    pub(super) id: ProcessId,
    /// Its name.
    name: Text,
    /// Its container; empty on the host.
    container: Text,
}

impl Label {
    pub(super) fn new(id: ProcessId, leader: &Thread) -> Label {
        Label { id, name: leader.image.comm.clone(), container: leader.container.clone() }
    }

    /// Of the process of a thread, if that is known.
    pub(super) fn of_thread(state: &State, tid: i64) -> Option<Label> {
        let slot = state.threads.by_tid(tid)?;
        let leader = state.threads.get(state.threads.leader(slot).unwrap_or(slot));
        ProcessId::of(leader).map(|id| Label::new(id, leader))
    }

    /// The cells of a process that is not known.
    pub(super) fn unknown() -> [Cell; 4] {
        [Cell::Null, Cell::Null, Cell::Null, Cell::Null]
    }

    /// Its cells in the columns of [`LABEL`].
    pub(super) fn cells(&self) -> [Cell; 4] {
        let [pid, start] = self.id.cells();
        [pid, start, Cell::text(&self.name), Cell::text(&self.container)]
    }
}

/// The name of a user, or nothing where the capture does not list it.
pub(super) fn user(state: &State, container: &[u8], uid: u32) -> Cell {
    state.accounts.user(container, uid).map_or(Cell::Null, |user| Cell::text(&user.name))
}

/// A command line: the name, and the arguments with a space between (`proc.cmdline`).
pub(super) fn command_line(leader: &Thread) -> Text {
    let image = &leader.image;
    let args = image.args.strip_suffix(b"\0").unwrap_or(&image.args);
    let mut line = image.comm.to_vec();
    if !args.is_empty() {
        line.push(b' ');
        line.extend(args.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }));
    }
    Arc::from(line)
}
