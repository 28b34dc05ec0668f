//! `tercel convert`, `index` and `recover`: one capture is read and rewritten.

use std::fmt::Display;
use std::time::Instant;

use tercel_format::Capture;
use tercel_recording::{CaptureWriter, Written};
use tercel_replay::scan::{Needs, scan};

use crate::captures;
use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::{Convert, Write};
use crate::progress::Progress;
use crate::target;

/// Runs the verb.
pub fn run(args: &Convert) -> Result<Outcome, Failure> {
    let input = &args.input;
    let mut writer = target::writer(&args.write, std::slice::from_ref(input))?;
    writer.keep_numbers();
    let length = length(input);
    let progress = Progress::new(&input.name(), length, args.quiet);
    let started = Instant::now();
    let open = if args.salvage { captures::salvage } else { captures::open };
    let mut capture = open(input, &progress)?;
    note_signatures(&input.name(), &capture, &args.write, args.quiet);
    writer.describe(capture.header().cloned().unwrap_or_default(), input.name());
    let findings = scan(&mut capture, &Needs::ALL, &mut writer, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let name = writer.name();
    let written = close(writer)?;
    if !args.quiet {
        tell(&name, &written, length, started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

/// Writes the rest of a capture.
///
/// # Errors
/// It cannot be written, or not be signed.
pub fn close(writer: CaptureWriter) -> Result<Written, Failure> {
    let name = writer.name();
    let written = writer.finish()?;
    if written.is_unsigned() { Err(unsigned(&name)) } else { Ok(written) }
}

/// The failure of a key in the middle of a trace.
pub fn unsigned(name: &dyn Display) -> Failure {
    Failure::io(format!("{name}: the key could not sign; the trace is whole, but not signed to its end"))
}

/// Notes on standard error that what is made of a signed trace does not have its signatures.
pub fn note_signatures(input: &str, capture: &Capture, write: &Write, quiet: bool) {
    let Capture::Native(trace) = capture else { return };
    if quiet || !trace.is_signed() {
        return;
    }
    let hint = if write.sign.is_some() { "" } else { "; --sign signs it" };
    let output = write.path.display();
    eprintln!("note: {input} is signed; its signatures prove that trace, and are not in {output}{hint}");
}

/// Prints on standard error what was written.
pub fn tell(name: &str, written: &Written, before: Option<u64>, seconds: f64) {
    let speed = written.raw_bytes as f64 / seconds.max(1e-9) / f64::from(1 << 20);
    let Some(summary) = &written.summary else {
        eprintln!("{name}: {} bytes of scap, {seconds:.2} s, {speed:.0} MiB/s", written.raw_bytes);
        return;
    };
    let per_event = summary.bytes as f64 / summary.events.max(1) as f64;
    eprintln!(
        "{name}: {} bytes, {}, {} ({per_event:.1} bytes each), {seconds:.2} s, {speed:.0} MiB/s of scap",
        summary.bytes,
        counted(summary.chunks, "chunk"),
        counted(summary.events, "event")
    );
    if summary.keyframes_left_out > 0 {
        let keyframes = counted(summary.keyframes_left_out, "keyframe");
        eprintln!("{name}: {keyframes} left out because the state is too large");
    }
    if let Some(before) = before.filter(|before| *before > 0) {
        let ratio = summary.bytes as f64 * 100.0 / before as f64;
        eprintln!("{ratio:.1} % of the input size ({before} bytes)");
    }
}
