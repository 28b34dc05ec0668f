//! What a rule file says, item by item, before anything is compiled.

use std::collections::{BTreeSet, HashMap};

use super::context::Context;
use super::history::{ChangeKind, Changed};
use super::origin::Text;
use crate::program::Priority;

/// A list.
#[derive(Debug, Clone)]
pub(super) struct ListInfo {
    pub(super) ctx: Context,
    pub(super) name: String,
    pub(super) items: Vec<String>,
}

/// A macro.
#[derive(Debug, Clone)]
pub(super) struct MacroInfo {
    pub(super) ctx: Context,
    pub(super) cond_ctx: Context,
    pub(super) name: String,
    pub(super) cond: Text,
}

/// A part of an exception, which may be one value or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Item(String),
    List(Vec<Entry>),
}

impl Default for Entry {
    fn default() -> Entry {
        Entry::Item(String::new())
    }
}

impl Entry {
    /// Whether there is anything in it.
    pub(super) fn is_given(&self) -> bool {
        match self {
            Entry::Item(text) => !text.is_empty(),
            Entry::List(items) => !items.is_empty(),
        }
    }

    /// The texts of its values.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Entry::Item(text) if text.is_empty() => Vec::new(),
            Entry::Item(text) => vec![text.clone()],
            Entry::List(items) => items.iter().map(|item| item.text().to_owned()).collect(),
        }
    }

    /// The text of a single value; of a list, none.
    pub(super) fn text(&self) -> &str {
        match self {
            Entry::Item(text) => text,
            Entry::List(_) => "",
        }
    }
}

/// An exception of a rule.
#[derive(Debug, Clone)]
pub(super) struct ExceptionInfo {
    pub(super) ctx: Context,
    pub(super) name: String,
    pub(super) fields: Entry,
    pub(super) comps: Entry,
    pub(super) values: Vec<Entry>,
}

/// A rule.
#[derive(Debug, Clone)]
pub(super) struct RuleInfo {
    pub(super) ctx: Context,
    pub(super) cond_ctx: Context,
    pub(super) output_ctx: Context,
    pub(super) name: String,
    pub(super) cond: Text,
    pub(super) source: String,
    pub(super) unknown_source: bool,
    pub(super) desc: String,
    pub(super) output: Text,
    pub(super) tags: BTreeSet<String>,
    pub(super) exceptions: Vec<ExceptionInfo>,
    pub(super) priority: Priority,
    pub(super) capture: bool,
    pub(super) capture_duration: u32,
    pub(super) capture_before: Option<u32>,
    pub(super) enabled: bool,
    pub(super) warn_evttypes: bool,
    pub(super) skip_if_unknown_filter: bool,
}

/// What an append or replace says about a rule.
#[derive(Debug, Clone)]
pub(super) struct RuleUpdate {
    pub(super) ctx: Context,
    pub(super) name: String,
    pub(super) source: String,
    pub(super) cond: Option<Text>,
    pub(super) output: Option<Text>,
    pub(super) desc: Option<String>,
    pub(super) tags: Option<BTreeSet<String>>,
    pub(super) exceptions: Option<Vec<ExceptionInfo>>,
    pub(super) priority: Option<Priority>,
    pub(super) capture: Option<bool>,
    pub(super) capture_duration: Option<u32>,
    pub(super) capture_before: Option<u32>,
    pub(super) enabled: Option<bool>,
    pub(super) warn_evttypes: Option<bool>,
    pub(super) skip_if_unknown_filter: Option<bool>,
}

impl RuleUpdate {
    pub(super) fn new(ctx: &Context, name: &str) -> RuleUpdate {
        RuleUpdate {
            ctx: ctx.clone(),
            name: name.to_owned(),
            source: String::new(),
            cond: None,
            output: None,
            desc: None,
            tags: None,
            exceptions: None,
            priority: None,
            capture: None,
            capture_duration: None,
            capture_before: None,
            enabled: None,
            warn_evttypes: None,
            skip_if_unknown_filter: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cond.is_none()
            && self.output.is_none()
            && self.desc.is_none()
            && self.tags.is_none()
            && self.exceptions.is_none()
            && self.priority.is_none()
            && self.capture.is_none()
            && self.capture_duration.is_none()
            && self.capture_before.is_none()
            && self.enabled.is_none()
            && self.warn_evttypes.is_none()
            && self.skip_if_unknown_filter.is_none()
    }
}

/// An alternative of a plugin requirement.
#[derive(Debug, Clone)]
pub(super) struct Requirement {
    pub(super) name: String,
    pub(super) version: String,
}

/// A plugin requirement: one of the alternatives must be loaded.
#[derive(Debug, Clone)]
pub(super) struct PluginRequirement {
    pub(super) ctx: Context,
    pub(super) alternatives: Vec<Requirement>,
}

/// Items in the order of their first definition.
///
/// Each has a number, that of its first definition, and a visibility, the number of its last change: an item sees those
/// whose number is below its visibility (reference language 8.2, 8.5).
#[derive(Debug)]
pub(super) struct Defined<T> {
    entries: Vec<Numbered<T>>,
    by_name: HashMap<String, usize>,
    /// One bit per length that a name has, the highest for 63 and more: most words of long lists need not be hashed.
    lengths: u64,
}

/// An item with its place in the order.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    pub(super) index: usize,
    pub(super) visibility: usize,
    pub(super) info: T,
    /// What files did to it.
    pub(super) changes: Vec<Changed>,
}

impl<T> Default for Defined<T> {
    fn default() -> Defined<T> {
        Defined { entries: Vec::new(), by_name: HashMap::new(), lengths: 0 }
    }
}

impl<T> Defined<T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Numbered<T>> {
        self.entries.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The position in the order.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        if self.lengths & length_bit(name) == 0 { None } else { self.by_name.get(name).copied() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Numbered<T>> {
        self.position(name).and_then(|at| self.entries.get(at))
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Numbered<T>> {
        let at = self.position(name)?;
        self.entries.get_mut(at)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Defines an item or replaces the one of this name, which keeps its place.
    pub(super) fn define(&mut self, name: &str, info: T, number: usize) {
        match self.get_mut(name) {
            Some(entry) => {
                entry.info = info;
                entry.visibility = number;
            }
            None => {
                self.lengths |= length_bit(name);
                self.by_name.insert(name.to_owned(), self.entries.len());
                self.entries.push(Numbered { index: number, visibility: number, info, changes: Vec::new() });
            }
        }
    }

    /// Notes what an item did to a definition.
    pub(super) fn note(&mut self, name: &str, change: Changed) {
        if let Some(entry) = self.get_mut(name) {
            entry.changes.push(change);
        }
    }

    /// Notes that an item has defined it.
    pub(super) fn note_definition(&mut self, name: &str, ctx: Context) {
        let is_known = self.get(name).is_some_and(|entry| !entry.changes.is_empty());
        let kind = if is_known { ChangeKind::Redefined } else { ChangeKind::Defined };
        self.note(name, Changed { kind, keys: Vec::new(), ctx });
    }
}

fn length_bit(name: &str) -> u64 {
    1 << name.len().min(63)
}
