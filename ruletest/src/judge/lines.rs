//! Alert lines that a case lists whole.

use std::collections::HashSet;

use similar::{DiffOp, capture_diff_slices};

use super::Judge;
use crate::failure::{Failure, Row};
use crate::run::Seen;
use crate::suite::Lines;

/// Rows that agree and are shown around those that do not.
const CONTEXT: usize = 2;

impl Judge<'_> {
    /// Compares all lines in order; nothing if they are equal.
    pub(crate) fn lines(&self, lines: &Lines) -> Option<Failure> {
        let expected = lines.texts.as_deref().unwrap_or_default();
        let got = self.written(expected);
        if got == *expected {
            return None;
        }
        let rows = aligned(expected, &got);
        let count = |tag: fn(&Row) -> bool| rows.iter().filter(|row| tag(row)).count();
        let (missing, extra) =
            (count(|row| row.got.is_none() && !row.same), count(|row| row.expected.is_none() && !row.same));
        let message = format!("the alert lines differ: {missing} missing, {extra} unexpected");
        let line =
            self.case.document.text.get(..lines.span.from).unwrap_or_default().matches('\n').count() + 1;
        Some(Failure { line, message, rows: shortened(rows), ..Failure::default() })
    }
}

impl Judge<'_> {
    /// The lines of all alerts, each in the form in which it stands among the expected ones; a new line takes the form of the
    /// others.
    pub(crate) fn written(&self, expected: &[String]) -> Vec<String> {
        let known: HashSet<&str> = expected.iter().map(String::as_str).collect();
        let stands = |forms: &[String; 3]| forms.iter().position(|form| known.contains(form.as_str()));
        let forms: Vec<[String; 3]> = self.alerts.iter().map(|seen| seen.forms()).collect();
        let usual = forms.iter().find_map(stands).unwrap_or(0);
        let written = forms.into_iter().map(|mut forms| {
            let at = stands(&forms).unwrap_or(usual);
            forms.get_mut(at).map(std::mem::take).unwrap_or_default()
        });
        written.collect()
    }
}

impl Seen {
    /// The line with the time in ISO 8601, with the time of day, and without a time.
    fn forms(&self) -> [String; 3] {
        let (time, text) = self.line.split_once(": ").unwrap_or_default();
        let time = time.split_once('T').map_or(time, |(_, time)| time);
        let time = time.split_once('+').map_or(time, |(time, _)| time);
        [self.line.clone(), format!("{time}: {text}"), text.to_owned()]
    }
}

/// Expected and got lines, each next to its like.
fn aligned(expected: &[String], got: &[String]) -> Vec<Row> {
    let mut rows = Vec::new();
    for op in capture_diff_slices(similar::Algorithm::Myers, expected, got) {
        let (_, old, new) = op.as_tag_tuple();
        if let DiffOp::Equal { .. } = op {
            rows.extend(expected.get(old).unwrap_or_default().iter().map(Row::equal));
            continue;
        }
        let missing = expected.get(old).unwrap_or_default().iter();
        rows.extend(missing.map(|line| Row { expected: Some(line.clone()), got: None, same: false }));
        let extra = got.get(new).unwrap_or_default().iter();
        rows.extend(extra.map(|line| Row { expected: None, got: Some(line.clone()), same: false }));
    }
    rows
}

/// Leaves out rows that agree and are far from those that do not.
fn shortened(rows: Vec<Row>) -> Vec<Row> {
    let differing: Vec<usize> = rows.iter().zip(0..).filter(|(row, _)| !row.same).map(|(_, at)| at).collect();
    let near = |at: usize| differing.iter().any(|other| other.abs_diff(at) <= CONTEXT);
    let kept = rows.into_iter().zip(0..).filter(|(_, at)| near(*at));
    kept.map(|(row, _)| row).collect()
}
