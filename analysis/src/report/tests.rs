//! Reports over shipped traces: what the first screen says, and that names stay text.

use std::path::PathBuf;

use tercel_format::Capture;
use tercel_replay::Window;
use tercel_replay::scan::Threads;
use tercel_rules::load::{Loader, Options};

use super::*;
use crate::summary::Summary;
use crate::tables::Tables;

const RULES: &str = "
- {rule: Shell <b>, desc: d, condition: proc.name=sh and evt.type=execve, output: 'shell %proc.cmdline', priority: CRITICAL, tags: [T1059.004]}
- {rule: Opened, desc: d, condition: evt.type=openat and fd.name startswith /etc, output: 'opened %fd.name', priority: NOTICE}
";

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "testdata", "traces", name].iter().collect()
}

fn open(name: &str) -> Capture {
    Capture::open(&path(name), &|bytes| bytes).expect("a capture")
}

fn report(name: &str) -> Report {
    let mut loader = Loader::new(Options::default());
    assert!(loader.bytes("rules.yaml", RULES.as_bytes()).successful());
    let program = loader.finish().program;
    let summary = Summary::of(&mut open(name), None).expect("a summary");
    let question = Tables::new(TABLES, Window::default(), None, 1 << 30).with_rules(Some(&program));
    let answer = question.ask(open(name), Threads::new(2), &|_| ()).expect("memory");
    let found = Surroundings::new(surrounded(&answer)).of(&mut open(name), &|_| ());
    assert!(!found.is_empty() && found.values().all(|around| !around.before.is_empty()));
    let mut report = Report::new("tercel test".to_owned(), 2);
    report.add(&Reported { name, summary: &summary, answer: &answer, damage: Vec::new(), utc: true }, &found);
    report
}

#[test]
fn all_forms_say_what_happened() {
    let report = report("classic.scap");
    let page = html(&report).expect("a page");
    for part in [
        "Shell &lt;b&gt;",
        "T1059.004",
        "Unix Shell",
        "class=\"tree\"",
        "<svg class=\"time\"",
        "\"before\":[",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Shell <b>"), "a name is markup");
    // No other file, no network.
    for part in ["src=", "href=\"http", "@import", "url("] {
        assert!(!page.split("id=\"data\"").next().expect("a head").contains(part), "{part}");
    }
    let text = markdown(&report).expect("text");
    assert!(text.contains("## What happened") && text.contains("Shell &lt;b\\>"), "{text}");
    let value: serde_json::Value = serde_json::from_str(&json(&report).expect("JSON")).expect("JSON");
    assert!(value["captures"][0]["story"]["moments"].as_array().is_some_and(|moments| moments.len() == 2));
}
