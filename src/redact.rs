//! `tercel redact`: a capture is rewritten without what the policy names. Keyframes are made from the state of the redacted blocks, so
//! that nothing else can be in them.

use std::fs::{self, File};
use std::io::Read;
use std::time::Instant;

use tercel_analysis::redact::{Key, Policy, Redacted, Redactor, SHIPPED};
use tercel_replay::scan::{Needs, scan};

use crate::captures;
use crate::convert::tell;
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::Redact;
use crate::progress::Progress;
use crate::target;

/// Smallest size of a key file.
const KEY: usize = 16;

/// Runs the verb.
pub fn run(args: &Redact) -> Result<Outcome, Failure> {
    let input = &args.input;
    let files = args.policy.iter().chain(&args.key).map(|path| path.as_path());
    target::refuse_overwriting(&args.write.path, files)?;
    let mut redactor = Redactor::new(policy(args)?, key(args)?);
    let mut writer = target::writer(&args.write, std::slice::from_ref(input))?;
    writer.keep_numbers();
    let length = length(input);
    let progress = Progress::new(&input.name(), length, args.quiet);
    let started = Instant::now();
    let mut capture = captures::open(input, &progress)?;
    writer.describe(capture.header().cloned().unwrap_or_default(), input.name());
    let header = redactor.header(writer.header().clone());
    writer.set_header(header);
    let mut copy = Redacted::new(redactor, writer);
    let findings = scan(&mut capture, &Needs::ALL, &mut copy, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let writer = copy.finish()?;
    let name = writer.name();
    let written = writer.finish()?;
    if !args.quiet {
        tell(&name, &written, length, started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

fn policy(args: &Redact) -> Result<Policy, Failure> {
    let Some(path) = &args.policy else { return Policy::parse(SHIPPED).map_err(Failure::usage) };
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Policy::parse(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

fn key(args: &Redact) -> Result<Key, Failure> {
    let Some(path) = &args.key else {
        let mut bytes = [0; 32];
        File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map_err(Failure::io)?;
        return Ok(Key::of(&bytes));
    };
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if bytes.len() < KEY {
        return Err(Failure::usage(format!("{name}: a key needs at least {KEY} bytes")));
    }
    Ok(Key::of(&bytes))
}
