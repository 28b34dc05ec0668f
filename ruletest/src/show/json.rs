//! A rule as JSON.

use serde_json::{Map, Value, json};
use tercel_rules::load::{Change, Place};

use super::{RuleView, words};
use crate::explain::{nodes_json, place_json, type_names};

impl RuleView {
    /// The rule as one object.
    pub fn json(&self) -> Value {
        let info = &self.parts.info;
        let place = |place: &Place| {
            let mut object = Map::new();
            place_json(place, &mut object);
            Value::Object(object)
        };
        let change = |change: &Change| {
            let mut object = Map::new();
            object.insert("what".to_owned(), words(change).into());
            object.insert("keys".to_owned(), change.keys.clone().into());
            place_json(&change.place, &mut object);
            Value::Object(object)
        };
        let changes = |changes: &[Change]| -> Vec<Value> { changes.iter().map(change).collect() };
        let definitions = |definitions: &[(String, Vec<Change>)]| -> Vec<Value> {
            let one = |(name, of): &(String, Vec<Change>)| json!({ "name": name, "changes": changes(of) });
            definitions.iter().map(one).collect()
        };
        let exceptions = self.parts.exceptions.iter().map(|exception| {
            json!({
                "name": exception.name,
                "fields": exception.fields,
                "comps": exception.comps,
                "values": exception.values,
                "place": place(&exception.place),
            })
        });
        let mut object = json!({
            "name": info.name,
            "description": info.desc,
            "priority": info.priority.name(),
            "state": super::text::state(info.state),
            "source": info.source,
            "tags": info.tags,
            "condition": info.condition,
            "condition_at": self.parts.condition.iter().map(place).collect::<Vec<_>>(),
            "output": info.output,
            "output_at": self.parts.output.iter().map(place).collect::<Vec<_>>(),
            "changes": changes(&self.parts.changes),
            "fields": self.fields,
            "output_fields": self.parts.output_fields,
            "macros": definitions(&self.macros),
            "lists": definitions(&self.lists),
            "exceptions": exceptions.collect::<Vec<_>>(),
        });
        if let Some((resolved, tree)) = &self.resolved {
            object["event_types"] = type_names(&resolved.events).into();
            object["tree"] = nodes_json(tree);
        }
        if let Some(tests) = &self.tests {
            let test = |test: &super::Covering| json!({ "file": test.file, "line": test.line, "case": test.case, "expects": test.expects, "silent": test.is_silent });
            object["tests"] = tests.iter().map(test).collect();
        }
        object
    }
}
