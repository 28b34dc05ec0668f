//! The shipped rules over the shipped captures: for each capture in testdata/traces the built binary must print what is
//! stored in testdata/expected, as text and as JSON, byte for byte; over those in testdata/spared it must print nothing. Every
//! rule has a capture of each kind and a scenario that both were recorded of. docs/rules.md is what the binary says of them.
//!
//! `TERCEL_BLESS=1 cargo test --test offline golden` stores what it prints now; the difference is to be read before it is committed.

use std::collections::{BTreeMap, BTreeSet};
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

/// What the binary prints for a capture under the shipped rules.
fn replay(directory: &str, name: &str, form: &[&str]) -> String {
    replay_under(&[&["-r", "rules"], form].concat(), directory, name)
}

/// What the binary prints for a capture.
fn replay_under(arguments: &[&str], directory: &str, name: &str) -> String {
    let capture = format!("testdata/{directory}/{name}.scap");
    ran(&[&["replay", "--utc", "--iso8601"], arguments, &[&capture]].concat(), 0).out
}

/// The first line at which two texts differ, counted from 1.
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

/// A rule file as articles on Falco have it, after what comes with tercel: arguments, and the file with the answer.
const LOCAL: [(&[&str], &str); 3] = [
    (&["-r", "rules", "-r", "testdata/local/classic.yaml"], "after-rules.txt"),
    (&["-r", "rules", "-r", "testdata/local/classic.yaml", "--rule-matching", "all"], "after-rules-all.txt"),
    (&["-r", "rules/tercel_macros.yaml", "-r", "testdata/local/classic.yaml"], "after-macros.txt"),
];

#[test]
fn rules_of_articles_on_falco_load_after_the_shipped_files() {
    for (arguments, answer) in LOCAL {
        let file = testdata("local").join(answer);
        let actual = replay_under(arguments, "traces", "classic");
        if blessing() {
            fs::write(&file, &actual).expect("the answer can be stored");
            continue;
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(expected, actual, "{answer}");
        let outbound = "command=curl -s -m 2 http://198.51.100.80/ connection=192.0.2.10:39290->198.51.100.80:80 type=connect)";
        assert!(
            actual.contains(&format!("Binary generate network traffic by (user=root {outbound}\n")),
            "{answer}"
        );
        assert!(
            actual
                .contains(" File below /etc opened for writing (user=root command=tee -a /etc/hosts.allow "),
            "{answer}"
        );
    }
}

/// The macros and lists of a rule file, each with its text up to the next item or comment.
fn definitions(path: &str) -> BTreeMap<String, String> {
    let text = file(path);
    let items = text.split("\n- ").skip(1).filter_map(|item| {
        let body: Vec<&str> = item.lines().take_while(|line| !line.starts_with('#')).collect();
        let (head, body) = body.split_first()?;
        (head.starts_with("macro: ") || head.starts_with("list: "))
            .then(|| ((*head).to_owned(), body.join("\n").trim().to_owned()))
    });
    items.collect()
}

#[test]
fn names_in_both_shipped_files_are_defined_alike() {
    let (macros, rules) = (definitions("rules/tercel_macros.yaml"), definitions("rules/tercel_rules.yaml"));
    assert!(macros.len() > 400, "{}", macros.len());
    let both: Vec<&String> = rules.keys().filter(|name| macros.contains_key(*name)).collect();
    assert!(both.len() > 10, "{both:?}");
    let differ: Vec<&&String> = both.iter().filter(|name| rules.get(**name) != macros.get(**name)).collect();
    assert!(differ.is_empty(), "{differ:?}");
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
fn the_page_of_the_rules_is_written_from_them() {
    let page = ran(&["rules", "list", "rules", "--markdown", "--tests", "testdata/tests"], 0).out;
    if blessing() {
        fs::write(root().join("docs/rules.md"), &page).expect("the page can be stored");
        return;
    }
    let stored = file("docs/rules.md");
    assert!(stored == page, "docs/rules.md: {}", first_difference(&stored, &page));
}
