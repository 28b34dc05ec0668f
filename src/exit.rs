//! How a run ends: the exit codes that scripts rely on, and the one error type of the binary.

use std::fmt;
use std::process::ExitCode;

use crate::target;

/// Why a run ended, as its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Ran to the end.
    Done,
    /// `--fail-on` was reached, or a test failed.
    Reached,
    /// Usage or rules are wrong.
    Usage,
    /// A capture is damaged.
    Damaged,
    /// Input or output failed.
    Io,
    /// A command that was recorded ended with this code.
    Command(u8),
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Reached => 1,
            Outcome::Usage => 2,
            Outcome::Damaged => 3,
            Outcome::Io => 4,
            Outcome::Command(code) => code,
        })
    }
}

/// A run that ended early: the message for the user, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub outcome: Outcome,
    /// Message; empty if everything has been printed.
    pub message: String,
}

impl Failure {
    /// Usage or rules are wrong.
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure { outcome: Outcome::Usage, message: message.to_string() }
    }

    /// A capture is damaged.
    pub fn damaged(message: impl fmt::Display) -> Failure {
        Failure { outcome: Outcome::Damaged, message: message.to_string() }
    }

    /// Input or output failed.
    pub fn io(message: impl fmt::Display) -> Failure {
        Failure { outcome: Outcome::Io, message: message.to_string() }
    }
}

impl From<tercel_recording::Error> for Failure {
    /// A closed pipe is not an error that is worth words.
    fn from(error: tercel_recording::Error) -> Failure {
        match error {
            error if error.is_closed_pipe() => Failure::io(""),
            tercel_recording::Error::Target { name, error } => target::refused(&name, &error),
            error if error.is_usage() => Failure::usage(error),
            error => Failure::io(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
