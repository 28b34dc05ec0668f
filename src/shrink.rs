//! `tercel shrink`: the smallest trace that still gives the alerts of a rule, and the test that expects them.

use std::fs;
use std::path::Path;

use tercel_format::Capture;
use tercel_format::series::Destination;
use tercel_format::trace::Header;
use tercel_ruletest::shrink::{Ask, Progress as Step, ShrinkError, Shrunk, Size, TestFile, shrink};

use crate::captures;
use crate::convert::close;
use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::inputs::{Input, length, paths, rule_files};
use crate::intent::Shrink;
use crate::progress::Progress;
use crate::rules;
use crate::target;

/// Runs the verb.
pub fn run(args: &Shrink) -> Result<Outcome, Failure> {
    let input = &args.input;
    let program = rules::load(&args.rules, args.quiet, args.verbose)?;
    let ask = Ask::new(&program, args.options, &args.rule, args.event);
    let mut writer = target::writer(&args.write, std::slice::from_ref(input))?;
    let files = rule_files(&args.rules.files)?;
    let read: Vec<&Path> = files.iter().map(|file| Path::new(&file.name)).collect();
    target::refuse_overwriting(&args.write.path, read.iter().copied())?;
    args.test.as_deref().map_or(Ok(()), |path| look(args, path, &read))?;
    writer.keep_numbers();
    let mut header = None;
    let progress = Progress::new(&input.name(), length(input), args.quiet);
    let mut open = || {
        let capture = captures::open(input, &progress)?;
        header.get_or_insert_with(|| capture.header().cloned().unwrap_or_default());
        Ok::<Capture, Failure>(capture)
    };
    let mut watch = |step: Step| progress.say(&format!("replay {}, {}", step.replays, events(step.events)));
    let shrunk = shrink(&ask, &mut open, &mut watch);
    progress.finish();
    let shrunk = shrunk.map_err(|error| failed(&input.name(), error))?;
    let findings = &shrunk.findings;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    // The command line of the recorder and its filter are about the whole capture.
    let header = Header { command: Vec::new(), filter: String::new(), ..header.unwrap_or_default() };
    writer.describe(header, input.name());
    shrunk.give(&mut |block| writer.push(block))?;
    let name = writer.name();
    let written = close(writer)?;
    let of_others = checked(&ask, &shrunk, &args.write.path)?;
    if let Some(path) = &args.test {
        let trace = &args.write.path;
        let test = TestFile { path, rules: &args.rules.files, trace, is_alone: of_others == 0 };
        let written = fs::write(path, test.text(&ask, &shrunk));
        written.map_err(|error| Failure::io(format!("{}: {error}", path.display())))?;
    }
    if !args.quiet {
        report(args, &name, &shrunk, written.bytes);
    }
    Ok(outcome)
}

/// Refuses the file of a test that would be written over, unless that is wanted.
fn look(args: &Shrink, path: &Path, rules: &[&Path]) -> Result<(), Failure> {
    let others = paths(std::slice::from_ref(&args.input)).chain([args.write.path.as_path()]);
    target::refuse_overwriting(path, others.chain(rules.iter().copied()))?;
    let destination = Destination::new(path).created(args.write.creation);
    destination.look().map_err(|error| target::refused(&destination.name(), &error))
}

/// Replays the file that was written; it must give the alerts. Returns how many alerts of other rules it gives.
fn checked(ask: &Ask<'_>, shrunk: &Shrunk, path: &Path) -> Result<u64, Failure> {
    if path.as_os_str() == "-" {
        return Ok(0);
    }
    let name = path.display();
    let input = Input::File(path.to_owned());
    let mut capture = captures::open(&input, &Progress::new("", None, true))?;
    let holds = shrunk.holds(ask, &mut capture).map_err(|error| Failure::io(format!("{name}: {error}")))?;
    holds.ok_or_else(|| {
        Failure::io(format!("{name}: the trace does not give the same alerts when it is read again"))
    })
}

fn failed(name: &str, error: ShrinkError<Failure>) -> Failure {
    match error {
        ShrinkError::Open(failure) => failure,
        error => Failure::usage(format!("{name}: {error}")),
    }
}

fn report(args: &Shrink, name: &str, shrunk: &Shrunk, bytes: u64) {
    let Shrunk { before, after, .. } = shrunk;
    let share = after.events as f64 * 100.0 / before.events.max(1) as f64;
    eprintln!("{name}: {}, the same in a replay of the file", counted(shrunk.alerts() as u64, "alert"));
    let Size { events, processes, fds } = before;
    eprintln!(
        "{name}: {events} events → {} ({share:.2} %), {processes} processes → {}, {fds} fds → {}, {bytes} bytes, {}",
        after.events,
        after.processes,
        after.fds,
        counted(shrunk.replays, "replay")
    );
    if !shrunk.is_minimal {
        eprintln!("note: {name} could be smaller: the limit of work was reached");
    }
    if shrunk.needs_state {
        eprintln!(
            "note: {name} holds the state as this version of tercel writes it: the lists of a capture cannot say what the alert depends on"
        );
    }
    if let Some(test) = &args.test {
        eprintln!("{}: expects them ('tercel test')", test.display());
    }
}

fn events(count: usize) -> String {
    diagnostics::events(count as u64)
}
