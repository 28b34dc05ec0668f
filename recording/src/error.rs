//! Why something could not be recorded.

use std::io;

use tercel_format::OpenError;
use tercel_format::series::{Gone, PatternError, SeriesError, TargetError};
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
    /// A file cannot be created.
    #[error("{name}: {error}")]
    Target {
        /// Its name.
        name: String,
        /// Why.
        error: TargetError,
    },
    /// A file is not where it was created.
    #[error("{name}: {gone}")]
    Gone {
        /// Its name.
        name: String,
        /// What became of it.
        gone: Gone,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A thread that writes a file has panicked.
    #[error("a writing thread has ended unexpectedly")]
    WriterEnded,
    /// The newest events cannot be kept in memory, or not be read from it.
    #[error("the newest events: {0}")]
    Memory(io::Error),
    /// The newest events are not compressed in time.
    #[error("the newest events are still being compressed")]
    StillCompressed,
    /// The events in memory cannot be read.
    #[error("{0}")]
    KeptOpen(OpenError),
    /// The events in memory cannot be read to their end.
    #[error("{0}")]
    KeptScan(ScanError),
}

impl Error {
    /// Whether the output is a closed pipe.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::File { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether the request is wrong, as opposed to an error of the operating system.
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Series(SeriesError::Name(_) | SeriesError::Busy(_)) => true,
            Error::Target { error, .. } => matches!(error, TargetError::Exists | TargetError::Busy),
            _ => false,
        }
    }

    /// Whether a file exists that must not be written over.
    pub fn is_taken(&self) -> bool {
        matches!(self, Error::Target { error: TargetError::Exists, .. })
    }
}

impl From<PatternError> for Error {
    fn from(error: PatternError) -> Error {
        Error::Series(error.into())
    }
}
