//! The parts of a check: fields, transformers, and what may stand on the right (reference language 2.5, 2.6, 2.9, 2.10).

use super::error::ParseError;
use super::names::{TRANSFORMERS, VAL};
use super::parser::{Parser, Result};
use crate::ast::{CallArg, LARGE, Part, Pos, Right, Term, TermKind, Values};

/// How deep transformers may be nested.
pub(super) const MAX_CALLS: usize = 100;

/// The members of a list on their way: a list that stands alone stays as it is, and large ones stay shared among others.
#[derive(Default)]
struct Members {
    only: Option<Values>,
    parts: Vec<Part>,
    /// Values after the last part.
    values: Vec<Box<[u8]>>,
}

impl Members {
    fn add(&mut self, value: Box<[u8]>) {
        self.take_apart();
        self.values.push(value);
    }

    fn add_list(&mut self, list: &Values) {
        self.take_apart();
        match self.values.is_empty() && self.parts.is_empty() {
            true => self.only = Some(list.clone()),
            false => list.parts().iter().for_each(|part| self.add_part(part)),
        }
    }

    fn add_part(&mut self, part: &Part) {
        if part.len() < LARGE {
            self.values.extend(part.iter().cloned());
            return;
        }
        self.close();
        self.parts.push(Part::clone(part));
    }

    /// Makes a part of the values after the last one.
    fn close(&mut self) {
        if !self.values.is_empty() {
            self.parts.push(std::mem::take(&mut self.values).into());
        }
    }

    fn take_apart(&mut self) {
        if let Some(list) = self.only.take() {
            list.parts().iter().for_each(|part| self.add_part(part));
        }
    }

    fn together(mut self) -> Values {
        self.close();
        self.only.unwrap_or_else(|| Values::of(self.parts))
    }
}

impl Parser<'_> {
    /// The beginning of the text as a field or a transformer.
    pub(super) fn term_only(&mut self) -> Result<Term> {
        let pos = self.cursor.pos();
        if self.cursor.field_name() {
            return self.field_rest(pos);
        }
        if let Some(name) = self.transformer() {
            return self.call_rest(name, pos);
        }
        Err(ParseError::NoTerm(self.cursor.last().into_owned()))
    }

    /// Right side of an operator on numbers.
    pub(super) fn number_or_term(&mut self) -> Result<Right> {
        self.cursor.blanks();
        let pos = self.cursor.pos();
        if let Some(term) = self.right_term()? {
            return Ok(Right::Term(term));
        }
        if self.cursor.number() {
            return Ok(Right::Value(self.last_bytes(), pos));
        }
        Err(ParseError::NoNumber)
    }

    /// Right side of an operator on text.
    pub(super) fn text_or_term(&mut self) -> Result<Right> {
        self.cursor.blanks();
        let pos = self.cursor.pos();
        if let Some(term) = self.right_term()? {
            return Ok(Right::Term(term));
        }
        if self.cursor.quoted()? || self.cursor.bare() {
            return Ok(Right::Value(self.last_bytes(), pos));
        }
        Err(ParseError::NoText)
    }

    /// Right side of an operator on lists.
    pub(super) fn list_or_term(&mut self) -> Result<Right> {
        self.cursor.blanks();
        // A parenthesis decides for a list; a transformer goes before a lone identifier.
        if self.cursor.peek(0) != b'('
            && let Some(term) = self.right_term()?
        {
            return Ok(Right::Term(term));
        }
        self.list()?.ok_or(ParseError::NoList)
    }

    /// `(a, b, …)` or a lone identifier.
    pub(super) fn list(&mut self) -> Result<Option<Right>> {
        self.cursor.blanks();
        let pos = self.cursor.pos();
        if !self.cursor.word("(") {
            if self.cursor.identifier() {
                return Ok(Some(Right::Value(self.last_bytes(), pos)));
            }
            return Ok(None);
        }
        let mut values = Members::default();
        self.cursor.blanks();
        // Whatever is wrong with the first value makes the list an empty one that has to end here.
        if let Ok(true) = self.list_value(&mut values) {
            self.cursor.blanks();
            while self.cursor.word(",") {
                self.cursor.blanks();
                if !self.list_value(&mut values)? {
                    return Err(ParseError::NoListValue);
                }
                self.cursor.blanks();
            }
        }
        if !self.cursor.word(")") {
            return Err(ParseError::NotClosed);
        }
        Ok(Some(Right::List(values.together(), pos)))
    }

    fn list_value(&mut self, values: &mut Members) -> Result<bool> {
        if let Some(list) = self.cursor.shared_list() {
            values.add_list(&list.values);
            return Ok(true);
        }
        let found = self.cursor.quoted()? || self.cursor.bare();
        if found {
            values.add(self.last_bytes().into());
        }
        Ok(found)
    }

    /// `val(field)` or a transformer.
    fn right_term(&mut self) -> Result<Option<Term>> {
        let pos = self.cursor.pos();
        if self.cursor.word("val(") {
            return self.val_rest(pos).map(Some);
        }
        match self.transformer() {
            Some(name) => self.call_rest(name, pos).map(Some),
            None => Ok(None),
        }
    }

    fn val_rest(&mut self, pos: Pos) -> Result<Term> {
        self.cursor.blanks();
        let field_pos = self.cursor.pos();
        if !self.cursor.field_name() {
            return Err(ParseError::NoFieldInVal);
        }
        let field = self.field_rest(field_pos)?;
        self.finish_call(VAL, vec![CallArg::Term(field)], pos)
    }

    /// A transformer's name with the parenthesis after it.
    pub(super) fn transformer(&mut self) -> Option<&'static str> {
        TRANSFORMERS.iter().copied().find(|name| {
            let follows = self.cursor.peek(name.len()) == b'(';
            follows && self.cursor.word(name) && self.cursor.word("(")
        })
    }

    /// Arguments and closing parenthesis of the transformer whose name was read last.
    pub(super) fn call_rest(&mut self, name: &str, pos: Pos) -> Result<Term> {
        if self.calls >= MAX_CALLS {
            return Err(ParseError::TooDeep(MAX_CALLS));
        }
        self.calls += 1;
        self.cursor.blanks();
        let mut args = Vec::new();
        loop {
            let at = self.cursor.pos();
            args.push(self.call_arg(at)?);
            self.cursor.blanks();
            if !self.cursor.word(",") {
                break;
            }
        }
        self.calls -= 1;
        self.finish_call(name, args, pos)
    }

    fn finish_call(&mut self, name: &str, args: Vec<CallArg>, pos: Pos) -> Result<Term> {
        self.cursor.blanks();
        if !self.cursor.word(")") {
            return Err(ParseError::CallNotClosed);
        }
        let arg = self.bracketed()?;
        Ok(Term { kind: TermKind::Call { name: name.to_owned(), args, arg }, pos })
    }

    fn call_arg(&mut self, pos: Pos) -> Result<CallArg> {
        self.cursor.blanks();
        if self.cursor.number() || self.cursor.quoted()? {
            return Ok(CallArg::Text(self.cursor.last_text()?, pos));
        }
        if self.cursor.word("(") {
            return self.call_list(pos);
        }
        match self.nested_term(pos)? {
            Some(term) => Ok(CallArg::Term(term)),
            None => Err(ParseError::NoArgument),
        }
    }

    fn call_list(&mut self, pos: Pos) -> Result<CallArg> {
        let mut values = Vec::new();
        self.cursor.blanks();
        if self.cursor.word(")") {
            return Ok(CallArg::List(values, pos));
        }
        loop {
            values.push(self.call_list_arg(pos)?);
            self.cursor.blanks();
            if !self.cursor.word(",") {
                break;
            }
            self.cursor.blanks();
        }
        if !self.cursor.word(")") {
            return Err(ParseError::ArgumentsNotClosed);
        }
        Ok(CallArg::List(values, pos))
    }

    fn call_list_arg(&mut self, pos: Pos) -> Result<CallArg> {
        if let Some(term) = self.nested_term(pos)? {
            return Ok(CallArg::Term(term));
        }
        if self.cursor.quoted()? || self.cursor.number() {
            return Ok(CallArg::Text(self.cursor.last_text()?, pos));
        }
        Err(ParseError::NoListArgument)
    }

    fn nested_term(&mut self, pos: Pos) -> Result<Option<Term>> {
        if let Some(name) = self.transformer() {
            return self.call_rest(name, pos).map(Some);
        }
        if self.cursor.field_name() {
            return self.field_rest(pos).map(Some);
        }
        Ok(None)
    }

    /// The field whose name was read last, with its argument.
    pub(super) fn field_rest(&mut self, pos: Pos) -> Result<Term> {
        let name = self.cursor.last().into_owned();
        let arg = self.bracketed()?;
        Ok(Term { kind: TermKind::Field { name, arg }, pos })
    }

    fn bracketed(&mut self) -> Result<Option<String>> {
        if !self.cursor.word("[") {
            return Ok(None);
        }
        if !self.cursor.quoted()? && !self.cursor.bare_argument() {
            return Err(ParseError::NoFieldArgument);
        }
        let arg = self.cursor.last_text()?;
        if !self.cursor.word("]") {
            return Err(ParseError::BracketNotClosed);
        }
        Ok(Some(arg))
    }

    fn last_bytes(&self) -> Vec<u8> {
        self.cursor.last_bytes().to_vec()
    }
}
