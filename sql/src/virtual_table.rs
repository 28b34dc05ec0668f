//! Virtual tables of SQLite: what a query wants enters through rusqlite, cells leave.
//!
//! rusqlite's traits are unsafe to implement because SQLite sees the first field of a table and of a cursor as its own structure: both are
//! `repr(C)` and begin with it, and that is all there is to keep.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ffi::{CStr, CString, c_int};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::{Null, ValueRef};
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor,
    sqlite3_vtab, sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};
use serde_json::Value;
use tercel_analysis::events::{EventField, EventRow};
use tercel_analysis::tables::{Cell, Row, Table, Tables, iso8601};
use tercel_replay::Window;
use tercel_replay::scan::Threads;
use tercel_rules::program::Program;

use crate::EVENTS;
use crate::columns::{self, BEFORE};
use crate::source::Source;
use crate::span::Bounds;
use crate::stream::{Query, Stream};

/// Rows of a table: the index of the capture, and the cells.
type Rows = Arc<Vec<(usize, Row)>>;

/// Rows that earlier queries have asked for, by table and window.
type Known = Arc<Mutex<BTreeMap<(Table, [Option<u64>; 2]), Rows>>>;

/// What a table is made from.
pub(crate) struct Made {
    source: Arc<Source>,
    /// The table; none is that of events.
    table: Option<Table>,
    /// Columns of events that the current query reads.
    read: Arc<Mutex<HashSet<String>>>,
    known: Known,
}

/// Makes the tables known to a connection.
pub(crate) fn register(
    connection: &Connection,
    source: Arc<Source>,
    read: &Arc<Mutex<HashSet<String>>>,
) -> Result<()> {
    const MODULE: Module<'_, Virtual> = Module::eponymous_only_module();
    let known = Known::default();
    let tables = Table::ALL.iter().map(|table| (table.info().name, Some(*table)));
    for (name, table) in std::iter::once((EVENTS, None)).chain(tables) {
        let made = Arc::new(Made {
            source: Arc::clone(&source),
            table,
            read: Arc::clone(read),
            known: Arc::clone(&known),
        });
        connection.create_module(CString::new(name)?.as_c_str(), &MODULE, Some(made))?;
    }
    Ok(())
}

/// A table.
#[repr(C)]
pub(crate) struct Virtual {
    /// SQLite's part. It must be the first.
    base: sqlite3_vtab,
    made: Arc<Made>,
}

/// What can be said of events before they are read; the numbers stand in the plan of a query.
const RESTRICTED: [(&str, &str); 6] = [
    ("evt_type", "evt.type"),
    ("proc_pid", "proc.pid"),
    ("thread_tid", "thread.tid"),
    ("proc_name", "proc.name"),
    ("container_id", "container.id"),
    ("evt_num", "evt.num"),
];

impl Virtual {
    fn columns(&self) -> Vec<(String, &'static str)> {
        self.made.table.map_or_else(columns::of_events, columns::of_table)
    }

    /// Whether the time of a row is that of an event, so that a window leaves out only rows that a query leaves out.
    fn has_times(&self) -> bool {
        self.made.table.is_none_or(|table| table.info().column("time").is_some() && table != Table::Http)
    }
}

// SAFETY: `Virtual` is repr(C) and begins with `sqlite3_vtab`, as the trait asks.
unsafe impl<'vtab> VTab<'vtab> for Virtual {
    type Aux = Arc<Made>;
    type Cursor = Cursor<'vtab>;

    fn connect(
        db: &mut VTabConnection,
        aux: Option<&Arc<Made>>,
        _module_name: &[u8],
        _database_name: &[u8],
        _table_name: &[u8],
        _args: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Virtual)> {
        let made = aux.map(Arc::clone).ok_or_else(|| failed(io::Error::other("a table without captures")))?;
        db.config(VTabConfig::DirectOnly)?;
        let made = Virtual { base: sqlite3_vtab::default(), made };
        let declared = CString::new(columns::declaration(&made.columns()))?;
        Ok((Cow::Owned(declared), made))
    }

    /// The plan is a text with a letter for each argument: `>` and `<` are bounds of the time, a digit a field that is equal to it.
    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        use IndexConstraintOp::*;
        let columns = self.columns();
        let time = columns.iter().position(|(name, _)| name == "time").filter(|_| self.has_times());
        let field = |name: &str| RESTRICTED.iter().position(|(column, _)| *column == name);
        let mut plan = String::new();
        let mut taken = 0;
        for (constraint, mut usage) in info.constraints_and_usages() {
            let Ok(column) = usize::try_from(constraint.column()) else { continue };
            let letters = match constraint.operator() {
                _ if !constraint.is_usable() => continue,
                SQLITE_INDEX_CONSTRAINT_GT | SQLITE_INDEX_CONSTRAINT_GE if Some(column) == time => {
                    ">".to_owned()
                }
                SQLITE_INDEX_CONSTRAINT_LT | SQLITE_INDEX_CONSTRAINT_LE if Some(column) == time => {
                    "<".to_owned()
                }
                SQLITE_INDEX_CONSTRAINT_EQ if Some(column) == time => "=".to_owned(),
                SQLITE_INDEX_CONSTRAINT_EQ if self.made.table.is_none() => match field(&columns[column].0) {
                    Some(index) => index.to_string(),
                    None => continue,
                },
                _ => continue,
            };
            taken += 1;
            usage.set_argv_index(taken);
            plan.push_str(&letters);
        }
        let rows = if self.made.table.is_none() { 1e7 } else { 1e4 };
        let cost = rows / f64::from(1 + 10 * taken);
        info.set_estimated_cost(cost);
        info.set_estimated_rows(cost as i64);
        info.set_idx_str(&plan);
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<Cursor<'vtab>> {
        Ok(Cursor { base: sqlite3_vtab_cursor::default(), table: self, at: At::End, number: 0 })
    }
}

/// What a query says of events besides their time.
#[derive(Default)]
struct Restriction {
    types: Option<Vec<String>>,
    filter: Option<Program>,
}

/// Values that stand in a condition as they are.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// A place in a table.
#[repr(C)]
pub(crate) struct Cursor<'vtab> {
    /// SQLite's part. It must be the first.
    base: sqlite3_vtab_cursor,
    table: &'vtab Virtual,
    at: At,
    number: i64,
}

enum At {
    Row { rows: Rows, index: usize },
    Event { stream: Box<Stream>, places: Vec<Option<usize>>, row: EventRow },
    End,
}

/// An error of reading as one of SQLite.
fn failed(error: io::Error) -> Error {
    Error::ModuleError(error.to_string())
}

/// An argument as text.
fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).ok(),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

impl Cursor<'_> {
    fn rows(&self, table: Table, window: Window) -> io::Result<Rows> {
        let Made { source, known, .. } = &*self.table.made;
        let bound = |point| match point {
            Some(tercel_replay::Point::Absolute(ts)) => Some(ts),
            _ => None,
        };
        let key = (table, [bound(window.from), bound(window.to)]);
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = known.get(&key) {
            return Ok(Arc::clone(rows));
        }
        let question = Tables::new(&[table], window, None, source.memory)
            .with_paths(source.paths)
            .with_rules(source.rules.as_deref());
        let mut all = Vec::new();
        for (file, name) in source.names.iter().enumerate() {
            let answer = question.ask((source.open)(file)?, Threads::new(source.threads), &|_| ())?;
            (source.ended)(name, &answer.report, answer.error.as_ref());
            all.extend(answer.tables.into_iter().flat_map(|(_, rows)| rows).map(|row| (file, row)));
        }
        let rows = Arc::new(all);
        known.insert(key, Arc::clone(&rows));
        Ok(rows)
    }

    /// Starts with the events that a query wants; also where the value of each column stands in a row.
    fn events(&self, bounds: Bounds, restriction: Restriction) -> io::Result<(Stream, Vec<Option<usize>>)> {
        let Made { source, read, .. } = &*self.table.made;
        let columns = columns::of_events();
        let read = read.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut places, mut fields) = (vec![None; columns.len()], Vec::new());
        for (index, field) in EventField::all().iter().enumerate() {
            if read.contains(&columns[BEFORE + index].0) {
                places[BEFORE + index] = Some(fields.len());
                fields.push(field.clone());
            }
        }
        let query = Query { bounds, types: restriction.types, filter: restriction.filter, fields };
        Ok((Stream::start(source, query)?, places))
    }
}

// SAFETY: `Cursor` is repr(C) and begins with `sqlite3_vtab_cursor`, as the trait asks.
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, _idx_num: c_int, plan: Option<&str>, args: &Filters<'_>) -> Result<()> {
        let mut bounds = Bounds::default();
        let (mut restriction, mut terms) = (Restriction::default(), Vec::new());
        for (letter, value) in plan.unwrap_or_default().chars().zip(args.iter()) {
            let Some(value) = text(value) else { continue };
            match letter {
                '>' => bounds.not_before(&value),
                '<' => bounds.not_after(&value),
                '=' => {
                    bounds.not_before(&value);
                    bounds.not_after(&value);
                }
                digit => match digit.to_digit(10).and_then(|index| RESTRICTED.get(index as usize)) {
                    Some((_, "evt.type")) => restriction.types = Some(vec![value]),
                    Some((_, field)) if is_plain(&value) => terms.push(format!("{field}={value}")),
                    _ => {}
                },
            }
        }
        if !terms.is_empty() {
            // What is no condition is left to SQLite.
            restriction.filter = tercel_rules::filter::filter(&terms.join(" and ")).ok();
        }
        self.number = 0;
        self.at = match self.table.made.table {
            Some(table) => {
                let rows = self.rows(table, bounds.window()).map_err(failed)?;
                if rows.is_empty() { At::End } else { At::Row { rows, index: 0 } }
            }
            None => {
                let (mut stream, places) = self.events(bounds, restriction).map_err(failed)?;
                match stream.next().map_err(failed)? {
                    Some(row) => At::Event { stream: Box::new(stream), places, row },
                    None => At::End,
                }
            }
        };
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.number += 1;
        let is_over = match &mut self.at {
            At::Row { rows, index } => {
                *index += 1;
                *index == rows.len()
            }
            At::Event { stream, row, .. } => match stream.next().map_err(failed)? {
                Some(next) => {
                    *row = next;
                    false
                }
                None => true,
            },
            At::End => true,
        };
        if is_over {
            self.at = At::End;
        }
        Ok(())
    }

    fn eof(&self) -> bool {
        matches!(self.at, At::End)
    }

    fn column(&self, context: &mut Context, index: c_int) -> Result<()> {
        let column = usize::try_from(index).unwrap_or(0);
        let name = |file: usize| self.table.made.source.names.get(file).map_or("", String::as_str);
        match &self.at {
            At::Row { rows, index } => {
                let (file, row) = &rows[*index];
                match column.checked_sub(1).and_then(|at| row.get(at)) {
                    None => context.set_result(name(*file)),
                    Some(cell) => set_cell(context, cell),
                }
            }
            At::Event { stream, row, places } => match column {
                0 => context.set_result(name(stream.file)),
                1 => context.set_result(iso8601(row.time)),
                column => match places.get(column).copied().flatten().and_then(|place| row.values.get(place))
                {
                    Some(value) => set_value(context, value),
                    None => context.set_result(Null),
                },
            },
            At::End => context.set_result(Null),
        }
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.number)
    }
}

fn set_cell(context: &mut Context, cell: &Cell) -> Result<()> {
    match cell {
        Cell::Null => context.set_result(Null),
        Cell::Bool(is) => context.set_result(*is),
        Cell::Int(number) => context.set_result(*number),
        Cell::Uint(number) | Cell::Span(number) => set_unsigned(context, *number),
        Cell::Time(ts) => context.set_result(iso8601(*ts)),
        Cell::Address(address) => context.set_result(address.to_string()),
        Cell::Text(text) => context.set_result(String::from_utf8_lossy(text)),
    }
}

/// SQLite has signed numbers only; what is larger is text.
fn set_unsigned(context: &mut Context, number: u64) -> Result<()> {
    match i64::try_from(number) {
        Ok(number) => context.set_result(number),
        Err(_) => context.set_result(number.to_string()),
    }
}

fn set_value(context: &mut Context, value: &Value) -> Result<()> {
    match value {
        Value::Null => context.set_result(Null),
        Value::Bool(is) => context.set_result(*is),
        Value::String(text) => context.set_result(text.as_str()),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => set_unsigned(context, number),
            (_, Some(number), _) => context.set_result(number),
            (_, _, Some(number)) => context.set_result(number),
            _ => context.set_result(Null),
        },
        other => context.set_result(other.to_string()),
    }
}
