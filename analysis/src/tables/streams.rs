//! Streams: what each process read and wrote through each of its fds, and how much of it was captured.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem::size_of;

use tercel_replay::fields::Direction;
use tercel_replay::state::Text;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{LABEL, Label, ProcessId};
use super::seen::{Moved, Seen, Times};

/// The table of streams.
pub(super) const STREAMS: TableInfo = TableInfo {
    name: "streams",
    meaning: "What each process read and wrote through each fd; 'tercel follow' shows the data themselves",
    order: Order::Ascending("first"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 15] = joined(&[
    &LABEL,
    &[
        column("fd", T::Int, "Number (fd.num)"),
        column("type", T::Text, "file, ipv4, pipe, … (fd.type)"),
        column("path", T::Text, "Path, ends of a connection or another name (fd.name)"),
        column("reads", T::Count, "Calls that read something"),
        column("read", T::Bytes, "Results above 0 of calls that read"),
        column("writes", T::Count, "Calls that wrote something"),
        column("written", T::Bytes, "Results above 0 of calls that write"),
        column(
            "captured",
            T::Bytes,
            "How much of both the capture has; -s of the recording says how much of a call is kept",
        ),
        column("first", T::Time, "The first of these calls"),
        column("last", T::Time, "The last of these calls"),
    ],
]);

/// Process, number, type and name.
type Key = (ProcessId, i64, &'static str, Text);

#[derive(Debug, Clone)]
struct Stream {
    label: Label,
    reads: u64,
    writes: u64,
    moved: Moved,
    captured: u64,
    times: Times,
}

/// Collects streams.
#[derive(Debug, Default)]
pub(super) struct Streams {
    by_fd: HashMap<Key, Stream>,
    bytes: usize,
}

impl Streams {
    fn add(&mut self, key: Key, later: Stream) {
        match self.by_fd.entry(key) {
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.label = later.label;
                known.reads += later.reads;
                known.writes += later.writes;
                known.moved.add(later.moved);
                known.captured += later.captured;
                known.times.see(later.times);
            }
            Entry::Vacant(place) => {
                self.bytes += size_of::<(Key, Stream)>() + row_bytes(&STREAMS) + place.key().3.len();
                place.insert(later);
            }
        }
    }
}

impl Collector for Streams {
    fn event(&mut self, seen: &Seen<'_>) {
        let Some(moved) = seen.moved else { return };
        let (Some((number, Some(fd))), Some(label)) = (seen.context.descriptor(), seen.label()) else {
            return;
        };
        let mut sums = Moved::default();
        sums.count(moved);
        let stream = Stream {
            reads: u64::from(moved.0 == Direction::In),
            writes: u64::from(moved.0 == Direction::Out),
            moved: sums,
            captured: seen.data().map_or(0, |data| data.bytes.len() as u64),
            times: Times::at(seen.ts()),
            label: label.clone(),
        };
        self.add((label.id, number, fd.type_name(), fd.name.clone()), stream);
    }

    fn merge(&mut self, later: Streams) {
        later.by_fd.into_iter().for_each(|(key, stream)| self.add(key, stream));
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        let row = |((_, number, kind, name), stream): (Key, Stream)| {
            let mut row = stream.label.cells().to_vec();
            row.extend([
                Cell::Int(number),
                Cell::word(kind),
                Cell::text(&name),
                Cell::Uint(stream.reads),
                Cell::Uint(stream.moved.read),
                Cell::Uint(stream.writes),
                Cell::Uint(stream.moved.written),
                Cell::Uint(stream.captured),
                Cell::Time(stream.times.first),
                Cell::Time(stream.times.last),
            ]);
            row
        };
        self.by_fd.into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
