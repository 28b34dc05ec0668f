//! Counts and patterns of one rule's alerts.

use super::{Judge, times};
use crate::failure::{Failure, Row};
use crate::run::Seen;
use crate::suite::{Count, Expectation, FieldMatcher, Pattern};

impl<'c> Judge<'c> {
    /// Every pattern has to have its count; where alerts are allowed at all, each has to match a pattern.
    pub(super) fn expectation(&self, at: usize, failures: &mut Vec<Failure>) {
        let Some(expectation) = self.case.expectations.get(at) else { return };
        let alerts = self.of_rule(&expectation.rule);
        for (number, pattern) in expectation.patterns.iter().enumerate() {
            let matched: Vec<&Seen> =
                alerts.iter().filter(|seen| self.matches(pattern, seen)).copied().collect();
            if !pattern.count.holds(matched.len() as u64) {
                let missing = (matched.len() as u64) < pattern.count.least;
                let mut failure = self.miscounted(expectation, pattern, &matched, &alerts);
                failure.missing = missing.then_some((at, number));
                failures.push(failure);
            }
        }
        self.strangers(expectation, failures);
    }

    /// Alerts of the rule that match none of the patterns that allow any.
    pub(crate) fn strangers(&self, expectation: &Expectation, failures: &mut Vec<Failure>) {
        let alerts = self.of_rule(&expectation.rule);
        let allowing: Vec<&Pattern> =
            expectation.patterns.iter().filter(|pattern| pattern.count != Count::NONE).collect();
        if allowing.is_empty() {
            return;
        }
        let strangers: Vec<&Seen> = alerts
            .iter()
            .filter(|seen| !allowing.iter().any(|pattern| self.matches(pattern, seen)))
            .copied()
            .collect();
        if !strangers.is_empty() {
            failures.push(self.strange(expectation, &allowing, &strangers));
        }
    }

    /// Whether an alert is one of those that a pattern means.
    pub(crate) fn matches(&self, pattern: &Pattern, seen: &Seen) -> bool {
        self.deviations(pattern, seen).is_empty()
    }

    /// What about an alert is not as a pattern has it.
    pub(crate) fn deviations(&self, pattern: &Pattern, seen: &Seen) -> Vec<Row> {
        self.compared(pattern, seen).into_iter().filter(|row| !row.same).collect()
    }

    /// A pattern and an alert side by side.
    pub(crate) fn compared(&self, pattern: &Pattern, seen: &Seen) -> Vec<Row> {
        let mut rows = Vec::new();
        if !pattern.window.holds(seen, self.first) {
            rows.push(Row::differing("inside the window of this item", "outside"));
        }
        let mut row = |same: bool, key: &str, expected: String, got: &str| {
            rows.push(Row {
                expected: Some(format!("{key}: {expected}")),
                got: Some(format!("{key}: {got}")),
                same,
            });
        };
        if let Some((priority, _)) = pattern.priority
            && let Some((_, of_rule)) = self.set.fired().nth(seen.rule)
        {
            let (expected, got) = (priority.name(), of_rule.name());
            row(expected == got, "priority", expected.to_owned(), got);
        }
        if let Some(matcher) = &pattern.output {
            let output = seen.output();
            row(matcher.holds(output), "output", matcher.to_string(), output);
        }
        for field in &pattern.fields {
            let value = self.value(field, seen);
            row(field.matcher.holds(value), &field.key, field.matcher.to_string(), value);
        }
        rows
    }

    /// The value of a field at an alert.
    pub(crate) fn value<'s>(&self, field: &FieldMatcher, seen: &'s Seen) -> &'s str {
        let asked = self.asked.get(seen.rule).into_iter().flatten();
        let mut values = asked.zip(&seen.values);
        values.find(|((key, _), _)| *key == field.key).map_or("<NA>", |(_, value)| value.as_str())
    }

    fn miscounted(
        &self,
        expectation: &Expectation,
        pattern: &Pattern,
        matched: &[&'c Seen],
        alerts: &[&'c Seen],
    ) -> Failure {
        let (rule, count) = (&expectation.rule, matched.len());
        let such = if pattern.is_plain() { "" } else { " as described" };
        let message = match count {
            0 => format!("'{rule}' did not fire{such}; expected: {}", pattern.count),
            count => format!("'{rule}' fired {}{such}; expected: {}", times(count), pattern.count),
        };
        let mut rows = vec![Row::differing(format!("{rule}: {}", pattern.count), format!("{rule}: {count}"))];
        let missing = (count as u64) < pattern.count.least;
        let mut nearest = Vec::new();
        if missing && !pattern.is_plain() {
            match self.nearest_of(pattern, alerts) {
                Some(seen) => {
                    rows.extend(self.compared(pattern, seen));
                    nearest.push(format!("nearest alert of the rule: {}", seen.shown()));
                }
                None => rows.extend(pattern.demands().into_iter().map(|text| Row {
                    expected: Some(text),
                    got: None,
                    same: false,
                })),
            }
        } else {
            rows.extend(Row::listed(matched));
        }
        if missing && alerts.is_empty() {
            nearest.extend(self.instead(pattern));
        }
        Failure {
            line: expectation.line,
            rule: Some(rule.clone()),
            rule_at: self.rule_at(rule),
            message,
            rows,
            nearest,
            ..Failure::default()
        }
    }

    fn strange(&self, expectation: &Expectation, patterns: &[&Pattern], strangers: &[&'c Seen]) -> Failure {
        let rule = &expectation.rule;
        let mut rows = Vec::new();
        for seen in strangers.iter().take(super::LISTED) {
            rows.push(Row { expected: None, got: Some(seen.shown()), same: false });
            let nearest = patterns.iter().min_by_key(|pattern| self.deviations(pattern, seen).len());
            rows.extend(nearest.map(|pattern| self.deviations(pattern, seen)).unwrap_or_default());
        }
        Failure {
            line: expectation.line,
            rule: Some(rule.clone()),
            rule_at: self.rule_at(rule),
            message: format!("'{rule}' fired {}, but no pattern of the case matches", times(strangers.len())),
            rows,
            ..Failure::default()
        }
    }
}

impl Pattern {
    /// Its requirements, one per line.
    pub(crate) fn demands(&self) -> Vec<String> {
        let mut demands = Vec::new();
        demands.extend(self.priority.map(|(priority, _)| format!("priority: {}", priority.name())));
        demands.extend(self.output.as_ref().map(|matcher| format!("output: {matcher}")));
        demands.extend(self.fields.iter().map(|field| format!("{}: {}", field.key, field.matcher)));
        demands
    }
}

impl Seen {
    /// The text after time and priority.
    pub(crate) fn output(&self) -> &str {
        let behind = self.line.split_once(": ").map_or(self.line.as_str(), |(_, behind)| behind);
        behind.split_once(' ').map_or(behind, |(_, output)| output)
    }
}
