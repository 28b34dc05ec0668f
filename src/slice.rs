//! `tercel slice`: a part of a capture is written to a new trace.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use tercel_format::Block;
use tercel_format::series::{Names, PatternError};
use tercel_format::trace::Header;
use tercel_recording::{CaptureWriter, Error};
use tercel_replay::keep::{Scope, SliceCounts, Slicer};
use tercel_replay::scan::{Needs, Visitor, scan};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Point, Window};

use crate::captures;
use crate::convert::{close, note_signatures, tell};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::{Slice, Write};
use crate::progress::Progress;
use crate::span::Span;
use crate::summary::left_out_text;
use crate::target;

/// Runs the verb.
pub fn run(args: &Slice) -> Result<Outcome, Failure> {
    match args.every {
        None => one(args, args.window, &args.write),
        Some(every) => several(args, every),
    }
}

/// A slice per time of this length, each complete on its own.
fn several(args: &Slice, every: Duration) -> Result<Outcome, Failure> {
    let input = std::slice::from_ref(&args.input);
    let span = Span::of(input, true)?;
    let bound = |point: Option<Point>, open: u64| match point {
        None => Ok(open),
        Some(Point::Absolute(ts)) => Ok(ts),
        Some(Point::Relative(ns)) => Ok(span.first.saturating_add(ns)),
        Some(Point::Event(_)) => Err(Failure::usage("-G splits by time: give --from and --to as times, too")),
    };
    let from = bound(args.window.from, span.first)?;
    let to = bound(args.window.to, span.last.saturating_add(1))?;
    let every = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).max(1);
    if (to.saturating_sub(from)).div_ceil(every) > FILES {
        return Err(Failure::usage(format!("-G would make more than {FILES} files; give a longer time")));
    }
    let named = |error: PatternError| Failure::usage(error);
    let mut names = Names::new(&args.write.path, TimeZone::system(), true, None).map_err(named)?;
    let (mut outcome, mut at) = (Outcome::Done, from);
    while at < to {
        let end = at.saturating_add(every).min(to);
        let path = names.next(at).map_err(named)?;
        let window = Window { from: Some(Point::Absolute(at)), to: Some(Point::Absolute(end)) };
        outcome = outcome.max(one(args, window, &Write { path, ..args.write.clone() })?);
        at = end;
    }
    Ok(outcome)
}

/// Most files of one slice.
const FILES: u64 = 10_000;

/// One slice.
fn one(args: &Slice, window: Window, write: &Write) -> Result<Outcome, Failure> {
    let input = &args.input;
    let mut writer = target::writer(write, std::slice::from_ref(input))?;
    writer.keep_numbers();
    let length = length(input);
    let progress = Progress::new(&input.name(), length, args.quiet);
    let started = Instant::now();
    let mut capture = captures::open(input, &progress)?;
    note_signatures(&input.name(), &capture, write, args.quiet);
    let header = capture.header().cloned().unwrap_or_default();
    let filter = both(&header.filter, args.filter.as_ref().map_or("", |filter| filter.text.as_str()));
    writer.describe(Header { filter, ..header }, input.name());
    let scope = Scope::default().filtered(args.filter.as_ref().map(|filter| &filter.program));
    let limited = Limited { writer, left: args.limit.unwrap_or(u64::MAX) };
    let mut slicer = Slicer::new(limited, scope, window);
    let needs = Needs::span(window);
    let findings = scan(&mut capture, &needs, &mut slicer, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let skipped = findings.skipped;
    let (Limited { writer, .. }, counts) = slicer.finish();
    let name = writer.name();
    let written = close(writer)?;
    if !args.quiet {
        report(&name, &counts);
        if let Some(text) = left_out_text(skipped, false) {
            eprintln!("{}: {text}", input.name());
        }
        tell(&name, &written, length, started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

/// Writes as many events as there may be.
struct Limited {
    writer: CaptureWriter,
    left: u64,
}

impl Visitor for Limited {
    type Error = Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Error> {
        if let Block::Event(event) = block
            && !event.state_only
            && !event.initial
        {
            if self.left == 0 {
                return Ok(false);
            }
            self.left -= 1;
        }
        Visitor::block(&mut self.writer, block)?;
        Ok(self.left > 0)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Error> {
        Visitor::resume(&mut self.writer, state, point)
    }

    fn dropped(&mut self, count: u64) {
        Visitor::dropped(&mut self.writer, count);
    }
}

/// Joins two filters, one of which may be empty.
fn both(one: &str, other: &str) -> String {
    match (one, other) {
        ("", only) | (only, "") => only.to_owned(),
        (one, other) => format!("({one}) and ({other})"),
    }
}

/// Prints the counts of the events of the window.
fn report(name: &str, counts: &SliceCounts) {
    let SliceCounts { kept, for_state, left_out } = counts;
    if *kept == 0 {
        eprintln!("{name}: no event in the window matches the filter");
    }
    let kept = diagnostics::events(*kept);
    eprintln!("{name}: {kept} kept, {for_state} more as state only, {left_out} left out");
}
