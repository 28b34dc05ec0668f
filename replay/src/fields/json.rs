//! Values as JSON, for `output_fields` (reference language 10.12): an operand enters, a JSON value leaves.

use serde_json::Value as Json;
use tercel_format::catalogue::{ParamType, PrintFormat};
use tercel_rules::fields::Arg;
use tercel_rules::program::{Operand, Source};

use super::nature::Rendering;
use super::print::{push_value, sanitize};
use super::text::push_buffer;
use super::width::{is_signed, masked};
use super::{Buffers, Context, Scratch, Value, nature, parameters, transform};

/// The JSON of an operand; null where it is missing.
///
/// Times that text shows as dates are nanoseconds since the epoch. The reference evaluates every field twice to make its
/// JSON, so `evt.deltatime` is always 0 and `util.cnt` counts in twos.
pub fn render_json(cx: &Context<'_>, operand: &Operand, scratch: &mut Scratch) -> Json {
    let Source::Field(field) = &operand.source else {
        return transform::shown(cx, operand, scratch)
            .map_or(Json::Null, |value| of_value(value, operand.ty, operand.format));
    };
    let place = std::ptr::from_ref(operand).addr().wrapping_add(1);
    match nature(field).rendering {
        Rendering::Time => Json::from(cx.event.ts as i64),
        Rendering::Number => number(super::value(cx, operand, scratch)),
        Rendering::Delta(part) => {
            scratch.memory.delta_of_output(part, place, cx.event.ts);
            Json::from(scratch.memory.delta_of_output(part, place, cx.event.ts))
        }
        Rendering::Count => Json::from(scratch.memory.count_of_output(place, 2)),
        Rendering::Buffer => buffer(cx, scratch.settings.buffers),
        Rendering::RawArgument => match parameters::raw_argument(cx, operand) {
            Some((Some(value), ty, format)) => of_value(value, ty, format),
            Some((None, ParamType::ByteBuf, _)) => Json::from(""),
            Some((None, _, PrintFormat::Hex | PrintFormat::Oct)) => Json::from("0"),
            Some((None, ..)) => Json::from(0),
            None => Json::Null,
        },
        Rendering::List => match super::value(cx, operand, scratch) {
            Some(Value::Text(bytes)) if matches!(field.arg, Arg::Index(_)) => Json::from(vec![text(bytes)]),
            Some(value) => of_value(value, operand.ty, operand.format),
            None => Json::Null,
        },
        Rendering::Value => super::value(cx, operand, scratch)
            .map_or(Json::Null, |value| of_value(value, operand.ty, operand.format)),
    }
}

fn buffer(cx: &Context<'_>, buffers: Buffers) -> Json {
    if parameters::buffer(cx).is_none() {
        return Json::Null;
    }
    let mut out = Vec::new();
    push_buffer(cx, buffers, &mut out);
    Json::from(String::from_utf8_lossy(&out).into_owned())
}

fn number(value: Option<Value<'_>>) -> Json {
    match value {
        Some(Value::Uint(number)) => Json::from(number as i64),
        _ => Json::Null,
    }
}

/// The JSON of a value by its type and print format: numbers are numbers where they print in decimal, and text otherwise.
fn of_value(value: Value<'_>, ty: ParamType, format: PrintFormat) -> Json {
    match value {
        Value::Text(bytes) => text(bytes),
        Value::Bool(flag) => Json::from(flag),
        Value::Double(number) if format == PrintFormat::Dec => Json::from(number as i64),
        Value::Double(number) => Json::from(number),
        Value::List([]) => Json::Null,
        Value::List(list) => list.iter().map(|element| text(element)).collect(),
        Value::Int(number) => of_number(number as u64, ty, format),
        Value::Uint(number) => of_number(number, ty, format),
        Value::Bytes(_) | Value::Ip(_) => shown(value, ty, format),
    }
}

fn of_number(number: u64, ty: ParamType, format: PrintFormat) -> Json {
    let wide = masked(u64::MAX, ty) == u64::MAX;
    match format {
        PrintFormat::Dec | PrintFormat::Id if !is_signed(ty) => Json::from(masked(number, ty)),
        PrintFormat::Dec | PrintFormat::Id => Json::from(number as i64),
        PrintFormat::Hex | PrintFormat::Oct => shown(Value::Uint(number), ty, format),
        PrintFormat::PaddedDec if wide => shown(Value::Uint(number), ty, format),
        PrintFormat::Na | PrintFormat::Dir if wide && is_signed(ty) => shown(Value::Uint(number), ty, format),
        PrintFormat::PaddedDec | PrintFormat::Na | PrintFormat::Dir => Json::Null,
    }
}

fn shown(value: Value<'_>, ty: ParamType, format: PrintFormat) -> Json {
    let mut out = Vec::new();
    push_value(&mut out, value, ty, format);
    text(&out)
}

fn text(bytes: &[u8]) -> Json {
    let mut out = Vec::with_capacity(bytes.len());
    sanitize(&mut out, bytes);
    Json::from(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_follow_the_print_format() {
        use ParamType::*;
        use PrintFormat::*;
        let rows = [
            (Value::Int(-5), Int64, Dec, "-5"),
            (Value::Int(-5), Int64, Na, "\"-5\""),
            (Value::Uint(5), Int32, Hex, "\"5\""),
            (Value::Uint(5), RelTime, PaddedDec, "\"000000005\""),
            (Value::Uint(u64::MAX), Uint64, Dec, "18446744073709551615"),
            (Value::Uint(1), Uint32, Na, "null"),
            (Value::Bool(true), Bool, Na, "true"),
            (Value::Double(0.5), Double, Na, "0.5"),
            (Value::Double(1.5), Double, Dec, "1"),
            (Value::Text(b"a\nb\xff"), CharBuf, Na, "\"a\u{fffd}b\u{fffd}\""),
            (Value::Bytes(b"a\n"), ByteBuf, Na, "\"a.\""),
            (Value::Ip([127, 0, 0, 1].into()), IpAddr, Na, "\"127.0.0.1\""),
            (Value::List(&[]), CharBuf, Na, "null"),
        ];
        for (value, ty, format, expected) in rows {
            assert_eq!(of_value(value, ty, format).to_string(), expected);
        }
    }
}
