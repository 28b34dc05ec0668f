//! Macros: references in a tree replaced by the macro's own tree, which all of them share (reference language 8.5, 8.6).

use std::collections::{HashMap, HashSet};

use crate::ast::{CallArg, Expr, ExprKind, Pos, SharedExpr, Term, TermKind};

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
    trees: HashMap<String, MacroTree>,
}

/// The tree of a macro.
#[derive(Debug)]
enum MacroTree {
    /// As it was written.
    Written(Box<Expr>),
    /// Without references.
    Resolved(SharedExpr),
}

impl Macros {
    /// A macro as it was written.
    pub(super) fn add(&mut self, name: String, tree: Expr) {
        self.trees.insert(name, MacroTree::Written(Box::new(tree)));
    }

    /// A macro as it was written, if it was not resolved yet.
    pub(super) fn written(&mut self, name: &str) -> Option<Expr> {
        match self.trees.get(name) {
            Some(MacroTree::Written(tree)) => Some((**tree).clone()),
            Some(MacroTree::Resolved(_)) | None => None,
        }
    }

    /// A macro without references, from which on it is shared.
    pub(super) fn share(&mut self, name: String, tree: SharedExpr) {
        self.trees.insert(name, MacroTree::Resolved(tree));
    }

    /// A macro that cannot be used.
    pub(super) fn remove(&mut self, name: &str) {
        self.trees.remove(name);
    }

    /// A macro without references.
    pub(super) fn shared(&self, name: &str) -> Option<&SharedExpr> {
        match self.trees.get(name)? {
            MacroTree::Resolved(tree) => Some(tree),
            MacroTree::Written(_) => None,
        }
    }
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
    /// Checks that come from macros, in this tree and in those before it.
    pub(super) copied: usize,
    /// Whether the tree of a macro was copied, since its references were not replaced yet.
    pub(super) has_copies: bool,
}

impl<'m> Resolver<'m> {
    /// A resolver after others that put so many checks in.
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
            has_copies: false,
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
        self.depth += 1;
        if !self.has_room(1, 0, expr.pos) {
            return Expr { kind: ExprKind::And(Vec::new()), pos: expr.pos };
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
            ExprKind::Shared(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => expr.kind.clone(),
        };
        self.depth -= 1;
        Expr { kind, pos: expr.pos }
    }

    /// Whether there is room for more nodes, on so many levels below this one. If there is not, it is the fault of the macro that is put in.
    fn has_room(&mut self, nodes: usize, levels: usize, pos: Pos) -> bool {
        self.nodes += nodes;
        let is_put_in = !self.path.is_empty();
        let name = || self.path.last().cloned().unwrap_or_default();
        if is_put_in {
            self.copied += nodes;
        }
        if self.nodes > MAX_CHECKS || self.depth + levels > MAX_DEPTH {
            self.too_large = Some(MacroError::TooLarge(name(), pos));
        } else if is_put_in && self.copied > MAX_COPIED {
            self.too_large = Some(MacroError::TooLargeTogether(name(), pos));
        }
        self.too_large.is_none()
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
        let resolved = match tree {
            MacroTree::Resolved(tree) => {
                self.has_room(tree.size().nodes, tree.size().levels, pos);
                tree.expr()
            }
            MacroTree::Written(tree) => {
                self.has_copies = true;
                self.expr(tree)
            }
        };
        self.path.pop();
        self.used.push(name.to_owned());
        resolved
    }
}

/// Calls `visit` with the name of every field on a left side; a tree that stands in several places is looked at once.
pub(super) fn left_fields(expr: &Expr, visit: &mut dyn FnMut(&str)) {
    each_part(expr, &mut |part| match &part.kind {
        ExprKind::Exists(left) | ExprKind::Binary { left, .. } => term_fields(left, visit),
        ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::Macro(_) | ExprKind::Shared(_) => {}
    });
}

/// The addresses of the shared trees in a tree.
pub(super) fn shared_in(expr: &Expr) -> HashSet<usize> {
    let mut found = HashSet::new();
    each_part(expr, &mut |part| {
        if let ExprKind::Shared(shared) = &part.kind {
            found.insert(shared.address());
        }
    });
    found
}

/// Calls `visit` with every part of a tree, the parts of shared trees once.
pub(super) fn each_part<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    let mut seen = HashSet::new();
    let mut open = vec![expr];
    while let Some(part) = open.pop() {
        visit(part);
        match &part.kind {
            ExprKind::And(members) | ExprKind::Or(members) => open.extend(members),
            ExprKind::Not(inner) => open.push(inner),
            ExprKind::Shared(shared) => {
                open.extend(Some(&**shared).filter(|_| seen.insert(shared.address())))
            }
            ExprKind::Macro(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang;
    use crate::load::{Loaded, Loader, Options};

    fn load(text: &str) -> Loaded {
        let mut loader = Loader::new(Options::default());
        loader.file("f.yaml", text);
        loader.finish()
    }

    fn rule(name: &str, condition: &str) -> String {
        format!("- rule: {name}\n  desc: d\n  output: x\n  priority: INFO\n  condition: {condition}\n")
    }

    #[test]
    fn conditions_share_the_tree_of_a_macro() {
        let parsed = |text: &str| lang::parse(text, MAX_DEPTH).expect("a condition");
        let mut macros = Macros::default();
        macros.share("m".to_owned(), SharedExpr::of(parsed("evt.num=1 or evt.num=2")));
        macros.add("late".to_owned(), parsed("not m"));
        let mut resolver = Resolver::new(&macros, &|_| true, 0);
        let first = resolver.resolve(&parsed("m and (late or m)")).expect("a condition");
        let second = resolver.resolve(&parsed("m")).expect("a condition");
        assert_eq!(shared_in(&first), shared_in(&second));
        assert_eq!(shared_in(&first).len(), 1);
        assert_eq!(first.to_string(), "(evt.num = 1 or evt.num = 2) and ((not (evt.num = 1 or evt.num = 2)) or (evt.num = 1 or evt.num = 2))".replace("(not (evt.num = 1 or evt.num = 2))", "not (evt.num = 1 or evt.num = 2)"));
        // Each reference counts with all that it puts in.
        assert!(resolver.copied >= 4 * 3, "{}", resolver.copied);
        // What names no macro is not to blame for too many.
        let mut late = Resolver::new(&macros, &|_| true, MAX_COPIED + 1);
        assert!(late.resolve(&parsed("evt.num=1 and evt.num=2")).is_ok());
        assert!(late.resolve(&parsed("m")).is_err());
    }

    #[test]
    fn macros_that_are_names_of_macros_take_no_room() {
        let mut text = String::from("- macro: m0\n  condition: evt.num=1\n");
        for n in 1..20_000 {
            text += &format!("- macro: m{n}\n  condition: m{}\n", n - 1);
        }
        text += &rule("r", "m19999 and evt.type=open");
        let loaded = load(&text);
        assert!(loaded.successful(), "{:?}", loaded.reports);
        assert_eq!(loaded.program.checks.len(), 2);
    }

    #[test]
    fn what_a_macro_of_many_rules_warns_of_is_told_for_each_of_them_where_it_stands() {
        let mut text = String::from(
            "- macro: one\n  condition: proc.name regex 'abc'\n- macro: two\n  condition: proc.name regex 'abc'\n",
        );
        text += &rule("a", "two and evt.type=open");
        text += &rule("b", "evt.type=open and (one or two)");
        let loaded = load(&text);
        let found = |message: &str| {
            let warnings =
                loaded.reports[0].warnings.iter().filter(|warning| warning.message.contains(message));
            warnings.map(|warning| warning.place.line).collect::<Vec<_>>()
        };
        assert_eq!(found("regex check with 'abc'"), [4, 2, 2]);
    }

    #[test]
    fn a_macro_extended_later_sees_what_came_before_the_extension() {
        let text = "- macro: a\n  condition: evt.num=1\n- macro: b\n  condition: evt.num=2 or evt.num=3\n\
                    - macro: a\n  append: true\n  condition: or b\n";
        let loaded = load(&(text.to_owned() + &rule("r", "a and not b")));
        assert!(loaded.successful(), "{:?}", loaded.reports);
        assert_eq!(loaded.program.checks.len(), 3);
    }

    /// More than the limit in the last rule: found by counting, without a look at what the rules before put in.
    #[test]
    fn the_limit_is_found_by_counting() {
        let terms: Vec<String> = (0..200_000).map(|n| format!("evt.num={n}")).collect();
        let mut text = format!("- macro: long\n  condition: {}\n", terms.join(" or "));
        for n in 0..4 {
            text += &rule(&format!("r{n}"), "evt.type=open and long");
        }
        let loaded = load(&text);
        assert!(loaded.successful(), "{:?}", loaded.reports[0].errors);
        assert!(loaded.program.nodes.len() < 2 * terms.len());
        let loaded = load(
            &(text + &rule("r4", "evt.type=open and long") + &rule("r5", "long") + &rule("r6", "evt.num=1")),
        );
        let messages: Vec<&String> = loaded.reports[0].errors.iter().map(|error| &error.message).collect();
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages.iter().all(|message| message.contains("'long' is used so often")), "{messages:?}");
    }
}
