//! Calls by their type, and their errors.

use std::mem::size_of;

use rustc_hash::FxHashMap;
use tercel_format::catalogue::EventInfo;
use tercel_replay::state::Text;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::reads::{self, Reads};
use super::seen::{Moved, Seen, Times};

/// The table of calls.
pub(super) const SYSCALLS: TableInfo = TableInfo {
    name: "syscalls",
    meaning: "Events by type and by name of the process",
    order: Order::Descending("calls"),
    columns: &SYSCALL_COLUMNS,
};

const SYSCALL_COLUMNS: [ColumnInfo; 8] = [
    column("type", T::Text, "Type of the event (evt.type)"),
    column("name", T::Text, "Name of the process (proc.name)"),
    column("calls", T::Count, "Events"),
    column("errors", T::Count, "Failed calls"),
    column("read", T::Bytes, "Results above 0 of calls that read from an fd"),
    column("written", T::Bytes, "Results above 0 of calls that write to an fd"),
    column("first", T::Time, "The first event"),
    column("last", T::Time, "The last event"),
];

#[derive(Debug, Clone)]
struct Calls {
    calls: u64,
    errors: u64,
    moved: Moved,
    times: Times,
}

/// Collects calls.
#[derive(Debug, Default)]
pub(super) struct Syscalls {
    by_type: FxHashMap<(&'static str, Text), Calls>,
}

/// The name of the event's process; empty where it is not known.
fn name(seen: &Seen<'_>) -> Text {
    seen.process.map(|(_, _, leader)| leader.image.comm.clone()).unwrap_or_default()
}

impl Collector for Syscalls {
    fn reads(info: &EventInfo) -> Reads {
        reads::of_calls(info)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let now = Times::at(seen.ts());
        let calls = self.by_type.entry((seen.context.type_name(), name(seen))).or_insert_with(|| Calls {
            calls: 0,
            errors: 0,
            moved: Moved::default(),
            times: now,
        });
        calls.calls += 1;
        calls.errors += u64::from(seen.error.is_some());
        seen.moved.into_iter().for_each(|moved| calls.moved.count(moved));
        calls.times.see(now);
    }

    fn merge(&mut self, later: Syscalls) {
        for (key, more) in later.by_type {
            let calls = self.by_type.entry(key).or_insert_with(|| Calls {
                calls: 0,
                errors: 0,
                moved: Moved::default(),
                times: more.times,
            });
            calls.calls += more.calls;
            calls.errors += more.errors;
            calls.moved.add(more.moved);
            calls.times.see(more.times);
        }
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        let row = |((kind, name), calls): ((&'static str, Text), Calls)| {
            vec![
                Cell::word(kind),
                Cell::text(&name),
                Cell::Uint(calls.calls),
                Cell::Uint(calls.errors),
                Cell::Uint(calls.moved.read),
                Cell::Uint(calls.moved.written),
                Cell::Time(calls.times.first),
                Cell::Time(calls.times.last),
            ]
        };
        self.by_type.into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        self.by_type.len() * (size_of::<((&'static str, Text), Calls)>() + row_bytes(&SYSCALLS))
    }
}

/// The table of errors.
pub(super) const ERRORS: TableInfo = TableInfo {
    name: "errors",
    meaning: "Failed calls by error, type and name of the process",
    order: Order::Descending("count"),
    columns: &ERROR_COLUMNS,
};

const ERROR_COLUMNS: [ColumnInfo; 7] = [
    column("error", T::Text, "Name of the error (evt.res)"),
    column("type", T::Text, "Type of the event (evt.type)"),
    column("name", T::Text, "Name of the process (proc.name)"),
    column("count", T::Count, "Failed calls"),
    column("example", T::Text, "The path or the fd of the first of them"),
    column("first", T::Time, "The first of them"),
    column("last", T::Time, "The last of them"),
];

#[derive(Debug, Clone)]
struct Failures {
    count: u64,
    example: Cell,
    times: Times,
}

type ErrorKey = (&'static str, &'static str, Text);

/// Collects errors.
#[derive(Debug, Default)]
pub(super) struct Errors {
    by_error: FxHashMap<ErrorKey, Failures>,
}

/// What a failed call was about.
fn subject(seen: &Seen<'_>) -> Cell {
    let mut path = Vec::new();
    let names = ["name", "path", "filename", "pathname", "oldpath", "linkpath"];
    if names.iter().any(|name| seen.context.path_parameter(name, &mut path)) {
        return Cell::Text(path.into());
    }
    seen.fd().map_or(Cell::Null, |fd| Cell::text(&fd.name))
}

impl Collector for Errors {
    fn reads(info: &EventInfo) -> Reads {
        Some(reads::plain(info))
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let Some(error) = seen.error else { return };
        let now = Times::at(seen.ts());
        let key = (error, seen.context.type_name(), name(seen));
        let failures = self.by_error.entry(key).or_insert_with(|| Failures {
            count: 0,
            example: subject(seen),
            times: now,
        });
        failures.count += 1;
        failures.times.see(now);
    }

    fn merge(&mut self, later: Errors) {
        for (key, more) in later.by_error {
            match self.by_error.get_mut(&key) {
                Some(failures) => {
                    failures.count += more.count;
                    failures.times.see(more.times);
                }
                None => {
                    self.by_error.insert(key, more);
                }
            }
        }
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        let row = |((error, kind, name), failures): (ErrorKey, Failures)| {
            vec![
                Cell::word(error),
                Cell::word(kind),
                Cell::text(&name),
                Cell::Uint(failures.count),
                failures.example,
                Cell::Time(failures.times.first),
                Cell::Time(failures.times.last),
            ]
        };
        self.by_error.into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        self.by_error.len() * (size_of::<(ErrorKey, Failures)>() + row_bytes(&ERRORS))
    }
}
