//! A structural check of rule files that informs and never refuses: which keys an item may have and of what type.
//!
//! Falco compares rule files with a JSON schema and reports each failure together with those of the nodes around it,
//! innermost first. The same lines leave here. It takes every scalar for a string.

use std::collections::HashSet;

use super::priority;
use super::yaml::{Mark, Node, NodeKind};

/// What a value has to be.
enum Shape {
    /// Anything.
    Any,
    /// A scalar.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// The name of a priority in capitals.
    Priority,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A scalar, checked as a choice of number and text.
    NumberOrText,
    /// A sequence.
    List(&'static Shape),
    /// A mapping.
    Object(&'static Keys),
}

/// What a mapping may hold.
struct Keys {
    /// Known keys, sorted.
    known: &'static [(&'static str, Shape)],
    /// Keys that must be there, sorted.
    required: &'static [&'static str],
    /// Whether it must not be empty.
    non_empty: bool,
}

static TEXT: Shape = Shape::Text;
static NUMBER_OR_TEXT: Shape = Shape::NumberOrText;
static RULES: Shape = Shape::List(&Shape::Object(&ITEM));
static EXCEPTION: Shape = Shape::Object(&Keys {
    known: &[("comps", Shape::Any), ("fields", Shape::Any), ("name", Shape::Text), ("values", Shape::Any)],
    required: &["name"],
    non_empty: false,
});
static ALTERNATIVE: Shape = Shape::Object(&Keys {
    known: &[("name", Shape::Text), ("version", Shape::Text)],
    required: &["name", "version"],
    non_empty: false,
});
static REQUIREMENT: Shape = Shape::Object(&Keys {
    known: &[("alternatives", Shape::List(&ALTERNATIVE)), ("name", Shape::Text), ("version", Shape::Text)],
    required: &["name", "version"],
    non_empty: false,
});
const OPERATION: Shape = Shape::OneOf(&["append", "replace"]);
static OVERRIDE: Keys = Keys {
    known: &[
        ("capture", OPERATION),
        ("capture_before", OPERATION),
        ("capture_duration", OPERATION),
        ("condition", OPERATION),
        ("desc", OPERATION),
        ("enabled", OPERATION),
        ("exceptions", OPERATION),
        ("items", OPERATION),
        ("output", OPERATION),
        ("priority", OPERATION),
        ("skip-if-unknown-filter", OPERATION),
        ("tags", OPERATION),
        ("warn_evttypes", OPERATION),
    ],
    required: &[],
    non_empty: true,
};
static ITEM: Keys = Keys {
    known: &[
        ("append", Shape::Bool),
        ("capture", Shape::Bool),
        ("capture_before", Shape::NumberOrText),
        ("capture_duration", Shape::Integer),
        ("condition", Shape::Text),
        ("desc", Shape::Text),
        ("enabled", Shape::Bool),
        ("exceptions", Shape::List(&EXCEPTION)),
        ("items", Shape::List(&NUMBER_OR_TEXT)),
        ("list", Shape::Text),
        ("macro", Shape::Text),
        ("output", Shape::Text),
        ("override", Shape::Object(&OVERRIDE)),
        ("priority", Shape::Priority),
        ("required_engine_version", Shape::Text),
        ("required_plugin_versions", Shape::List(&REQUIREMENT)),
        ("rule", Shape::Text),
        ("skip-if-unknown-filter", Shape::Bool),
        ("source", Shape::Text),
        ("tags", Shape::List(&TEXT)),
        ("warn_evttypes", Shape::Bool),
    ],
    required: &[],
    non_empty: false,
};

/// A key that is no scalar cannot be compared with names; the whole file is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadKey(pub(super) Mark);

/// Checks a document. The failures, or `ok`.
pub(super) fn check(root: &Node) -> Result<Vec<String>, BadKey> {
    let mut checker = Checker { failures: Vec::new() };
    let valid = checker.node(root, &RULES, "<root>")?;
    if valid {
        checker.failures.push("ok".to_owned());
    }
    Ok(checker.failures)
}

/// Keys of items that stand twice, with the place of the second. Falco's check fails for them without saying which.
pub(super) fn repeated_keys(root: &Node) -> Vec<(String, Mark)> {
    let mut found = Vec::new();
    for item in root.sequence().unwrap_or_default() {
        let mut seen = HashSet::new();
        for (key, _) in item.mapping().unwrap_or_default() {
            if let Some(name) = key.scalar().filter(|name| !seen.insert(*name)) {
                found.push((name.to_owned(), key.mark));
            }
        }
    }
    found
}

struct Checker {
    failures: Vec<String>,
}

impl Checker {
    fn fail(&mut self, path: &str, reason: &str) -> bool {
        self.failures.push(format!("failed for {path}: {reason}"));
        false
    }

    fn wrong_type(&mut self, path: &str) -> bool {
        self.fail(path, "Value type not permitted by 'type' constraint.")
    }

    fn node(&mut self, node: &Node, shape: &Shape, path: &str) -> Result<bool, BadKey> {
        let text = node.scalar();
        Ok(match shape {
            Shape::Any => true,
            Shape::Text => text.is_some() || self.wrong_type(path),
            Shape::Bool => matches!(text, Some("true" | "false")) || self.wrong_type(path),
            Shape::Integer => text.is_some_and(is_integer) || self.wrong_type(path),
            Shape::Priority => {
                self.one_of(text, priority::NAMES.iter().map(|(name, _)| name.to_uppercase()), path)
            }
            Shape::OneOf(texts) => self.one_of(text, texts.iter().map(|text| (*text).to_owned()), path),
            Shape::NumberOrText => text.is_some() || self.no_choice(path),
            Shape::List(inner) => self.list(node, inner, path)?,
            Shape::Object(keys) => self.object(node, keys, path)?,
        })
    }

    fn one_of(&mut self, text: Option<&str>, mut allowed: impl Iterator<Item = String>, path: &str) -> bool {
        let typed = text.is_some() || self.wrong_type(path);
        let equal = text.is_some_and(|text| allowed.any(|other| other == text))
            || self.fail(path, "Failed to match against any enum values.");
        typed && equal
    }

    fn no_choice(&mut self, path: &str) -> bool {
        for choice in 0..2 {
            self.wrong_type(path);
            self.fail(path, &format!("Failed to validate against child schema #{choice}."));
        }
        self.fail(path, "Failed to validate against any schemas allowed by anyOf constraint.")
    }

    fn list(&mut self, node: &Node, inner: &Shape, path: &str) -> Result<bool, BadKey> {
        let Some(items) = node.sequence() else { return Ok(self.wrong_type(path)) };
        let mut valid = true;
        // Of a list of scalars every one is right: no path has to be written for each.
        let scalars = matches!(inner, Shape::Text | Shape::NumberOrText);
        let checked = items.iter().enumerate().filter(|(_, item)| !(scalars && item.scalar().is_some()));
        for (number, item) in checked {
            if !self.node(item, inner, &format!("{path}[{number}]"))? {
                valid = self.fail(path, &format!("Failed to validate item #{number} in array."));
            }
        }
        Ok(valid)
    }

    fn object(&mut self, node: &Node, keys: &Keys, path: &str) -> Result<bool, BadKey> {
        let pairs = match &node.kind {
            NodeKind::Mapping(pairs) => pairs.as_slice(),
            NodeKind::Sequence(items) if items.is_empty() => &[],
            _ => return Ok(self.wrong_type(path)),
        };
        let mut valid = node.mapping().is_some() || self.wrong_type(path);
        let mut names = Vec::with_capacity(pairs.len());
        for (key, _) in pairs {
            match &key.kind {
                NodeKind::Scalar(name) => names.push(name.as_str()),
                NodeKind::Null => names.push("null"),
                _ => return Err(BadKey(key.mark)),
            }
        }
        if keys.non_empty && pairs.is_empty() {
            valid = self.fail(path, "Object should have no fewer than 1 properties.");
        }
        let mut matched = 0;
        for (name, shape) in keys.known {
            let found = names.iter().position(|known| known == name).and_then(|at| pairs.get(at));
            let Some((_, value)) = found else { continue };
            matched += 1;
            if !self.node(value, shape, &format!("{path}[\"{name}\"]"))? {
                valid = self.fail(
                    path,
                    &format!("Failed to validate against schema associated with property name '{name}'."),
                );
            }
        }
        if matched != pairs.len() {
            let known = |name: &str| keys.known.iter().any(|(known, _)| *known == name);
            let unwanted = names.iter().find(|name| !known(name)).unwrap_or(&"");
            let reason = format!(
                "Object contains a property that could not be validated using 'properties' or \
                 'additionalProperties' constraints: '{unwanted}'."
            );
            valid = self.fail(path, &reason);
        }
        for name in keys.required {
            if !names.contains(name) {
                valid = self.fail(path, &format!("Missing required property '{name}'."));
            }
        }
        Ok(valid)
    }
}

/// A whole number of 64 bits, blanks before it allowed.
fn is_integer(text: &str) -> bool {
    let text = text.trim_start();
    text.strip_prefix('+')
        .map_or(text.parse::<i64>().is_ok(), |digits| digits.parse::<u64>().is_ok_and(|n| n >> 63 == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::yaml::parse;

    fn run(text: &str, expected: &[&str]) {
        let documents = parse(text).unwrap();
        assert_eq!(check(&documents[0]).unwrap(), expected, "{text}");
    }

    #[test]
    fn failures_come_with_those_around_them() {
        run("- rule: a\n  priority: INFO\n  enabled: true\n  tags: [x]\n", &["ok"]);
        run("- list: a\n  items: [1, b]\n", &["ok"]);
        run("a: b\n", &["failed for <root>: Value type not permitted by 'type' constraint."]);
        let around = "failed for <root>: Failed to validate item #0 in array.";
        run(
            "- rule: a\n  rule: b\n",
            &[
                "failed for <root>[0]: Object contains a property that could not be validated using 'properties' or \
                 'additionalProperties' constraints: ''.",
                around,
            ],
        );
        run(
            "- rule: a\n  priority: info\n",
            &[
                "failed for <root>[0][\"priority\"]: Failed to match against any enum values.",
                "failed for <root>[0]: Failed to validate against schema associated with property name 'priority'.",
                around,
            ],
        );
        run(
            "- rule: a\n  override: {}\n",
            &[
                "failed for <root>[0][\"override\"]: Object should have no fewer than 1 properties.",
                "failed for <root>[0]: Failed to validate against schema associated with property name 'override'.",
                around,
            ],
        );
        assert_eq!(
            check(&parse("- [a]: b\n").unwrap()[0]),
            Err(BadKey(Mark { offset: 2, line: 0, column: 2 }))
        );
    }
}
