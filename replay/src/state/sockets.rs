//! Addresses of sockets, as parameters carry them and as names show them.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text::sanitize;

/// Address family codes of recorded addresses.
#[allow(missing_docs)]
pub mod family {
    pub const UNIX: u8 = 1;
    pub const INET: u8 = 2;
    pub const INET6: u8 = 10;
    pub const NETLINK: u8 = 16;
}

/// A recorded socket tuple: both ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tuple<'a> {
    /// IPv4: source, destination.
    V4(Endpoint4, Endpoint4),
    /// IPv6: source, destination.
    V6(Endpoint6, Endpoint6),
    /// Unix: kernel addresses of source and destination, path.
    Unix(u64, u64, &'a [u8]),
    /// Another family.
    Other,
}

/// An IPv4 end.
pub(crate) type Endpoint4 = (Ipv4Addr, u16);

/// An IPv6 end.
pub(crate) type Endpoint6 = (Ipv6Addr, u16);

/// A recorded socket address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address<'a> {
    /// IPv4.
    V4(Endpoint4),
    /// IPv6.
    V6(Endpoint6),
    /// Unix: path.
    Unix(&'a [u8]),
    /// Another family.
    Other,
}

fn endpoint4(bytes: &[u8], at: usize) -> Option<Endpoint4> {
    let (ip, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let (port, _) = rest.split_first_chunk::<2>()?;
    Some((Ipv4Addr::from(*ip), u16::from_le_bytes(*port)))
}

fn endpoint6(bytes: &[u8], at: usize) -> Option<Endpoint6> {
    let (ip, rest) = bytes.get(at..)?.split_first_chunk::<16>()?;
    let (port, _) = rest.split_first_chunk::<2>()?;
    Some((Ipv6Addr::from(*ip), u16::from_le_bytes(*port)))
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk::<8>()?))
}

/// A path that reaches to the end of the parameter, where it must have its NUL.
fn path(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let path = bytes.get(at..)?;
    (path.last() == Some(&0)).then(|| tercel_format::until_nul(path))
}

impl<'a> Tuple<'a> {
    /// Decodes a tuple parameter; `None` if it is empty or too short for its family.
    pub fn decode(bytes: &'a [u8]) -> Option<Tuple<'a>> {
        match *bytes.first()? {
            family::INET => Some(Tuple::V4(endpoint4(bytes, 1)?, endpoint4(bytes, 7)?)),
            family::INET6 => Some(Tuple::V6(endpoint6(bytes, 1)?, endpoint6(bytes, 19)?)),
            family::UNIX => Some(Tuple::Unix(number(bytes, 1)?, number(bytes, 9)?, path(bytes, 17)?)),
            _ => Some(Tuple::Other),
        }
    }
}

impl<'a> Address<'a> {
    /// Decodes an address parameter; `None` if it is empty or too short for its family.
    pub fn decode(bytes: &'a [u8]) -> Option<Address<'a>> {
        match *bytes.first()? {
            family::INET => Some(Address::V4(endpoint4(bytes, 1)?)),
            family::INET6 => Some(Address::V6(endpoint6(bytes, 1)?)),
            family::UNIX => Some(Address::Unix(path(bytes, 1)?)),
            _ => Some(Address::Other),
        }
    }

    /// The address, if it is of IPv4.
    pub fn v4(self) -> Option<Endpoint4> {
        if let Address::V4(end) = self { Some(end) } else { None }
    }

    /// The address, if it is of IPv6.
    pub fn v6(self) -> Option<Endpoint6> {
        if let Address::V6(end) = self { Some(end) } else { None }
    }
}

/// The IPv4 address inside a mapped IPv6 address; the unspecified address counts as mapped.
pub fn mapped(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    if ip.is_unspecified() { Some(Ipv4Addr::UNSPECIFIED) } else { ip.to_ipv4_mapped() }
}

/// Both addresses as IPv4 if both are mapped.
pub(crate) fn both_mapped(source: Ipv6Addr, destination: Ipv6Addr) -> Option<(Ipv4Addr, Ipv4Addr)> {
    mapped(source).zip(mapped(destination))
}

/// Appends an address as `inet_ntop` writes it: IPv6 without brackets, and with a dotted tail where it holds an IPv4 address.
pub(crate) fn ip_text(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(v4) => dotted(out, v4.octets()),
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments();
            if [a, b, c, d, e, f] == [0; 6] && g != 0 {
                out.extend_from_slice(b"::");
                let ([g0, g1], [h0, h1]) = (g.to_be_bytes(), h.to_be_bytes());
                dotted(out, [g0, g1, h0, h1]);
            } else {
                // Writing to memory cannot fail.
                let _ = write!(out, "{v6}");
            }
        }
    }
}

fn dotted(out: &mut Vec<u8>, octets: [u8; 4]) {
    for (place, octet) in octets.into_iter().enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        decimal(out, octet.into());
    }
}

/// Appends a number. Names of sockets are made again for every datagram to another peer, so this does not go through the
/// formatting machinery.
fn decimal(out: &mut Vec<u8>, mut number: u16) {
    let mut digits = [0; 5];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends `address:port`.
pub(crate) fn endpoint_text(out: &mut Vec<u8>, ip: IpAddr, port: u16) {
    ip_text(out, ip);
    out.push(b':');
    decimal(out, port);
}

/// Appends `address:port->address:port`.
pub(crate) fn pair_text(out: &mut Vec<u8>, source: (IpAddr, u16), destination: (IpAddr, u16)) {
    endpoint_text(out, source.0, source.1);
    out.extend_from_slice(b"->");
    endpoint_text(out, destination.0, destination.1);
}

/// Appends the text of a unix tuple: kernel addresses in hexadecimal and the path.
pub(crate) fn unix_text(out: &mut Vec<u8>, source: u64, destination: u64, path: &[u8]) {
    let _ = write!(out, "{source:x}->{destination:x} ");
    sanitize(out, path);
}

/// Appends the text of a socket tuple parameter; `NULL` for an empty one (reference state 8.15).
pub(crate) fn tuple_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let Some(&code) = bytes.first() else {
        out.extend_from_slice(b"NULL");
        return;
    };
    match Tuple::decode(bytes) {
        Some(Tuple::V4((sip, sport), (dip, dport))) if bytes.len() == 13 => {
            pair_text(out, (sip.into(), sport), (dip.into(), dport));
        }
        Some(Tuple::V6((sip, sport), (dip, dport))) if bytes.len() == 37 => match both_mapped(sip, dip) {
            Some((sip, dip)) => pair_text(out, (sip.into(), sport), (dip.into(), dport)),
            None => pair_text(out, (sip.into(), sport), (dip.into(), dport)),
        },
        Some(Tuple::Unix(source, destination, path)) => unix_text(out, source, destination, path),
        Some(Tuple::Other) | Some(Tuple::V4(..)) | Some(Tuple::V6(..)) | None => invalid(out, code),
    }
}

/// Appends the text of a socket address parameter; `<NA>` for an empty one.
pub(crate) fn sockaddr_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let Some(&code) = bytes.first() else {
        out.extend_from_slice(b"<NA>");
        return;
    };
    match Address::decode(bytes) {
        Some(Address::V4((ip, port))) if bytes.len() == 7 => endpoint_text(out, ip.into(), port),
        Some(Address::V6((ip, port))) if bytes.len() == 19 => endpoint_text(out, ip.into(), port),
        Some(Address::Unix(path)) => sanitize(out, path),
        Some(Address::Other) | Some(Address::V4(_)) | Some(Address::V6(_)) | None => invalid(out, code),
    }
}

fn invalid(out: &mut Vec<u8>, code: u8) {
    match code {
        family::INET => out.extend_from_slice(b"INVALID IPv4"),
        family::INET6 => out.extend_from_slice(b"INVALID IPv6"),
        _ => {
            let _ = write!(out, "family {code}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: fn(&mut Vec<u8>, &[u8]), bytes: &[u8], expected: &str) {
        let mut out = Vec::new();
        text(&mut out, bytes);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{bytes:x?}");
    }

    fn v6(last: [u8; 16], port: u16) -> Vec<u8> {
        [&last[..], &port.to_le_bytes()].concat()
    }

    #[test]
    fn tuples_are_written_as_names_of_connections() {
        check(tuple_text, b"", "NULL");
        check(tuple_text, &[2, 10, 0, 0, 1, 0x90, 0x1F, 127, 0, 0, 1, 80, 0], "10.0.0.1:8080->127.0.0.1:80");
        check(tuple_text, &[2, 10, 0, 0], "INVALID IPv4");
        check(tuple_text, &[16, 1, 2], "family 16");
        let loopback = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4];
        let pair = |a, b| [vec![10], v6(a, 5), v6(b, 6)].concat();
        check(tuple_text, &pair(loopback, loopback), "::1:5->::1:6");
        check(tuple_text, &pair(mapped, mapped), "1.2.3.4:5->1.2.3.4:6");
        check(tuple_text, &pair(mapped, loopback), "::ffff:1.2.3.4:5->::1:6");
        let unix = [&[1][..], &0xAB_u64.to_le_bytes(), &1_u64.to_le_bytes(), b"/run/s\0"].concat();
        check(tuple_text, &unix, "ab->1 /run/s");
    }

    #[test]
    fn addresses_are_written_with_their_port() {
        check(sockaddr_text, b"", "<NA>");
        check(sockaddr_text, &[2, 1, 2, 3, 4, 53, 0], "1.2.3.4:53");
        check(sockaddr_text, &[1, b'/', b's', 0], "/s");
        check(sockaddr_text, &[10, 1], "INVALID IPv6");
        let compatible = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        check(sockaddr_text, &[vec![10], v6(compatible, 1)].concat(), "::1.2.3.4:1");
    }
}
