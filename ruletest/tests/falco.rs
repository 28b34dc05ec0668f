//! Every rule of Falco's three files: the explanation of its first alert in the corpus agrees with the alert. The tree holds; it
//! does so whatever the terms answer that did not decide; and it does not if the terms that turn it answer otherwise.
//!
//! The corpus is not part of the repository: it is looked for in `../shared/corpus` or `$TERCEL_CORPUS`; without it the
//! check is skipped.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;

use serde_json::Value;
use tercel_format::{Block, Capture};
use tercel_replay::scan::{Needs, Visitor, scan};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Settings};
use tercel_rules::load::{Loader, Options};
use tercel_ruletest::explain::{Explainer, Explanation, TextStyle};
use tercel_test_support::{corpus, require};

const FILES: [&str; 4] = [
    "falco_rules.yaml",
    "falco-incubating_rules.yaml",
    "falco-sandbox_rules.yaml",
    "enable_disabled_rules.yaml",
];

/// Rules of these files that the corpus has an alert of.
const FIRED: usize = 79;

/// Rules with their explainers, by the time of their first alert in a capture.
type Wanted = BTreeMap<u64, Vec<(String, Explainer)>>;

/// Explains rules at the events of their first alerts.
struct Visit {
    wanted: Wanted,
    state: State,
    explained: Vec<(String, Explanation)>,
}

impl Visitor for Visit {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        let Block::Event(event) = block else {
            self.state.block(block);
            return Ok(true);
        };
        let facts = self.state.apply(event);
        if let (Some(facts), Some(rules)) = (&facts, self.wanted.get_mut(&event.ts)) {
            let cx = Context { state: &self.state, event, facts };
            rules.retain_mut(|(name, explainer)| {
                let why = explainer.at(&cx);
                let holds = why.holds();
                if holds {
                    self.explained.push((name.clone(), why));
                }
                !holds
            });
        }
        Ok(self.wanted.last_key_value().is_some_and(|(last, _)| event.ts <= *last))
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> Result<(), Infallible> {
        self.state = state;
        Ok(())
    }
}

/// Per capture the time of the first alert of each rule that fires in no capture before it.
fn first_alerts(corpus: &Path) -> BTreeMap<String, Vec<(String, u64)>> {
    let mut first: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for capture in ["attacks", "b1_meta", "container"] {
        let alerts = std::fs::read_to_string(corpus.join(format!("alerts/{capture}.allonmatch.json")));
        for line in alerts.expect("alerts of the corpus").lines() {
            let alert: Value = serde_json::from_str(line).expect("JSON");
            let rule = alert["rule"].as_str().expect("a rule").to_owned();
            let time = alert["output_fields"]["evt.time.iso8601"].as_u64().expect("a time");
            first.entry(rule).or_insert_with(|| (capture.to_owned(), time));
        }
    }
    let mut by_capture: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for (rule, (capture, time)) in first {
        by_capture.entry(capture).or_default().push((rule, time));
    }
    by_capture
}

/// What an explanation of an alert has to be.
fn agrees(rule: &str, why: &Explanation) {
    let answers = why.answers();
    assert!(why.with_answers(&answers), "{rule}");
    let other = |changed: &dyn Fn(usize) -> bool| -> Vec<bool> {
        answers.iter().enumerate().map(|(at, answer)| *answer != changed(at)).collect()
    };
    let is_deciding = |at: usize| why.deciding().contains(&at);
    assert!(why.with_answers(&other(&|at| !is_deciding(at))), "{rule}: others do not matter");
    assert!(!why.with_answers(&other(&|at| why.turning().contains(&at))), "{rule}: it turns");
    for kept in why.turning() {
        let is_changed = |at: usize| at != *kept && why.turning().contains(&at);
        assert!(why.with_answers(&other(&is_changed)), "{rule}: all of them are needed");
    }
    assert!(why.turning().iter().any(|at| is_deciding(*at)), "{rule}: what turns it decided");
    let text = why.text(&TextStyle::default());
    assert!(text.lines().any(|line| line.trim_start().starts_with('*')), "{rule}\n{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{rule}\n{text}");
    assert_eq!(why.json()["holds"], true);
}

#[test]
fn explanations_agree_with_the_first_alerts() {
    let Some(corpus) = require("explanations of Falco's alerts", corpus()) else { return };
    let mut loader = Loader::new(Options::default());
    for file in FILES {
        let bytes = std::fs::read(corpus.join("rules").join(file)).expect("rules of the corpus");
        assert!(loader.bytes(file, &bytes).successful(), "{file}");
    }
    let mut explained = 0;
    for (capture, rules) in first_alerts(&corpus) {
        let mut wanted = Wanted::new();
        for (rule, time) in &rules {
            let resolved = loader.resolved(&[rule]).expect("few parts").pop().expect("a rule");
            let explainer = Explainer::new(&resolved, Settings::default()).expect("terms");
            wanted.entry(*time).or_default().push((rule.clone(), explainer));
        }
        let path = corpus.join(format!("captures/{capture}.scap"));
        let mut opened = Capture::open(&path, &|bytes| bytes).expect("a capture of the corpus");
        let mut visit = Visit { wanted, state: State::new(), explained: Vec::new() };
        let Ok(_) = scan(&mut opened, &Needs::ALL, &mut visit, &|_| ());
        let missing: Vec<&String> = visit.wanted.values().flatten().map(|(rule, _)| rule).collect();
        assert!(missing.is_empty(), "{capture}: {missing:?}");
        visit.explained.iter().for_each(|(rule, why)| agrees(rule, why));
        explained += visit.explained.len();
    }
    assert_eq!(explained, FIRED);
}
