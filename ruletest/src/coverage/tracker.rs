//! Which parts of rules made a difference in one evaluation: the conditions of rules and their variants are evaluated side by
//! side, and their answers on one event compared.

use std::io;

use tercel_replay::{Alert, Sink};
use tercel_rules::load::Parts;

/// Compares the answers event by event.
pub(crate) struct Tracker<'a> {
    parts: &'a Parts,
    /// Per variant whether it ever answered otherwise than its rule.
    differs: Vec<bool>,
    /// Event of the answers that are being collected.
    event: Option<u64>,
    /// Conditions and variants that hold on it.
    holding: Vec<usize>,
    /// Variants of each rule.
    variants: Vec<Vec<usize>>,
    /// Rules that have something to compare on the event.
    touched: Vec<usize>,
}

impl<'a> Tracker<'a> {
    /// Nothing was compared yet.
    pub(crate) fn new(parts: &'a Parts) -> Tracker<'a> {
        let rules = parts.conditions.len();
        let mut variants = vec![Vec::new(); rules];
        for (at, variant) in parts.variants.iter().enumerate() {
            variants.get_mut(variant.rule).into_iter().for_each(|list| list.push(at));
        }
        Tracker {
            parts,
            differs: vec![false; parts.variants.len()],
            event: None,
            holding: Vec::new(),
            variants,
            touched: Vec::new(),
        }
    }

    /// Compares what was collected of the last event; answers per variant whether it made a difference.
    pub(crate) fn finish(mut self) -> Vec<bool> {
        self.compare();
        self.differs
    }

    fn compare(&mut self) {
        let rules = self.variants.len();
        let rule_of = |at: usize| match at.checked_sub(rules) {
            None => Some(at),
            Some(variant) => self.parts.variants.get(variant).map(|variant| variant.rule),
        };
        self.touched.extend(self.holding.iter().filter_map(|at| rule_of(*at)));
        self.touched.sort_unstable();
        self.touched.dedup();
        // The positions of what holds are in order.
        let holding = &self.holding;
        let holds = |at: usize| holding.binary_search(&at).is_ok();
        for rule in &self.touched {
            let held = holds(*rule);
            for variant in self.variants.get(*rule).into_iter().flatten() {
                if let Some(differs) = self.differs.get_mut(*variant) {
                    *differs |= holds(rules + variant) != held;
                }
            }
        }
        self.holding.clear();
        self.touched.clear();
    }
}

impl Sink for Tracker<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        let number = alert.context.event.num;
        if self.event != Some(number) {
            self.compare();
            self.event = Some(number);
        }
        self.holding.push(alert.index);
        Ok(())
    }
}
