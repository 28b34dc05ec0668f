//! Networks: text as in 10.0.0.0/8 enters, which addresses are inside leaves.

use std::net::IpAddr;

use serde::Deserialize;

/// A network, left-aligned in 128 bits.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Network {
    pub(super) wide: bool,
    pub(super) bits: u128,
    pub(super) length: u32,
}

impl Network {
    pub(super) fn holds(&self, address: u128) -> bool {
        address & mask(self.length) == self.bits
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Network, String> {
        let invalid = || format!("invalid network {text}: give one as in 10.0.0.0/8");
        let (address, length) = text.split_once('/').ok_or_else(invalid)?;
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let length: u32 = length.parse().map_err(|_| invalid())?;
        let (wide, bits, width) = match address {
            IpAddr::V4(ip) => (false, u128::from(ip.to_bits()) << 96, 32),
            IpAddr::V6(ip) => (true, ip.to_bits(), 128),
        };
        if length > width {
            return Err(invalid());
        }
        Ok(Network { wide, bits: bits & mask(length), length })
    }
}

/// The first `length` bits.
pub(super) fn mask(length: u32) -> u128 {
    if length == 0 { 0 } else { u128::MAX << (128 - length) }
}
