//! The seam between the queue of an output and what carries its lines away.

use std::io;

use crate::Message;

/// Why a line did not leave.
#[derive(Debug)]
pub enum Failure {
    /// It may leave later.
    Later(String),
    /// It never will.
    Never(String),
    /// Nobody reads this output any more.
    Closed,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Later(error.to_string())
    }
}

/// Carries lines away, one after the other. It may wait; it runs on a thread of its own.
pub trait Channel: Send {
    /// Sends a line. After a failure the same line comes again, unless it never can.
    ///
    /// # Errors
    /// The line has not left.
    fn send(&mut self, message: &Message) -> Result<(), Failure>;

    /// What is open is closed, and opened again for the next line.
    fn reopen(&mut self);

    /// No further line will come.
    fn finish(&mut self) {}
}
