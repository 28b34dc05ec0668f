//! Where a run prints: what is meant for people and programs, and warnings. A closed pipe is not an error: whoever read the
//! output had enough, and the verdict stays what it is.

use std::io::{self, Write};

use crate::error::RunError;

/// The two streams of a run.
pub(crate) struct Output<'w> {
    out: &'w mut dyn Write,
    warnings: &'w mut dyn Write,
}

impl<'w> Output<'w> {
    /// Prints to these streams.
    pub(crate) fn new(out: &'w mut dyn Write, warnings: &'w mut dyn Write) -> Output<'w> {
        Output { out, warnings }
    }

    /// Prints text.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), RunError> {
        taken(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()))
    }

    /// Prints a line of warning.
    pub(crate) fn warning(&mut self, line: &str) -> Result<(), RunError> {
        taken(writeln!(self.warnings, "{line}"))
    }
}

fn taken(written: io::Result<()>) -> Result<(), RunError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(RunError::Output(error)),
        _ => Ok(()),
    }
}
