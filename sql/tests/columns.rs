//! `events` against Falco's values: what a query shows of a field is what the corpus' dumps say of the same event. Rows that differ because the
//! dumps show something that no capture holds are rare; replay/tests/fields.rs names their classes.
//!
//! The corpus is not part of the repository; without it the check is skipped.
#![cfg(feature = "sqlite")]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use serde_json::{Map, Value};
use tercel_format::Capture;
use tercel_sql::{Database, EVENTS, Source, ValueRef, schema};
use tercel_test_support::{captures_of, corpus, require};

/// Events of a capture that are compared at most.
const EVENTS_OF_EACH: usize = 20_000;

/// Share of cells that have to be equal.
const WANTED: f64 = 0.999;

fn database(path: &Path) -> Database {
    let path = path.to_owned();
    let source = Source {
        names: vec![path.display().to_string()],
        open: Arc::new(move |_| Capture::open(&path, &|bytes| bytes).map_err(io::Error::other)),
        ended: Arc::new(|_, _, _| ()),
        rules: None,
        paths: tercel_replay::Paths::default(),
        threads: 2,
        memory: 1 << 30,
    };
    Database::new(source).expect("SQLite")
}

/// The first rows of a dump, by the numbers of their events.
fn dump(path: &Path) -> Option<HashMap<i64, Map<String, Value>>> {
    let lines = BufReader::new(GzDecoder::new(BufReader::new(File::open(path).ok()?))).lines();
    // After the rows Falco says how many there were.
    let rows = lines.map_while(Result::ok).filter(|line| line.starts_with('{')).take(EVENTS_OF_EACH);
    let row = |line: String| {
        let row: Value = serde_json::from_str(&line).expect("JSON");
        let fields = row["output_fields"].as_object().expect("fields").clone();
        (fields["evt.num"].as_i64().expect("a number"), fields)
    };
    Some(rows.map(row).collect())
}

/// Whether a value of SQLite is one of JSON: it has no truth values and no numbers above `i64::MAX`.
fn is_same(found: ValueRef<'_>, expected: &Value) -> bool {
    match (found, expected) {
        (ValueRef::Null, Value::Null) => true,
        (ValueRef::Integer(number), Value::Bool(is)) => number == i64::from(*is),
        (ValueRef::Integer(number), Value::Number(expected)) => expected.as_i64() == Some(number),
        (ValueRef::Real(number), Value::Number(expected)) => expected.as_f64() == Some(number),
        (ValueRef::Text(text), Value::Number(expected)) => text == expected.to_string().as_bytes(),
        (ValueRef::Text(text), Value::String(expected)) => text == expected.as_bytes(),
        _ => false,
    }
}

#[test]
fn columns_of_events_are_the_fields_of_the_corpus() {
    let Some(corpus) = require("columns of events in SQL", corpus()) else { return };
    let known: Vec<String> = schema()
        .into_iter()
        .find(|(name, _)| *name == EVENTS)
        .map(|(_, columns)| columns.into_iter().map(|(name, _)| name).collect())
        .expect("the table of events");
    let (mut rows, mut cells) = (0, 0);
    let mut different: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for capture in captures_of(&corpus.join("captures")) {
        let name = capture.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Some(dump) = dump(&corpus.join(format!("fields/{name}.falcofields.jsonl.gz"))) else { continue };
        let Some(first) = dump.values().next() else { continue };
        let fields: Vec<&String> =
            first.keys().filter(|key| known.contains(&key.replace('.', "_"))).collect();
        let last = dump.keys().max().copied().unwrap_or(0);
        let columns: Vec<String> = fields.iter().map(|field| field.replace('.', "_")).collect();
        let number = columns.iter().position(|column| column == "evt_num").expect("the number");
        let query = format!("select {} from events limit {last}", columns.join(", "));
        let mut row = |values: &[ValueRef<'_>]| {
            let ValueRef::Integer(event) = values[number] else { panic!("an event without a number") };
            let Some(expected) = dump.get(&event) else { return Ok(()) };
            rows += 1;
            for (field, found) in fields.iter().zip(values) {
                cells += 1;
                if !is_same(*found, &expected[*field]) {
                    let example = || format!("{name}:{event} Falco {} SQL {found:?}", expected[*field]);
                    different.entry((*field).clone()).or_insert_with(|| (0, example())).0 += 1;
                }
            }
            Ok(())
        };
        database(&capture).query(&query, &mut |_| Ok(()), &mut row).expect("rows");
    }
    let differ: usize = different.values().map(|(count, _)| count).sum();
    let share = 1.0 - differ as f64 / cells as f64;
    println!("{rows} rows, {cells} cells, {differ} different, {:.4} % equal", share * 100.0);
    assert!(rows > 50_000 && share > WANTED, "{rows} rows, {share}: {different:#?}");
}
