//! Blocks of a capture: the bytes of one block enter, decoded records leave (reference sections A to C). Pure functions
//! over slices: where the bytes come from, and what a record means, is not known here.

mod accounts;
mod cursor;
pub mod event;
mod fds;
mod interfaces;
mod machine;
mod processes;
mod state;

pub use accounts::accounts;
pub use cursor::Cursor;
pub use fds::{fds, owner};
pub use interfaces::interfaces;
pub(crate) use machine::MAGIC;
pub use machine::{machine, section};
pub use processes::processes;
pub use state::state;
pub(crate) use state::{HEAD as STATE_HEAD, MAGIC as STATE_MAGIC};

use crate::error::Fault;

/// Block type codes that are written today (scap-format.json `blocks`).
#[allow(missing_docs)]
pub mod code {
    pub const SECTION: u32 = 0x0a0d_0d0a;
    pub const MACHINE: u32 = 0x201;
    pub const PROCESSES_V9: u32 = 0x215;
    pub const FDS_V2: u32 = 0x218;
    pub const INTERFACES_V2: u32 = 0x219;
    pub const ACCOUNTS_V2: u32 = 0x220;
    pub const EVENT_V2: u32 = 0x216;
    pub const EVENT_V2_LARGE: u32 = 0x221;
    pub const EVENT_FLAGS_V2: u32 = 0x217;
    pub const EVENT_FLAGS_V2_LARGE: u32 = 0x222;
    /// Of our own: pcapng leaves codes with the highest bit to everybody's use.
    pub const STATE: u32 = 0x8054_5243;
}

/// Bytes in front of a block's body: type and length.
pub const HEADER: usize = 8;

/// Bytes behind a block's body: the length again.
pub const TRAILER: usize = 4;

/// Longest entry of a process or fd list that is read. The known fields of a process take at most 17.7 KiB.
pub(crate) const ENTRY_LIMIT: u32 = 64 << 10;

/// What a block holds, by its type code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
    /// One event.
    Event(event::Layout),
    /// A type that did not exist when this was written.
    Unknown,
}

impl Kind {
    /// The kind of the block type `code` (reference B1, C1).
    #[inline]
    pub fn of(code: u32) -> Kind {
        use event::Layout;
        match code {
            0x216 => Kind::Event(Layout { flags: false, counted: true, large: false }),
            0x217 => Kind::Event(Layout { flags: true, counted: true, large: false }),
            0x221 => Kind::Event(Layout { flags: false, counted: true, large: true }),
            0x222 => Kind::Event(Layout { flags: true, counted: true, large: true }),
            0x204 | 0x8010_abcd => Kind::Event(Layout { flags: false, counted: false, large: false }),
            0x208 => Kind::Event(Layout { flags: true, counted: false, large: false }),
            code::SECTION => Kind::Section,
            0x201 | 0x8002_abcd => Kind::Machine,
            0x202 | 0x8000_abcd => Kind::Processes(1),
            0x207 | 0x8013_abcd => Kind::Processes(2),
            0x209 | 0x8014_abcd => Kind::Processes(3),
            0x210 => Kind::Processes(4),
            0x211 => Kind::Processes(5),
            0x212 => Kind::Processes(6),
            0x213 => Kind::Processes(7),
            0x214 => Kind::Processes(8),
            0x215 => Kind::Processes(9),
            0x203 | 0x8001_abcd => Kind::Fds { prefixed: false },
            0x218 => Kind::Fds { prefixed: true },
            0x205 | 0x8011_abcd => Kind::Interfaces { prefixed: false },
            0x219 => Kind::Interfaces { prefixed: true },
            0x206 | 0x8012_abcd => Kind::Accounts { prefixed: false },
            0x220 => Kind::Accounts { prefixed: true },
            code::STATE => Kind::State,
            _ => Kind::Unknown,
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
    /// Reads a header from the start of `bytes`; `None` where they are too few.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let (first, _) = bytes.split_first_chunk::<HEADER>()?;
        let [a, b, c, d, e, f, g, h] = *first;
        Some(Header { code: u32::from_le_bytes([a, b, c, d]), length: u32::from_le_bytes([e, f, g, h]) })
    }

    /// Bytes between header and trailer, padding included.
    pub fn body(&self) -> Result<u32, Fault> {
        self.length
            .checked_sub((HEADER + TRAILER) as u32)
            .ok_or(Fault::BlockTooShort { code: self.code, length: self.length })
    }
}

/// Entries decoded from a list, how many bytes they took, and what is wrong with the entry behind them.
#[derive(Debug)]
pub struct Entries<T> {
    /// The good entries.
    pub entries: Vec<T>,
    /// Bytes that they took.
    pub taken: usize,
    /// What stopped the decoding before the end.
    pub fault: Option<Fault>,
}

/// Decodes entries until fewer than 4 bytes are left (reference A4) or, where more of the list follows behind `bytes`,
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
        let event = |flags, counted, large| Kind::Event(event::Layout { flags, counted, large });
        let rows = [
            (0x0a0d_0d0a, Kind::Section),
            (0x201, Kind::Machine),
            (0x8002_abcd, Kind::Machine),
            (0x202, Kind::Processes(1)),
            (0x8000_abcd, Kind::Processes(1)),
            (0x207, Kind::Processes(2)),
            (0x8013_abcd, Kind::Processes(2)),
            (0x209, Kind::Processes(3)),
            (0x8014_abcd, Kind::Processes(3)),
            (0x210, Kind::Processes(4)),
            (0x215, Kind::Processes(9)),
            (0x203, Kind::Fds { prefixed: false }),
            (0x8001_abcd, Kind::Fds { prefixed: false }),
            (0x218, Kind::Fds { prefixed: true }),
            (0x205, Kind::Interfaces { prefixed: false }),
            (0x8011_abcd, Kind::Interfaces { prefixed: false }),
            (0x219, Kind::Interfaces { prefixed: true }),
            (0x206, Kind::Accounts { prefixed: false }),
            (0x8012_abcd, Kind::Accounts { prefixed: false }),
            (0x220, Kind::Accounts { prefixed: true }),
            (0x8054_5243, Kind::State),
            (0x204, event(false, false, false)),
            (0x8010_abcd, event(false, false, false)),
            (0x208, event(true, false, false)),
            (0x216, event(false, true, false)),
            (0x217, event(true, true, false)),
            (0x221, event(false, true, true)),
            (0x222, event(true, true, true)),
            (0x223, Kind::Unknown),
        ];
        for (code, kind) in rows {
            assert_eq!(Kind::of(code), kind, "{code:#x}");
        }
    }
}
