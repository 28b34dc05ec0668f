//! What loading the rules said, held against what a case expects of it.

use crate::failure::{Failure, Row};
use crate::sets::RuleSet;
use crate::suite::{Case, Wanted};

/// What about the loading is not as expected.
pub(crate) fn failures(case: &Case, set: &RuleSet) -> Vec<Failure> {
    let reports = || set.loaded.reports.iter();
    let mut failures = Vec::new();
    if !case.load.errors.is_empty() {
        let errors: Vec<_> = reports().flat_map(|report| &report.errors).collect();
        let found: Vec<String> =
            errors.iter().map(|error| shown(error.code.name(), &error.message, &error.place)).collect();
        let holds = |wanted: &Wanted, at: usize| {
            errors.get(at).is_some_and(|error| wanted.holds(error.code.name(), error))
        };
        failures.extend(compared(case, "errors", &case.load.errors, &found, &holds));
    }
    if let Some(wanted) = &case.load.warnings {
        let warnings: Vec<_> = set.loaded.warnings().collect();
        let found: Vec<String> = warnings
            .iter()
            .map(|warning| shown(warning.code.name(), &warning.message, &warning.place))
            .collect();
        let holds = |wanted: &Wanted, at: usize| {
            warnings.get(at).is_some_and(|warning| wanted.holds(warning.code.name(), warning))
        };
        failures.extend(compared(case, "warnings", wanted, &found, &holds));
    }
    failures
}

fn shown(code: &str, message: &str, place: &tercel_rules::load::Place) -> String {
    format!("{code} {place}: {message}")
}

/// Every finding has to be one that is wanted, and every wanted one has to be found.
fn compared(
    case: &Case,
    what: &str,
    wanted: &[Wanted],
    found: &[String],
    holds: &dyn Fn(&Wanted, usize) -> bool,
) -> Option<Failure> {
    let mut rows = Vec::new();
    for wanted in wanted {
        let at = (0..found.len()).find(|at| holds(wanted, *at));
        let got = at.and_then(|at| found.get(at)).cloned();
        rows.push(Row { expected: Some(wanted.shown()), same: got.is_some(), got });
    }
    for (at, text) in found.iter().enumerate() {
        if !wanted.iter().any(|wanted| holds(wanted, at)) {
            rows.push(Row { expected: None, got: Some(text.clone()), same: false });
        }
    }
    if rows.iter().all(|row| row.same) {
        return None;
    }
    let offset = wanted.first().map_or(case.offset, |wanted| wanted.offset);
    let line = case.document.text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
    Some(Failure {
        line,
        message: format!("loading the rules gave different {what} than expected"),
        rows,
        ..Failure::default()
    })
}
