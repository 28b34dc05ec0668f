//! Texts of a capture on a page.

pub use tercel_format::visible;

/// At most this many characters of a text, with `…` for the rest.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(
            (shortened("a\u{f1}b", 2), shortened("a\u{f1}", 2)),
            ("a\u{f1}…".to_owned(), "a\u{f1}".to_owned())
        );
    }
}
