//! Which bytes of a text can be shown. Names are kept as recorded; where the reference shows or joins them it puts U+FFFD in
//! the place of every sequence that is not printable UTF-8.

use memchr::memchr;

/// What stands in for a sequence that cannot be shown.
pub(crate) const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// One step through a text: how many bytes belong together, and whether they can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    /// Bytes, at least 1.
    pub len: usize,
    /// They are one printable character.
    pub printable: bool,
}

const fn shown(len: usize) -> Sequence {
    Sequence { len, printable: true }
}

const fn hidden(len: usize) -> Sequence {
    Sequence { len, printable: false }
}

/// The sequence at the start of `bytes`, which must not be empty. Control characters, C1 controls and non-characters cannot be
/// shown and are taken whole; of a broken sequence the longest valid beginning is taken (Unicode 3.9, maximal subparts).
#[inline]
pub fn sequence(bytes: &[u8]) -> Sequence {
    let first = bytes.first().copied().unwrap_or(0);
    match first {
        0x20..=0x7E => shown(1),
        0xC2..=0xF4 => multibyte(first, bytes),
        _ => hidden(1),
    }
}

fn multibyte(first: u8, bytes: &[u8]) -> Sequence {
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let bits = |index: usize| u32::from(byte(index) & 0x3F);
    let continues = |index: usize| byte(index) & 0xC0 == 0x80;
    let (low, high) = match first {
        0xE0 => (0xA0, 0xBF),
        0xED => (0x80, 0x9F),
        0xF0 => (0x90, 0xBF),
        0xF4 => (0x80, 0x8F),
        _ => (0x80, 0xBF),
    };
    if !(low..=high).contains(&byte(1)) {
        return hidden(1);
    }
    if first < 0xE0 {
        let point = u32::from(first & 0x1F) << 6 | bits(1);
        return if point > 0x9F { shown(2) } else { hidden(2) };
    }
    if !continues(2) {
        return hidden(2);
    }
    if first < 0xF0 {
        let point = u32::from(first & 0x0F) << 12 | bits(1) << 6 | bits(2);
        return if (0xFDD0..=0xFDEF).contains(&point) || point >= 0xFFFE { hidden(3) } else { shown(3) };
    }
    if !continues(3) {
        return hidden(3);
    }
    let point = bits(1) << 12 | bits(2) << 6 | bits(3);
    if point & 0xFFFF >= 0xFFFE { hidden(4) } else { shown(4) }
}

/// Appends `bytes` up to the first NUL, with U+FFFD for what cannot be shown.
pub(crate) fn sanitize(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = memchr(0, bytes).map_or(bytes, |end| &bytes[..end]);
    while !rest.is_empty() {
        let Sequence { len, printable } = sequence(rest);
        let (piece, behind) = rest.split_at(len.min(rest.len()));
        out.extend_from_slice(if printable { piece } else { REPLACEMENT });
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let mut out = Vec::new();
        sanitize(&mut out, bytes);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{bytes:x?}");
    }

    #[test]
    fn what_cannot_be_shown_is_replaced_by_whole_sequences() {
        check(b"plain ~", "plain ~");
        check("käse €".as_bytes(), "käse €");
        check("🦅".as_bytes(), "🦅");
        check(b"a\x01b\x7f", "a\u{FFFD}b\u{FFFD}");
        check(b"a\0b", "a");
        check(b"\xC2\x85x", "\u{FFFD}x");
        check(b"\xE2\x82", "\u{FFFD}");
        check(b"\xE2\x28\xA1", "\u{FFFD}(\u{FFFD}");
        check(b"\xEF\xB7\x90", "\u{FFFD}");
        check(b"\xEF\xBF\xBE", "\u{FFFD}");
        check(b"\xC0\x80", "\u{FFFD}\u{FFFD}");
        check(b"\xF0\x9F\xA6", "\u{FFFD}");
        check(b"\xF4\x90\x80\x80", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}");
        check(b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}");
    }
}
