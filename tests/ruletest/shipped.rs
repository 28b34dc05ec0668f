//! The shipped rules against the shipped test files: all cases pass, all rules are covered both ways, and breaking a rule
//! is reported, with the place.

use std::fs;

use tercel_test_support::{ran, root};

use super::bench::{Bench, run};

#[test]
fn every_shipped_rule_is_shown_to_fire_and_to_be_silent() {
    ran(&["test", "--coverage", "--fail-under", "100", "testdata"], 0);
}

fn rules() -> String {
    fs::read_to_string(root().join("rules/tercel_rules.yaml")).expect("the shipped rules")
}

/// A directory with these rules and the shipped test files.
fn broken(rules: &str) -> Bench {
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
    bench
}

/// Line of a text, from 1.
fn line_of(text: &str, part: &str) -> usize {
    let at = text.find(part).expect("a part of the text");
    text[..at].matches('\n').count() + 1
}

/// A rule, and the capture from which one finds out what is wrong with it.
type Asked<'a> = (&'a str, &'a str);

/// Replaces a text of the rules; some case has to fail, and what is printed has to name the line where `place` stands, and
/// hold these words. The linter, or an explanation of the rule over the capture, has to name the line, too.
#[track_caller]
fn breaks(from: &str, to: &str, place: &str, words: &str, asked: Asked<'_>) {
    let rules = rules();
    assert!(rules.contains(from), "the shipped rules do not hold: {from}");
    fails(&rules.replacen(from, to, 1), place, words, asked);
}

#[track_caller]
fn fails(rules: &str, place: &str, words: &str, asked: Asked<'_>) {
    let bench = broken(rules);
    let run = bench.test(&["testdata"]);
    assert_eq!(run.code, 1, "{place}\n{}", run.all());
    let line = format!("rules/tercel_rules.yaml:{}:", line_of(rules, place));
    for word in [line.as_str(), words] {
        assert!(run.out.contains(word), "'{word}' is not in: {}", run.out);
    }
    let led = looked_at(&bench, asked);
    assert!(led.contains(&line), "'{line}' is not in: {led}");
}

/// What the linter says of the rules, and explanations of a rule over a capture.
fn looked_at(bench: &Bench, (rule, trace): Asked<'_>) -> String {
    let trace = format!("testdata/{trace}.scap");
    let explain = ["explain", "-q", "-r", "rules", "--rule", rule, &trace];
    let explanations =
        [&explain[..], &[&explain[..], &["--near=2"]].concat()].map(|words| run(&bench.path(""), words));
    assert!(explanations.iter().all(|ran| ran.code == 0), "{explanations:?}");
    let linted = run(&bench.path(""), &["rules", "lint", "rules"]);
    linted.out + &explanations.map(|ran| ran.out).concat()
}

#[test]
fn a_wrong_operator_is_noticed() {
    breaks(
        "contains \"/.\"",
        "endswith \"/.\"",
        "endswith \"/.\"",
        "proc.exepath endswith /.",
        ("Hidden program run from temporary directory", "traces/hidden-program-run-from-temporary-directory"),
    );
}

#[test]
fn a_typo_in_a_list_is_noticed() {
    let place =
        "program_started and proc.name in (shell_programs, interpreter_programs)\n    and (proc.stdin";
    let asked = ("Shell connected to network socket", "traces/shell-connected-to-network-socket");
    breaks("items: [sh, bash,", "items: [hs, bahs,", place, "asks for (hs, bahs, ", asked);
}

#[test]
fn a_lost_macro_is_noticed() {
    let rest = "proc.name in (shell_programs) and proc.pname in (server_programs)";
    let rule = "rule: Shell spawned by server program";
    let asked = ("Shell spawned by server program", "spared/shell-spawned-by-server-program");
    let fired = "'Shell spawned by server program' fired";
    breaks(&format!("program_started and {rest}"), rest, rule, fired, asked);
}

#[test]
fn a_wrong_macro_is_noticed() {
    let (from, to) = ("(spawned_process and evt.rawres = 0)", "(spawned_process and evt.rawres = 1)");
    let asked = ("Miner started", "traces/miner-started");
    breaks(from, to, "spawned_process and evt.rawres = 1", "evt.rawres = 1", asked);
}

#[test]
fn a_wrong_event_type_is_noticed() {
    let asked =
        ("Standard stream moved onto network socket", "traces/standard-stream-moved-onto-network-socket");
    let wrong = "evt.type in (dup)";
    breaks("evt.type in (dup, dup2, dup3)", wrong, wrong, wrong, asked);
}

#[test]
fn a_wrong_field_is_noticed() {
    let (from, to) = ("(proc.aname in (server_programs))", "(proc.pname in (server_programs))");
    breaks(
        from,
        to,
        "proc.pname in (server_programs))",
        "'Download started below server program' did not fire",
        ("Download started below server program", "traces/download-started-below-server-program"),
    );
}

#[test]
fn a_wrong_connective_is_noticed() {
    let to = "proc.args contains \"| sh\" and";
    let asked = ("Shell runs decoded text", "traces/shell-runs-decoded-text");
    breaks("proc.args contains \"| sh\" or", to, to, "'Shell runs decoded text' did not fire", asked);
}

#[test]
fn a_lost_negation_is_noticed() {
    let to = "and proc.name in (crond, cron, atd, anacron)";
    let asked = ("Scheduled job written", "traces/scheduled-job-written");
    breaks(&to.replace("and ", "and not "), to, to, "'Scheduled job written' did not fire", asked);
}

#[test]
fn a_lost_exception_is_noticed() {
    let rule = "rule: Shell spawned by server program";
    let asked = ("Shell spawned by server program", "spared/shell-spawned-by-server-program");
    breaks("        - [postgres, sh -c pg_]\n", "", rule, "fired once; expected: none", asked);
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
        ("Shell spawned by server program", "traces/shell-spawned-by-server-program"),
    );
}

#[test]
fn a_lowered_priority_is_noticed() {
    let rules = rules();
    let rule = "- rule: Shell connected to network socket";
    let (before, behind) = rules.split_once(rule).expect("a shipped rule");
    let lowered = format!("{before}{rule}{}", behind.replacen("priority: CRITICAL", "priority: NOTICE", 1));
    let asked = ("Shell connected to network socket", "traces/shell-connected-to-network-socket");
    fails(&lowered, rule, "≠ priority: Notice", asked);
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
    let asked = ("Sudo rules written", "traces/sudo-rules-written");
    fails(
        &swapped,
        special,
        "the condition holds, but 'Write below etc' comes first and raises the alert",
        asked,
    );
    let led = looked_at(&broken(&swapped), asked);
    let place =
        format!("'Write below etc' (rules/tercel_rules.yaml:{}:3) comes first", line_of(&swapped, general));
    assert!(led.contains(&place), "'{place}' is not in: {led}");
}
