//! Rules as they are after all files: a loader of rule files enters; a rule with the origin of its parts, its condition with everything
//! put in and the tests that name it leaves as text and as JSON, and all rules leave as a page of Markdown. Nothing is printed
//! here.

mod attack;
mod covering;
mod json;
mod page;
mod remarks;
mod text;

use std::collections::BTreeMap;

use tercel_rules::ast::{CallArg, Expr, ExprKind, Right, Term, TermKind};
use tercel_rules::load::{Change, Loader, Named, Place, Resolved, RuleParts, TooManyParts};

use crate::explain::Tree;

pub use covering::{Covering, Coverings};
pub use page::markdown;

/// A rule with everything that belongs to it.
#[derive(Debug)]
pub struct RuleView {
    parts: RuleParts,
    /// Its condition; `None` if the rule is skipped.
    resolved: Option<(Resolved, Tree)>,
    /// The fields of its condition.
    fields: Vec<String>,
    macros: Vec<(String, Vec<Change>)>,
    /// With the number of their items.
    lists: Vec<(String, Vec<Change>)>,
    /// The cases that name it, if tests were asked for.
    tests: Option<Vec<Covering>>,
}

impl RuleView {
    /// The rule of a name; `None` if the files define none. `tests` are the cases that name it.
    ///
    /// # Errors
    /// The rule is too large for it.
    pub fn new(
        loader: &Loader,
        name: &str,
        tests: Option<Vec<Covering>>,
    ) -> Result<Option<RuleView>, TooManyParts> {
        let Some(parts) = loader.rule_parts(name) else { return Ok(None) };
        let resolved = loader.resolved(&[name])?.pop().map(|resolved| {
            let tree = Tree::new(&resolved.root);
            (resolved, tree)
        });
        let (mut fields, mut macros, mut lists) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        if let Some((_, tree)) = &resolved {
            tree.checks.iter().for_each(|check| fields_of(&check.open, &mut fields));
            for named in tree.nodes.iter().filter_map(|node| node.named.as_ref()) {
                if let Named::Macro(name, _) = named {
                    macros.entry(name.clone()).or_insert_with(|| loader.macro_changes(name));
                }
            }
            for (name, _) in tree.checks.iter().flat_map(|check| &check.lists) {
                lists.entry(name.clone()).or_insert_with(|| loader.list_changes(name));
            }
        }
        let (macros, lists) = (macros.into_iter().collect(), lists.into_iter().collect());
        Ok(Some(RuleView { parts, resolved, fields, macros, lists, tests }))
    }
}

/// Adds the fields that a term names.
fn fields_of(term: &Expr, fields: &mut Vec<String>) {
    match &term.kind {
        ExprKind::Exists(left) => of_term(left, fields),
        ExprKind::Binary { left, right, .. } => {
            of_term(left, fields);
            if let Right::Term(right) = right {
                of_term(right, fields);
            }
        }
        ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::Macro(_) | ExprKind::Shared(_) => {}
    }
}

fn of_term(term: &Term, fields: &mut Vec<String>) {
    match &term.kind {
        TermKind::Field { .. } => {
            let name = term.to_string();
            if !fields.contains(&name) {
                fields.push(name);
            }
        }
        TermKind::Call { args, .. } => of_arguments(args, fields),
    }
}

fn of_arguments(args: &[CallArg], fields: &mut Vec<String>) {
    for arg in args {
        match arg {
            CallArg::Term(term) => of_term(term, fields),
            CallArg::List(args, _) => of_arguments(args, fields),
            CallArg::Text(..) => {}
        }
    }
}

/// What a change did, in a word or two.
fn words(change: &Change) -> String {
    use tercel_rules::load::ChangeKind;
    let keys = change.keys.join(", ");
    match change.kind {
        ChangeKind::Defined => "defined".to_owned(),
        ChangeKind::Redefined => "defined again, in place of what was before".to_owned(),
        ChangeKind::Appended => format!("appended to: {keys}"),
        ChangeKind::Replaced => format!("replaced: {keys}"),
        ChangeKind::Enabled => "switched on".to_owned(),
        ChangeKind::Disabled => "switched off".to_owned(),
    }
}

/// `file:line:column`, as it can be printed.
fn at(place: &Place) -> String {
    crate::visible::visible(place.to_string().as_bytes())
}
