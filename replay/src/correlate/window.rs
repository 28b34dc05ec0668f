//! The window of one group: alerts enter in the order in which they are printed, what contributed leaves once a condition holds.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tercel_rules::correlation::{Condition, Correlation, Kind};

/// Contributions of which an alert of a correlation names the events and the values.
pub(super) const NAMED: usize = 64;

/// An alert that contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its time.
    pub(super) ts: u64,
    /// Number of its event.
    pub(super) num: u64,
    /// Position of its rule in the correlation.
    pub(super) base: usize,
}

/// Contributions that fulfil a condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Met {
    /// What was counted.
    pub(super) count: u64,
    /// Times of the first and of the last alert.
    pub(super) first: u64,
    pub(super) last: u64,
    /// Positions of the rules in the correlation.
    pub(super) bases: BTreeSet<usize>,
    /// Numbers of the events, the last ones.
    pub(super) events: Vec<u64>,
    /// Values that were counted, the last ones.
    pub(super) values: Vec<Arc<[u8]>>,
}

impl Met {
    fn of(count: u64, seen: impl Iterator<Item = Seen>) -> Met {
        let mut met = Met { count, first: u64::MAX, ..Met::default() };
        seen.for_each(|seen| met.add(seen));
        met
    }

    fn add(&mut self, seen: Seen) {
        (self.first, self.last) = (self.first.min(seen.ts), self.last.max(seen.ts));
        self.bases.insert(seen.base);
        if self.events.last() != Some(&seen.num) {
            self.events.push(seen.num);
        }
        if self.events.len() > NAMED {
            self.events.remove(0);
        }
    }
}

/// What is known of a group.
#[derive(Debug)]
pub(super) enum Window {
    /// The alerts inside.
    Count(VecDeque<Seen>),
    /// The values inside.
    Values(Values),
    /// Per rule its newest alert.
    Temporal(Vec<Option<Seen>>),
    /// Per rule the alerts that lead to it, the newest that can.
    Ordered(Vec<Vec<Seen>>),
    /// A window that is looked at when it ends: what was counted, the values, and their bytes.
    Whole(Met, BTreeSet<Arc<[u8]>>, usize),
}

/// Different values.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Each with its newest alert.
    newest: FxHashMap<Arc<[u8]>, Seen>,
    /// The same in order of time.
    order: BTreeSet<(u64, u64, Arc<[u8]>)>,
    /// Bytes of the values.
    bytes: usize,
}

impl Window {
    /// An empty one.
    pub(super) fn new(correlation: &Correlation) -> Window {
        let bases = correlation.base.len();
        match correlation.kind {
            _ if correlation.condition.most.is_some() => {
                Window::Whole(Met { first: u64::MAX, ..Met::default() }, BTreeSet::new(), 0)
            }
            Kind::EventCount => Window::Count(VecDeque::new()),
            Kind::ValueCount => Window::Values(Values::default()),
            Kind::Temporal => Window::Temporal(vec![None; bases]),
            Kind::TemporalOrdered => Window::Ordered(vec![Vec::new(); bases]),
        }
    }

    /// An alert at the time `now` or a little before; what contributed, if the condition holds with it. The window is empty then.
    pub(super) fn push(
        &mut self,
        correlation: &Correlation,
        seen: Seen,
        value: &[u8],
        now: u64,
    ) -> Option<Met> {
        // An alert this old is still inside.
        let oldest = now.saturating_sub(correlation.timespan);
        let Condition { least, .. } = correlation.condition;
        let met = match self {
            Window::Count(inside) => {
                while inside.front().is_some_and(|seen| seen.ts < oldest) {
                    inside.pop_front();
                }
                inside.push_back(seen);
                let is_met = inside.len() as u64 >= least;
                is_met.then(|| Met::of(inside.len() as u64, inside.iter().copied()))
            }
            Window::Values(values) => values.push(seen, value, oldest, least),
            Window::Temporal(newest) => {
                if let Some(place) = newest.get_mut(seen.base) {
                    *place = Some(seen);
                }
                let mut inside: Vec<Seen> =
                    newest.iter().flatten().filter(|seen| seen.ts >= oldest).copied().collect();
                inside.sort_unstable_by_key(|seen| (seen.ts, seen.num, seen.base));
                let is_met = inside.len() as u64 >= least;
                is_met.then(|| Met::of(inside.len() as u64, inside.into_iter()))
            }
            Window::Ordered(chains) => ordered(correlation, chains, seen, oldest),
            Window::Whole(met, values, bytes) => {
                met.add(seen);
                if correlation.kind == Kind::ValueCount {
                    let most = correlation.condition.most.unwrap_or(u64::MAX);
                    // More than there may be do not matter.
                    if values.len() as u64 <= most && !values.contains(value) {
                        values.insert(Arc::from(value));
                        *bytes += value.len();
                    }
                    met.count = values.len() as u64;
                } else {
                    met.count += 1;
                }
                None
            }
        };
        if met.is_some() {
            *self = Window::new(correlation);
        }
        met
    }

    /// The end of a window that is looked at then: what contributed, if the condition holds.
    pub(super) fn end(self, correlation: &Correlation) -> Option<Met> {
        let Window::Whole(met, values, _) = self else { return None };
        let values = values.into_iter().take(NAMED).collect();
        correlation.condition.holds(met.count).then_some(Met { values, ..met })
    }

    /// Memory that it takes, in bytes and roughly.
    pub(super) fn weight(&self) -> usize {
        /// What a value takes besides its bytes.
        const VALUE: usize = 192;
        match self {
            Window::Count(inside) => inside.capacity() * size_of::<Seen>(),
            Window::Values(values) => values.order.len() * VALUE + values.bytes,
            Window::Temporal(newest) => newest.len() * size_of::<Option<Seen>>(),
            Window::Ordered(chains) => chains.iter().map(|chain| (chain.len() + 1) * size_of::<Seen>()).sum(),
            Window::Whole(_, values, bytes) => NAMED * 8 + values.len() * VALUE + bytes,
        }
    }
}

impl Values {
    fn push(&mut self, seen: Seen, value: &[u8], oldest: u64, least: u64) -> Option<Met> {
        let Values { newest, order, bytes } = self;
        while let Some(first) = order.first().filter(|(ts, ..)| *ts < oldest).cloned() {
            order.remove(&first);
            newest.remove(&first.2);
            *bytes -= first.2.len();
        }
        let value = match newest.get_key_value(value) {
            Some((value, before)) => {
                order.remove(&(before.ts, before.num, value.clone()));
                value.clone()
            }
            None => {
                *bytes += value.len();
                Arc::from(value)
            }
        };
        newest.insert(value.clone(), seen);
        order.insert((seen.ts, seen.num, value));
        let count = order.len() as u64;
        (count >= least).then(|| {
            let alerts = order.iter().filter_map(|(_, _, value)| newest.get(value));
            let met = Met::of(count, alerts.copied());
            let last = order.iter().skip(order.len().saturating_sub(NAMED));
            Met { values: last.map(|(_, _, value)| value.clone()).collect(), ..met }
        })
    }
}

/// The alert of a rule goes on from the alerts of the rules before it. A rule may be given several times.
fn ordered(correlation: &Correlation, chains: &mut [Vec<Seen>], seen: Seen, oldest: u64) -> Option<Met> {
    let rule = correlation.base.get(seen.base)?.rule;
    // Backwards, so that one alert is not two steps.
    for place in (0..chains.len()).rev() {
        if correlation.base.get(place).is_none_or(|base| base.rule != rule) {
            continue;
        }
        let mut chain = match place.checked_sub(1) {
            None => Vec::new(),
            Some(before) => match chains.get(before).filter(|chain| {
                chain.first().is_some_and(|first| first.ts >= oldest)
                    && chain.last().is_some_and(|last| (last.ts, last.num) <= (seen.ts, seen.num))
            }) {
                Some(before) => before.clone(),
                None => continue,
            },
        };
        chain.push(Seen { base: place, ..seen });
        if place + 1 == chains.len() {
            return Some(Met::of(chain.len() as u64, chain.into_iter()));
        }
        if let Some(known) = chains.get_mut(place) {
            *known = chain;
        }
    }
    None
}
