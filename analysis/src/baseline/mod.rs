//! Baselines: what programs do in quiet captures is learnt; another capture is compared with it, and what is new leaves, the rarest first, each
//! line with its reasons. The same captures give the same baseline, byte for byte.

mod fact;
mod groups;
mod rarity;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tables::{Answer, Cell, ColumnInfo, ColumnType as T, Order, Row, Table, TableInfo};

pub use fact::{Fact, Kind};
use groups::{Common, Group, New};

/// The tables that a baseline is made from.
pub const TABLES: &[Table] = &[
    Table::Processes,
    Table::Executions,
    Table::Files,
    Table::Connections,
    Table::Listeners,
    Table::Containers,
];

/// The version of the file.
const VERSION: u32 = 3;

/// Most facts of a baseline: a capture with more different ones is not quiet.
const MOST: usize = 2_000_000;

/// What programs do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    version: u32,
    /// Captures that it was learnt from.
    captures: u64,
    facts: Vec<(Fact, u64)>,
}

/// A baseline that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is none.
    #[error("not a baseline: {0}")]
    Invalid(#[from] serde_json::Error),
    /// It was written by another version.
    #[error("the baseline has version {0}, this program reads version {VERSION}; learn it again")]
    Version(u32),
    /// It is too large.
    #[error("more than {MOST} different facts; learn from fewer or quieter captures")]
    TooLarge,
}

/// Learns from captures.
#[derive(Debug, Default)]
pub struct Learner {
    captures: u64,
    facts: BTreeMap<Fact, u64>,
}

impl Learner {
    /// Adds what a capture has, given the rows of [`TABLES`].
    ///
    /// # Errors
    /// There is too much of it.
    pub fn add(&mut self, answer: &Answer) -> Result<(), Error> {
        self.captures += 1;
        for (fact, found) in fact::of(answer) {
            *self.facts.entry(fact).or_default() += found.count;
        }
        if self.facts.len() > MOST { Err(Error::TooLarge) } else { Ok(()) }
    }

    /// The baseline.
    pub fn finish(self) -> Baseline {
        Baseline { version: VERSION, captures: self.captures, facts: self.facts.into_iter().collect() }
    }
}

/// The table of what is new.
pub const NEW: TableInfo = TableInfo {
    name: "new",
    meaning: "What a capture has and a baseline has not, the rarest first",
    order: Order::Descending("score"),
    columns: &COLUMNS,
};

const fn column(name: &'static str, ty: T, meaning: &'static str) -> ColumnInfo {
    ColumnInfo { name, ty, meaning }
}

const COLUMNS: [ColumnInfo; 13] = [
    column(
        "score",
        T::Uint,
        "How rare it is: the points of what it covers, the rarest whole, the second half, the third a third, ...",
    ),
    column("kind", T::Text, "execution, read, write, peer, client or listener"),
    column("summary", T::Text, "What happened"),
    column("program", T::Text, "Path of the executable, or name of the process; empty for several"),
    column("image", T::Text, "Image of its container; empty on the host"),
    column(
        "what",
        T::Text,
        "The parent of an execution, a directory or file, a peer, a port; empty for several",
    ),
    column("facts", T::Count, "How many new facts it covers"),
    column("count", T::Count, "How often they happened"),
    column("first", T::Time, "The first time"),
    column("pid", T::Int, "The process that did it first"),
    column("cmdline", T::Text, "Its command line"),
    column(
        "covers",
        T::Text,
        "Programs, or what one program did it with, the rarest first; of a directory the first file, ... if there were others",
    ),
    column("why", T::Text, "Why it is rare: reasons with their points"),
];

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// It is none, or one of another version.
    pub fn read(bytes: &[u8]) -> Result<Baseline, Error> {
        let baseline: Baseline = serde_json::from_slice(bytes)?;
        if baseline.version == VERSION { Ok(baseline) } else { Err(Error::Version(baseline.version)) }
    }

    /// Its bytes: JSON, with a fact per line.
    pub fn write(&self) -> String {
        let line = |fact: &(Fact, u64)| serde_json::to_string(fact).unwrap_or_default();
        let facts: Vec<String> = self.facts.iter().map(line).collect();
        format!(
            "{{\"version\":{},\"captures\":{},\"facts\":[\n{}\n]}}\n",
            self.version,
            self.captures,
            facts.join(",\n")
        )
    }

    /// How many facts it has, and from how many captures.
    pub fn size(&self) -> (usize, u64) {
        (self.facts.len(), self.captures)
    }

    /// What a capture has and the baseline has not, as rows of [`NEW`] in their order.
    pub fn diff(&self, answer: &Answer) -> Vec<Row> {
        let known = rarity::Known::new(self.facts.iter().map(|(fact, _)| fact));
        let new = fact::of(answer).into_iter().filter_map(|(fact, found)| {
            let reasons = known.reasons(&fact)?;
            let points = reasons.iter().map(|reason| reason.points(fact.kind)).sum();
            Some(New { fact, found, reasons, points })
        });
        groups::of(new.collect()).iter().filter_map(row).collect()
    }
}

fn row(group: &Group) -> Option<Row> {
    let rarest = &group.facts.first()?.fact;
    // Of several who did it, the first.
    let first = group.facts.iter().min_by_key(|new| new.found.first.unwrap_or(u64::MAX))?;
    let is_one = group.facts.len() == 1;
    let count = group.facts.iter().map(|new| new.found.count).sum();
    let shared =
        |common: Common, name: &str| if is_one || group.common == common { text(name) } else { Cell::Null };
    Some(vec![
        Cell::Uint(group.score),
        text(rarest.kind.name()),
        text(&words::sentence(group)),
        shared(Common::Program, &rarest.program),
        text(&rarest.image),
        shared(Common::What, &rarest.what),
        Cell::Uint(group.facts.len() as u64),
        Cell::Uint(count),
        first.found.first.map_or(Cell::Null, Cell::Time),
        first.found.pid.map_or(Cell::Null, Cell::Int),
        first.found.cmdline.clone(),
        text(&words::covers(group).join(", ")),
        text(&words::why(group)),
    ])
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { Cell::Text(text.as_bytes().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: Kind, program: &str, what: &str) -> Fact {
        Fact { kind, program: program.to_owned(), image: String::new(), what: what.to_owned() }
    }

    #[test]
    fn baselines_are_read_as_they_were_written() {
        let facts = vec![
            (fact(Kind::Execution, "/bin/ls", "/bin/sh"), 2),
            (fact(Kind::Write, "a\u{202e}", "/tmp"), 1),
        ];
        let baseline = Baseline { version: VERSION, captures: 1, facts };
        let text = baseline.write();
        assert_eq!(Baseline::read(text.as_bytes()).expect("a baseline"), baseline);
        assert!(matches!(Baseline::read(b"{}"), Err(Error::Invalid(_))));
        let [own, next] = [VERSION, VERSION + 1].map(|version| format!("\"version\":{version}"));
        let other = text.replace(&own, &next);
        assert!(
            matches!(Baseline::read(other.as_bytes()), Err(Error::Version(version)) if version == VERSION + 1)
        );
    }
}
