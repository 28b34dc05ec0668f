//! What cases over a shipped capture show of a few rules.

use serde_json::{Value, json};
use tercel_test_support::{Place, root};

use crate::{Options, Outcome, Report, ReportKind, run};

const RULES: &str = "\
- list: miners
  items: [kswap, xmrig]
- list: unmet
  items: [nothing-of-the-kind]
- macro: spawned
  condition: evt.type in (execve, execveat) and evt.arg.res = 0
- rule: Miner started
  desc: d
  condition: spawned and proc.name in (miners)
  output: o
  priority: WARNING
- rule: Other miner started
  desc: d
  condition: spawned and proc.name in (unmet)
  output: o
  priority: WARNING
- rule: Switched off
  desc: d
  condition: spawned
  output: o
  priority: WARNING
  enabled: false
";

/// A case that passes.
const SHOWN: &str = "expect: {Miner started: 1}\nsilent: [Other miner started]";

/// A test file with this case, and the options that run it.
fn options(place: &Place, case: &str) -> Options {
    let cases = place.path("a.test.yaml");
    let trace = root().join("testdata/traces/miner-started.scap");
    let text = format!("rules: r.yaml\ntrace: {}\n{case}\n", trace.display());
    std::fs::write(&cases, text).expect("a temporary file");
    std::fs::write(place.path("r.yaml"), RULES).expect("a temporary file");
    Options::new(vec![cases], |text| Err(text.to_owned()))
}

/// The coverage of a case.
fn coverage(case: &str) -> Value {
    let place = Place::new("coverage");
    let json = Report { kind: ReportKind::Json, file: None };
    let options = Options { coverage: true, reports: vec![json], ..options(&place, case) };
    let mut out = Vec::new();
    run(&options, &mut out, &mut Vec::new()).expect("readable files");
    let report: Value = serde_json::from_slice(&out).expect("JSON");
    report["coverage"].clone()
}

fn names(rules: &Value) -> Vec<&str> {
    let rules = rules.as_array().into_iter().flatten();
    rules.filter_map(|rule| rule["rule"].as_str()).collect()
}

#[test]
fn a_case_that_passes_shows_its_rules() {
    let found = coverage(SHOWN);
    assert_eq!(found["rules"], 2);
    assert_eq!((&found["fires_percent"], &found["silent_percent"]), (&json!(50.0), &json!(50.0)));
    assert_eq!(names(&found["never_fired"]), ["Other miner started"]);
    assert_eq!(found["never_fired"][0]["line"], 12);
    assert_eq!(names(&found["never_silent"]), ["Miner started"]);
    assert_eq!(found["macros"], json!({"all": 1, "no_difference": []}));
    assert_eq!(found["lists"]["all"], 2);
    let idle = found["lists"]["no_difference"].as_array().expect("a list");
    assert_eq!(idle.iter().map(|list| &list["title"]).collect::<Vec<_>>(), ["list 'unmet'"]);
}

#[test]
fn a_case_that_does_not_pass_shows_nothing() {
    let found = coverage("expect: {Miner started: 2}\nsilent: [Other miner started]");
    assert_eq!(names(&found["never_fired"]), ["Miner started", "Other miner started"]);
    assert_eq!(names(&found["never_silent"]), ["Miner started", "Other miner started"]);
    assert_eq!((&found["fires_percent"], &found["silent_percent"]), (&json!(0.0), &json!(0.0)));
    assert_eq!(found["macros"]["no_difference"].as_array().map(Vec::len), Some(1));
}

#[test]
fn too_little_coverage_fails_a_run() {
    let place = Place::new("fail-under");
    let mut options = options(&place, SHOWN);
    for (least, expected) in [(50.0, Outcome::Passed), (50.1, Outcome::Failed)] {
        options.fail_under = Some(least);
        assert_eq!(run(&options, &mut Vec::new(), &mut Vec::new()).expect("readable files"), expected);
    }
}
