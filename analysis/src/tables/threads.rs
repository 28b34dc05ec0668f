//! The threads of processes.

use std::collections::hash_map::Entry;
use std::mem::size_of;

use rustc_hash::FxHashMap;
use tercel_format::Event;
use tercel_format::catalogue::EventInfo;
use tercel_replay::state::{Text, Thread};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{LABEL, Label, ProcessId};
use super::reads::{self, Reads};
use super::seen::Seen;
use super::snapshot::Snapshot;

/// The table of threads.
pub(super) const THREADS: TableInfo = TableInfo {
    name: "threads",
    meaning: "Threads that lived in the window, also those without an event; a process has at least one",
    order: Order::Ascending("pid"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 12] = joined(&[
    &LABEL,
    &[
        column("tid", T::Int, "Thread id on the host (thread.tid)"),
        column("vtid", T::Int, "Thread id in its pid namespace (thread.vtid)"),
        column("thread_name", T::Text, "Name of the thread, where it has one of its own"),
        column("thread_start", T::Time, "When it was started; empty if it ran before the capture"),
        column("thread_end", T::Time, "When it ended; empty if it lived on"),
        column("calls", T::Count, "Its events"),
        column("errors", T::Count, "Failed calls"),
    ],
]);

/// A thread, for good.
type Key = (ProcessId, i64, u64);

/// Bytes of a row.
const ROW: usize = size_of::<(Key, Known)>() + row_bytes(&THREADS);

#[derive(Debug, Clone)]
struct Known {
    label: Label,
    vtid: i64,
    name: Text,
    end: Option<u64>,
    calls: u64,
    errors: u64,
}

/// Collects threads.
#[derive(Debug, Default)]
pub(super) struct Threads {
    by_id: FxHashMap<Key, Known>,
    alive: Vec<(Key, Known)>,
}

fn known(label: Label, thread: &Thread) -> Known {
    Known { label, vtid: thread.vtid, name: thread.image.comm.clone(), end: None, calls: 0, errors: 0 }
}

impl Threads {
    fn add(&mut self, key: Key, later: Known) {
        match self.by_id.entry(key) {
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                let (calls, errors) = (known.calls + later.calls, known.errors + later.errors);
                *known = Known { calls, errors, ..later };
            }
            Entry::Vacant(place) => {
                place.insert(later);
            }
        }
    }
}

impl Collector for Threads {
    fn reads(info: &EventInfo) -> Reads {
        reads::of_calls(info)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let (Some(label), Some(thread)) = (seen.label(), seen.thread()) else { return };
        let key = (label.id, thread.tid, thread.started());
        let row = self.by_id.entry(key).or_insert_with(|| known(label.clone(), thread));
        (row.label, row.name) = (label, thread.image.comm.clone());
        row.calls += 1;
        row.errors += u64::from(seen.error.is_some());
        row.end = seen.is_exit().then(|| seen.ts());
    }

    fn unseen_end(&mut self, snapshot: &Snapshot<'_>, exit: &Event<'_>) {
        let Some((id, _, leader)) = snapshot.process(exit.tid) else { return };
        let Some(slot) = snapshot.state().threads.by_tid(exit.tid) else { return };
        let thread = snapshot.state().threads.get(slot);
        let key = (id, thread.tid, thread.started());
        let now = known(Label::new(id, leader), thread);
        let row = self.by_id.entry(key).or_insert_with(|| now.clone());
        (row.label, row.name, row.end) = (now.label, now.name, Some(exit.ts));
    }

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let alive = snapshot
            .threads()
            .map(|(label, thread)| ((label.id, thread.tid, thread.started()), known(label, thread)));
        self.alive = alive.take(snapshot.too_many(ROW)).collect();
    }

    fn settle(&mut self) {
        for (key, known) in std::mem::take(&mut self.alive) {
            self.add(key, known);
        }
    }

    fn forget(&mut self) {
        self.alive.clear();
    }

    fn merge(&mut self, later: Threads) {
        later.by_id.into_iter().for_each(|(key, known)| self.add(key, known));
        self.alive = later.alive;
    }

    fn rows(mut self, _names: &Names) -> Vec<Row> {
        self.settle();
        let row = |((_, tid, started), known): (Key, Known)| {
            let mut row = known.label.cells().to_vec();
            row.extend([
                Cell::Int(tid),
                if known.vtid < 0 { Cell::Null } else { Cell::Int(known.vtid) },
                Cell::text(&known.name),
                Cell::time(started),
                known.end.map_or(Cell::Null, Cell::Time),
                Cell::Uint(known.calls),
                Cell::Uint(known.errors),
            ]);
            row
        };
        self.by_id.into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        (self.by_id.len() + self.alive.len()) * ROW
    }
}
