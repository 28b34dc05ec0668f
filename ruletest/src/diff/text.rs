//! The report for people.

use std::fmt::Write;

use crate::visible::{shortened, visible};

use super::{Change, Diff, Example, Kind, RuleDiff};
use crate::options::Screen;
use crate::report::Paint;

/// Characters of a condition or a value that are shown.
const SHOWN: usize = 400;

/// Rules that are named of those that a change can have an effect on.
const NAMED: usize = 6;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// The report; empty if nothing differs.
pub(super) fn text(diff: &Diff, screen: Screen) -> String {
    let mut out = String::new();
    if !diff.differs() {
        return out;
    }
    let paint = Paint::new(screen);
    for change in &diff.changes {
        definition(&mut out, change, &paint);
    }
    for rule in &diff.rules {
        alerts(&mut out, diff, rule, &paint);
    }
    line!(out, "alerts: {}", diff.sums());
    out
}

fn definition(out: &mut String, change: &Change, paint: &Paint) {
    let place =
        change.place().map_or(String::new(), |place| format!("{}:{}: ", shown(&place.file), place.line));
    let title = paint.bold(&shown(&change.title()));
    line!(out, "{place}{title} {}", change.what());
    for part in &change.parts {
        for text in &part.gone {
            line!(out, "  {}", paint.bad(&format!("- {}: {}", part.key, shown(text))));
        }
        for text in &part.new {
            line!(out, "  {}", paint.good(&format!("+ {}: {}", part.key, shown(text))));
        }
    }
    if change.is_shared() {
        line!(out, "  {}", used_by(change));
    }
}

/// Which rules a change of something shared can have an effect on.
fn used_by(change: &Change) -> String {
    let names: Vec<String> =
        change.used_by.iter().take(NAMED).map(|name| format!("'{}'", shown(name))).collect();
    match change.used_by.len() {
        0 => "used by no rule that runs".to_owned(),
        1 => format!("used by {}", names.join("")),
        count if count > NAMED => format!("used by {count} rules: {}, …", names.join(", ")),
        count => format!("used by {count} rules: {}", names.join(", ")),
    }
}

fn alerts(out: &mut String, diff: &Diff, rule: &RuleDiff, paint: &Paint) {
    let place = rule.place.as_ref();
    let place = place.map_or(String::new(), |place| format!("{}:{}: ", shown(&place.file), place.line));
    line!(out, "{place}{}: {}", paint.bold(&format!("alerts of '{}'", shown(&rule.name))), sums(rule));
    for kind in Kind::ALL {
        let differing = rule.counts.of(kind);
        for example in &differing.examples {
            one(out, diff, example, paint);
        }
        let more = differing.count.saturating_sub(differing.examples.len() as u64);
        if more > 0 && !differing.examples.is_empty() {
            line!(out, "  … {more} more {}", super::verb(kind, more));
        }
    }
}

/// `3 appear, 1 vanishes, 12 are the same`.
fn sums(rule: &RuleDiff) -> String {
    super::sums(|kind| rule.counts.of(kind).count, rule.counts.same)
}

fn one(out: &mut String, diff: &Diff, example: &Example, paint: &Paint) {
    let capture = diff.captures.get(example.capture).map_or("", |ended| ended.name.as_str());
    let head = format!("{} #{}:", shown(capture), example.number);
    if let Some(line) = &example.before {
        line!(out, "  {} {head} {}", paint.bad("-"), shown(line));
    }
    if let Some(line) = &example.after {
        line!(out, "  {} {head} {}", paint.good("+"), shown(line));
    }
    if let Some(other) = &example.instead {
        let side = if example.after.is_some() { "the old rules raised" } else { "the new rules raise" };
        line!(out, "    {side} an alert of '{}' here", shown(other));
    }
    if let Some(why) = &example.why {
        line!(out, "    {}", shown(why));
    }
}

/// A text without characters that would do something, and not too long.
fn shown(text: &str) -> String {
    shortened(&visible(text.as_bytes()), SHOWN).into_owned()
}
