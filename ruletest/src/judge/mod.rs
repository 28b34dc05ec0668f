//! The verdict on a case: what it expects and the alerts that were seen enter, failures leave, each with expected and got side
//! by side and the nearest alerts. How a failure is shown is not known here.

mod lines;
mod nearest;
mod pattern;

use tercel_rules::program::Program;

use crate::failure::{Failure, Row};
use crate::run::{Replayed, Seen};
use crate::sets::RuleSet;
use crate::suite::{Case, Window};

/// A case with everything that its verdict needs.
pub(crate) struct Judge<'c> {
    /// The case.
    pub(crate) case: &'c Case,
    /// Its rules.
    pub(crate) set: &'c RuleSet,
    /// Fields whose values alerts bring along, per rule.
    pub(crate) asked: &'c [Vec<(String, tercel_rules::program::Operand)>],
    /// Time of the first event of the capture.
    pub(crate) first: u64,
    /// The alerts in the case's window.
    pub(crate) alerts: Vec<&'c Seen>,
}

impl<'c> Judge<'c> {
    /// The case with the alerts of its evaluation.
    pub(crate) fn new(
        case: &'c Case,
        set: &'c RuleSet,
        asked: &'c [Vec<(String, tercel_rules::program::Operand)>],
        replayed: &Replayed,
        alerts: &'c [Seen],
    ) -> Judge<'c> {
        let first = replayed.first;
        let alerts = alerts.iter().filter(|seen| case.window.holds(seen, first)).collect();
        Judge { case, set, asked, first, alerts }
    }

    /// The verdict.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        let mut failures = crate::loading::failures(self.case, self.set);
        for at in 0..self.case.expectations.len() {
            self.expectation(at, &mut failures);
        }
        if self.case.others_silent {
            self.others(&mut failures);
        }
        if let Some(lines) = &self.case.lines {
            failures.extend(self.lines(lines));
        }
        failures
    }

    /// The program whose rules alerts name by position.
    pub(crate) fn program(&self) -> &'c Program {
        &self.set.loaded.program
    }

    /// Name of the rule of an alert.
    pub(crate) fn rule_name(&self, seen: &Seen) -> &'c str {
        self.set.fired().nth(seen.rule).map_or("", |(name, _)| name)
    }

    /// The alerts of a rule.
    pub(crate) fn of_rule(&self, rule: &str) -> Vec<&'c Seen> {
        let index = self.set.running(rule);
        self.alerts.iter().filter(|seen| Some(seen.rule) == index).copied().collect()
    }

    /// Where a rule is defined.
    pub(crate) fn rule_at(&self, rule: &str) -> Option<String> {
        self.set.info(rule).map(|info| info.place.to_string())
    }

    /// Rules without an expectation that fired.
    fn others(&self, failures: &mut Vec<Failure>) {
        let named = |rule: &str| self.case.expectations.iter().any(|expectation| expectation.rule == rule);
        for (rule, _) in self.set.fired() {
            let alerts = if named(rule) { Vec::new() } else { self.of_rule(rule) };
            if alerts.is_empty() {
                continue;
            }
            let count = alerts.len();
            let mut rows =
                vec![Row::differing(format!("{rule}: none (others: none)"), format!("{rule}: {count}"))];
            rows.extend(Row::listed(&alerts));
            failures.push(Failure {
                line: self.case.line,
                rule: Some(rule.to_owned()),
                rule_at: self.rule_at(rule),
                message: format!(
                    "'{rule}' fired {}, but other rules are expected to be silent",
                    times(count)
                ),
                rows,
                ..Failure::default()
            });
        }
    }
}

/// `once`, or the number of times.
pub(crate) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// Alerts that are listed at most.
const LISTED: usize = 5;

impl Row {
    /// Two texts that are the same.
    pub(crate) fn equal(text: impl Into<String>) -> Row {
        let text = text.into();
        Row { expected: Some(text.clone()), got: Some(text), same: true }
    }

    /// Two texts that should be the same.
    pub(crate) fn differing(expected: impl Into<String>, got: impl Into<String>) -> Row {
        Row { expected: Some(expected.into()), got: Some(got.into()), same: false }
    }

    /// Alerts that were got, as many as are worth a look.
    pub(crate) fn listed(alerts: &[&Seen]) -> Vec<Row> {
        let got = |text: String| Row { expected: None, got: Some(text), same: true };
        let mut rows: Vec<Row> = alerts.iter().take(LISTED).map(|seen| got(seen.shown())).collect();
        if alerts.len() > LISTED {
            rows.push(got(format!("… and {} more", alerts.len() - LISTED)));
        }
        rows
    }
}

impl Seen {
    /// Its event's number and its line.
    pub(crate) fn shown(&self) -> String {
        format!("#{} {}", self.number, self.line)
    }
}

impl Window {
    /// Whether an alert lies inside, in a capture whose first event has the time `first`.
    pub(crate) fn holds(&self, seen: &Seen, first: u64) -> bool {
        self.contains(seen.number, seen.ts, first)
    }

    /// Whether the event of this number and time lies inside.
    pub(crate) fn contains(&self, number: u64, ts: u64, first: u64) -> bool {
        let reached = |point: tercel_replay::Point| point.reached(number, ts, first);
        self.from.is_none_or(reached) && !self.to.is_some_and(reached)
    }
}
