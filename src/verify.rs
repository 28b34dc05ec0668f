//! `tercel verify`: native traces are read from start to end and compared with their digests; the first error of each is printed.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tercel_format::trace::{TraceError, Verdict, verify};
use tercel_replay::scan::{KeyframeVerdict, verify_keyframes};

use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::inputs::{Input, length};
use crate::intent::Verify;
use crate::progress::Progress;

/// Runs the verb.
pub fn run(args: &Verify) -> Result<Outcome, Failure> {
    if args.traces.contains(&Input::Stdin) {
        return Err(Failure::usage("verify needs files; it cannot read standard input"));
    }
    let (mut outcome, mut out) = (Outcome::Done, io::stdout().lock());
    for input in &args.traces {
        let Input::File(path) = input else { continue };
        let (one, lines) = match look(path, &input.name(), args) {
            Ok(found) => found,
            Err(failure) => (diagnostics::failed(&failure), Vec::new()),
        };
        outcome = outcome.max(one);
        let written = lines.iter().try_for_each(|line| writeln!(out, "{}: {line}", input.name()));
        let is_closed = written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        crate::finish(written)?;
        if is_closed {
            break;
        }
    }
    Ok(outcome)
}

/// The outcome for a trace, and the lines to print.
type Found = (Outcome, Vec<String>);

fn look(path: &Path, name: &str, args: &Verify) -> Result<Found, Failure> {
    let failed = |error: &TraceError| diagnostics::unread(name, error);
    let open = || File::open(path).map_err(|error| Failure::io(format!("{name}: {error}")));
    let progress = || Progress::new(name, length(&Input::File(path.to_owned())), args.quiet);
    let bar = progress();
    let verdict = verify(open()?, |offset| bar.at(offset));
    bar.finish();
    let verdict = verdict.map_err(|error| failed(&error))?;
    let seal = seal(&verdict);
    if let Some(first) = &verdict.first_break {
        let before = format!("intact before it: {}", sum(verdict.chunks, verdict.events));
        return Ok((Outcome::Damaged, vec![format!("FAILED: {first}"), before]));
    }
    if let Some(expected) = args.seal.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(&seal)) {
        let line = format!("FAILED: the seal is {seal}, not {expected}: this is another trace");
        return Ok((Outcome::Damaged, vec![line]));
    }
    let mut lines = Vec::new();
    if args.keyframes {
        let progress = progress();
        let keyframes = verify_keyframes(open()?, |offset| progress.at(offset));
        progress.finish();
        let keyframes = keyframes.map_err(|error| failed(&error))?;
        let (outcome, found) = compared(&keyframes);
        lines.extend(found);
        if outcome != Outcome::Done {
            return Ok((outcome, lines));
        }
    }
    lines.push(format!("intact: {}, seal {seal}", sum(verdict.chunks, verdict.events)));
    if verdict.unknown > 0 {
        lines.push(format!(
            "{} of unknown sections are covered by no digest",
            counted(verdict.unknown, "byte")
        ));
    }
    Ok((Outcome::Done, if args.quiet { Vec::new() } else { lines }))
}

/// The result of a comparison of the keyframes.
fn compared(verdict: &KeyframeVerdict) -> Found {
    let KeyframeVerdict { right, foreign, first_wrong } = verdict;
    if let Some((chunk, reason)) = first_wrong {
        let wrong = format!("FAILED: keyframe of chunk {chunk}: {reason}");
        return (
            Outcome::Damaged,
            vec![wrong, format!("correct before it: {}", counted(*right, "keyframe"))],
        );
    }
    let mut lines = vec![format!("correct: {}", counted(*right, "keyframe"))];
    if *foreign > 0 {
        let foreign = counted(*foreign, "keyframe");
        lines.push(format!("not used: {foreign} of another version of the state engine"));
    }
    (Outcome::Done, lines)
}

fn sum(chunks: u64, events: u64) -> String {
    format!("{}, {}", counted(chunks, "chunk"), counted(events, "event"))
}

fn seal(verdict: &Verdict) -> String {
    verdict.seal.as_ref().map(|seal| hex(seal)).unwrap_or_default()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
