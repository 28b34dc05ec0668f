//! Literals, parsed by the type of the value they stand against (reference language section 4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tercel_format::catalogue::ParamType;

use super::error::LiteralError;
use super::services;
use crate::lang::number;
use crate::program::Literal;

/// Bytes that a literal may take, the terminating NUL of a string included (reference language 3.12).
const LONGEST: usize = 256;

/// The literal `text` as a value of type `ty`, or why it is none.
pub(super) fn parse(text: &[u8], ty: ParamType) -> Result<Literal, LiteralError> {
    use ParamType as T;
    if ty == T::ByteBuf {
        if text.len() >= LONGEST {
            return Err(LiteralError::BytesTooLong);
        }
        return Ok(Literal::Bytes(text.into()));
    }
    // Everything else is a C string to the reference.
    let bytes = text.split(|byte| *byte == 0).next().unwrap_or(b"");
    let text = String::from_utf8_lossy(bytes);
    let text = text.as_ref();
    let invalid = || LiteralError::Number(text.to_owned());
    let signed32 = || number::signed32(text).ok_or_else(invalid);
    let unsigned32 = || number::unsigned32(text).ok_or_else(invalid);
    match ty {
        T::Int8 => signed32().map(|value| Literal::Int(i64::from(value as i8))),
        T::Int16 => signed32().map(|value| Literal::Int(i64::from(value as i16))),
        T::Int32 | T::Double => signed32().map(|value| Literal::Int(i64::from(value))),
        T::Int64 | T::Fd | T::Errno | T::Pid | T::Fd32 | T::Pid32 => {
            number::signed(text).map(Literal::Int).ok_or_else(invalid)
        }
        T::L4Proto | T::Flags8 | T::Uint8 | T::EnumFlags8 => {
            unsigned32().map(|value| Literal::Uint(u64::from(value as u8)))
        }
        T::Flags16 | T::Uint16 | T::EnumFlags16 => {
            unsigned32().map(|value| Literal::Uint(u64::from(value as u16)))
        }
        T::Flags32 | T::Uint32 | T::Mode | T::EnumFlags32 | T::Uid | T::Gid => {
            unsigned32().map(|value| Literal::Uint(u64::from(value)))
        }
        T::Uint64 | T::RelTime | T::AbsTime => number::unsigned(text).map(Literal::Uint).ok_or_else(invalid),
        T::Port => port(text).map(|port| Literal::Uint(u64::from(port))),
        T::Bool => match text {
            "true" => Ok(Literal::Bool(true)),
            "false" => Ok(Literal::Bool(false)),
            _ => Err(LiteralError::Bool(text.to_owned())),
        },
        T::CharBuf | T::FsPath | T::FsRelPath | T::SockAddr | T::SockTuple | T::SockFamily => {
            string(bytes, text)
        }
        T::IpAddr if text.contains('.') => ipv4(text),
        T::Ipv4Addr => ipv4(text),
        T::IpAddr | T::Ipv6Addr => ipv6(text),
        T::IpNet if text.contains('.') => ipv4_net(text),
        T::Ipv4Net => ipv4_net(text),
        T::IpNet | T::Ipv6Net => ipv6_net(text),
        T::SyscallId | T::SigType => Err(LiteralError::Type(ty)),
        T::None | T::ByteBuf | T::FdList | T::Dyn | T::SigSet | T::CharBufArray | T::CharBufPairArray => {
            Err(LiteralError::Type(ty))
        }
    }
}

/// Pairs of hexadecimal digits as bytes, for `bcontains` and `bstartswith`.
pub(super) fn hex(text: &[u8]) -> Result<Vec<u8>, LiteralError> {
    let digit = |byte: u8| (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().ok_or(LiteralError::Hex)
}

fn string(bytes: &[u8], text: &str) -> Result<Literal, LiteralError> {
    let used = bytes.len() + 1;
    if used > LONGEST {
        return Err(LiteralError::TooLong { used, available: LONGEST, text: text.to_owned() });
    }
    Ok(Literal::Bytes(bytes.into()))
}

/// A number, cut to 16 bits, or the name of a service.
fn port(text: &str) -> Result<u16, LiteralError> {
    if text.is_empty() {
        return Ok(0);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<i32>().map(|value| value as u16).map_err(|_| LiteralError::PortTooLarge);
    }
    services::port(text).ok_or_else(|| LiteralError::Service(text.to_owned()))
}

fn ipv4(text: &str) -> Result<Literal, LiteralError> {
    let address = text.parse::<Ipv4Addr>().map_err(|_| LiteralError::Ipv4(text.to_owned()))?;
    Ok(Literal::Ip(IpAddr::V4(address)))
}

fn ipv6(text: &str) -> Result<Literal, LiteralError> {
    let address = text.parse::<Ipv6Addr>().map_err(|_| LiteralError::Ipv6(text.to_owned()))?;
    Ok(Literal::Ip(IpAddr::V6(address)))
}

fn ipv4_net(text: &str) -> Result<Literal, LiteralError> {
    let (address, mask) = text.split_once('/').ok_or_else(|| LiteralError::Network(text.to_owned()))?;
    let address = address.parse::<Ipv4Addr>().map_err(|_| LiteralError::NetworkAddress(text.to_owned()))?;
    match prefix_length(mask)? {
        length @ 0..=32 => Ok(Literal::Net(IpAddr::V4(address), length)),
        _ => Err(LiteralError::Mask(mask.to_owned())),
    }
}

fn ipv6_net(text: &str) -> Result<Literal, LiteralError> {
    let (address, mask) = text.split_once('/').ok_or_else(|| LiteralError::Network6(text.to_owned()))?;
    let address = address.parse::<Ipv6Addr>().map_err(|_| LiteralError::Ipv6(text.to_owned()))?;
    match prefix_length(mask)? {
        length @ 1..=128 => Ok(Literal::Net(IpAddr::V6(address), length)),
        _ => Err(LiteralError::Mask6(mask.to_owned())),
    }
}

fn prefix_length(mask: &str) -> Result<u8, LiteralError> {
    number::unsigned32(mask).map(|value| value as u8).ok_or_else(|| LiteralError::Number(mask.to_owned()))
}
