//! Tokens of a YAML text.
//!
//! A key is recognised only at its colon, so the tokens that start a mapping are queued as possible ones and confirmed
//! or dropped when the colon or the end of the line is reached.

use std::collections::VecDeque;

use super::cursor::{Cursor, is_gap};
use super::scalar::Style;
use super::{Error, Mark};

/// A token with its place.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) mark: Mark,
}

/// Kinds of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    Directive,
    DocumentStart,
    DocumentEnd,
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
    Entry,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    FlowEntry,
    Key,
    Value,
    Anchor(String),
    Alias(String),
    Tag,
    Plain(String),
    Quoted(String),
}

/// Whether a token or an indentation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Valid,
    Possible,
    Dropped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndentKind {
    None,
    Sequence,
    Mapping,
}

#[derive(Debug)]
pub(super) struct Indent {
    pub(super) id: usize,
    pub(super) column: Option<usize>,
    pub(super) kind: IndentKind,
    pub(super) status: Status,
}

/// A key that may turn out to be one.
#[derive(Debug)]
pub(super) struct SimpleKey {
    pub(super) mark: Mark,
    pub(super) flow_level: usize,
    pub(super) indent: Option<usize>,
    pub(super) mapping_start: Option<usize>,
    pub(super) key: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Sequence,
    Mapping,
}

/// Longest text of a key that is written without `?`.
pub(super) const MAX_SIMPLE_KEY: usize = 1024;

/// Reads tokens.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    pub(super) at: Cursor<'a>,
    queue: VecDeque<(Token, Status)>,
    /// Number of tokens that have left the queue: a token's number stays while the queue moves.
    taken: usize,
    started: bool,
    ended: bool,
    pub(super) simple_key_allowed: bool,
    pub(super) scalar_allowed: bool,
    /// Whether a colon may follow without a blank, as behind a quoted key between brackets.
    pub(super) json_value: bool,
    pub(super) keys: Vec<SimpleKey>,
    pub(super) indents: Vec<Indent>,
    pub(super) next_indent: usize,
    pub(super) flows: Vec<Flow>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner {
            at: Cursor::new(text),
            queue: VecDeque::new(),
            taken: 0,
            started: false,
            ended: false,
            simple_key_allowed: false,
            scalar_allowed: false,
            json_value: false,
            keys: Vec::new(),
            indents: Vec::new(),
            next_indent: 0,
            flows: Vec::new(),
        }
    }

    /// How far the text has been read.
    pub(super) fn mark(&self) -> Mark {
        self.at.mark()
    }

    /// The next token, `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<&Token>, Error> {
        loop {
            match self.queue.front().map(|(_, status)| *status) {
                Some(Status::Valid) => break,
                Some(Status::Dropped) => {
                    self.pop();
                }
                Some(Status::Possible) | None if self.ended => break,
                Some(Status::Possible) | None => self.scan_next()?,
            }
        }
        Ok(self.queue.front().map(|(token, _)| token))
    }

    /// Takes the next token off; to be called after [`Scanner::peek`].
    pub(super) fn pop(&mut self) -> Option<Token> {
        let (token, _) = self.queue.pop_front()?;
        self.taken += 1;
        Some(token)
    }

    pub(super) fn in_block(&self) -> bool {
        self.flows.is_empty()
    }

    pub(super) fn push(&mut self, kind: TokenKind, mark: Mark) -> usize {
        self.queue.push_back((Token { kind, mark }, Status::Valid));
        self.taken + self.queue.len() - 1
    }

    pub(super) fn set_status(&mut self, token: usize, status: Status) {
        let place = token.checked_sub(self.taken).and_then(|i| self.queue.get_mut(i));
        if let Some((_, old)) = place {
            *old = status;
        }
    }

    fn scan_next(&mut self) -> Result<(), Error> {
        if !self.started {
            self.started = true;
            self.simple_key_allowed = true;
            self.scalar_allowed = true;
            self.indents.push(Indent { id: 0, column: None, kind: IndentKind::None, status: Status::Valid });
            self.next_indent = 1;
            return Ok(());
        }
        self.skip_gaps();
        self.pop_indents_to_here();
        let Some(byte) = self.at.peek() else {
            self.end_stream();
            return Ok(());
        };
        if self.at.column() == 0 && byte == b'%' {
            return self.directive();
        }
        if self.at.at_document(b'-') {
            return self.document(TokenKind::DocumentStart);
        }
        if self.at.at_document(b'.') {
            return self.document(TokenKind::DocumentEnd);
        }
        match byte {
            b'[' => self.flow_start(Flow::Sequence),
            b'{' => self.flow_start(Flow::Mapping),
            b']' => self.flow_end(Flow::Sequence),
            b'}' => self.flow_end(Flow::Mapping),
            b',' => self.flow_entry(),
            b'-' if is_gap(self.at.peek_at(1)) => self.block_entry(),
            b'?' if is_gap(self.at.peek_at(1)) && self.at.peek_at(1).is_some() => self.key(),
            b':' if self.colon_is_value() => self.value(),
            b'*' | b'&' => self.anchor_or_alias(byte),
            b'!' => self.tag(),
            b'|' | b'>' if self.in_block() => self.block_scalar(byte),
            _ if !self.scalar_allowed => Err(Error::new(self.at.mark(), "unexpected scalar")),
            b'\'' => self.quoted(Style::Single),
            b'"' => self.quoted(Style::Double),
            _ if self.plain_starts(byte) => self.plain(),
            _ => Err(Error::new(self.at.mark(), "unknown token")),
        }
    }

    fn colon_is_value(&self) -> bool {
        let next = self.at.peek_at(1);
        match (self.in_block(), self.json_value) {
            (true, _) => is_gap(next),
            (false, true) => true,
            (false, false) => next.is_some() && is_gap(next) || matches!(next, Some(b',' | b']' | b'}')),
        }
    }

    fn plain_starts(&self, byte: u8) -> bool {
        let next = self.at.peek_at(1);
        match byte {
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => false,
            b'?' if !self.in_block() => false,
            b'-' | b'?' | b':' if self.in_block() => !is_gap(next),
            b'-' | b':' => !matches!(next, None | Some(b' ' | b'\t')),
            _ => true,
        }
    }

    /// Skips blanks, comments and line breaks.
    fn skip_gaps(&mut self) {
        loop {
            while self.at.at_blank() {
                if self.in_block() && self.at.peek() == Some(b'\t') {
                    self.simple_key_allowed = false;
                }
                self.at.get();
            }
            if self.at.peek() == Some(b'#') {
                while !self.at.at_end() && !self.at.at_break() {
                    self.at.get();
                }
            }
            let len = self.at.break_len();
            if len == 0 {
                return;
            }
            self.at.skip(len);
            self.drop_key();
            self.scalar_allowed = true;
            if self.in_block() {
                self.simple_key_allowed = true;
            }
        }
    }

    fn end_stream(&mut self) {
        if self.at.column() > 0 {
            self.at.reset_column();
        }
        self.pop_all_indents();
        self.keys.clear();
        self.simple_key_allowed = false;
        self.scalar_allowed = false;
        self.ended = true;
    }

    fn directive(&mut self) -> Result<(), Error> {
        self.pop_all_indents();
        self.keys.clear();
        self.simple_key_allowed = false;
        self.json_value = false;
        let mark = self.at.mark();
        while !self.at.at_end() && !self.at.at_break() {
            self.at.get();
        }
        self.push(TokenKind::Directive, mark);
        Ok(())
    }

    fn document(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.pop_all_indents();
        self.keys.clear();
        self.simple_key_allowed = false;
        self.json_value = false;
        let mark = self.at.mark();
        self.at.skip(3);
        self.push(kind, mark);
        Ok(())
    }

    fn flow_start(&mut self, flow: Flow) -> Result<(), Error> {
        self.possible_key();
        self.simple_key_allowed = true;
        self.json_value = false;
        let mark = self.at.mark();
        self.at.get();
        self.flows.push(flow);
        self.push(
            match flow {
                Flow::Sequence => TokenKind::FlowSequenceStart,
                Flow::Mapping => TokenKind::FlowMappingStart,
            },
            mark,
        );
        Ok(())
    }

    /// A key without a value at the end of an entry between brackets.
    fn end_solo_entry(&mut self) {
        match self.flows.last().copied() {
            Some(Flow::Mapping) if self.confirm_key() => {
                self.push(TokenKind::Value, self.at.mark());
            }
            Some(Flow::Sequence) => self.drop_key(),
            Some(Flow::Mapping) | None => {}
        }
    }

    fn flow_end(&mut self, flow: Flow) -> Result<(), Error> {
        let mark = self.at.mark();
        if self.in_block() {
            return Err(Error::new(mark, "illegal flow end"));
        }
        self.end_solo_entry();
        self.simple_key_allowed = false;
        self.json_value = true;
        self.at.get();
        if self.flows.pop() != Some(flow) {
            return Err(Error::new(mark, "illegal flow end"));
        }
        self.push(
            match flow {
                Flow::Sequence => TokenKind::FlowSequenceEnd,
                Flow::Mapping => TokenKind::FlowMappingEnd,
            },
            mark,
        );
        Ok(())
    }

    fn flow_entry(&mut self) -> Result<(), Error> {
        let mark = self.at.mark();
        if self.at.column() == 0 {
            return Err(Error::new(mark, "plain value cannot start with flow indicator character"));
        }
        if !self.scalar_allowed {
            return Err(Error::new(mark, "unexpected scalar"));
        }
        self.end_solo_entry();
        self.simple_key_allowed = true;
        self.json_value = false;
        self.at.get();
        self.push(TokenKind::FlowEntry, mark);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), Error> {
        let mark = self.at.mark();
        if !self.in_block() || !self.simple_key_allowed {
            return Err(Error::new(mark, "illegal block entry"));
        }
        self.push_indent(IndentKind::Sequence);
        self.simple_key_allowed = true;
        self.json_value = false;
        self.at.get();
        self.push(TokenKind::Entry, mark);
        Ok(())
    }

    fn key(&mut self) -> Result<(), Error> {
        let mark = self.at.mark();
        if self.in_block() {
            if !self.simple_key_allowed {
                return Err(Error::new(mark, "illegal map key"));
            }
            self.push_indent(IndentKind::Mapping);
        }
        self.simple_key_allowed = self.in_block();
        self.at.get();
        self.push(TokenKind::Key, mark);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Error> {
        let mark = self.at.mark();
        let confirmed = self.confirm_key();
        self.json_value = false;
        if confirmed {
            self.simple_key_allowed = false;
        } else {
            if self.in_block() {
                if !self.simple_key_allowed {
                    return Err(Error::new(mark, "illegal map value"));
                }
                self.push_indent(IndentKind::Mapping);
            }
            self.simple_key_allowed = self.in_block();
        }
        self.scalar_allowed = true;
        self.at.get();
        self.push(TokenKind::Value, mark);
        Ok(())
    }
}
