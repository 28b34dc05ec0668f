//! Conformance with Falco: every capture of the corpus under every rule set has to give the alert lines that Falco
//! recorded for it, in text and JSON, and so have the corpus' small rule files that probe the language. Prints a row per
//! capture and set: lines expected, equal, missing, extra.
//!
//! The corpus is not part of the repository: it is looked for in `../shared/corpus` or `$TERCEL_CORPUS`; without it the
//! check is skipped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tercel_test_support::{corpus, require, tercel};

/// Rule sets of the corpus: name, rule files, further arguments.
const SETS: [(&str, &[&str], &[&str]); 5] = [
    ("stable", &["falco_rules.yaml"], &[]),
    ("all", &["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"], &[]),
    (
        "allmatch",
        &["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"],
        &["--rule-matching", "all"],
    ),
    (
        "allon",
        &[
            "falco_rules.yaml",
            "falco-incubating_rules.yaml",
            "falco-sandbox_rules.yaml",
            "enable_disabled_rules.yaml",
        ],
        &[],
    ),
    (
        "allonmatch",
        &[
            "falco_rules.yaml",
            "falco-incubating_rules.yaml",
            "falco-sandbox_rules.yaml",
            "enable_disabled_rules.yaml",
        ],
        &["--rule-matching", "all"],
    ),
];

fn main() -> ExitCode {
    let Some(corpus) = require("conformance with Falco", corpus()) else { return ExitCode::SUCCESS };
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let mut captures: Vec<PathBuf> = std::fs::read_dir(corpus.join("captures"))
        .expect("corpus/captures is a directory")
        .map(|entry| entry.expect("readable entry").path())
        .collect();
    captures.sort();

    let (mut passed, mut failed) = (0, 0);
    println!(
        "{:<36} {:<11} {:<5} {:>9} {:>6} {:>8} {:>6}",
        "capture", "rules", "form", "expected", "equal", "missing", "extra"
    );
    for capture in &captures {
        let name = capture.file_stem().expect("a file").to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        for (set, rules, arguments) in SETS {
            for form in ["txt", "json"] {
                let Ok(expected) =
                    std::fs::read_to_string(corpus.join(format!("alerts/{name}.{set}.{form}")))
                else {
                    continue;
                };
                let got = replay(&corpus, capture, rules, arguments, form == "json");
                let comparison = Comparison::of(&lines(&expected), &lines(&got));
                println!("{name:<36} {set:<11} {form:<5} {comparison}");
                if comparison.is_equal() { passed += 1 } else { failed += 1 }
            }
        }
    }
    if only.is_none() {
        for (name, comparison, known) in probes(&corpus) {
            if comparison.is_equal() || known {
                passed += 1;
            } else {
                failed += 1;
                println!("{:<36} {:<11} {:<5} {comparison}", "lang", name, "txt");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Probes of the language whose alerts differ on purpose (ARCHITECTURE.md), with the lines that are missing and extra.
const KNOWN: [(&str, usize, usize); 2] = [
    // Falco's evt.abspath moves the event to the fd of the call's directory, which %fd.name then shows.
    ("lang_path", 21, 21),
    // The corpus keeps one line of an output of two.
    ("yaml_block", 0, 16),
];

/// Runs the small rule files of the corpus over its language capture: name, comparison, and whether it differs as known.
fn probes(corpus: &Path) -> Vec<(String, Comparison, bool)> {
    let mut names: Vec<String> = std::fs::read_dir(corpus.join("lang"))
        .expect("corpus/lang is a directory")
        .map(|entry| entry.expect("readable entry").file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".alerts.txt").map(str::to_owned))
        .collect();
    names.sort();
    let capture = corpus.join("captures/lang.scap");
    let compare = |name: String| {
        let expected = std::fs::read_to_string(corpus.join(format!("lang/{name}.alerts.txt"))).expect("text");
        let rules = format!("../lang/{name}.yaml");
        let got = replay(corpus, &capture, &[rules.as_str()], &["--rule-matching", "all"], false);
        let comparison = Comparison::of(&lines(&expected), &lines(&got));
        let (missing, extra) = (comparison.missing.len(), comparison.extra.len());
        let known = KNOWN.contains(&(name.as_str(), missing, extra));
        (name, comparison, known)
    };
    names.into_iter().map(compare).collect()
}

fn replay(corpus: &Path, capture: &Path, rules: &[&str], arguments: &[&str], json: bool) -> String {
    let mut command = tercel(&["replay", "--utc", "--iso8601", "--quiet"]);
    command.args(arguments);
    if json {
        command.arg("--json");
    }
    for file in rules {
        command.arg("-r").arg(corpus.join("rules").join(file));
    }
    let output = command.arg(capture).output().expect("the binary runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Lines without the one thing that depends on where Falco ran: the host name of a JSON alert.
fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| match line.strip_prefix("{\"hostname\":\"").and_then(|rest| rest.split_once("\",")) {
            Some((_, rest)) => rest,
            None => line,
        })
        .collect()
}

struct Comparison {
    expected: usize,
    missing: Vec<String>,
    extra: Vec<String>,
    in_order: bool,
}

impl Comparison {
    fn of(expected: &[&str], got: &[&str]) -> Comparison {
        Comparison {
            expected: expected.len(),
            missing: without(expected, got),
            extra: without(got, expected),
            in_order: expected == got,
        }
    }

    fn is_equal(&self) -> bool {
        self.in_order
    }
}

/// Lines of `of` that `other` does not have as often.
fn without(of: &[&str], other: &[&str]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in other {
        *counts.entry(line).or_default() += 1;
    }
    of.iter()
        .filter(|line| match counts.get_mut(**line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .map(|line| (*line).to_owned())
        .collect()
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let equal = self.expected - self.missing.len();
        write!(f, "{:>9} {equal:>6} {:>8} {:>6}", self.expected, self.missing.len(), self.extra.len())?;
        if self.missing.is_empty() && self.extra.is_empty() && !self.in_order {
            write!(f, "  (another order)")?;
        }
        for (sign, lines) in [('-', &self.missing), ('+', &self.extra)] {
            for line in lines.iter().take(3) {
                write!(f, "\n    {sign} {line}")?;
            }
        }
        Ok(())
    }
}
