//! The JSON schema for editors against what the parser takes.

use std::path::Path;

use serde_json::Value;
use tercel_replay::Point;
use tercel_test_support::{Mutation, rounds};

use super::expect::PATTERN_KEYS;
use super::load::{FINDING_KEYS, LOAD_KEYS};
use super::matcher::{Count, MATCHER_KEYS};
use super::read::{CASE_KEYS, FILE_KEY, SELECT_KEYS, read};

fn schema() -> Value {
    let text = include_str!("../../../docs/tercel-test.schema.json");
    serde_json::from_str(text).expect("the schema is JSON")
}

/// The keys that the schema allows at a place, against those of the parser.
#[track_caller]
fn check(schema: &Value, pointer: &str, keys: &[&str]) {
    let properties = schema.pointer(pointer).and_then(Value::as_object).expect("a place of the schema");
    let mut known: Vec<&str> = properties.keys().map(String::as_str).collect();
    let mut wanted = keys.to_vec();
    known.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(known, wanted, "{pointer}");
}

#[test]
fn the_schema_knows_the_keys_that_the_parser_knows() {
    let schema = schema();
    let file: Vec<&str> = CASE_KEYS.into_iter().chain([FILE_KEY]).collect();
    check(&schema, "/properties", &file);
    check(&schema, "/$defs/case/properties", &CASE_KEYS);
    check(&schema, "/$defs/case/properties/select/properties", &SELECT_KEYS);
    check(&schema, "/$defs/case/properties/load/properties", &LOAD_KEYS);
    check(&schema, "/$defs/pattern/properties", &PATTERN_KEYS);
    check(&schema, "/$defs/matcher/anyOf/1/properties", &MATCHER_KEYS);
    check(&schema, "/$defs/finding/anyOf/1/properties", &FINDING_KEYS);
}

#[test]
fn the_schema_takes_the_counts_that_the_parser_takes() {
    let schema = schema();
    let pattern = schema.pointer("/$defs/count/anyOf/1/pattern").and_then(Value::as_str).expect("a pattern");
    let pattern = regex::Regex::new(pattern).expect("a regular expression");
    for text in ["none", "some", "any", "3", "3+", "2..4", "", "-1", "many", "+3", ">=3", "..4", "1.5"] {
        assert_eq!(pattern.is_match(text), Count::parse(text).is_some(), "{text}");
    }
}

#[test]
fn every_property_is_described() {
    fn walk(node: &Value, path: &str, missing: &mut Vec<String>) {
        let Some(object) = node.as_object() else { return };
        for (name, child) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let described = child.get("description").is_some() || child.get("$ref").is_some();
            if !described && child.get("type").is_none() {
                missing.push(format!("{path}/{name}"));
            }
        }
        object.iter().for_each(|(name, child)| walk(child, &format!("{path}/{name}"), missing));
    }
    let mut missing = Vec::new();
    walk(&schema(), "", &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}

/// Such a case could only pass.
#[test]
fn a_reversed_window_is_a_mistake() {
    let case = |from: &str, to: &str| {
        let text = format!("rules: r.yaml\ntrace: t.scap\nexpect: {{r: none}}\nfrom: {from}\nto: {to}\n");
        let point = |text: &str| {
            text.strip_prefix('+')
                .and_then(|text| text.parse().ok())
                .map(Point::Relative)
                .ok_or("no".to_owned())
        };
        read(Path::new("x.test.yaml"), text.as_bytes(), point).map(drop).map_err(|problem| problem.message)
    };
    assert_eq!(case("+1", "+2"), Ok(()));
    assert_eq!(case("+2", "+1"), Err("the window is reversed: 'to' is before 'from'".to_owned()));
}

/// Test files cut at every place, and with pieces put in that mean something: a suite or a mistake with its place.
#[test]
fn cut_and_changed_files_are_suites_or_mistakes() {
    const PIECES: [&str; 12] =
        ["", "\t", "\"", "'", "\n", "\n- ", ": ", "[", "{!,", "${", "&a *a", "matrix: {a: [1, 2]}\n"];
    let every = std::env::var_os("TERCEL_ROUNDS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/tests");
    let files = std::fs::read_dir(folder).expect("the shipped tests");
    let paths = files.map(|file| file.expect("an entry").path());
    let (mut suites, mut mistakes) = (0, 0);
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        let text = std::fs::read_to_string(&path).expect("a test file");
        let step = if every { 1 } else { (text.len() / 8).max(1) };
        for at in (0..=text.len()).step_by(step).filter(|at| text.is_char_boundary(*at)) {
            for piece in PIECES {
                let (before, after) = text.split_at(at);
                for changed in [format!("{before}{piece}"), format!("{before}{piece}{after}")] {
                    match read(&path, changed.as_bytes(), |text| Err(text.to_owned())) {
                        Ok(_) => suites += 1,
                        Err(problem) => {
                            assert!(problem.place.line <= changed.matches('\n').count() + 1, "{problem}");
                            mistakes += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(suites > 100 && mistakes > 100, "{suites} {mistakes}");
}

/// Parts of test files, changed by chance.
#[test]
fn files_changed_by_chance_are_suites_or_mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/tests");
    let paths =
        std::fs::read_dir(folder).expect("the shipped tests").map(|file| file.expect("an entry").path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let texts: Vec<String> = files.map(|path| std::fs::read_to_string(path).expect("a test file")).collect();
    let mut mutation = Mutation::new();
    for _ in 0..rounds().unwrap_or(500) {
        let changed = mutation.of(&texts, "\n");
        if let Err(problem) = read(Path::new("x.test.yaml"), &changed, |text| Err(text.to_owned())) {
            assert!(
                problem.place.line <= changed.iter().filter(|byte| **byte == b'\n').count() + 1,
                "{problem}"
            );
        }
    }
}
