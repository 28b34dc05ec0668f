//! Buffers as outputs show them: bytes of reads and writes enter, text in one of several forms leaves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::print::{push_bytes, push_dotted};

/// How buffers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Buffers {
    /// Printable ASCII, dots for the rest.
    #[default]
    Dotted,
    /// Printable ASCII and line ends only.
    Text,
    /// Rows of sixteen bytes in hexadecimal.
    Hex,
    /// Rows of sixteen bytes in hexadecimal, with dotted text next to them.
    HexText,
    /// Base64.
    Base64,
}

/// Bytes of a row in hexadecimal.
const ROW: usize = 16;

impl Buffers {
    /// Appends the bytes of a buffer, dotted ones cut at the length that the reference has for `evt.buffer`.
    pub(super) fn push_cut(self, out: &mut Vec<u8>, bytes: &[u8]) {
        match self {
            Buffers::Dotted => push_bytes(out, bytes),
            _ => self.push(out, bytes),
        }
    }

    /// Appends the bytes of a buffer.
    pub(super) fn push(self, out: &mut Vec<u8>, bytes: &[u8]) {
        match self {
            Buffers::Dotted => push_dotted(out, bytes),
            Buffers::Text => push_text(out, bytes),
            Buffers::Hex => push_rows(out, bytes, false),
            Buffers::HexText => push_rows(out, bytes, true),
            Buffers::Base64 => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
        }
    }
}

/// Both `\r` and `\r\n` end a line.
fn push_text(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut before = 0;
    for byte in bytes {
        match byte {
            b' '..=b'~' => out.push(*byte),
            b'\r' => out.push(b'\n'),
            b'\n' if before != b'\r' => out.push(b'\n'),
            _ => {}
        }
        before = *byte;
    }
}

fn push_rows(out: &mut Vec<u8>, bytes: &[u8], with_text: bool) {
    /// Width of a full row: a blank before each pair of bytes.
    const WIDTH: usize = ROW * 2 + ROW / 2;
    for (index, row) in bytes.chunks(ROW).enumerate() {
        put!(out, "\n\t0x{:04x}:", index * ROW);
        let start = out.len();
        for pair in row.chunks(2) {
            out.push(b' ');
            pair.iter().for_each(|byte| put!(out, "{byte:02x}"));
        }
        if with_text {
            out.resize(start + WIDTH + 2, b' ');
            push_dotted(out, row);
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_have_several_forms() {
        let bytes = b"one\r\ntwo\n\0\xff and more";
        let rows = "\n\t0x0000: 6f6e 650d 0a74 776f 0a00 ff20 616e 6420\n\t0x0010: 6d6f 7265\n";
        let beside = "\n\t0x0000: 6f6e 650d 0a74 776f 0a00 ff20 616e 6420  one..two... and \n\t0x0010: 6d6f 7265                                more\n";
        for (form, expected) in [
            (Buffers::Dotted, "one..two... and more"),
            (Buffers::Text, "one\ntwo\n and more"),
            (Buffers::Hex, rows),
            (Buffers::HexText, beside),
            (Buffers::Base64, "b25lDQp0d28KAP8gYW5kIG1vcmU="),
        ] {
            let mut out = Vec::new();
            form.push(&mut out, bytes);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{form:?}");
        }
    }
}
