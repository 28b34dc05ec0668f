//! The alerts nearest to one that is missing.

use super::Judge;
use crate::run::Seen;
use crate::suite::Pattern;

/// How many other alerts are shown.
const SHOWN: usize = 3;

impl<'c> Judge<'c> {
    /// Of a rule's alerts, the one that deviates least from a pattern.
    pub(crate) fn nearest_of(&self, pattern: &Pattern, alerts: &[&'c Seen]) -> Option<&'c Seen> {
        alerts.iter().min_by_key(|seen| self.deviations(pattern, seen).len()).copied()
    }

    /// What fired if the rule did not: alerts of other rules, those first that show the values asked for.
    pub(super) fn instead(&self, pattern: &Pattern) -> Vec<String> {
        let wanted: Vec<String> = pattern.fields.iter().map(|field| field.matcher.to_string()).collect();
        let score = |seen: &Seen| wanted.iter().filter(|value| seen.line.contains(value.as_str())).count();
        let mut others: Vec<&&Seen> =
            self.alerts.iter().filter(|seen| pattern.window.holds(seen, self.first)).collect();
        others.sort_by_key(|seen| std::cmp::Reverse(score(seen)));
        let shown = others.iter().take(SHOWN);
        shown
            .map(|seen| format!("another rule fired, '{}': {}", self.rule_name(seen), seen.shown()))
            .collect()
    }
}
