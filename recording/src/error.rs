//! Why something could not be recorded.

use std::io;

use tercel_format::OpenError;
use tercel_format::series::{PatternError, SeriesError};
use tercel_replay::scan::ScanError;

/// Why something could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no next file.
    #[error("{0}")]
    Series(#[from] SeriesError),
    /// A file cannot be written.
    #[error("{name}: {error}")]
    File {
        /// Its name.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A thread that writes a file has panicked.
    #[error("a thread that writes has ended")]
    WriterEnded,
    /// The newest events cannot be kept, or not be taken out of memory.
    #[error("the newest events: {0}")]
    Memory(io::Error),
    /// What was kept in memory cannot be read.
    #[error("{0}")]
    KeptOpen(OpenError),
    /// What was kept in memory cannot be read to its end.
    #[error("{0}")]
    KeptScan(ScanError),
}

impl Error {
    /// Whether the output is a pipe that nobody reads any more.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::File { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether what was asked for is wrong, and not the operating system.
    pub fn is_usage(&self) -> bool {
        matches!(self, Error::Series(SeriesError::Name(_)))
    }
}

impl From<PatternError> for Error {
    fn from(error: PatternError) -> Error {
        Error::Series(error.into())
    }
}
