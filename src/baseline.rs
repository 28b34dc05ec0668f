//! `tercel baseline`: captures are learnt from, or compared with what was learnt.

use std::fs;
use std::io::{self, BufWriter, Write};

use tercel_analysis::baseline::{self, Baseline, Learner, NEW};
use tercel_analysis::tables::{self, Answer, Cell, CsvLines, Row, Tables};
use tercel_format::trace::Zone;
use tercel_rules::files::contents;

use crate::captures::{self, Next};
use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::inputs::paths;
use crate::intent::{Asked, Compare, Face, Learn};
use crate::screen;
use crate::target::refuse_overwriting;

/// Asks captures for what a baseline is made from.
fn each(
    args: &Asked,
    mut work: impl FnMut(&str, Option<Zone>, &Answer) -> Result<Next, Failure>,
) -> Result<Outcome, Failure> {
    let question =
        Tables::new(baseline::TABLES, args.window, args.program(), args.memory()).with_paths(args.seen_paths);
    captures::each(&args.traces, args.quiet, |name, capture, progress| {
        let zone = capture.header().map(|header| header.zone.clone());
        let answer = question.ask(capture, args.threads(), &|bytes| progress.advance(bytes));
        let answer = answer.map_err(|error| Failure::io(format!("{name}: {error}")))?;
        let ended = diagnostics::ended(name, &answer.report, answer.error.as_ref(), args.verbose);
        Ok((ended, work(name, zone, &answer)?))
    })
}

/// Runs `tercel baseline learn`.
pub fn learn(args: &Learn) -> Result<Outcome, Failure> {
    refuse_overwriting(&args.output, paths(&args.from.traces))?;
    let mut learner = Learner::default();
    let outcome = each(&args.from, |name, _, answer| {
        learner.add(answer).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        Ok(Next::GoOn)
    })?;
    let learnt = learner.finish();
    let name = args.output.display();
    fs::write(&args.output, learnt.write()).map_err(|error| Failure::io(format!("{name}: {error}")))?;
    if !args.from.quiet {
        let (facts, captures) = learnt.size();
        eprintln!("{name}: {} of {}", counted(facts as u64, "fact"), counted(captures, "capture"));
    }
    Ok(outcome)
}

/// Runs `tercel baseline diff`.
pub fn compare(args: &Compare) -> Result<Outcome, Failure> {
    let name = args.baseline.display();
    let bytes = contents(&args.baseline).map_err(|error| Failure::io(format!("{name}: {error}")))?;
    let known = Baseline::read(&bytes).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let names_files = args.with.traces.len() > 1;
    let mut csv = match args.face {
        Face::Csv => {
            let columns: Vec<usize> = (0..NEW.columns.len()).collect();
            Some(CsvLines::new(Vec::new(), &NEW, &columns, names_files).map_err(Failure::io)?)
        }
        Face::Text | Face::Json => None,
    };
    let outcome = each(&args.with, |file, zone, answer| {
        let mut rows = known.diff(answer);
        rows.truncate(args.limit.unwrap_or(usize::MAX));
        let file = names_files.then_some(file);
        let written = match &mut csv {
            Some(lines) => rows.iter().try_for_each(|row| lines.row(file, row)),
            None => print(&mut out, args, file, zone.as_ref().filter(|_| !args.utc), &rows),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Next::Stop),
            other => other.map(|()| Next::GoOn).map_err(Failure::io),
        }
    })?;
    let rest = csv.map_or(Ok(Vec::new()), CsvLines::into_inner);
    crate::finish(rest.and_then(|rest| out.write_all(&rest)).and_then(|()| out.flush()))
        .map(|done| done.max(outcome))
}

fn print(
    out: &mut dyn Write,
    args: &Compare,
    file: Option<&str>,
    zone: Option<&Zone>,
    rows: &[Row],
) -> io::Result<()> {
    if args.face == Face::Json {
        let columns: Vec<usize> = (0..NEW.columns.len()).collect();
        let mut line = String::new();
        return rows.iter().try_for_each(|row| {
            line.clear();
            tables::push_json(&NEW, &columns, file, row, &mut line);
            writeln!(out, "{line}")
        });
    }
    if let Some(file) = file {
        writeln!(out, "== {file}")?;
    }
    let width = screen::of_stdout().columns;
    (1..).zip(rows).try_for_each(|(rank, row)| out.write_all(lines(rank, row, zone, width).as_bytes()))
}

/// What a line below the first of a row begins with.
const INDENT: &str = "      ";

/// Most things that a row lists for people.
const LISTED: usize = 100;

/// A row for people: what happened; what it covers; who did it first; why it is rare.
fn lines(rank: usize, row: &Row, zone: Option<&Zone>, width: usize) -> String {
    let shown = |name: &str| {
        let mut text = String::new();
        let cell = NEW.column(name).map_or(&Cell::Null, |at| &row[at]);
        tables::push_text(cell, zone, &mut text);
        text
    };
    let image = match shown("image").as_str() {
        "-" => String::new(),
        image => format!(" ({image})"),
    };
    let mut out =
        format!("{rank:>3}.  {}{image}  [{} {}]\n", shown("summary"), shown("kind"), shown("score"));
    let covers = shown("covers");
    let names: Vec<&str> = covers.split(", ").collect();
    if names.len() > 1 || shown("kind") == "write" || shown("kind") == "read" {
        wrapped(names.iter().take(LISTED).copied(), ", ", width, &mut out);
    }
    if names.len() > LISTED {
        out.push_str(&format!("{INDENT}and {} more (--json)\n", names.len() - LISTED));
    }
    out.push_str(&format!("{INDENT}first: {} {} {}\n", shown("first"), shown("pid"), shown("cmdline")));
    wrapped(shown("why").split("; "), "; ", width, &mut out);
    out
}

/// Appends pieces with `between` them in lines of a width.
fn wrapped<'a>(pieces: impl Iterator<Item = &'a str>, between: &str, width: usize, out: &mut String) {
    let mut column = 0;
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let piece = if pieces.peek().is_some() { format!("{piece}{between}") } else { piece.to_owned() };
        let length = piece.trim_end().chars().count();
        if column > 0 && column + length > width {
            out.truncate(out.trim_end().len());
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(INDENT);
            column = INDENT.len();
        }
        out.push_str(&piece);
        column += piece.chars().count();
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_wrapped() {
        let mut text = String::new();
        wrapped(["one", "two", "three", "fourteen letters"].into_iter(), ", ", 16, &mut text);
        assert_eq!(text, "      one, two,\n      three,\n      fourteen letters\n");
    }
}
