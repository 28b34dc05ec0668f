//! What the loaded files define, for those who judge rules: rules, macros and lists as they stand after all files, with the place
//! of every part, which is worked out when it is asked for. Lists are put in, macros are not: what a macro says is said once.

use std::collections::HashMap;

use super::collector::{Collector, Redefined};
use super::compiler::{Compiled, Work, Written};
use super::context::{Context, Place};
use super::exceptions::{Expanded, expand};
use super::failure::Spot;
use super::info::{ListInfo, MacroInfo, RuleInfo};
use super::report::Warning;
use super::{RuleState, library};
use crate::ast::{Expr, Pos};
use crate::program::{EventSet, Priority, Template};

/// A rule.
#[derive(Debug)]
pub struct RuleDefinition<'w> {
    /// Name.
    pub name: &'w str,
    /// Whether it runs.
    pub state: RuleState,
    /// Priority.
    pub priority: Priority,
    /// Whether it has tags.
    pub is_tagged: bool,
    /// Its condition and its exceptions: lists put in, macros not.
    pub tree: Expr,
    /// Per exception that has values its name and its place.
    pub exceptions: Vec<(&'w str, Place)>,
    /// Codes of the events on which it can fire.
    pub events: &'w EventSet,
    /// Its condition and its exceptions: lists and macros put in.
    pub condition: &'w Expr,
    /// Its output.
    pub output: &'w Template,
    info: &'w RuleInfo,
    expanded: Expanded,
}

/// A macro.
#[derive(Debug)]
pub struct MacroDefinition<'w> {
    /// Name.
    pub name: &'w str,
    /// Its condition: lists put in, macros not.
    pub tree: Expr,
    info: &'w MacroInfo,
}

/// A list.
#[derive(Debug)]
pub struct ListDefinition<'w> {
    /// Name.
    pub name: &'w str,
    /// Its items as they are written.
    pub items: &'w [String],
    info: &'w ListInfo,
}

/// An item that a later one of the same name replaces.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// `rule 'x'`.
    pub item: String,
    /// Where the first stands.
    pub first: Place,
    /// Where the one that counts stands.
    pub second: Place,
    /// Whether both say the same.
    pub is_same: bool,
}

/// Everything that the files define.
pub struct Definitions<'w> {
    /// Rules in load order, but for those of other event sources and those that are skipped.
    pub rules: Vec<RuleDefinition<'w>>,
    /// Macros in the order of their definition.
    pub macros: Vec<MacroDefinition<'w>>,
    /// Lists in the order of their definition.
    pub lists: Vec<ListDefinition<'w>>,
    /// What was found while the files were loaded.
    pub warnings: Vec<&'w Warning>,
    /// The files in the order of loading.
    pub files: Vec<(&'w str, &'w str)>,
    collector: &'w Collector,
    by_macro: HashMap<&'w str, usize>,
    work: Work<'w>,
    place: &'w dyn Fn(&Context, Option<Spot>) -> Place,
}

impl<'w> Definitions<'w> {
    pub(super) fn of(
        mut work: Work<'w>,
        collector: &'w Collector,
        compiled: &'w [Compiled],
        states: &HashMap<&str, RuleState>,
        place: &'w dyn Fn(&Context, Option<Spot>) -> Place,
    ) -> Definitions<'w> {
        let by_name: HashMap<&str, &Compiled> =
            compiled.iter().map(|rule| (rule.name.as_str(), rule)).collect();
        let mut rules = Vec::with_capacity(collector.rules.len());
        for info in collector.rules.iter().map(|entry| &entry.info) {
            let (Some(compiled), Some(state)) =
                (by_name.get(info.name.as_str()), states.get(info.name.as_str()))
            else {
                continue;
            };
            rules.extend(rule(&mut work, info, compiled, *state, place));
        }
        let mut macros = Vec::with_capacity(collector.macros.len());
        for info in collector.macros.iter().map(|entry| &entry.info) {
            if let Ok(tree) = work.parse(&Written::alone(&info.cond), &info.cond_ctx) {
                macros.push(MacroDefinition { name: &info.name, tree, info });
            }
        }
        let lists = collector.lists.iter().map(|entry| &entry.info);
        let lists = lists.map(|info| ListDefinition { name: &info.name, items: &info.items, info }).collect();
        let by_macro = macros.iter().enumerate().map(|(at, found)| (found.name, at)).collect();
        let (warnings, files) = (Vec::new(), Vec::new());
        Definitions { rules, macros, lists, warnings, files, collector, by_macro, work, place }
    }

    /// The position of a macro.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_macro.get(name).copied()
    }

    /// Where a rule begins.
    pub fn place_of_rule(&self, rule: &RuleDefinition<'_>) -> Place {
        (self.place)(&rule.info.ctx, None)
    }

    /// A rule's condition and exceptions as they are given to the substitution of lists.
    pub fn text_of_rule(&self, at: usize) -> &str {
        self.rules.get(at).map_or("", |rule| &rule.expanded.text)
    }

    /// A macro's condition as it is written.
    pub fn text_of_macro(&self, at: usize) -> &str {
        self.macros.get(at).map_or("", |found| &found.info.cond.text)
    }

    /// Where a macro begins.
    pub fn place_of_macro(&self, found: &MacroDefinition<'_>) -> Place {
        (self.place)(&found.info.ctx, None)
    }

    /// Where a list begins.
    pub fn place_of_list(&self, list: &ListDefinition<'_>) -> Place {
        (self.place)(&list.info.ctx, None)
    }

    /// Where the item begins that something was found in while the files were loaded.
    pub fn place_of(&self, context: &Context) -> Place {
        (self.place)(&context.of_item(), None)
    }

    /// Whether an item of a list is the name of another that is put in in its place.
    pub fn is_put_in(&self, list: &ListDefinition<'_>, item: &str) -> bool {
        let own = self.collector.lists.get(list.name);
        let other = self.collector.lists.get(item);
        own.zip(other).is_some_and(|(own, other)| other.index < own.visibility)
    }

    /// Where a byte of a rule's tree stands.
    pub fn place_in_rule(&mut self, at: usize, pos: Pos) -> Option<Place> {
        let rule = self.rules.get(at)?;
        let spot = self.work.spot(&Written::of_rule(&rule.info.cond, &rule.expanded), pos.offset);
        Some((self.place)(&rule.info.cond_ctx, spot))
    }

    /// Where a byte of a macro's tree stands.
    pub fn place_in_macro(&mut self, at: usize, pos: Pos) -> Option<Place> {
        let info = self.macros.get(at)?.info;
        let spot = self.work.spot(&Written::alone(&info.cond), pos.offset);
        Some((self.place)(&info.cond_ctx, spot))
    }

    /// Where a text stands first in a rule's output; the output if it does not stand there.
    pub fn place_in_output(&self, rule: &RuleDefinition<'_>, text: &str) -> Place {
        let offset = rule.info.output.text.find(text).unwrap_or(0);
        (self.place)(&rule.info.output_ctx, self.work.spot_in(&rule.info.output, offset))
    }

    /// Where an item of a list stands; the list if it is appended elsewhere.
    pub fn place_of_item(&self, list: &ListDefinition<'_>, item: &str) -> Place {
        let whole = (self.place)(&list.info.ctx, None);
        let file = list.info.ctx.name();
        let start = list.info.ctx.mark_in_file().offset;
        let text = self.files.iter().find(|(name, _)| **name == *file).map_or("", |(_, text)| *text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find("\n- ").unwrap_or(rest.len());
        let own = rest.get(..end).unwrap_or_default();
        let items = own.find("items").unwrap_or(0);
        let is_word = |at: usize| {
            let edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "[],'\"-".contains(c));
            edge(own.get(..at).and_then(|before| before.chars().next_back()))
                && edge(own.get(at + item.len()..).and_then(|after| after.chars().next()))
        };
        let found = own.get(items..).unwrap_or_default().match_indices(item);
        let mut found = found.map(|(at, _)| at + items).filter(|at| is_word(*at));
        match found.next() {
            Some(at) => Place::of(file, text, start + at),
            None => whole,
        }
    }

    /// Items that a later one of the same name replaced as a whole.
    pub fn replaced(&self) -> Vec<Replaced> {
        let replaced = |found: &'w Redefined| Replaced {
            item: found.second.item().unwrap_or_default(),
            first: (self.place)(&found.first, None),
            second: (self.place)(&found.second, None),
            is_same: found.is_same,
        };
        self.collector.redefined.iter().map(replaced).collect()
    }

    /// Whether a file offers its definitions to others.
    pub fn is_library(&self, file: &str) -> bool {
        self.files.iter().any(|(name, text)| *name == file && library::is_library(text))
    }
}

impl RuleDefinition<'_> {
    /// Whether Falco warns of too many event types.
    pub fn warns_of_events(&self) -> bool {
        self.info.warn_evttypes
    }
}

fn rule<'w>(
    work: &mut Work<'w>,
    info: &'w RuleInfo,
    compiled: &'w Compiled,
    state: RuleState,
    place: &dyn Fn(&Context, Option<Spot>) -> Place,
) -> Option<RuleDefinition<'w>> {
    let expanded = expand(&info.cond.text, &info.exceptions).ok()?;
    let tree = work.parse(&Written::of_rule(&info.cond, &expanded), &info.cond_ctx).ok()?;
    let given = info.exceptions.iter().filter(|exception| !exception.values.is_empty());
    let exceptions = given.map(|exception| (exception.name.as_str(), place(&exception.ctx, None))).collect();
    Some(RuleDefinition {
        name: &info.name,
        state,
        priority: info.priority,
        is_tagged: !info.tags.is_empty(),
        tree,
        exceptions,
        events: &compiled.events,
        condition: &compiled.condition,
        output: &compiled.output,
        info,
        expanded,
    })
}
