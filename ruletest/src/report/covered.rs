//! What the cases cover, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};
use tercel_rules::load::PartKind;

use crate::coverage::{Coverage, Side};

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// Kinds of parts that are summed up. Checks are many; they are listed where someone asks for more.
const KINDS: [(PartKind, &str); 4] = [
    (PartKind::Macro, "macros"),
    (PartKind::List, "lists"),
    (PartKind::Exception, "exceptions"),
    (PartKind::Check, "checks"),
];

/// The text: sums first, then what is missing.
pub(crate) fn text(coverage: &Coverage, verbose: bool, fail_under: Option<f64>) -> String {
    let mut out = String::from("coverage:\n");
    let rules = coverage.rules.len();
    for (side, words) in [(Side::Fires, "rules shown to fire"), (Side::Silent, "rules shown to be silent")] {
        let shown = rules - coverage.missing(side).count();
        line!(out, "  {words}: {shown} of {rules} ({:.1} %)", coverage.percent(side));
    }
    for (kind, words) in KINDS {
        let (all, idle) = coverage.parts_of(kind);
        line!(out, "  {words} that made a difference: {} of {all}", all - idle.len());
    }
    for ((file, line, name), _) in coverage.missing(Side::Fires) {
        line!(out, "  {file}:{line}: no case fires rule '{name}'");
    }
    for ((file, line, name), shown) in coverage.missing(Side::Silent) {
        let why = if shown.named_silent {
            "is silent where it should be, but no event is near it"
        } else {
            "is never shown to be silent"
        };
        line!(out, "  {file}:{line}: rule '{name}' {why}");
    }
    for (kind, _) in KINDS.iter().filter(|(kind, _)| verbose || *kind != PartKind::Check) {
        for part in coverage.parts_of(*kind).1 {
            line!(out, "  {}: {} never made a difference", part.place, part.title);
        }
    }
    for name in coverage.idle.iter().filter(|_| verbose) {
        line!(out, "  rule '{name}' runs in no case and is not counted");
    }
    if let Some(least) = fail_under.filter(|least| !coverage.reaches(*least)) {
        line!(out, "  FAILED: less than --fail-under {least}");
    }
    out
}

/// The same as JSON.
pub(crate) fn json(coverage: &Coverage) -> Value {
    let missing = |side| -> Vec<Value> {
        let rules = coverage.missing(side);
        rules.map(|((file, line, name), _)| json!({ "rule": name, "file": file, "line": line })).collect()
    };
    let mut object = json!({
        "rules": coverage.rules.len(),
        "fires_percent": coverage.percent(Side::Fires),
        "silent_percent": coverage.percent(Side::Silent),
        "never_fired": missing(Side::Fires),
        "never_silent": missing(Side::Silent),
    });
    for (kind, words) in KINDS {
        let (all, idle) = coverage.parts_of(kind);
        let idle: Vec<Value> = idle
            .iter()
            .map(|part| json!({ "title": part.title, "file": &*part.place.file, "line": part.place.line }))
            .collect();
        object[words] = json!({ "all": all, "no_difference": idle });
    }
    object
}
