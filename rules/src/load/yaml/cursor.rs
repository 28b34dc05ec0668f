//! A position in the bytes of a file that counts lines and columns as it moves.

use super::Mark;

/// Reads bytes and keeps the mark.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    mark: Mark,
    /// The byte that ends a line: a lone carriage return if the first line ends with one.
    line_end: u8,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Cursor<'a> {
        let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
        let first = bytes.iter().position(|b| matches!(b, b'\n' | b'\r'));
        let lone = first.is_some_and(|i| bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'));
        Cursor { bytes, mark: Mark::default(), line_end: if lone { b'\r' } else { b'\n' } }
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn column(&self) -> usize {
        self.mark.column
    }

    pub(super) fn at_end(&self) -> bool {
        self.mark.offset >= self.bytes.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.mark.offset).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.mark.offset + ahead).copied()
    }

    pub(super) fn get(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.mark.offset += 1;
        self.mark.column += 1;
        if byte == self.line_end {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        Some(byte)
    }

    pub(super) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.get();
        }
    }

    /// The end of the file counts as the start of a line.
    pub(super) fn reset_column(&mut self) {
        self.mark.column = 0;
    }

    /// The bytes from `start` up to here.
    pub(super) fn since(&self, start: Mark) -> &'a [u8] {
        self.bytes.get(start.offset..self.mark.offset).unwrap_or_default()
    }

    /// A space or a tab.
    pub(super) fn at_blank(&self) -> bool {
        is_blank(self.peek())
    }

    /// The length of the line break here, 0 if there is none.
    pub(super) fn break_len(&self) -> usize {
        match self.peek() {
            Some(b'\n') => 1,
            Some(b'\r') if self.peek_at(1) == Some(b'\n') => 2,
            Some(b'\r') => 1,
            _ => 0,
        }
    }

    pub(super) fn at_break(&self) -> bool {
        self.break_len() > 0
    }

    /// `---` or `...` at the start of a line, followed by blank, break or end.
    pub(super) fn at_document_indicator(&self) -> bool {
        self.at_document(b'-') || self.at_document(b'.')
    }

    /// Three times `sign` at the start of a line, followed by blank, break or end.
    pub(super) fn at_document(&self, sign: u8) -> bool {
        self.column() == 0 && (0..3).all(|i| self.peek_at(i) == Some(sign)) && is_gap(self.peek_at(3))
    }
}

/// A space or a tab.
pub(super) fn is_blank(byte: Option<u8>) -> bool {
    matches!(byte, Some(b' ' | b'\t'))
}

/// A blank, a line break or the end of the file.
pub(super) fn is_gap(byte: Option<u8>) -> bool {
    matches!(byte, None | Some(b' ' | b'\t' | b'\n' | b'\r'))
}
