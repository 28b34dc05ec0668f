//! Fd lists of both versions (reference B15 to B18).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Cursor, Entries, entries};
use crate::error::Fault;
use crate::record::{FdDetail, FdRecord};

const WHAT: &str = "fd list entry";

/// Longest name that the reference accepts (reference B18).
const NAME: u16 = 1023;

/// The last type code that this reader knows.
const LAST_KIND: u8 = 21;

/// What an unknown type becomes (reference B17).
const UNSUPPORTED: u8 = 10;

/// The thread that an fd list belongs to: its first 8 bytes.
pub fn owner(body: &[u8]) -> Result<i64, Fault> {
    let mut cursor = Cursor::new(body);
    cursor.enter("fd list");
    cursor.i64()
}

/// Decodes the entries of an fd list, which start behind the owner. `reserve` is as for
/// [`processes`](super::processes).
pub fn fds(bytes: &[u8], prefixed: bool, reserve: usize) -> Entries<FdRecord> {
    entries(bytes, reserve, |cursor| fd(cursor, prefixed))
}

fn fd(cursor: &mut Cursor, prefixed: bool) -> Result<FdRecord, Fault> {
    cursor.enter(WHAT);
    let start = cursor.position();
    let length = if prefixed { cursor.u32()? } else { 0 };
    if length > super::ENTRY_LIMIT {
        return Err(Fault::EntryTooLong { what: WHAT, length });
    }
    let mut record =
        FdRecord { fd: cursor.i64()?, ino: cursor.u64()?, kind: cursor.u8()?, detail: FdDetail::None };
    record.detail = match record.kind {
        0 => FdDetail::None,
        3 => FdDetail::Socket {
            sip: ipv4(cursor)?,
            dip: ipv4(cursor)?,
            sport: cursor.u16()?,
            dport: cursor.u16()?,
            l4: cursor.u8()?,
        },
        4 => FdDetail::Socket {
            sip: ipv6(cursor)?,
            dip: ipv6(cursor)?,
            sport: cursor.u16()?,
            dport: cursor.u16()?,
            l4: cursor.u8()?,
        },
        5 => FdDetail::Server { ip: ipv4(cursor)?, port: cursor.u16()?, l4: cursor.u8()? },
        6 => FdDetail::Server { ip: ipv6(cursor)?, port: cursor.u16()?, l4: cursor.u8()? },
        8 => FdDetail::Unix { source: cursor.u64()?, destination: cursor.u64()?, name: name(cursor)? },
        16 => FdDetail::File {
            flags: cursor.u32()?,
            name: name(cursor)?,
            dev: if cursor.position() + 4 <= start + length as usize { cursor.u32()? } else { 0 },
        },
        1..=LAST_KIND => FdDetail::Name(name(cursor)?),
        kind => {
            record.kind = UNSUPPORTED;
            FdDetail::Name(format!("unknown-type:[{kind}]").into_bytes())
        }
    };
    cursor.leave(WHAT, start, length)?;
    Ok(record)
}

fn name(cursor: &mut Cursor) -> Result<Vec<u8>, Fault> {
    cursor.text16("name of an fd", NAME)
}

pub(super) fn ipv4(cursor: &mut Cursor) -> Result<IpAddr, Fault> {
    cursor.array::<4>().map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)))
}

pub(super) fn ipv6(cursor: &mut Cursor) -> Result<IpAddr, Fault> {
    cursor.array::<16>().map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)))
}
