//! `tercel slice`: a part of a capture is written to a new trace.

use std::convert::Infallible;
use std::time::Instant;

use jiff::tz::TimeZone;
use tercel_format::series::{Names, Series};
use tercel_format::trace::Header;
use tercel_format::{Block, Capture};
use tercel_recording::{CaptureWriter, Error, Files, Sums};
use tercel_replay::keep::{Kin, Others, Scope, SliceCounts, Slicer};
use tercel_replay::scan::{Needs, Visitor, infallible, scan};
use tercel_replay::state::{ResumePoint, State};

use crate::captures;
use crate::convert::{close, note_signatures, tell, unsigned};
use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::{Slice, Write};
use crate::progress::Progress;
use crate::span::Span;
use crate::summary::left_out_text;
use crate::target;

/// Most files of one slice.
const FILES: u64 = 10_000;

/// Runs the verb.
pub fn run(args: &Slice) -> Result<Outcome, Failure> {
    if args.rotation.rotates() { several(args) } else { one(args) }
}

/// A slice in one file.
fn one(args: &Slice) -> Result<Outcome, Failure> {
    let writer = target::writer(&args.write, std::slice::from_ref(&args.input))?;
    let started = Instant::now();
    let Made { output, outcome, name } = make(args, writer, Ok)?;
    let written = close(output)?;
    if !args.quiet {
        tell(&name, &written, length(&args.input), started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

/// A slice in files that follow one another, each complete on its own.
fn several(args: &Slice) -> Result<Outcome, Failure> {
    let is_timed = args.write.path.to_string_lossy().contains('%');
    let first = if is_timed { Span::of(std::slice::from_ref(&args.input), true)?.first } else { 0 };
    let limit = args.rotation.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    // A chunk leaves as a whole: as large as a file may be, it would be all of it.
    let write = Write { chunk: args.write.chunk.min((limit / 2).max(CHUNK)), ..args.write.clone() };
    let names = Names::new(&write.path, TimeZone::system(), true, None).map_err(Failure::usage)?;
    let series = Series::new(names, args.rotation, write.creation).map_err(Error::from)?;
    let writer = target::writer_of_series(&write, std::slice::from_ref(&args.input))?;
    let Made { output, outcome, name } = make(args, writer, |writer| {
        let mut files = Files::new(writer, series);
        files.open(first)?;
        Ok(Few(files))
    })?;
    let sums = output.0.finish().map_err(|broken| broken.error)?;
    if sums.unsigned > 0 {
        return Err(unsigned(&name));
    }
    if !args.quiet {
        let Sums { files, bytes, .. } = sums;
        eprintln!("{name}: {} of {} together", counted(files, "file"), counted(bytes, "byte"));
    }
    Ok(outcome)
}

/// The smallest chunks that files of a limited size get.
const CHUNK: usize = 16 << 10;

/// A slice that was written, but for its end.
struct Made<V> {
    output: V,
    outcome: Outcome,
    name: String,
}

/// Writes a slice to what `open` makes of the writer.
fn make<V>(
    args: &Slice,
    mut writer: CaptureWriter,
    open: impl FnOnce(CaptureWriter) -> Result<V, Failure>,
) -> Result<Made<V>, Failure>
where
    V: Visitor,
    Failure: From<V::Error>,
{
    let input = &args.input;
    writer.keep_numbers();
    let name = writer.name();
    let progress = Progress::new(&input.name(), length(input), args.quiet);
    let mut capture: Capture = captures::open(input, &progress)?;
    note_signatures(&input.name(), &capture, &args.write, args.quiet);
    let header = capture.header().cloned().unwrap_or_default();
    let filter = both(&header.filter, args.filter.as_ref().map_or("", |filter| filter.text.as_str()));
    writer.describe(Header { filter, ..header }, input.name());
    let others = if args.only { Others::LeftOut(kin(args)?) } else { Others::Kept };
    let limited = Limited { output: open(writer)?, left: args.limit.unwrap_or(u64::MAX) };
    let mut slicer = Slicer::new(limited, scope(args), args.window).with_others(others);
    let findings =
        scan(&mut capture, &Needs::span(args.window), &mut slicer, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let (Limited { output, .. }, counts) = slicer.finish();
    if !args.quiet {
        report(&name, &counts);
        if let Some(text) = left_out_text(findings.skipped, false) {
            eprintln!("{}: {text}", input.name());
        }
    }
    Ok(Made { output, outcome, name })
}

/// Files that follow one another, but not too many.
struct Few(Files);

impl Visitor for Few {
    type Error = Failure;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Failure> {
        if self.0.sums().files > FILES {
            let reason =
                format!("the slice has more than {FILES} files; give a larger size or a longer time");
            return Err(Failure::usage(reason));
        }
        Ok(Visitor::block(&mut self.0, block)?)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Failure> {
        Ok(Visitor::resume(&mut self.0, state, point)?)
    }

    fn dropped(&mut self, count: u64) {
        Visitor::dropped(&mut self.0, count);
    }
}

/// The events that are wanted.
fn scope(args: &Slice) -> Scope {
    Scope::default().filtered(args.filter.as_ref().map(|filter| &filter.program))
}

/// What the events of a slice depend on: a first pass over the capture. Its damage is reported by the second one.
fn kin(args: &Slice) -> Result<Kin, Failure> {
    let progress = Progress::new(&args.input.name(), length(&args.input), args.quiet);
    let mut capture = captures::open(&args.input, &progress)?;
    let limited = Limited { output: Unwritten, left: args.limit.unwrap_or(u64::MAX) };
    let mut slicer =
        Slicer::new(limited, scope(args), args.window).with_others(Others::Sought(Kin::default()));
    infallible(scan(&mut capture, &Needs::span(args.window), &mut slicer, &|bytes| progress.advance(bytes)));
    progress.finish();
    Ok(slicer.into_kin().unwrap_or_default())
}

/// Takes a slice that is not written.
struct Unwritten;

impl Visitor for Unwritten {
    type Error = Infallible;

    fn block(&mut self, _: &Block<'_>) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn resume(&mut self, _: State, _: ResumePoint) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Passes on as many events as there may be.
struct Limited<V> {
    output: V,
    left: u64,
}

impl<V: Visitor> Visitor for Limited<V> {
    type Error = V::Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, V::Error> {
        if let Block::Event(event) = block
            && !event.state_only
            && !event.initial
        {
            if self.left == 0 {
                return Ok(false);
            }
            self.left -= 1;
        }
        Ok(self.output.block(block)? && self.left > 0)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), V::Error> {
        self.output.resume(state, point)
    }

    fn dropped(&mut self, count: u64) {
        self.output.dropped(count);
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
