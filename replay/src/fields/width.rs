//! How wide the numbers of a type are, and whether they have a sign.

use tercel_format::catalogue::{ParamType, Width};

/// Whether a type is signed.
pub(super) fn is_signed(ty: ParamType) -> bool {
    matches!(
        ty,
        ParamType::Int8
            | ParamType::Int16
            | ParamType::Int32
            | ParamType::Int64
            | ParamType::Errno
            | ParamType::Fd
            | ParamType::Pid
            | ParamType::Fd32
            | ParamType::Pid32
    )
}

/// Bits of a number of a type.
pub(super) fn bits(ty: ParamType) -> u32 {
    match ty.width() {
        Width::Fixed(bytes @ 1..=8) => u32::from(bytes) * 8,
        _ => 64,
    }
}

/// A number cut to the width of its type, as raw bits.
pub(super) fn masked(number: u64, ty: ParamType) -> u64 {
    number & (u64::MAX >> (64 - bits(ty)))
}
