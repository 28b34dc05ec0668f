//! `tercel merge`: several captures become the sections of one, in the order of their first events. Their events are not
//! mixed: the same process number means different processes in different captures, so one state cannot hold both.

use std::time::Instant;

use tercel_format::trace::Header;
use tercel_format::{Block, Reader};

use crate::capture::{self, Capture};
use crate::cli::MergeArgs;
use crate::convert::{length, tell};
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, Trace};
use crate::progress::Progress;
use crate::target::Target;

/// A capture, and when it starts.
struct Part {
    input: Trace,
    first_ts: u64,
    header: Header,
}

/// Runs the verb.
pub fn run(args: &MergeArgs) -> Result<Outcome, Failure> {
    let (inputs, rest) = inputs::traces_and_filter(&args.traces)?;
    if let Some(word) = rest {
        return Err(Failure::io(format!("{word}: no such file or directory")));
    }
    if inputs.contains(&Trace::Stdin) {
        return Err(Failure::usage("merge reads captures twice; standard input cannot be one of them"));
    }
    let mut target = Target::of(&args.write, args.kind.to, &inputs)?;
    let mut parts = inputs.into_iter().map(look).collect::<Result<Vec<Part>, Failure>>()?;
    parts.sort_by_key(|part| part.first_ts);
    let names: Vec<String> = parts.iter().map(|part| part.input.name()).collect();
    target.describe(common(&parts), names.join(" "));
    let started = Instant::now();
    let mut outcome = Outcome::Done;
    let mut sum = 0;
    for part in &parts {
        let name = part.input.name();
        let progress = Progress::new(&name, length(&part.input), args.quiet);
        let mut capture = capture::open(&part.input, &progress)?;
        let passed = capture::pass(&mut capture, &name, &progress, &mut target, args.verbose);
        progress.finish();
        outcome = outcome.max(passed?);
        sum += length(&part.input).unwrap_or(0);
    }
    let name = target.name();
    let written = target.finish()?;
    if !args.quiet {
        tell(&name, &written, Some(sum), started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

/// Looks when a capture starts. What is damaged is told when it is read to the end.
fn look(input: Trace) -> Result<Part, Failure> {
    let progress = Progress::new("", None, true);
    let (first_ts, header) = match &mut capture::open(&input, &progress)? {
        Capture::Native(trace) => {
            let first = trace.chunks().iter().find(|chunk| chunk.descriptor.events > 0);
            (first.map(|chunk| chunk.descriptor.first_ts), trace.header().clone())
        }
        Capture::Stream(reader) => (first_event(reader), Header::default()),
    };
    // A capture without events goes to the end.
    Ok(Part { input, first_ts: first_ts.unwrap_or(u64::MAX), header })
}

fn first_event(reader: &mut Reader) -> Option<u64> {
    loop {
        match reader.next() {
            Ok(Some(Block::Event(event))) => return Some(event.ts),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return None,
        }
    }
}

/// What the header says of all parts: that of the first where all are of one host and boot, else nothing.
fn common(parts: &[Part]) -> Header {
    let Some(first) = parts.first() else { return Header::default() };
    let host = |part: &Part| (part.header.hostname.clone(), part.header.boot_ts, part.header.zone.clone());
    if parts.iter().all(|part| host(part) == host(first)) { first.header.clone() } else { Header::default() }
}
