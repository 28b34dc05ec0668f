//! The indentation stack and the keys that are not confirmed yet: the part of the scanner that decides where block
//! collections start and end.

use super::scanner::{Indent, IndentKind, MAX_SIMPLE_KEY, Scanner, SimpleKey, Status, TokenKind};

impl Scanner<'_> {
    /// The column of the innermost block collection.
    pub(super) fn top_column(&self) -> Option<usize> {
        self.indents.last().and_then(|indent| indent.column)
    }

    /// Opens a block collection here unless one of this indentation is open. The number of the indentation and of its
    /// start token, if it was opened.
    pub(super) fn push_indent(&mut self, kind: IndentKind) -> Option<(usize, usize)> {
        let column = self.at.column();
        let last = self.indents.last()?;
        if !self.in_block() || last.column.is_some_and(|open| column < open) {
            return None;
        }
        let nested = kind == IndentKind::Sequence && last.kind == IndentKind::Mapping;
        if last.column == Some(column) && !nested {
            return None;
        }
        let start = match kind {
            IndentKind::Sequence => TokenKind::SequenceStart,
            IndentKind::Mapping | IndentKind::None => TokenKind::MappingStart,
        };
        let token = self.push(start, self.at.mark());
        let id = self.next_indent;
        self.next_indent += 1;
        self.indents.push(Indent { id, column: Some(column), kind, status: Status::Valid });
        Some((id, token))
    }

    /// Closes the block collections that the column of the next token ends.
    pub(super) fn pop_indents_to_here(&mut self) {
        if !self.in_block() {
            return;
        }
        let column = self.at.column();
        let at_entry = self.at.peek() == Some(b'-') && super::cursor::is_gap(self.at.peek_at(1));
        while let Some(indent) = self.indents.last() {
            let Some(open) = indent.column else { break };
            let sequence_over = indent.kind == IndentKind::Sequence && !at_entry;
            if open < column || open == column && !sequence_over {
                break;
            }
            self.pop_indent();
        }
        while self.indents.last().is_some_and(|indent| indent.status == Status::Dropped) {
            self.pop_indent();
        }
    }

    /// Closes all block collections.
    pub(super) fn pop_all_indents(&mut self) {
        if !self.in_block() {
            return;
        }
        while self.indents.last().is_some_and(|indent| indent.kind != IndentKind::None) {
            self.pop_indent();
        }
    }

    fn pop_indent(&mut self) {
        let Some(indent) = self.indents.pop() else { return };
        if indent.status != Status::Valid {
            self.drop_key();
            return;
        }
        let mark = self.at.mark();
        match indent.kind {
            IndentKind::Sequence => self.push(TokenKind::SequenceEnd, mark),
            IndentKind::Mapping => self.push(TokenKind::MappingEnd, mark),
            IndentKind::None => return,
        };
    }

    /// Notes that a key may start here.
    pub(super) fn possible_key(&mut self) {
        let active = self.keys.last().is_some_and(|key| key.flow_level == self.flows.len());
        if !self.simple_key_allowed || active {
            return;
        }
        let mark = self.at.mark();
        let opened = match self.in_block() {
            true => self.push_indent(IndentKind::Mapping),
            false => None,
        };
        if let Some((id, token)) = opened {
            self.set_indent(id, Status::Possible);
            self.set_status(token, Status::Possible);
        }
        let key = self.push(TokenKind::Key, mark);
        self.set_status(key, Status::Possible);
        self.keys.push(SimpleKey {
            mark,
            flow_level: self.flows.len(),
            indent: opened.map(|(id, _)| id),
            mapping_start: opened.map(|(_, token)| token),
            key,
        });
    }

    /// The possible key of this level is none.
    pub(super) fn drop_key(&mut self) {
        if self.keys.last().is_some_and(|key| key.flow_level == self.flows.len())
            && let Some(key) = self.keys.pop()
        {
            self.settle(&key, Status::Dropped);
        }
    }

    /// Whether a possible key of this level is one: on one line and not too long.
    pub(super) fn confirm_key(&mut self) -> bool {
        if self.keys.last().is_none_or(|key| key.flow_level != self.flows.len()) {
            return false;
        }
        let Some(key) = self.keys.pop() else { return false };
        let here = self.at.mark();
        let valid = here.line == key.mark.line && here.offset - key.mark.offset <= MAX_SIMPLE_KEY;
        self.settle(&key, if valid { Status::Valid } else { Status::Dropped });
        valid
    }

    fn settle(&mut self, key: &SimpleKey, status: Status) {
        if let Some(id) = key.indent {
            self.set_indent(id, status);
        }
        if let Some(token) = key.mapping_start {
            self.set_status(token, status);
        }
        self.set_status(key.key, status);
    }

    fn set_indent(&mut self, id: usize, status: Status) {
        if let Some(indent) = self.indents.iter_mut().rev().find(|indent| indent.id == id) {
            indent.status = status;
        }
    }
}
