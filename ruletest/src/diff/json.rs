//! The report as one JSON object.

use serde_json::{Value, json};
use tercel_format::visible_json;
use tercel_rules::load::Place;

use super::{Change, Diff, Differing, Example, Kind, RuleDiff};

/// The report.
pub(super) fn text(diff: &Diff) -> String {
    let object = json!({
        "version": 1,
        "differs": diff.differs(),
        "definitions": diff.changes.iter().map(definition).collect::<Vec<_>>(),
        "rules": diff.rules.iter().map(|rule| of_rule(diff, rule)).collect::<Vec<_>>(),
        "captures": diff.captures.iter().map(|ended| json!({
            "name": ended.name,
            "events": ended.events,
            "damaged_places": ended.report.places(),
            "error": ended.error.as_ref().map(ToString::to_string),
        })).collect::<Vec<_>>(),
        "summary": {
            "appear": diff.count(Kind::Appears),
            "vanish": diff.count(Kind::Vanishes),
            "change_priority": diff.count(Kind::Priority),
            "change_text": diff.count(Kind::Text),
            "same": diff.same,
        },
    });
    visible_json(&format!("{object:#}\n"))
}

fn place(place: Option<&Place>) -> Value {
    place.map_or(Value::Null, |place| json!({ "file": &*place.file, "line": place.line }))
}

fn definition(change: &Change) -> Value {
    json!({
        "kind": change.thing.name(),
        "name": change.name,
        "rule": change.rule,
        "change": change.what(),
        "before": place(change.before.as_ref()),
        "after": place(change.after.as_ref()),
        "parts": change.parts.iter().map(|part| json!({
            "key": part.key,
            "gone": part.gone,
            "new": part.new,
        })).collect::<Vec<_>>(),
        "used_by": change.used_by,
    })
}

fn of_rule(diff: &Diff, rule: &RuleDiff) -> Value {
    let alerts = |kind| differing(diff, rule.counts.of(kind));
    json!({
        "rule": rule.name,
        "place": place(rule.place.as_ref()),
        "appear": alerts(Kind::Appears),
        "vanish": alerts(Kind::Vanishes),
        "change_priority": alerts(Kind::Priority),
        "change_text": alerts(Kind::Text),
        "same": rule.counts.same,
    })
}

fn differing(diff: &Diff, differing: &Differing) -> Value {
    json!({
        "count": differing.count,
        "examples": differing.examples.iter().map(|example| one(diff, example)).collect::<Vec<_>>(),
    })
}

fn one(diff: &Diff, example: &Example) -> Value {
    json!({
        "capture": diff.captures.get(example.capture).map(|ended| ended.name.as_str()),
        "event": example.number,
        "before": example.before,
        "after": example.after,
        "other_rule": example.instead,
        "why": example.why,
    })
}
