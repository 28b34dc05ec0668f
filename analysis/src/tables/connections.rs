//! IPv4 and IPv6 sockets: connections, and sockets that wait for some.

use std::collections::hash_map::Entry;
use std::mem::size_of;
use std::net::IpAddr;

use rustc_hash::FxHashMap;
use tercel_format::catalogue::{EventInfo, code};
use tercel_replay::fields::{Socket, SocketRole};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{LABEL, Label, ProcessId};
use super::reads::{self, Reads};
use super::seen::{Moved, Seen, Times};
use super::snapshot::Snapshot;

/// The table of connections.
pub(super) const CONNECTIONS: TableInfo = TableInfo {
    name: "connections",
    meaning: "Connections of each process over IPv4 and IPv6, also those that were open before the window and stayed silent",
    order: Order::Ascending("first"),
    columns: &CONNECTION_COLUMNS,
};

const CONNECTION_COLUMNS: [ColumnInfo; 21] = joined(&[
    &[
        column("protocol", T::Text, "tcp, udp, icmp, raw (fd.l4proto)"),
        column("role", T::Text, "client, server, or empty where neither is known, as for most datagrams"),
        column("local_address", T::Address, "The end of the process (fd.lip)"),
        column("local_port", T::Uint, "Its port (fd.lport)"),
        column("remote_address", T::Address, "The other end (fd.rip)"),
        column("remote_port", T::Uint, "Its port (fd.rport)"),
        column(
            "remote_name",
            T::Text,
            "Name that an answer of the domain name system gave its address, if one was captured",
        ),
    ],
    &LABEL,
    &[
        column("received", T::Bytes, "Results above 0 of calls that read from it"),
        column("sent", T::Bytes, "Results above 0 of calls that write to it"),
        column("bytes", T::Bytes, "Received and sent"),
        column(
            "opened",
            T::Count,
            "Times that it was connected or accepted; 0 if it was open before the window",
        ),
        column("result", T::Text, "Error of the last connect that failed; EINPROGRESS is none"),
        column("calls", T::Count, "Calls that worked on it"),
        column("errors", T::Count, "Those that failed; EAGAIN and EINPROGRESS are no failures"),
        column("first", T::Time, "The first of these calls; empty if there was none"),
        column("last", T::Time, "The last of these calls"),
    ],
]);

/// Errors that say that nothing is there yet.
const PATIENCE: [&str; 2] = ["EAGAIN", "EINPROGRESS"];

/// Bytes of an open socket and of its row.
const OPEN: usize = size_of::<(Socket, Label)>() + row_bytes(&CONNECTIONS);

/// What a process did with a connection.
#[derive(Debug, Clone)]
struct Connection {
    label: Label,
    moved: Moved,
    opened: u64,
    result: Cell,
    calls: u64,
    errors: u64,
    times: Option<Times>,
}

/// Collects connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    by_socket: FxHashMap<(Socket, ProcessId), Connection>,
    /// Those that are open at the end of the last piece.
    open: Vec<(Socket, Label)>,
}

impl Connection {
    fn new(label: Label) -> Connection {
        Connection {
            label,
            moved: Moved::default(),
            opened: 0,
            result: Cell::Null,
            calls: 0,
            errors: 0,
            times: None,
        }
    }

    fn go_on(&mut self, later: Connection) {
        self.label = later.label;
        self.moved.add(later.moved);
        self.opened += later.opened;
        if later.result != Cell::Null {
            self.result = later.result;
        }
        self.calls += later.calls;
        self.errors += later.errors;
        self.times = match (self.times, later.times) {
            (Some(mut times), Some(later)) => {
                times.see(later);
                Some(times)
            }
            (times, later) => times.or(later),
        };
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let now = Times::at(seen.ts());
        self.times.get_or_insert(now).see(now);
        self.calls += 1;
        seen.moved.into_iter().for_each(|moved| self.moved.count(moved));
        let failed = seen.error.filter(|error| !PATIENCE.contains(error));
        self.errors += u64::from(failed.is_some());
        match seen.context.event.code() {
            code::SOCKET_CONNECT_X => match failed {
                Some(error) => self.result = Cell::word(error),
                None => self.opened += 1,
            },
            code::SOCKET_ACCEPT_5_X | code::SOCKET_ACCEPT4_6_X => {
                self.opened += u64::from(seen.error.is_none())
            }
            _ => {}
        }
    }

    fn cells(self, socket: Socket, names: &Names) -> Row {
        let [local_address, local_port] = Cell::end(socket.local);
        let [remote_address, remote_port] = Cell::end(socket.remote);
        let [pid, start, name, container, process] = self.label.cells();
        let remote_name = names.of(&remote_address);
        vec![
            Cell::word(socket.protocol),
            Cell::word(role(socket.role)),
            local_address,
            local_port,
            remote_address,
            remote_port,
            remote_name,
            pid,
            start,
            name,
            container,
            process,
            Cell::Uint(self.moved.read),
            Cell::Uint(self.moved.written),
            Cell::Uint(self.moved.sum()),
            Cell::Uint(self.opened),
            self.result,
            Cell::Uint(self.calls),
            Cell::Uint(self.errors),
            self.times.map_or(Cell::Null, |times| Cell::Time(times.first)),
            self.times.map_or(Cell::Null, |times| Cell::Time(times.last)),
        ]
    }
}

fn role(role: SocketRole) -> &'static str {
    match role {
        SocketRole::Client => "client",
        SocketRole::Server => "server",
        SocketRole::Listener | SocketRole::Unknown => "",
    }
}

/// The socket of a connection: it has another end.
fn connected(socket: Socket) -> Option<Socket> {
    Some(socket).filter(|socket| socket.remote.is_some())
}

impl Collector for Connections {
    fn reads(info: &EventInfo) -> Reads {
        reads::is_on_fd(info).then(|| reads::data(info))
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let socket = seen.fd().and_then(|fd| fd.socket()).and_then(connected);
        let (Some(socket), Some(label)) = (socket, seen.label()) else { return };
        let connection =
            self.by_socket.entry((socket, label.id)).or_insert_with(|| Connection::new(label.clone()));
        connection.label = label;
        connection.event(seen);
    }

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let open =
            snapshot.fds().filter_map(|(label, _, fd)| Some((fd.socket().and_then(connected)?, label)));
        self.open = open.take(snapshot.too_many(OPEN)).collect();
    }

    fn settle(&mut self) {
        for (socket, label) in std::mem::take(&mut self.open) {
            self.by_socket.entry((socket, label.id)).or_insert_with(|| Connection::new(label));
        }
    }

    fn forget(&mut self) {
        self.open.clear();
    }

    fn merge(&mut self, later: Connections) {
        for (key, connection) in later.by_socket {
            match self.by_socket.entry(key) {
                Entry::Occupied(mut known) => known.get_mut().go_on(connection),
                Entry::Vacant(place) => {
                    place.insert(connection);
                }
            }
        }
        self.open = later.open;
    }

    fn rows(mut self, names: &Names) -> Vec<Row> {
        self.settle();
        self.by_socket.into_iter().map(|((socket, _), connection)| connection.cells(socket, names)).collect()
    }

    fn bytes(&self) -> usize {
        self.by_socket.len() * (size_of::<((Socket, ProcessId), Connection)>() + row_bytes(&CONNECTIONS))
            + self.open.len() * OPEN
    }
}

/// The table of sockets that wait.
pub(super) const LISTENERS: TableInfo = TableInfo {
    name: "listeners",
    meaning: "Sockets that wait for connections, and bound ones that take datagrams",
    order: Order::Ascending("port"),
    columns: &LISTENER_COLUMNS,
};

const LISTENER_COLUMNS: [ColumnInfo; 10] = joined(&[
    &[
        column("protocol", T::Text, "tcp, udp (fd.l4proto)"),
        column("address", T::Address, "The address that it is bound to"),
        column("port", T::Uint, "Its port"),
    ],
    &LABEL,
    &[
        column("since", T::Time, "When it was bound; empty if that was before the window"),
        column("accepted", T::Count, "Connections that were accepted on this port"),
    ],
]);

/// Protocol and bound end of a socket, and its process.
type Bound = (&'static str, (IpAddr, u16), ProcessId);

/// A socket that waits.
#[derive(Debug, Clone)]
struct Listener {
    label: Label,
    since: Option<u64>,
}

/// Collects sockets that wait.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    bound: FxHashMap<Bound, Listener>,
    /// Accepted connections by port and process.
    accepted: FxHashMap<(u16, ProcessId), u64>,
    open: Vec<(Bound, Label)>,
}

fn bound(socket: Socket, id: ProcessId) -> Option<Bound> {
    let end = socket.local.filter(|_| socket.role == SocketRole::Listener)?;
    Some((socket.protocol, end, id))
}

impl Listeners {
    fn add(&mut self, key: Bound, listener: Listener) {
        match self.bound.entry(key) {
            Entry::Occupied(mut known) => {
                let since = known.get().since.or(listener.since);
                known.insert(Listener { since, ..listener });
            }
            Entry::Vacant(place) => {
                place.insert(listener);
            }
        }
    }
}

impl Collector for Listeners {
    fn reads(info: &EventInfo) -> Reads {
        let codes =
            [code::SOCKET_BIND_X, code::SOCKET_LISTEN_X, code::SOCKET_ACCEPT_5_X, code::SOCKET_ACCEPT4_6_X];
        codes.contains(&info.code).then_some(0)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let event = seen.context.event.code();
        let is_accept = matches!(event, code::SOCKET_ACCEPT_5_X | code::SOCKET_ACCEPT4_6_X);
        if seen.error.is_some()
            || !(is_accept || matches!(event, code::SOCKET_BIND_X | code::SOCKET_LISTEN_X))
        {
            return;
        }
        let socket = seen.fd().and_then(|fd| fd.socket());
        let (Some(socket), Some(label)) = (socket, seen.label()) else { return };
        if is_accept {
            let port = socket.local.map(|(_, port)| port);
            port.into_iter().for_each(|port| *self.accepted.entry((port, label.id)).or_default() += 1);
        } else if let Some(key) = bound(socket, label.id) {
            let since = (event == code::SOCKET_BIND_X).then(|| seen.ts());
            self.add(key, Listener { label, since });
        }
    }

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let open = snapshot.fds().filter_map(|(label, _, fd)| Some((bound(fd.socket()?, label.id)?, label)));
        self.open = open.take(snapshot.too_many(OPEN)).collect();
    }

    fn settle(&mut self) {
        for (key, label) in std::mem::take(&mut self.open) {
            self.add(key, Listener { label, since: None });
        }
    }

    fn forget(&mut self) {
        self.open.clear();
    }

    fn merge(&mut self, later: Listeners) {
        later.bound.into_iter().for_each(|(key, listener)| self.add(key, listener));
        later.accepted.into_iter().for_each(|(key, count)| *self.accepted.entry(key).or_default() += count);
        self.open = later.open;
    }

    fn rows(mut self, _names: &Names) -> Vec<Row> {
        self.settle();
        let row = |((protocol, (address, port), id), listener): (Bound, Listener)| {
            let [pid, start, name, container, process] = listener.label.cells();
            vec![
                Cell::word(protocol),
                Cell::Address(address),
                Cell::Uint(u64::from(port)),
                pid,
                start,
                name,
                container,
                process,
                listener.since.map_or(Cell::Null, Cell::Time),
                Cell::Uint(self.accepted.get(&(port, id)).copied().unwrap_or(0)),
            ]
        };
        std::mem::take(&mut self.bound).into_iter().map(row).collect()
    }

    fn bytes(&self) -> usize {
        self.bound.len() * (size_of::<(Bound, Listener)>() + row_bytes(&LISTENERS))
            + self.accepted.len() * size_of::<((u16, ProcessId), u64)>()
            + self.open.len() * OPEN
    }
}
