//! A place in a text, and the ways to move it on: blanks, keywords and classes of characters (reference language
//! section 1).
//!
//! What enters is the text; what leaves are tokens. The cursor knows nothing of the grammar.

use std::borrow::Cow;

use super::error::ParseError;
use super::escape;
use super::marks::{MARK, Shared, SharedList, next_mark};
use crate::ast::Pos;

/// A text with a position and the token read last, which messages quote.
pub(super) struct Cursor<'t> {
    text: &'t str,
    /// The byte of the text.
    at: usize,
    /// The same as it would be if marks were written out.
    pos: Pos,
    /// What marks stand for, if there are some.
    pub(super) shared: Option<Shared<'t>>,
    /// Whether a mark stands inside quotes, where its text is meant.
    pub(super) misplaced: bool,
    /// Bytes: an escape gives any of them.
    last: Vec<u8>,
    reach: usize,
}

/// What to go back to when a word turns out to be something else.
pub(super) struct Mark {
    at: usize,
    pos: Pos,
    last: Vec<u8>,
}

impl<'t> Cursor<'t> {
    /// A cursor at the start of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        let pos = Pos { offset: 0, line: 1, column: 1 };
        Cursor { text, at: 0, pos, shared: None, misplaced: false, last: Vec::new(), reach: 0 }
    }

    /// Where the cursor stands.
    pub(super) fn pos(&self) -> Pos {
        self.pos
    }

    /// The token read last, as messages show it; blanks are no tokens.
    pub(super) fn last(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.last)
    }

    /// The token read last.
    pub(super) fn last_bytes(&self) -> &[u8] {
        &self.last
    }

    /// The token read last, where only text can stand.
    pub(super) fn last_text(&self) -> Result<String, ParseError> {
        String::from_utf8(self.last.clone()).map_err(|_| ParseError::NotText)
    }

    /// One more than the highest offset that was ever looked at.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    /// Whether the text is used up.
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Remembers the place and the last token.
    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, pos: self.pos, last: self.last.clone() }
    }

    /// Goes back to `mark`.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.at = mark.at;
        self.pos = mark.pos;
        self.last = mark.last;
    }

    /// The byte `ahead` of the cursor; 0 after the end.
    pub(super) fn peek(&mut self, ahead: usize) -> u8 {
        let at = self.at.saturating_add(ahead);
        self.reach = self.reach.max(at.saturating_add(1));
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Skips blanks; true if there were any.
    pub(super) fn blanks(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(0), b' ' | b'\t' | 0x08 | b'\r' | b'\n') {
            self.step();
        }
        self.at > start
    }

    /// Takes `word` if the text goes on with it.
    pub(super) fn word(&mut self, word: &str) -> bool {
        self.reach = self.reach.max(self.at.saturating_add(word.len()));
        if !self.rest().starts_with(word) {
            return false;
        }
        self.take(word.len());
        true
    }

    /// Takes the first of `words` that the text goes on with. Words in letters need a blank after them if
    /// `blank_after_letters`; that blank is taken as well.
    pub(super) fn operator(
        &mut self,
        words: &[&'static str],
        blank_after_letters: bool,
    ) -> Option<&'static str> {
        for &word in words {
            let mark = self.mark();
            if !self.word(word) {
                continue;
            }
            let letters = word.starts_with(|c: char| c.is_ascii_alphabetic());
            if !(letters && blank_after_letters) || self.blanks() {
                return Some(word);
            }
            self.back_to(mark);
        }
        None
    }

    /// `not` with the blanks after it.
    pub(super) fn not(&mut self) -> bool {
        let mut length = 3;
        while is_space(self.peek(length)) {
            length += 1;
        }
        if length == 3 || !self.rest().starts_with("not") {
            return false;
        }
        self.take(length);
        true
    }

    /// `[a-zA-Z]+[a-zA-Z0-9_]*`
    pub(super) fn identifier(&mut self) -> bool {
        match self.identifier_at(0) {
            0 => false,
            length => {
                self.take(length);
                true
            }
        }
    }

    /// Identifiers joined by dots, at least two of them.
    pub(super) fn field_name(&mut self) -> bool {
        let mut length = self.identifier_at(0);
        let first = length;
        while length > 0 && self.peek(length) == b'.' {
            match self.identifier_at(length + 1) {
                0 => break,
                more => length += 1 + more,
            }
        }
        if length == first {
            return false;
        }
        self.take(length);
        true
    }

    /// `0x…` or a decimal number, which may have a sign, a fraction and an exponent.
    pub(super) fn number(&mut self) -> bool {
        let mut length = 0;
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') && self.peek(2).is_ascii_hexdigit() {
            length = 2;
            while self.peek(length).is_ascii_hexdigit() {
                length += 1;
            }
            self.take(length);
            return true;
        }
        if matches!(self.peek(0), b'+' | b'-') {
            length += 1;
        }
        if !self.peek(length).is_ascii_digit() {
            return false;
        }
        length = self.digits_from(length);
        if self.peek(length) == b'.' {
            length = self.digits_from(length + 1);
        }
        if matches!(self.peek(length), b'e' | b'E')
            && matches!(self.peek(length + 1), b'+' | b'-')
            && self.peek(length + 2).is_ascii_digit()
        {
            length = self.digits_from(length + 2);
        }
        self.take(length);
        true
    }

    /// A string in quotes, unescaped. `Ok(false)` leaves the cursor where it was; a bad escape is an error after the
    /// closing quote. A quote ends the string unless the character before it is a backslash.
    pub(super) fn quoted(&mut self) -> Result<bool, ParseError> {
        let quote = self.peek(0);
        if quote != b'"' && quote != b'\'' {
            return Ok(false);
        }
        let mut length = 1;
        loop {
            match self.peek(length) {
                0 => return Ok(false),
                byte if byte == quote && self.peek(length - 1) != b'\\' => break,
                _ => length += 1,
            }
        }
        let quoted = self.rest().get(..=length).unwrap_or("");
        self.take(length + 1);
        if self.shared.is_some() && self.last.iter().copied().any(is_mark) {
            self.misplaced = true;
            return Err(ParseError::ListInQuotes);
        }
        self.last = escape::unescape(quoted)?;
        Ok(true)
    }

    /// One or more characters except parentheses, quotes, blanks, `=` and `,`.
    pub(super) fn bare(&mut self) -> bool {
        let marks = self.shared.is_some();
        self.take_while(|byte| is_bare_byte(byte) && !(marks && is_mark(byte)))
    }

    /// One or more characters except brackets, quotes and blanks.
    pub(super) fn bare_argument(&mut self) -> bool {
        let marks = self.shared.is_some();
        let ends =
            |byte| is_space(byte) || matches!(byte, b'[' | b']' | b'"' | b'\'') || (marks && is_mark(byte));
        self.take_while(|byte| !ends(byte))
    }

    /// The list that a mark stands for.
    pub(super) fn shared_list(&mut self) -> Option<&'t SharedList> {
        let shared =
            self.shared.filter(|_| self.text.as_bytes().get(self.at).is_some_and(|byte| is_mark(*byte)))?;
        let (_, end, number) = next_mark(self.text, self.at)?;
        let list = shared(number)?;
        self.at = end;
        self.pos.offset += list.width;
        self.pos.column += list.width;
        let last = list.values.parts().last().and_then(|part| part.last());
        self.last = last.map(|value| value.to_vec()).unwrap_or_default();
        Some(list)
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> bool {
        let rest = self.rest().as_bytes();
        let length = rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len());
        self.reach = self.reach.max(self.at.saturating_add(length + 1));
        if length == 0 {
            return false;
        }
        self.take(length);
        true
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Makes the next `length` bytes the last token. Tokens end at ASCII characters, so they end at a boundary.
    fn take(&mut self, length: usize) {
        self.last.clear();
        self.last.extend_from_slice(self.rest().get(..length).unwrap_or("").as_bytes());
        for _ in 0..length {
            self.step();
        }
    }

    fn step(&mut self) {
        self.pos.column += 1;
        if matches!(self.text.as_bytes().get(self.at), Some(b'\r' | b'\n')) {
            self.pos.column = 1;
            self.pos.line += 1;
        }
        self.pos.offset += 1;
        self.at += 1;
    }

    fn identifier_at(&mut self, ahead: usize) -> usize {
        if !self.peek(ahead).is_ascii_alphabetic() {
            return 0;
        }
        let mut length = 1;
        while matches!(self.peek(ahead + length), b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9') {
            length += 1;
        }
        length
    }

    fn digits_from(&mut self, mut ahead: usize) -> usize {
        while self.peek(ahead).is_ascii_digit() {
            ahead += 1;
        }
        ahead
    }
}

/// Whether a text is a value without quotes, and holds no mark.
pub(super) fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is_bare_byte(byte) && !is_mark(byte))
}

fn is_bare_byte(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'"' | b'\'' | b'=' | b',')
}

fn is_mark(byte: u8) -> bool {
    char::from(byte) == MARK
}

/// The class `[[:space:]]`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ')
}
