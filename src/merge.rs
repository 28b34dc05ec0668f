//! `tercel merge`: several captures become the sections of one, in the order of their first events. Their events are not
//! mixed: the same process number means different processes in different captures, so one state cannot hold both.

use std::time::Instant;

use tercel_format::trace::{Header, Totals};
use tercel_format::{Block, Capture, Reader};
use tercel_replay::scan::{Needs, scan};

use crate::captures::{self, Next};
use crate::convert::{close, note_signatures, tell};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::{Input, length};
use crate::intent::Merge;
use crate::target;

/// A capture, and when it starts.
struct Part {
    input: Input,
    first_ts: u64,
    header: Header,
}

/// Runs the verb.
pub fn run(args: &Merge) -> Result<Outcome, Failure> {
    let mut writer = target::writer(&args.write, &args.traces)?;
    let (mut parts, mut at) = (Vec::new(), args.traces.iter());
    let mut outcome = captures::each(&args.traces, true, |name, capture, _| {
        // Captures that cannot be opened are skipped.
        note_signatures(name, &capture, &args.write, args.quiet);
        let input = at.by_ref().find(|input| input.name() == name);
        parts.extend(input.map(|input| look(input.clone(), capture)));
        Ok((Outcome::Done, Next::GoOn))
    })?;
    if parts.is_empty() {
        return Ok(outcome);
    }
    parts.sort_by_key(|part| part.first_ts);
    let names: Vec<String> = parts.iter().map(|part| part.input.name()).collect();
    writer.describe(common(&parts), names.join(" "));
    let started = Instant::now();
    let sum = parts.iter().filter_map(|part| length(&part.input)).sum();
    let sorted: Vec<Input> = parts.into_iter().map(|part| part.input).collect();
    let passed = captures::each(&sorted, args.quiet, |name, mut capture, progress| {
        let findings = scan(&mut capture, &Needs::ALL, &mut writer, &|bytes| progress.advance(bytes))?;
        let ended = diagnostics::ended(name, &findings.report, findings.error.as_ref(), args.verbose);
        Ok((ended, Next::GoOn))
    })?;
    outcome = outcome.max(passed);
    let name = writer.name();
    let written = close(writer)?;
    if !args.quiet {
        tell(&name, &written, Some(sum), started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

/// Finds out when a capture starts. Damage is printed later, when the capture is read to the end.
fn look(input: Input, mut capture: Capture) -> Part {
    let header = capture.header().cloned().unwrap_or_default();
    let first_ts = match &mut capture {
        Capture::Native(trace) => Totals::of(trace.chunks()).span.map(|(first, _)| first),
        Capture::Stream(reader) => first_event(reader),
    };
    // A capture without events goes to the end.
    Part { input, first_ts: first_ts.unwrap_or(u64::MAX), header }
}

fn first_event(reader: &mut Reader) -> Option<u64> {
    loop {
        match reader.next() {
            // Old recorders gave no time to the events that list containers.
            Ok(Some(Block::Event(event))) if event.ts != 0 => return Some(event.ts),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return None,
        }
    }
}

/// The common header of all parts: that of the first if all are of one host and boot, otherwise an empty one.
fn common(parts: &[Part]) -> Header {
    let Some(first) = parts.first() else { return Header::default() };
    let host = |part: &Part| (part.header.hostname.clone(), part.header.boot_ts, part.header.zone.clone());
    if parts.iter().all(|part| host(part) == host(first)) { first.header.clone() } else { Header::default() }
}
