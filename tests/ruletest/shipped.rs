//! The shipped rules against the shipped test files: all cases pass, all rules are covered both ways, and breaking a rule
//! is reported, with the place.

use std::fs;
use std::path::Path;

use tercel_test_support::{Ran, binary, ran, root};

use super::bench::Bench;

#[test]
fn every_shipped_rule_is_shown_to_fire_and_to_be_silent() {
    ran(&["test", "--coverage", "--fail-under", "100", "testdata/tests"], 0);
}

fn rules() -> String {
    fs::read_to_string(root().join("rules/tercel_rules.yaml")).expect("the shipped rules")
}

/// The shipped test files over these rules.
fn tested(rules: &str) -> Ran {
    let bench = Bench::new("broken-rules");
    fs::create_dir_all(bench.path("rules")).expect("a temporary directory");
    bench.file("rules/tercel_rules.yaml", rules);
    fs::create_dir_all(bench.path("testdata/tests")).expect("a temporary directory");
    for name in ["traces", "spared"] {
        let traces = root().join("testdata").join(name);
        std::os::unix::fs::symlink(traces, bench.path("testdata").join(name)).expect("a link");
    }
    let tests = fs::read_dir(root().join("testdata/tests")).expect("the shipped test files");
    for file in tests {
        let file = file.expect("an entry of the directory");
        let copy = bench.path("testdata/tests").join(file.file_name());
        fs::copy(file.path(), copy).expect("a copy");
    }
    bench.test(&["testdata"])
}

/// Line of a text, from 1.
fn line_of(text: &str, part: &str) -> usize {
    let at = text.find(part).expect("a part of the text");
    text[..at].matches('\n').count() + 1
}

/// Replaces a text of the rules; some case has to fail, and what is printed has to name the line where `place` stands, and
/// hold these words.
#[track_caller]
fn breaks(from: &str, to: &str, place: &str, words: &str) {
    let rules = rules();
    assert!(rules.contains(from), "the shipped rules do not hold: {from}");
    fails(&rules.replacen(from, to, 1), place, words);
}

#[track_caller]
fn fails(rules: &str, place: &str, words: &str) {
    let run = tested(rules);
    assert_eq!(run.code, 1, "{place}\n{}", run.all());
    let line = format!("rules/tercel_rules.yaml:{}:", line_of(rules, place));
    for word in [line.as_str(), words] {
        assert!(run.out.contains(word), "'{word}' is not in: {}", run.out);
    }
}

#[test]
fn a_wrong_operator_is_noticed() {
    breaks("contains \"/.\"", "endswith \"/.\"", "endswith \"/.\"", "proc.exepath endswith /.");
}

#[test]
fn a_typo_in_a_list_is_noticed() {
    let place =
        "program_started and proc.name in (shell_programs, interpreter_programs)\n    and (proc.stdin";
    breaks("items: [sh, bash,", "items: [hs, bahs,", place, "asks for (hs, bahs, ");
}

#[test]
fn a_lost_macro_is_noticed() {
    let rest = "proc.name in (shell_programs) and proc.pname in (server_programs)";
    let rule = "rule: Shell spawned by server program";
    breaks(&format!("program_started and {rest}"), rest, rule, "'Shell spawned by server program' fired");
}

#[test]
fn a_wrong_macro_is_noticed() {
    let (from, to) = ("(spawned_process and evt.rawres = 0)", "(spawned_process and evt.rawres = 1)");
    breaks(from, to, "spawned_process and evt.rawres = 1", "evt.rawres = 1");
}

#[test]
fn a_wrong_event_type_is_noticed() {
    breaks("evt.type in (dup, dup2, dup3)", "evt.type in (dup)", "evt.type in (dup)", "evt.type in (dup)");
}

#[test]
fn a_wrong_field_is_noticed() {
    let (from, to) = ("(proc.aname in (server_programs))", "(proc.pname in (server_programs))");
    breaks(
        from,
        to,
        "proc.pname in (server_programs))",
        "'Download started below server program' did not fire",
    );
}

#[test]
fn a_wrong_connective_is_noticed() {
    let to = "proc.args contains \"| sh\" and";
    breaks("proc.args contains \"| sh\" or", to, to, "'Shell runs decoded text' did not fire");
}

#[test]
fn a_lost_negation_is_noticed() {
    let to = "and proc.name in (crond, cron, atd, anacron)";
    breaks(&to.replace("and ", "and not "), to, to, "'Scheduled job written' did not fire");
}

#[test]
fn a_lost_exception_is_noticed() {
    let rule = "rule: Shell spawned by server program";
    breaks("        - [postgres, sh -c pg_]\n", "", rule, "fired once; expected: none");
}

#[test]
fn an_exception_too_wide_is_noticed() {
    let value = "        - [haproxy, sh -c /etc/haproxy]\n";
    let wide = format!("{value}        - [nginx, sh -c]\n");
    breaks(
        value,
        &wide,
        "- name: known_command",
        "not (proc.pname = nginx and proc.cmdline startswith \"sh -c\")",
    );
}

#[test]
fn a_lowered_priority_is_noticed() {
    let rules = rules();
    let rule = "- rule: Shell connected to network socket";
    let (before, behind) = rules.split_once(rule).expect("a shipped rule");
    let lowered = format!("{before}{rule}{}", behind.replacen("priority: CRITICAL", "priority: NOTICE", 1));
    fails(&lowered, rule, "≠ priority: Notice");
}

#[test]
fn swapped_rules_are_noticed() {
    let rules = rules();
    let (general, special) = ("- rule: Write below etc\n", "- rule: Sudo rules written\n");
    let start = rules.find(general).expect("a shipped rule");
    let end = rules[start + 1..].find("\n- rule: ").map(|at| start + at + 2).expect("a rule behind it");
    let rule = &rules[start..end];
    let rest = format!("{}{}", &rules[..start], &rules[end..]);
    let swapped = rest.replacen(special, &format!("{rule}{special}"), 1);
    fails(&swapped, special, "the condition holds, but 'Write below etc' comes first and raises the alert");
}

/// The tests of a job, with the built binary in the place of one that it would build first.
fn commands(job: &str, lead: &str, report: &Path) -> String {
    let text = fs::read_to_string(root().join("docs/ci").join(job)).expect("an example");
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix(lead));
    let commands: Vec<String> = lines
        .filter(|line| line.contains("tercel test"))
        .map(|line| line.replace("target/release/tercel", &binary().display().to_string()))
        .map(|line| line.replace("rules.xml", &report.display().to_string()))
        .collect();
    assert_eq!(commands.len(), 1, "{text}");
    commands.join("\n")
}

#[test]
fn the_jobs_of_the_documentation_run_as_plain_shell() {
    let bench = Bench::new("jobs");
    for (job, lead) in [("github-actions.yml", "- run: "), ("gitlab-ci.yml", "- ")] {
        let report = bench.path("report.xml");
        let script = commands(job, lead, &report);
        let output = std::process::Command::new("sh")
            .args(["-euc", &script])
            .current_dir(root())
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stdout));
        assert!(fs::read_to_string(&report).expect("a report").contains("<testsuites"), "{job}");
        fs::remove_file(report).expect("a report");
    }
}
