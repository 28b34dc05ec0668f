//! Interface lists of both versions (reference B19, B20).

use super::fds::{ipv4, ipv6};
use super::{Cursor, Entries, entries};
use crate::error::Fault;
use crate::record::Interface;

const WHAT: &str = "interface list entry";

/// Longest name that the reference accepts (reference B20).
const NAME: u16 = 1023;

/// Decodes the body of an interface list.
pub fn interfaces(body: &[u8], prefixed: bool) -> Entries<Interface> {
    entries(body, 0, |cursor| interface(cursor, prefixed))
}

fn interface(cursor: &mut Cursor, prefixed: bool) -> Result<Interface, Fault> {
    cursor.enter(WHAT);
    let length = if prefixed { cursor.u32()? } else { 0 };
    // The length of an interface, unlike those of other entries, does not count itself.
    let start = cursor.position();
    let kind = cursor.u16()?;
    let name_length = cursor.u16()?;
    if name_length > NAME {
        return Err(Fault::TextTooLong { what: "name of an interface", length: name_length, limit: NAME });
    }
    let address = match kind {
        1 | 3 => ipv4,
        2 | 4 => ipv6,
        other => return Err(Fault::InterfaceType(other)),
    };
    let record = Interface {
        address: address(cursor)?,
        netmask: address(cursor)?,
        broadcast: address(cursor)?,
        linkspeed: if kind <= 2 { cursor.u64()? } else { 0 },
        name: crate::event::until_nul(cursor.take(usize::from(name_length))?).to_vec(),
    };
    cursor.leave(WHAT, start, length)?;
    Ok(record)
}
