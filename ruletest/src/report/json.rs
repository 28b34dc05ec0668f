//! The report as one JSON object.

use serde_json::{Value, json};

use super::covered;
use crate::coverage::Coverage;
use crate::failure::{Failure, Status};
use crate::verdict::{Run, Verdict};

/// The report. `verbose` adds every alert.
pub(crate) fn text(run: &Run<'_>, coverage: Option<&Coverage>, verbose: bool) -> String {
    let tally = run.tally();
    let broken: Vec<Value> = run
        .broken
        .iter()
        .map(|file| json!({ "file": file.path.display().to_string(), "status": "error", "error": file.problem.to_string() }))
        .collect();
    let cases: Vec<Value> = run.verdicts.iter().map(|verdict| case(verdict, verbose)).collect();
    let mut object = json!({
        "version": 1,
        "files": broken,
        "cases": cases,
        "summary": {
            "passed": tally.passed,
            "failed": tally.failed,
            "errors": tally.broken,
            "captures_decoded": run.work.captures,
            "events": run.work.events,
            "evaluations": run.work.evaluations,
            "rule_sets": run.work.sets,
        },
    });
    if let Some(coverage) = coverage {
        object["coverage"] = covered::json(coverage);
    }
    format!("{object:#}\n")
}

fn case(verdict: &Verdict<'_>, verbose: bool) -> Value {
    let case = verdict.case;
    let mut object = json!({
        "file": &*case.document.name,
        "line": case.line,
        "name": case.name,
        "trace": case.trace.as_ref().map(|trace| trace.path.display().to_string()),
        "status": match &verdict.status {
            Status::Passed => "passed",
            Status::Failed(_) => "failed",
            Status::Broken(..) => "error",
        },
    });
    match &verdict.status {
        Status::Passed => {}
        Status::Failed(failures) => {
            object["failures"] = failures.iter().map(failure).collect();
        }
        Status::Broken(_, reason) => object["error"] = reason.as_str().into(),
    }
    if verbose {
        let alert = |(rule, seen): (&str, &crate::run::Seen)| json!({ "rule": rule, "event": seen.number, "line": seen.line });
        object["alerts"] = verdict.alerts().map(alert).collect();
    }
    object
}

fn failure(failure: &Failure) -> Value {
    let rows: Vec<Value> = failure
        .rows
        .iter()
        .map(|row| json!({ "expected": row.expected, "got": row.got, "same": row.same }))
        .collect();
    json!({
        "line": failure.line,
        "rule": failure.rule,
        "rule_at": failure.rule_at,
        "message": failure.message,
        "rows": rows,
        "nearest": failure.nearest,
        "near": failure.near,
    })
}
