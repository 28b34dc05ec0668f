//! The documented jobs for continuous integration: every line that they run is run, in a repository of rules with a change.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tercel_test_support::{binary, require, root, tool};

use super::bench::Bench;
use super::diff::git;

/// What stands before a command in a line of a job.
const LEADS: [&str; 3] = ["- run: ", "run: ", "- "];

/// The commands of a job, with the built binary in the place of the one that they build.
fn commands(job: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/ci").join(job)).expect("an example");
    let line =
        |line: &str| LEADS.iter().find_map(|lead| line.trim_start().strip_prefix(lead)).map(str::to_owned);
    let is_command = |line: &String| ["cargo ", "target/"].iter().any(|start| line.starts_with(start));
    let lines = text.lines().filter_map(line).filter(is_command);
    let built = |line: String| line.replace("target/release/tercel", &binary().display().to_string());
    lines.map(built).collect()
}

/// A repository with the shipped rules, one of which differs from those of the branch `origin/main`.
fn repository() -> Bench {
    let bench = Bench::new("jobs");
    fs::create_dir_all(bench.path("rules")).expect("a directory");
    let rules = fs::read_to_string(root().join("rules/tercel_rules.yaml")).expect("the shipped rules");
    bench.file("rules/tercel_rules.yaml", &rules);
    std::os::unix::fs::symlink(root().join("testdata"), bench.path("testdata")).expect("a link");
    git(&bench.path(""), &["init", "-q"]);
    git(&bench.path(""), &["add", "rules"]);
    git(&bench.path(""), &["commit", "-q", "-m", "rules"]);
    git(&bench.path(""), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let changed = rules.replacen("    Miner started (user", "    A miner was started (user", 1);
    assert_ne!(changed, rules);
    bench.file("rules/tercel_rules.yaml", &changed);
    bench
}

/// Runs a command as a job does.
fn run(directory: &Path, command: &str) -> Output {
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", command]).current_dir(directory);
    for variable in ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] {
        shell.env(variable, "main");
    }
    shell.output().expect("a shell")
}

#[test]
fn the_jobs_of_the_documentation_run_as_they_stand() {
    if require("jobs of the documentation", tool("git")).is_none() {
        return;
    }
    let bench = repository();
    for (job, count) in [("github-actions.yml", 3), ("gitlab-ci.yml", 4)] {
        let commands = commands(job);
        assert_eq!(commands.len(), count, "{commands:?}");
        let mut printed = String::new();
        for command in commands.iter().filter(|command| *command != "cargo build --release") {
            let output = run(&bench.path(""), command);
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{command}\n{text}{}", String::from_utf8_lossy(&output.stderr));
            printed += &text;
        }
        let differences = match job {
            "gitlab-ci.yml" => bench.read("diff.md"),
            _ => printed,
        };
        assert!(differences.contains("Miner started"), "{differences}");
        assert!(bench.read("rules.xml").contains("<testsuites"), "{job}");
        fs::remove_file(bench.path("rules.xml")).expect("a report");
    }
}
