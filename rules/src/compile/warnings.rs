//! Warnings about conditions that work but should be written otherwise (reference language 3.14, 8.12, 8.13).

use std::borrow::Cow;

use crate::ast::{CallArg, Expr, ExprKind, Pos, Right, SharedExpr, Term, TermKind};
use crate::fields::{self, FieldRef};
use crate::lang;

use super::error::{Warning, WarningCode};
use super::memo::Memo;

/// Fields that Falco 0.44 calls deprecated; the order is Falco's.
pub(crate) const DEPRECATED_FIELDS: [&str; 6] =
    ["evt.dir", "evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency"];

/// Warnings that need no more than the tree: unsafe comparisons with `<NA>`, then deprecated fields.
pub(super) fn of_tree(expr: &Expr, memo: &mut Memo) -> Vec<Warning> {
    let mut found = Found::default();
    found.expr(expr, memo);
    let mut warnings = Vec::new();
    if found.unsafe_na {
        warnings.push(whole(WarningCode::UnsafeNaCheck, String::new()));
    }
    for (index, name) in DEPRECATED_FIELDS.iter().enumerate() {
        if found.deprecated.get(index).is_some_and(|seen| *seen) {
            warnings.push(whole(WarningCode::DeprecatedItem, deprecation(name).to_owned()));
        }
    }
    warnings
}

fn whole(code: WarningCode, message: String) -> Warning {
    Warning { code, message, pos: Pos::default() }
}

fn deprecation(name: &str) -> &'static str {
    if name == "evt.dir" {
        "due to the drop of enter events, 'evt.dir = <' always evaluates to true, and 'evt.dir = >' always evaluates \
         to false. The rule expression can be simplified by removing the condition on 'evt.dir'"
    } else {
        "field is not available due to the drop of enter events."
    }
}

/// What there is to warn of in a tree.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    unsafe_na: bool,
    deprecated: [bool; DEPRECATED_FIELDS.len()],
}

impl Found {
    fn expr(&mut self, expr: &Expr, memo: &mut Memo) {
        match &expr.kind {
            ExprKind::And(members) | ExprKind::Or(members) => {
                members.iter().for_each(|member| self.expr(member, memo))
            }
            ExprKind::Not(inner) => self.expr(inner, memo),
            ExprKind::Macro(_) => {}
            ExprKind::Shared(shared) => self.shared(shared, memo),
            ExprKind::Exists(left) => {
                self.term(left);
            }
            ExprKind::Binary { left, op, right, .. } => {
                let unsafe_left = self.term(left);
                let equality = matches!(op.as_str(), "==" | "=" | "!=" | "in" | "intersects" | "pmatch");
                if unsafe_left && equality {
                    self.right(right);
                }
            }
        }
    }

    fn shared(&mut self, shared: &SharedExpr, memo: &mut Memo) {
        let found = memo.found(shared).unwrap_or_else(|| {
            let mut found = Found::default();
            found.expr(shared, memo);
            memo.keep_found(shared, found);
            found
        });
        self.unsafe_na |= found.unsafe_na;
        self.deprecated.iter_mut().zip(found.deprecated).for_each(|(seen, too)| *seen |= too);
    }

    /// Whether the last field of the term is one whose missing value was once written `<NA>`.
    fn term(&mut self, term: &Term) -> bool {
        match &term.kind {
            TermKind::Field { name, .. } => {
                if let Some(index) = DEPRECATED_FIELDS.iter().position(|deprecated| deprecated == name)
                    && let Some(seen) = self.deprecated.get_mut(index)
                {
                    *seen = true;
                }
                name.starts_with("ka.") || name.starts_with("jevt.")
            }
            TermKind::Call { args, .. } => self.args(args),
        }
    }

    fn args(&mut self, args: &[CallArg]) -> bool {
        args.iter().fold(false, |last, arg| match arg {
            CallArg::Term(term) => self.term(term),
            CallArg::List(values, _) => self.args(values) || last,
            CallArg::Text(..) => last,
        })
    }

    fn right(&mut self, right: &Right) {
        match right {
            Right::Value(value, _) => self.unsafe_na |= value == b"<NA>",
            Right::List(values, _) => self.unsafe_na |= values.iter().any(|value| value == b"<NA>"),
            Right::Term(term) => {
                self.term(term);
            }
        }
    }
}

/// Warnings about one literal: a regular expression that needs none, a field or a transformer that was meant.
pub(super) fn of_literal(value: &[u8], regex: bool, warnings: &mut Vec<String>) {
    let shown = || String::from_utf8_lossy(value);
    if regex && is_simple_regex(value) {
        warnings.push(format!(
            "regex check with '{}' may be optimized with simpler operators such as '=', 'contains', 'startswith', \
             'endswith'",
            shown()
        ));
    }
    // Most literals are neither, and lists of them are long: every field has a dot in its name, every call ends with ')'.
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let called = value.iter().rev().find(|byte| !blank(byte)) == Some(&b')');
    if !called && !value.contains(&b'.') {
        return;
    }
    let solid: Cow<[u8]> = match value.iter().any(blank) {
        true => value.iter().copied().filter(|byte| !blank(byte)).collect(),
        false => Cow::Borrowed(value),
    };
    let solid = String::from_utf8_lossy(&solid);
    if fields::may_be_field(&solid) && FieldRef::parse(&solid).is_ok() {
        warnings.push(format!("'{}' may be a valid field misused as a const string value", shown()));
    }
    let is_call = |name: &str| {
        solid.strip_prefix(name).is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')'))
    };
    if called && ["val"].iter().chain(lang::TRANSFORMERS).any(|name| is_call(name)) {
        warnings
            .push(format!("'{}' may be a valid field transformer misused as a const string value", shown()));
    }
}

/// Whether an expression has no special characters but anchors and `.*` at its ends (reference language 3.13).
fn is_simple_regex(value: &[u8]) -> bool {
    let length = value.len();
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        let anchor = (at == 0 && byte == b'^') || (at + 1 == length && byte == b'$');
        let edge = (at == 0 && length > 1) || at + 2 == length;
        let any = edge && byte == b'.' && value.get(at + 1).is_some_and(|next| b"+*?".contains(next));
        if any {
            at += 1;
        } else if !anchor && b".+*?^$()[]{}|\\".contains(&byte) {
            return false;
        }
        at += 1;
    }
    true
}
