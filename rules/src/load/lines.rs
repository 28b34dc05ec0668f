//! Where the lines of a text begin: byte offsets enter, lines and columns leave, in a time that depends neither on the length of the
//! text nor on that of a line. A file can have a place for every few of its bytes.

/// After how many bytes the characters before them are noted.
const STRIDE: usize = 4096;

/// The lines of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    /// Bytes of the text.
    end: usize,
    /// Byte offset of each line.
    starts: Vec<usize>,
    /// Characters that begin before each multiple of [`STRIDE`] bytes.
    characters: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let mut characters = vec![0];
        for chunk in text.as_bytes().chunks(STRIDE) {
            characters.push(characters.last().unwrap_or(&0) + starting(chunk));
        }
        Lines { end: text.len(), starts: std::iter::once(0).chain(ends).collect(), characters }
    }

    /// The line of a byte, from 0, and where it begins.
    pub(super) fn line(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.end);
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        (line, self.starts.get(line).copied().unwrap_or_default())
    }

    /// How many characters of `text`, which is the text of these lines, stand in the line before a byte.
    pub(super) fn column(&self, text: &str, offset: usize) -> usize {
        let (_, start) = self.line(offset);
        self.before(text, offset).saturating_sub(self.before(text, start))
    }

    /// Characters before a byte.
    fn before(&self, text: &str, offset: usize) -> usize {
        let offset = offset.min(self.end);
        let chunk = offset / STRIDE;
        let known = self.characters.get(chunk).copied().unwrap_or_default();
        known + starting(text.as_bytes().get(chunk * STRIDE..offset).unwrap_or_default())
    }
}

/// How many characters begin in these bytes.
fn starting(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters() {
        let text = format!("a\né{}x\n", "日".repeat(5000));
        let lines = Lines::of(&text);
        let at = |part: &str| text.find(part).expect("in the text");
        assert_eq!((lines.line(at("é")), lines.column(&text, at("é"))), ((1, 2), 0));
        assert_eq!((lines.line(at("x")), lines.column(&text, at("x"))), ((1, 2), 5001));
        assert_eq!((lines.line(text.len()), lines.column(&text, text.len())), ((2, text.len()), 0));
        assert_eq!((lines.line(usize::MAX), lines.column(&text, usize::MAX)), ((2, text.len()), 0));
        assert_eq!((Lines::of("").line(7), Lines::of("").column("", 7)), ((0, 0), 0));
    }
}
