//! The YAML reader against serde_yaml, which stands on the same parser: both have to see the same data in shipped files.

use std::path::Path;

use serde::Deserialize;
use serde_yaml::Value;
use tercel_rules::load::yaml::{self, Node, NodeKind};

/// Whether a node is what serde_yaml read; it takes some texts for numbers and truth values.
fn equal(node: &Node, value: &Value) -> bool {
    match (&node.kind, value) {
        (NodeKind::Null, Value::Null) => true,
        (NodeKind::Scalar(text), Value::String(other)) => text == other,
        (NodeKind::Scalar(text), Value::Number(_) | Value::Bool(_)) => {
            serde_yaml::from_str::<Value>(text).is_ok_and(|other| other == *value)
        }
        (NodeKind::Sequence(items), Value::Sequence(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| equal(item, other))
        }
        (NodeKind::Mapping(pairs), Value::Mapping(others)) => {
            pairs.len() == others.len()
                && pairs
                    .iter()
                    .zip(others)
                    .all(|((key, value), (other_key, other))| equal(key, other_key) && equal(value, other))
        }
        _ => false,
    }
}

#[test]
fn shipped_files_are_read_as_by_serde_yaml() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut read = 0;
    for directory in ["rules", "docs/packaging", "testdata/tests"] {
        let Ok(entries) = std::fs::read_dir(root.join(directory)) else { continue };
        for path in entries.map(|entry| entry.expect("readable entry").path()) {
            if path.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("readable file");
            let documents = yaml::parse(&text).expect("YAML");
            let values = serde_yaml::Deserializer::from_str(&text)
                .map(|document| Value::deserialize(document).expect("YAML"));
            let values: Vec<Value> = values.filter(|value| !value.is_null()).collect();
            let same = documents.len() == values.len()
                && documents.iter().zip(&values).all(|(root, value)| equal(root, value));
            assert!(same, "{}", path.display());
            read += 1;
        }
    }
    assert!(read >= 2, "{read} files");
}
