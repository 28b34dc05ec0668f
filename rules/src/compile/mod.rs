//! From a syntax tree to nodes and checks without duplicates: names become fields, literals become values of the field's
//! type, and every combination that cannot work is refused with Falco's message (reference language sections 3, 4, 6).
//!
//! What enters are conditions whose macros are already substituted. Nothing here knows rule files, and nothing knows how
//! a value is found at an event.

mod build;
mod events;
mod literal;
mod operators;
pub mod regex;
mod services;
mod term;
#[cfg(test)]
mod tests;
mod warnings;

use std::collections::HashMap;

use crate::ast::{Expr, ExprKind, Pos};
use crate::program::{Check, CheckId, EventSet, Node, NodeId};

pub use term::{Typed, call, field};
pub use warnings::deprecated_in_output;

/// Conditions of all rules, with equal parts stored once.
#[derive(Debug, Default)]
pub struct Compiler {
    nodes: Vec<Node>,
    node_ids: HashMap<Node, NodeId>,
    checks: Vec<Check>,
    check_ids: HashMap<Check, CheckId>,
}

/// A compiled condition.
#[derive(Debug)]
pub struct Condition {
    /// The condition's node.
    pub node: NodeId,
    /// Codes of the events on which it can be true (reference language section 9, without the asynchronous event that
    /// 9.6 adds to every rule).
    pub events: EventSet,
    /// Whether Falco finds that it admits more than 100 event codes (LOAD_NO_EVTTYPE, reference language 8.11).
    pub too_many_events: bool,
    /// In Falco's order.
    pub warnings: Vec<Warning>,
}

/// Something that a condition should not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which warning it is.
    pub code: WarningCode,
    /// Falco's message.
    pub message: String,
    /// Place in the condition; for [`WarningCode::UnsafeNaCheck`] and [`WarningCode::DeprecatedItem`] it is all zeros,
    /// which stands for the condition as a whole.
    pub pos: Pos,
}

/// Kinds of [`Warning`], named as Falco's codes without `LOAD_`.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningCode {
    UnsafeNaCheck,
    DeprecatedItem,
    CompileCondition,
}

/// Why a condition cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Falco's message.
    pub message: String,
    /// Start of the check that is wrong.
    pub pos: Pos,
    /// What the loader has to know about it.
    pub kind: ErrorKind,
    /// Warnings that are given although the condition is refused.
    pub warnings: Vec<Warning>,
}

/// Whether `skip-if-unknown-filter` makes a warning of an error (reference language 8.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A field or an event type that does not exist.
    Unknown,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// The kind of an error by its message, as Falco tells them apart.
    pub fn of(message: &str) -> ErrorKind {
        let unknown =
            ["nonexistent field", "invalid formatting token", "unknown event type", "unknown filter:"];
        if unknown.iter().any(|part| message.contains(part)) { ErrorKind::Unknown } else { ErrorKind::Other }
    }
}

impl Compiler {
    /// A compiler without conditions.
    pub fn new() -> Compiler {
        Compiler::default()
    }

    /// Compiles a condition and adds what it needs to the shared nodes and checks.
    pub fn condition(&mut self, expr: &Expr) -> Result<Condition, Error> {
        let mut warnings = warnings::of_tree(expr);
        let mut found = Vec::new();
        let node = match self.expr(expr, &mut found) {
            Ok(node) => node,
            Err((message, pos)) => {
                return Err(Error { kind: ErrorKind::of(&message), message, pos, warnings });
            }
        };
        let fail =
            |message: String| Error { message, pos: expr.pos, kind: ErrorKind::Other, warnings: vec![] };
        let as_falco = events::analyse(expr, events::Invariants::Ignored).map_err(fail)?;
        let events = events::analyse(expr, events::Invariants::Used).map_err(fail)?;
        warnings.append(&mut found);
        Ok(Condition { node, events, too_many_events: as_falco.len() > 100, warnings })
    }

    /// Nodes and checks of all conditions so far.
    pub fn into_parts(self) -> (Vec<Node>, Vec<Check>) {
        (self.nodes, self.checks)
    }

    fn expr(&mut self, expr: &Expr, warnings: &mut Vec<Warning>) -> Result<NodeId, (String, Pos)> {
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
            ExprKind::Macro(name) => Err((format!("filter error: unexpected identifier '{name}'"), expr.pos)),
            ExprKind::Exists(left) => {
                let check = build::exists(left).map_err(|message| (message, expr.pos))?;
                Ok(self.check(check))
            }
            ExprKind::Binary { left, op, right, .. } => {
                let check =
                    build::binary(left, op, right, warnings).map_err(|message| (message, expr.pos))?;
                Ok(self.check(check))
            }
        }
    }

    fn members(
        &mut self,
        members: &[Expr],
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<NodeId>, (String, Pos)> {
        members.iter().map(|member| self.expr(member, warnings)).collect()
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

    /// Conjunctions inside are taken apart; what stands twice is evaluated once.
    fn conjunction(&mut self, members: Vec<NodeId>) -> NodeId {
        let mut flat = Vec::new();
        for member in members {
            match self.nodes.get(member.0 as usize) {
                Some(Node::And(inner)) => inner.iter().for_each(|id| push_new(&mut flat, *id)),
                _ => push_new(&mut flat, member),
            }
        }
        match flat.as_slice() {
            [only] => *only,
            _ => self.node(Node::And(flat.into())),
        }
    }

    fn disjunction(&mut self, members: Vec<NodeId>) -> NodeId {
        let mut flat = Vec::new();
        for member in members {
            match self.nodes.get(member.0 as usize) {
                Some(Node::Or(inner)) => inner.iter().for_each(|id| push_new(&mut flat, *id)),
                _ => push_new(&mut flat, member),
            }
        }
        match flat.as_slice() {
            [only] => *only,
            _ => self.node(Node::Or(flat.into())),
        }
    }

    fn negation(&mut self, inner: NodeId) -> NodeId {
        match self.nodes.get(inner.0 as usize) {
            Some(Node::Not(twice)) => *twice,
            _ => self.node(Node::Not(inner)),
        }
    }
}

fn push_new(list: &mut Vec<NodeId>, id: NodeId) {
    if !list.contains(&id) {
        list.push(id);
    }
}
