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
pub(crate) fn owner(body: &[u8]) -> Result<i64, Fault> {
    let mut cursor = Cursor::new(body);
    cursor.enter("fd list");
    cursor.i64()
}

/// Decodes the entries of an fd list, which start after the owner. `reserve` is as for
/// [`processes`](super::processes).
pub(crate) fn fds(bytes: &[u8], prefixed: bool, reserve: usize) -> Entries<FdRecord> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: u8, payload: &[u8]) -> Vec<u8> {
        [&7i64.to_le_bytes()[..], &99u64.to_le_bytes(), &[kind], payload].concat()
    }

    fn prefixed(entry: &[u8], extra: usize) -> Vec<u8> {
        let length = (entry.len() + 4 + extra) as u32;
        [&length.to_le_bytes()[..], entry, &vec![0xee; extra]].concat()
    }

    fn check(kind: u8, payload: &[u8], expected: (u8, FdDetail)) {
        let entry = entry(kind, payload);
        let record = FdRecord { fd: 7, ino: 99, kind: expected.0, detail: expected.1 };
        for (bytes, has_length) in
            [(entry.clone(), false), (prefixed(&entry, 0), true), (prefixed(&entry, 3), true)]
        {
            let twice = [bytes.clone(), bytes].concat();
            let list = fds(&twice, has_length, 0);
            assert_eq!(list.entries, [record.clone(), record.clone()], "kind {kind}");
            assert_eq!(list.fault, None, "kind {kind}");
        }
    }

    #[test]
    fn every_kind_has_its_payload() {
        let name = |name: &str| FdDetail::Name(name.as_bytes().to_vec());
        for kind in [1, 2, 7, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21] {
            check(kind, b"\x03\0abc", (kind, name("abc")));
        }
        check(0, b"", (0, FdDetail::None));
        check(22, b"", (UNSUPPORTED, name("unknown-type:[22]")));
        let socket = |sip: &str, dip: &str| FdDetail::Socket {
            sip: sip.parse().expect("address"),
            dip: dip.parse().expect("address"),
            sport: 258,
            dport: 772,
            l4: 2,
        };
        check(3, &[10, 0, 0, 1, 10, 0, 0, 2, 2, 1, 4, 3, 2], (3, socket("10.0.0.1", "10.0.0.2")));
        let (one, two) =
            ("::1".parse::<Ipv6Addr>().expect("address"), "::2".parse::<Ipv6Addr>().expect("address"));
        let payload = [&one.octets()[..], &two.octets(), &[2, 1, 4, 3, 2]].concat();
        check(4, &payload, (4, socket("::1", "::2")));
        let server = |ip: &str| FdDetail::Server { ip: ip.parse().expect("address"), port: 80, l4: 3 };
        check(5, &[127, 0, 0, 1, 80, 0, 3], (5, server("127.0.0.1")));
        check(6, &[&one.octets()[..], &[80, 0, 3]].concat(), (6, server("::1")));
        let unix = FdDetail::Unix { source: 1, destination: 2, name: b"/s".to_vec() };
        check(8, &[&1u64.to_le_bytes()[..], &2u64.to_le_bytes(), b"\x02\0/s"].concat(), (8, unix));
        check(16, b"\x01\0\0\0\x02\0/f", (16, FdDetail::File { flags: 1, name: b"/f".to_vec(), dev: 0 }));
    }

    #[test]
    fn a_device_is_read_where_the_length_leaves_room() {
        let entry = entry(16, b"\x01\0\0\0\x02\0/f\x09\0\0\0");
        let list = fds(&prefixed(&entry, 0), true, 0);
        let detail = FdDetail::File { flags: 1, name: b"/f".to_vec(), dev: 9 };
        assert_eq!(list.entries, [FdRecord { fd: 7, ino: 99, kind: 16, detail }]);
    }

    #[test]
    fn damage_is_named() {
        let long = [&[0xff, 0x03 + 1][..], &[b'x'; 1279]].concat();
        let fault = Fault::TextTooLong { what: "name of an fd", length: 1279, limit: NAME };
        assert_eq!(fds(&entry(1, &long), false, 0).fault, Some(fault));
        let mut short = prefixed(&entry(1, b"\x03\0abc"), 0);
        short[0] -= 1;
        assert_eq!(fds(&short, true, 0).fault, Some(Fault::EntryOverrun { what: WHAT, length: 25 }));
        assert_eq!(owner(&[0; 7]), Err(Fault::Short("fd list")));
        assert_eq!(owner(&(-3i64).to_le_bytes()), Ok(-3));
    }
}
