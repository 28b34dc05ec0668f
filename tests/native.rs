//! Every capture of the corpus as a native trace: the alerts are those of the capture, whatever the size of the chunks and
//! the number of threads. Without a corpus, the shipped traces. Large captures go through one pairing each of size and
//! threads; `TERCEL_NATIVE=all` has them go through all.

use std::path::PathBuf;

use tercel_test_support::{Place, captures_of, corpus, ran, require, root};

const SIZES: [&str; 3] = ["64KiB", "1MiB", "4MiB"];
const JOBS: [&str; 3] = ["7", "2", "1"];

/// Captures of fewer bytes go through all pairings.
const SMALL: u64 = 1 << 20;

/// Standard output of a run that has to end well.
fn tercel(arguments: &[&str]) -> String {
    ran(arguments, 0).out
}

/// Captures, and the rule files that they are replayed with.
fn material() -> (Vec<PathBuf>, Vec<String>) {
    let Some(corpus) = require("native traces of the corpus; the shipped traces take its place", corpus())
    else {
        return (captures_of(&root().join("testdata/traces")), vec!["rules".to_owned()]);
    };
    let captures = captures_of(&corpus.join("captures"));
    let rules = ["falco_rules", "falco-incubating_rules", "falco-sandbox_rules", "enable_disabled_rules"];
    let path = |name: &str| corpus.join("rules").join(name).with_extension("yaml").display().to_string();
    (captures, rules.map(path).into())
}

#[test]
fn native_traces_give_the_alerts_of_their_captures() {
    let (captures, rules) = material();
    let place = Place::new("native");
    let native = place.name("native.scap");
    let is_thorough = std::env::var_os("TERCEL_NATIVE").is_some_and(|value| value == "all");
    let rules: Vec<&str> = rules.iter().flat_map(|path| ["-r", path]).collect();
    let replay = |jobs: &str, path: &str| {
        tercel(&[&["replay", "-q", "--iso8601", "-j", jobs], &rules[..], &[path]].concat())
    };
    let mut lines = 0;
    for (nth, capture) in captures.iter().enumerate() {
        let is_small = capture.metadata().is_ok_and(|file| file.len() < SMALL);
        let capture = capture.display().to_string();
        let expected = replay("1", &capture);
        lines += expected.lines().count();
        for (row, size) in SIZES.iter().enumerate() {
            tercel(&["convert", "-q", "--force", &capture, "-w", &native, "--chunk", size]);
            for (column, jobs) in JOBS.iter().enumerate() {
                // Each size meets each number of threads over three captures.
                if is_small || is_thorough || (row + nth) % 3 == column {
                    assert!(replay(jobs, &native) == expected, "{capture}: chunks of {size}, -j {jobs}");
                }
            }
            if is_small {
                tercel(&["verify", "-q", "--keyframes", &native]);
            }
        }
    }
    assert!(lines > 0);
}
