//! The examples in the help of every verb, run as they stand in a directory that has what they name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tercel_test_support::{Place, Ran, ran, require, root, tercel, tool};

/// Verbs whose examples need root and the probe, a running recorder or a feature of the build, as Parquet does: tests of their own run
/// these verbs.
const ELSEWHERE: [&str; 6] = ["record", "live", "collect", "dump", "doctor", "sql"];

/// The verbs in the help of a command: words below `Commands:`.
fn verbs(words: &[&str]) -> Vec<String> {
    let help = ran(&[words, &["--help"]].concat(), 0).out;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    // Descriptions that go on stand deeper.
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The examples of a verb: indented lines that begin with the program.
fn examples(words: &[&str]) -> Vec<String> {
    let help = ran(&[words, &["--help"]].concat(), 0).out;
    let lines =
        help.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| line.starts_with("tercel "));
    // What follows several blanks is a remark.
    lines.map(|line| line.split("   ").next().unwrap_or(line).to_owned()).collect()
}

/// A directory with what examples name.
fn place() -> Place {
    let place = Place::new("examples");
    let root = root();
    for name in ["rules", "testdata"] {
        symlink(root.join(name), place.path(name)).expect("a link");
    }
    let trace = root.join("testdata/traces/miner-started.scap");
    for name in [
        "trace.scap",
        "impact.scap",
        "monday.scap",
        "tuesday.scap",
        "today.scap",
        "quiet.scap",
        "old.scap",
        "damaged.scap",
    ] {
        fs::copy(&trace, place.path(name)).expect("a copy");
    }
    for name in ["traces", "attacks"] {
        fs::create_dir(place.path(name)).expect("a directory");
        fs::copy(&trace, place.path(name).join("one.scap")).expect("a copy");
    }
    symlink(root.join("rules"), place.path("new-rules")).expect("a link");
    fs::copy(root.join("rules/tercel_rules.yaml"), place.path("my_rules.yaml")).expect("a copy");
    place.file("tercel.yaml", "rules_files: [rules]\n");
    place
}

/// Runs a line as a shell does.
fn run(directory: &Path, line: &str) -> Ran {
    let program = tercel(&[]).get_program().to_string_lossy().into_owned();
    let path = Path::new(&program).parent().expect("a directory").display().to_string();
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", line])
        .current_dir(directory)
        .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap_or_default()));
    shell.output().expect("a shell").into()
}

/// A repository of the rules, for lines that ask for a revision.
fn repository(place: &Place) {
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"];
        let done = Command::new("git").args(identity).args(arguments).current_dir(place.directory()).output();
        assert!(done.expect("git runs").status.success(), "{arguments:?}");
    };
    fs::remove_file(place.path("rules")).expect("a link");
    fs::create_dir(place.path("rules")).expect("a directory");
    fs::copy(root().join("rules/tercel_rules.yaml"), place.path("rules/tercel_rules.yaml")).expect("a copy");
    git(&["init", "-q"]);
    git(&["add", "rules"]);
    git(&["commit", "-q", "-m", "one"]);
    git(&["commit", "-q", "--allow-empty", "-m", "two"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
}

#[test]
fn every_verb_has_an_example_that_runs() {
    if require("examples of the help", tool("git").and(tool("ssh-keygen"))).is_none() {
        return;
    }
    let place = place();
    repository(&place);
    run(place.directory(), "ssh-keygen -q -t ed25519 -N '' -f id_ed25519");
    let mut failed = Vec::new();
    for verb in verbs(&[]) {
        let below = verbs(&[&verb]);
        let commands: Vec<Vec<&str>> = match below.as_slice() {
            [] => vec![vec![&verb]],
            below => below.iter().map(|other| vec![verb.as_str(), other]).collect(),
        };
        for words in commands {
            let lines = examples(&words);
            if lines.is_empty() {
                failed.push(format!("{words:?}: no example"));
            }
            let is_here = |line: &&String| !ELSEWHERE.contains(&verb.as_str()) && !line.contains(".parquet");
            for line in lines.iter().filter(is_here) {
                let ran = run(place.directory(), line);
                // Some answer that something was found.
                if !matches!(ran.code, 0 | 1) {
                    failed.push(format!("{line}: {}", ran.all()));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
