//! The shipped rules over the shipped captures: for each capture in testdata/traces the built binary must print what is
//! stored in testdata/expected, as text and as JSON, byte for byte.
//!
//! `TERCEL_BLESS=1 cargo test --test golden` stores what it prints now; the difference is to be read before it is committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a capture is replayed, and the ending of the file with the answer.
const FORMS: [(&[&str], &str); 2] = [(&[], "txt"), (&["--json"], "json")];

fn testdata(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(directory)
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
fn replay(name: &str, form: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tercel"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["replay", "--utc", "--iso8601", "-r", "rules"])
        .args(form)
        .arg(format!("testdata/traces/{name}.scap"))
        .output()
        .expect("the binary runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{name}: {errors}");
    String::from_utf8(output.stdout).expect("alerts are UTF-8")
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
            let actual = replay(&name, form);
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
