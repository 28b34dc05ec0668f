//! Sockets of network namespaces (/proc/PID/net): inode numbers enter, addresses leave. Each namespace is read once.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::MetadataExt;

use tercel_format::record::FdDetail;

const IPV4: u8 = 3;
const IPV6: u8 = 4;
const IPV4_SERVER: u8 = 5;
const IPV6_SERVER: u8 = 6;
const UNIX: u8 = 8;
const NETLINK: u8 = 15;

/// Codes of transports (reference B18).
const TABLES: [(&str, u8); 6] = [("tcp", 2), ("tcp6", 2), ("udp", 3), ("udp6", 3), ("raw", 5), ("raw6", 5)];

/// Sockets by namespace and inode.
#[derive(Default)]
pub struct Sockets {
    namespaces: HashMap<u64, HashMap<u64, (u8, FdDetail)>>,
}

impl Sockets {
    /// The socket of an inode as a process sees it; `None` for kinds that have no table.
    pub fn find(&mut self, pid: i64, ino: u64) -> Option<(u8, FdDetail)> {
        let namespace = fs::metadata(format!("/proc/{pid}/ns/net")).ok()?.ino();
        let sockets = self.namespaces.entry(namespace).or_insert_with(|| read(pid));
        sockets.get(&ino).cloned()
    }
}

fn read(pid: i64) -> HashMap<u64, (u8, FdDetail)> {
    let text = |name: &str| fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
    let mut sockets = HashMap::new();
    for (name, l4) in TABLES {
        sockets.extend(text(name).lines().skip(1).filter_map(|line| internet(line, l4)));
    }
    sockets.extend(text("unix").lines().skip(1).filter_map(unix));
    sockets.extend(text("netlink").lines().skip(1).filter_map(netlink));
    sockets
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

/// A line of /proc/net/unix: address in the kernel, five fields, inode, path.
fn unix(line: &str) -> Option<(u64, (u8, FdDetail))> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let source = u64::from_str_radix(fields.first()?.trim_end_matches(':'), 16).ok()?;
    let ino = fields.get(6)?.parse().ok()?;
    // The path is the rest of the line and may hold blanks.
    let path =
        fields.get(7).and_then(|first| line.find(&format!(" {first}"))).and_then(|at| line.get(at + 1..));
    let name = path.unwrap_or_default().as_bytes().to_vec();
    Some((ino, (UNIX, FdDetail::Unix { source, destination: 0, name })))
}

/// A line of /proc/net/netlink; the inode is the last field.
fn netlink(line: &str) -> Option<(u64, (u8, FdDetail))> {
    let ino = line.split_ascii_whitespace().nth(9)?.parse().ok()?;
    Some((ino, (NETLINK, FdDetail::Name(Vec::new()))))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let line = "ffff8881: 00000002 00000000 00010000 0001 01 99 /run/a b.sock";
        let expected =
            FdDetail::Unix { source: 0xffff_8881, destination: 0, name: b"/run/a b.sock".to_vec() };
        assert_eq!(unix(line), Some((99, (UNIX, expected))));
        assert!(internet("", 2).is_none() && unix("").is_none() && netlink("").is_none());
    }
}
