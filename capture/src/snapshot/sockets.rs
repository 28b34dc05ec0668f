//! Sockets of network namespaces (/proc/PID/net): inode numbers enter, addresses leave. Each namespace is read once.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::MetadataExt;

use tercel_format::record::FdDetail;

use super::text::lines;

const IPV4: u8 = 3;
const IPV6: u8 = 4;
const IPV4_SERVER: u8 = 5;
const IPV6_SERVER: u8 = 6;
const UNIX: u8 = 8;
const NETLINK: u8 = 15;

/// Codes of transports (reference B18).
const TABLES: [(&str, u8); 6] = [("tcp", 2), ("tcp6", 2), ("udp", 3), ("udp6", 3), ("raw", 5), ("raw6", 5)];

/// Sockets of all namespaces together that are looked up at most; further ones have no address.
const MOST: usize = 1 << 19;

/// Sockets by namespace and inode.
#[derive(Default)]
pub(super) struct Sockets {
    total: usize,
    namespaces: HashMap<u64, HashMap<u64, (u8, FdDetail)>>,
}

impl Sockets {
    /// The socket of an inode as a process sees it; `None` for kinds that have no table.
    pub(super) fn find(&mut self, pid: i64, ino: u64) -> Option<(u8, FdDetail)> {
        let namespace = fs::metadata(format!("/proc/{pid}/ns/net")).ok()?.ino();
        if !self.namespaces.contains_key(&namespace) {
            let sockets = read(pid, MOST - self.total);
            self.total += sockets.len();
            self.namespaces.insert(namespace, sockets);
        }
        self.namespaces.get(&namespace)?.get(&ino).cloned()
    }
}

fn read(pid: i64, limit: usize) -> HashMap<u64, (u8, FdDetail)> {
    let rows = |name: &str| lines(&format!("/proc/{pid}/net/{name}")).skip(1);
    let text = |line: Vec<u8>| String::from_utf8_lossy(&line).into_owned();
    let of_internet =
        TABLES.iter().flat_map(|(name, l4)| rows(name).filter_map(move |line| internet(&text(line), *l4)));
    let of_unix = rows("unix").filter_map(|line| unix(&line));
    let of_netlink = rows("netlink").filter_map(|line| netlink(&text(line)));
    of_internet.chain(of_unix).chain(of_netlink).take(limit).collect()
}

/// A line of /proc/net/tcp and its kind: number, local and remote address, …, the inode as tenth field.
fn internet(line: &str, l4: u8) -> Option<(u64, (u8, FdDetail))> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (sip, sport) = address(fields.get(1)?)?;
    let (dip, dport) = address(fields.get(2)?)?;
    let ino = fields.get(9)?.parse().ok()?;
    let kind = match (dip.is_unspecified(), sip.is_ipv4()) {
        (true, true) => IPV4_SERVER,
        (true, false) => IPV6_SERVER,
        (false, true) => IPV4,
        (false, false) => IPV6,
    };
    let detail = if dip.is_unspecified() {
        FdDetail::Server { ip: sip, port: sport, l4 }
    } else {
        FdDetail::Socket { sip, dip, sport, dport, l4 }
    };
    Some((ino, (kind, detail)))
}

/// `ADDRESS:PORT` in hexadecimal; an address is words of the host's byte order.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |index: usize| {
        Some(u32::from_str_radix(address.get(8 * index..8 * index + 8)?, 16).ok()?.to_ne_bytes())
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (index, part) in bytes.as_chunks_mut().0.iter_mut().enumerate() {
                *part = word(index)?;
            }
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some((address, port))
}

/// A line of /proc/net/unix: address in the kernel, five fields, inode, path. The path is the rest of the line and may hold any
/// bytes.
fn unix(line: &[u8]) -> Option<(u64, (u8, FdDetail))> {
    let mut rest = line;
    let mut next = || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (field, after) = rest.split_at(end);
        rest = after;
        std::str::from_utf8(field).ok().filter(|field| !field.is_empty())
    };
    let source = u64::from_str_radix(next()?.trim_end_matches(':'), 16).ok()?;
    for _ in 0..5 {
        next()?;
    }
    let ino = next()?.parse().ok()?;
    let name = rest.strip_prefix(b" ").unwrap_or_default().to_vec();
    Some((ino, (UNIX, FdDetail::Unix { source, destination: 0, name })))
}

/// A line of /proc/net/netlink; the inode is the last field.
fn netlink(line: &str) -> Option<(u64, (u8, FdDetail))> {
    let ino = line.split_ascii_whitespace().nth(9)?.parse().ok()?;
    Some((ino, (NETLINK, FdDetail::Name(Vec::new()))))
}

/// Any bytes as a line of each table.
#[cfg(fuzzing)]
pub(super) fn any_line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (_, l4) in TABLES {
        internet(&text, l4);
    }
    unix(bytes);
    netlink(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation;

    #[test]
    fn any_line_is_read() {
        const LINES: [&[u8]; 4] = [
            b"   0: 0100007F:1F90 0200007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 4711 1",
            b"  1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0 0 0 0 0 12 1",
            b"ffff8881: 00000002 00000000 00010000 0001 01 99 /run/a b.sock",
            b"ffff9b0e1d3c0000 0   4031       00000110 0        0        0        2        0        17",
        ];
        let mut found = [0; 3];
        mutation::of_bytes(&LINES, 20_000, |line| {
            let text = String::from_utf8_lossy(line);
            let kinds = [internet(&text, 2).is_some(), unix(line).is_some(), netlink(&text).is_some()];
            found.iter_mut().zip(kinds).for_each(|(count, is_read)| *count += usize::from(is_read));
        });
        assert!(found.iter().all(|count| *count > 100), "{found:?} lines were read");
    }

    #[test]
    fn lines_of_the_tables() {
        let line = "   0: 0100007F:1F90 0200007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 4711 1";
        let (ino, (kind, detail)) = internet(line, 2).expect("a socket");
        assert_eq!((ino, kind), (4711, IPV4));
        let expected = FdDetail::Socket {
            sip: Ipv4Addr::LOCALHOST.into(),
            dip: Ipv4Addr::new(127, 0, 0, 2).into(),
            sport: 8080,
            dport: 80,
            l4: 2,
        };
        assert_eq!(detail, expected);
        let line = "  1: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0 0 0 0 0 12 1";
        let expected = FdDetail::Server { ip: Ipv6Addr::LOCALHOST.into(), port: 22, l4: 2 };
        assert_eq!(internet(line, 2), Some((12, (IPV6_SERVER, expected))));
        assert!(internet("  1: 0100007F:0016 zz:0000 0A 0 0 0 0 0 12 1", 2).is_none());
        let line = b"ffff8881: 00000002 00000000 00010000 0001 01    99 /run/a b\xff.sock";
        let expected =
            FdDetail::Unix { source: 0xffff_8881, destination: 0, name: b"/run/a b\xff.sock".to_vec() };
        assert_eq!(unix(line), Some((99, (UNIX, expected))));
        // A name like one of the fields before it, and none.
        for (line, expected) in
            [(&b"1: 00000002 0 0 1 01 99 00000002"[..], &b"00000002"[..]), (b"1: 2 0 0 1 01 99", b"")]
        {
            let (_, (_, detail)) = unix(line).expect("a socket");
            assert_eq!(detail, FdDetail::Unix { source: 1, destination: 0, name: expected.to_vec() });
        }
        assert!(internet("", 2).is_none() && unix(b"").is_none() && netlink("").is_none());
    }
}
