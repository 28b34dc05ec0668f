//! Macros: references in a tree replaced by the macro's own tree (reference language 8.5, 8.6).

use std::collections::HashMap;

use crate::ast::{CallArg, Expr, ExprKind, Pos, Term, TermKind};

/// A condition may not grow beyond this number of checks by macros of macros; values of lists are shared and do not count.
const MAX_CHECKS: usize = 250_000;

/// All conditions and macros together may not hold more checks than this that come from macros: a short file can name a long macro often.
const MAX_COPIED: usize = 1_000_000;

/// A condition may not be nested deeper than this by macros of macros.
const MAX_DEPTH: usize = 1000;

/// Why references cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MacroError {
    /// The name is no macro that can be seen.
    Unknown(String, Pos),
    /// The macro refers to itself.
    Loop(String, Pos),
    /// The tree becomes too large.
    TooLarge(String, Pos),
    /// All trees together become too large.
    TooLargeTogether(String, Pos),
}

impl MacroError {
    /// Where the reference stands, in the text of the macro that it stands in.
    pub(super) fn pos(&self) -> Pos {
        match self {
            MacroError::Unknown(_, pos)
            | MacroError::Loop(_, pos)
            | MacroError::TooLarge(_, pos)
            | MacroError::TooLargeTogether(_, pos) => *pos,
        }
    }

    /// The message, Falco's where Falco has one.
    pub(super) fn message(&self) -> String {
        match self {
            MacroError::Unknown(name, _) => format!("Undefined macro '{name}' used in filter."),
            MacroError::Loop(name, _) => format!("reference loop in macro '{name}'"),
            MacroError::TooLargeTogether(name, _) => format!(
                "macro '{name}' is used so often that all conditions together have more than {MAX_COPIED} checks of macros"
            ),
            MacroError::TooLarge(name, _) => {
                format!(
                    "macro '{name}' makes the condition larger than {MAX_CHECKS} checks or {MAX_DEPTH} levels"
                )
            }
        }
    }
}

/// The macro that is missing, as a message says.
pub(super) fn unknown_in(message: &str) -> Option<&str> {
    message.strip_prefix("Undefined macro '")?.strip_suffix("' used in filter.")
}

/// Macros by name.
#[derive(Debug, Default)]
pub(super) struct Macros {
    pub(super) trees: HashMap<String, Expr>,
}

/// Replaces the references of one tree.
pub(super) struct Resolver<'m> {
    macros: &'m Macros,
    /// Whether the macro of this name can be seen.
    visible: &'m dyn Fn(&str) -> bool,
    path: Vec<String>,
    loops: Vec<MacroError>,
    unknown: Vec<MacroError>,
    too_large: Option<MacroError>,
    /// Macros that were put in, in the order of completion.
    pub(super) used: Vec<String>,
    nodes: usize,
    depth: usize,
    /// Checks that were copied out of macros, for this tree and for those before it.
    pub(super) copied: usize,
}

impl<'m> Resolver<'m> {
    /// A resolver after others that copied so many checks out of macros.
    pub(super) fn new(macros: &'m Macros, visible: &'m dyn Fn(&str) -> bool, copied: usize) -> Resolver<'m> {
        Resolver {
            macros,
            visible,
            path: Vec::new(),
            loops: Vec::new(),
            unknown: Vec::new(),
            too_large: None,
            used: Vec::new(),
            nodes: 0,
            depth: 0,
            copied,
        }
    }

    /// The tree without references. Of several errors, loops come first.
    pub(super) fn resolve(&mut self, tree: &Expr) -> Result<Expr, MacroError> {
        let resolved = self.expr(tree);
        let mut errors =
            self.too_large.take().into_iter().chain(self.loops.drain(..)).chain(self.unknown.drain(..));
        match errors.next() {
            Some(error) => Err(error),
            None => Ok(resolved),
        }
    }

    fn expr(&mut self, expr: &Expr) -> Expr {
        if self.too_large.is_some() {
            return Expr { kind: ExprKind::And(Vec::new()), pos: expr.pos };
        }
        self.nodes += 1;
        self.depth += 1;
        self.copied += usize::from(!self.path.is_empty());
        let name = || self.path.last().cloned().unwrap_or_default();
        if self.nodes > MAX_CHECKS || self.depth > MAX_DEPTH {
            self.too_large = Some(MacroError::TooLarge(name(), expr.pos));
        } else if self.copied > MAX_COPIED {
            self.too_large = Some(MacroError::TooLargeTogether(name(), expr.pos));
        }
        let kind = match &expr.kind {
            ExprKind::And(members) => ExprKind::And(members.iter().map(|member| self.expr(member)).collect()),
            ExprKind::Or(members) => ExprKind::Or(members.iter().map(|member| self.expr(member)).collect()),
            ExprKind::Not(inner) => ExprKind::Not(Box::new(self.expr(inner))),
            ExprKind::Macro(name) => {
                let resolved = self.reference(name, expr.pos);
                self.depth -= 1;
                return resolved;
            }
            ExprKind::Exists(_) | ExprKind::Binary { .. } => expr.kind.clone(),
        };
        self.depth -= 1;
        Expr { kind, pos: expr.pos }
    }

    fn reference(&mut self, name: &str, pos: Pos) -> Expr {
        let unresolved = Expr { kind: ExprKind::Macro(name.to_owned()), pos };
        let Some(tree) = self.macros.trees.get(name).filter(|_| (self.visible)(name)) else {
            self.unknown.push(MacroError::Unknown(name.to_owned(), pos));
            return unresolved;
        };
        if self.path.iter().any(|outer| outer == name) {
            self.loops.push(MacroError::Loop(name.to_owned(), pos));
            return unresolved;
        }
        self.path.push(name.to_owned());
        let resolved = self.expr(tree);
        self.path.pop();
        self.used.push(name.to_owned());
        resolved
    }
}

/// Calls `visit` with the name of every field on a left side, in order.
pub(super) fn left_fields(expr: &Expr, visit: &mut dyn FnMut(&str)) {
    match &expr.kind {
        ExprKind::And(members) | ExprKind::Or(members) => {
            members.iter().for_each(|member| left_fields(member, visit));
        }
        ExprKind::Not(inner) => left_fields(inner, visit),
        ExprKind::Macro(_) => {}
        ExprKind::Exists(left) | ExprKind::Binary { left, .. } => term_fields(left, visit),
    }
}

fn term_fields(term: &Term, visit: &mut dyn FnMut(&str)) {
    match &term.kind {
        TermKind::Field { name, .. } => visit(name),
        TermKind::Call { args, .. } => argument_fields(args, visit),
    }
}

fn argument_fields(args: &[CallArg], visit: &mut dyn FnMut(&str)) {
    for arg in args {
        match arg {
            CallArg::Term(term) => term_fields(term, visit),
            CallArg::List(args, _) => argument_fields(args, visit),
            CallArg::Text(..) => {}
        }
    }
}
