//! The report as one JSON object.

use serde_json::{Value, json};
use tercel_format::visible_json;
use tercel_replay::Cost;
use tercel_rules::load::Place;

use super::RulesProfile;

pub(super) fn text(profile: &RulesProfile, times: bool) -> String {
    let share = |tenths: u32| times.then_some(f64::from(tenths) / 10.0);
    let object = json!({
        "version": 1,
        "events": profile.event_count(),
        "conditions_percent": share(profile.conditions),
        "rules": profile.rules.iter().map(|row| {
            let mut object = costs(&row.cost, share(row.share));
            object["rule"] = row.name.as_str().into();
            object["place"] = row.place.as_ref().map_or(Value::Null, place);
            object["events"] = row.events.into();
            object["alone"] = row.alone.as_ref().map_or(Value::Null, |cost| costs(cost, share(row.share_alone)));
            object
        }).collect::<Vec<_>>(),
        "macros": profile.macros.iter().map(|row| {
            let mut object = costs(&row.cost, share(row.share));
            object["macro"] = row.name.as_str().into();
            object["place"] = place(&row.place);
            object["terms"] = row.terms.into();
            object["rules"] = row.rules.into();
            object
        }).collect::<Vec<_>>(),
        "terms": profile.terms.iter().map(|row| {
            let mut object = costs(&row.cost, share(row.share));
            object["term"] = row.text.as_str().into();
            object["place"] = place(&row.place);
            object["macros"] = row.macros.clone().into();
            object["rules"] = row.rules.into();
            object["with_others"] = row.is_joined.into();
            object
        }).collect::<Vec<_>>(),
        "event_types": profile.events.iter().map(|row| {
            let mut object = costs(&row.cost, share(row.share));
            object["type"] = row.name.as_str().into();
            object["is_exit"] = row.is_exit.into();
            object["events"] = row.events.into();
            object
        }).collect::<Vec<_>>(),
        "rewrites": profile.advice.iter().map(|advice| json!({
            "kind": advice.rewrite.name(),
            "rule": advice.rule,
            "place": place(&advice.place),
            "text": advice.text,
            "questions": advice.spares,
        })).collect::<Vec<_>>(),
    });
    visible_json(&format!("{object:#}\n"))
}

fn costs(cost: &Cost, share: Option<f64>) -> Value {
    let mut object = json!({ "asked": cost.asked, "held": cost.held });
    if let Some(share) = share {
        object["share_percent"] = share.into();
    }
    object
}

fn place(place: &Place) -> Value {
    json!({ "file": &*place.file, "line": place.line })
}
