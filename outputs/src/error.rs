//! Why an output cannot be started.

use std::io;
use std::path::PathBuf;

/// An output that is set up wrongly, or whose thread cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("{output} output: {reason}")]
pub struct StartError {
    /// Name of the output.
    pub output: &'static str,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with the setup of an output.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// A stream or a thread is not to be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A file of keys or certificates cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of keys or certificates is not PEM.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// A file of certificates has none.
    #[error("{}: holds no certificate", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
}
