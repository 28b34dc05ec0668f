//! Addresses: a keyed permutation that keeps prefixes, so that two addresses of one network stay in one network. Networks
//! that the policy keeps are mapped onto themselves, and nothing else is mapped into them.

use std::net::{IpAddr, Ipv6Addr};

use rustc_hash::FxHashMap;

use super::key::Key;
use super::network::{Network, mask};
use super::policy::AddressPolicy;

/// Addresses that are remembered; then all are forgotten.
const KNOWN: usize = 1 << 16;

pub(super) struct Addresses {
    policy: AddressPolicy,
    key: Key,
    known: FxHashMap<IpAddr, IpAddr>,
}

impl Addresses {
    pub(super) fn new(policy: AddressPolicy, key: Key) -> Addresses {
        Addresses { policy, key, known: FxHashMap::default() }
    }

    /// Whether any address is replaced.
    pub(super) fn is_active(&self) -> bool {
        self.policy.redact
    }

    /// What stands for an address.
    pub(super) fn map(&mut self, address: IpAddr) -> IpAddr {
        if !self.policy.redact {
            return address;
        }
        if let Some(found) = self.known.get(&address) {
            return *found;
        }
        let mapped = match address {
            IpAddr::V4(ip) => {
                IpAddr::V4(((self.bits(false, u128::from(ip.to_bits()) << 96, 32) >> 96) as u32).into())
            }
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(inner) => match self.map(IpAddr::V4(inner)) {
                    IpAddr::V4(inner) => IpAddr::V6(inner.to_ipv6_mapped()),
                    IpAddr::V6(other) => IpAddr::V6(other),
                },
                None => IpAddr::V6(Ipv6Addr::from_bits(self.bits(true, ip.to_bits(), 128))),
            },
        };
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(address, mapped);
        mapped
    }

    /// Turns bits from the first on, each by what stands before it. Above and within a kept network no bit is turned; within
    /// a preserved one those below its prefix are.
    fn bits(&self, wide: bool, address: u128, width: u32) -> u128 {
        let of_width = |network: &&Network| network.wide == wide;
        if self.policy.keep.iter().filter(of_width).any(|network| network.holds(address)) {
            return address;
        }
        let fixed: Vec<&Network> =
            self.policy.keep.iter().chain(&self.policy.preserve).filter(of_width).collect();
        let mut mapped = address;
        for length in 0..width {
            let prefix = address & mask(length);
            let above = |network: &&Network| network.length > length && network.bits & mask(length) == prefix;
            if !fixed.iter().any(above) && self.key.turns(wide, prefix, length) {
                mapped ^= 1 << (127 - length);
            }
        }
        mapped
    }
}
