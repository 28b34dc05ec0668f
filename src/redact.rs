//! `tercel redact`: a capture is rewritten without what the policy names. Keyframes are made from the state of the redacted blocks, so
//! that nothing else can be in them.

use std::time::Instant;

use tercel_analysis::redact::Redacted;
use tercel_replay::scan::{Needs, scan};

use crate::captures;
use crate::convert::{close, note_signatures, tell};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::Redact;
use crate::progress::Progress;
use crate::redaction;
use crate::target;

/// Runs the verb.
pub fn run(args: &Redact) -> Result<Outcome, Failure> {
    let input = &args.input;
    redaction::refuse_overwriting(&args.write.path, &args.redaction)?;
    let mut redactor = redaction::redactor(&args.redaction)?;
    let mut writer = target::writer(&args.write, std::slice::from_ref(input))?;
    writer.keep_numbers();
    let length = length(input);
    let progress = Progress::new(&input.name(), length, args.quiet);
    let started = Instant::now();
    let mut capture = captures::open(input, &progress)?;
    note_signatures(&input.name(), &capture, &args.write, args.quiet);
    writer.describe(capture.header().cloned().unwrap_or_default(), input.name());
    let header = writer.header().clone();
    writer.set_header(redactor.header(header.clone()));
    let mut copy = Redacted::new(redactor, writer)
        .starting(|redactor, writer| writer.set_header(redactor.header(header)));
    let findings = scan(&mut capture, &Needs::ALL, &mut copy, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let writer = copy.finish()?;
    let name = writer.name();
    let written = close(writer)?;
    if !args.quiet {
        tell(&name, &written, length, started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}
