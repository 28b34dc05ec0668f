//! `tercel rules lint` and `tercel rules check` as people and code scanners meet them.

use serde_json::Value;
use tercel_test_support::{Place, Ran, ran, tercel};

/// Runs the built binary over rule files in a directory of its own.
fn over(name: &str, files: &[(&str, &str)], arguments: &[&str], code: i32) -> Ran {
    let place = Place::new(name);
    for (name, text) in files {
        place.file(name, text);
    }
    let run: Ran = tercel(arguments).current_dir(place.directory()).output().expect("the binary runs").into();
    assert_eq!(run.code, code, "{}", run.all());
    run
}

const RULE: &str = "\
- rule: Upgrade
  desc: An upgrade starts
  condition: evt.type = execve and proc.name = unattended-upgrades
  output: started %proc.cmdline
  priority: NOTICE
  tags: [host]
";

#[test]
fn shipped_rules_have_no_findings() {
    assert_eq!(ran(&["rules", "lint", "rules"], 0).out, "");
    assert!(ran(&["rules", "check", "--lint", "rules"], 0).out.ends_with(": ok\n"));
}

#[test]
fn findings_have_a_place_a_reason_and_a_fix() {
    let run = over("lint-text", &[("a.yaml", RULE)], &["rules", "lint", "a.yaml"], 1);
    assert_eq!(
        run.out,
        "a.yaml:3:48: error[L202 name-too-long]: proc.name has at most 15 bytes, 'unattended-upgrades' has 19
      condition: evt.type = execve and proc.name = unattended-upgrades
                                                   ^
  in rule 'Upgrade'
  fix: write 'unattended-upgr', which is what the kernel keeps of it
"
    );
    let run = over("lint-check", &[("a.yaml", RULE)], &["rules", "check", "--lint", "a.yaml"], 1);
    assert!(run.out.starts_with("a.yaml: ok\na.yaml:3:48: error[L202"), "{}", run.out);
    let broken = RULE.replace("proc.name", "proc.nmae");
    let run = over("lint-broken", &[("a.yaml", &broken)], &["rules", "lint", "a.yaml"], 2);
    assert!(run.err.contains("did you mean 'proc.name'?") && run.out.is_empty(), "{}", run.all());
}

#[test]
fn a_log_for_code_scanners_names_every_code() {
    let run = over("lint-sarif", &[("a.yaml", RULE)], &["rules", "lint", "a.yaml", "--format", "sarif"], 1);
    let log: Value = serde_json::from_str(&run.out).expect("JSON");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((log["version"].as_str(), result["ruleId"].as_str()), (Some("2.1.0"), Some("L202")));
    let index = result["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][index]["id"], "L202");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.yaml");
    assert_eq!(
        (place["region"]["startLine"].as_u64(), place["region"]["startColumn"].as_u64()),
        (Some(3), Some(48))
    );
    let run = over("lint-json", &[("a.yaml", RULE)], &["rules", "lint", "a.yaml", "--format", "json"], 1);
    let row: Value = serde_json::from_str(run.out.trim()).expect("one object");
    assert_eq!((row["code"].as_str(), row["item"].as_str()), (Some("L202"), Some("rule 'Upgrade'")));
}

/// What is said of each place that is wrong, in order.
fn errors(out: &str) -> Vec<&str> {
    out.lines().filter(|line| line.contains(": error[")).collect()
}

#[test]
fn all_errors_of_a_file_are_reported() {
    let text = "\
- macro: wrong
  condition: proc.name startwith a
- macro: uses_wrong
  condition: wrong and fd.num = 1
- list: items_misspelt
  itmes: [a]
- rule: a
  desc: d
  condtion: evt.type = open
  output: x
- rule: b
  desc: d
  condition: evt.type = opem and uses_wrong
  output: x %proc.nmae
  priority: INFO
- rule: c
  desc: d
  condition: evt.type = open and proc.nmae = a
  output: x
  priority: INF
- rule: a
  tags: [x]
  override: {tags: append}
- rule: d
  desc: d
  condition: evt.type = open and fd.naem = a
  output: x
  priority: INFO
";
    let out = over("check-all", &[("a.yaml", text)], &["rules", "check", "a.yaml"], 2).out;
    let found = errors(&out);
    let expected = [
        ("6:3", "Item has no mapping for key 'items'"),
        ("9:3", "Item has no mapping for key 'condition'"),
        ("7:3", "Item has no mapping for key 'priority'"),
        ("20:13", "Invalid priority"),
        ("2:24", ""),
        ("14:13", ""),
        ("26:34", ""),
    ];
    assert_eq!(found.len(), expected.len(), "{out}");
    for (line, (place, words)) in found.iter().zip(expected) {
        assert!(
            line.starts_with(&format!("a.yaml:{place}: ")) && line.contains(words),
            "{place} {words}\n{out}"
        );
    }
    for hint in
        ["'itmes' is unknown; did you mean 'items'?", "'condtion' is unknown; did you mean 'condition'?"]
    {
        assert!(out.contains(hint), "{out}");
    }
    // Falco stops at the first.
    let json = over("check-json", &[("a.yaml", text)], &["rules", "check", "--json", "a.yaml"], 2).out;
    let result: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(result["falco_load_results"][0]["errors"].as_array().map(Vec::len), Some(1));
}

#[test]
fn errors_of_the_text_say_where_a_bracket_or_quote_began() {
    for (text, words) in [
        ("- list: a\n  items: [b, c\n- list: d\n  items: []\n", "line 2, column 10"),
        ("- list: a\n  items: [b, c", "line 2, column 10"),
        ("- rule: \"a\n  desc: b\n", "the quote that opens here is never closed"),
    ] {
        let out = over("check-yaml", &[("a.yaml", text)], &["rules", "check", "a.yaml"], 2).out;
        assert!(out.contains(words), "{out}");
    }
}

#[test]
fn nothing_in_a_rule_file_acts_on_a_terminal() {
    let named = RULE.replace("Upgrade", "\"up\\e]0;x\\agrade\"").replace("execve", "execvee");
    for text in [named.as_str(), "- rule: \u{1b}[31m red\n", "- list: \"\\e[2J\"\n  items: [\u{9b}1m]\n"] {
        for verb in [&["rules", "check", "a.yaml"][..], &["rules", "lint", "a.yaml"]] {
            let place = Place::new("check-control");
            place.file("a.yaml", text);
            let run: Ran =
                tercel(verb).current_dir(place.directory()).output().expect("the binary runs").into();
            let raw = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
            assert!(!run.all().contains(raw), "{:?}", run.all());
        }
    }
}
