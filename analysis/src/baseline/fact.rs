//! Facts: rows of tables enter; what which program did, without what differs from run to run, leaves.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::tables::{Answer, Cell, ProcessId, Row, Table, TableInfo};

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fact {
    /// What kind of thing.
    pub kind: Kind,
    /// Path of its executable, or name of the process where that is not known.
    pub program: String,
    /// Image of its container; empty on the host.
    pub image: String,
    /// The parent of an execution, the directory of a file, a file that is a thing of its own, a peer, a port.
    pub what: String,
}

/// Kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was executed, by a parent.
    Execution,
    /// It read a file of a directory.
    Read,
    /// It wrote, created, deleted or changed a file of a directory.
    Write,
    /// It connected to a peer.
    Peer,
    /// A client of this address connected to it.
    Client,
    /// It waited for connections on a port.
    Listener,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Execution => "execution",
            Kind::Read => "read",
            Kind::Write => "write",
            Kind::Peer => "peer",
            Kind::Client => "client",
            Kind::Listener => "listener",
        }
    }
}

/// How often, and who did it first.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) count: u64,
    pub(super) first: Option<u64>,
    pub(super) pid: Option<i64>,
    pub(super) cmdline: Cell,
    /// The file that it did it with first.
    pub(super) file: Option<String>,
    /// It did it with others, too.
    pub(super) has_more_files: bool,
}

/// A table by the names of its columns.
struct Rows<'a> {
    info: &'static TableInfo,
    rows: &'a [Row],
}

impl<'a> Rows<'a> {
    fn of(answer: &'a Answer, table: Table) -> Rows<'a> {
        let rows = answer.tables.iter().find(|(of, _)| *of == table).map_or(&[][..], |(_, rows)| rows);
        Rows { info: table.info(), rows }
    }

    fn cell(&self, row: &'a Row, name: &str) -> &'a Cell {
        self.info.column(name).map_or(&Cell::Null, |at| &row[at])
    }

    fn text(&self, row: &'a Row, name: &str) -> String {
        match self.cell(row, name) {
            Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Cell::Address(address) => address.to_string(),
            Cell::Uint(number) => number.to_string(),
            _ => String::new(),
        }
    }

    fn count(&self, row: &'a Row, name: &str) -> u64 {
        if let Cell::Uint(number) = self.cell(row, name) { *number } else { 0 }
    }

    fn time(&self, row: &'a Row, name: &str) -> Option<u64> {
        if let Cell::Time(ts) = self.cell(row, name) { Some(*ts) } else { None }
    }

    fn process(&self, row: &'a Row) -> Option<ProcessId> {
        ProcessId::of_cells(self.cell(row, "pid"), self.cell(row, "start"), self.cell(row, "process"))
    }
}

/// The facts of a capture.
pub(super) fn of(answer: &Answer) -> BTreeMap<Fact, Found> {
    let mut facts = Facts::new(answer);
    facts.executions(&Rows::of(answer, Table::Executions));
    facts.files(&Rows::of(answer, Table::Files));
    facts.connections(&Rows::of(answer, Table::Connections));
    facts.listeners(&Rows::of(answer, Table::Listeners));
    facts.found
}

struct Facts<'a> {
    processes: HashMap<ProcessId, (String, &'a Cell)>,
    images: HashMap<String, String>,
    found: BTreeMap<Fact, Found>,
}

impl<'a> Facts<'a> {
    fn new(answer: &'a Answer) -> Facts<'a> {
        let rows = Rows::of(answer, Table::Processes);
        let known = |row: &'a Row| {
            let exe = rows.text(row, "exe");
            let program = if exe.is_empty() { rows.text(row, "name") } else { exe };
            Some((rows.process(row)?, (program, rows.cell(row, "cmdline"))))
        };
        let processes = rows.rows.iter().filter_map(known).collect();
        let rows = Rows::of(answer, Table::Containers);
        let image = |row: &Row| (rows.text(row, "id"), rows.text(row, "image"));
        let images = rows.rows.iter().map(image).collect();
        Facts { processes, images, found: BTreeMap::new() }
    }

    /// The image of a row's container; the container where the image is not known.
    fn image(&self, rows: &Rows<'_>, row: &Row) -> String {
        let container = rows.text(row, "container");
        match self.images.get(&container) {
            Some(image) if !image.is_empty() => image.clone(),
            _ if container.is_empty() => container,
            _ => "unknown".to_owned(),
        }
    }

    /// The program of a row's process.
    fn program(&self, rows: &Rows<'_>, row: &Row) -> String {
        let known = rows.process(row).and_then(|id| self.processes.get(&id));
        known.map_or_else(|| rows.text(row, "name"), |(program, _)| program.clone())
    }

    fn note(&mut self, rows: &Rows<'_>, row: &Row, fact: Fact, count: u64, first: Option<u64>) {
        self.note_with(rows, row, fact, count, first, None);
    }

    fn note_with(
        &mut self,
        rows: &Rows<'_>,
        row: &Row,
        fact: Fact,
        count: u64,
        first: Option<u64>,
        file: Option<String>,
    ) {
        let id = rows.process(row);
        let known = id.and_then(|id| self.processes.get(&id));
        let cmdline = match rows.cell(row, "cmdline") {
            Cell::Null => known.map_or(Cell::Null, |(_, cmdline)| (*cmdline).clone()),
            own => own.clone(),
        };
        let new = Found { count, first, pid: id.map(|id| id.pid), cmdline, file, has_more_files: false };
        match self.found.entry(fact) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(new);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                let found = place.get_mut();
                let count = found.count + count;
                let has_more_files = found.has_more_files || found.file != new.file;
                // Of several who did it, the first; rows have a fixed order.
                if first.is_some() && (found.first.is_none() || first < found.first) {
                    *found = new;
                }
                (found.count, found.has_more_files) = (count, has_more_files);
            }
        }
    }

    fn executions(&mut self, rows: &Rows<'_>) {
        for row in rows.rows {
            let exe = rows.text(row, "exe");
            let program = if exe.is_empty() { rows.text(row, "name") } else { exe };
            let what = rows.text(row, "parent");
            let fact = Fact { kind: Kind::Execution, program, image: self.image(rows, row), what };
            self.note(rows, row, fact, 1, rows.time(row, "time"));
        }
    }

    fn files(&mut self, rows: &Rows<'_>) {
        for row in rows.rows {
            let writes =
                ["writes", "created", "deleted", "changed"].iter().map(|name| rows.count(row, name)).sum();
            let reads = rows.count(row, "reads");
            let path = rows.text(row, "path");
            let what = place(&path);
            for (kind, count) in [(Kind::Write, writes), (Kind::Read, reads)] {
                if count > 0 {
                    let (program, image) = (self.program(rows, row), self.image(rows, row));
                    let fact = Fact { kind, program, image, what: what.clone() };
                    self.note_with(rows, row, fact, count, rows.time(row, "first"), Some(path.clone()));
                }
            }
        }
    }

    fn connections(&mut self, rows: &Rows<'_>) {
        for row in rows.rows {
            let address = rows.text(row, "remote_address");
            let (kind, what) = match rows.text(row, "role").as_str() {
                // The port of a client is any.
                "server" => (Kind::Client, format!("{address} to port {}", rows.text(row, "local_port"))),
                _ => {
                    let name = rows.text(row, "remote_name");
                    let peer = if name.is_empty() { address } else { name };
                    (
                        Kind::Peer,
                        format!(
                            "{} {peer} port {}",
                            rows.text(row, "protocol"),
                            rows.text(row, "remote_port")
                        ),
                    )
                }
            };
            let (program, image) = (self.program(rows, row), self.image(rows, row));
            let count = rows.count(row, "calls").max(1);
            self.note(rows, row, Fact { kind, program, image, what }, count, rows.time(row, "first"));
        }
    }

    fn listeners(&mut self, rows: &Rows<'_>) {
        for row in rows.rows {
            let what = format!("{} port {}", rows.text(row, "protocol"), port(&rows.text(row, "port")));
            let (program, image) = (self.program(rows, row), self.image(rows, row));
            self.note(
                rows,
                row,
                Fact { kind: Kind::Listener, program, image, what },
                1,
                rows.time(row, "since"),
            );
        }
    }
}

/// A port. Those that kernels give to whoever asks for any differ from run to run.
fn port(text: &str) -> &str {
    match text.parse::<u16>() {
        Ok(32_768..) => "above 32767",
        _ => text,
    }
}

/// Files that hold secrets: of the host, by their whole path.
const SECRETS: [&str; 5] = ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/dev/mem", "/proc/kcore"];

/// Files that hold secrets: of people and programs, by the end of their path.
const SECRETS_OF_PEOPLE: [&str; 9] = [
    "/.ssh/id_rsa",
    "/.ssh/id_ecdsa",
    "/.ssh/id_ed25519",
    "/.aws/credentials",
    "/.kube/config",
    "/.docker/config.json",
    "/.git-credentials",
    "/.netrc",
    "/.pgpass",
];

/// Whether a file holds secrets: who reads it tells more than who reads its directory.
pub(super) fn is_secret(path: &str) -> bool {
    SECRETS.contains(&path) || SECRETS_OF_PEOPLE.iter().any(|end| path.ends_with(end))
}

/// What stands for a file: itself, if who used it tells more than who used its directory: if it holds secrets, or is a device, of which
/// everybody uses some. Otherwise its directory.
fn place(path: &str) -> String {
    match path.strip_prefix("/dev/") {
        Some(name) if !name.contains('/') => format!("/dev/{}", numbers(name)),
        _ if is_secret(path) => path.to_owned(),
        _ => directory(path),
    }
}

/// The directory of a path, with `N` for numbers and `X` for what looks like an identifier: they differ from run to run.
fn directory(path: &str) -> String {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let parts = directory.split('/').map(|part| {
        let is_hex = part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_temporary = part.strip_prefix("tmp.").is_some_and(|rest| rest.len() >= 6);
        match part {
            _ if is_hex => "X".to_owned(),
            _ if is_temporary => "tmp.X".to_owned(),
            _ if part.bytes().any(|byte| byte.is_ascii_digit()) => numbers(part),
            other => other.to_owned(),
        }
    });
    let text = parts.collect::<Vec<_>>().join("/");
    if text.is_empty() { "/".to_owned() } else { text }
}

fn numbers(part: &str) -> String {
    let mut text = String::new();
    let mut is_number = false;
    for character in part.chars() {
        if !character.is_ascii_digit() {
            text.push(character);
        } else if !is_number {
            text.push('N');
        }
        is_number = character.is_ascii_digit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_files_of_their_own() {
        for (path, expected) in [
            ("/etc/shadow", true),
            ("/etc/shadow-", false),
            ("/home/bob/.ssh/id_rsa", true),
            ("/home/bob/.ssh/id_rsa.pub", false),
            ("/etc/passwd", false),
        ] {
            assert_eq!(is_secret(path), expected, "{path}");
        }
    }

    #[test]
    fn directories_are_the_same_from_run_to_run() {
        for (path, expected) in [
            ("/etc/passwd", "/etc"),
            ("/proc/123/status", "/proc/N"),
            ("/vmlinuz", "/"),
            ("/var/lib/docker/overlay2/0123456789abcdef/diff/x", "/var/lib/docker/overlayN/X/diff"),
            ("/tmp/tmp12x34/y", "/tmp/tmpNxN"),
            ("/tmp/tmp.GOjRRNwNzU/y", "/tmp/tmp.X"),
            ("name", "/"),
            ("/dev/tty12", "/dev/ttyN"),
            ("/dev/pts/3", "/dev/pts"),
            ("/root/.ssh/id_rsa", "/root/.ssh/id_rsa"),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }
}
