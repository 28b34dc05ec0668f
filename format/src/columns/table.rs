//! Which encoding the values of a parameter have, by its type and where measurement says so by its name. Readers do not need the table: the
//! directory of a chunk says what each column has.

use crate::catalogue::{EventInfo, ParamType, Width};

use super::encoding::Encoding;

/// The encoding of a parameter, and the width of its numbers.
pub(super) fn encoding(info: &EventInfo, param: usize) -> (Encoding, usize) {
    let Some(param) = info.params.get(param) else { return (Encoding::Plain, 1) };
    let width = match param.ty.width() {
        Width::Fixed(width @ (1 | 2 | 4 | 8)) => usize::from(width),
        Width::Fixed(_) | Width::FieldOnly => return (Encoding::Plain, 1),
        Width::Variable => return (of_bytes(param.ty), 1),
    };
    (of_numbers(param.ty), width)
}

fn of_numbers(ty: ParamType) -> Encoding {
    use ParamType::{AbsTime, Errno, Fd, Fd32, Int8, Int16, Int32, Int64, Pid, Pid32, RelTime};
    match ty {
        Int8 | Int16 | Int32 | Int64 | Errno | Fd | Fd32 | Pid | Pid32 => Encoding::Signed,
        AbsTime | RelTime => Encoding::Delta,
        _ => Encoding::Planes,
    }
}

fn of_bytes(ty: ParamType) -> Encoding {
    match ty {
        ParamType::ByteBuf => Encoding::Plain,
        _ => Encoding::Words,
    }
}
