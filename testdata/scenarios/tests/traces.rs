//! The stored captures are those of the stories, and the stored alerts those that the stories ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tercel_scenarios::{Expectation, Step, Story, stories, trace};

/// An alert as far as it matters here: the time of its event in nanoseconds, and its rule.
struct Alert {
    time: u64,
    rule: String,
}

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn alerts(story: &Story) -> Vec<Alert> {
    let file = repository("testdata/expected").join(format!("{}.json", story.name));
    let text = fs::read_to_string(&file).expect("every story has its alerts");
    text.lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).expect("one object per line");
            let time = value["output_fields"]["evt.time.iso8601"].as_u64().expect("a time in nanoseconds");
            Alert { time, rule: value["rule"].as_str().expect("a rule").to_owned() }
        })
        .collect()
}

/// Rules that speak within a step.
fn within<'a>(alerts: &'a [Alert], step: &Step) -> BTreeSet<&'a str> {
    let inside = alerts.iter().filter(|alert| (step.from..=step.to).contains(&alert.time));
    inside.map(|alert| alert.rule.as_str()).collect()
}

fn shipped_rules() -> Vec<String> {
    let text = fs::read_to_string(repository("rules/tercel_rules.yaml")).expect("the shipped rules");
    text.lines().filter_map(|line| line.strip_prefix("- rule: ")).map(str::to_owned).collect()
}

#[test]
fn stored_captures_are_those_of_the_stories() {
    for story in stories() {
        let (capture, _) = story.told().expect("a capture in memory");
        let stored = trace::stored(&trace::path(&story)).expect("every story is stored");
        assert!(
            stored == capture,
            "{} differs from its story: run `cargo run -p tercel-scenarios`",
            story.name
        );
    }
}

#[test]
fn no_capture_lacks_a_story() {
    let told: BTreeSet<_> = stories().iter().map(trace::path).collect();
    for entry in fs::read_dir(trace::directory()).expect("the directory of captures") {
        let path = entry.expect("an entry of the directory").path();
        assert!(told.contains(&path), "{} has no story", path.display());
    }
}

#[test]
fn every_step_leads_to_what_it_should() {
    let mut wrong = Vec::new();
    for story in stories() {
        let (_, steps) = story.told().expect("a capture in memory");
        let alerts = alerts(&story);
        for step in &steps {
            let expected: BTreeSet<&str> = match &step.expectation {
                Expectation::Fires(rules) => rules.iter().copied().collect(),
                Expectation::Spares(_) => BTreeSet::new(),
            };
            let actual = within(&alerts, step);
            if actual != expected {
                wrong.push(format!("{}: {:?} led to {actual:?}", story.name, step.expectation));
            }
        }
        for alert in &alerts {
            if !steps.iter().any(|step| (step.from..=step.to).contains(&alert.time)) {
                wrong.push(format!("{}: {} speaks outside of all steps", story.name, alert.rule));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_shown_to_fire_and_to_spare() {
    let mut shown: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for story in stories() {
        for step in story.told().expect("a capture in memory").1 {
            match step.expectation {
                Expectation::Fires(rules) => {
                    if let Some(rule) = rules.first() {
                        shown.entry((*rule).to_owned()).or_default().0 = true;
                    }
                }
                Expectation::Spares(rule) => shown.entry(rule.to_owned()).or_default().1 = true,
            }
        }
    }
    let rules = shipped_rules();
    for rule in &rules {
        assert_eq!(shown.get(rule), Some(&(true, true)), "{rule}: shown to fire, shown to spare");
    }
    let unknown: Vec<_> = shown.keys().filter(|rule| !rules.contains(rule)).collect();
    assert!(unknown.is_empty(), "stories name rules that are not shipped: {unknown:?}");
}

#[test]
fn every_rule_is_documented() {
    let text = fs::read_to_string(repository("docs/rules.md")).expect("the page on the rules");
    let documented: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|cell| *cell != "Rule")
        .collect();
    assert_eq!(documented, shipped_rules(), "the table of docs/rules.md and the rules");
}
