//! What nodes of a condition are called, in words.

use tercel_rules::load::Named;

use super::tree::{Kind, Node, Tree};
use crate::visible::visible;

/// A node's words: a term as it is written, the name of a macro or an exception, or how many of the nodes below have to hold.
pub(crate) fn label(tree: &Tree, node: &Node, negated: bool) -> String {
    let not = if negated { "not " } else { "" };
    let text = match (node.kind, &node.named) {
        (Kind::Term(term), named) => {
            let written = tree.checks.get(term).map_or("", |check| check.written.as_str());
            match named {
                Some(named) => format!("{not}{}: {written}", name(named)),
                None => format!("{not}{written}"),
            }
        }
        (Kind::All, Some(named)) => format!("{not}{}: all of", name(named)),
        (Kind::Any, Some(named)) => format!("{not}{}: any of", name(named)),
        (Kind::Not, Some(named)) => format!("{not}{}", name(named)),
        (Kind::All, None) if node.below.is_empty() => format!("{not}always"),
        (Kind::Any, None) if node.below.is_empty() => format!("{not}never"),
        (Kind::All, None) if negated => "not all of".to_owned(),
        (Kind::All, None) => "all of".to_owned(),
        (Kind::Any, None) if negated => "none of".to_owned(),
        (Kind::Any, None) => "any of".to_owned(),
        (Kind::Not, None) => not.to_owned(),
    };
    visible(text.as_bytes())
}

/// The name of a part.
fn name(named: &Named) -> String {
    match named {
        Named::Macro(name, _) => name.clone(),
        Named::Exception(name) => format!("exception {name}"),
    }
}

/// What would have to be otherwise: a part that should not hold begins with `not`.
pub(crate) fn missed(tree: &Tree, at: usize) -> String {
    let Some(node) = tree.nodes.get(at) else { return String::new() };
    let negated = node.is_negated;
    let not = if negated { "not " } else { "" };
    match node.kind {
        Kind::All | Kind::Any => {
            let joint = if node.kind == Kind::All { " and " } else { " or " };
            let below = node.below.iter().filter_map(|below| tree.nodes.get(*below));
            let parts: Vec<String> = below.take(SHOWN).map(|below| part(tree, below)).collect();
            let more = node.below.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!("{joint}… {more} more") } else { String::new() };
            let named = node.named.as_ref().map_or_else(String::new, |named| format!("{}: ", name(named)));
            visible(format!("{not}{named}({}{more})", parts.join(joint)).as_bytes())
        }
        Kind::Term(_) | Kind::Not => label(tree, node, negated),
    }
}

/// Parts of a node that are listed.
const SHOWN: usize = 3;

fn part(tree: &Tree, node: &Node) -> String {
    match node.kind {
        Kind::Not => {
            let inner = node.below.first().and_then(|below| tree.nodes.get(*below));
            inner.map_or_else(String::new, |inner| format!("not {}", part(tree, inner)))
        }
        Kind::Term(_) => label(tree, node, false),
        Kind::All | Kind::Any => match &node.named {
            Some(named) => visible(name(named).as_bytes()),
            None => {
                let joint = if node.kind == Kind::All { "and" } else { "or" };
                let first = node.below.first().and_then(|below| tree.nodes.get(*below));
                first.map_or_else(String::new, |first| format!("({} {joint} …)", part(tree, first)))
            }
        },
    }
}
