//! Text inside JSON strings: bytes enter, escaped UTF-8 is appended.

/// Appends `text` as it stands between the quotes of a JSON string. Invalid UTF-8 becomes U+FFFD; characters beyond ASCII stay.
fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        push_valid(out, chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// Appends `text` with its quotes.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

fn push_valid(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| *b < 0x20 || matches!(b, b'"' | b'\\')) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let (high, low) = (usize::from(control >> 4), usize::from(control & 15));
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', DIGITS[high], DIGITS[low]]);
            }
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let check = |text: &[u8], expected: &str| {
            let mut out = Vec::new();
            push_escaped(&mut out, text);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        };
        check(b"plain", "plain");
        check(b"a\"b\\c", "a\\\"b\\\\c");
        check(b"\x08\x0c\n\r\t", "\\b\\f\\n\\r\\t");
        check(b"\x00\x1b\x1f\x7f", "\\u0000\\u001b\\u001f\x7f");
        check("grün".as_bytes(), "grün");
        check(b"\xff\xfe!", "\u{fffd}\u{fffd}!");
        check(b"\xe2\x82!\xe2\x82", "\u{fffd}!\u{fffd}");
        check(b"", "");
    }
}
