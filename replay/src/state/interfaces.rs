//! Network interfaces of the recorded host: which addresses are its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tercel_format::record::Interface;

use super::socket_info::End;
use super::{Fd, FdKind};

/// The interface list of a capture.
#[derive(Debug, Clone, Default)]
pub struct Interfaces {
    pub(super) list: Vec<Interface>,
}

impl Interfaces {
    /// The interfaces, in the order of the capture.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.list.iter()
    }

    /// Whether an address belongs to the host: IPv4 addresses when an interface has them, IPv6 addresses when an interface
    /// shares their first 64 bits (reference state 9.9).
    pub(crate) fn is_local(&self, ip: IpAddr) -> bool {
        self.list.iter().any(|interface| match (interface.address, ip) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => own == ip,
            (IpAddr::V6(own), IpAddr::V6(ip)) => same_net(own, ip),
            _ => false,
        })
    }

    /// Replaces the list.
    pub(super) fn replace(&mut self, list: &[Interface]) {
        self.list = list.to_vec();
    }

    /// Puts an address of the host in where one end of a pair has none, unless both ends became the same by it
    /// (reference state 8.9).
    pub(super) fn fill_in(&self, fd: &mut Fd) {
        match fd.kind {
            FdKind::Ipv4 => {
                let (source, destination) = (fd.info.v4(End::Source), fd.info.v4(End::Destination));
                let Some((end, other)) = missing(source.0.is_unspecified(), destination.0.is_unspecified())
                else {
                    return;
                };
                let peer = if matches!(other, End::Source) { source.0 } else { destination.0 };
                let own = self.own_v4(peer);
                if own != peer || source.1 != destination.1 {
                    fd.info.set_v4_ip(end, own);
                }
            }
            FdKind::Ipv6 => {
                let (source, destination) = (fd.info.v6(End::Source), fd.info.v6(End::Destination));
                let Some((end, other)) = missing(source.0.is_unspecified(), destination.0.is_unspecified())
                else {
                    return;
                };
                let peer = if matches!(other, End::Source) { source.0 } else { destination.0 };
                let own = self.own_v6(peer);
                if own != peer || source.1 != destination.1 {
                    fd.info.set_v6_ip(end, own);
                }
            }
            _ => {}
        }
    }

    /// The host's address towards a peer: the peer's own, else one in its subnet, else the first that is not the loopback.
    fn own_v4(&self, peer: Ipv4Addr) -> Ipv4Addr {
        let interfaces = || {
            self.list.iter().filter_map(|interface| match (interface.address, interface.netmask) {
                (IpAddr::V4(address), IpAddr::V4(mask)) => Some((address, mask)),
                _ => None,
            })
        };
        let found = interfaces().find(|(own, _)| *own == peer);
        let found = found.or_else(|| interfaces().find(|(own, mask)| *own & *mask == peer & *mask));
        let found = found.or_else(|| interfaces().find(|(own, _)| *own != Ipv4Addr::LOCALHOST));
        found.map_or(Ipv4Addr::UNSPECIFIED, |(own, _)| own)
    }

    fn own_v6(&self, peer: Ipv6Addr) -> Ipv6Addr {
        let addresses = || {
            self.list.iter().filter_map(|interface| match interface.address {
                IpAddr::V6(address) => Some(address),
                IpAddr::V4(_) => None,
            })
        };
        let found = addresses().find(|own| *own == peer);
        let found = found.or_else(|| addresses().find(|own| same_net(*own, peer)));
        let found = found.or_else(|| addresses().find(|own| *own != Ipv6Addr::LOCALHOST));
        found.unwrap_or(Ipv6Addr::UNSPECIFIED)
    }
}

/// The end that is missing, and the other; `None` if both are there. Where both are missing it is the source.
fn missing(source: bool, destination: bool) -> Option<(End, End)> {
    match (source, destination) {
        (true, _) => Some((End::Source, End::Destination)),
        (false, true) => Some((End::Destination, End::Source)),
        (false, false) => None,
    }
}

fn same_net(a: Ipv6Addr, b: Ipv6Addr) -> bool {
    a.octets()[..8] == b.octets()[..8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interfaces() -> Interfaces {
        let interface = |address: &str, netmask: &str| Interface {
            address: address.parse().expect("address"),
            netmask: netmask.parse().expect("mask"),
            broadcast: netmask.parse().expect("mask"),
            linkspeed: 0,
            name: Vec::new(),
        };
        Interfaces {
            list: vec![
                interface("127.0.0.1", "255.0.0.0"),
                interface("10.0.2.15", "255.255.255.0"),
                interface("::1", "::"),
                interface("fe80::1", "::"),
            ],
        }
    }

    #[test]
    fn addresses_of_interfaces_are_local() {
        for (ip, local) in [
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.0.2.15", true),
            ("10.0.2.16", false),
            ("fe80::2", true),
            ("fe81::1", false),
        ] {
            assert_eq!(interfaces().is_local(ip.parse().expect("address")), local, "{ip}");
        }
    }

    #[test]
    fn a_missing_end_gets_an_address_of_the_host() {
        for (peer, own) in [
            ("10.0.2.15", "10.0.2.15"),
            ("10.0.2.2", "10.0.2.15"),
            ("127.9.9.9", "127.0.0.1"),
            ("8.8.8.8", "10.0.2.15"),
        ] {
            assert_eq!(interfaces().own_v4(peer.parse().expect("address")).to_string(), own, "{peer}");
        }
        for (peer, own) in [("::1", "::1"), ("fe80::9", "fe80::1"), ("2001::1", "fe80::1")] {
            assert_eq!(interfaces().own_v6(peer.parse().expect("address")).to_string(), own, "{peer}");
        }
    }
}
