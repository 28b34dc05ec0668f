//! The grammar (reference language section 2), with the messages and positions of libs' `filter/parser.cpp`.
//!
//! Boolean structure is read with an explicit stack, so that deeply nested parentheses cost memory and not call depth.

use super::cursor::Cursor;
use super::names::{
    BINARY_LIST_OPERATORS, BINARY_NUMBER_OPERATORS, BINARY_TEXT_OPERATORS, MODIFIERS, TRANSFORMERS,
    UNARY_OPERATORS, VAL, quoted_operators, quoted_transformers,
};
use crate::ast::{CallArg, Expr, ExprKind, Pos, Right, Term, TermKind};

/// How deep transformers may be nested.
pub const MAX_CALLS: usize = 100;

type Result<T> = std::result::Result<T, String>;

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
enum Step {
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
pub struct Parser<'t> {
    cursor: Cursor<'t>,
    max_depth: usize,
    calls: usize,
}

impl<'t> Parser<'t> {
    /// A parser at the start of `text`.
    pub fn new(text: &'t str, max_depth: usize) -> Self {
        Parser { cursor: Cursor::new(text), max_depth, calls: 0 }
    }

    /// How far the text is read.
    pub fn pos(&self) -> Pos {
        self.cursor.pos()
    }

    /// One more than the highest offset that was looked at.
    pub fn reach(&self) -> usize {
        self.cursor.reach()
    }

    /// The whole text as a condition.
    pub fn condition(&mut self) -> Result<Expr> {
        if self.cursor.at_end() {
            return Err("filter input string is empty".to_owned());
        }
        let expr = self.disjunction()?;
        if !self.cursor.at_end() {
            return Err(format!("unexpected token after '{}', expecting 'or', 'and'", self.cursor.last()));
        }
        Ok(expr)
    }

    /// The beginning of the text as a field or a transformer.
    pub fn term_only(&mut self) -> Result<Term> {
        let pos = self.cursor.pos();
        if self.cursor.field_name() {
            return self.field_rest(pos);
        }
        if let Some(name) = self.transformer() {
            return self.call_rest(name, pos);
        }
        Err(format!("unexpected token after '{}", self.cursor.last()))
    }

    fn disjunction(&mut self) -> Result<Expr> {
        let mut groups: Vec<Group> = Vec::new();
        let mut step = Step::Open(Opened::Top);
        loop {
            if let Step::Open(opened) = step {
                if groups.len() >= self.max_depth {
                    return Err(format!("exceeded max depth limit of {}", self.max_depth));
                }
                groups.push(self.open(opened));
                step = Step::Member;
            }
            let Some(group) = groups.last_mut() else {
                return Err("parser fatal error: recursion is unbalanced".to_owned());
            };
            step = match step {
                Step::Open(_) | Step::Member => self.member(group)?,
                Step::And(member) => self.after_and_member(group, member)?,
                Step::Or(member) => match self.after_or_member(group, member)? {
                    Ok(next) => next,
                    Err(whole) => {
                        let opened = group.opened;
                        groups.pop();
                        if opened == Opened::Top {
                            return Ok(whole);
                        }
                        self.close()?;
                        match groups.last_mut() {
                            Some(parent) if opened == Opened::Check => Step::And(negate(parent, whole)),
                            _ if opened == Opened::Or => Step::Or(whole),
                            _ => Step::And(whole),
                        }
                    }
                },
            };
        }
    }

    /// Behind an opening parenthesis, or at the start.
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
        if self.cursor.word(")") { Ok(()) } else { Err("expected a ')' token".to_owned()) }
    }

    /// `not`s and a check, or the start of a group.
    fn member(&mut self, group: &mut Group) -> Result<Step> {
        self.cursor.blanks();
        group.not_pos = self.cursor.pos();
        group.negated = false;
        while self.cursor.not() {
            group.negated = !group.negated;
        }
        if self.cursor.word("not(") {
            group.negated = !group.negated;
            return Ok(Step::Open(Opened::Check));
        }
        let pos = self.cursor.pos();
        self.cursor.blanks();
        if self.cursor.word("(") {
            return Ok(Step::Open(Opened::Check));
        }
        let check = self.check(pos)?;
        Ok(Step::And(negate(group, check)))
    }

    fn after_and_member(&mut self, group: &mut Group, member: Expr) -> Result<Step> {
        group.ands.push(member);
        self.cursor.blanks();
        if self.cursor.word("and") {
            if self.cursor.blanks() {
                return Ok(Step::Member);
            }
            if self.cursor.word("(") {
                return Ok(Step::Open(Opened::And));
            }
            return Err("expected blank or '(' after 'and'".to_owned());
        }
        Ok(Step::Or(joined(&mut group.ands, ExprKind::And, group.and_pos)))
    }

    /// Goes on with the disjunction, or gives it back (`Err`) when there is no more of it.
    fn after_or_member(
        &mut self,
        group: &mut Group,
        member: Expr,
    ) -> Result<std::result::Result<Step, Expr>> {
        group.ors.push(member);
        self.cursor.blanks();
        if self.cursor.word("or") {
            if self.cursor.blanks() {
                group.and_pos = self.cursor.pos();
                return Ok(Ok(Step::Member));
            }
            if self.cursor.word("(") {
                return Ok(Ok(Step::Open(Opened::Or)));
            }
            return Err("expected blank or '(' after 'or'".to_owned());
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
            return Ok(Expr { kind: ExprKind::Macro(self.cursor.last().to_owned()), pos });
        }
        Err("expected a '(' token, a field check, or an identifier".to_owned())
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
            return Err(format!("expected a valid check operator: one of {}", quoted_operators()));
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
            let right = self.list()?.ok_or("expected a list or an identifier")?;
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

    fn number_or_term(&mut self) -> Result<Right> {
        self.cursor.blanks();
        let pos = self.cursor.pos();
        if let Some(term) = self.right_term()? {
            return Ok(Right::Term(term));
        }
        if self.cursor.number() {
            return Ok(Right::Value(self.last_bytes(), pos));
        }
        Err(format!("expected a number value or a field with a valid transformer: {}", quoted_transformers()))
    }

    fn text_or_term(&mut self) -> Result<Right> {
        self.cursor.blanks();
        let pos = self.cursor.pos();
        if let Some(term) = self.right_term()? {
            return Ok(Right::Term(term));
        }
        if self.cursor.quoted()? || self.cursor.bare() {
            return Ok(Right::Value(self.last_bytes(), pos));
        }
        Err(format!("expected a string value or a field with a valid transformer: {}", quoted_transformers()))
    }

    fn list_or_term(&mut self) -> Result<Right> {
        self.cursor.blanks();
        // A parenthesis decides for a list; a transformer goes before a lone identifier.
        if self.cursor.peek(0) != b'('
            && let Some(term) = self.right_term()?
        {
            return Ok(Right::Term(term));
        }
        self.list()?.ok_or_else(|| {
            format!(
                "expected a list, an identifier, or a field with a valid transformer: {}",
                quoted_transformers()
            )
        })
    }

    /// `(a, b, …)` or a lone identifier.
    fn list(&mut self) -> Result<Option<Right>> {
        self.cursor.blanks();
        let pos = self.cursor.pos();
        if !self.cursor.word("(") {
            if self.cursor.identifier() {
                return Ok(Some(Right::Value(self.last_bytes(), pos)));
            }
            return Ok(None);
        }
        let mut values = Vec::new();
        self.cursor.blanks();
        let at = self.cursor.pos();
        // Whatever is wrong with the first value makes the list an empty one that has to end here.
        if let Ok(true) = self.list_value() {
            values.push((self.last_bytes(), at));
            self.cursor.blanks();
            while self.cursor.word(",") {
                self.cursor.blanks();
                let at = self.cursor.pos();
                if !self.list_value()? {
                    return Err("expected a string value".to_owned());
                }
                values.push((self.last_bytes(), at));
                self.cursor.blanks();
            }
        }
        if !self.cursor.word(")") {
            return Err("expected a ')' token".to_owned());
        }
        Ok(Some(Right::List(values, pos)))
    }

    fn list_value(&mut self) -> Result<bool> {
        Ok(self.cursor.quoted()? || self.cursor.bare())
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
            return Err("expected a field within 'val' transformer".to_owned());
        }
        let field = self.field_rest(field_pos)?;
        self.finish_call(VAL, vec![CallArg::Term(field)], pos)
    }

    /// A transformer's name with the parenthesis behind it.
    fn transformer(&mut self) -> Option<&'static str> {
        TRANSFORMERS.iter().copied().find(|name| {
            let follows = self.cursor.peek(name.len()) == b'(';
            follows && self.cursor.word(name) && self.cursor.word("(")
        })
    }

    fn call_rest(&mut self, name: &str, pos: Pos) -> Result<Term> {
        if self.calls >= MAX_CALLS {
            return Err(format!("exceeded max depth limit of {MAX_CALLS}"));
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
            return Err("expected a ')' token closing the transformer".to_owned());
        }
        let arg = self.bracketed()?;
        Ok(Term { kind: TermKind::Call { name: name.to_owned(), args, arg }, pos })
    }

    fn call_arg(&mut self, pos: Pos) -> Result<CallArg> {
        self.cursor.blanks();
        if self.cursor.number() || self.cursor.quoted()? {
            return Ok(CallArg::Text(self.cursor.last().to_owned(), pos));
        }
        if self.cursor.word("(") {
            return self.call_list(pos);
        }
        match self.nested_term(pos)? {
            Some(term) => Ok(CallArg::Term(term)),
            None => Err("expected field transformer argument: \
                         field, transformer, quoted string, number, or transformer list"
                .to_owned()),
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
            return Err("expected ')'".to_owned());
        }
        Ok(CallArg::List(values, pos))
    }

    fn call_list_arg(&mut self, pos: Pos) -> Result<CallArg> {
        if let Some(term) = self.nested_term(pos)? {
            return Ok(CallArg::Term(term));
        }
        if self.cursor.quoted()? || self.cursor.number() {
            return Ok(CallArg::Text(self.cursor.last().to_owned(), pos));
        }
        Err("expected transformer list argument: field, transformer, quoted string, or number".to_owned())
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
    fn field_rest(&mut self, pos: Pos) -> Result<Term> {
        let name = self.cursor.last().to_owned();
        let arg = self.bracketed()?;
        Ok(Term { kind: TermKind::Field { name, arg }, pos })
    }

    fn bracketed(&mut self) -> Result<Option<String>> {
        if !self.cursor.word("[") {
            return Ok(None);
        }
        if !self.cursor.quoted()? && !self.cursor.bare_argument() {
            return Err("expected a valid field argument: a quoted string or a bare string".to_owned());
        }
        let arg = self.cursor.last().to_owned();
        if !self.cursor.word("]") {
            return Err("expected a ']' token".to_owned());
        }
        Ok(Some(arg))
    }

    fn last_bytes(&self) -> Vec<u8> {
        self.cursor.last().as_bytes().to_vec()
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
