//! The Test Anything Protocol, version 14: a line per case, and why a case failed as YAML after its line.

use std::fmt::Write;

use crate::failure::{Failure, Status};
use crate::verdict::Run;

/// The report.
pub(crate) fn text(run: &Run<'_>) -> String {
    let count = run.verdicts.len() + run.broken.len();
    let mut out = format!("TAP version 14\n1..{count}\n");
    let mut number = 0;
    let mut point = |good: bool, title: &str, reason: Option<serde_json::Value>| {
        number += 1;
        let not = if good { "" } else { "not " };
        // A number sign would start a directive.
        let title = title.replace('\\', "\\\\").replace('#', "\\#").replace(['\n', '\r'], " ");
        let _ = writeln!(out, "{not}ok {number} - {title}");
        if let Some(reason) = reason {
            // JSON is YAML.
            let _ = writeln!(out, "  ---\n  {reason}\n  ...");
        }
    };
    for file in &run.broken {
        let title = file.path.display().to_string();
        point(false, &title, Some(serde_json::json!({ "error": file.problem.to_string() })));
    }
    for verdict in &run.verdicts {
        let title = verdict.case.title();
        match &verdict.status {
            Status::Passed => point(true, &title, None),
            Status::Failed(failures) => {
                let name = &verdict.case.document.name;
                let message = |failure: &Failure| format!("{name}:{}: {}", failure.line, failure.message);
                let messages: Vec<String> = failures.iter().map(message).collect();
                let mut reason = serde_json::json!({ "failures": messages });
                let nearest: Vec<&str> =
                    failures.iter().flat_map(|failure| &failure.nearest).map(String::as_str).collect();
                if !nearest.is_empty() {
                    reason["nearest"] = nearest.into();
                }
                point(false, &title, Some(reason));
            }
            Status::Broken(_, reason) => {
                point(false, &title, Some(serde_json::json!({ "error": reason })));
            }
        }
    }
    out
}
