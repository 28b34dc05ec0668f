//! Bytes of a YAML file become text. UTF-8 is usual; editors on other systems write UTF-16 and UTF-32, which yaml-cpp reads, too
//! (`Stream::Stream`): by the byte order mark, or by where the zeros of the first character are.

use std::borrow::Cow;
use std::str::Utf8Error;

/// How many bytes a unit has, and whether the highest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Units {
    Utf8,
    Utf16 { big: bool },
    Utf32 { big: bool },
}

/// The text of a file. What is not a character in UTF-16 or UTF-32 becomes U+FFFD, as in yaml-cpp.
///
/// # Errors
/// It is in no other encoding, and not UTF-8.
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Utf8Error> {
    let (units, mark) = detect(bytes);
    let rest = bytes.get(mark..).unwrap_or_default();
    Ok(match units {
        Units::Utf8 => Cow::Borrowed(std::str::from_utf8(bytes)?),
        Units::Utf16 { big } => {
            let units = rest.chunks_exact(2).map(|pair| number(pair, big) as u16);
            Cow::Owned(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        Units::Utf32 { big } => {
            let points = rest.chunks_exact(4).map(|unit| number(unit, big));
            Cow::Owned(points.map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
    })
}

fn number(bytes: &[u8], big: bool) -> u32 {
    let add = |sum: u32, byte: &u8| sum << 8 | u32::from(*byte);
    if big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
}

/// The encoding, and the length of the byte order mark. That of UTF-8 is left to the parser.
fn detect(bytes: &[u8]) -> (Units, usize) {
    match *bytes {
        [0, 0, 0xFE, 0xFF, ..] => (Units::Utf32 { big: true }, 4),
        [0xFF, 0xFE, 0, 0, ..] => (Units::Utf32 { big: false }, 4),
        [0xFE, 0xFF, ..] => (Units::Utf16 { big: true }, 2),
        [0xFF, 0xFE, ..] => (Units::Utf16 { big: false }, 2),
        [0, 0, 0, 1..=255, ..] => (Units::Utf32 { big: true }, 0),
        [1..=255, 0, 0, 0, ..] => (Units::Utf32 { big: false }, 0),
        [0, 1..=255, ..] => (Units::Utf16 { big: true }, 0),
        [1..=255, 0, ..] => (Units::Utf16 { big: false }, 0),
        _ => (Units::Utf8, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_encodings_are_read_with_and_without_a_mark() {
        let expected = "- list: é\u{1f980}\n";
        let utf16 =
            |units: &dyn Fn(u16) -> [u8; 2]| expected.encode_utf16().flat_map(units).collect::<Vec<u8>>();
        let utf32 = |units: &dyn Fn(u32) -> [u8; 4]| {
            expected.chars().flat_map(|c| units(c as u32)).collect::<Vec<u8>>()
        };
        for (mark, body) in [
            (&b"\xFF\xFE"[..], utf16(&u16::to_le_bytes)),
            (b"\xFE\xFF", utf16(&u16::to_be_bytes)),
            (b"\xFF\xFE\0\0", utf32(&u32::to_le_bytes)),
            (b"\0\0\xFE\xFF", utf32(&u32::to_be_bytes)),
            (b"", expected.as_bytes().to_vec()),
        ] {
            assert_eq!(text(&[mark, &body].concat()).as_deref(), Ok(expected), "{mark:?}");
            assert_eq!(text(&body).as_deref(), Ok(expected), "without {mark:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_or_replaced() {
        assert!(text(b"- a\xFF").is_err());
        assert_eq!(text(b"\xFF\xFE\x00\xD8a\0").as_deref(), Ok("\u{fffd}a"));
        assert_eq!(text(b"\xFF\xFE\0\0\xFF\xFF\xFF\xFFa\0\0\0b").as_deref(), Ok("\u{fffd}a"));
        for short in [&b""[..], b"\0", b"\0\0", b"\0\0\0"] {
            assert_eq!(text(short).map(|text| text.len()), Ok(short.len()), "{short:?}");
        }
    }
}
