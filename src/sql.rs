//! `tercel sql`: queries enter as words or lines, rows leave as a table, JSON or CSV.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use console::measure_text_width;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use serde_json::Value;
use tercel_analysis::tables::push_harmless;
use tercel_format::Capture;
use tercel_sql::{Database, Error, Source, ValueRef};

use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::Input;
use crate::intent::{Face, Sql};
use crate::rules;

/// Cells are not wider than this.
const WIDEST: usize = 60;
/// Rows from which the widths of columns are taken.
const LOOKED_AT: usize = 1000;

/// Runs the verb.
pub fn run(args: &Sql) -> Result<Outcome, Failure> {
    let program =
        args.rules.as_ref().map(|rules| rules::load(rules, args.quiet, args.verbose)).transpose()?;
    let outcome = Arc::new(AtomicU8::new(0));
    let (noted, verbose) = (Arc::clone(&outcome), args.verbose);
    let paths: Vec<std::path::PathBuf> = args
        .traces
        .iter()
        .filter_map(|trace| if let Input::File(path) = trace { Some(path.clone()) } else { None })
        .collect();
    // A capture that cannot be opened is an error before any query.
    for path in &paths {
        Capture::open(path, &|bytes| bytes)
            .map_err(|error| diagnostics::unopened(&path.display().to_string(), &error))?;
    }
    let source = Source {
        names: args.traces.iter().map(Input::name).collect(),
        open: Arc::new(move |index| Capture::open(&paths[index], &|bytes| bytes).map_err(io::Error::other)),
        ended: Arc::new(move |name, report, error| {
            let code = if diagnostics::ended(name, report, error, verbose) == Outcome::Done { 0 } else { 1 };
            noted.fetch_max(code, Ordering::Relaxed);
        }),
        rules: program.map(Arc::new),
        paths: args.seen_paths,
        threads: args.threads(),
        memory: args.memory(),
    };
    let database = Database::new(source).map_err(Failure::io)?;
    let done = match &args.query {
        Some(query) => answer(&database, query, args.face),
        None => prompt(&database, args.face),
    }?;
    let damaged = outcome.load(Ordering::Relaxed) > 0;
    Ok(if damaged { done.max(Outcome::Damaged) } else { done })
}

/// Answers one query, or one of the commands that begin with a dot.
fn answer(database: &Database, query: &str, face: Face) -> Result<Outcome, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let query = query.trim();
    let written = match query.split_whitespace().collect::<Vec<_>>()[..] {
        [".tables"] => tables(&mut out),
        [".schema"] => schema(&mut out, None),
        [".schema", name] => schema(&mut out, Some(name)),
        [".help"] => {
            writeln!(out, ".tables, .schema [TABLE], .quit, or a query; tables and columns: 'tercel table'")
        }
        [word, ..] if word.starts_with('.') => {
            return Err(Failure::usage(format!(
                "unknown command {word}; there are .tables, .schema, .help and .quit"
            )));
        }
        _ => {
            let mut printer =
                Printer { out: &mut out, face, names: Vec::new(), rows: Vec::new(), widths: Vec::new() };
            let printer = std::cell::RefCell::new(&mut printer);
            let done = database.query(query, &mut |names| printer.borrow_mut().head(names), &mut |values| {
                printer.borrow_mut().row(values)
            });
            match done {
                Ok(()) => printer.borrow_mut().finish(),
                Err(Error::Output(error)) => Err(error),
                Err(Error::Sql(error)) => {
                    return Err(Failure::usage(format!(
                        "{error}; '.tables' and '.schema' list what there is"
                    )));
                }
                Err(Error::Rows(error)) => return Err(Failure::io(error)),
                Err(error) => return Err(Failure::usage(error)),
            }
        }
    };
    crate::finish(written.and_then(|()| out.flush()))
}

fn tables(out: &mut dyn Write) -> io::Result<()> {
    tercel_sql::schema().into_iter().try_for_each(|(name, _)| writeln!(out, "{name}"))
}

fn schema(out: &mut dyn Write, only: Option<&str>) -> io::Result<()> {
    for (name, columns) in
        tercel_sql::schema().into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name))
    {
        let columns: Vec<String> =
            columns.into_iter().map(|(name, ty)| format!("{name} {ty}").trim_end().to_owned()).collect();
        writeln!(out, "{name}({})", columns.join(", "))?;
    }
    Ok(())
}

/// Reads queries from a terminal, with a history, or from a pipe, until there is no more. A query ends with a semicolon or its line.
fn prompt(database: &Database, face: Face) -> Result<Outcome, Failure> {
    if !io::stdin().is_terminal() {
        let text = io::read_to_string(io::stdin()).map_err(Failure::io)?;
        let mut outcome = Outcome::Done;
        for query in text.split(";\n").map(str::trim).filter(|query| !query.is_empty()) {
            outcome = outcome.max(answer(database, query.trim_end_matches(';'), face)?);
        }
        return Ok(outcome);
    }
    let mut editor = DefaultEditor::new().map_err(Failure::io)?;
    let history =
        std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(".tercel_sql_history"));
    // Without a history there is none yet.
    history.iter().for_each(|path| drop(editor.load_history(path)));
    loop {
        match editor.readline("tercel> ") {
            Ok(line) if line.trim() == ".quit" || line.trim() == ".exit" => break,
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                // A history that cannot be kept is no reason to stop.
                drop(editor.add_history_entry(&line));
                if let Err(failure) = answer(database, line.trim().trim_end_matches(';'), face) {
                    diagnostics::failed(&failure);
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(Failure::io(error)),
        }
    }
    history.iter().for_each(|path| drop(editor.save_history(path)));
    Ok(Outcome::Done)
}

/// Prints the rows of a query.
struct Printer<'a> {
    out: &'a mut dyn Write,
    face: Face,
    names: Vec<String>,
    /// The first rows, until the widths are known.
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Printer<'_> {
    fn head(&mut self, names: &[String]) -> io::Result<()> {
        self.names = names.to_vec();
        match self.face {
            Face::Csv => self.csv(names.iter().map(|name| name.as_bytes().to_vec())),
            Face::Text => {
                self.rows.push(names.iter().map(|name| name.to_uppercase()).collect());
                Ok(())
            }
            Face::Json => Ok(()),
        }
    }

    fn row(&mut self, values: &[ValueRef<'_>]) -> io::Result<()> {
        match self.face {
            Face::Json => {
                let member = |(name, value): (&String, &ValueRef<'_>)| {
                    format!("{}:{}", Value::from(name.as_str()), json(*value))
                };
                let members: Vec<String> = self.names.iter().zip(values).map(member).collect();
                writeln!(self.out, "{{{}}}", members.join(","))
            }
            Face::Csv => self.csv(values.iter().map(|value| text(*value, "").into_bytes())),
            Face::Text => {
                let cells = values.iter().map(|value| {
                    let mut cell = String::new();
                    push_harmless(text(*value, "-").as_bytes(), &mut cell);
                    cell
                });
                self.rows.push(cells.collect());
                if self.widths.is_empty() && self.rows.len() < LOOKED_AT { Ok(()) } else { self.lines() }
            }
        }
    }

    fn csv(&mut self, fields: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
        let quoted = |field: Vec<u8>| {
            let text = String::from_utf8_lossy(&field).into_owned();
            let is_plain = !text.contains(['"', ',', '\n', '\r']);
            if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
        };
        writeln!(self.out, "{}", fields.map(quoted).collect::<Vec<_>>().join(","))
    }

    /// Prints the rows that wait.
    fn lines(&mut self) -> io::Result<()> {
        if self.widths.is_empty() {
            let width =
                |index: usize| self.rows.iter().map(|row| measure_text_width(&row[index])).max().unwrap_or(0);
            self.widths = (0..self.names.len()).map(|index| width(index).min(WIDEST)).collect();
        }
        for row in self.rows.drain(..) {
            let mut line = String::new();
            for ((index, cell), width) in row.iter().enumerate().zip(&self.widths) {
                line.push_str(cell);
                if index + 1 < row.len() {
                    line.push_str(&" ".repeat(width.saturating_sub(measure_text_width(cell)) + 2));
                }
            }
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.face == Face::Text { self.lines() } else { Ok(()) }
    }
}

fn text(value: ValueRef<'_>, nothing: &str) -> String {
    match value {
        ValueRef::Null => nothing.to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(_) | ValueRef::Blob(_) => Value::from(text(value, "")),
    }
}
