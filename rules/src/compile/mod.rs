//! From a syntax tree to nodes and checks without duplicates: names become fields, literals become values of the field's
//! type, and every combination that cannot work is refused with Falco's message (reference language sections 3, 4, 6).
//!
//! What enters are conditions whose macros are already substituted. Nothing here knows rule files, and nothing knows how
//! a value is found at an event.

mod build;
mod error;
mod events;
mod forms;
mod literal;
mod memo;
mod operators;
mod regex;
mod services;
mod term;
#[cfg(test)]
mod tests;
mod warnings;

use std::collections::{HashMap, HashSet};

use crate::ast::{Expr, ExprKind, LARGE, Pos, SharedExpr, Size};
use crate::fields::StaticFields;
use crate::program::{Check, CheckId, EventSet, Node, NodeId};
use build::Built;
use memo::Memo;

pub use error::{
    CompileError, ConditionError, EventsError, LiteralError, OperatorError, RightError, TermError,
};
pub(crate) use error::{Warning, WarningCode};
pub(crate) use forms::Forms;
pub use regex::RegexError;
pub(crate) use term::call;
pub(crate) use warnings::DEPRECATED_FIELDS;

/// Levels that a tree may have: more than people write, and what recursion can bear.
const MAX_DEPTH: usize = 1000;

/// Event codes of a condition above which Falco warns.
pub(crate) const MANY_EVENTS: usize = 100;

/// Conditions of all rules, with equal parts stored once.
#[derive(Debug, Default)]
pub struct Compiler {
    nodes: Vec<Node>,
    node_ids: HashMap<Node, NodeId>,
    checks: Vec<Check>,
    check_ids: HashMap<Check, CheckId>,
    forms: Forms,
    statics: StaticFields,
    memo: Memo,
}

/// A compiled condition.
#[derive(Debug)]
pub struct Condition {
    /// The condition's node.
    pub node: NodeId,
    /// Codes of the events on which it can be true (reference language section 9, without the asynchronous event that
    /// 9.6 adds to every rule).
    pub events: EventSet,
    /// Whether Falco finds that it admits more than 100 event codes, or none (LOAD_NO_EVTTYPE, reference language 8.11;
    /// Falco 0.44.1 does not distinguish the two).
    pub too_many_events: bool,
    /// In Falco's order.
    pub warnings: Vec<Warning>,
}

impl Compiler {
    /// A compiler without conditions.
    pub fn new() -> Compiler {
        Compiler::default()
    }

    /// A compiler that knows what lists were compiled to by others, and fields beside those of the catalogue.
    pub(crate) fn knowing(forms: &Forms, statics: &StaticFields) -> Compiler {
        Compiler { forms: forms.clone(), statics: statics.clone(), ..Compiler::default() }
    }

    /// Compiles a condition and adds what it needs to the shared nodes and checks.
    pub fn condition(&mut self, expr: &Expr) -> Result<Condition, ConditionError> {
        let refused = |reason: CompileError, pos: Pos, warnings| ConditionError { reason, pos, warnings };
        if Size::of(expr).levels > MAX_DEPTH {
            return Err(refused(CompileError::TooDeep(MAX_DEPTH), expr.pos, Vec::new()));
        }
        let mut warnings = warnings::of_tree(expr, &mut self.memo);
        let mut found = Vec::new();
        let node = match self.expr(expr, &mut found) {
            Ok(node) => node,
            Err((reason, pos)) => return Err(refused(reason, pos, warnings)),
        };
        let fail = |reason: EventsError| refused(reason.into(), expr.pos, Vec::new());
        let memo = &mut self.memo;
        let as_falco = events::analyse(expr, events::Invariants::Ignored, memo).map_err(fail)?;
        let events = events::analyse(expr, events::Invariants::Used, memo).map_err(fail)?;
        warnings.append(&mut found);
        let too_many_events = as_falco.is_empty() || as_falco.len() > MANY_EVENTS;
        Ok(Condition { node, events, too_many_events, warnings })
    }

    /// Nodes and checks of all conditions so far.
    pub fn into_parts(self) -> (Vec<Node>, Vec<Check>) {
        (self.nodes, self.checks)
    }

    fn expr(&mut self, expr: &Expr, warnings: &mut Vec<Warning>) -> Result<NodeId, (CompileError, Pos)> {
        match &expr.kind {
            ExprKind::And(members) => {
                let members = self.members(members, warnings)?;
                Ok(self.conjunction(members))
            }
            ExprKind::Or(members) => {
                let members = self.members(members, warnings)?;
                Ok(self.disjunction(members))
            }
            ExprKind::Not(inner) => {
                let inner = self.expr(inner, warnings)?;
                Ok(self.negation(inner))
            }
            ExprKind::Macro(name) => Err((CompileError::UnknownMacro(name.clone()), expr.pos)),
            ExprKind::Shared(shared) => self.shared(shared, warnings),
            ExprKind::Exists(left) => self.checked(build::exists(left, &self.statics), expr.pos),
            ExprKind::Binary { left, op, right, .. } => {
                let built = build::binary(left, op, right, (&self.forms, &self.statics), warnings);
                self.built(built, expr.pos)
            }
        }
    }

    /// A tree that other conditions may have had before.
    #[inline(never)]
    fn shared(
        &mut self,
        shared: &SharedExpr,
        warnings: &mut Vec<Warning>,
    ) -> Result<NodeId, (CompileError, Pos)> {
        let outcome = self.memo.node(shared).cloned().unwrap_or_else(|| {
            let mut found = Vec::new();
            let outcome = self.expr(shared, &mut found).map(|node| (node, found));
            self.memo.keep_node(shared, outcome.clone());
            outcome
        });
        let (node, found) = outcome?;
        warnings.extend(found);
        Ok(node)
    }

    /// Adds a check, unless it was refused. Kept out of [`Compiler::expr`], whose frames pile up in deep trees.
    #[inline(never)]
    fn checked(
        &mut self,
        check: Result<Check, CompileError>,
        pos: Pos,
    ) -> Result<NodeId, (CompileError, Pos)> {
        match check {
            Ok(check) => Ok(self.check(check)),
            Err(reason) => Err((reason, pos)),
        }
    }

    /// Adds the checks of a comparison, unless it was refused.
    #[inline(never)]
    fn built(&mut self, built: Result<Built, CompileError>, pos: Pos) -> Result<NodeId, (CompileError, Pos)> {
        let mut all = |checks: Vec<Check>| checks.into_iter().map(|check| self.check(check)).collect();
        match built {
            Ok(Built::One(check)) => Ok(self.check(check)),
            Ok(Built::Any(checks)) => {
                let members = all(checks);
                Ok(self.disjunction(members))
            }
            Ok(Built::All(checks)) => {
                let members = all(checks);
                Ok(self.conjunction(members))
            }
            Err(reason) => Err((reason, pos)),
        }
    }

    fn members(
        &mut self,
        members: &[Expr],
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<NodeId>, (CompileError, Pos)> {
        let mut ids = Vec::with_capacity(members.len());
        for member in members {
            ids.push(self.expr(member, warnings)?);
        }
        Ok(ids)
    }

    fn check(&mut self, check: Check) -> NodeId {
        let next = CheckId(self.checks.len() as u32);
        let id = *self.check_ids.entry(check).or_insert_with_key(|check| {
            self.checks.push(check.clone());
            next
        });
        self.node(Node::Check(id))
    }

    fn node(&mut self, node: Node) -> NodeId {
        let next = NodeId(self.nodes.len() as u32);
        *self.node_ids.entry(node).or_insert_with_key(|node| {
            self.nodes.push(node.clone());
            next
        })
    }

    /// Conjunctions inside are divided; repeated parts are evaluated once.
    #[inline(never)]
    fn conjunction(&mut self, members: Vec<NodeId>) -> NodeId {
        let inner = |node: &Node| if let Node::And(inner) = node { Some(inner.clone()) } else { None };
        let flat = self.flattened(members, inner);
        match flat.as_slice() {
            [only] => *only,
            _ => self.node(Node::And(flat.into())),
        }
    }

    #[inline(never)]
    fn disjunction(&mut self, members: Vec<NodeId>) -> NodeId {
        let inner = |node: &Node| if let Node::Or(inner) = node { Some(inner.clone()) } else { None };
        let flat = self.flattened(members, inner);
        match flat.as_slice() {
            [only] => *only,
            _ => self.node(Node::Or(flat.into())),
        }
    }

    /// Members in order, those of members of the same kind in their place, each once. A large member stays whole, since many may have it.
    fn flattened(&self, members: Vec<NodeId>, inner: fn(&Node) -> Option<Box<[NodeId]>>) -> Vec<NodeId> {
        let mut seen = HashSet::new();
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            let inner = self.nodes.get(member.0 as usize).and_then(inner);
            let inner = inner.filter(|inner| inner.len() < LARGE);
            flat.extend(inner.as_deref().unwrap_or(&[member]).iter().filter(|id| seen.insert(**id)));
        }
        flat
    }

    #[inline(never)]
    fn negation(&mut self, inner: NodeId) -> NodeId {
        match self.nodes.get(inner.0 as usize) {
            Some(Node::Not(twice)) => *twice,
            _ => self.node(Node::Not(inner)),
        }
    }
}
