//! What can be wrong with a native trace, and where. Offsets are those of the file, not of the decompressed stream.

use std::io;

use crate::error::Fault;

/// Why a part of a trace is not available.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file could not be read.
    #[error("reading failed at offset {offset}: {source}")]
    Io {
        /// Offset in the file.
        offset: u64,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file does not start as a native trace does.
    #[error("not a native trace")]
    NotNative,
    /// The trace was written by a newer program.
    #[error("native trace of version {found}, which is newer than this program knows ({known})")]
    Version {
        /// Version of the file.
        found: u16,
        /// Largest version that is read.
        known: u16,
    },
    /// Another trace follows in the same file. Only reading it as a stream keeps the order of both.
    #[error("offset {offset}: another native trace starts here; the file consists of several traces")]
    Joined {
        /// Where the second trace starts.
        offset: u64,
    },
    /// One chunk is damaged; the others may be intact.
    #[error("chunk {sequence} at offset {offset}: {damage}")]
    Chunk {
        /// Sequence number of the chunk.
        sequence: u64,
        /// Start of the chunk in the file.
        offset: u64,
        /// What is wrong with it.
        damage: Damage,
    },
}

impl TraceError {
    /// Whether the trace is damaged, as opposed to an error of reading it.
    pub fn is_damage(&self) -> bool {
        !matches!(self, TraceError::Io { .. })
    }
}

/// What is wrong with a part of a trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The checksum of a section does not match its bytes.
    #[error("the checksum of the {0} does not match")]
    Check(&'static str),
    /// A part ends before its last field.
    #[error("the {0} is too short")]
    Short(&'static str),
    /// The bytes of a section cannot be decoded, although its checksum matches.
    #[error("the {0} cannot be decoded")]
    Encoding(&'static str),
    /// The file ends inside a part.
    #[error("the file ends inside the {what}, {missing} bytes before its end")]
    Cut {
        /// What is truncated.
        what: &'static str,
        /// How many bytes are missing.
        missing: u64,
    },
    /// Bytes that belong to no section and to no chunk.
    #[error("neither a section nor a chunk")]
    Unknown,
    /// A part is larger than readers accept.
    #[error("the {what} has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: u64,
        /// Largest size that is read.
        limit: u64,
    },
    /// A number in one place contradicts another.
    #[error("{what}: {found}, but {claimed} expected")]
    Differs {
        /// What is counted.
        what: &'static str,
        /// Number expected.
        claimed: u64,
        /// Number found.
        found: u64,
    },
    /// Chunks are missing, doubled or in the wrong order.
    #[error("chunk {found} follows, but chunk {expected} is expected")]
    Order {
        /// Sequence number expected.
        expected: u64,
        /// Sequence number found.
        found: u64,
    },
    /// The compressed bytes are damaged.
    #[error("the compressed bytes are damaged ({0})")]
    Compression(String),
    /// The digest is not that of the bytes and of everything before them.
    #[error("the digest of the {0} does not match")]
    Digest(&'static str),
    /// A block of the chunk is damaged.
    #[error("block at byte {offset} of the chunk: {fault}")]
    Block {
        /// Offset in the decompressed chunk.
        offset: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The descriptor of a chunk says something else than another part of the trace.
    #[error("the descriptor does not match the {0}")]
    Descriptor(&'static str),
    /// The directory of a chunk of columns contradicts itself, or what it describes.
    #[error("the directory of the columns does not match the {0}")]
    Directory(&'static str),
    /// A keyframe does not give the state that the events before it give.
    #[error("the keyframe is wrong: {0}")]
    Keyframe(String),
    /// An entry of the index is impossible.
    #[error("entry {0} of the index does not match the file")]
    Entry(u64),
    /// The trace has no trailer: it was not closed.
    #[error("the trace was not closed: it has no index")]
    Open,
}

/// Bytes of a trace that cannot be used. Everything outside them can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// First byte in the file.
    pub from: u64,
    /// The byte after the last.
    pub to: u64,
    /// Why.
    pub damage: Damage,
    /// How many events are lost with them, if later chunks show it.
    pub events: Option<u64>,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "bytes {} to {}: {}", self.from, self.to, self.damage)?;
        match self.events {
            Some(1) => write!(formatter, "; 1 event lost"),
            Some(events) => write!(formatter, "; {events} events lost"),
            None => Ok(()),
        }
    }
}
