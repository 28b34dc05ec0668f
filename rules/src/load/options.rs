//! The options of a loader.

use std::collections::BTreeSet;

use super::info::RuleInfo;
use super::version::Version;
use crate::fields::StaticFields;
use crate::output::ExtraField;
use crate::program::Priority;
use crate::select::Selection;

/// The engine version of Falco 0.44.1, whose rule language this is.
pub(crate) const ENGINE: Version = Version { major: 0, minor: 62, patch: 0 };

/// The engine after it. Of what it changed, conditions have all (they see values as they were recorded, and `\xHH` is a byte); its
/// warnings are given where a file requires it.
pub(super) const NEXT_ENGINE: Version = Version { major: 0, minor: 63, patch: 0 };

/// How to load.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rules less urgent than this are left out.
    pub min_priority: Priority,
    /// Which rules run.
    pub selection: Selection,
    /// Texts added to outputs.
    pub append_output: Vec<AppendOutput>,
    /// Fields that conditions and outputs may name beside those of the catalogue.
    pub static_fields: StaticFields,
    /// The engine version that files may require, but for those that require the next one.
    pub engine: Version,
    /// Plugins that files may require, by name.
    pub plugins: Vec<(String, Version)>,
}

impl Default for Options {
    /// Everything runs; the container plugin 0.7.1 is there, since containers are built in.
    fn default() -> Options {
        Options {
            min_priority: Priority::Debug,
            selection: Selection::default(),
            append_output: Vec::new(),
            static_fields: StaticFields::default(),
            engine: ENGINE,
            plugins: vec![("container".to_owned(), Version { major: 0, minor: 7, patch: 1 })],
        }
    }
}

/// What is added to the outputs of some rules (reference language 10.14).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppendOutput {
    /// The text, with tokens; may be empty.
    pub format: String,
    /// Further fields of the JSON's `output_fields`.
    pub fields: Vec<ExtraField>,
    /// Only rules of this source.
    pub source: Option<String>,
    /// Only rules that have all these tags.
    pub tags: BTreeSet<String>,
    /// Only the rule of this name.
    pub rule: Option<String>,
}

impl AppendOutput {
    pub(super) fn applies_to(&self, rule: &RuleInfo) -> bool {
        self.source.as_deref().is_none_or(|source| source == rule.source)
            && self.tags.is_subset(&rule.tags)
            && self.rule.as_deref().is_none_or(|name| name == rule.name)
    }
}
