//! The interface between the queue of an output and the code that sends its lines.

use std::io;

use crate::Message;

/// Why a line was not sent.
#[derive(Debug)]
pub enum Failure {
    /// It may be sent later.
    Later(String),
    /// It can never be sent.
    Never(String),
    /// The reader of this output has closed it.
    Closed,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Later(error.to_string())
    }
}

/// Sends lines, one after the other. It may wait; it runs on a thread of its own.
pub(crate) trait Channel: Send {
    /// Sends a line. After a failure the same line comes again, unless it can never be sent.
    ///
    /// # Errors
    /// The line was not sent.
    fn send(&mut self, message: &Message) -> Result<(), Failure>;

    /// Closes what is open; the next line opens it again.
    fn reopen(&mut self);

    /// Called after the last line.
    fn finish(&mut self) {}
}
