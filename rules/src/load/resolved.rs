//! Conditions of rules with everything put in: macros and lists are open, exceptions are written after the condition, and every
//! part keeps its name and its place in the files. For those who explain what a condition answers, or who show it. Values are
//! not known here.

use std::collections::HashMap;
use std::rc::Rc;

use super::collector::Collector;
use super::compiler::{Work, Written};
use super::context::{Context, Place};
use super::exceptions::expand;
use super::failure::Spot;
use super::info::RuleInfo;
use crate::ast::{Expr, ExprKind, Right};
use crate::lang;
use crate::program::EventSet;

/// The condition of a rule with everything put in.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The rule's name.
    pub rule: String,
    /// Where the rule is defined.
    pub place: Place,
    /// The condition, exceptions included.
    pub root: Branch,
    /// Codes of the events that the rule looks at.
    pub events: EventSet,
}

/// A part of a condition.
#[derive(Debug, Clone)]
pub struct Branch {
    /// What it is.
    pub kind: BranchKind,
    /// What it is called: it is all that a macro or an exception says.
    pub named: Option<Named>,
    /// Where it stands; what comes from a macro stands in the macro.
    pub place: Place,
}

/// Kinds of parts.
#[derive(Debug, Clone)]
pub enum BranchKind {
    /// All of them: `and`.
    All(Vec<Branch>),
    /// Any of them: `or`.
    Any(Vec<Branch>),
    /// Its contrary.
    Not(Box<Branch>),
    /// A single check.
    Term(Box<Term>),
}

/// A name of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A macro, with the place of the name in the condition.
    Macro(String, Place),
    /// An exception of the rule.
    Exception(String),
}

impl Named {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Named::Macro(name, _) | Named::Exception(name) => name,
        }
    }
}

/// A single check.
#[derive(Debug, Clone)]
pub struct Term {
    /// As it is written, lists by their names.
    pub written: Expr,
    /// With the items of lists.
    pub open: Expr,
    /// The lists that it names, each with its place.
    pub lists: Vec<(String, Place)>,
}

/// Parts that the conditions of one call may have. Those of a rule that was loaded have fewer.
const MOST_PARTS: usize = 500_000;

/// The rules are too large to be resolved together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conditions of the rules have more than {MOST_PARTS} parts; select fewer rules")]
pub struct TooManyParts;

/// Gives the place of a definition, or of a byte of its file.
type PlaceOf<'p> = &'p dyn Fn(&Context, Option<Spot>) -> Place;

/// A condition on its way.
struct Source<'w> {
    written: Written<'w>,
    ctx: &'w Context,
    open: Expr,
    /// Lists not put in; `None` if the condition is none without them.
    named: Option<Expr>,
}

/// Puts macros and lists into conditions.
pub(super) struct Resolver<'b, 'w> {
    work: &'b mut Work<'w>,
    collector: &'w Collector,
    place: PlaceOf<'b>,
    macros: HashMap<&'w str, Rc<Source<'w>>>,
    parts: usize,
}

impl<'b, 'w> Resolver<'b, 'w> {
    pub(super) fn new(work: &'b mut Work<'w>, collector: &'w Collector, place: PlaceOf<'b>) -> Self {
        Resolver { work, collector, place, macros: HashMap::new(), parts: 0 }
    }

    /// The condition of a rule; `None` if it cannot be compiled, which files without errors rule out.
    pub(super) fn rule(
        &mut self,
        info: &'w RuleInfo,
        events: EventSet,
    ) -> Result<Option<Resolved>, TooManyParts> {
        let Ok(expanded) = expand(&info.cond.text, &info.exceptions) else { return Ok(None) };
        let written = Written::of_rule(&info.cond, &expanded);
        let Ok(open) = self.work.parse(&written, &info.cond_ctx) else { return Ok(None) };
        let named = lang::parse(&expanded.text, super::compiler::MAX_DEPTH).ok();
        let source = Source { written, ctx: &info.cond_ctx, open, named };
        let root = self.branch(&source.open, source.named.as_ref(), &source, false)?;
        let place = (self.place)(&info.ctx, None);
        Ok(Some(Resolved { rule: info.name.clone(), place, root, events }))
    }

    fn macro_source(&mut self, name: &str) -> Option<Rc<Source<'w>>> {
        if let Some(source) = self.macros.get(name) {
            return Some(Rc::clone(source));
        }
        let info = self.work.macro_info(name)?;
        let written = Written::alone(&info.cond);
        let open = self.work.parse(&written, &info.cond_ctx).ok()?;
        let named = lang::parse(&info.cond.text, super::compiler::MAX_DEPTH).ok();
        let source = Rc::new(Source { written, ctx: &info.cond_ctx, open, named });
        self.macros.insert(&info.name, Rc::clone(&source));
        Some(source)
    }

    /// A part of a condition. `inside` an exception, parts have its name no more.
    fn branch(
        &mut self,
        open: &Expr,
        named: Option<&Expr>,
        source: &Source<'_>,
        inside: bool,
    ) -> Result<Branch, TooManyParts> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(TooManyParts);
        }
        let spot = self.work.spot(&source.written, open.pos.offset);
        let place = (self.place)(source.ctx, spot);
        let is_not = matches!(open.kind, ExprKind::Not(_));
        let exception = match inside || is_not {
            true => None,
            false => self.work.exception(&source.written, open.pos.offset),
        };
        let inside = inside || exception.is_some();
        let exception = exception.map(Named::Exception);
        let kind = match &open.kind {
            ExprKind::And(members) => {
                BranchKind::All(self.members(members, members_of(named, true), source, inside)?)
            }
            ExprKind::Or(members) => {
                BranchKind::Any(self.members(members, members_of(named, false), source, inside)?)
            }
            ExprKind::Not(inner) => {
                let named = match named.map(|named| &named.kind) {
                    Some(ExprKind::Not(inner)) => Some(&**inner),
                    _ => None,
                };
                BranchKind::Not(Box::new(self.branch(inner, named, source, inside)?))
            }
            ExprKind::Macro(name) => match self.macro_source(name) {
                Some(of_macro) => {
                    let branch = self.branch(&of_macro.open, of_macro.named.as_ref(), &of_macro, false)?;
                    return Ok(Branch { named: Some(Named::Macro(name.clone(), place)), ..branch });
                }
                None => BranchKind::Any(Vec::new()),
            },
            ExprKind::Shared(inner) => return self.branch(inner, named, source, inside),
            ExprKind::Exists(_) | ExprKind::Binary { .. } => {
                BranchKind::Term(Box::new(self.term(open, named)))
            }
        };
        Ok(Branch { kind, named: exception, place })
    }

    fn members(
        &mut self,
        open: &[Expr],
        named: Option<&[Expr]>,
        source: &Source<'_>,
        inside: bool,
    ) -> Result<Vec<Branch>, TooManyParts> {
        // A list may have been more than values: then nothing stands at its side.
        let named = named.filter(|named| named.len() == open.len());
        let members = open.iter().enumerate();
        let mut branch = |(at, member): (usize, &Expr)| {
            self.branch(member, named.and_then(|named| named.get(at)), source, inside)
        };
        members.map(&mut branch).collect()
    }

    fn term(&self, open: &Expr, named: Option<&Expr>) -> Term {
        let is_same = |named: &&Expr| match (&named.kind, &open.kind) {
            (ExprKind::Exists(_), ExprKind::Exists(_)) => true,
            (ExprKind::Binary { op: named, .. }, ExprKind::Binary { op, .. }) => named == op,
            _ => false,
        };
        let written = named.filter(is_same).unwrap_or(open);
        let values: Vec<&[u8]> = match &written.kind {
            ExprKind::Binary { right: Right::List(values, _), .. } => values.iter().collect(),
            ExprKind::Binary { right: Right::Value(value, _), .. } => vec![value],
            _ => Vec::new(),
        };
        let names = values.into_iter().filter_map(|value| std::str::from_utf8(value).ok());
        let lists = match written == open {
            true => Vec::new(),
            false => names.filter_map(|name| self.collector.lists.get(name)).collect(),
        };
        let list = |info: &super::info::ListInfo| (info.name.clone(), (self.place)(&info.ctx, None));
        let lists = lists.into_iter().map(|entry| list(&entry.info)).collect();
        Term { written: written.clone(), open: open.clone(), lists }
    }
}

fn members_of(named: Option<&Expr>, conjunction: bool) -> Option<&[Expr]> {
    match (&named?.kind, conjunction) {
        (ExprKind::And(members), true) | (ExprKind::Or(members), false) => Some(members),
        _ => None,
    }
}
