//! Why an output cannot be started.

use std::io;
use std::path::PathBuf;

/// An output that is configured wrongly, or whose thread cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("{output} output: {reason}")]
pub struct StartError {
    /// Name of the output.
    pub output: &'static str,
    /// The reason.
    pub reason: Reason,
}

/// Why an output cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// A stream or a thread is not available.
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
    /// An address is none of http.
    #[error("'{url}' is not an http:// or https:// address")]
    Url {
        /// The address.
        url: String,
    },
    /// A header of requests has an invalid name or value.
    #[error("the header '{name}' is invalid")]
    Header {
        /// Its name.
        name: String,
    },
    /// A file of certificates contains none.
    #[error("{}: contains no certificate", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
}
