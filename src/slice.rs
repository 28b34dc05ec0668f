//! `tercel slice`: a part of a capture is written to a new trace.

use std::time::Instant;

use tercel_format::trace::Header;
use tercel_replay::keep::{Scope, SliceCounts, Slicer};
use tercel_replay::scan::{Needs, scan};

use crate::captures;
use crate::convert::{close, note_signatures, tell};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::Slice;
use crate::progress::Progress;
use crate::summary::left_out_text;
use crate::target;

/// Runs the verb.
pub fn run(args: &Slice) -> Result<Outcome, Failure> {
    let input = &args.input;
    let mut writer = target::writer(&args.write, std::slice::from_ref(input))?;
    writer.keep_numbers();
    let length = length(input);
    let progress = Progress::new(&input.name(), length, args.quiet);
    let started = Instant::now();
    let mut capture = captures::open(input, &progress)?;
    note_signatures(&input.name(), &capture, &args.write, args.quiet);
    let header = capture.header().cloned().unwrap_or_default();
    let filter = both(&header.filter, args.filter.as_ref().map_or("", |filter| filter.text.as_str()));
    writer.describe(Header { filter, ..header }, input.name());
    let scope = Scope::default().filtered(args.filter.as_ref().map(|filter| &filter.program));
    let mut slicer = Slicer::new(writer, scope, args.window);
    let needs = Needs::span(args.window);
    let findings = scan(&mut capture, &needs, &mut slicer, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let skipped = findings.skipped;
    let (writer, counts) = slicer.finish();
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
