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
    /// Where it ran before the capture, when its host was booted, otherwise 0: a capture can have several hosts.
    pub boot: u64,
}

impl ProcessId {
    /// The process that a thread leads; `None` for an entry of which nothing is known.
    pub(super) fn of(state: &State, leader: &Thread) -> Option<ProcessId> {
        let start = leader.started();
        let boot = if start == 0 { state.machine.boot_ts } else { 0 };
        (leader.pid >= 0).then_some(ProcessId { pid: leader.pid, start, boot })
    }

    /// The process of a row with these cells in its columns `pid`, `start` and `process`; `None` if it names none.
    pub fn of_cells(pid: &Cell, start: &Cell, process: &Cell) -> Option<ProcessId> {
        let Cell::Int(pid) = *pid else { return None };
        let start = if let Cell::Time(ts) = *start { ts } else { 0 };
        let text = if let Cell::Text(text) = process { text } else { &b""[..] };
        let boot = || std::str::from_utf8(text).ok()?.split_once('@')?.1.parse().ok();
        Some(ProcessId { pid, start, boot: if start == 0 { boot().unwrap_or(0) } else { 0 } })
    }

    /// Its name for good: the pid, and when it was started. Of what ran before the capture that is only known to be after the boot.
    pub(super) fn name(self) -> Cell {
        Cell::word(&format!("{}@{}", self.pid, self.start.max(self.boot)))
    }

    /// Its two columns.
    pub(super) fn cells(self) -> [Cell; 2] {
        [Cell::Int(self.pid), Cell::time(self.start)]
    }
}

/// The column of the name of a process.
pub(super) const PROCESS: ColumnInfo = column(
    "process",
    T::Text,
    "Name of the process for good, which joins the tables: pid@ its start, or of what ran before the capture the boot of the host",
);

/// The columns of a [`Label`].
pub(super) const LABEL: [ColumnInfo; 5] = [
    column("pid", T::Int, "Process id on the host"),
    column("start", T::Time, "When the process was started; empty if it ran before the capture"),
    column("name", T::Text, "Name of the process (proc.name)"),
    column("container", T::Text, "Its container id; empty on the host"),
    PROCESS,
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
        ProcessId::of(state, leader).map(|id| Label::new(id, leader))
    }

    /// The cells of a process that is not known.
    pub(super) fn unknown() -> [Cell; 5] {
        [Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::Null]
    }

    /// Its cells in the columns of [`LABEL`].
    pub(super) fn cells(&self) -> [Cell; 5] {
        label_cells(self.id, &self.name, &self.container)
    }
}

/// The cells of a process in the columns of [`LABEL`].
pub(super) fn label_cells(id: ProcessId, name: &Text, container: &Text) -> [Cell; 5] {
    let [pid, start] = id.cells();
    [pid, start, Cell::text(name), Cell::text(container), id.name()]
}

/// The name of a user, or nothing where the capture does not list it.
pub(super) fn user(state: &State, container: &[u8], uid: u32) -> Cell {
    state.accounts.user(container, uid).map_or(Cell::Null, |user| Cell::text(&user.name))
}

/// The pid of the parent. A process that was started by a thread besides the main one is that thread's child; people call it one of the process.
pub(super) fn ppid(state: &State, leader: &Thread) -> i64 {
    let parent = state.threads.by_tid(leader.ptid).map(|slot| state.threads.get(slot).pid);
    parent.filter(|pid| *pid >= 0).unwrap_or(leader.ptid)
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
