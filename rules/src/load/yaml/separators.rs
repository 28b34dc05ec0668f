//! Documents that end with `...` and are followed by another one without `---`: yaml-cpp reads it, libyaml does not. Text enters, text
//! of the same length that libyaml reads leaves.

use std::borrow::Cow;

/// The text with `---` in the place of each `...` after which a document begins by itself.
pub(super) fn separated(text: &str) -> Cow<'_, str> {
    if !text.contains("\n...") {
        return Cow::Borrowed(text);
    }
    let ends = document_ends(text);
    if ends.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut separated = String::with_capacity(text.len());
    let mut copied = 0;
    for at in ends {
        separated.push_str(&text[copied..at]);
        separated.push_str("---");
        copied = at + 3;
    }
    separated.push_str(&text[copied..]);
    Cow::Owned(separated)
}

/// Whether the first document ends before it begins: yaml-cpp takes it for an empty one.
pub(super) fn starts_empty(text: &str) -> bool {
    let mut lines = text.split(['\n', '\r']);
    let first = lines.find(|line| !line.trim_start().is_empty() && !line.trim_start().starts_with('#'));
    first.is_some_and(|line| is_marker(line, "..."))
}

/// Where each `...` stands that has content before it, and after it content that nothing introduces.
fn document_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let (mut at, mut has_content, mut last_end) = (0, false, None);
    for line in text.split_inclusive(['\n', '\r']) {
        if is_marker(line, "...") {
            last_end = has_content.then_some(at);
        } else if !line.trim_start().is_empty() && !line.trim_start().starts_with('#') {
            let is_introduced = is_marker(line, "---") || line.starts_with('%');
            ends.extend(last_end.take().filter(|_| !is_introduced));
            has_content = true;
        }
        at += line.len();
    }
    ends
}

/// Whether a line is a marker of documents, with nothing but a comment after it.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| {
        let blank = rest.starts_with(|c: char| c.is_ascii_whitespace()) || rest.is_empty();
        blank && (marker == "---" || rest.trim_start().is_empty() || rest.trim_start().starts_with('#'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::yaml::parse;

    #[test]
    fn a_document_after_the_end_of_another_needs_no_start() {
        for (text, documents) in [
            ("- a\n...\n- b\n", 2),
            ("- a\n...\n...\n# x\n- b\n...\n", 2),
            ("- a\r\n... # end\r\n- b\r\n...", 2),
            ("- a\n...\n---\n- b\n...\n--- [c]\n", 3),
            ("- a\n...\n%YAML 1.2\n---\n- b\n", 2),
            ("- a\n...\n", 1),
            ("- a\n...\n# the end\n", 1),
            ("- a\n", 1),
        ] {
            let separated = separated(text);
            assert_eq!(separated.len(), text.len(), "{text:?}");
            let found = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(found.len(), documents, "{text:?}");
        }
        let found = parse("- a\n...\n- b\n").expect("two documents");
        assert_eq!((found[1].mark.line, found[1].mark.offset), (2, 8));
        // An end of nothing is an empty document, which ends the list.
        for text in ["...", "...\n- a\n", "# first\r... # end\r- a\r", "...\n--- [a]\n...\n'"] {
            assert_eq!(parse(text).map(|documents| documents.len()), Ok(0), "{text:?}");
        }
        // An end of nothing and text that is not a marker stay what they are; a document does not end within quotes.
        for text in ["...\n- a\n", "- a\n...b\n", "- a\n ...\n- b\n"] {
            assert_eq!(separated(text), text);
        }
        assert!(parse("- 'a\n...\nb'\n").is_err());
    }
}
