//! The summary of a trace that was written: sums over its chunks. Nothing here knows how it was written.

use super::descriptor::Digest;

/// Sums over a trace that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Chunks.
    pub chunks: u64,
    /// Events.
    pub events: u64,
    /// Bytes of the scap stream.
    pub raw_bytes: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Those of them that belong to keyframes.
    pub keyframe_bytes: u64,
    /// Those of them that belong to index and trailer.
    pub index_bytes: u64,
    /// Keyframes that were due and left out because they would be too large.
    pub keyframes_left_out: u64,
    /// Whether the signer failed, so that the trace is whole but not signed to its end.
    pub is_unsigned: bool,
    /// Digest of everything, as in the trailer.
    pub seal: Digest,
}
