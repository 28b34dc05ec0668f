//! Blocks of a capture: the bytes of one block enter, decoded records leave (reference sections A to C). Pure functions
//! over slices: where the bytes come from, and what a record means, is not known here.

mod accounts;
mod cursor;
pub(crate) mod event;
mod fds;
mod interfaces;
mod machine;
mod processes;
mod state;

pub(crate) use accounts::accounts;
pub(crate) use cursor::Cursor;
pub use event::Layout;
pub(crate) use fds::{fds, owner};
pub(crate) use interfaces::interfaces;
pub(crate) use machine::MAGIC;
pub(crate) use machine::{machine, section};
pub(crate) use processes::processes;
pub(crate) use state::state;
pub(crate) use state::{HEAD as STATE_HEAD, MAGIC as STATE_MAGIC};

use crate::error::Fault;

/// Block type codes that are written today (scap-format.json `blocks`).
#[allow(missing_docs)]
pub(crate) mod code {
    pub(crate) const SECTION: u32 = 0x0a0d_0d0a;
    pub(crate) const MACHINE: u32 = 0x201;
    pub(crate) const PROCESSES_V9: u32 = 0x215;
    pub(crate) const FDS_V2: u32 = 0x218;
    pub(crate) const INTERFACES_V2: u32 = 0x219;
    pub(crate) const ACCOUNTS_V2: u32 = 0x220;
    pub(crate) const EVENT_V2: u32 = 0x216;
    pub(crate) const EVENT_V2_LARGE: u32 = 0x221;
    pub(crate) const EVENT_FLAGS_V2: u32 = 0x217;
    pub(crate) const EVENT_FLAGS_V2_LARGE: u32 = 0x222;
    /// Tercel's own: pcapng reserves codes with the highest bit for local use.
    pub(crate) const STATE: u32 = 0x8054_5243;
    /// A note to readers that do not know columns (FORMAT.md section 12).
    pub(crate) const NOTE: u32 = 0x8054_5244;
    /// In memory only: an event that was left out, because a column of it is damaged.
    pub(crate) const LEFT_OUT: u32 = 0x8054_5245;
}

/// Bytes in front of a block's body: type and length.
pub const HEADER: usize = 8;

/// Bytes after a block's body: the length again.
pub(crate) const TRAILER: usize = 4;

/// Longest entry of a process or fd list that is read. The known fields of a process take at most 17.7 KiB.
pub(crate) const ENTRY_LIMIT: u32 = 64 << 10;

/// Most entries of a list that are decoded at once: records may be twelve times the size of what they are read from.
const MAX_ENTRIES: usize = 1 << 19;

/// The content of a block, by its type code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Start of a section.
    Section,
    /// The host.
    Machine,
    /// Processes; the number is the version of the list, 1 to 9.
    Processes(u8),
    /// Fds of one process; `prefixed` where each entry starts with its length.
    Fds {
        /// Entries start with their length.
        prefixed: bool,
    },
    /// Interfaces.
    Interfaces {
        /// Entries start with their length.
        prefixed: bool,
    },
    /// Users and groups.
    Accounts {
        /// Entries start with their length.
        prefixed: bool,
    },
    /// The state that a section begins with.
    State,
    /// A note in place of events in columns, which `zstd -dc` does not give.
    Note,
    /// One event.
    Event(event::Layout),
    /// A type that did not exist when this was written.
    Unknown,
}

impl BlockKind {
    /// The kind of the block type `code` (reference B1, C1).
    #[inline]
    pub fn of(code: u32) -> BlockKind {
        use event::Layout;
        match code {
            0x216 => BlockKind::Event(Layout { flags: false, counted: true, large: false }),
            0x217 => BlockKind::Event(Layout { flags: true, counted: true, large: false }),
            0x221 => BlockKind::Event(Layout { flags: false, counted: true, large: true }),
            0x222 => BlockKind::Event(Layout { flags: true, counted: true, large: true }),
            0x204 | 0x8010_abcd => BlockKind::Event(Layout { flags: false, counted: false, large: false }),
            0x208 => BlockKind::Event(Layout { flags: true, counted: false, large: false }),
            code::SECTION => BlockKind::Section,
            0x201 | 0x8002_abcd => BlockKind::Machine,
            0x202 | 0x8000_abcd => BlockKind::Processes(1),
            0x207 | 0x8013_abcd => BlockKind::Processes(2),
            0x209 | 0x8014_abcd => BlockKind::Processes(3),
            0x210 => BlockKind::Processes(4),
            0x211 => BlockKind::Processes(5),
            0x212 => BlockKind::Processes(6),
            0x213 => BlockKind::Processes(7),
            0x214 => BlockKind::Processes(8),
            0x215 => BlockKind::Processes(9),
            0x203 | 0x8001_abcd => BlockKind::Fds { prefixed: false },
            0x218 => BlockKind::Fds { prefixed: true },
            0x205 | 0x8011_abcd => BlockKind::Interfaces { prefixed: false },
            0x219 => BlockKind::Interfaces { prefixed: true },
            0x206 | 0x8012_abcd => BlockKind::Accounts { prefixed: false },
            0x220 => BlockKind::Accounts { prefixed: true },
            code::STATE => BlockKind::State,
            code::NOTE => BlockKind::Note,
            _ => BlockKind::Unknown,
        }
    }
}

/// Type and length of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Type code.
    pub code: u32,
    /// Length of the whole block with header, padding and trailer.
    pub length: u32,
}

impl Header {
    /// Reads a header from the start of `bytes`; `None` if they are too few.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let (first, _) = bytes.split_first_chunk::<HEADER>()?;
        let [a, b, c, d, e, f, g, h] = *first;
        Some(Header { code: u32::from_le_bytes([a, b, c, d]), length: u32::from_le_bytes([e, f, g, h]) })
    }

    /// Bytes between header and trailer, padding included.
    pub(crate) fn body(&self) -> Result<u32, Fault> {
        self.length
            .checked_sub((HEADER + TRAILER) as u32)
            .ok_or(Fault::BlockTooShort { code: self.code, length: self.length })
    }
}

/// Entries decoded from a list, how many bytes they took, and what is wrong with the entry after them.
#[derive(Debug)]
pub(crate) struct Entries<T> {
    /// The good entries.
    pub entries: Vec<T>,
    /// Bytes that they took.
    pub taken: usize,
    /// What stopped the decoding before the end.
    pub fault: Option<Fault>,
}

/// Decodes entries until fewer than 4 bytes are left (reference A4) or, where more of the list follows after `bytes`,
/// until fewer than `reserve` are left: an entry is never longer than that.
fn entries<T>(
    bytes: &[u8],
    reserve: usize,
    mut entry: impl FnMut(&mut Cursor) -> Result<T, Fault>,
) -> Entries<T> {
    let mut cursor = Cursor::new(bytes);
    let mut entries = Vec::new();
    while cursor.left() >= reserve.max(4) {
        let taken = cursor.position();
        if entries.len() == MAX_ENTRIES {
            return Entries { entries, taken, fault: Some(Fault::TooMany(MAX_ENTRIES)) };
        }
        match entry(&mut cursor) {
            Ok(value) => entries.push(value),
            Err(fault) => return Entries { entries, taken, fault: Some(fault) },
        }
    }
    Entries { entries, taken: cursor.position(), fault: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_code_has_its_kind() {
        let event = |flags, counted, large| BlockKind::Event(event::Layout { flags, counted, large });
        let rows = [
            (0x0a0d_0d0a, BlockKind::Section),
            (0x201, BlockKind::Machine),
            (0x8002_abcd, BlockKind::Machine),
            (0x202, BlockKind::Processes(1)),
            (0x8000_abcd, BlockKind::Processes(1)),
            (0x207, BlockKind::Processes(2)),
            (0x8013_abcd, BlockKind::Processes(2)),
            (0x209, BlockKind::Processes(3)),
            (0x8014_abcd, BlockKind::Processes(3)),
            (0x210, BlockKind::Processes(4)),
            (0x215, BlockKind::Processes(9)),
            (0x203, BlockKind::Fds { prefixed: false }),
            (0x8001_abcd, BlockKind::Fds { prefixed: false }),
            (0x218, BlockKind::Fds { prefixed: true }),
            (0x205, BlockKind::Interfaces { prefixed: false }),
            (0x8011_abcd, BlockKind::Interfaces { prefixed: false }),
            (0x219, BlockKind::Interfaces { prefixed: true }),
            (0x206, BlockKind::Accounts { prefixed: false }),
            (0x8012_abcd, BlockKind::Accounts { prefixed: false }),
            (0x220, BlockKind::Accounts { prefixed: true }),
            (0x8054_5243, BlockKind::State),
            (0x8054_5244, BlockKind::Note),
            (0x204, event(false, false, false)),
            (0x8010_abcd, event(false, false, false)),
            (0x208, event(true, false, false)),
            (0x216, event(false, true, false)),
            (0x217, event(true, true, false)),
            (0x221, event(false, true, true)),
            (0x222, event(true, true, true)),
            (0x223, BlockKind::Unknown),
        ];
        for (code, kind) in rows {
            assert_eq!(BlockKind::of(code), kind, "{code:#x}");
        }
    }
}
