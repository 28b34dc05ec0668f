//! The tables of a report: rows enter, texts leave in the columns that people look at. Alerts have their surroundings with them.

use serde::Serialize;
use serde_json::Value;

use crate::tables::{Answer, Cell, ColumnType, Row, Table};

use super::around::{Found, Line};
use super::family::Family;
use super::rows::Rows;
use super::visible::{shortened, visible};
use super::{Clock, plots};

/// Most rows of a table, and most alerts.
const ROWS: usize = 5000;
const ALERTS: usize = 20_000;
/// Most characters of a cell.
const LONGEST: usize = 500;

/// A table.
#[derive(Debug, Serialize)]
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Names of the columns, and whether they hold numbers.
    pub(super) columns: Vec<(&'static str, bool)>,
    pub(super) rows: Vec<Vec<String>>,
    /// Rows that are left out.
    pub(super) left: usize,
}

/// A table to show: its heading, its columns and which rows.
struct Choice {
    table: Table,
    title: &'static str,
    /// Their names, as words.
    columns: &'static str,
    is_meant: fn(Rows<'_>, &Row) -> bool,
}

fn any(_: Rows<'_>, _: &Row) -> bool {
    true
}

fn is_changed(rows: Rows<'_>, row: &Row) -> bool {
    let counts = ["written", "created", "deleted", "changed"];
    let count = |name: &&str| rows.info.column(name).map_or(&Cell::Null, |at| &row[at]);
    counts.iter().any(|name| matches!(count(name), Cell::Uint(1..))) || *count(&"renamed_to") != Cell::Null
}

const CHOICES: [Choice; 10] = [
    Choice {
        table: Table::Connections,
        title: "Connections",
        columns: "first protocol role local_address local_port remote_address remote_port remote_name pid name container received sent result",
        is_meant: any,
    },
    Choice {
        table: Table::Listeners,
        title: "Listening sockets",
        columns: "protocol address port pid name container since accepted",
        is_meant: any,
    },
    Choice {
        table: Table::Files,
        title: "Changed files",
        columns: "first path pid name container written created deleted changed renamed_to mapped",
        is_meant: is_changed,
    },
    Choice {
        table: Table::Executions,
        title: "Executions",
        columns: "time pid parent user container exe cmdline",
        is_meant: any,
    },
    Choice {
        table: Table::Users,
        title: "What people did",
        columns: "time kind pid user login_user tty container cwd what",
        is_meant: any,
    },
    Choice {
        table: Table::Dns,
        title: "Names asked for",
        columns: "time pid name container kind query type code answers server",
        is_meant: any,
    },
    Choice {
        table: Table::Http,
        title: "HTTP requests",
        columns: "time pid name container role method host url code request_bytes response_bytes",
        is_meant: any,
    },
    Choice {
        table: Table::Signals,
        title: "Signals",
        columns: "time kind pid name signal_name target_pid target result",
        is_meant: any,
    },
    Choice {
        table: Table::Containers,
        title: "Containers",
        columns: "id name engine image privileged address processes calls first last",
        is_meant: any,
    },
    Choice {
        table: Table::Drops,
        title: "Losses of the recorder",
        columns: "time number kind lost ratio",
        is_meant: any,
    },
];

fn shown(cell: &Cell, clock: &Clock) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Cell::Int(number) => number.to_string(),
        Cell::Uint(number) => number.to_string(),
        Cell::Time(ts) => clock.time(*ts),
        Cell::Span(ns) => format!("{}.{:06}", ns / 1_000_000_000, ns / 1000 % 1_000_000),
        Cell::Address(address) => address.to_string(),
        Cell::Text(text) => shortened(&visible(text), LONGEST),
    }
}

/// The tables that have rows.
pub(super) fn of(answer: &Answer, clock: &Clock) -> Vec<Sheet> {
    let sheet = |choice: &Choice| {
        let all = Rows::of(answer, choice.table);
        let at: Vec<usize> =
            choice.columns.split_whitespace().filter_map(|name| all.info.column(name)).collect();
        let meant = || all.rows.iter().filter(|row| (choice.is_meant)(all, row));
        let cells = |row: &Row| at.iter().map(|at| shown(&row[*at], clock)).collect();
        let is_number = |ty: ColumnType| {
            !matches!(ty, ColumnType::Text | ColumnType::Bool | ColumnType::Address | ColumnType::Time)
        };
        Sheet {
            name: all.info.name,
            title: choice.title,
            columns: at
                .iter()
                .map(|at| (all.info.columns[*at].name, is_number(all.info.columns[*at].ty)))
                .collect(),
            rows: meant().take(ROWS).map(cells).collect(),
            left: meant().count().saturating_sub(ROWS),
        }
    };
    CHOICES.iter().map(sheet).filter(|sheet| !sheet.rows.is_empty()).collect()
}

/// The alerts.
#[derive(Debug, Serialize)]
pub(super) struct AlertSheet {
    pub(super) alerts: Vec<Alert>,
    /// Command lines of processes from the nearest to the furthest, which alerts name by index.
    ancestries: Vec<Vec<(String, String)>>,
    pub(super) left: usize,
}

/// An alert.
#[derive(Debug, Serialize)]
pub(super) struct Alert {
    time: String,
    number: u64,
    class: usize,
    priority: String,
    rule: String,
    tags: String,
    pid: String,
    name: String,
    container: String,
    message: String,
    /// The values that matched.
    fields: Vec<(String, String)>,
    /// Index of the ancestry; none if the process is not known.
    ancestry: Option<usize>,
    /// The events before it, itself the last of them, and after it: time, number, text.
    before: Vec<(String, u64, String)>,
    after: Vec<(String, u64, String)>,
}

/// Fields of an output with their values as text. Rows keep them as JSON.
fn fields(cell: &Cell) -> Vec<(String, String)> {
    let Cell::Text(text) = cell else { return Vec::new() };
    let Ok(Value::Object(fields)) = serde_json::from_slice(text) else { return Vec::new() };
    let value = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => "<NA>".to_owned(),
        other => other.to_string(),
    };
    let text = |text: String| shortened(&visible(text.as_bytes()), LONGEST);
    let fields = fields.into_iter().filter(|(name, _)| !name.starts_with("evt.time"));
    fields.map(|(name, of)| (text(name), text(value(of)))).collect()
}

impl AlertSheet {
    pub(super) fn of(answer: &Answer, family: &Family<'_>, around: &Found, clock: &Clock) -> AlertSheet {
        let rows = Rows::of(answer, Table::Alerts);
        let mut ancestries = Vec::new();
        let mut known = std::collections::HashMap::new();
        let line = |line: &Line| (clock.time(line.time), line.number, line.text.clone());
        let alert = |row| {
            let ancestry = rows.process(row).map(|id| {
                *known.entry(id).or_insert_with(|| {
                    ancestries.push(family.ancestry(id));
                    ancestries.len() - 1
                })
            });
            let number = rows.number(row, "number");
            let around = around.get(&number);
            Alert {
                time: clock.time(rows.number(row, "time")),
                number,
                class: plots::class(rows.number(row, "severity")),
                priority: rows.text(row, "priority"),
                rule: rows.text(row, "rule"),
                tags: rows.text(row, "tags"),
                pid: rows.text(row, "pid"),
                name: rows.text(row, "name"),
                container: rows.text(row, "container"),
                message: shortened(&rows.text(row, "message"), 4 * LONGEST),
                fields: fields(rows.cell(row, "fields")),
                ancestry,
                before: around.map_or(Vec::new(), |around| around.before.iter().map(line).collect()),
                after: around.map_or(Vec::new(), |around| around.after.iter().map(line).collect()),
            }
        };
        let alerts = rows.rows.iter().take(ALERTS).map(alert).collect();
        AlertSheet { alerts, ancestries, left: rows.rows.len().saturating_sub(ALERTS) }
    }
}
