//! The grammar down to single checks (reference language 2.1 to 2.4), with the messages and positions of libs'
//! `filter/parser.cpp`. Fields, transformers and right sides are in `operands`.
//!
//! Boolean structure is read with an explicit stack, so that deeply nested parentheses cost memory and not call depth.

use super::cursor::Cursor;
use super::error::ParseError;
use super::names::{
    BINARY_LIST_OPERATORS, BINARY_NUMBER_OPERATORS, BINARY_TEXT_OPERATORS, MODIFIERS, UNARY_OPERATORS,
};
use crate::ast::{Expr, ExprKind, Pos, Right, Term};

pub(super) type Result<T> = std::result::Result<T, ParseError>;

/// How a group of `or`s was opened, which says what becomes of its result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// The condition itself.
    Top,
    /// `(` where a check may stand: the result counts as a check.
    Check,
    /// `and(`: the result is a member of the conjunction.
    And,
    /// `or(`: the result is a member of the disjunction.
    Or,
}

/// A disjunction that is being read.
struct Group {
    opened: Opened,
    or_pos: Pos,
    ors: Vec<Expr>,
    and_pos: Pos,
    ands: Vec<Expr>,
    not_pos: Pos,
    negated: bool,
}

/// What the parser does next.
enum Next {
    /// Start a disjunction.
    Open(Opened),
    /// Read a member of a conjunction, with its `not`s.
    Member,
    /// A member of the conjunction is complete.
    And(Expr),
    /// A member of the disjunction is complete.
    Or(Expr),
}

/// A text and how far it is read.
pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    max_depth: usize,
    /// Transformers that are open at the cursor.
    pub(super) calls: usize,
}

impl<'t> Parser<'t> {
    /// A parser at the start of `text`.
    pub(super) fn new(text: &'t str, max_depth: usize) -> Self {
        Parser { cursor: Cursor::new(text), max_depth, calls: 0 }
    }

    /// How far the text is read.
    pub(super) fn pos(&self) -> Pos {
        self.cursor.pos()
    }

    /// One more than the highest offset that was looked at.
    pub(super) fn reach(&self) -> usize {
        self.cursor.reach()
    }

    /// The whole text as a condition.
    pub(super) fn condition(&mut self) -> Result<Expr> {
        if self.cursor.at_end() {
            return Err(ParseError::Empty);
        }
        let expr = self.disjunction()?;
        if !self.cursor.at_end() {
            return Err(ParseError::Trailing(self.cursor.last().into_owned()));
        }
        Ok(expr)
    }

    fn disjunction(&mut self) -> Result<Expr> {
        let mut groups: Vec<Group> = Vec::new();
        let mut step = Next::Open(Opened::Top);
        loop {
            if let Next::Open(opened) = step {
                if groups.len() >= self.max_depth {
                    return Err(ParseError::TooDeep(self.max_depth));
                }
                groups.push(self.open(opened));
                step = Next::Member;
            }
            let Some(group) = groups.last_mut() else {
                return Err(ParseError::Unbalanced);
            };
            step = match step {
                Next::Open(_) | Next::Member => self.member(group)?,
                Next::And(member) => self.after_and_member(group, member)?,
                Next::Or(member) => match self.after_or_member(group, member)? {
                    Ok(next) => next,
                    Err(whole) => {
                        let opened = group.opened;
                        groups.pop();
                        if opened == Opened::Top {
                            return Ok(whole);
                        }
                        self.close()?;
                        match groups.last_mut() {
                            Some(parent) if opened == Opened::Check => Next::And(negate(parent, whole)),
                            _ if opened == Opened::Or => Next::Or(whole),
                            _ => Next::And(whole),
                        }
                    }
                },
            };
        }
    }

    /// After an opening parenthesis, or at the start.
    fn open(&mut self, opened: Opened) -> Group {
        if opened != Opened::Top {
            self.cursor.blanks();
        }
        let or_pos = self.cursor.pos();
        self.cursor.blanks();
        let and_pos = self.cursor.pos();
        Group { opened, or_pos, ors: vec![], and_pos, ands: vec![], not_pos: and_pos, negated: false }
    }

    fn close(&mut self) -> Result<()> {
        self.cursor.blanks();
        if self.cursor.word(")") { Ok(()) } else { Err(ParseError::NotClosed) }
    }

    /// `not`s and a check, or the start of a group.
    fn member(&mut self, group: &mut Group) -> Result<Next> {
        self.cursor.blanks();
        group.not_pos = self.cursor.pos();
        group.negated = false;
        while self.cursor.not() {
            group.negated = !group.negated;
        }
        if self.cursor.word("not(") {
            group.negated = !group.negated;
            return Ok(Next::Open(Opened::Check));
        }
        let pos = self.cursor.pos();
        self.cursor.blanks();
        if self.cursor.word("(") {
            return Ok(Next::Open(Opened::Check));
        }
        let check = self.check(pos)?;
        Ok(Next::And(negate(group, check)))
    }

    fn after_and_member(&mut self, group: &mut Group, member: Expr) -> Result<Next> {
        group.ands.push(member);
        self.cursor.blanks();
        if self.cursor.word("and") {
            if self.cursor.blanks() {
                return Ok(Next::Member);
            }
            if self.cursor.word("(") {
                return Ok(Next::Open(Opened::And));
            }
            return Err(ParseError::NoBlankAfter("and"));
        }
        Ok(Next::Or(joined(&mut group.ands, ExprKind::And, group.and_pos)))
    }

    /// Goes on with the disjunction, or gives it back (`Err`) when there is no more of it.
    fn after_or_member(
        &mut self,
        group: &mut Group,
        member: Expr,
    ) -> Result<std::result::Result<Next, Expr>> {
        group.ors.push(member);
        self.cursor.blanks();
        if self.cursor.word("or") {
            if self.cursor.blanks() {
                group.and_pos = self.cursor.pos();
                return Ok(Ok(Next::Member));
            }
            if self.cursor.word("(") {
                return Ok(Ok(Next::Open(Opened::Or)));
            }
            return Err(ParseError::NoBlankAfter("or"));
        }
        Ok(Err(joined(&mut group.ors, ExprKind::Or, group.or_pos)))
    }

    fn check(&mut self, pos: Pos) -> Result<Expr> {
        if self.cursor.field_name() {
            let left = self.field_rest(pos)?;
            return self.comparison(left, pos);
        }
        if let Some(name) = self.transformer() {
            let left = self.call_rest(name, pos)?;
            return self.comparison(left, pos);
        }
        if self.cursor.identifier() {
            return Ok(Expr { kind: ExprKind::Macro(self.cursor.last().into_owned()), pos });
        }
        Err(ParseError::NoCheck)
    }

    fn comparison(&mut self, left: Term, pos: Pos) -> Result<Expr> {
        self.cursor.blanks();
        let op_pos = self.cursor.pos();
        if self.cursor.operator(UNARY_OPERATORS, false).is_some() {
            return Ok(Expr { kind: ExprKind::Exists(left), pos });
        }
        let (op, right) = if let Some(op) = self.cursor.operator(BINARY_NUMBER_OPERATORS, false) {
            (op.to_owned(), self.number_or_term()?)
        } else if let Some(op) = self.cursor.operator(BINARY_TEXT_OPERATORS, true) {
            self.text_operand(op)?
        } else if let Some(op) = self.cursor.operator(BINARY_LIST_OPERATORS, false) {
            (op.to_owned(), self.list_or_term()?)
        } else {
            return Err(ParseError::NoOperator);
        };
        Ok(Expr { kind: ExprKind::Binary { left, op, op_pos, right }, pos })
    }

    /// Right side of a text operator, which a modifier may turn into a list.
    fn text_operand(&mut self, op: &'static str) -> Result<(String, Right)> {
        let blank = op.starts_with(|c: char| c.is_ascii_alphabetic()) || self.cursor.blanks();
        let mark = self.cursor.mark();
        if blank
            && let Some(modifier) = self.cursor.operator(MODIFIERS, true)
            && self.list_follows()
            && !self.keyword_follows()
        {
            let right = self.list()?.ok_or(ParseError::NoListAfterModifier)?;
            return Ok((format!("{op} {modifier}"), right));
        }
        self.cursor.back_to(mark);
        Ok((op.to_owned(), self.text_or_term()?))
    }

    fn list_follows(&mut self) -> bool {
        let next = self.cursor.peek(0);
        next == b'(' || next.is_ascii_alphabetic()
    }

    fn keyword_follows(&mut self) -> bool {
        ["and", "or", "not"].into_iter().any(|word| {
            word.bytes().enumerate().all(|(ahead, byte)| self.cursor.peek(ahead) == byte)
                && !self.cursor.peek(word.len()).is_ascii_alphanumeric()
        })
    }
}

/// The check, negated if an odd number of `not`s stands before it.
fn negate(group: &Group, check: Expr) -> Expr {
    if group.negated { Expr { kind: ExprKind::Not(Box::new(check)), pos: group.not_pos } } else { check }
}

/// The only member, or all of them under one node.
fn joined(members: &mut Vec<Expr>, kind: fn(Vec<Expr>) -> ExprKind, pos: Pos) -> Expr {
    let mut members = std::mem::take(members);
    match members.pop() {
        Some(only) if members.is_empty() => only,
        Some(last) => {
            members.push(last);
            Expr { kind: kind(members), pos }
        }
        None => Expr { kind: kind(members), pos },
    }
}
