//! Text that can be printed: bytes of captures and of rule files enter, text without control characters leaves.

use std::borrow::Cow;

pub(crate) use tercel_format::visible;

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
    fn long_texts_are_shortened() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdefg", 6), "abcde…");
        assert_eq!(shortened("abcd efg", 6), "abcd…");
    }
}
