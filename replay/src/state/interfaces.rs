//! Network interfaces of the recorded host: which addresses are its own.

use std::net::IpAddr;

use tercel_format::record::Interface;

/// The interface list of a capture.
#[derive(Debug, Clone, Default)]
pub struct Interfaces {
    list: Vec<Interface>,
}

impl Interfaces {
    /// The interfaces, in the order of the capture.
    pub fn iter(&self) -> impl Iterator<Item = &Interface> {
        self.list.iter()
    }

    /// Whether an address belongs to the host: IPv4 addresses when an interface has them, IPv6 addresses when an interface
    /// shares their first 64 bits (reference state 9.9).
    pub fn is_local(&self, ip: IpAddr) -> bool {
        self.list.iter().any(|interface| match (interface.address, ip) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => own == ip,
            (IpAddr::V6(own), IpAddr::V6(ip)) => own.octets()[..8] == ip.octets()[..8],
            _ => false,
        })
    }

    /// Replaces the list.
    pub(super) fn replace(&mut self, list: &[Interface]) {
        self.list = list.to_vec();
    }
}
