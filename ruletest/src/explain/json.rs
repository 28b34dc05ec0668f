//! An explanation as JSON.

use serde_json::{Map, Value, json};
use tercel_replay::fields::View;
use tercel_rules::load::{Named, Place};

use super::explanation::Explanation;
use super::tree::{Check, Kind, Node, Tree};

impl Explanation {
    /// The event, the answer and the tree as one object.
    pub fn json(&self) -> Value {
        let mut object = json!({
            "event": self.event.json(),
            "rule": self.rule.name,
            "holds": self.look.holds,
            "watches_type": self.look.watches,
            "missed": self.look.missed,
            "tree": node_json(&self.rule.tree, 0, Some(self)),
        });
        if self.look.views > 1 {
            object["paths"] = Value::from(match self.look.view {
                View::Caller => "caller",
                View::Kernel => "kernel",
                View::Inside => "inside",
            });
        }
        object
    }

    fn of_term(&self, term: usize, object: &mut Map<String, Value>) {
        let values = self.values.get(term).into_iter().flatten();
        let values: Map<String, Value> = values
            .map(|(field, value)| {
                let is_missing = value == super::event::MISSING;
                (field.clone(), if is_missing { Value::Null } else { Value::from(value.as_str()) })
            })
            .collect();
        object.insert("values".to_owned(), values.into());
        object.insert("decides".to_owned(), self.deciding.binary_search(&term).is_ok().into());
        object.insert("missed".to_owned(), self.is_missed(term).into());
    }
}

/// A condition without an event.
pub(crate) fn nodes_json(tree: &Tree) -> Value {
    node_json(tree, 0, None)
}

fn node_json(tree: &Tree, at: usize, at_event: Option<&Explanation>) -> Value {
    let Some(node) = tree.nodes.get(at) else { return Value::Null };
    let mut object = Map::new();
    let kind = match node.kind {
        Kind::All => "all",
        Kind::Any => "any",
        Kind::Not => "not",
        Kind::Term(_) => "term",
    };
    object.insert("kind".to_owned(), kind.into());
    name(node, &mut object);
    if let Some(explanation) = at_event {
        object.insert("holds".to_owned(), explanation.is(at).into());
    }
    place(&node.place, &mut object);
    match node.kind {
        Kind::Term(term) => {
            if let Some(check) = tree.checks.get(term) {
                of_check(check, &mut object);
            }
            if let Some(explanation) = at_event {
                explanation.of_term(term, &mut object);
            }
        }
        Kind::All | Kind::Any | Kind::Not => {
            let members: Vec<Value> =
                node.below.iter().map(|below| node_json(tree, *below, at_event)).collect();
            object.insert("members".to_owned(), members.into());
        }
    }
    Value::Object(object)
}

fn of_check(check: &Check, object: &mut Map<String, Value>) {
    object.insert("term".to_owned(), check.written.as_str().into());
    if !check.lists.is_empty() {
        let list = |(name, at): &(String, Place)| {
            let mut list = Map::new();
            list.insert("name".to_owned(), name.as_str().into());
            place(at, &mut list);
            Value::Object(list)
        };
        object.insert("open".to_owned(), check.open.to_string().into());
        object.insert("lists".to_owned(), check.lists.iter().map(list).collect());
    }
    if let Some(items) = check.items {
        object.insert("items".to_owned(), items.into());
    }
}

fn name(node: &Node, object: &mut Map<String, Value>) {
    match &node.named {
        None => {}
        Some(Named::Macro(name, at)) => {
            let mut named = Map::new();
            place(at, &mut named);
            object.insert("macro".to_owned(), name.as_str().into());
            object.insert("named_at".to_owned(), named.into());
        }
        Some(Named::Exception(name)) => drop(object.insert("exception".to_owned(), name.as_str().into())),
    }
}

/// The place as `file`, `line` and `column`.
pub(crate) fn place(place: &Place, object: &mut Map<String, Value>) {
    object.insert("file".to_owned(), (*place.file).into());
    object.insert("line".to_owned(), place.line.into());
    object.insert("column".to_owned(), place.column.into());
}
