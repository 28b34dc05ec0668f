//! What is stored of a socket's addresses. The reference keeps the forms of all kinds in one piece of memory, and a socket that
//! changes its kind keeps the bytes of its former kind: an IPv6 socket that connects to an IPv4 peer loses its transport, for
//! one. Rules see that, so the memory is kept here in the same layout.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{Endpoints, FdKind, L4};

/// The shared memory. Layouts (addresses in network order, ports little-endian):
/// IPv4 pair `sip 4, dip 4, sport 2, dport 2, l4 1`; IPv6 pair `sip 16, dip 16, sport 2, dport 2, l4 1`;
/// IPv4 server `ip 4, port 2, l4 1`; IPv6 server `ip 16, port 2, l4 1`; unix `source 8, destination 8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Vec<u8>", try_from = "Vec<u8>")]
pub(crate) struct SocketInfo {
    bytes: [u8; 37],
}

impl From<SocketInfo> for Vec<u8> {
    /// The bytes up to the last that is not zero: most fds are no sockets.
    fn from(info: SocketInfo) -> Vec<u8> {
        let len = info.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        info.bytes[..len].to_vec()
    }
}

impl TryFrom<Vec<u8>> for SocketInfo {
    type Error = &'static str;

    fn try_from(bytes: Vec<u8>) -> Result<SocketInfo, &'static str> {
        let mut info = SocketInfo::default();
        info.bytes.get_mut(..bytes.len()).ok_or("too many bytes of a socket")?.copy_from_slice(&bytes);
        Ok(info)
    }
}

impl Default for SocketInfo {
    fn default() -> SocketInfo {
        SocketInfo { bytes: [0; 37] }
    }
}

/// One end of a pair within the shared memory.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// Source, or client.
    Source,
    /// Destination, or server.
    Destination,
}

impl SocketInfo {
    fn read<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut value = [0; N];
        value.copy_from_slice(&self.bytes[at..at + N]);
        value
    }

    fn write<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&value);
    }

    /// An end of an IPv4 pair.
    pub(super) fn v4(&self, end: End) -> (Ipv4Addr, u16) {
        let (ip, port) = end4(end);
        (Ipv4Addr::from(self.read::<4>(ip)), u16::from_le_bytes(self.read(port)))
    }

    /// Sets the address of an end of an IPv4 pair.
    pub(super) fn set_v4_ip(&mut self, end: End, ip: Ipv4Addr) {
        self.write(end4(end).0, ip.octets());
    }

    /// Sets the port of an end of an IPv4 pair.
    pub(super) fn set_v4_port(&mut self, end: End, port: u16) {
        self.write(end4(end).1, port.to_le_bytes());
    }

    /// An end of an IPv6 pair.
    pub(super) fn v6(&self, end: End) -> (Ipv6Addr, u16) {
        let (ip, port) = end6(end);
        (Ipv6Addr::from(self.read::<16>(ip)), u16::from_le_bytes(self.read(port)))
    }

    /// Sets the address of an end of an IPv6 pair.
    pub(super) fn set_v6_ip(&mut self, end: End, ip: Ipv6Addr) {
        self.write(end6(end).0, ip.octets());
    }

    /// Sets the port of an end of an IPv6 pair.
    pub(super) fn set_v6_port(&mut self, end: End, port: u16) {
        self.write(end6(end).1, port.to_le_bytes());
    }

    /// Sets the address and port of a bound IPv4 socket.
    pub(super) fn set_v4_server(&mut self, ip: Ipv4Addr, port: u16) {
        self.write(0, ip.octets());
        self.write(4, port.to_le_bytes());
    }

    /// Sets the address and port of a bound IPv6 socket.
    pub(super) fn set_v6_server(&mut self, ip: Ipv6Addr, port: u16) {
        self.write(0, ip.octets());
        self.write(16, port.to_le_bytes());
    }

    /// Sets the kernel addresses of a unix socket.
    pub(super) fn set_unix(&mut self, source: u64, destination: u64) {
        self.write(0, source.to_le_bytes());
        self.write(8, destination.to_le_bytes());
    }

    /// Transport, where a socket of `kind` has it.
    pub(super) fn l4(&self, kind: FdKind) -> L4 {
        l4_place(kind).map_or(L4::Na, |at| L4::from_code(self.bytes[at]))
    }

    /// Sets the transport, where a socket of `kind` has it.
    pub(super) fn set_l4(&mut self, kind: FdKind, l4: L4) {
        if let Some(at) = l4_place(kind) {
            self.bytes[at] = l4.code();
        }
    }

    /// Exchanges the ends of a pair: IPv4 for that kind, the IPv6 layout for all others.
    pub(super) fn swap(&mut self, kind: FdKind) {
        if kind == FdKind::Ipv4 {
            let ((sip, sport), (dip, dport)) = (self.v4(End::Source), self.v4(End::Destination));
            self.set_v4_ip(End::Source, dip);
            self.set_v4_port(End::Source, dport);
            self.set_v4_ip(End::Destination, sip);
            self.set_v4_port(End::Destination, sport);
        } else {
            let ((sip, sport), (dip, dport)) = (self.v6(End::Source), self.v6(End::Destination));
            self.set_v6_ip(End::Source, dip);
            self.set_v6_port(End::Source, dport);
            self.set_v6_ip(End::Destination, sip);
            self.set_v6_port(End::Destination, sport);
        }
    }

    /// The addresses of a socket of `kind`, `None` for kinds without.
    pub(super) fn endpoints(&self, kind: FdKind) -> Option<Endpoints> {
        let l4 = self.l4(kind);
        let pair = |source: (IpAddr, u16), destination: (IpAddr, u16)| Endpoints {
            sip: source.0,
            dip: destination.0,
            sport: source.1,
            dport: destination.1,
            l4,
        };
        match kind {
            FdKind::Ipv4 => {
                let ((sip, sport), (dip, dport)) = (self.v4(End::Source), self.v4(End::Destination));
                Some(pair((sip.into(), sport), (dip.into(), dport)))
            }
            FdKind::Ipv6 => {
                let ((sip, sport), (dip, dport)) = (self.v6(End::Source), self.v6(End::Destination));
                Some(pair((sip.into(), sport), (dip.into(), dport)))
            }
            FdKind::Ipv4Server => {
                let ip = Ipv4Addr::from(self.read::<4>(0));
                let port = u16::from_le_bytes(self.read(4));
                Some(pair((Ipv4Addr::UNSPECIFIED.into(), 0), (ip.into(), port)))
            }
            FdKind::Ipv6Server => {
                let ip = Ipv6Addr::from(self.read::<16>(0));
                let port = u16::from_le_bytes(self.read(16));
                Some(pair((Ipv6Addr::UNSPECIFIED.into(), 0), (ip.into(), port)))
            }
            _ => None,
        }
    }

    /// Kernel addresses of a unix socket: source, destination.
    pub(super) fn unix(&self) -> (u64, u64) {
        (u64::from_le_bytes(self.read(0)), u64::from_le_bytes(self.read(8)))
    }
}

const fn end4(end: End) -> (usize, usize) {
    match end {
        End::Source => (0, 8),
        End::Destination => (4, 10),
    }
}

const fn end6(end: End) -> (usize, usize) {
    match end {
        End::Source => (0, 32),
        End::Destination => (16, 34),
    }
}

fn l4_place(kind: FdKind) -> Option<usize> {
    match kind {
        FdKind::Ipv4 => Some(12),
        FdKind::Ipv6 => Some(36),
        FdKind::Ipv4Server => Some(6),
        FdKind::Ipv6Server => Some(18),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_keeps_the_bytes_of_its_former_kind() {
        let mut info = SocketInfo::default();
        info.set_l4(FdKind::Ipv4, L4::Udp);
        info.set_v4_server(Ipv4Addr::new(0, 0, 0, 0), 53);
        info.set_l4(FdKind::Ipv4Server, info.l4(FdKind::Ipv4));
        let server = info.endpoints(FdKind::Ipv4Server).expect("inet");
        assert_eq!((server.dip, server.dport, server.l4), (Ipv4Addr::UNSPECIFIED.into(), 53, L4::Udp));
        let pair = info.endpoints(FdKind::Ipv4).expect("inet");
        assert_eq!((pair.dip, pair.dport), (Ipv4Addr::new(53, 0, 3, 0).into(), 0));
    }

    #[test]
    fn ends_are_exchanged_whole() {
        let mut info = SocketInfo::default();
        info.set_v4_ip(End::Source, Ipv4Addr::new(1, 2, 3, 4));
        info.set_v4_port(End::Source, 1000);
        info.set_v4_port(End::Destination, 80);
        info.swap(FdKind::Ipv4);
        assert_eq!(info.v4(End::Destination), (Ipv4Addr::new(1, 2, 3, 4), 1000));
        assert_eq!(info.v4(End::Source), (Ipv4Addr::UNSPECIFIED, 80));
    }
}
