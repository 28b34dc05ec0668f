//! `tercel verify`: native traces are read as a whole and compared with their digests; the first break of each is told.

use std::path::Path;

use tercel_format::trace::{Trace as Native, TraceError, Verdict, verify};
use tercel_replay::{KeyframeVerdict, verify_keyframes};

use crate::capture;
use crate::cli::VerifyArgs;
use crate::convert::length;
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, Trace};
use crate::progress::Progress;

/// Runs the verb.
pub fn run(args: &VerifyArgs) -> Result<Outcome, Failure> {
    let (inputs, rest) = inputs::traces_and_filter(&args.traces)?;
    if let Some(word) = rest {
        return Err(Failure::io(format!("{word}: no such file or directory")));
    }
    if args.seal.is_some() && inputs.len() != 1 {
        return Err(Failure::usage("--seal is for one trace"));
    }
    let mut outcome = Outcome::Done;
    for input in &inputs {
        outcome = outcome.max(one(input, args)?);
    }
    Ok(outcome)
}

fn one(input: &Trace, args: &VerifyArgs) -> Result<Outcome, Failure> {
    let name = input.name();
    let Trace::File(path) = input else {
        return Err(Failure::usage("verify needs a file; standard input cannot be read from its end"));
    };
    let progress = Progress::new(&name, length(input), args.quiet);
    let verdict = verify(capture::file(path)?, |offset| progress.at(offset));
    progress.finish();
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(error) => return Err(capture::failure(&name, &error)),
    };
    if let Some(first) = &verdict.first_break {
        println!("{name}: BROKEN: {first}");
        println!("{name}: {} chunks with {} events before it are as written", verdict.chunks, verdict.events);
        return Ok(Outcome::Damaged);
    }
    let seal = seal(&verdict);
    if let Some(expected) = args.seal.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(&seal)) {
        println!("{name}: BROKEN: the seal is {seal}, not {expected}: this is another trace");
        return Ok(Outcome::Damaged);
    }
    if args.keyframes && keyframes(path, &name, args)? == Outcome::Damaged {
        return Ok(Outcome::Damaged);
    }
    if !args.quiet {
        println!("{name}: whole: {} chunks, {} events, seal {seal}", verdict.chunks, verdict.events);
        if verdict.unknown > 0 {
            println!("{name}: {} bytes of unknown sections, which no digest covers", verdict.unknown);
        }
    }
    Ok(Outcome::Done)
}

/// Compares the keyframes of a trace whose bytes are as they were written.
fn keyframes(path: &Path, name: &str, args: &VerifyArgs) -> Result<Outcome, Failure> {
    let failed = |error: &TraceError| capture::failure(name, error);
    let trace = Native::open(capture::file(path)?).map_err(|error| failed(&error))?;
    let progress = Progress::new(name, Some(trace.length()), args.quiet);
    let verdict = verify_keyframes(&trace, |offset| progress.at(offset));
    progress.finish();
    let KeyframeVerdict { right, foreign, first_wrong } = verdict.map_err(|error| failed(&error))?;
    if let Some((chunk, reason)) = first_wrong {
        println!("{name}: BROKEN: keyframe of chunk {chunk}: {reason}");
        println!("{name}: {right} keyframes before it are right");
        return Ok(Outcome::Damaged);
    }
    if !args.quiet {
        println!("{name}: {right} keyframes are right");
        if foreign > 0 {
            println!(
                "{name}: {foreign} keyframes are of other versions of the state engine and are not used"
            );
        }
    }
    Ok(Outcome::Done)
}

fn seal(verdict: &Verdict) -> String {
    verdict.seal.as_ref().map(|seal| hex(seal)).unwrap_or_default()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
