//! The report for people.

use std::fmt::Write;

use super::{Exception, TunedRule, Tuning, Value};
use crate::options::Screen;
use crate::report::Paint;
use crate::visible::{shortened, visible};

/// Values of an exception that are shown.
const SHOWN: usize = 5;

/// Characters of a line of values.
const WIDTH: usize = 200;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

pub(super) fn text(tuning: &Tuning, screen: Screen) -> String {
    let paint = Paint::new(screen);
    let mut out = String::new();
    tuning.rules.iter().for_each(|rule| one(&mut out, rule, &paint));
    let (before, after) = tuning.good;
    line!(out, "good captures: {before} alerts before, {after} after");
    let (before, after) = tuning.bad;
    line!(out, "bad captures:  {before} alerts before, {after} after: {} lost", before.saturating_sub(after));
    if let Some((before, after)) = tuning.cases {
        line!(out, "tests:         {before} pass before, {after} after");
    }
    out
}

fn one(out: &mut String, rule: &TunedRule, paint: &Paint) {
    let (before, after) = rule.alerts;
    let title = paint.bold(&format!("'{}'", visible(rule.name.as_bytes())));
    line!(
        out,
        "{title}: {} over the good captures, {after} after; {} over the bad captures",
        counted(before, "alert", "alerts"),
        counted(rule.attacks, "match", "matches")
    );
    for exception in &rule.exceptions {
        described(out, exception);
    }
    for remark in &rule.remarks {
        line!(out, "  {}", paint.bad(remark));
    }
    if rule.uncovered > 0 {
        line!(out, "  {} alerts of it come up where another rule is silenced", rule.uncovered);
    }
}

fn described(out: &mut String, exception: &Exception) {
    let demands =
        exception.fields.iter().zip(&exception.comps).map(|(field, comp)| format!("{field} {comp}"));
    let demands = demands.collect::<Vec<_>>().join(", ");
    line!(
        out,
        "  {}: silences {}: {demands}",
        exception.name,
        counted(exception.silences, "match", "matches")
    );
    for values in exception.values.iter().take(SHOWN) {
        let values = values.iter().map(|value| match value {
            Value::One(text) => text.clone(),
            Value::Several(texts) => format!("({})", texts.join(", ")),
        });
        let values = visible(values.collect::<Vec<_>>().join(", ").as_bytes());
        line!(out, "    {}", shortened(&values, WIDTH));
    }
    let more = exception.values.len().saturating_sub(SHOWN);
    if more > 0 {
        line!(out, "    … and {more} more");
    }
    if !exception.whatever.is_empty() {
        line!(out, "    silences these whatever they have as {}", exception.whatever.join(", "));
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
