//! Tests that need only the built binary and files: on every machine, for every user.

mod bombs;
mod cli;
mod content;
mod correlations;
mod examples;
mod exported;
mod fleet;
mod forged;
mod golden;
mod habits;
mod hostile;
mod linted;
mod native;
mod redact;
mod ruletest;
mod shrink;
mod signed;
mod tables;
mod traces;
mod verbs;
mod windows;

use std::collections::BTreeSet;
use std::fs;

use tercel_test_support::root;

/// Few binaries, since linking takes most of the time of the tests; so Cargo does not look for test files itself.
#[test]
fn every_test_file_is_part_of_a_binary() {
    let roots = ["offline", "host", "conformance"];
    let tests = root().join("tests");
    let texts = roots.map(|name| fs::read_to_string(tests.join(name).with_extension("rs")).expect("a root"));
    let named: BTreeSet<String> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    let entries = fs::read_dir(&tests).expect("the directory").flatten().map(|entry| entry.path());
    let modules =
        entries.filter(|path| path.join("mod.rs").exists() || path.extension().is_some_and(|e| e == "rs"));
    let found: BTreeSet<String> = modules
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| !roots.contains(&name.as_str()))
        .collect();
    assert_eq!(named, found, "modules of the test binaries, and files");
}
