//! What `tercel collect` has to do.

use std::path::PathBuf;
use std::time::Duration;

use tercel_format::series::Creation;

use super::{Redaction, Sockets};

/// What `tercel collect` does.
pub struct Collect {
    /// The bundle.
    pub path: PathBuf,
    /// How it is created.
    pub creation: Creation,
    /// How long the host is recorded.
    pub duration: Duration,
    /// Largest number of bytes to keep of each buffer.
    pub snaplen: u32,
    /// Rule files and directories of them; the shipped rules unless given.
    pub rules: Vec<PathBuf>,
    /// A file with the key that signs.
    pub sign: Option<PathBuf>,
    /// What is redacted before anything is written.
    pub redaction: Option<Redaction>,
    /// Container engines.
    pub sockets: Sockets,
    /// No summaries.
    pub quiet: bool,
}
