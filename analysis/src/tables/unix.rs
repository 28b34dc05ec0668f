//! Unix sockets of processes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem::size_of;
use std::sync::Arc;

use tercel_format::catalogue::code;
use tercel_replay::fields::FdClass;
use tercel_replay::state::{Fd, Text};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{LABEL, Label, ProcessId};
use super::seen::{Moved, Seen, Times};
use super::snapshot::Snapshot;

/// The table of unix sockets.
pub(super) const SOCKETS_UNIX: TableInfo = TableInfo {
    name: "sockets_unix",
    meaning: "Unix sockets of each process, by path; those without a path one by one",
    order: Order::Ascending("path"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 16] = joined(&[
    &[
        column("path", T::Text, "Path; a name that begins with @ is none of the file system"),
        column("source", T::Text, "Address of one end in the kernel, if there is no path"),
        column("destination", T::Text, "Address of the other end: that of another row is its peer"),
    ],
    &LABEL,
    &[
        column("connected", T::Count, "Successful calls of connect"),
        column("accepted", T::Count, "Connections that were accepted"),
        column("received", T::Bytes, "Results above 0 of calls that read from it"),
        column("sent", T::Bytes, "Results above 0 of calls that write to it"),
        column("calls", T::Count, "Calls that worked on it"),
        column("errors", T::Count, "Those that failed"),
        column("first", T::Time, "The first of these calls; empty if there was none"),
        column("last", T::Time, "The last of these calls"),
    ],
]);

/// Path, or the two addresses, and process.
type Key = (Text, Option<(u64, u64)>, ProcessId);

const ROW: usize = size_of::<(Key, Use)>() + row_bytes(&SOCKETS_UNIX);

#[derive(Debug, Clone)]
struct Use {
    label: Label,
    connected: u64,
    accepted: u64,
    moved: Moved,
    calls: u64,
    errors: u64,
    times: Option<Times>,
}

/// Collects unix sockets.
#[derive(Debug, Default)]
pub(super) struct UnixSockets {
    uses: HashMap<Key, Use>,
    open: Vec<(Key, Label)>,
}

impl Use {
    fn new(label: Label) -> Use {
        Use { label, connected: 0, accepted: 0, moved: Moved::default(), calls: 0, errors: 0, times: None }
    }

    fn go_on(&mut self, later: Use) {
        self.label = later.label;
        self.connected += later.connected;
        self.accepted += later.accepted;
        self.moved.add(later.moved);
        self.calls += later.calls;
        self.errors += later.errors;
        if let Some(times) = later.times {
            self.times.get_or_insert(times).see(times);
        }
    }
}

fn key(fd: &Arc<Fd>, id: ProcessId) -> Option<Key> {
    if fd.class() != FdClass::Unix {
        return None;
    }
    // The name is "source->destination path", or the path alone.
    let path = match fd.name.iter().position(|byte| *byte == b' ') {
        Some(at) if fd.name[..at].windows(2).any(|arrow| arrow == b"->") => &fd.name[at + 1..],
        _ if fd.name.windows(2).any(|arrow| arrow == b"->") => b"",
        _ => &fd.name[..],
    };
    let ends = fd.unix.filter(|ends| path.is_empty() && *ends != (0, 0));
    Some((if path.len() == fd.name.len() { fd.name.clone() } else { path.into() }, ends, id))
}

impl Collector for UnixSockets {
    fn event(&mut self, seen: &Seen<'_>) {
        let (Some(fd), Some(label)) = (seen.fd(), seen.label()) else { return };
        let Some(key) = key(fd, label.id) else { return };
        let used = self.uses.entry(key).or_insert_with(|| Use::new(label.clone()));
        used.label = label;
        let now = Times::at(seen.ts());
        used.times.get_or_insert(now).see(now);
        used.calls += 1;
        used.errors += u64::from(seen.error.is_some_and(|error| error != "EAGAIN"));
        seen.moved.into_iter().for_each(|moved| used.moved.count(moved));
        match seen.context.event.code() {
            code::SOCKET_CONNECT_X if seen.error.is_none() => used.connected += 1,
            code::SOCKET_ACCEPT_5_X | code::SOCKET_ACCEPT4_6_X if seen.error.is_none() => used.accepted += 1,
            _ => {}
        }
    }

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let open = snapshot.fds().filter_map(|(label, _, fd)| Some((key(fd, label.id)?, label)));
        self.open = open.take(snapshot.too_many(ROW)).collect();
    }

    fn settle(&mut self) {
        for (key, label) in std::mem::take(&mut self.open) {
            self.uses.entry(key).or_insert_with(|| Use::new(label));
        }
    }

    fn forget(&mut self) {
        self.open.clear();
    }

    fn merge(&mut self, later: UnixSockets) {
        for (key, used) in later.uses {
            match self.uses.entry(key) {
                Entry::Occupied(mut known) => known.get_mut().go_on(used),
                Entry::Vacant(place) => {
                    place.insert(used);
                }
            }
        }
        self.open = later.open;
    }

    fn rows(mut self, _names: &Names) -> Vec<Row> {
        self.settle();
        let row = |((path, ends, _), used): (Key, Use)| {
            let end = |end: Option<u64>| end.map_or(Cell::Null, |end| Cell::word(&format!("{end:x}")));
            let mut row = vec![
                Cell::text(&path),
                end(ends.map(|(source, _)| source)),
                end(ends.map(|(_, other)| other)),
            ];
            row.extend(used.label.cells());
            row.extend([
                Cell::Uint(used.connected),
                Cell::Uint(used.accepted),
                Cell::Uint(used.moved.read),
                Cell::Uint(used.moved.written),
                Cell::Uint(used.calls),
                Cell::Uint(used.errors),
                used.times.map_or(Cell::Null, |times| Cell::Time(times.first)),
                used.times.map_or(Cell::Null, |times| Cell::Time(times.last)),
            ]);
            row
        };
        self.uses.into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        (self.uses.len() + self.open.len()) * ROW
    }
}
