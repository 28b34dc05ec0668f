//! Where a byte of a condition or an output stands in its file.
//!
//! On the way from the file to the parser a condition loses line breaks, gains appended parts and has list names
//! replaced; the way back is needed for errors only and is walked then.

use std::sync::Arc;

use super::yaml::{Mark, Node};

/// The text of a condition or an output with the scalars it was put together from.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    /// Where the part starts in the text.
    start: usize,
    file: Arc<str>,
    mark: Mark,
}

impl Text {
    /// The text of a scalar of a file.
    pub(super) fn of(node: &Node, text: String, file: Arc<str>) -> Text {
        Text { text, parts: vec![Part { start: 0, file, mark: node.mark }] }
    }

    /// Adds a text after a blank.
    pub(super) fn append(&mut self, more: &Text) {
        let start = self.text.len() + 1;
        self.parts.extend(more.parts.iter().map(|part| Part { start: part.start + start, ..part.clone() }));
        self.text.push(' ');
        self.text.push_str(&more.text);
    }

    /// The file and the byte in it where each scalar starts.
    pub(super) fn places(&self) -> impl Iterator<Item = (Arc<str>, usize)> {
        self.parts.iter().map(|part| (Arc::clone(&part.file), part.mark.offset))
    }

    /// The file and the byte in it where `offset` of the text stands. `source` gives the text of a file.
    pub(super) fn locate(
        &self,
        offset: usize,
        source: impl Fn(&str) -> Arc<str>,
    ) -> Option<(Arc<str>, usize)> {
        let at = self.parts.iter().rposition(|part| part.start <= offset)?;
        let part = self.parts.get(at)?;
        let end = self.parts.get(at + 1).map_or(self.text.len(), |next| next.start.saturating_sub(1));
        let scalar = self.text.get(part.start..end.max(part.start))?;
        let file = source(&part.file);
        let raw = file.strip_prefix('\u{feff}').unwrap_or(&file);
        let raw = raw.get(part.mark.offset..)?;
        // An error at the end stands after the last word, not after the line break that a block scalar ends with.
        let within = (offset - part.start).min(scalar.trim_end().len());
        let place = part.mark.offset + align(scalar.as_bytes(), within, raw.as_bytes());
        Some((Arc::clone(&part.file), place))
    }
}

/// The byte of `raw`, which starts with the scalar as it is written, that became byte `offset` of `scalar`.
fn align(scalar: &[u8], offset: usize, raw: &[u8]) -> usize {
    let blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\n' | b'\t' | b'\r'));
    let mut at = match raw.first() {
        Some(b'>' | b'|') => raw.iter().position(|b| *b == b'\n').map_or(raw.len(), |end| end + 1),
        Some(b'"' | b'\'') => 1,
        _ => 0,
    };
    let mut last = at;
    let mut done = 0;
    while done < scalar.len().min(offset + 1) {
        let wanted = scalar.get(done);
        if blank(wanted) && blank(raw.get(at)) {
            last = at;
            while blank(scalar.get(done)) {
                if done == offset {
                    return last;
                }
                done += 1;
            }
            while blank(raw.get(at)) {
                at += 1;
            }
            continue;
        }
        // What stands in the file alone: indentation of the first line, backslashes and doubled quotes of escapes.
        while at < raw.len() && raw.get(at) != wanted {
            let skipped = matches!(raw.get(at), Some(b' ' | b'\n' | b'\t' | b'\r' | b'\\' | b'\'' | b'"'));
            if !skipped {
                return last;
            }
            at += 1;
        }
        last = at;
        at += 1;
        done += 1;
    }
    if done <= offset { at } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::yaml::parse;

    /// The rest of the file's line from the place of `needle` in the scalar.
    fn check(file: &str, needle: &str, expected: &str) {
        let documents = parse(file).unwrap();
        let node = documents[0].get("c").unwrap();
        let text = Text::of(node, node.scalar().unwrap().to_owned(), Arc::from("f"));
        let offset = text.text.find(needle).unwrap_or(text.text.len());
        let (_, place) = text.locate(offset, |_| Arc::from(file)).unwrap();
        assert_eq!(file[place..].lines().next().unwrap_or(""), expected, "{file:?} {needle:?}");
    }

    #[test]
    fn places_in_scalars_of_every_style() {
        check("c: aa bb cc\n", "bb", "bb cc");
        check("c: aa\n   bb\n   cc\n", "cc", "cc");
        check("c: >\n  aa\n  bb or\n\n  cc\n", "or", "or");
        check("c: >\n  aa\n  bb\n\n  cc\n", "cc", "cc");
        check("c: |-\n  aa\n  bb\n", "bb", "bb");
        check("c: \"aa \\\"x\\\" bb\"\n", "bb", "bb\"");
        check("c: 'aa ''x'' bb'\n", "bb", "bb'");
        check("c: aa bb\nd: e\n", "nowhere", "");
    }

    #[test]
    fn appended_parts_are_found() {
        let documents = parse("- aa\n- bb cc\n").unwrap();
        let items = documents[0].sequence().unwrap();
        let part = |at: usize| {
            let node = &items[at];
            Text::of(node, node.scalar().unwrap().to_owned(), Arc::from("f"))
        };
        let mut text = part(0);
        text.append(&part(1));
        assert_eq!(text.text, "aa bb cc");
        let at = |offset| text.locate(offset, |_| Arc::from("- aa\n- bb cc\n")).unwrap().1;
        assert_eq!((at(1), at(3), at(6)), (3, 7, 10));
    }
}
