//! What the events have in common at which rules match: events enter, the values of [`FIELDS`](super::fields::FIELDS) leave, each
//! combination once per rule, with how often it occurs.

use std::collections::BTreeMap;
use std::sync::Arc;

use tercel_format::trace::Zone;
use tercel_replay::{Context, Matcher, Matching, Memory, Settings};

use super::fields::{Reader, Tuple};
use crate::pass::Look;

/// Combinations that are kept of one rule in one capture.
const MOST: usize = 20_000;

/// Combinations of values at which a rule matches, and how often.
#[derive(Debug, Clone, Default)]
pub(super) struct Matches {
    /// By combination: how often it occurs, and how often the rule raised the alert.
    pub(super) tuples: BTreeMap<Tuple, Count>,
    /// Alerts that the rule raised.
    pub(super) raised: u64,
    /// There were more combinations than are kept.
    pub(super) is_cut: bool,
}

/// How often something occurs.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) events: u64,
    /// Rules that raised the alert there, by their positions.
    pub(super) raisers: BTreeMap<u32, u64>,
}

impl Matches {
    pub(super) fn add(&mut self, other: Matches) {
        self.raised += other.raised;
        self.is_cut |= other.is_cut;
        for (tuple, count) in other.tuples {
            if self.tuples.len() >= MOST && !self.tuples.contains_key(&tuple) {
                self.is_cut = true;
                continue;
            }
            let own = self.tuples.entry(tuple).or_default();
            own.events += count.events;
            count
                .raisers
                .into_iter()
                .for_each(|(rule, times)| *own.raisers.entry(rule).or_default() += times);
        }
    }
}

/// Gathers over one capture.
pub(super) struct Gathering<'m> {
    /// Finds every rule that matches, so that what one rule hides behind another is seen, too.
    matcher: &'m Matcher,
    memory: Memory,
    /// Only the first of several rules raises an alert.
    is_first: bool,
    reader: Reader,
    /// By rules.
    pub(super) matches: Vec<Matches>,
}

impl<'m> Gathering<'m> {
    pub(super) fn new(
        matcher: &'m Matcher,
        matching: Matching,
        rules: usize,
        settings: Settings,
        zone: Option<&Arc<Zone>>,
    ) -> Gathering<'m> {
        let mut memory = matcher.memory(settings);
        memory.set_zone(zone);
        Gathering {
            matcher,
            memory,
            is_first: matching == Matching::First,
            reader: Reader::new(settings),
            matches: vec![Matches::default(); rules],
        }
    }
}

impl Look for Gathering<'_> {
    fn event(&mut self, cx: &Context<'_>) {
        let (found, _) = self.matcher.found(cx, &mut self.memory);
        let Some(first) = found.first().copied() else { return };
        let tuple = self.reader.tuple(cx);
        for rule in found {
            let Some(matches) = self.matches.get_mut(*rule as usize) else { continue };
            let raiser = if self.is_first { first } else { *rule };
            matches.raised += u64::from(raiser == *rule);
            if matches.tuples.len() >= MOST && !matches.tuples.contains_key(&tuple) {
                matches.is_cut = true;
                continue;
            }
            let count = matches.tuples.entry(tuple.clone()).or_default();
            count.events += 1;
            *count.raisers.entry(raiser).or_default() += 1;
        }
    }

    fn forget(&mut self) {
        self.memory.forget();
    }
}
