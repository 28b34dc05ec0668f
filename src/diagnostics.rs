//! What every verb prints on standard error: warnings about damaged captures, errors, and counts. Values enter, lines and exit codes
//! leave.

use std::fmt::Display;

use console::style;
use tercel_format::OpenError;
use tercel_format::trace::TraceError;
use tercel_replay::scan::{Report, ScanError};

use crate::exit::{Failure, Outcome};

/// How many damaged places of a capture are listed, unless all are asked for.
const LISTED: usize = 3;

/// Prints the damage of a capture, and returns the outcome.
pub fn ended(name: &str, report: &Report, error: Option<&ScanError>, verbose: bool) -> Outcome {
    let outcome = damaged(name, report, verbose);
    match error {
        None => outcome,
        Some(error) => outcome.max(failed(&Failure {
            outcome: if error.is_damage() { Outcome::Damaged } else { Outcome::Io },
            message: format!("{name}: {error}"),
        })),
    }
}

/// Prints the damaged places of a capture: the first, or all that are listed.
pub fn damaged(name: &str, report: &Report, verbose: bool) -> Outcome {
    let limit = if verbose { usize::MAX } else { LISTED };
    let mut listed = 0;
    for trouble in report.opening.iter().chain(&report.troubles).take(limit) {
        warn(name, trouble);
        listed += 1;
    }
    if report.rescued > 0 {
        warn(name, format!("{} read from the truncated chunk", events(report.rescued)));
    }
    match report.places().saturating_sub(listed) {
        0 => {}
        1 => warn(name, "1 more damaged place"),
        rest => warn(name, format!("{rest} more damaged places")),
    }
    if report.places() > 0 { Outcome::Damaged } else { Outcome::Done }
}

/// Prints a warning about a capture.
pub fn warn(name: &str, message: impl Display) {
    eprintln!("{} {name}: {message}", style("warning:").for_stderr().yellow().bold());
}

/// Prints a failure, unless its message is empty, and returns its outcome.
pub fn failed(failure: &Failure) -> Outcome {
    if !failure.message.is_empty() {
        eprintln!("{} {failure}", style("error:").for_stderr().red().bold());
    }
    failure.outcome
}

/// The failure of a capture that cannot be opened.
pub fn unopened(name: &str, error: &OpenError) -> Failure {
    of_capture(name, error, error.is_damage())
}

/// The failure of a native trace that cannot be read.
pub fn unread(name: &str, error: &TraceError) -> Failure {
    of_capture(name, error, error.is_damage())
}

fn of_capture(name: &str, error: &dyn Display, is_damage: bool) -> Failure {
    let message = format!("{name}: {error}");
    if is_damage { Failure::damaged(message) } else { Failure::io(message) }
}

/// A number of events, in words.
pub fn events(count: u64) -> String {
    counted(count, "event")
}

/// A number of things, in words: `1 alert`, `2 alerts`.
pub fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
