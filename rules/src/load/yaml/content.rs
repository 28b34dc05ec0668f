//! Tokens that carry text: anchors, aliases, tags and scalars.

use super::Error;
use super::cursor::is_gap;
use super::scalar::{Chomp, Rules, Style, scan};
use super::scanner::{Scanner, TokenKind};

impl Scanner<'_> {
    pub(super) fn anchor_or_alias(&mut self, sign: u8) -> Result<(), Error> {
        self.possible_key();
        self.simple_key_allowed = false;
        self.json_value = false;
        let what = if sign == b'*' { "alias" } else { "anchor" };
        let mark = self.at.mark();
        self.at.get();
        let start = self.at.mark();
        while !is_gap(self.at.peek()) && !matches!(self.at.peek(), Some(b'[' | b']' | b'{' | b'}' | b',')) {
            self.at.get();
        }
        let name = String::from_utf8_lossy(self.at.since(start)).into_owned();
        if name.is_empty() {
            return Err(Error::new(self.at.mark(), format!("{what} not found after {}", char::from(sign))));
        }
        if matches!(self.at.peek(), Some(b'[' | b'{')) {
            return Err(Error::new(self.at.mark(), format!("illegal character found while scanning {what}")));
        }
        self.push(if sign == b'*' { TokenKind::Alias(name) } else { TokenKind::Anchor(name) }, mark);
        Ok(())
    }

    pub(super) fn tag(&mut self) -> Result<(), Error> {
        self.possible_key();
        self.simple_key_allowed = false;
        self.json_value = false;
        let mark = self.at.mark();
        self.at.get();
        let verbatim = self.at.peek() == Some(b'<');
        while let Some(byte) = self.at.peek() {
            let end = verbatim && byte == b'>';
            let inside = byte.is_ascii_alphanumeric()
                || b"-#;/?:@&=+$_.~*'()!%".contains(&byte)
                || verbatim && b"<>,[]".contains(&byte);
            if !inside {
                break;
            }
            self.at.get();
            if end {
                break;
            }
        }
        if verbatim && !self.at.since(mark).ends_with(b">") {
            return Err(Error::new(self.at.mark(), "end of verbatim tag not found"));
        }
        self.push(TokenKind::Tag, mark);
        Ok(())
    }

    pub(super) fn plain(&mut self) -> Result<(), Error> {
        // Before the possible mapping opens: it does not indent the text of its own key.
        let (style, indent) = match self.in_block() {
            true => (Style::Plain, self.top_column().map_or(0, |column| column + 1)),
            false => (Style::PlainInFlow, 0),
        };
        self.possible_key();
        let mark = self.at.mark();
        let rules = Rules { style, indent, detect_indent: false, chomp: Chomp::Strip };
        let scalar = scan(&mut self.at, rules)?;
        self.simple_key_allowed = scalar.ended_by_indent;
        self.json_value = false;
        self.push(TokenKind::Plain(scalar.text), mark);
        Ok(())
    }

    pub(super) fn quoted(&mut self, style: Style) -> Result<(), Error> {
        self.possible_key();
        let mark = self.at.mark();
        self.at.get();
        let rules = Rules { style, indent: 0, detect_indent: false, chomp: Chomp::Clip };
        let scalar = scan(&mut self.at, rules)?;
        self.simple_key_allowed = false;
        self.scalar_allowed = !self.in_block();
        self.json_value = true;
        self.push(TokenKind::Quoted(scalar.text), mark);
        Ok(())
    }

    pub(super) fn block_scalar(&mut self, sign: u8) -> Result<(), Error> {
        let mark = self.at.mark();
        self.at.get();
        let style = if sign == b'>' { Style::Folded } else { Style::Literal };
        let mut rules = self.block_header(style)?;
        rules.indent += self.top_column().unwrap_or(0);
        let scalar = scan(&mut self.at, rules)?;
        self.simple_key_allowed = true;
        self.json_value = false;
        self.push(TokenKind::Quoted(scalar.text), mark);
        Ok(())
    }

    /// The signs behind `|` or `>` up to the end of the line: how to chomp and how far the text is indented.
    fn block_header(&mut self, style: Style) -> Result<Rules, Error> {
        let mut rules = Rules { style, indent: 1, detect_indent: true, chomp: Chomp::Clip };
        let (mut chomped, mut sized) = (false, false);
        loop {
            match self.at.peek() {
                Some(b'+') if !chomped => rules.chomp = Chomp::Keep,
                Some(b'-') if !chomped => rules.chomp = Chomp::Strip,
                Some(b'0') if !sized => {
                    self.at.get();
                    return Err(Error::new(self.at.mark(), "cannot set zero indentation for a block scalar"));
                }
                Some(digit @ b'1'..=b'9') if !sized => {
                    rules.indent = usize::from(digit - b'0');
                    rules.detect_indent = false;
                    sized = true;
                    self.at.get();
                    continue;
                }
                _ => break,
            }
            chomped = true;
            self.at.get();
        }
        while self.at.at_blank() {
            self.at.get();
        }
        if self.at.peek() == Some(b'#') {
            while !self.at.at_end() && !self.at.at_break() {
                self.at.get();
            }
        }
        if !self.at.at_end() && !self.at.at_break() {
            return Err(Error::new(self.at.mark(), "unexpected character in block scalar"));
        }
        Ok(rules)
    }
}
