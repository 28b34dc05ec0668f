//! The processes that exist at the end of the window, or at a moment, as a tree.

use std::mem::size_of;

use tercel_format::catalogue::EventInfo;

use super::catalogue::{ColumnInfo, Order, TableInfo, column};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::family;
use super::process_id::{PROCESS, ProcessId, command_line, ppid, user};
use super::reads::Reads;
use super::seen::Seen;
use super::snapshot::Snapshot;

/// The table of processes as a tree.
pub(super) const PROCESS_TREE: TableInfo = TableInfo {
    name: "process_tree",
    meaning: "Processes that exist at the end of the window, or at a moment, each after the one that it stands below",
    order: Order::Ascending("position"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 16] = [
    column("position", T::Uint, "Place in the tree as it is read, from 1 on"),
    column("depth", T::Uint, "How many processes of the tree it stands below"),
    column("pid", T::Int, "Process id on the host"),
    column("start", T::Time, "When it was started; empty if it ran before the capture"),
    column("ppid", T::Int, "Parent at that moment: init or a subreaper if the parent has ended"),
    column("parent_pid", T::Int, "The process that started it, if that is known"),
    column("parent_start", T::Time, "When that was started; empty if it ran before the capture"),
    column("threads", T::Count, "Threads at that moment"),
    column("fds", T::Count, "Open fds at that moment"),
    column("name", T::Text, "Name (proc.name)"),
    column("uid", T::Uint, "User id"),
    column("user", T::Text, "Name of the user (user.name)"),
    column("container", T::Text, "Container id; empty on the host"),
    PROCESS,
    column("parent_process", T::Text, "Name for good of the process that started it, if that is known"),
    column("cmdline", T::Text, "Name and arguments (proc.cmdline)"),
];

/// Bytes of a row, without its command line.
const ROW: usize = COLUMNS.len() * size_of::<Cell>();

/// Collects processes that exist.
#[derive(Debug, Default)]
pub(super) struct ProcessTree {
    rows: Vec<Row>,
    alive: Vec<Row>,
    /// Bytes of the command lines of both.
    texts: (usize, usize),
}

impl Collector for ProcessTree {
    fn reads(_info: &EventInfo) -> Reads {
        None
    }

    fn event(&mut self, _seen: &Seen<'_>) {}

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let state = snapshot.state();
        let mut texts = 0;
        let rows = snapshot.processes().take(snapshot.too_many(ROW)).map(|(id, slot, leader)| {
            let parent = state
                .threads
                .ancestor(slot, 1)
                .and_then(|parent| ProcessId::of(state, state.threads.get(parent)));
            let [pid, start] = id.cells();
            let [parent_pid, parent_start] = parent.map_or([Cell::Null, Cell::Null], ProcessId::cells);
            let cmdline = command_line(leader);
            texts += cmdline.len();
            vec![
                Cell::Null,
                Cell::Null,
                pid,
                start,
                Cell::Int(ppid(state, leader)),
                parent_pid,
                parent_start,
                Cell::Uint(state.threads.alive(slot)),
                Cell::Uint(leader.fds.iter().count() as u64),
                Cell::text(&leader.image.comm),
                Cell::id(leader.uid),
                user(state, &leader.container, leader.uid),
                Cell::text(&leader.container),
                id.name(),
                parent.map_or(Cell::Null, ProcessId::name),
                Cell::text(&cmdline),
            ]
        });
        self.alive = rows.collect();
        self.texts.1 = texts;
    }

    /// Each section of a capture has a tree of its own.
    fn settle(&mut self) {
        for (row, depth) in family::tree(&PROCESS_TREE, &self.alive) {
            let mut row = std::mem::take(&mut self.alive[row]);
            row[0] = Cell::Uint(self.rows.len() as u64 + 1);
            row[1] = Cell::Uint(depth as u64);
            self.rows.push(row);
        }
        self.texts.0 += self.texts.1;
        self.forget();
    }

    fn forget(&mut self) {
        self.alive.clear();
        self.texts.1 = 0;
    }

    fn merge(&mut self, later: ProcessTree) {
        let before = self.rows.len() as u64;
        self.rows.extend(later.rows.into_iter().map(|mut row| {
            if let Cell::Uint(position) = &mut row[0] {
                *position += before;
            }
            row
        }));
        self.alive = later.alive;
        self.texts = (self.texts.0 + later.texts.0, later.texts.1);
    }

    fn rows(mut self, _names: &Names) -> Vec<Row> {
        self.settle();
        self.rows
    }

    fn bytes(&self) -> usize {
        (self.rows.len() + self.alive.len()) * ROW + self.texts.0 + self.texts.1
    }
}
