//! What rule files did to a rule, a macro or a list, item by item: where it was defined, and where something was appended to it,
//! replaced or switched off. For those who show rules.

use std::sync::Arc;

use super::context::{Context, Place};
use super::origin::Text;
use super::{Loader, RuleInfo, info};
use crate::program::Template;

/// What an item of a rule file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It defined it.
    Defined,
    /// It defined it again; nothing is left of what was before.
    Redefined,
    /// It appended to keys.
    Appended,
    /// It replaced keys.
    Replaced,
    /// It switched it on.
    Enabled,
    /// It switched it off.
    Disabled,
}

/// An item that is about a rule, a macro or a list.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it did.
    pub kind: ChangeKind,
    /// To which keys, for what was appended or replaced.
    pub keys: Vec<&'static str>,
    /// Where it stands.
    pub place: Place,
}

/// An item on its way.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub(super) kind: ChangeKind,
    pub(super) keys: Vec<&'static str>,
    pub(super) ctx: Context,
}

/// An exception of a rule.
#[derive(Debug, Clone)]
pub struct ExceptionParts {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub place: Place,
    /// Its fields.
    pub fields: Vec<String>,
    /// How each of them is compared.
    pub comps: Vec<String>,
    /// How many values it has; without any it excludes nothing.
    pub values: usize,
}

/// A rule with what it was put together from.
#[derive(Debug, Clone)]
pub struct RuleParts {
    /// The rule after all files.
    pub info: RuleInfo,
    /// What files did to it, in the order of loading.
    pub changes: Vec<Change>,
    /// Where the parts of its condition stand.
    pub condition: Vec<Place>,
    /// Where the parts of its output stand.
    pub output: Vec<Place>,
    /// Its exceptions.
    pub exceptions: Vec<ExceptionParts>,
    /// The fields that its output names.
    pub output_fields: Vec<String>,
}

impl Loader {
    /// A rule with what it was put together from, also one that does not run.
    pub fn rule_parts(&self, name: &str) -> Option<RuleParts> {
        let entry = self.collector.rules.get(name)?;
        let info = self.rule_infos().into_iter().find(|info| info.name == name)?;
        let template = Template::parse_with(&entry.info.output.text, &self.options.static_fields);
        let fields = template.unwrap_or_default().fields.into_iter().map(|(field, _)| field);
        let exception = |exception: &info::ExceptionInfo| ExceptionParts {
            name: exception.name.clone(),
            place: self.place(&exception.ctx, None),
            fields: exception.fields.texts(),
            comps: exception.comps.texts(),
            values: exception.values.len(),
        };
        Some(RuleParts {
            info,
            changes: self.changes(&entry.changes),
            condition: self.places(&entry.info.cond),
            output: self.places(&entry.info.output),
            exceptions: entry.info.exceptions.iter().map(exception).collect(),
            output_fields: fields.collect(),
        })
    }

    /// What files did to a macro.
    pub fn macro_changes(&self, name: &str) -> Vec<Change> {
        self.collector.macros.get(name).map(|entry| self.changes(&entry.changes)).unwrap_or_default()
    }

    /// What files did to a list.
    pub fn list_changes(&self, name: &str) -> Vec<Change> {
        self.collector.lists.get(name).map(|entry| self.changes(&entry.changes)).unwrap_or_default()
    }

    fn changes(&self, changes: &[Changed]) -> Vec<Change> {
        let change = |changed: &Changed| Change {
            kind: changed.kind,
            keys: changed.keys.clone(),
            place: self.place(&changed.ctx, None),
        };
        changes.iter().map(change).collect()
    }

    fn places(&self, text: &Text) -> Vec<Place> {
        let place = |(file, offset): (Arc<str>, usize)| self.place_at(file, offset);
        text.places().map(place).collect()
    }
}

impl Changed {
    /// What an item says that changes keys; nothing if it changes none.
    pub(super) fn of_update(kind: ChangeKind, update: &info::RuleUpdate) -> Changed {
        let keys = [
            (update.cond.is_some(), "condition"),
            (update.output.is_some(), "output"),
            (update.desc.is_some(), "desc"),
            (update.priority.is_some(), "priority"),
            (update.tags.is_some(), "tags"),
            (update.exceptions.is_some(), "exceptions"),
            (update.enabled.is_some(), "enabled"),
            (update.capture.is_some(), "capture"),
            (update.capture_duration.is_some(), "capture_duration"),
            (update.capture_before.is_some(), "capture_before"),
            (update.warn_evttypes.is_some(), "warn_evttypes"),
            (update.skip_if_unknown_filter.is_some(), "skip-if-unknown-filter"),
        ];
        let keys = keys.into_iter().filter(|(is_given, _)| *is_given).map(|(_, key)| key).collect();
        Changed { kind, keys, ctx: update.ctx.clone() }
    }
}
