//! Names: questions and answers of the domain name system in the captured data of sockets, and the addresses that they name.

mod message;

use std::collections::HashMap;
use std::mem::size_of;
use std::net::IpAddr;

use tercel_format::catalogue::EventInfo;
use tercel_replay::Context;
use tercel_replay::fields::FdClass;
use tercel_replay::state::Text;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::process_id::{EVENT, LABEL, Label};
use super::reads::{self, Reads};
use super::seen::Seen;
use crate::data::Data;
pub(super) use message::Message;

/// The table of questions and answers.
pub(super) const DNS: TableInfo = TableInfo {
    name: "dns",
    meaning: "Questions for names, and answers, in the captured data of sockets on ports 53, 5353 and 5355",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 17] = joined(&[
    &EVENT,
    &LABEL,
    &[
        column("kind", T::Text, "question or answer"),
        column("id", T::Uint, "Number of the question, which its answer shares"),
        column("query", T::Text, "The name that is asked for"),
        column("type", T::Text, "A, AAAA, PTR, …"),
        column("code", T::Text, "Of an answer: NOERROR, NXDOMAIN, …"),
        column("answers", T::Text, "Addresses, names and texts, with blanks between"),
        column("ttl", T::Uint, "Shortest time for which these hold, in seconds"),
        column("server", T::Address, "The other end of the socket"),
        column("server_port", T::Uint, "Its port"),
        column("truncated", T::Bool, "Whether a part was not captured; -s of the recording says how much is"),
    ],
]);

/// Ports of the domain name system, of multicast DNS and LLMNR.
const PORTS: [u16; 3] = [53, 5353, 5355];

/// The message in the data of an event, if there is one.
pub(super) fn message(context: &Context<'_>) -> Option<Message> {
    context.transferred()?;
    let fd = context.descriptor()?.1.filter(|fd| fd.class() == FdClass::Ip)?;
    let socket = fd.socket()?;
    let is_port = |end: Option<(IpAddr, u16)>| end.is_some_and(|(_, port)| PORTS.contains(&port));
    if !is_port(socket.remote) && !is_port(socket.local) {
        return None;
    }
    let Data { bytes, .. } = Data::of(context)?;
    let is_stream = socket.protocol == "tcp";
    let after_length = bytes.get(2..).filter(|_| is_stream);
    after_length.and_then(message::read).or_else(|| message::read(bytes))
}

/// The names by which addresses were asked for: of each the first.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_address: HashMap<IpAddr, Text>,
    bytes: usize,
}

impl Names {
    /// Takes the addresses of an answer.
    pub(super) fn note(&mut self, message: &Message) {
        let Some((name, _)) = message.questions.first() else { return };
        for answer in &message.answers {
            if let message::Data::Address(address) = answer.data {
                self.add(address, name.as_bytes().into());
            }
        }
    }

    fn add(&mut self, address: IpAddr, name: Text) {
        let bytes = &mut self.bytes;
        self.by_address.entry(address).or_insert_with(|| {
            *bytes += size_of::<(IpAddr, Text)>() + name.len();
            name
        });
    }

    pub(super) fn merge(&mut self, later: Names) {
        later.by_address.into_iter().for_each(|(address, name)| self.add(address, name));
    }

    /// The name of an address.
    pub(super) fn of(&self, address: &Cell) -> Cell {
        match address {
            Cell::Address(address) => self.by_address.get(address).map_or(Cell::Null, Cell::text),
            _ => Cell::Null,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Collects questions and answers.
#[derive(Debug, Default)]
pub(super) struct Dns {
    rows: Vec<Row>,
    bytes: usize,
}

fn answers(message: &Message) -> Cell {
    let one = |answer: &message::Answer| match &answer.data {
        message::Data::Address(address) => address.to_string(),
        message::Data::Name(_, name) => name.clone(),
        message::Data::Text(text) => format!("\"{}\"", text.escape_ascii()),
        message::Data::Other(kind) => message::type_name(*kind),
    };
    Cell::word(&message.answers.iter().map(one).collect::<Vec<_>>().join(" "))
}

impl Collector for Dns {
    fn reads(info: &EventInfo) -> Reads {
        reads::messages(info)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let Some(message) = seen.message else { return };
        let remote = seen.fd().and_then(|fd| fd.socket()).and_then(|socket| socket.remote);
        let [server, port] = Cell::end(remote);
        let answers = answers(message);
        let ttl = message.answers.iter().map(|answer| answer.ttl).min();
        let (query, kind) = message.questions.first().map_or(("", 0), |(name, kind)| (name.as_str(), *kind));
        self.bytes += COLUMNS.len() * size_of::<Cell>() + query.len();
        self.bytes += if let Cell::Text(text) = &answers { text.len() } else { 0 };
        let mut row = seen.event_cells().to_vec();
        row.extend(seen.label().map_or_else(Label::unknown, |label| label.cells()));
        row.extend([
            Cell::word(if message.is_answer { "answer" } else { "question" }),
            Cell::Uint(u64::from(message.id)),
            Cell::word(query),
            Cell::word(&message::type_name(kind)),
            if message.is_answer { Cell::word(message::code_name(message.code)) } else { Cell::Null },
            answers,
            ttl.map_or(Cell::Null, |ttl| Cell::Uint(u64::from(ttl))),
            server,
            port,
            Cell::Bool(message.is_cut),
        ]);
        self.rows.push(row);
    }

    fn merge(&mut self, later: Dns) {
        self.rows.extend(later.rows);
        self.bytes += later.bytes;
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
