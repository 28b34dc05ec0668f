//! Containers: what each is, and what happened in it.

use std::collections::{HashMap, HashSet};
use std::mem::size_of;

use tercel_format::catalogue::EventInfo;
use tercel_replay::fields::FdClass;
use tercel_replay::state::{Container, Text};

use super::catalogue::{ColumnInfo, Order, TableInfo, column};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::ProcessId;
use super::reads::{self, Reads};
use super::seen::{Moved, Seen, Times};
use super::snapshot::Snapshot;

/// The table of containers.
pub(super) const CONTAINERS: TableInfo = TableInfo {
    name: "containers",
    meaning: "Containers that the capture describes, or in which something happened; the host is not one",
    order: Order::Ascending("id"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 17] = [
    column("id", T::Text, "The first 12 characters of its id (container.id)"),
    column("name", T::Text, "Name (container.name)"),
    column("engine", T::Text, "docker, podman, … (container.type)"),
    column("image", T::Text, "Image with its tag (container.image)"),
    column("privileged", T::Bool, "Whether it runs privileged (container.privileged)"),
    column("address", T::Address, "Its address (container.ip)"),
    column("pod", T::Text, "Name of its pod (k8s.pod.name)"),
    column("namespace", T::Text, "Namespace of its pod (k8s.ns.name)"),
    column("processes", T::Count, "Processes with an event"),
    column("calls", T::Count, "Events of its processes"),
    column("errors", T::Count, "Failed calls"),
    column("file_read", T::Bytes, "Read from files"),
    column("file_written", T::Bytes, "Written to files"),
    column("net_read", T::Bytes, "Received from IPv4 and IPv6 sockets"),
    column("net_written", T::Bytes, "Sent to them"),
    column("first", T::Time, "Its first event; empty if there was none"),
    column("last", T::Time, "Its last event"),
];

/// What happened in a container.
#[derive(Debug, Clone, Default)]
struct Sums {
    processes: HashSet<ProcessId>,
    calls: u64,
    errors: u64,
    files: Moved,
    net: Moved,
    times: Option<Times>,
}

/// What is known of a container: its cells from `name` to `namespace`.
type Facts = Vec<Cell>;

/// Collects containers.
#[derive(Debug, Default)]
pub(super) struct Containers {
    sums: HashMap<Text, Sums>,
    facts: HashMap<Text, Facts>,
    /// Those that the state knows at the end of the last piece.
    known: Vec<(Text, Facts)>,
}

fn facts(container: &Container) -> Facts {
    let text = |text: &[u8]| if text.is_empty() { Cell::Null } else { Cell::Text(text.into()) };
    let label = |name: &str| container.labels.get(name.as_bytes()).map_or(Cell::Null, |value| text(value));
    vec![
        text(&container.name),
        text(&container.kind),
        text(&container.image),
        Cell::Bool(container.privileged),
        container.ip.map_or(Cell::Null, Cell::Address),
        label("io.kubernetes.pod.name"),
        label("io.kubernetes.pod.namespace"),
    ]
}

impl Collector for Containers {
    fn reads(info: &EventInfo) -> Reads {
        reads::of_calls(info)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        if let Some(container) = &seen.context.facts.container
            && container.id != b"host"
        {
            self.facts.insert(container.id.as_slice().into(), facts(container));
        }
        let Some((id, _, leader)) = seen.process.filter(|(_, _, leader)| !leader.container.is_empty()) else {
            return;
        };
        if !self.sums.contains_key(&leader.container) {
            self.sums.insert(leader.container.clone(), Sums::default());
        }
        let Some(sums) = self.sums.get_mut(&leader.container) else { return };
        let now = Times::at(seen.ts());
        sums.times.get_or_insert(now).see(now);
        sums.processes.insert(id);
        sums.calls += 1;
        sums.errors += u64::from(seen.error.is_some());
        if let Some(moved) = seen.moved {
            match seen.fd().map(|fd| fd.class()) {
                Some(FdClass::File) => sums.files.count(moved),
                Some(FdClass::Ip) => sums.net.count(moved),
                _ => {}
            }
        }
    }

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let known = snapshot.containers().map(|container| (container.id.as_slice().into(), facts(container)));
        self.known = known.collect();
    }

    fn settle(&mut self) {
        self.facts.extend(std::mem::take(&mut self.known));
    }

    fn forget(&mut self) {
        self.known.clear();
    }

    fn merge(&mut self, later: Containers) {
        for (id, more) in later.sums {
            let sums = self.sums.entry(id).or_default();
            sums.processes.extend(more.processes);
            sums.calls += more.calls;
            sums.errors += more.errors;
            sums.files.add(more.files);
            sums.net.add(more.net);
            if let Some(times) = more.times {
                sums.times.get_or_insert(times).see(times);
            }
        }
        self.facts.extend(later.facts);
        self.known = later.known;
    }

    fn rows(mut self, _names: &Names) -> Vec<Row> {
        self.settle();
        for id in self.sums.keys() {
            self.facts.entry(id.clone()).or_insert_with(|| vec![Cell::Null; 7]);
        }
        let row = |(id, facts): (Text, Facts)| {
            let sums = self.sums.get(&id).cloned().unwrap_or_default();
            let mut row = vec![Cell::text(&id)];
            row.extend(facts);
            row.extend([
                Cell::Uint(sums.processes.len() as u64),
                Cell::Uint(sums.calls),
                Cell::Uint(sums.errors),
                Cell::Uint(sums.files.read),
                Cell::Uint(sums.files.written),
                Cell::Uint(sums.net.read),
                Cell::Uint(sums.net.written),
                sums.times.map_or(Cell::Null, |times| Cell::Time(times.first)),
                sums.times.map_or(Cell::Null, |times| Cell::Time(times.last)),
            ]);
            row
        };
        std::mem::take(&mut self.facts).into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        let processes: usize = self.sums.values().map(|sums| sums.processes.len()).sum();
        processes * 2 * size_of::<ProcessId>() + self.facts.len() * 8 * size_of::<Cell>()
    }
}
