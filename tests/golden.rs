//! The shipped rules over the shipped captures: for each capture in testdata/traces the built binary must print what is
//! stored in testdata/expected, as text and as JSON, byte for byte; over those in testdata/spared it must print nothing. Every
//! rule has a capture of each kind, a scenario that both were recorded of, and a line in docs/rules.md.
//!
//! `TERCEL_BLESS=1 cargo test --test offline golden` stores what it prints now; the difference is to be read before it is committed.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tercel_test_support::{ran, root};

/// How a capture is replayed, and the ending of the file with the answer.
const FORMS: [(&[&str], &str); 2] = [(&[], "txt"), (&["--json"], "json")];

fn testdata(directory: &str) -> PathBuf {
    root().join("testdata").join(directory)
}

/// Whether answers are to be stored rather than compared.
fn blessing() -> bool {
    std::env::var_os("TERCEL_BLESS").is_some()
}

/// Names of the files in a directory below testdata, without the given ending, which leaves out other files.
fn names(directory: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(testdata(directory)).expect("the directory is part of the repository");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry of the directory").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// What the binary prints for a capture.
fn replay(directory: &str, name: &str, form: &[&str]) -> String {
    let capture = format!("testdata/{directory}/{name}.scap");
    let options = ["replay", "--utc", "--iso8601", "-r", "rules"];
    ran(&[&options[..], form, &[&capture]].concat(), 0).out
}

/// The first line at which two texts differ, told from 1.
fn first_difference(expected: &str, actual: &str) -> String {
    let (mut expected, mut actual) = (expected.lines(), actual.lines());
    for number in 1.. {
        let (expected, actual) = (expected.next(), actual.next());
        if expected != actual || expected.is_none() {
            return format!("line {number}\n expected: {expected:?}\n   actual: {actual:?}");
        }
    }
    String::new()
}

#[test]
fn alerts_are_those_stored() {
    let mut differences = Vec::new();
    for name in names("traces", ".scap") {
        for (form, ending) in FORMS {
            let file = testdata("expected").join(format!("{name}.{ending}"));
            let actual = replay("traces", &name, form);
            if blessing() {
                fs::write(&file, &actual).expect("the answer can be stored");
                continue;
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            if expected != actual {
                differences.push(format!("{}: {}", file.display(), first_difference(&expected, &actual)));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_answer_has_its_capture() {
    let traces = names("traces", ".scap");
    assert!(!traces.is_empty(), "no captures");
    if blessing() {
        return;
    }
    for (_, ending) in FORMS {
        let answers = names("expected", &format!(".{ending}"));
        assert_eq!(answers, traces, "answers as .{ending} and captures");
    }
}

/// Captures that show more than one rule, or none.
const STORIES: [&str; 2] = ["classic", "ordinary"];

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is part of the repository")
}

fn shipped_rules() -> Vec<String> {
    let rules = file("rules/tercel_rules.yaml");
    rules.lines().filter_map(|line| line.strip_prefix("- rule: ")).map(str::to_owned).collect()
}

/// The name of a rule's captures.
fn capture_of(rule: &str) -> String {
    rule.to_lowercase().replace(' ', "-")
}

#[test]
fn every_rule_has_a_capture_in_which_it_speaks_and_one_in_which_it_does_not() {
    let mut captures: Vec<String> = shipped_rules().iter().map(|rule| capture_of(rule)).collect();
    captures.sort();
    assert_eq!(names("spared", ".scap"), captures, "captures of near misses and rules");
    captures.extend(STORIES.map(str::to_owned));
    captures.sort();
    assert_eq!(names("traces", ".scap"), captures, "captures and rules");
    let silent = shipped_rules().into_iter().filter(|rule| {
        let expected = file(&format!("testdata/expected/{}.json", capture_of(rule)));
        !expected.contains(&format!("\"rule\":\"{rule}\""))
    });
    assert_eq!(silent.collect::<Vec<_>>(), Vec::<String>::new(), "rules that their capture does not set off");
}

#[test]
fn near_misses_are_spared() {
    let alerts: String = names("spared", ".scap").iter().map(|name| replay("spared", name, &[])).collect();
    assert_eq!(alerts, "");
}

#[test]
fn every_rule_has_its_scenario() {
    let mut scenarios = BTreeSet::new();
    for directory in ["host", "containers"] {
        for name in names(&format!("scenarios/{directory}"), ".sh") {
            let text = file(&format!("testdata/scenarios/{directory}/{name}.sh"));
            scenarios.extend(text.lines().filter_map(|line| {
                let (function, _) = line.split_once("()")?;
                let named = function.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                (named && !function.starts_with("before_")).then(|| function.replace('_', "-"))
            }));
        }
    }
    let captures = shipped_rules().into_iter().map(|rule| capture_of(&rule));
    let mut wanted: BTreeSet<String> =
        captures.flat_map(|name| [format!("fires-{name}"), format!("spares-{name}")]).collect();
    wanted.extend(STORIES.map(|story| format!("tells-{story}")));
    assert_eq!(scenarios, wanted, "functions of the scenarios and rules");
}

#[test]
fn every_rule_is_documented() {
    let text = file("docs/rules.md");
    let documented: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|cell| *cell != "Rule")
        .collect();
    assert_eq!(documented, shipped_rules(), "the table of docs/rules.md and the rules");
}
