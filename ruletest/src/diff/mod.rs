//! What a change of rules does: two sets of rule files and captures enter; what differs in their definitions and in their alerts
//! leaves, and reports of it. Each capture is decoded once, and both programs are asked of each of its events.
//!
//! Data walks down the list of modules: rule files are read, now or at a revision of git (`source`), their definitions compared
//! (`changes`), and the alerts of both programs (`compare`); reports for people, programs and code review follow.

mod source;

mod changes;

mod compare;

mod github;
mod json;
mod markdown;
mod text;

use std::collections::HashMap;
use std::sync::Arc;

use tercel_format::trace::Zone;
use tercel_replay::Matching;
use tercel_rules::load::{Contents, Loaded, Loader, Options as Loading, Place, Resolved};

use crate::error::RunError;
use crate::options::Screen;
use crate::pass::{self, Captures, Ended, Extent};
pub(crate) use compare::Pair;

pub use changes::{Change, PartChange, Thing};
pub use compare::{Counts, Differing, Example, Kind};
pub use source::{RevisionError, RuleSource};

/// What to compare.
#[derive(Clone)]
pub struct DiffOptions<'p> {
    /// The rules before the change.
    pub old: RuleSource,
    /// The rules after it.
    pub new: RuleSource,
    /// How both are loaded.
    pub loading: Loading,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// Which events are looked at.
    pub extent: Extent<'p>,
    /// How many alerts of each rule are shown that appear, vanish or change.
    pub examples: usize,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
    /// For the page of a merge request.
    Markdown,
    /// Annotations of GitHub Actions.
    Github,
}

/// What differs.
#[derive(Debug)]
pub struct Diff {
    /// Definitions.
    pub changes: Vec<Change>,
    /// Rules whose alerts differ, in load order.
    pub rules: Vec<RuleDiff>,
    /// Alerts that are the same, of all rules.
    pub same: u64,
    /// How the reading of each capture ended.
    pub captures: Vec<Ended>,
}

/// A rule whose alerts differ.
#[derive(Debug)]
pub struct RuleDiff {
    /// Its name.
    pub name: String,
    /// Where it is defined: in the new rules, or in the old ones if it is gone.
    pub place: Option<Place>,
    /// Its alerts.
    pub counts: Counts,
}

/// Compares what two sets of rules say of captures.
///
/// # Errors
/// Rules cannot be read, or have errors; threads cannot be started. What is wrong with a capture stands in the answer.
pub fn diff(options: &DiffOptions<'_>, captures: Captures<'_>) -> Result<Diff, RunError> {
    let (old, old_definitions, old_conditions) = load(&options.old, &options.loading)?;
    let (new, new_definitions, new_conditions) = load(&options.new, &options.loading)?;
    let changes = changes::changes(&old_definitions, &new_definitions);
    let programs = [&old.program, &new.program];
    let mut pair = Pair::new(programs, options.matching, options.extent.settings, options.examples);
    pair.explain([old_conditions, new_conditions]);
    let (sums, ended) = compared(&pair, options.extent, captures)?;
    let places = places(&old, &new);
    let same = sums.iter().map(|(_, counts)| counts.same).sum();
    let differing = sums.into_iter().filter(|(_, counts)| counts.differ());
    let rules = differing.map(|(name, counts)| RuleDiff {
        name: name.to_owned(),
        place: places.get(name).map(|place| (*place).clone()),
        counts,
    });
    Ok(Diff { changes, rules: rules.collect(), same, captures: ended })
}

/// Counts by the names of the rules, those of the old program first, in their order; and how the reading of each capture ended.
pub(crate) type Compared<'p> = (Vec<(&'p str, Counts)>, Vec<Ended>);

/// What two programs say of captures.
pub(crate) fn compared<'p>(
    pair: &Pair<'p>,
    extent: Extent<'_>,
    captures: Captures<'_>,
) -> Result<Compared<'p>, RunError> {
    let start = |at: usize, zone: Option<&Arc<Zone>>| pair.look(at, zone);
    let found = pass::pass(captures, extent, &start, &|comparing| comparing.counts)?;
    let mut sums = vec![Counts::default(); pair.names.len()];
    let mut ended = Vec::with_capacity(found.len());
    for (counts, end) in found {
        sums.iter_mut().zip(counts).for_each(|(sum, later)| sum.add(later, pair.most));
        ended.push(end);
    }
    Ok((pair.names.iter().copied().zip(sums).collect(), ended))
}

/// Loads rules, with their definitions, and with the conditions of all of them for explanations: of none if they are too large for it.
fn load(source: &RuleSource, options: &Loading) -> Result<(Loaded, Contents, Vec<Resolved>), RunError> {
    let mut loader = Loader::new(options.clone());
    for file in source.read()? {
        let report = loader.bytes(&file.name, &file.bytes);
        if !report.successful() {
            return Err(RunError::Rules(report.errors.iter().map(ToString::to_string).collect()));
        }
    }
    let definitions = loader.contents();
    let names: Vec<&str> = definitions.rules.iter().map(|rule| rule.info.name.as_str()).collect();
    let conditions = loader.resolved(&names).unwrap_or_default();
    Ok((loader.finish(), definitions, conditions))
}

fn places<'l>(old: &'l Loaded, new: &'l Loaded) -> HashMap<&'l str, &'l Place> {
    let rules = old.rules.iter().chain(&new.rules);
    rules.map(|rule| (rule.name.as_str(), &rule.place)).collect()
}

impl Diff {
    /// Whether anything differs.
    pub fn differs(&self) -> bool {
        !self.changes.is_empty() || !self.rules.is_empty()
    }

    /// How many alerts of a kind there are.
    pub fn count(&self, kind: Kind) -> u64 {
        self.rules.iter().map(|rule| rule.counts.of(kind).count).sum()
    }

    /// The report in a form; `screen` is for text. Where nothing differs, text and annotations are empty.
    pub fn report(&self, format: DiffFormat, screen: Screen) -> String {
        match format {
            DiffFormat::Text => text::text(self, screen),
            DiffFormat::Json => json::text(self),
            DiffFormat::Markdown => markdown::text(self),
            DiffFormat::Github => github::text(self),
        }
    }

    /// What the alerts come to, in a sentence.
    fn sums(&self) -> String {
        sums(|kind| self.count(kind), self.same)
    }
}

/// Counts of alerts in a sentence: `2 appear, 1 vanishes, 41 are the same`.
fn sums(count: impl Fn(Kind) -> u64, same: u64) -> String {
    let counts = Kind::ALL.map(|kind| (kind, count(kind)));
    let differing = counts.iter().filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> =
        differing.map(|(kind, count)| format!("{count} {}", verb(*kind, *count))).collect();
    parts.push(format!("{same} {} the same", if same == 1 { "is" } else { "are" }));
    parts.join(", ")
}

/// What this many alerts of a kind do.
fn verb(kind: Kind, count: u64) -> &'static str {
    match (kind, count == 1) {
        (Kind::Appears, true) => "appears",
        (Kind::Appears, false) => "appear",
        (Kind::Vanishes, true) => "vanishes",
        (Kind::Vanishes, false) => "vanish",
        (Kind::Priority, true) => "changes its priority",
        (Kind::Priority, false) => "change their priority",
        (Kind::Text, true) => "changes its text",
        (Kind::Text, false) => "change their text",
    }
}
