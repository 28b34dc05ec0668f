//! The parameters of an event: by name, as data, and with their own types.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tercel_format::catalogue::{ParamInfo, ParamType, PrintFormat};
use tercel_rules::fields::Arg;
use tercel_rules::program::{Operand, Source};

use super::width::is_signed;
use super::{Context, Value};

/// Parameters that the event carries.
pub(super) fn present(cx: &Context<'_>) -> &'static [ParamInfo] {
    let params = cx.event.info.params;
    params.get(..cx.event.nparams()).unwrap_or(params)
}

/// Index of the first parameter of a name that the event carries.
pub(super) fn position(cx: &Context<'_>, name: &str) -> Option<usize> {
    present(cx).iter().position(|param| param.name == name)
}

/// The bytes that were read or written.
pub(super) fn buffer<'a>(cx: &Context<'a>) -> Option<&'a [u8]> {
    cx.event.param(position(cx, "data")?)
}

/// A raw value, the type and the print format of a parameter. The value is `None` if the parameter is empty.
pub(super) type Raw<'a> = (Option<Value<'a>>, ParamType, PrintFormat);

/// `evt.rawarg.X` of the event, with its own type; `None` if the event has no such parameter.
pub(super) fn raw_argument<'a>(cx: &Context<'a>, operand: &Operand) -> Option<Raw<'a>> {
    match &operand.source {
        Source::Field(field) => raw_value(cx, &field.arg),
        Source::Text(_) | Source::List(_) | Source::Transform(..) => None,
    }
}

/// As [`raw_argument`], by the argument of the field.
pub(super) fn raw_value<'a>(cx: &Context<'a>, arg: &Arg) -> Option<Raw<'a>> {
    let Arg::Key(name) = arg else { return None };
    let index = position(cx, name)?;
    let info = present(cx).get(index)?;
    Some((raw(cx, index, info.ty), info.ty, info.format))
}

fn raw<'a>(cx: &Context<'a>, index: usize, ty: ParamType) -> Option<Value<'a>> {
    let bytes = cx.event.param(index)?;
    match ty {
        ParamType::CharBuf | ParamType::FsPath | ParamType::FsRelPath => {
            cx.event.text(index).map(Value::Text)
        }
        _ if bytes.is_empty() => None,
        ParamType::Bool => cx.event.uint(index).map(|number| Value::Bool(number != 0)),
        ParamType::Double => Some(Value::Double(f64::from_le_bytes(bytes.try_into().ok()?))),
        ParamType::Ipv4Addr => Some(Value::Ip(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)))),
        ParamType::Ipv6Addr => Some(Value::Ip(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)))),
        ParamType::ByteBuf
        | ParamType::SockAddr
        | ParamType::SockTuple
        | ParamType::FdList
        | ParamType::Dyn
        | ParamType::None
        | ParamType::CharBufArray
        | ParamType::CharBufPairArray
        | ParamType::Ipv4Net
        | ParamType::Ipv6Net
        | ParamType::IpAddr
        | ParamType::IpNet => Some(Value::Bytes(bytes)),
        _ if is_signed(ty) => cx.event.int(index).map(Value::Int),
        _ => cx.event.uint(index).map(Value::Uint),
    }
}
