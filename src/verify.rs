//! `tercel verify`: native traces are read from start to end and compared with their digests, descriptors, index and keyframes; the
//! first error of each is printed.

mod bundle;
mod signatures;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use tercel_format::bundle::{TRACE, is_bundle, trace};
use tercel_format::trace::{Depth, Storage, Verdict};
use tercel_replay::scan::{self, Proof};
use tercel_replay::state::STATE_VERSION;
use tercel_signing::AllowedSigners;

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
    let allowed = args.allowed_signers.as_deref().map(signatures::allowed).transpose()?;
    let (mut outcome, mut out) = (Outcome::Done, io::stdout().lock());
    for input in &args.traces {
        let Input::File(path) = input else { continue };
        let (one, lines) = match look(path, &input.name(), args, allowed.as_ref()) {
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

fn look(path: &Path, name: &str, args: &Verify, allowed: Option<&AllowedSigners>) -> Result<Found, Failure> {
    let failed = |error: io::Error| Failure::io(format!("{name}: {error}"));
    let mut file = File::open(path).map_err(failed)?;
    let storage: Arc<dyn Storage> = Arc::new(file.try_clone().map_err(failed)?);
    // What is around the trace, if it is in a bundle.
    let mut around = None;
    if is_bundle(&storage).map_err(failed)? {
        let found = bundle::check(&storage, allowed);
        file = match trace(&storage) {
            Ok(file) => file,
            Err(error) => return Ok(broken(&error, found)),
        };
        around = Some(found);
    }
    let progress = Progress::new(name, length(&Input::File(path.to_owned())), args.quiet);
    let proof = scan::verify(file, args.depth, &mut |offset| progress.at(offset));
    progress.finish();
    let proof = match proof {
        Ok(proof) => proof,
        Err(error) => {
            return around.map_or(Err(diagnostics::unread(name, &error)), |found| Ok(broken(&error, found)));
        }
    };
    let (signed, signatures) = signatures::judge(&proof.verdict, allowed);
    if let Some(path) = &args.export {
        signatures::export(&proof.verdict, path)?;
    }
    let (outcome, mut lines) = judge(&proof, args);
    lines.extend(signatures);
    let around = around.unwrap_or((Outcome::Done, Vec::new()));
    let outcome = outcome.max(signed).max(around.0);
    lines.extend(around.1);
    Ok((outcome, if args.quiet && outcome == Outcome::Done { Vec::new() } else { lines }))
}

/// What is said of a bundle whose trace cannot be verified.
fn broken(error: &dyn Display, (outcome, around): Found) -> Found {
    let first = format!("FAILED: {TRACE}: {error}");
    (outcome.max(Outcome::Damaged), std::iter::once(first).chain(around).collect())
}

/// The outcome of verification, and the lines to print, without signatures.
fn judge(proof: &Proof, args: &Verify) -> Found {
    let verdict = &proof.verdict;
    let seal = seal(verdict);
    if let Some(first) = &verdict.first_break {
        let before = format!("intact before it: {}", sum(verdict.chunks, verdict.events));
        return (Outcome::Damaged, vec![format!("FAILED: {first}"), before]);
    }
    if let Some(expected) = args.seal.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(&seal)) {
        let line = format!("FAILED: the seal is {seal}, not {expected}: this is another trace");
        return (Outcome::Damaged, vec![line]);
    }
    let keyframes = match args.depth {
        Depth::Digests => String::new(),
        Depth::Contents => format!(", {}", counted(proof.right, "keyframe")),
    };
    let proved = format!("{}{keyframes}, seal {seal}", sum(verdict.chunks, verdict.events));
    if let (foreign @ 1.., version) = proof.foreign {
        let keyframes = counted(foreign, "keyframe");
        let are = if foreign == 1 { "is" } else { "are" };
        return (
            Outcome::Damaged,
            vec![
                format!(
                    "FAILED: {keyframes} {are} of version {version} of the state engine, which this program cannot check (it has \
                     version {STATE_VERSION}); this alone is no sign of forgery: another version of tercel wrote the trace"
                ),
                format!("proved: everything but these keyframes: {proved}"),
                format!(
                    "to prove keyframes, too: 'tercel index -w NEW' makes them again from the events, with version {STATE_VERSION}; \
                     no verb uses the old ones, and --fast leaves keyframes out"
                ),
            ],
        );
    }
    let mut lines = vec![format!("intact: {proved}")];
    if verdict.unknown > 0 {
        lines.push(format!(
            "{} of unknown sections are covered by no digest",
            counted(verdict.unknown, "byte")
        ));
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
