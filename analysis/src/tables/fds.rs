//! Fds that are open at the end of the window.

use std::mem::size_of;
use std::sync::Arc;

use tercel_format::catalogue::EventInfo;
use tercel_replay::state::Fd;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{LABEL, Label};
use super::reads::{self, Reads};
use super::seen::Seen;
use super::snapshot::Snapshot;

/// The table of fds.
pub(super) const FDS: TableInfo = TableInfo {
    name: "fds",
    meaning: "Fds that are open at the end of the window, or at a moment",
    order: Order::Ascending("pid"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 16] = joined(&[
    &LABEL,
    &[
        column("fd", T::Int, "Number (fd.num)"),
        column("type", T::Text, "file, directory, ipv4, pipe, … (fd.type)"),
        column("path", T::Text, "Path, ends of a connection or another name (fd.name)"),
        column("protocol", T::Text, "Of a socket: tcp, udp, … (fd.l4proto)"),
        column("local_address", T::Address, "Of a socket: the end of the process"),
        column("local_port", T::Uint, "Its port"),
        column("remote_address", T::Address, "Of a socket: the other end"),
        column("remote_port", T::Uint, "Its port"),
        column(
            "remote_name",
            T::Text,
            "Name that an answer of the domain name system gave its address, if one was captured",
        ),
        column("device", T::Uint, "Of a file: the number of its device (fd.dev)"),
        column("inode", T::Uint, "Of a file: its inode (fd.ino)"),
    ],
]);

/// Bytes of a row, without its texts, which the state has, too.
const ROW: usize = COLUMNS.len() * size_of::<Cell>();

/// Collects open fds.
#[derive(Debug, Default)]
pub(super) struct Fds {
    rows: Vec<Row>,
    open: Vec<Row>,
}

impl Collector for Fds {
    fn reads(info: &EventInfo) -> Reads {
        reads::messages(info)
    }

    fn event(&mut self, _seen: &Seen<'_>) {}

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let row = |(label, number, fd): (Label, i64, &Arc<Fd>)| {
            let [pid, start, name, container, process] = label.cells();
            let socket = fd.socket();
            let [local_address, local_port] = Cell::end(socket.and_then(|socket| socket.local));
            let [remote_address, remote_port] = Cell::end(socket.and_then(|socket| socket.remote));
            let known = |number: u64| if number == 0 { Cell::Null } else { Cell::Uint(number) };
            vec![
                pid,
                start,
                name,
                container,
                process,
                Cell::Int(number),
                Cell::word(fd.type_name()),
                Cell::text(&fd.name),
                Cell::word(socket.map_or("", |socket| socket.protocol)),
                local_address,
                local_port,
                remote_address,
                remote_port,
                Cell::Null,
                known(u64::from(fd.dev)),
                known(fd.ino),
            ]
        };
        self.open = snapshot.fds().take(snapshot.too_many(ROW)).map(row).collect();
    }

    fn settle(&mut self) {
        self.rows.append(&mut self.open);
    }

    fn forget(&mut self) {
        self.open.clear();
    }

    fn merge(&mut self, later: Fds) {
        self.rows.extend(later.rows);
        self.open = later.open;
    }

    fn rows(mut self, names: &Names) -> Vec<Row> {
        self.settle();
        let at = |name: &str| FDS.column(name).unwrap_or(0);
        let (address, name) = (at("remote_address"), at("remote_name"));
        self.rows.iter_mut().for_each(|row| row[name] = names.of(&row[address]));
        self.rows
    }

    fn bytes(&self) -> usize {
        (self.rows.len() + self.open.len()) * ROW
    }
}
