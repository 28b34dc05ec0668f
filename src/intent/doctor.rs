//! What `tercel doctor` has to do.

use std::path::PathBuf;

use super::Sockets;

/// What `tercel doctor` does.
pub struct Doctor {
    /// Print JSON.
    pub json: bool,
    /// Load the probe.
    pub trial: bool,
    /// The kernel's types, or a directory with them.
    pub btf: Option<PathBuf>,
    /// Additional sockets of container engines.
    pub sockets: Sockets,
}
