//! Values as text (reference language 10.4): a value enters, bytes are appended in the form that its type and print format
//! want. Nothing here knows where values come from.

use std::net::IpAddr;

use tercel_format::catalogue::{ParamType, PrintFormat};

use super::Value;
use super::width::{bits, is_signed, masked};
use crate::state::text::{REPLACEMENT, Sequence, sequence};

/// What a missing value looks like.
pub(super) const MISSING: &[u8] = b"<NA>";

/// Longest text of a list, in bytes (reference language 10.5).
const MAX_LIST: usize = 1023;

/// Appends a value as its type and print format want it. Text goes as it is.
pub(super) fn push_value(out: &mut Vec<u8>, value: Value<'_>, ty: ParamType, format: PrintFormat) {
    match value {
        Value::Text(text) => out.extend_from_slice(text),
        Value::Bytes(bytes) => push_bytes(out, bytes),
        Value::Int(number) => push_number(out, number as u64, ty, format),
        Value::Uint(number) => push_number(out, number, ty, format),
        Value::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Value::Double(number) => put!(out, "{number:.1}"),
        // The reference has no text for what is meant to be compared with a network.
        Value::Ip(_) if ty == ParamType::IpNet => out.extend_from_slice(b"<IPNET>"),
        Value::Ip(ip) => push_ip(out, ip),
        Value::List(list) => push_list(out, list),
    }
}

fn push_list(out: &mut Vec<u8>, list: &[Box<[u8]>]) {
    let start = out.len();
    out.push(b'(');
    for (index, element) in list.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(element);
    }
    out.push(b')');
    out.truncate(start + MAX_LIST);
}

/// Appends a number in its print format: hexadecimal in upper case, neither it nor octal with a prefix. Formats that the
/// reference has no text for show as `<NA>`.
pub(super) fn push_number(out: &mut Vec<u8>, number: u64, ty: ParamType, format: PrintFormat) {
    let wide = bits(ty) == 64;
    match format {
        PrintFormat::Dec | PrintFormat::Id => push_decimal(out, number, ty),
        PrintFormat::Hex => put!(out, "{:X}", masked(number, ty)),
        PrintFormat::Oct => put!(out, "{:o}", masked(number, ty)),
        PrintFormat::PaddedDec if wide && is_signed(ty) => put!(out, "{:09}", number as i64),
        PrintFormat::PaddedDec if wide => put!(out, "{number:09}"),
        PrintFormat::Na | PrintFormat::Dir if wide && is_signed(ty) => push_decimal(out, number, ty),
        PrintFormat::PaddedDec | PrintFormat::Na | PrintFormat::Dir => out.extend_from_slice(MISSING),
    }
}

/// Appends a number in decimal, with a sign where its type has one.
pub(super) fn push_decimal(out: &mut Vec<u8>, number: u64, ty: ParamType) {
    if is_signed(ty) {
        let unused = 64 - bits(ty);
        put!(out, "{}", (number << unused) as i64 >> unused);
    } else {
        put!(out, "{}", masked(number, ty));
    }
}

/// Appends an address; IPv6 as `inet_ntop` writes it, which is how the standard library writes it, too.
pub(super) fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    put!(out, "{ip}");
}

/// Appends bytes as printable ASCII with dots for the rest, cut as the reference's buffer of 1023 bytes cuts them: what
/// does not fit loses one byte more.
pub(super) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let shown = if bytes.len() > 1022 { &bytes[..1021] } else { bytes };
    push_dotted(out, shown);
}

/// Appends bytes as printable ASCII with dots for the rest.
pub(super) fn push_dotted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { *byte } else { b'.' }));
}

/// Appends a number as C's `%lg` does: six significant digits, without zeros at the end.
pub(super) fn push_general(out: &mut Vec<u8>, number: f64) {
    let scientific = format!("{number:.5e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        put!(out, "{number}");
        return;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let fixed = format!("{number:.*}", (5 - exponent).max(0) as usize);
        out.extend_from_slice(without_zeros(&fixed).as_bytes());
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        put!(out, "{}e{sign}{:02}", without_zeros(mantissa), exponent.unsigned_abs());
    }
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Appends text with everything that is not printable UTF-8 replaced by U+FFFD: control characters (C0, DEL and C1),
/// Unicode's non-characters and the longest broken parts of sequences (libs 0.25.4 `sanitize_string`).
pub(super) fn sanitize(out: &mut Vec<u8>, mut text: &[u8]) {
    while !text.is_empty() {
        let plain = text.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(text.len());
        let (start, rest) = text.split_at(plain);
        out.extend_from_slice(start);
        text = rest;
        if text.is_empty() {
            break;
        }
        let Sequence { len, printable } = sequence(text);
        let (piece, rest) = text.split_at(len.min(text.len()));
        out.extend_from_slice(if printable { piece } else { REPLACEMENT });
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_their_format() {
        use ParamType::*;
        use PrintFormat::*;
        let rows = [
            (-1i64, Int64, Dec, "-1"),
            (-1, Uint32, Dec, "4294967295"),
            (-1, Int16, Id, "-1"),
            (-1, Uint32, Hex, "FFFFFFFF"),
            (-1, Int64, Hex, "FFFFFFFFFFFFFFFF"),
            (0o644, Uint32, Oct, "644"),
            (42, RelTime, PaddedDec, "000000042"),
            (42, Int64, Na, "42"),
            (42, Uint32, Na, "<NA>"),
            (65_535, Port, Dec, "65535"),
        ];
        for (number, ty, format, expected) in rows {
            let mut out = Vec::new();
            push_number(&mut out, number as u64, ty, format);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{number} {ty:?} {format:?}");
        }
    }

    #[test]
    fn addresses_meant_for_networks_are_not_shown() {
        let text = |ty| {
            let mut out = Vec::new();
            push_value(&mut out, Value::Ip([10, 0, 0, 1].into()), ty, PrintFormat::Na);
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(text(ParamType::IpAddr), "10.0.0.1");
        assert_eq!(text(ParamType::IpNet), "<IPNET>");
    }

    #[test]
    fn general_numbers_look_as_in_c() {
        let rows = [
            (0.0, "0"),
            (1.0, "1"),
            (0.5, "0.5"),
            (0.123_456_789, "0.123457"),
            (123_456.7, "123457"),
            (1_234_567.0, "1.23457e+06"),
            (0.000_1, "0.0001"),
            (0.000_05, "5e-05"),
            (1e-9, "1e-09"),
            (1.8e10, "1.8e+10"),
        ];
        for (number, expected) in rows {
            let mut out = Vec::new();
            push_general(&mut out, number);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn text_is_made_printable() {
        let rows: [(&[u8], &str); 12] = [
            (b"plain text", "plain text"),
            (b"a\nb\tc\x7f", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            ("gr\u{fc}\u{df}e \u{20ac} \u{1f600}".as_bytes(), "gr\u{fc}\u{df}e \u{20ac} \u{1f600}"),
            (b"\xc2\x85x", "\u{fffd}x"),
            (b"\xc3", "\u{fffd}"),
            (b"\xe2\x82", "\u{fffd}"),
            (b"\xe2\x82x", "\u{fffd}x"),
            (b"\xe2x", "\u{fffd}x"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}"),
            (b"\xef\xb7\x90", "\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"a\0b", "a\u{fffd}b"),
        ];
        for (text, expected) in rows {
            let mut out = Vec::new();
            sanitize(&mut out, text);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text:?}");
        }
    }

    #[test]
    fn bytes_are_dotted_and_cut() {
        for (length, expected) in [(0, 0), (1022, 1022), (1023, 1021), (5000, 1021)] {
            let mut out = Vec::new();
            push_bytes(&mut out, &vec![b'x'; length]);
            assert_eq!(out.len(), expected);
        }
        let mut out = Vec::new();
        push_bytes(&mut out, b"a\0\n~\xff");
        assert_eq!(out, b"a..~.");
    }

    #[test]
    fn lists_are_cut() {
        let list = vec![Box::<[u8]>::from(&b"abc"[..]); 400];
        let mut out = b"x".to_vec();
        push_list(&mut out, &list);
        assert_eq!(out.len(), 1 + MAX_LIST);
        out.clear();
        push_list(&mut out, &list[..2]);
        assert_eq!(out, b"(abc,abc)");
    }
}
