//! Exceptions as a file of rules in Falco's syntax, to be loaded after the rules: an item per rule that appends to its exceptions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use tercel_format::{visible, visible_json};

use super::fields::{FIELDS, Tuple};
use super::propose::{Demand, Row, silences};

/// An exception with a name, ready to be written.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Its name, which no other exception of the rule has.
    pub name: String,
    /// Its fields.
    pub fields: Vec<&'static str>,
    /// The operator of each.
    pub comps: Vec<&'static str>,
    /// Values of all fields, as the rule language writes them.
    pub values: Vec<Vec<Value>>,
    /// Matches over the good captures that it silences.
    pub silences: u64,
    /// Fields that these have, and that it does not look at: whatever they say, it silences the rule.
    pub whatever: Vec<&'static str>,
}

/// A value of a tuple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// The exceptions of a rule: rows of the same fields and operators are the values of one. `taken` are names that it has already,
/// `good` the matches that are silenced.
pub(super) fn exceptions(rows: &[Row], taken: &BTreeSet<&str>, good: &[(&Tuple, u64)]) -> Vec<Exception> {
    let mut shapes: BTreeMap<Vec<(usize, bool)>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let shape = row.iter().map(|(field, demand)| (*field, matches!(demand, Demand::Below(_))));
        shapes.entry(shape.collect()).or_default().push(row);
    }
    let mut names =
        (1..).map(|number| format!("tuned_{number}")).filter(|name| !taken.contains(name.as_str()));
    let one = |(shape, rows): (Vec<(usize, bool)>, Vec<&Row>)| {
        let is_single = |field: usize| {
            rows.iter().all(|row| matches!(row.get(&field), Some(Demand::In(values)) if values.len() == 1))
        };
        let singles: Vec<bool> = shape.iter().map(|(field, _)| is_single(*field)).collect();
        let comps = shape.iter().zip(&singles).map(|((_, below), single)| match (below, single) {
            (true, _) => "startswith",
            (false, true) => "=",
            (false, false) => "in",
        });
        let values = rows.iter().map(|row| {
            let written = row.values().zip(&singles).map(|(demand, single)| match demand {
                Demand::Below(directory) => Value::One(literal(directory)),
                Demand::In(values) if *single => {
                    Value::One(values.iter().map(|value| literal(value)).collect())
                }
                Demand::In(values) => Value::Several(values.iter().map(|value| literal(value)).collect()),
            });
            written.collect()
        });
        let silenced = good.iter().filter(|(tuple, _)| rows.iter().any(|row| silences(row, tuple)));
        let occurs =
            |field: usize| silenced.clone().any(|(tuple, _)| tuple.get(field).is_some_and(Option::is_some));
        let free =
            (0..FIELDS.len()).filter(|field| !shape.iter().any(|(own, _)| own == field) && occurs(*field));
        Exception {
            silences: silenced.clone().map(|(_, events)| events).sum(),
            whatever: free.filter_map(|field| Some(FIELDS.get(field)?.0)).collect(),
            name: names.next().unwrap_or_default(),
            fields: shape.iter().filter_map(|(field, _)| Some(FIELDS.get(*field)?.0)).collect(),
            comps: comps.collect(),
            values: values.collect(),
        }
    };
    shapes.into_iter().map(one).collect()
}

/// A value as the rule language writes it: bare where that is possible, otherwise in double quotes. Falco puts quotes around values
/// with blanks only. No value contains a quote or a backslash.
fn literal(value: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !value.starts_with('-') && value.chars().all(is_bare) {
        return value.to_owned();
    }
    format!("\"{value}\"")
}

/// The file.
pub(super) fn file(rules: &[(&str, &[Exception])]) -> String {
    let mut out = String::from(
        "# Exceptions proposed by 'tercel tune'. Load this file after the rules; read each exception before you do: what it\n\
         # describes gives no alert any more.\n",
    );
    for (rule, exceptions) in rules.iter().filter(|(_, exceptions)| !exceptions.is_empty()) {
        let _ = writeln!(out, "\n- rule: {}\n  exceptions:", scalar(rule));
        for exception in *exceptions {
            let _ = writeln!(out, "    - name: {}", exception.name);
            let _ = writeln!(
                out,
                "      fields: [{}]",
                exception.fields.iter().map(|field| scalar(field)).collect::<Vec<_>>().join(", ")
            );
            let comps = exception.comps.iter().map(|comp| scalar(comp)).collect::<Vec<_>>();
            let _ = writeln!(out, "      comps: [{}]", comps.join(", "));
            let _ = writeln!(out, "      values:");
            for values in &exception.values {
                let values = values.iter().map(|value| match value {
                    Value::One(text) => scalar(text),
                    Value::Several(texts) => {
                        format!("[{}]", texts.iter().map(|text| scalar(text)).collect::<Vec<_>>().join(", "))
                    }
                });
                let _ = writeln!(out, "        - [{}]", values.collect::<Vec<_>>().join(", "));
            }
        }
        let _ = writeln!(out, "  override:\n    exceptions: append");
    }
    out
}

/// A text as YAML writes it: in single quotes where it could be taken for something else, and in double ones, with escapes, where it has
/// characters that a file cannot have or does not show.
fn scalar(text: &str) -> String {
    if visible(text.as_bytes()) != text {
        return visible_json(&serde_json::Value::from(text).to_string());
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let is_word =
        matches!(text.to_ascii_lowercase().as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off");
    if starts && !is_word && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_rules::{Loader, Options};

    #[test]
    fn names_are_read_as_they_were() {
        let rows = [Row::from([(4, Demand::In(BTreeSet::from([Box::from("z")])))])];
        let exceptions = exceptions(&rows, &BTreeSet::new(), &[]);
        for (name, written) in [("a\u{1b}[1m\u{202e}'", r#""a\u001b[1m\u202e'""#), ("it's: a", "'it''s: a'")]
        {
            let text = file(&[(name, &exceptions)]);
            assert!(text.contains(&format!("\n- rule: {written}\n")), "{text}");
            let mut loader = Loader::new(Options::default());
            let rest = "  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n";
            assert!(loader.file("r.yaml", &format!("- rule: {written}\n{rest}")).successful());
            let report = loader.file("r.local.yaml", &text);
            assert!(report.successful(), "{report}\n{text}");
            assert_eq!(loader.finish().rules[0].name, name);
        }
    }

    #[test]
    fn values_are_read_as_they_were() {
        let values = ["sh", "sh -c 'a, b' c", "a,b", "(x)", "null", "it's", "ü", "a=b", "#x: y", "-bash"];
        let rows: Vec<Row> = values
            .iter()
            .map(|value| Row::from([(4, Demand::In(BTreeSet::from([Box::from(*value), Box::from("z")])))]))
            .collect();
        let rule =
            "- rule: 'A: b'\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: INFO\n";
        let exceptions = exceptions(&rows, &BTreeSet::from(["tuned_1"]), &[]);
        assert_eq!(exceptions.len(), 1);
        assert_eq!((exceptions[0].name.as_str(), exceptions[0].comps[0]), ("tuned_2", "in"));
        let text = file(&[("A: b", &exceptions)]);
        let mut loader = Loader::new(Options::default());
        assert!(loader.file("r.yaml", rule).successful());
        let report = loader.file("r.local.yaml", &text);
        assert!(report.successful(), "{report}\n{text}");
        let program = loader.finish().program;
        for value in values {
            let shown = format!("{:?}", value.as_bytes());
            let found = program
                .checks
                .iter()
                .any(|check| format!("{check:?}").contains(shown.trim_matches(['[', ']'])));
            assert!(found, "{value}: {text}");
        }
    }
}
