//! What `tercel doctor` has to do.

use super::Sockets;

/// What `tercel doctor` does.
pub struct Doctor {
    /// Print JSON.
    pub json: bool,
    /// Load the probe.
    pub trial: bool,
    /// Additional sockets of container engines.
    pub sockets: Sockets,
}
