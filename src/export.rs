//! `tercel export`: events with chosen fields, or tables, leave as Parquet, JSON lines or CSV, or as objects of a public schema.

#[cfg(feature = "parquet")]
mod parquet;
mod sink;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tercel_analysis::activity::{self, Activity};
use tercel_analysis::events::{EventField, Events};
use tercel_analysis::tables::{Table, Tables};
use tercel_format::Capture;
use tercel_replay::{Alerts, JsonSchema, Options, Style};
use tercel_rules::program::Program;

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, paths};
use crate::intent::{Export, Exported, Schema};
use crate::rules;
use crate::target::refuse_overwriting;
use sink::Sink;

/// Runs the verb.
pub fn run(args: &Export) -> Result<Outcome, Failure> {
    let out = output(args)?;
    match &args.what {
        Exported::Events(fields) => events(args, fields, out),
        Exported::Table(table) => table_rows(args, *table, out),
        Exported::Schema(schema) => objects(args, *schema, out),
    }
}

fn output(args: &Export) -> Result<Box<dyn Write + Send>, Failure> {
    let files =
        args.rules.as_ref().map(|rules| inputs::rule_files(&rules.files)).transpose()?.unwrap_or_default();
    let read = paths(&args.asked.traces).chain(files.iter().map(|file| Path::new(&file.name)));
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => {
            refuse_overwriting(Path::new("-"), read)?;
            Ok(Box::new(io::stdout()))
        }
        Some(path) => {
            refuse_overwriting(path, read)?;
            let created = File::create(path).map(|file| Box::new(file) as Box<dyn Write + Send>);
            created.map_err(|error| Failure::io(format!("{}: {error}", path.display())))
        }
    }
}

/// What could not be written; a closed pipe has no words and ends the reading.
fn written(done: io::Result<()>) -> Result<Next, Failure> {
    match done {
        Ok(()) => Ok(Next::GoOn),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Next::Stop),
        Err(error) => Err(Failure::io(format!("cannot write rows: {error}"))),
    }
}

fn events(args: &Export, fields: &[EventField], out: Box<dyn Write + Send>) -> Result<Outcome, Failure> {
    let asked = &args.asked;
    let question = Events::new(asked.window, asked.program(), fields.to_vec()).with_paths(asked.seen_paths);
    let mut sink = Sink::of_events(args.form, out, fields, names_files(args)).map_err(Failure::io)?;
    let outcome = captures::each(&args.asked.traces, args.asked.quiet, |name, capture, progress| {
        let mut take = |rows: Vec<_>| rows.iter().try_for_each(|row| sink.event(name, row));
        let read = question.ask(capture, args.asked.threads(), &|bytes| progress.advance(bytes), &mut take);
        let read = match read {
            Err(error) => return written(Err(error)).map(|next| (Outcome::Done, next)),
            Ok(read) => read,
        };
        let ended = diagnostics::ended(name, &read.report, read.error.as_ref(), args.asked.verbose);
        Ok((ended, Next::GoOn))
    })?;
    written(sink.finish()).map(|_| outcome)
}

/// The rules, if there are any.
fn program(args: &Export) -> Result<Option<Program>, Failure> {
    let load = |rules| rules::load(rules, args.asked.quiet, args.asked.verbose);
    args.rules.as_ref().map(load).transpose()
}

fn names_files(args: &Export) -> bool {
    args.asked.traces.len() > 1
}

fn table_rows(args: &Export, table: Table, out: Box<dyn Write + Send>) -> Result<Outcome, Failure> {
    let program = program(args)?;
    let asked = &args.asked;
    let question = Tables::new(&[table], asked.window, asked.program(), asked.memory())
        .with_paths(asked.seen_paths)
        .with_rules(program.as_ref());
    let mut sink = Sink::of_table(args.form, out, table.info(), names_files(args)).map_err(Failure::io)?;
    let outcome = captures::each(&args.asked.traces, args.asked.quiet, |name, capture, progress| {
        let answer = question.ask(capture, args.asked.threads(), &|bytes| progress.advance(bytes));
        let answer = answer.map_err(|error| Failure::io(format!("{name}: {error}")))?;
        let ended = diagnostics::ended(name, &answer.report, answer.error.as_ref(), args.asked.verbose);
        let mut rows = answer.tables.iter().flat_map(|(_, rows)| rows);
        let next = written(rows.try_for_each(|row| sink.row(name, table.info(), row)))?;
        Ok((ended, next))
    })?;
    written(sink.finish()).map(|_| outcome)
}

fn objects(args: &Export, schema: Schema, out: Box<dyn Write + Send>) -> Result<Outcome, Failure> {
    let program = program(args)?;
    let asked = &args.asked;
    let question = Tables::new(activity::TABLES, asked.window, asked.program(), asked.memory())
        .with_paths(asked.seen_paths);
    let mut out = BufWriter::new(out);
    let mut inputs = args.asked.traces.iter();
    let outcome = captures::each(&args.asked.traces, args.asked.quiet, |name, capture, progress| {
        let input = inputs.by_ref().find(|input| input.name() == name);
        let answer = question.ask(capture, args.asked.threads(), &|bytes| progress.advance(bytes));
        let answer = answer.map_err(|error| Failure::io(format!("{name}: {error}")))?;
        let ended = diagnostics::ended(name, &answer.report, answer.error.as_ref(), args.asked.verbose);
        let host = answer.host.as_str();
        let mut rows =
            answer.tables.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (*table, row)));
        let done = rows.try_for_each(|(table, row)| {
            let activity = Activity { table, row, host, version: env!("CARGO_PKG_VERSION") };
            let objects = match schema {
                Schema::Ocsf => activity::ocsf(&activity),
                Schema::Ecs => activity::ecs(&activity),
            };
            objects.iter().try_for_each(|object| writeln!(out, "{object}"))
        });
        if written(done)? == Next::Stop {
            return Ok((ended, Next::Stop));
        }
        if let (Some(program), Some(input)) = (&program, input) {
            let style = Style {
                json: true,
                schema: if schema == Schema::Ocsf { JsonSchema::Ocsf } else { JsonSchema::Ecs },
                ..Style::default()
            };
            let options =
                Options { from: args.asked.window.from, to: args.asked.window.to, ..Options::default() };
            let alerts = Alerts::new(program, asked.program(), options, style);
            let mut again = Again(Some(captures::open(input, progress)?));
            let mut lines = alerts.lines_to(&mut out);
            let ran =
                tercel_replay::scan::scan_all(&alerts, &mut again, args.asked.threads(), &mut lines, &|_| ());
            return written(ran).map(|next| (ended, next));
        }
        Ok((ended, Next::GoOn))
    })?;
    written(out.flush()).map(|_| outcome)
}

/// A capture that has been read, and is read again for its alerts.
struct Again(Option<Capture>);

impl tercel_replay::scan::Supply for Again {
    fn next(&mut self) -> Option<tercel_replay::scan::Opened> {
        let capture = self.0.take()?;
        Some(tercel_replay::scan::Opened { origin: tercel_replay::Origin::default(), capture })
    }

    fn ended(&mut self, _: tercel_replay::scan::Ended) {}
}
