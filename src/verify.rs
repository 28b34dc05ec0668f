//! `tercel verify`: native traces are read as a whole and compared with their digests; the first break of each is told.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tercel_format::trace::{TraceError, Verdict, verify};
use tercel_replay::scan::{KeyframeVerdict, verify_keyframes};

use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::{Input, length};
use crate::intent::Verify;
use crate::progress::Progress;

/// Runs the verb.
pub fn run(args: &Verify) -> Result<Outcome, Failure> {
    if args.traces.contains(&Input::Stdin) {
        return Err(Failure::usage("verify needs files; standard input cannot be read from its end"));
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

/// How a trace is, and what is printed of it.
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
        let before =
            format!("{} chunks with {} events before it are as written", verdict.chunks, verdict.events);
        return Ok((Outcome::Damaged, vec![format!("BROKEN: {first}"), before]));
    }
    if let Some(expected) = args.seal.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(&seal)) {
        let line = format!("BROKEN: the seal is {seal}, not {expected}: this is another trace");
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
    lines.push(format!("whole: {} chunks, {} events, seal {seal}", verdict.chunks, verdict.events));
    if verdict.unknown > 0 {
        lines.push(format!("{} bytes of unknown sections, which no digest covers", verdict.unknown));
    }
    Ok((Outcome::Done, if args.quiet { Vec::new() } else { lines }))
}

/// What a comparison of the keyframes found.
fn compared(verdict: &KeyframeVerdict) -> Found {
    let KeyframeVerdict { right, foreign, first_wrong } = verdict;
    if let Some((chunk, reason)) = first_wrong {
        let wrong = format!("BROKEN: keyframe of chunk {chunk}: {reason}");
        return (Outcome::Damaged, vec![wrong, format!("{right} keyframes before it are right")]);
    }
    let mut lines = vec![format!("{right} keyframes are right")];
    if *foreign > 0 {
        let foreign = "keyframes are of other versions of the state engine and are not used";
        lines.push(format!("{} {foreign}", verdict.foreign));
    }
    (Outcome::Done, lines)
}

fn seal(verdict: &Verdict) -> String {
    verdict.seal.as_ref().map(|seal| hex(seal)).unwrap_or_default()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
