//! What was found, each thing once, with its place and the item that it stands in.

use std::collections::{HashMap, HashSet};

use tercel_rules::ast::{ExprKind, Pos, Right};
use tercel_rules::load::{Definitions, Place};

use super::tree::{Forest, Home};
use super::{Code, Finding};

/// Findings on their way, and what gives places to them.
pub(super) struct Found<'d, 'w> {
    pub(super) definitions: &'d mut Definitions<'w>,
    pub(super) findings: Vec<Finding>,
    seen: HashSet<(Code, Home, usize)>,
    /// The list that has an item, by the item; of several the first.
    items: HashMap<String, usize>,
}

/// Items of lists that are known by name.
const MOST_ITEMS: usize = 500_000;

impl<'d, 'w> Found<'d, 'w> {
    pub(super) fn new(definitions: &'d mut Definitions<'w>) -> Found<'d, 'w> {
        let mut items = HashMap::new();
        for (at, list) in definitions.lists.iter().enumerate() {
            for item in list.items.iter().take(MOST_ITEMS.saturating_sub(items.len())) {
                items.entry(item.trim_matches('"').to_owned()).or_insert(at);
            }
        }
        Found { definitions, findings: Vec::new(), seen: HashSet::new(), items }
    }

    /// Whether some list has this item.
    pub(super) fn is_item(&self, text: &str) -> bool {
        self.items.contains_key(text)
    }

    /// Something about a check.
    pub(super) fn at_leaf(
        &mut self,
        forest: &Forest,
        code: Code,
        leaf: usize,
        message: String,
        fix: Option<String>,
    ) {
        let Some(leaf) = forest.leaves.get(leaf) else { return };
        self.at(code, leaf.home, leaf.pos, message, fix);
    }

    /// Something about a value of a check: it stands in the condition, or in a list that was put in.
    pub(super) fn at_value(
        &mut self,
        forest: &Forest,
        code: Code,
        (leaf, value): (usize, &str),
        message: String,
        fix: Option<String>,
    ) {
        let Some(leaf) = forest.leaves.get(leaf) else { return };
        let written = match leaf.home {
            Home::Rule(at) => self.definitions.text_of_rule(at),
            Home::Macro(at) => self.definitions.text_of_macro(at),
        };
        let list = self.items.get(value).and_then(|list| self.definitions.lists.get(*list));
        if let Some(list) = list.filter(|_| !written.contains(value)) {
            let (place, start) =
                (self.definitions.place_of_item(list, value), self.definitions.place_of_list(list));
            let item = format!("list '{}'", list.name);
            return self.add(Finding::new(code, place, message, fix).within(item, &start));
        }
        let pos = match &leaf.expr.kind {
            ExprKind::Binary { right: Right::Value(_, pos) | Right::List(_, pos), .. } => *pos,
            _ => leaf.pos,
        };
        // A list of values may have several that are wrong.
        self.seen.remove(&(code, leaf.home, pos.offset));
        self.at(code, leaf.home, pos, message, fix);
    }

    /// Something about a byte of a condition.
    pub(super) fn at(&mut self, code: Code, home: Home, pos: Pos, message: String, fix: Option<String>) {
        if !self.seen.insert((code, home, pos.offset)) {
            return;
        }
        let place = match home {
            Home::Rule(at) => self.definitions.place_in_rule(at, pos),
            Home::Macro(at) => self.definitions.place_in_macro(at, pos),
        };
        if let Some(place) = place {
            self.push(code, home, place, message, fix);
        }
    }

    /// Something about a whole definition.
    pub(super) fn at_home(&mut self, home: Home, code: Code, message: String, fix: Option<String>) {
        if let Some(place) = self.definition(home).map(|(place, _)| place) {
            self.push(code, home, place, message, fix);
        }
    }

    /// Something about a place in a definition.
    pub(super) fn push(
        &mut self,
        code: Code,
        home: Home,
        place: Place,
        message: String,
        fix: Option<String>,
    ) {
        let Some((start, item)) = self.definition(home) else { return };
        self.add(Finding::new(code, place, message, fix).within(item, &start));
    }

    /// Something else.
    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Where a definition begins, and what it is called.
    fn definition(&self, home: Home) -> Option<(Place, String)> {
        Some(match home {
            Home::Rule(at) => {
                let rule = self.definitions.rules.get(at)?;
                (self.definitions.place_of_rule(rule), format!("rule '{}'", rule.name))
            }
            Home::Macro(at) => {
                let found = self.definitions.macros.get(at)?;
                (self.definitions.place_of_macro(found), format!("macro '{}'", found.name))
            }
        })
    }
}
