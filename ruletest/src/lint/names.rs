//! Values that look like the misspelt name of a list or macro, and numbers as they are written: what is left of names after lists
//! and macros were put in.

use std::collections::BTreeSet;

use tercel_rules::ast::{ExprKind, Right};

use super::Code;
use super::found::Found;
use super::tree::Forest;
use super::values::of_port;

/// Values that are compared with names.
const MOST_VALUES: usize = 20_000;

/// Looks at all checks and lists.
pub(super) fn look(forest: &Forest, found: &mut Found<'_, '_>) {
    let names = Names::of(found);
    let mut left = MOST_VALUES;
    for (at, leaf) in forest.leaves.iter().enumerate() {
        let ExprKind::Binary { right, .. } = &leaf.expr.kind else { continue };
        let values: Vec<&[u8]> = match right {
            Right::Value(value, _) => vec![value],
            Right::List(values, _) => values.iter().take(left).collect(),
            Right::Term(_) => continue,
        };
        left = left.saturating_sub(values.len());
        for value in values {
            if let Some(message) = leaf.check.as_ref().and_then(|check| of_port(&check.left, value)) {
                found.at_value(
                    forest,
                    Code::OutOfRange,
                    (at, &String::from_utf8_lossy(value)),
                    message,
                    None,
                );
            }
            if let Ok(text) = std::str::from_utf8(value)
                && !found.is_item(text)
                && let Some((message, fix)) = names.meant(text, None)
            {
                found.at_value(forest, Code::LooksLikeName, (at, text), message, Some(fix));
            }
        }
    }
    items(&names, found);
}

/// Items of lists.
fn items(names: &Names, found: &mut Found<'_, '_>) {
    let mut remarks = Vec::new();
    let definitions = &*found.definitions;
    let mut left = MOST_VALUES;
    for list in &definitions.lists {
        for item in list.items.iter().take(left).filter(|item| !definitions.is_put_in(list, item)) {
            if let Some((message, fix)) = names.meant(item, Some(list.name)) {
                remarks.push((
                    definitions.place_of_item(list, item),
                    definitions.place_of_list(list),
                    list.name,
                    message,
                    fix,
                ));
            }
        }
        left = left.saturating_sub(list.items.len());
    }
    for (place, start, list, message, fix) in remarks {
        let finding = super::Finding::new(Code::LooksLikeName, place, message, Some(fix));
        found.add(finding.within(format!("list '{list}'"), &start));
    }
}

/// Names of lists and macros.
struct Names {
    lists: BTreeSet<String>,
    macros: BTreeSet<String>,
}

impl Names {
    fn of(found: &Found<'_, '_>) -> Names {
        Names {
            lists: found.definitions.lists.iter().map(|list| list.name.to_owned()).collect(),
            macros: found.definitions.macros.iter().map(|found| found.name.to_owned()).collect(),
        }
    }

    /// What a value may have meant that is neither a list nor a macro where it stands; `own` is the list that it is an item of.
    fn meant(&self, value: &str, own: Option<&str>) -> Option<(String, String)> {
        if !is_like_name(value) {
            return None;
        }
        if self.macros.contains(value) {
            return Some((
                format!("'{value}' is the name of a macro, which is a plain value here"),
                "write the macro beside the check, not in it".to_owned(),
            ));
        }
        if self.lists.contains(value) {
            return Some((
                format!(
                    "'{value}' is the name of a list that is defined further down, so it is a plain value here"
                ),
                format!("define '{value}' before it is used"),
            ));
        }
        let all = self.lists.iter().chain(&self.macros).filter(|name| own != Some(name.as_str()));
        let limit = if value.len() < 10 { 1 } else { 2 };
        let near = all.filter(|name| name.len().abs_diff(value.len()) <= limit);
        let near =
            near.map(|name| (strsim::osa_distance(name, value), name)).filter(|(edits, _)| *edits <= limit);
        let (_, name) = near.min()?;
        let kind = if self.lists.contains(name) { "list" } else { "macro" };
        Some((format!("'{value}' looks like the {kind} '{name}'"), format!("did you mean '{name}'?")))
    }
}

/// Whether a value is written as names of lists and macros are.
fn is_like_name(value: &str) -> bool {
    (6..=64).contains(&value.len())
        && value.contains('_')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
