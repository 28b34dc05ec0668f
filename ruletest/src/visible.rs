//! Text that can be printed: bytes of captures and of rule files enter, text without control characters leaves.

use std::borrow::Cow;

use tercel_replay::state::text::sequence;

/// The bytes as text, with U+FFFD for what cannot be shown.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let step = sequence(rest);
        let (piece, after) = rest.split_at(step.len.min(rest.len()));
        match std::str::from_utf8(piece) {
            Ok(piece) if step.printable => text.push_str(piece),
            _ => text.push('\u{fffd}'),
        }
        rest = after;
    }
    text
}

/// The beginning of a text, if it is longer than this many characters.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(most.saturating_sub(1)).map_or(text.len(), |(end, _)| end);
            Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default().trim_end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_not_shown() {
        assert_eq!(visible(b"a\x1b[31mb\xff\xc3\xa9\n"), "a\u{fffd}[31mb\u{fffd}\u{e9}\u{fffd}");
    }

    #[test]
    fn long_texts_are_shortened() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdefg", 6), "abcde…");
        assert_eq!(shortened("abcd efg", 6), "abcd…");
    }
}
