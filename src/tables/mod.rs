//! The verbs that show tables: rows of captures enter from `analysis`, lines leave as a table for people, a tree, JSON or CSV.

mod histogram;
mod list;
mod text;
mod tree;

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use tercel_analysis::tables::{self, Answer, CsvLines, Row, Table, Tables};
use tercel_format::Capture;
use tercel_format::trace::Zone;

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::Input;
use crate::intent::{Face, Shape, View};
use crate::nothing::{self, CODES};
use crate::rules;

pub use list::run as list;

/// Runs the verb.
pub fn run(view: &View) -> Result<Outcome, Failure> {
    let asked = &view.asked;
    let rules =
        view.rules.as_ref().map(|rules| rules::load(rules, asked.quiet, asked.verbose)).transpose()?;
    let question = Tables::new(&[view.table], asked.window, asked.program(), asked.memory())
        .with_paths(asked.seen_paths)
        .with_rules(rules.as_ref());
    let mut printer = Printer::new(view)?;
    let (mut events, mut counts) = (0, Box::new([0; CODES]));
    let outcome = captures::each(&asked.traces, asked.quiet, |name, capture, progress| {
        let zone = zone(&capture, view.utc);
        let answer = question.ask(capture, asked.threads(), &|bytes| progress.advance(bytes));
        let answer = answer.map_err(|error| Failure::io(format!("{name}: {error}")))?;
        let ended = diagnostics::ended(name, &answer.report, answer.error.as_ref(), asked.verbose);
        events += answer.events;
        counts.iter_mut().zip(&*answer.counts).for_each(|(sum, count)| *sum += count);
        let written = printer.answer(name, zone.as_deref(), answer);
        let is_closed = matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        finish(written)?;
        Ok((ended, if is_closed { Next::Stop } else { Next::GoOn }))
    })?;
    let is_part = asked.window != tercel_replay::Window::default();
    let counts_events = ![Table::Fds, Table::ProcessTree].contains(&view.table)
        && asked.window.from.is_none_or(|from| asked.window.to != Some(from));
    if events == 0 && counts_events && (is_part || asked.filter.is_some()) && !asked.quiet {
        let filter_text = asked.filter.as_ref().map(|filter| filter.text.as_str());
        eprintln!("warning: {}", nothing::text(&asked.traces, is_part, filter_text, Some(&counts)));
    }
    finish(printer.finish()).map(|done| done.max(outcome))
}

/// As for all verbs, with what could not be written.
fn finish(written: io::Result<()>) -> Result<Outcome, Failure> {
    crate::finish(
        written.map_err(|error| io::Error::new(error.kind(), format!("cannot write rows: {error}"))),
    )
}

/// The local time of the recorded host.
fn zone(capture: &Capture, utc: bool) -> Option<Arc<Zone>> {
    capture.header().filter(|_| !utc).map(|header| Arc::new(header.zone.clone()))
}

/// Prints the rows of captures, one after the other.
struct Printer<'a> {
    view: &'a View,
    out: Out,
    names_files: bool,
}

enum Out {
    Lines(BufWriter<Box<dyn Write>>),
    Csv(Box<CsvLines<BufWriter<Box<dyn Write>>>>),
}

impl<'a> Printer<'a> {
    fn new(view: &'a View) -> Result<Printer<'a>, Failure> {
        let out = BufWriter::new(Box::new(io::stdout()) as Box<dyn Write>);
        let names_files = view.asked.traces.len() > 1
            || view.asked.traces.iter().any(|trace| matches!(trace, Input::File(path) if path.is_dir()));
        let out = match view.face {
            Face::Csv => {
                let lines = CsvLines::new(out, view.table.info(), &view.columns, names_files);
                Out::Csv(Box::new(lines.map_err(Failure::io)?))
            }
            Face::Text | Face::Json => Out::Lines(out),
        };
        Ok(Printer { view, out, names_files })
    }

    fn answer(&mut self, name: &str, zone: Option<&Zone>, answer: Answer) -> io::Result<()> {
        let rows: Vec<Row> = answer.tables.into_iter().flat_map(|(_, rows)| rows).collect();
        let (view, info) = (self.view, self.view.table.info());
        let file = self.names_files.then_some(name);
        if let (Shape::Histogram, Face::Text, Out::Lines(out)) = (view.shape, view.face, &mut self.out) {
            if let Some(file) = file {
                writeln!(out, "== {file}")?;
            }
            histogram::print(out, info, &rows, zone)?;
        }
        let rows = self.arranged(rows);
        match &mut self.out {
            Out::Csv(lines) => rows.iter().try_for_each(|row| lines.row(file, row)),
            Out::Lines(out) if view.face == Face::Json => {
                let mut line = String::new();
                for row in &rows {
                    line.clear();
                    tables::push_json(info, &view.columns, file, row, &mut line);
                    writeln!(out, "{line}")?;
                }
                Ok(())
            }
            Out::Lines(out) => {
                if let Some(file) = file.filter(|_| view.shape != Shape::Histogram) {
                    writeln!(out, "== {file}")?;
                }
                let table = text::Lines { info, columns: &view.columns, zone };
                match view.shape {
                    Shape::Rows | Shape::Histogram => table.print(out, &rows),
                    Shape::Tree => table.print_tree(out, &rows, &tree::arrange(info, &rows)),
                    Shape::Indented => table.print_tree(out, &rows, &tree::indent(info, &rows)),
                }
            }
        }
    }

    /// Groups, orders and limits rows.
    fn arranged(&self, mut rows: Vec<Row>) -> Vec<Row> {
        let view = self.view;
        if !view.by.is_empty() {
            rows = tables::group(view.table.info(), rows, &view.by);
        }
        if let Some((column, descends)) = view.sort {
            tables::sort(&mut rows, column, descends);
        }
        rows.truncate(view.limit.unwrap_or(usize::MAX));
        rows
    }

    fn finish(self) -> io::Result<()> {
        match self.out {
            Out::Lines(mut out) => out.flush(),
            Out::Csv(lines) => lines.finish(),
        }
    }
}
