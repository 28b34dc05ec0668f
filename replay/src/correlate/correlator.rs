//! Correlations over the alerts of a run: marks enter one after the other, alerts of correlations leave, and whether an alert is printed
//! itself. Groups that nothing happens in are forgotten when their windows are over, and the oldest ones where there are too many.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tercel_rules::correlation::{Correlations, Once};

use super::expiry::{Ageing, Allowance};
use super::key;
use super::marks::Mark;
use super::raised::{Last, Raised};
use super::window::{Met, Seen, Window};
use crate::window::DISORDER;

/// What happened so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Alerts per correlation.
    pub alerts: Vec<u64>,
    /// Alerts of rules that were not printed.
    pub held_back: u64,
    /// Groups that were forgotten although their windows were not over: there were too many.
    pub forgotten: u64,
}

/// Correlates alerts.
#[derive(Debug)]
pub struct Correlator<'c> {
    correlations: &'c Correlations,
    /// Per rule of the program the correlations that count its alerts, each with a position among their rules.
    of_rule: Vec<Vec<(usize, usize)>>,
    /// The same for deduplications.
    once_of_rule: Vec<Vec<(usize, usize)>>,
    groups: Vec<FxHashMap<Box<[u8]>, Group>>,
    /// When an alert of a group was printed last.
    printed: Vec<FxHashMap<Box<[u8]>, Printed>>,
    /// When windows end that are looked at then.
    ends: BTreeSet<(u64, usize, Box<[u8]>)>,
    allowance: Allowance,
    /// Newest time.
    now: u64,
    key: Vec<u8>,
    totals: Totals,
}

/// A group of a correlation.
#[derive(Debug)]
struct Group {
    window: Window,
    /// Time of its newest alert.
    last: u64,
    /// It gives no alert before.
    quiet_until: u64,
    /// When its window ends, where it is looked at then.
    end: Option<u64>,
    /// Its last alert, where the end of the window says what it said.
    mark: Option<Last>,
}

/// When an alert was printed.
#[derive(Debug)]
struct Printed(u64);

impl Ageing for Group {
    fn last(&self) -> u64 {
        self.last
    }

    fn is_over(&self, now: u64, timespan: u64) -> bool {
        self.end.is_none() && self.last.saturating_add(timespan) < now && self.quiet_until <= now
    }

    fn weight(&self) -> usize {
        size_of::<Group>() + self.window.weight() + self.mark.as_ref().map_or(0, Last::weight)
    }
}

impl Ageing for Printed {
    fn last(&self) -> u64 {
        self.0
    }

    fn is_over(&self, now: u64, timespan: u64) -> bool {
        self.0.saturating_add(timespan) <= now
    }

    fn weight(&self) -> usize {
        size_of::<Printed>()
    }
}

impl<'c> Correlator<'c> {
    /// Prepares windows, all of them empty.
    pub fn new(correlations: &'c Correlations) -> Correlator<'c> {
        let rules = correlations.asked.len();
        let (mut of_rule, mut once_of_rule) = (vec![Vec::new(); rules], vec![Vec::new(); rules]);
        let note = |of_rule: &mut Vec<Vec<(usize, usize)>>, index, at, rule: usize| {
            // A rule that is given twice is counted once.
            if let Some(known) =
                of_rule.get_mut(rule).filter(|known| known.iter().all(|(one, _)| *one != index))
            {
                known.push((index, at));
            }
        };
        for (index, correlation) in correlations.list.iter().enumerate() {
            let bases = correlation.base.iter().enumerate();
            bases.for_each(|(at, base)| note(&mut of_rule, index, at, base.rule));
        }
        for (index, once) in correlations.once.iter().enumerate() {
            once.base.iter().enumerate().for_each(|(at, base)| note(&mut once_of_rule, index, at, base.rule));
        }
        Correlator {
            correlations,
            of_rule,
            once_of_rule,
            groups: correlations.list.iter().map(|_| FxHashMap::default()).collect(),
            printed: correlations.once.iter().map(|_| FxHashMap::default()).collect(),
            ends: BTreeSet::new(),
            allowance: Allowance::default(),
            now: 0,
            key: Vec::new(),
            totals: Totals { alerts: vec![0; correlations.list.len()], ..Totals::default() },
        }
    }

    /// What is correlated.
    pub fn correlations(&self) -> &'c Correlations {
        self.correlations
    }

    /// What happened so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Lets time pass up to `ts`, nanoseconds since the epoch: windows that end before it give their alerts. Events may be a little out
    /// of order; a time that is more than ten seconds back is that of another capture, with which everything begins again.
    pub fn advance(&mut self, ts: u64, raised: &mut Vec<Raised>) {
        if ts.saturating_add(DISORDER) < self.now {
            self.groups.iter_mut().for_each(FxHashMap::clear);
            self.printed.iter_mut().for_each(FxHashMap::clear);
            self.ends.clear();
            self.allowance = Allowance::default();
            self.now = 0;
        }
        self.now = self.now.max(ts);
        while self.ends.first().is_some_and(|(end, ..)| *end < self.now) {
            let Some((_, index, key)) = self.ends.pop_first() else { break };
            self.end(index, &key, raised);
        }
    }

    /// Nothing follows after an event of this time: windows that ended before it give their alerts.
    pub fn finish(&mut self, last: u64, raised: &mut Vec<Raised>) {
        self.advance(last.max(self.now), raised);
    }

    /// Takes an alert; `false` if it is not to be printed itself. Call [`advance`](Correlator::advance) with its time before.
    pub fn see(&mut self, mark: &Mark<'_>, raised: &mut Vec<Raised>) -> bool {
        // The lists are borrowed from what lasts longer than the windows that change.
        for at in 0..self.of_rule.get(mark.rule).map_or(0, Vec::len) {
            let (index, base) = self.of_rule[mark.rule][at];
            self.count(index, base, mark, raised);
        }
        let is_printed = self.is_printed(mark);
        self.totals.held_back += u64::from(!is_printed);
        if self.allowance.is_exceeded() {
            self.tidy();
        }
        is_printed
    }

    /// An alert of a rule of a correlation.
    fn count(&mut self, index: usize, base: usize, mark: &Mark<'_>, raised: &mut Vec<Raised>) {
        let Some(correlation) = self.correlations.list.get(index) else { return };
        let Some(at) = correlation.base.get(base) else { return };
        key::write(&mut self.key, mark, &at.group);
        let Some(groups) = self.groups.get_mut(index) else { return };
        if !groups.contains_key(&*self.key) {
            let group =
                Group { window: Window::new(correlation), last: 0, quiet_until: 0, end: None, mark: None };
            self.allowance.take(self.key.len() + group.weight());
            groups.insert(self.key.as_slice().into(), group);
        }
        let Some(group) = groups.get_mut(&*self.key) else { return };
        let before = group.window.weight();
        group.last = group.last.max(mark.ts);
        if mark.ts < group.quiet_until {
            return;
        }
        let is_whole = correlation.condition.most.is_some();
        if is_whole {
            group.end.get_or_insert_with(|| {
                let end = self.now.saturating_add(correlation.timespan);
                self.ends.insert((end, index, self.key.as_slice().into()));
                end
            });
            group.mark = Some(Last::of(mark, at));
        }
        let seen = Seen { ts: mark.ts, num: mark.num, base };
        let value = at.value.map_or(&[][..], |value| mark.value(value));
        if let Some(met) = group.window.push(correlation, seen, value, self.now) {
            group.quiet_until = mark.ts.saturating_add(correlation.once);
            self.totals.alerts[index] += 1;
            raised.push(Raised::new(index, &self.key, met, Last::of(mark, at)));
        }
        self.allowance.change(before, group.window.weight());
    }

    /// The end of a window that is looked at then.
    fn end(&mut self, index: usize, key: &[u8], raised: &mut Vec<Raised>) {
        let Some(correlation) = self.correlations.list.get(index) else { return };
        let Some(group) = self.groups.get_mut(index).and_then(|groups| groups.get_mut(key)) else { return };
        self.allowance.change(group.window.weight(), 0);
        group.end = None;
        let window = std::mem::replace(&mut group.window, Window::new(correlation));
        let met: Option<Met> = window.end(correlation);
        if let (Some(met), Some(last)) = (met, group.mark.take()) {
            group.quiet_until = met.last.saturating_add(correlation.once);
            self.totals.alerts[index] += 1;
            raised.push(Raised::new(index, key, met, last));
        }
    }

    /// Whether an alert is printed, or was printed for the same group a moment ago.
    fn is_printed(&mut self, mark: &Mark<'_>) -> bool {
        let mut is_printed = true;
        for (index, base) in self.once_of_rule.get(mark.rule).into_iter().flatten() {
            let Some(Once { base: bases, timespan }) = self.correlations.once.get(*index) else { continue };
            let (Some(at), Some(printed)) = (bases.get(*base), self.printed.get_mut(*index)) else {
                continue;
            };
            key::write(&mut self.key, mark, &at.group);
            match printed.get_mut(&*self.key) {
                Some(Printed(last)) if mark.ts < last.saturating_add(*timespan) => is_printed = false,
                Some(Printed(last)) => *last = mark.ts,
                None => {
                    self.allowance.take(self.key.len() + size_of::<Printed>());
                    printed.insert(self.key.as_slice().into(), Printed(mark.ts));
                }
            }
        }
        is_printed
    }

    /// Forgets groups whose windows are over, and the oldest ones until half of the memory is free.
    fn tidy(&mut self) {
        for (groups, correlation) in self.groups.iter_mut().zip(&self.correlations.list) {
            self.allowance.forget_over(groups, self.now, correlation.timespan);
        }
        for (printed, once) in self.printed.iter_mut().zip(&self.correlations.once) {
            self.allowance.forget_over(printed, self.now, once.timespan);
        }
        let forgotten: u64 = self.groups.iter_mut().map(|groups| self.allowance.forget_oldest(groups)).sum();
        let printed: u64 = self.printed.iter_mut().map(|printed| self.allowance.forget_oldest(printed)).sum();
        self.totals.forgotten += forgotten + printed;
        let groups = &self.groups;
        self.ends.retain(|(_, index, key)| groups.get(*index).is_some_and(|groups| groups.contains_key(key)));
    }
}
