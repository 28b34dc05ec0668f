//! Interface lists of both versions (reference B19, B20).

use super::fds::{ipv4, ipv6};
use super::{Cursor, Entries, entries};
use crate::error::Fault;
use crate::record::Interface;

const WHAT: &str = "interface list entry";

/// Longest name that the reference accepts (reference B20).
const NAME: u16 = 1023;

/// Decodes the body of an interface list.
pub(crate) fn interfaces(body: &[u8], prefixed: bool) -> Entries<Interface> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: u16, width: u8, speed: bool) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend(4u16.to_le_bytes());
        for number in 1..=3 {
            bytes.extend((1..width).map(|_| 0).chain([number]));
        }
        if speed {
            bytes.extend(1000u64.to_le_bytes());
        }
        bytes.extend(b"eth0");
        bytes
    }

    fn check(kind: u16, width: u8, speed: bool, addresses: [&str; 3]) {
        let [address, netmask, broadcast] = addresses.map(|text| text.parse().expect("address"));
        let linkspeed = if speed { 1000 } else { 0 };
        let record = Interface { address, netmask, broadcast, linkspeed, name: b"eth0".to_vec() };
        let plain = entry(kind, width, speed);
        let length = (plain.len() as u32 + 2).to_le_bytes();
        let with_length = [&length[..], &plain, &[0xee; 2]].concat();
        for (bytes, prefixed) in [(plain, false), (with_length, true)] {
            let list = interfaces(&[bytes.clone(), bytes].concat(), prefixed);
            assert_eq!(list.entries, [record.clone(), record.clone()], "type {kind}");
            assert_eq!(list.fault, None, "type {kind}");
        }
    }

    #[test]
    fn every_type_has_its_fields() {
        check(1, 4, true, ["0.0.0.1", "0.0.0.2", "0.0.0.3"]);
        check(2, 16, true, ["::1", "::2", "::3"]);
        check(3, 4, false, ["0.0.0.1", "0.0.0.2", "0.0.0.3"]);
        check(4, 16, false, ["::1", "::2", "::3"]);
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(interfaces(&entry(5, 4, true), false).fault, Some(Fault::InterfaceType(5)));
        assert_eq!(interfaces(&entry(1, 4, true)[..20], false).fault, Some(Fault::Short(WHAT)));
        let fault = Fault::TextTooLong { what: "name of an interface", length: 1024, limit: NAME };
        assert_eq!(interfaces(&[1, 0, 0, 4], false).fault, Some(fault));
    }
}
