//! Sets of constants: networks, and literals of which a value may be one. Literals enter once, values are looked up.

use std::net::IpAddr;

use rustc_hash::FxHashSet;
use tercel_rules::program::Literal;

use super::ranges::AddressSet;
use crate::fields::Value;

/// A network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Net {
    /// Address and mask.
    V4(u32, u32),
    /// Address and mask.
    V6(u128, u128),
}

/// A list with more literals than this is kept once for all checks.
pub(crate) const MANY: usize = 1000;

/// Constants of which a value may be one.
#[derive(Debug, Default)]
pub struct Set {
    texts: FxHashSet<Box<[u8]>>,
    /// One bit per length that a text has, the highest for 63 and more: most values need not be hashed.
    lengths: u64,
    /// Sorted bit patterns of numbers and truth values.
    numbers: Box<[u64]>,
    addresses: AddressSet,
}

impl Net {
    /// The network of `address` with a prefix of `bits`.
    pub fn new(address: IpAddr, bits: u8) -> Net {
        match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
                Net::V4(v4.to_bits() & mask, mask)
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
                Net::V6(v6.to_bits() & mask, mask)
            }
        }
    }

    /// Whether `address` lies in the network; one of the other family does not (language 5.12).
    #[inline]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Net::V4(net, mask), IpAddr::V4(v4)) => v4.to_bits() & mask == net,
            (Net::V6(net, mask), IpAddr::V6(v6)) => v6.to_bits() & mask == net,
            (Net::V4(..), IpAddr::V6(_)) | (Net::V6(..), IpAddr::V4(_)) => false,
        }
    }
}

impl Set {
    /// The set of `literals`.
    pub fn new(literals: &[Literal]) -> Set {
        let mut set = Set::default();
        let (mut numbers, mut networks) = (Vec::new(), Vec::new());
        for literal in literals {
            match literal {
                Literal::Bytes(bytes) => {
                    set.lengths |= length_bit(bytes);
                    set.texts.insert(bytes.clone());
                }
                Literal::Int(v) => numbers.push(*v as u64),
                Literal::Uint(v) => numbers.push(*v),
                Literal::Bool(v) => numbers.push(u64::from(*v)),
                Literal::Ip(ip) => networks.push((*ip, u8::MAX)),
                Literal::Net(ip, bits) => networks.push((*ip, *bits)),
            }
        }
        numbers.sort_unstable();
        set.numbers = numbers.into();
        set.addresses = AddressSet::new(networks);
        set
    }

    /// Whether the value is in the set.
    #[inline]
    pub fn contains(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Text(bytes) | Value::Bytes(bytes) => self.contains_bytes(bytes),
            Value::Int(v) => self.contains_number(*v as u64),
            Value::Uint(v) => self.contains_number(*v),
            Value::Bool(v) => self.contains_number(u64::from(*v)),
            Value::Ip(ip) => self.addresses.contains(*ip),
            Value::Double(_) | Value::List(_) => false,
        }
    }

    /// Whether the text, or the element of a list, is in the set.
    #[inline]
    pub(crate) fn contains_bytes(&self, bytes: &[u8]) -> bool {
        self.lengths & length_bit(bytes) != 0 && self.texts.contains(bytes)
    }

    fn contains_number(&self, bits: u64) -> bool {
        match &*self.numbers {
            [] => false,
            few if few.len() <= 8 => few.contains(&bits),
            many => many.binary_search(&bits).is_ok(),
        }
    }
}

fn length_bit(bytes: &[u8]) -> u64 {
    1 << bytes.len().min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership() {
        let set = Set::new(&[
            Literal::Bytes(b"cat".as_slice().into()),
            Literal::Bytes(b"".as_slice().into()),
            Literal::Int(-1),
            Literal::Uint(7),
            Literal::Net([10, 0, 0, 0].into(), 8),
            Literal::Ip([1, 2, 3, 4].into()),
        ]);
        for (value, expected) in [
            (Value::Text(b"cat"), true),
            (Value::Text(b""), true),
            (Value::Text(b"ca"), false),
            (Value::Bytes(b"cat"), true),
            (Value::Int(-1), true),
            (Value::Uint(7), true),
            (Value::Uint(8), false),
            (Value::Ip([10, 1, 1, 1].into()), true),
            (Value::Ip([11, 1, 1, 1].into()), false),
            (Value::Ip([1, 2, 3, 4].into()), true),
            (Value::Ip([1, 2, 3, 5].into()), false),
        ] {
            assert_eq!(set.contains(&value), expected, "{value:?}");
        }
        let many: Vec<Literal> = (0..100).map(|n| Literal::Uint(n * 3)).collect();
        assert!(Set::new(&many).contains(&Value::Uint(99)));
        assert!(!Set::new(&many).contains(&Value::Uint(100)));
    }
}
