//! What has to change in a test file so that a case expects what it got.

use std::path::PathBuf;

use super::text::{self, Edit};
use crate::failure::Status;
use crate::judge::Judge;
use crate::suite::{Expectation, Matcher, Pattern, Span};
use crate::verdict::Verdict;

/// All that a case wants changed.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// In its test file.
    pub(crate) edits: Vec<Edit>,
    /// Other files with their new text.
    pub(crate) files: Vec<(PathBuf, String)>,
    /// What has to be edited by hand.
    pub(crate) notes: Vec<String>,
    /// What is written, but proves little.
    pub(crate) warnings: Vec<String>,
}

/// What a case wants changed.
pub(crate) fn of(verdict: &Verdict<'_>) -> Wanted {
    let mut wanted = Wanted::default();
    let Some(judge) = &verdict.judge else {
        if let Status::Failed(failures) = &verdict.status {
            for failure in failures {
                wanted.note(verdict, failure.line, &failure.message);
            }
        }
        return wanted;
    };
    let mut added: Vec<(String, u64)> = Vec::new();
    let mut loud = Vec::new();
    for expectation in &verdict.case.expectations {
        wanted.expectation(verdict, judge, expectation, &mut added, &mut loud);
    }
    if verdict.case.others_silent || verdict.case.is_empty() {
        added.extend(unnamed(judge));
    }
    if !loud.is_empty() {
        wanted.quieter(verdict, &loud);
    }
    let text = &verdict.case.document.text;
    if !added.is_empty() {
        wanted.edits.extend(text::with_rules(text, &verdict.case.layout, &added));
    } else if verdict.case.is_empty() {
        wanted.edits.extend(text::with_key(text, &verdict.case.layout, "others: none"));
        wanted.warnings.push(format!(
            "{}:{}: {}: no rule fired: 'others: none' is written, and passes with any rules; name the rules that this \
             capture nearly matches",
            verdict.case.document.name, verdict.case.line, verdict.case.name
        ));
    }
    wanted.lines(verdict, judge);
    for failure in crate::loading::failures(verdict.case, judge.set) {
        wanted.note(verdict, failure.line, &failure.message);
    }
    wanted
}

/// Rules that fired and have no expectation, with their counts.
fn unnamed(judge: &Judge<'_>) -> Vec<(String, u64)> {
    let named = |rule: &str| judge.case.expectations.iter().any(|expectation| expectation.rule == rule);
    let rules = judge.set.fired().filter(|(rule, _)| !named(rule));
    let counted = rules.map(|(rule, _)| (rule.to_owned(), judge.of_rule(rule).len() as u64));
    counted.filter(|(_, count)| *count > 0).collect()
}

impl Wanted {
    fn note(&mut self, verdict: &Verdict<'_>, line: usize, message: &str) {
        self.notes.push(format!("{}:{line}: {message}", verdict.case.document.name));
    }

    fn replace(&mut self, span: Span, text: String) {
        self.edits.push(Edit { span, text });
    }

    fn expectation(
        &mut self,
        verdict: &Verdict<'_>,
        judge: &Judge<'_>,
        expectation: &Expectation,
        added: &mut Vec<(String, u64)>,
        loud: &mut Vec<String>,
    ) {
        let alerts = judge.of_rule(&expectation.rule);
        for pattern in &expectation.patterns {
            let count = alerts.iter().filter(|seen| judge.matches(pattern, seen)).count() as u64;
            if pattern.count.holds(count) {
                continue;
            }
            let nearest = judge.nearest_of(pattern, &alerts).filter(|_| count == 0 && !pattern.is_plain());
            match (pattern.count_at, nearest) {
                (_, Some(seen)) => self.values(verdict, judge, pattern, seen),
                (Some(span), None) => self.replace(span, text::count(count)),
                (None, None) if pattern.is_plain() => {
                    loud.push(expectation.rule.clone());
                    added.push((expectation.rule.clone(), count));
                }
                (None, None) => {
                    let text = text::first_key(&verdict.case.document.text, pattern.span, "count: none");
                    self.edits.extend(text);
                }
            }
        }
        let mut problems = Vec::new();
        judge.strangers(expectation, &mut problems);
        let moved =
            self.edits.iter().any(|edit| expectation.patterns.iter().any(|pattern| pattern.holds(edit.span)));
        for failure in problems.iter().filter(|_| !moved) {
            self.note(verdict, failure.line, &failure.message);
        }
    }

    /// Takes over the values of the nearest alert.
    fn values(
        &mut self,
        verdict: &Verdict<'_>,
        judge: &Judge<'_>,
        pattern: &Pattern,
        seen: &crate::run::Seen,
    ) {
        let mut done = true;
        for field in &pattern.fields {
            let value = judge.value(field, seen);
            if field.matcher.holds(value) {
                continue;
            }
            match &field.matcher {
                Matcher::Equal(values) if values.len() == 1 => self.replace(field.span, text::scalar(value)),
                _ => done = false,
            }
        }
        if let Some((priority, span)) = pattern.priority
            && let Some((_, of_rule)) = judge.set.fired().nth(seen.rule)
            && of_rule != priority
        {
            self.replace(span, of_rule.name().to_lowercase());
        }
        let moved = pattern.output.as_ref().is_some_and(|matcher| !matcher.holds(seen.output()));
        if !done || moved || !pattern.window.holds(seen, judge.first) {
            let line = verdict.case.document.text.get(..pattern.span.from).unwrap_or_default();
            let line = line.matches('\n').count() + 1;
            self.note(
                verdict,
                line,
                &format!("'{}' matches no pattern, window or output here", judge.rule_name(seen)),
            );
        }
    }

    /// Takes rules out of the list of silent ones.
    fn quieter(&mut self, verdict: &Verdict<'_>, loud: &[String]) {
        let Some(span) = verdict.case.layout.silent else { return };
        let text = &verdict.case.document.text;
        let kept: Vec<&str> = verdict
            .case
            .expectations
            .iter()
            .filter(|expectation| expectation.offset >= span.from && expectation.offset < span.to)
            .map(|expectation| expectation.rule.as_str())
            .filter(|rule| !loud.iter().any(|loud| loud == rule))
            .collect();
        self.edits.push(text::list(text, span, &kept));
    }

    fn lines(&mut self, verdict: &Verdict<'_>, judge: &Judge<'_>) {
        let Some(lines) = &verdict.case.lines else { return };
        if judge.lines(lines).is_none() && lines.texts.is_some() {
            return;
        }
        let expected = lines.texts.as_deref().unwrap_or_default();
        let got = judge.written(expected);
        match &lines.file {
            Some(path) => {
                let text: String = got.iter().map(|line| format!("{line}\n")).collect();
                self.files.push((path.clone(), text));
            }
            None => {
                let got: Vec<&str> = got.iter().map(String::as_str).collect();
                self.edits.push(text::list(&verdict.case.document.text, lines.span, &got));
            }
        }
    }
}

impl Pattern {
    /// Whether a place lies in the pattern.
    fn holds(&self, span: Span) -> bool {
        span.from >= self.span.from && span.to <= self.span.to
    }
}
