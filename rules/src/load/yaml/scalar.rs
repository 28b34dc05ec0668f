//! The text of plain, quoted and block scalars: folding of lines, indentation, chomping, escapes.

use super::Error;
use super::cursor::{Cursor, is_blank, is_gap};

/// What ends a scalar and how its lines are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Plain text in a block collection.
    Plain,
    /// Plain text between brackets.
    PlainInFlow,
    /// `'text'`.
    Single,
    /// `"text"`.
    Double,
    /// `|`: lines are kept.
    Literal,
    /// `>`: lines are joined by a space.
    Folded,
}

impl Style {
    fn is_plain(self) -> bool {
        matches!(self, Style::Plain | Style::PlainInFlow)
    }

    fn is_quoted(self) -> bool {
        matches!(self, Style::Single | Style::Double)
    }

    fn is_block(self) -> bool {
        matches!(self, Style::Literal | Style::Folded)
    }

    /// The length of what ends the scalar, if it stands here.
    fn end_len(self, at: &Cursor) -> Option<usize> {
        match self {
            Style::Plain => (at_colon(at) || at_comment(at)).then_some(0),
            Style::PlainInFlow => {
                let value = at.peek() == Some(b':') && matches!(at.peek_at(1), Some(b',' | b']' | b'}'));
                let sign = matches!(at.peek(), Some(b',' | b'?' | b'[' | b']' | b'{' | b'}'));
                (sign || value || at_colon(at) || at_comment(at)).then_some(0)
            }
            Style::Single => (at.peek() == Some(b'\'') && at.peek_at(1) != Some(b'\'')).then_some(1),
            Style::Double => (at.peek() == Some(b'"')).then_some(1),
            Style::Literal | Style::Folded => None,
        }
    }
}

fn at_colon(at: &Cursor) -> bool {
    at.peek() == Some(b':') && is_gap(at.peek_at(1))
}

fn at_comment(at: &Cursor) -> bool {
    (at.at_blank() || at.at_break()) && at.peek_at(at.break_len().max(1)) == Some(b'#')
}

/// What happens to the line breaks at the end of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chomp {
    /// One stays.
    Clip,
    /// None stays.
    Strip,
    /// All stay.
    Keep,
}

/// How to read a scalar.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) style: Style,
    /// Columns that belong to the indentation.
    pub(super) indent: usize,
    /// Whether the first line that is not empty sets the indentation.
    pub(super) detect_indent: bool,
    pub(super) chomp: Chomp,
}

/// A scalar that was read.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Whether it ended because a line was indented less.
    pub(super) ended_by_indent: bool,
}

/// Reads a scalar from behind its opening sign.
pub(super) fn scan(at: &mut Cursor, rules: Rules) -> Result<Scalar, Error> {
    let mut reader = Reader::new(rules);
    while !at.at_end() {
        if !reader.line(at)? || !reader.line_end(at)? {
            break;
        }
    }
    Ok(reader.finish())
}

struct Reader {
    rules: Rules,
    text: Vec<u8>,
    found_text: bool,
    past_opening: bool,
    empty_line: bool,
    more_indented: bool,
    folded_breaks: usize,
    folded_from_more_indented: bool,
    /// Length of the text behind the last escape: chomping and trimming must not touch it.
    last_escape: Option<usize>,
    /// Length of the current line's text without the blanks at its end.
    last_solid: usize,
    escaped_break: bool,
    ended_by_indent: bool,
}

impl Reader {
    fn new(rules: Rules) -> Reader {
        Reader {
            past_opening: !rules.style.is_block(),
            rules,
            text: Vec::new(),
            found_text: false,
            empty_line: false,
            more_indented: false,
            folded_breaks: 0,
            folded_from_more_indented: false,
            last_escape: None,
            last_solid: 0,
            escaped_break: false,
            ended_by_indent: false,
        }
    }

    /// Reads to the end of a line; false if the scalar ended.
    fn line(&mut self, at: &mut Cursor) -> Result<bool, Error> {
        let style = self.rules.style;
        self.last_solid = self.text.len();
        self.escaped_break = false;
        while style.end_len(at).is_none() && !at.at_break() && !at.at_end() {
            if at.at_document_indicator() && !style.is_block() {
                if style.is_quoted() {
                    return Err(Error::new(at.mark(), "illegal document indicator in scalar"));
                }
                return Ok(false);
            }
            self.found_text = true;
            self.past_opening = true;
            if style == Style::Double
                && at.peek() == Some(b'\\')
                && matches!(at.peek_at(1), Some(b'\n' | b'\r'))
            {
                at.get();
                self.note_escape();
                self.escaped_break = true;
                break;
            }
            if style == Style::Double && at.peek() == Some(b'\\')
                || style == Style::Single && at.peek() == Some(b'\'')
            {
                escape(at, &mut self.text)?;
                self.note_escape();
                continue;
            }
            if let Some(byte) = at.get() {
                self.text.push(byte);
                if !is_blank(Some(byte)) {
                    self.last_solid = self.text.len();
                }
            }
        }
        if at.at_end() {
            return match style.is_quoted() {
                true => Err(Error::new(at.mark(), "illegal EOF in scalar")),
                false => Ok(false),
            };
        }
        if style.is_plain() && at.at_document_indicator() {
            return Ok(false);
        }
        if let Some(len) = style.end_len(at) {
            at.skip(len);
            return Ok(false);
        }
        Ok(true)
    }

    fn note_escape(&mut self) {
        self.last_solid = self.text.len();
        self.last_escape = Some(self.text.len());
    }

    /// Reads a line break and the indentation behind it; false if the scalar ended.
    fn line_end(&mut self, at: &mut Cursor) -> Result<bool, Error> {
        if !self.rules.style.is_block() {
            self.text.truncate(self.last_solid);
        }
        at.skip(at.break_len());
        self.indentation(at)?;
        let next_empty = at.at_break();
        let next_more = at.at_blank();
        if self.rules.style == Style::Folded && self.folded_breaks == 0 && next_empty {
            self.folded_from_more_indented = self.more_indented;
        }
        if self.past_opening {
            self.join(next_empty, next_more, at.column() >= self.rules.indent);
        }
        self.empty_line = next_empty;
        self.more_indented = next_more;
        self.past_opening = true;
        if !self.empty_line && at.column() < self.rules.indent {
            self.ended_by_indent = true;
            return Ok(false);
        }
        Ok(true)
    }

    fn indentation(&mut self, at: &mut Cursor) -> Result<(), Error> {
        let style = self.rules.style;
        let detecting = self.rules.detect_indent && !self.found_text;
        while at.peek() == Some(b' ')
            && (at.column() < self.rules.indent || detecting)
            && style.end_len(at).is_none()
        {
            at.get();
        }
        if detecting {
            self.rules.indent = self.rules.indent.max(at.column());
        }
        while at.at_blank() {
            if at.peek() == Some(b'\t') && at.column() < self.rules.indent && !style.is_quoted() {
                return Err(Error::new(at.mark(), "illegal tab when looking for indentation"));
            }
            if style.is_block() || style.end_len(at).is_some() {
                break;
            }
            at.get();
        }
        Ok(())
    }

    /// Writes what stands for a line break.
    fn join(&mut self, next_empty: bool, next_more: bool, indented: bool) {
        match self.rules.style {
            Style::Literal => self.text.push(b'\n'),
            Style::Folded => self.join_folded(next_empty, next_more, indented),
            _ if next_empty => self.text.push(b'\n'),
            _ if !self.empty_line && !self.escaped_break => self.text.push(b' '),
            _ => {}
        }
    }

    fn join_folded(&mut self, next_empty: bool, next_more: bool, indented: bool) {
        if !self.empty_line && !next_empty && !self.more_indented && !next_more && indented {
            self.text.push(b' ');
        } else if next_empty {
            self.folded_breaks += 1;
        } else {
            self.text.push(b'\n');
        }
        if !next_empty && self.folded_breaks > 0 {
            self.text.resize(self.text.len() + self.folded_breaks - 1, b'\n');
            if self.folded_from_more_indented || next_more || !self.found_text {
                self.text.push(b'\n');
            }
            self.folded_breaks = 0;
        }
    }

    fn finish(mut self) -> Scalar {
        if self.rules.style.is_plain() {
            let solid = self.text.iter().rposition(|b| !is_blank(Some(*b)));
            self.cut(solid, 1);
        }
        let solid = self.text.iter().rposition(|b| *b != b'\n');
        match self.rules.chomp {
            Chomp::Keep => {}
            Chomp::Strip => self.cut_or_clear(solid, 1),
            Chomp::Clip => self.cut_or_clear(solid, 2),
        }
        let text = match String::from_utf8(self.text) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Scalar { text, ended_by_indent: self.ended_by_indent }
    }

    /// Keeps `keep` bytes from the last solid byte on, but everything up to the last escape.
    fn cut(&mut self, solid: Option<usize>, keep: usize) {
        if let Some(last) = solid.max(self.last_escape) {
            self.text.truncate(last + keep);
        }
    }

    fn cut_or_clear(&mut self, solid: Option<usize>, keep: usize) {
        match solid.max(self.last_escape) {
            Some(_) => self.cut(solid, keep),
            None => self.text.clear(),
        }
    }
}

/// Reads an escape, of which the backslash (or the first of two quotes) stands here.
fn escape(at: &mut Cursor, out: &mut Vec<u8>) -> Result<(), Error> {
    let sign = at.get();
    let byte = at.get();
    if sign == Some(b'\'') {
        out.push(b'\'');
        return Ok(());
    }
    let plain: &[u8] = match byte {
        Some(b'0') => b"\0",
        Some(b'a') => b"\x07",
        Some(b'b') => b"\x08",
        Some(b't' | b'\t') => b"\t",
        Some(b'n') => b"\n",
        Some(b'v') => b"\x0b",
        Some(b'f') => b"\x0c",
        Some(b'r') => b"\r",
        Some(b'e') => b"\x1b",
        Some(b' ') => b" ",
        Some(b'"') => b"\"",
        Some(b'\'') => b"'",
        Some(b'\\') => b"\\",
        Some(b'/') => b"/",
        Some(b'N') => "\u{85}".as_bytes(),
        Some(b'_') => "\u{a0}".as_bytes(),
        Some(b'L') => "\u{2028}".as_bytes(),
        Some(b'P') => "\u{2029}".as_bytes(),
        Some(b'x') => return code_point(at, 2, out),
        Some(b'u') => return code_point(at, 4, out),
        Some(b'U') => return code_point(at, 8, out),
        other => {
            let shown = other.map(char::from).unwrap_or(' ');
            return Err(Error::new(at.mark(), format!("unknown escape character: {shown}")));
        }
    };
    out.extend_from_slice(plain);
    Ok(())
}

fn code_point(at: &mut Cursor, digits: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut value: u32 = 0;
    for _ in 0..digits {
        let digit = at.get().and_then(|byte| char::from(byte).to_digit(16));
        let Some(digit) = digit else {
            return Err(Error::new(at.mark(), "bad character found while scanning hex number"));
        };
        value = value << 4 | digit;
    }
    let Some(found) = char::from_u32(value) else {
        return Err(Error::new(at.mark(), format!("invalid unicode: {value}")));
    };
    out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(())
}
