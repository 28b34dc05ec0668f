//! Requests and answers of HTTP/1 in the captured data of sockets, paired on one fd.

use std::collections::{HashMap, VecDeque};
use std::mem::size_of;
use std::net::IpAddr;

use tercel_replay::fields::{Direction, FdClass};
use tercel_replay::state::Text;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{EVENT, LABEL, Label, ProcessId};
use super::seen::Seen;

/// The table of requests.
pub(super) const HTTP: TableInfo = TableInfo {
    name: "http",
    meaning: "Requests of HTTP/1 with their answers, in the captured data of sockets; what is encrypted cannot be seen",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 17] = joined(&[
    &EVENT,
    &LABEL,
    &[
        column("role", T::Text, "client (the process asks) or server (it answers)"),
        column("method", T::Text, "GET, POST, …"),
        column("host", T::Text, "Header Host, if it was captured"),
        column("url", T::Text, "What is asked for, as far as it was captured"),
        column("code", T::Uint, "Status of the answer; empty if there was none"),
        column("request_bytes", T::Bytes, "Bytes of the request with its body"),
        column("response_bytes", T::Bytes, "Bytes of the answer with its body"),
        column("duration", T::Span, "From the call that moved the request to the one that moved the answer"),
        column("remote_address", T::Address, "The other end of the socket"),
        column("remote_port", T::Uint, "Its port"),
    ],
]);

const METHODS: [&[u8]; 10] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"PROPFIND"];

/// Process, number and name of an fd.
type Key = (ProcessId, i64, Text);

/// What a message begins with.
#[derive(Debug, Clone)]
enum Head {
    Request { method: &'static [u8], url: Text, host: Text },
    Answer { code: u64 },
}

/// A request or an answer.
#[derive(Debug, Clone)]
struct Half {
    key: Key,
    label: Label,
    direction: Direction,
    time: u64,
    number: u64,
    head: Head,
    bytes: u64,
    remote: Option<(IpAddr, u16)>,
}

/// Collects requests.
#[derive(Debug, Default)]
pub(super) struct Http {
    halves: Vec<Half>,
    /// The last half on each fd.
    last: HashMap<Key, usize>,
    /// Bytes that each fd read and wrote before its first half of this piece: they belong to one of an earlier piece.
    before: HashMap<Key, [u64; 2]>,
    bytes: usize,
}

fn head(bytes: &[u8]) -> Option<Head> {
    if let Some(rest) = bytes.strip_prefix(b"HTTP/1.") {
        let code = rest.get(2..5).filter(|code| rest[1] == b' ' && code.iter().all(u8::is_ascii_digit))?;
        let code = code.iter().fold(0, |code, digit| code * 10 + u64::from(digit - b'0'));
        return Some(Head::Answer { code });
    }
    let end = bytes.iter().take(9).position(|byte| *byte == b' ')?;
    let method = METHODS.into_iter().find(|method| *method == &bytes[..end])?;
    let rest = &bytes[end + 1..];
    let url = rest.split(|byte| byte.is_ascii_whitespace()).next()?;
    if !(url.starts_with(b"/") || url.starts_with(b"*") || url.contains(&b':')) {
        return None;
    }
    Some(Head::Request { method, url: url.into(), host: header(rest, b"host").into() })
}

/// The value of a header as far as it was captured; empty without one.
fn header<'a>(bytes: &'a [u8], name: &[u8]) -> &'a [u8] {
    let lines = bytes.split(|byte| *byte == b'\n').skip(1).take(100);
    let lines = lines.take_while(|line| !line.trim_ascii().is_empty());
    let mut fields = lines.filter_map(|line| Some((line, line.iter().position(|byte| *byte == b':')?)));
    let found = fields.find(|(line, colon)| line[..*colon].eq_ignore_ascii_case(name));
    found.map_or(b"", |(line, colon)| line[colon + 1..].trim_ascii())
}

impl Http {
    fn push(&mut self, half: Half) {
        if let Head::Request { url, host, .. } = &half.head {
            self.bytes += url.len() + host.len();
        }
        self.bytes += size_of::<Half>() + size_of::<(Key, usize)>() + row_bytes(&HTTP);
        self.last.insert(half.key.clone(), self.halves.len());
        self.halves.push(half);
    }

    /// Bytes that are no beginning.
    fn more(&mut self, key: Key, direction: Direction, bytes: u64) {
        match self.last.get(&key).map(|index| &mut self.halves[*index]) {
            Some(half) if half.direction == direction => half.bytes += bytes,
            Some(_) => {}
            None => {
                let size = &mut self.bytes;
                let sums = self.before.entry(key).or_insert_with(|| {
                    *size += size_of::<(Key, [u64; 2])>();
                    [0; 2]
                });
                sums[direction as usize] += bytes;
            }
        }
    }
}

impl Collector for Http {
    fn event(&mut self, seen: &Seen<'_>) {
        let Some((direction, length)) = seen.moved else { return };
        let Some((number, Some(fd))) = seen.context.descriptor() else { return };
        let Some(label) = seen.label().filter(|_| matches!(fd.class(), FdClass::Ip | FdClass::Unix)) else {
            return;
        };
        let key = (label.id, number, fd.name.clone());
        match seen.data().and_then(|data| head(data.bytes)) {
            None => self.more(key, direction, length),
            Some(head) => self.push(Half {
                key,
                label,
                direction,
                time: seen.ts(),
                number: seen.context.event.num,
                head,
                bytes: length,
                remote: fd.socket().and_then(|socket| socket.remote),
            }),
        }
    }

    fn merge(&mut self, later: Http) {
        for (key, [read, written]) in later.before {
            self.more(key.clone(), Direction::In, read);
            self.more(key, Direction::Out, written);
        }
        later.halves.into_iter().for_each(|half| self.push(half));
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let at = |name: &str| HTTP.column(name).unwrap_or(0);
        let (code, response_bytes, duration) = (at("code"), at("response_bytes"), at("duration"));
        let mut waiting: HashMap<Key, VecDeque<(usize, u64)>> = HashMap::new();
        for half in self.halves {
            let mut row = vec![Cell::Time(half.time), Cell::Uint(half.number)];
            row.extend(half.label.cells());
            let [address, port] = Cell::end(half.remote);
            match half.head {
                Head::Request { method, url, host } => {
                    let role = if half.direction == Direction::Out { "client" } else { "server" };
                    row.extend([
                        Cell::word(role),
                        Cell::Text(method.into()),
                        Cell::text(&host),
                        Cell::text(&url),
                        Cell::Null,
                        Cell::Uint(half.bytes),
                        Cell::Null,
                        Cell::Null,
                        address,
                        port,
                    ]);
                    waiting.entry(half.key).or_default().push_back((rows.len(), half.time));
                    rows.push(row);
                }
                Head::Answer { code: status } => {
                    let asked = waiting.get_mut(&half.key);
                    // 100 Continue is not the answer.
                    let asked = match status {
                        100..200 => asked.and_then(|asked| asked.front().copied()),
                        _ => asked.and_then(VecDeque::pop_front),
                    };
                    if let Some((index, time)) = asked {
                        rows[index][code] = Cell::Uint(status);
                        rows[index][response_bytes] = Cell::Uint(half.bytes);
                        rows[index][duration] = Cell::Span(half.time.saturating_sub(time));
                        continue;
                    }
                    let role = if half.direction == Direction::In { "client" } else { "server" };
                    row.extend([
                        Cell::word(role),
                        Cell::Null,
                        Cell::Null,
                        Cell::Null,
                        Cell::Uint(status),
                        Cell::Null,
                    ]);
                    row.extend([Cell::Uint(half.bytes), Cell::Null, address, port]);
                    rows.push(row);
                }
            }
        }
        rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_told_from_other_bytes() {
        let shown = |bytes: &[u8]| match head(bytes) {
            None => String::new(),
            Some(Head::Answer { code }) => code.to_string(),
            Some(Head::Request { method, url, host }) => {
                [method, &url, &host].map(|part| String::from_utf8_lossy(part).into_owned()).join(" ")
            }
        };
        for (bytes, expected) in [
            (&b"GET /a?b HTTP/1.1\r\nUser-Agent: x\r\nHOST:  h:80\r\n\r\nHost: body"[..], "GET /a?b h:80"),
            (b"GET /trunca", "GET /trunca "),
            (b"CONNECT h:443 HTTP/1.1\r\n", "CONNECT h:443 "),
            (b"HTTP/1.1 404 Not Found\r\n", "404"),
            (b"HTTP/1.1 4", ""),
            (b"HTTP/1.", ""),
            (b"GET SELECT", ""),
            (b"DELETEDELETE /", ""),
            (b"", ""),
        ] {
            assert_eq!(shown(bytes), expected, "{}", bytes.escape_ascii());
        }
    }
}
