//! Collectors of rows, one per table: events enter, in pieces of a capture and in order; pieces are merged in their order.

use tercel_format::Event;
use tercel_format::catalogue::EventInfo;

use super::alerts::{ALERTS, Alerts};
use super::calls::{ERRORS, Errors, SYSCALLS, Syscalls};
use super::catalogue::{Order, TableInfo};
use super::cell::Cell;
use super::connections::{CONNECTIONS, Connections, LISTENERS, Listeners};
use super::containers::{CONTAINERS, Containers};
use super::dns::{DNS, Dns, Message, Names};
use super::drops::{DROPS, Drops};
use super::fds::{FDS, Fds};
use super::files::{FILES, Files};
use super::http::{HTTP, Http};
use super::process_tree::{PROCESS_TREE, ProcessTree};
use super::processes::{EXECUTIONS, Executions, PROCESSES, Processes};
use super::reads::{self, Reads};
use super::seen::Seen;
use super::signals::{SIGNALS, Signals};
use super::snapshot::Snapshot;
use super::streams::{STREAMS, Streams};
use super::threads::{THREADS, Threads};
use super::timeline::{TIMELINE, Timeline};
use super::unix::{SOCKETS_UNIX, UnixSockets};
use super::users::{USERS, Users};

/// A row: a cell for each column.
pub type Row = Vec<Cell>;

/// Collects the rows of a table over a piece of a capture.
pub(super) trait Collector: Default {
    /// What it looks at of events of a type. Of types that it does not look at, [`event`](Collector::event) makes nothing.
    fn reads(_info: &EventInfo) -> Reads {
        reads::ALL
    }

    /// An event of the window.
    fn event(&mut self, seen: &Seen<'_>);

    /// An event of the window, whether the filter lets it pass or not.
    fn unfiltered(&mut self, _event: &Event<'_>) {}

    /// A process ends that the recording shows no events of: they were kept for the state only. This is the state before.
    fn unseen_end(&mut self, _snapshot: &Snapshot<'_>, _exit: &Event<'_>) {}

    /// The piece ends, and this exists then. It counts only if no other piece follows.
    fn end(&mut self, _snapshot: &Snapshot<'_>) {}

    /// No other piece follows: what [`end`](Collector::end) noted counts.
    fn settle(&mut self) {}

    /// What [`end`](Collector::end) noted does not count.
    fn forget(&mut self) {}

    /// Takes over what the piece after this one gave.
    fn merge(&mut self, later: Self);

    /// The rows, in any order. `names` are those of addresses.
    fn rows(self, names: &Names) -> Vec<Row>;

    /// Bytes of memory, approximately.
    fn bytes(&self) -> usize;
}

/// Makes the list of tables: an enumeration of them, and a structure of the collectors of those that are wanted.
macro_rules! tables {
    ($($(#[$meaning:meta])* $table:ident, $field:ident: $collector:ty, $info:expr;)*) => {
        /// A table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$meaning])* $table,)*
        }

        impl Table {
            /// All of them.
            pub const ALL: &'static [Table] = &[$(Table::$table),*];

            /// Its name, columns and order.
            pub fn info(self) -> &'static TableInfo {
                match self {
                    $(Table::$table => const { &$info },)*
                }
            }

            /// What it looks at of events of a type.
            pub(super) fn reads(self, info: &EventInfo) -> Reads {
                match self {
                    $(Table::$table => <$collector as Collector>::reads(info),)*
                }
            }
        }

        /// The collectors of the tables that are wanted.
        #[derive(Debug, Default)]
        pub(super) struct Collectors {
            $($field: Option<Box<$collector>>,)*
            /// Names of addresses, if tables ask for them.
            names: Option<Names>,
        }

        impl Collectors {
            pub(super) fn new(wanted: &[Table]) -> Collectors {
                Collectors {
                    $($field: wanted.contains(&Table::$table).then(Box::default),)*
                    names: Table::NAMED.iter().any(|table| wanted.contains(table)).then(Names::default),
                }
            }

            #[inline]
            pub(super) fn unfiltered(&mut self, event: &Event<'_>) {
                $(if let Some(collector) = &mut self.$field { collector.unfiltered(event); })*
            }

            #[inline]
            pub(super) fn event(&mut self, seen: &Seen<'_>) {
                $(if let Some(collector) = &mut self.$field { collector.event(seen); })*
            }

            pub(super) fn unseen_end(&mut self, snapshot: &Snapshot<'_>, exit: &Event<'_>) {
                $(if let Some(collector) = &mut self.$field { collector.unseen_end(snapshot, exit); })*
            }

            pub(super) fn end(&mut self, snapshot: &Snapshot<'_>) {
                $(if let Some(collector) = &mut self.$field { collector.end(snapshot); })*
            }

            pub(super) fn settle(&mut self) {
                $(if let Some(collector) = &mut self.$field { collector.settle(); })*
            }

            pub(super) fn forget(&mut self) {
                $(if let Some(collector) = &mut self.$field { collector.forget(); })*
            }

            pub(super) fn merge(&mut self, later: Collectors) {
                $(match (&mut self.$field, later.$field) {
                    (Some(collector), Some(later)) => collector.merge(*later),
                    (none, later) => *none = later,
                })*
                if let (Some(names), Some(later)) = (&mut self.names, later.names) {
                    names.merge(later);
                }
            }

            pub(super) fn bytes(&self) -> usize {
                let names = self.names.as_ref().map_or(0, Names::bytes);
                names $(+ self.$field.as_ref().map_or(0, |collector| collector.bytes()))*
            }

            /// The rows of each table in its order.
            pub(super) fn rows(self) -> Vec<(Table, Vec<Row>)> {
                let (mut tables, names) = (Vec::new(), self.names.unwrap_or_default());
                $(if let Some(collector) = self.$field {
                    tables.push((Table::$table, ordered(Table::$table.info(), collector.rows(&names))));
                })*
                tables
            }
        }
    };
}

tables! {
    /// Processes.
    Processes, processes: Processes, PROCESSES;
    /// Processes at a moment.
    ProcessTree, process_tree: ProcessTree, PROCESS_TREE;
    /// Executions of programs.
    Executions, executions: Executions, EXECUTIONS;
    /// Files.
    Files, files: Files, FILES;
    /// IPv4 and IPv6 connections.
    Connections, connections: Connections, CONNECTIONS;
    /// Sockets that wait for connections.
    Listeners, listeners: Listeners, LISTENERS;
    /// Open fds.
    Fds, fds: Fds, FDS;
    /// Containers.
    Containers, containers: Containers, CONTAINERS;
    /// What happened, in order of time.
    Timeline, timeline: Timeline, TIMELINE;
    /// Calls by type and program.
    Syscalls, syscalls: Syscalls, SYSCALLS;
    /// Failed calls.
    Errors, errors: Errors, ERRORS;
    /// Threads.
    Threads, threads: Threads, THREADS;
    /// What people did.
    Users, users: Users, USERS;
    /// Questions for names, and answers.
    Dns, dns: Dns, DNS;
    /// Requests of HTTP/1 and their answers.
    Http, http: Http, HTTP;
    /// What went through fds.
    Streams, streams: Streams, STREAMS;
    /// Unix sockets.
    UnixSockets, unix: UnixSockets, SOCKETS_UNIX;
    /// Signals.
    Signals, signals: Signals, SIGNALS;
    /// Alerts of rules.
    Alerts, alerts: Alerts, ALERTS;
    /// Losses.
    Drops, drops: Drops, DROPS;
}

impl Collectors {
    /// Whether messages of the domain name system are looked for.
    pub(super) fn wants_messages(&self) -> bool {
        self.names.is_some()
    }

    /// A message, whether the filter lets its event pass or not.
    pub(super) fn message(&mut self, message: &Message) {
        self.names.iter_mut().for_each(|names| names.note(message));
    }
}

impl Table {
    /// Tables that show names of addresses, or the messages that they are from.
    const NAMED: &'static [Table] = &[Table::Connections, Table::Fds, Table::Timeline, Table::Dns];

    /// Tables that show alerts: without rules, they have none.
    pub const WITH_ALERTS: &'static [Table] = &[Table::Alerts, Table::Timeline];
}

impl Table {
    /// The table of this name.
    pub fn of_name(name: &str) -> Option<Table> {
        Table::ALL.iter().copied().find(|table| table.info().name == name)
    }
}

/// Puts rows into the order of their table.
fn ordered(info: &TableInfo, mut rows: Vec<Row>) -> Vec<Row> {
    let (name, descends) = match info.order {
        Order::Ascending(name) => (name, false),
        Order::Descending(name) => (name, true),
    };
    sort(&mut rows, info.column(name).unwrap_or(0), descends);
    rows
}

/// Orders rows by a column, and those that are equal in it by their cells from left to right.
pub fn sort(rows: &mut [Row], column: usize, descends: bool) {
    rows.sort_unstable_by(|one, other| {
        let order = one[column].cmp(&other[column]);
        let order = if descends { order.reverse() } else { order };
        order.then_with(|| one.cmp(other))
    });
}
