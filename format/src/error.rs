//! What can be wrong with a capture. A [`Fault`] is the reason; an [`Incident`] or a [`ReadError`] adds the place, which is
//! always an offset in the decompressed stream. Nothing here knows how captures are read.

use std::io;

/// Why reading stopped. Everything before the place was delivered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The first bytes are not those of a capture.
    #[error("not a capture: {0}")]
    NotACapture(String),
    /// The section header names a format that this reader does not know (reference A7).
    #[error("offset {offset}: capture version {major}.{minor} is newer than this program knows (1.x)")]
    Version {
        /// Start of the section header.
        offset: u64,
        /// Major version found.
        major: u16,
        /// Minor version found.
        minor: u16,
    },
    /// The stream ends inside a block (reference A13).
    #[error("truncated at offset {end}: at least {missing} bytes of the block at offset {start} are missing")]
    Truncated {
        /// Start of the incomplete block.
        start: u64,
        /// Where the stream ends.
        end: u64,
        /// How many bytes are missing at least.
        missing: u64,
    },
    /// The compressed stream is damaged or ends early.
    #[error("offset {offset}: {reason}")]
    Compression {
        /// How many bytes could be decompressed.
        offset: u64,
        /// The message of the decompressor.
        reason: String,
    },
    /// The chain of blocks is broken: where the next block starts cannot be known.
    #[error("offset {offset}: {fault}; the blocks after it cannot be found")]
    Broken {
        /// Start of the block.
        offset: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// The input could not be read.
    #[error("reading failed at offset {offset}: {source}")]
    Io {
        /// How many bytes were read and decompressed before.
        offset: u64,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl ReadError {
    /// Whether the capture is damaged, as opposed to an error of reading it.
    pub fn is_damage(&self) -> bool {
        match self {
            ReadError::NotACapture(_)
            | ReadError::Version { .. }
            | ReadError::Truncated { .. }
            | ReadError::Compression { .. }
            | ReadError::Broken { .. } => true,
            ReadError::Io { .. } => false,
        }
    }
}

/// Damage that was skipped; reading went on after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset}: {fault}")]
pub struct Incident {
    /// Start of the block, in the decompressed stream.
    pub offset: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Incident {
    /// How many incidents of a capture are kept in full; the others are counted.
    pub const LISTED: usize = 100;
}

/// What is wrong with a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The length of a block is smaller than its header and trailer, or than its type needs.
    #[error("block of type {code:#x} claims {length} bytes, which is too small")]
    BlockTooShort {
        /// Block type code.
        code: u32,
        /// Length claimed.
        length: u32,
    },
    /// The events that stood here are in columns, which `zstd -dc` skips.
    #[error(
        "events are missing that are in columns; 'tercel convert --to scap' of the native trace gives them as scap, 'zstd -dc' does not"
    )]
    InColumns,
    /// The block is longer than its type allows (reference C8).
    #[error("block of type {code:#x} claims {length} bytes, more than the limit of {limit}")]
    BlockTooLong {
        /// Block type code.
        code: u32,
        /// Length claimed.
        length: u32,
        /// Largest length that is read.
        limit: u32,
    },
    /// A list has more entries than are of use.
    #[error("a list of more than {0} entries; the others are left out")]
    TooMany(usize),
    /// The length after a block is not that before it (reference A11).
    #[error("the block says {header} bytes at its start and {trailer} at its end")]
    Trailer {
        /// Length at the start.
        header: u32,
        /// Length after.
        trailer: u32,
    },
    /// The magic number of a section header is wrong (reference A7).
    #[error("section header with magic number {0:#010x}{hint}", hint = if *.0 == 0x4d3c_2b1a { " (written on a machine of the other byte order)" } else { "" })]
    Magic(u32),
    /// A field reaches beyond the end of its block.
    #[error("the {0} is truncated")]
    Short(&'static str),
    /// A length-prefixed entry contains more than its length says (reference B7).
    #[error("the {what} is longer than the {length} bytes that it claims")]
    EntryOverrun {
        /// Kind of entry.
        what: &'static str,
        /// Length claimed.
        length: u32,
    },
    /// A length-prefixed entry is absurdly long.
    #[error("the {what} claims {length} bytes")]
    EntryTooLong {
        /// Kind of entry.
        what: &'static str,
        /// Length claimed.
        length: u32,
    },
    /// A text is longer than captures allow (reference B12, B18, B20, B21).
    #[error("{what} of {length} bytes, more than the limit of {limit}")]
    TextTooLong {
        /// Which text.
        what: &'static str,
        /// Its length.
        length: u16,
        /// Largest length that is read.
        limit: u16,
    },
    /// An interface of an unknown type (reference B20).
    #[error("network interface of unknown type {0}")]
    InterfaceType(u16),
    /// A metadata block among events, where only a section header is allowed (reference A9).
    #[error("block of type {0:#x} among events without a section header before it")]
    MetadataAmongEvents(u32),
    /// The section ends before its first event (reference A12).
    #[error("the capture ends before its first event")]
    NoEvents,
    /// The length in an event's header does not fit (reference C5).
    #[error("event of type {code} claims {length} bytes, but only {available} are present")]
    EventLength {
        /// Event code.
        code: u16,
        /// Length claimed.
        length: u32,
        /// Bytes of the block.
        available: usize,
    },
    /// The parameters do not fit into the event (reference C5).
    #[error("the {nparams} parameters of an event of type {code} do not fit its {length} bytes")]
    EventParams {
        /// Event code.
        code: u16,
        /// Parameters claimed.
        nparams: u32,
        /// Length of the event.
        length: u32,
    },
    /// The number of parameters of an old event cannot be found (reference C6).
    #[error("event of type {code} with {length} bytes fits no number of parameters")]
    OldEventParams {
        /// Event code.
        code: u16,
        /// Length of the event.
        length: u32,
    },
    /// An event carries more parameters than its newest version has (reference C11).
    #[error(
        "event {name} (type {code}) carries {nparams} parameters, more than the {known} of the catalogue"
    )]
    TooManyParams {
        /// Event name.
        name: &'static str,
        /// Event code.
        code: u16,
        /// Parameters carried.
        nparams: usize,
        /// Parameters in the catalogue.
        known: usize,
    },
    /// The event has to be upgraded, but the table has no rule for it (reference D4).
    #[error("event {name} (type {code}) with {nparams} parameters cannot be upgraded")]
    NoUpgrade {
        /// Event name.
        name: &'static str,
        /// Event code.
        code: u16,
        /// Parameters carried.
        nparams: usize,
    },
    /// The enter event that was kept for a thread is not that of the call which returned (reference D7).
    #[error("exit of {exit} (type {code}) follows the enter event of {enter} in the same thread")]
    WrongEnter {
        /// Name of the event that returned.
        exit: &'static str,
        /// Its code.
        code: u16,
        /// Name of the enter event.
        enter: &'static str,
    },
    /// A parameter that the upgrade needs is missing (reference D7).
    #[error("event {name} (type {code}) lacks parameter {param}, which its upgrade needs")]
    MissingParam {
        /// Event name.
        name: &'static str,
        /// Event code.
        code: u16,
        /// Index of the parameter.
        param: u8,
    },
    /// An event grew beyond 64 KiB when it was upgraded (reference D13).
    #[error("event {name} (type {code}) does not fit 64 KiB when upgraded")]
    UpgradeTooLong {
        /// Event name.
        name: &'static str,
        /// Event code.
        code: u16,
    },
}
