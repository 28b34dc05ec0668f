//! Sets of addresses and networks as sorted ranges that do not overlap: a million of them are asked as fast as a few.

use std::net::IpAddr;

/// Addresses and networks of both families; one of the other family is in none (reference language 5.12).
#[derive(Debug, Default)]
pub(super) struct AddressSet {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
    /// Of the IPv4 ranges, how many begin at a lower upper half than this one, where there are many.
    halves: Box<[u32]>,
}

/// From how many IPv4 ranges on they are found by their upper halves.
const MANY: usize = 1024;

/// How many upper halves there are.
const HALVES: usize = 1 << 16;

/// Ranges by ascending starts; a value lies at most in the last one that starts at it or before.
#[derive(Debug)]
struct Ranges<T> {
    starts: Box<[T]>,
    /// Their last values.
    ends: Box<[T]>,
}

impl<T> Default for Ranges<T> {
    fn default() -> Ranges<T> {
        Ranges { starts: Box::default(), ends: Box::default() }
    }
}

impl<T: Copy + Ord> Ranges<T> {
    /// Of pairs of first and last values, in any order.
    fn new(mut pairs: Vec<(T, T)>) -> Ranges<T> {
        pairs.sort_unstable();
        let (mut starts, mut ends): (Vec<T>, Vec<T>) = (Vec::new(), Vec::new());
        for (start, end) in pairs {
            match ends.last_mut() {
                Some(last) if start <= *last => *last = end.max(*last),
                _ => {
                    starts.push(start);
                    ends.push(end);
                }
            }
        }
        Ranges { starts: starts.into(), ends: ends.into() }
    }

    /// Whether a value lies in a range of those before place `to`, whose starts from place `from` on may be below it.
    #[inline]
    fn contains(&self, value: T, from: usize, to: usize) -> bool {
        let below =
            self.starts.get(from..to).map_or(0, |starts| starts.partition_point(|start| *start <= value));
        let last = (from + below).checked_sub(1).and_then(|place| self.ends.get(place));
        last.is_some_and(|end| value <= *end)
    }
}

impl AddressSet {
    /// The set of networks, each the address and the number of bits that its addresses have in common with it.
    pub(super) fn new(networks: impl IntoIterator<Item = (IpAddr, u8)>) -> AddressSet {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (address, bits) in networks {
            match address {
                IpAddr::V4(v4_address) => {
                    let free = u32::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
                    v4.push((v4_address.to_bits() & !free, v4_address.to_bits() | free));
                }
                IpAddr::V6(v6_address) => {
                    let free = u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
                    v6.push((v6_address.to_bits() & !free, v6_address.to_bits() | free));
                }
            }
        }
        let v4 = Ranges::new(v4);
        let halves = if v4.starts.len() < MANY { Box::default() } else { halves(&v4.starts) };
        AddressSet { v4, v6: Ranges::new(v6), halves }
    }

    /// Whether an address is one of the set, or lies in a network of it.
    #[inline]
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => {
                let value = v4.to_bits();
                let half = (value >> 16) as usize;
                let place = |half: usize| self.halves.get(half).map(|place| *place as usize);
                let (from, to) = (place(half).unwrap_or(0), place(half + 1).unwrap_or(self.v4.starts.len()));
                self.v4.contains(value, from, to)
            }
            IpAddr::V6(v6) => self.v6.contains(v6.to_bits(), 0, self.v6.starts.len()),
        }
    }
}

/// For each upper half, and for one more than there are, how many of the ascending addresses have a lower one.
fn halves(starts: &[u32]) -> Box<[u32]> {
    let mut places = Vec::with_capacity(HALVES + 1);
    let mut place = 0;
    for half in 0..=HALVES {
        place += starts[place..].iter().take_while(|start| ((**start >> 16) as usize) < half).count();
        places.push(place as u32);
    }
    places.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> (IpAddr, u8) {
        let (address, bits) = text.split_once('/').expect("a network");
        (address.parse().expect("an address"), bits.parse().expect("a length"))
    }

    /// Whether one of the networks holds the address, as it is defined.
    fn walk(networks: &[(IpAddr, u8)], address: IpAddr) -> bool {
        let shares = |one: u128, other: u128, width: u32, bits: u8| {
            let dropped = width - u32::from(bits);
            one.checked_shr(dropped).unwrap_or(0) == other.checked_shr(dropped).unwrap_or(0)
        };
        networks.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                shares(one.to_bits().into(), other.to_bits().into(), 32, *bits)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => shares(one.to_bits(), other.to_bits(), 128, *bits),
            _ => false,
        })
    }

    #[test]
    fn edges_of_networks() {
        let networks = [
            "10.0.0.0/8",
            "10.1.0.0/16",
            "192.168.1.7/32",
            "0.0.0.0/32",
            "255.255.255.0/24",
            "fe80::/10",
            "::1/128",
        ];
        let set = AddressSet::new(networks.map(network));
        for (address, expected) in [
            ("9.255.255.255", false),
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("192.168.1.6", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
            ("0.0.0.0", true),
            ("0.0.0.1", false),
            ("255.255.255.255", true),
            ("255.255.254.255", false),
            ("fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("fe80::", true),
            ("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("fec0::", false),
            ("::1", true),
            ("::2", false),
            // A mapped address is one of IPv6.
            ("::ffff:10.0.0.1", false),
        ] {
            assert_eq!(set.contains(address.parse().expect("an address")), expected, "{address}");
        }
        let everything = AddressSet::new(["0.0.0.0/0"].map(network));
        assert!(
            everything.contains([1, 2, 3, 4].into()) && !everything.contains("::1".parse().expect("one"))
        );
        assert!(!AddressSet::default().contains([0, 0, 0, 0].into()));
    }

    #[test]
    fn as_if_one_network_was_asked_after_the_other() {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        for count in [0, 1, 2, 5, MANY - 1, MANY, 3 * MANY] {
            // Addresses that are close to each other, so that networks overlap and touch.
            let mut address = || -> IpAddr {
                let low = next() & 0xF_FFFF;
                if next() & 1 == 0 {
                    IpAddr::V4((0x0A00_0000 + low).into())
                } else {
                    IpAddr::V6(u128::from(low).into())
                }
            };
            let networks: Vec<(IpAddr, u8)> = (0..count)
                .map(|place| {
                    let address = address();
                    let most = if address.is_ipv4() { 32 } else { 128 };
                    (address, most - [0, 0, 1, 4, 9][place % 5])
                })
                .collect();
            let set = AddressSet::new(networks.iter().copied());
            for _ in 0..2000 {
                let address = address();
                assert_eq!(set.contains(address), walk(&networks, address), "{address} of {count}");
            }
            for (network, _) in &networks {
                assert!(set.contains(*network));
            }
        }
    }
}
