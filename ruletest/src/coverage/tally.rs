//! The sums: rules shown to fire and to be silent, and parts that made a difference, over all cases and rule sets.

use std::collections::BTreeMap;

use tercel_rules::load::{Part, PartKind, Parts, Place, RuleState};

use crate::failure::Status;
use crate::sets::{RuleSet, Sets};
use crate::verdict::Verdict;

/// What stands where, so that it is the same thing in every rule set.
type Key = (String, usize, String);

/// A rule and what cases show of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleShown {
    /// A case fires it, and expects so.
    pub(crate) fires: bool,
    /// A case expects it to be silent, and an event comes near.
    pub(crate) silent: bool,
    /// A case expects it to be silent, whatever the events.
    pub(crate) named_silent: bool,
}

/// A macro, list, exception or check, and whether it made a difference.
#[derive(Debug, Clone)]
pub(crate) struct PartShown {
    /// What it is.
    pub(crate) kind: PartKind,
    /// What it is called, its rule included if it has one.
    pub(crate) title: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// It made a difference in a case.
    pub(crate) matters: bool,
}

/// What all cases together cover.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// Rules that run in some rule set, by place and name.
    pub(crate) rules: BTreeMap<Key, RuleShown>,
    /// Parts, by place and name.
    pub(crate) parts: BTreeMap<Key, PartShown>,
    /// Rules that run in no rule set.
    pub(crate) idle: Vec<String>,
}

/// One of the two things that a rule has to be shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It fires.
    Fires,
    /// It is silent although an event comes near.
    Silent,
}

impl Coverage {
    /// Nothing was shown yet of these rules.
    pub(super) fn of<'p>(sets: &Sets, parts: impl Iterator<Item = &'p Parts>) -> Coverage {
        let mut coverage = Coverage::default();
        let mut idle = BTreeMap::new();
        for (set, parts) in sets.sets.iter().zip(parts) {
            for rule in &set.loaded.rules {
                let key = key(&rule.place, &rule.name);
                match rule.state {
                    RuleState::Enabled => drop(coverage.rules.entry(key).or_default()),
                    RuleState::Disabled | RuleState::BelowPriority => {
                        drop(idle.insert(key, rule.name.clone()))
                    }
                    RuleState::Skipped => {}
                }
            }
            for part in &parts.parts {
                let title = title(part, set);
                let shown = PartShown {
                    kind: part.kind,
                    title: title.clone(),
                    place: part.place.clone(),
                    matters: false,
                };
                coverage.parts.entry(self::key(&part.place, &title)).or_insert(shown);
            }
        }
        idle.retain(|key, _| !coverage.rules.contains_key(key));
        coverage.idle = idle.into_values().collect();
        coverage
    }

    /// Adds what a case shows; one that did not pass shows nothing.
    pub(super) fn add(&mut self, verdict: &Verdict<'_>, parts: &Parts, differs: &[bool]) {
        let (Status::Passed, Some(judge)) = (&verdict.status, &verdict.judge) else { return };
        let mut near = vec![false; parts.conditions.len()];
        for (variant, differs) in parts.variants.iter().zip(differs).filter(|(_, differs)| **differs) {
            near.get_mut(variant.rule).into_iter().for_each(|near| *near = *differs);
            let Some(part) = parts.parts.get(variant.part) else { continue };
            let shown = self.parts.get_mut(&key(&part.place, &title(part, judge.set)));
            shown.into_iter().for_each(|shown| shown.matters = true);
        }
        for (at, rule) in judge.program().rules.iter().enumerate() {
            let Some(info) = judge.set.info(&rule.name) else { continue };
            let expectation =
                verdict.case.expectations.iter().find(|expectation| expectation.rule == rule.name);
            let shown = self.rules.entry(key(&info.place, &rule.name)).or_default();
            shown.fires |= expectation.is_some_and(|expectation| expectation.is_firing());
            let silent =
                expectation.map_or(verdict.case.others_silent, |expectation| expectation.is_silence());
            shown.named_silent |= silent;
            shown.silent |= silent && near.get(at) == Some(&true);
        }
    }

    /// Rules that are not shown on a side: their places and names, and a remark.
    pub(crate) fn missing(&self, side: Side) -> impl Iterator<Item = (&Key, &RuleShown)> {
        self.rules.iter().filter(move |(_, shown)| match side {
            Side::Fires => !shown.fires,
            Side::Silent => !shown.silent,
        })
    }

    /// Per cent of the rules that are shown on a side.
    pub(crate) fn percent(&self, side: Side) -> f64 {
        percent(self.rules.len() - self.missing(side).count(), self.rules.len())
    }

    /// Whether this percentage of the rules is shown to fire, and shown to be silent.
    pub(crate) fn reaches(&self, least: f64) -> bool {
        self.percent(Side::Fires) >= least && self.percent(Side::Silent) >= least
    }

    /// Parts of a kind: how many there are, and those that never made a difference.
    pub(crate) fn parts_of(&self, kind: PartKind) -> (usize, Vec<&PartShown>) {
        let all = self.parts.values().filter(|part| part.kind == kind);
        (all.clone().count(), all.filter(|part| !part.matters).collect())
    }
}

/// A percentage; without any, it is 100.
pub(crate) fn percent(part: usize, all: usize) -> f64 {
    if all == 0 { 100.0 } else { part as f64 * 100.0 / all as f64 }
}

fn key(place: &Place, name: &str) -> Key {
    (place.file.to_string(), place.line, name.to_owned())
}

/// What a part is called.
fn title(part: &Part, set: &RuleSet) -> String {
    let rule = part.rule.and_then(|at| set.loaded.program.rules.get(at));
    match (part.kind, rule) {
        (PartKind::Exception, Some(rule)) => format!("exception '{}' of rule '{}'", part.name, rule.name),
        (PartKind::Check, Some(rule)) => format!("'{}' in rule '{}'", part.name, rule.name),
        (PartKind::Macro, _) => format!("macro '{}'", part.name),
        (PartKind::List, _) => format!("list '{}'", part.name),
        (PartKind::Exception | PartKind::Check, None) => part.name.clone(),
    }
}
