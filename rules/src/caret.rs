//! Carets under a line of text: the characters before a place enter, blanks of the same width leave.

use unicode_width::UnicodeWidthChar;

/// What fills a line up to the column after these characters: wide ones take two columns, tabs stay tabs.
pub(crate) fn beneath(characters: impl Iterator<Item = char>) -> String {
    let mut lead = String::new();
    for c in characters {
        match c {
            '\t' => lead.push('\t'),
            _ => lead.extend(std::iter::repeat_n(' ', c.width().unwrap_or(0))),
        }
    }
    lead
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_as_wide_as_what_stands_above_them() {
        for (text, expected) in [
            ("ab", "  "),
            ("a\tb", " \t "),
            ("\u{65e5}\u{672c}", "    "),
            ("e\u{301}", " "),
            ("\u{1f980}", "  "),
            ("\u{ff21}\u{ff71}", "   "),
            ("\u{200b}\u{7}a", " "),
        ] {
            assert_eq!(beneath(text.chars()), expected, "{text:?}");
        }
    }
}
