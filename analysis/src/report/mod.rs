//! The report on captures: rows of tables, a summary and the events around alerts enter; one page of HTML, Markdown or JSON leaves.
//! Names in a capture are the attacker's: everything is made visible ([`visible`](visible::visible)) and then escaped.

mod around;
mod facts;
mod family;
mod page;
mod plots;
mod rows;
mod sheets;
mod story;
mod techniques;
mod visible;

use std::num::NonZeroU64;

use serde::Serialize;
use tercel_format::trace::Zone;

use crate::summary::Summary;
use crate::tables::{Answer, Cell, Table, push_text};

pub use around::{Around, Found, Line, Surroundings};
pub use page::{Error, html, json, markdown};

use facts::Facts;
use family::Family;
use rows::Rows;
use sheets::{AlertSheet, Sheet};
use story::Story;

/// The tables that a report asks for.
pub const TABLES: &[Table] = &[
    Table::Processes,
    Table::Executions,
    Table::Files,
    Table::Connections,
    Table::Listeners,
    Table::Containers,
    Table::Users,
    Table::Dns,
    Table::Http,
    Table::Signals,
    Table::Alerts,
    Table::Drops,
];

/// Alerts whose surroundings are shown.
const SURROUNDED: usize = 300;

/// A report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name and version of the program.
    program: String,
    /// How many rules ran.
    rules: usize,
    captures: Vec<Section>,
}

/// What is reported of a capture.
#[derive(Debug, Serialize)]
struct Section {
    facts: Facts,
    story: Story,
    #[serde(skip)]
    tree: String,
    alerts: AlertSheet,
    sheets: Vec<Sheet>,
}

/// A capture to report on.
pub struct Reported<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub summary: &'a Summary,
    /// The rows of [`TABLES`].
    pub answer: &'a Answer,
    /// Damage in words, that of reading included.
    pub damage: Vec<String>,
    /// Show times in UTC instead of the zone of the capture.
    pub utc: bool,
}

/// The events whose surroundings a report shows, as [`Surroundings::new`] takes them: of each rule and process the first, the most
/// urgent before others.
pub fn surrounded(answer: &Answer) -> Vec<(u64, i64)> {
    let alerts = Rows::of(answer, Table::Alerts);
    let mut seen = std::collections::HashSet::new();
    let mut chosen: Vec<(u64, u64, i64)> = Vec::new();
    let mut rest = Vec::new();
    for row in alerts.rows {
        let Some(process) = alerts.process(row) else { continue };
        let one = (alerts.number(row, "severity"), alerts.number(row, "number"), process.pid);
        let is_first = seen.insert((alerts.text(row, "rule"), process));
        if is_first { chosen.push(one) } else { rest.push(one) }
    }
    chosen.sort_unstable();
    chosen.extend(rest);
    chosen.truncate(SURROUNDED);
    chosen.into_iter().map(|(_, number, pid)| (number, pid)).collect()
}

impl Report {
    /// A report on nothing yet; `program` is the name and version of the one that writes it.
    pub fn new(program: String, rules: usize) -> Report {
        Report { program, rules, captures: Vec::new() }
    }

    /// Adds a capture.
    pub fn add(&mut self, capture: &Reported<'_>, around: &Found) {
        let clock = Clock { zone: (!capture.utc).then(|| capture.summary.header.zone.clone()) };
        let processes = Rows::of(capture.answer, Table::Processes);
        let family = Family::new(processes);
        let marks = story::marks(capture.answer);
        let facts = Facts::of(capture, &clock);
        let story = Story::of(capture.answer, &family, &marks, facts.span, &clock);
        let tree = family.html(&marks);
        let alerts = AlertSheet::of(capture.answer, &family, around, &clock);
        let sheets = sheets::of(capture.answer, &clock);
        self.captures.push(Section { facts, story, tree, alerts, sheets });
    }
}

/// How times are shown.
struct Clock {
    zone: Option<Zone>,
}

impl Clock {
    /// The time of day with milliseconds.
    fn time(&self, ts: u64) -> String {
        let Some(ts) = NonZeroU64::new(ts) else { return String::new() };
        let mut text = String::new();
        push_text(&Cell::Time(ts.get()), self.zone.as_ref(), &mut text);
        text.truncate(12);
        text
    }

    /// Date, time with seconds, and the zone.
    fn date(&self, ts: u64) -> String {
        let seconds = i64::try_from(ts / 1_000_000_000).unwrap_or(0);
        let offset = self.zone.as_ref().map_or(0, |zone| zone.offset(seconds));
        let offset = jiff::tz::Offset::from_seconds(offset).unwrap_or(jiff::tz::Offset::UTC);
        let Ok(time) = jiff::Timestamp::from_second(seconds) else { return String::new() };
        let zone = if offset.seconds() == 0 { " UTC".to_owned() } else { format!(" {offset}") };
        offset.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string() + &zone
    }
}

/// A duration in the units that people use.
fn duration(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    match seconds {
        0 => format!("{} ms", ns / 1_000_000),
        1..=119 => format!("{seconds}.{} s", ns / 100_000_000 % 10),
        120..=7199 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Bytes in the units that people use.
fn size(bytes: u64) -> String {
    match bytes {
        0..=9999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        10_000_000..=9_999_999_999 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// A number of things: `1 alert`, `2 alerts`.
fn counted(count: u64, thing: &str) -> String {
    let plural = if thing.ends_with('s') { format!("{thing}es") } else { format!("{thing}s") };
    if count == 1 { format!("1 {thing}") } else { format!("{count} {plural}") }
}

#[cfg(test)]
mod tests;
