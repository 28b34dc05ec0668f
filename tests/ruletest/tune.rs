//! `tercel tune` as a user sees it: what is silenced, what is not, and what is never lost.

use serde_json::Value;
use tercel_test_support::{Place, Ran, root};

use super::bench::{rules, run, traces, web};

const RULES: &str = "\
- rule: Shell
  desc: A shell starts
  condition: evt.type in (execve, execveat) and evt.dir = < and proc.name in (sh, bash)
  output: shell %proc.cmdline
  priority: NOTICE
- rule: Download
  desc: Something is downloaded
  condition: evt.type in (execve, execveat) and evt.dir = < and proc.name = curl
  output: download %proc.cmdline
  priority: WARNING
";

fn tune(place: &Place, arguments: &[&str]) -> Ran {
    place.file("r.yaml", RULES);
    let ran = run(place.directory(), &[&["tune", "-q", "--rules", "r.yaml"][..], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.all());
    ran
}

/// How many alerts vanish over captures with the exceptions, and how many stay.
fn effect(place: &Place, trace: &str) -> (u64, u64) {
    let verb =
        ["diff", "-q", "--format", "json", "--rules", "r.yaml", "--rules-b", "r.yaml", "--rules-b", "l.yaml"];
    let ran = run(place.directory(), &[&verb[..], &[trace]].concat());
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.all()));
    let count = |key: &str| report["summary"][key].as_u64().expect("a count");
    assert_eq!(count("appear") + count("change_priority") + count("change_text"), 0, "{report}");
    (count("vanish"), count("same"))
}

#[test]
fn what_is_good_is_silenced_and_what_is_bad_is_kept() {
    let place = Place::new("tune");
    let (web, traces) = (web(), traces());
    let ran = tune(&place, &["--good", &web, "--bad", &traces, "-w", "l.yaml"]);
    assert!(ran.out.contains("good captures: 9 alerts before, 0 after"), "{}", ran.out);
    assert!(ran.out.contains("0 lost"), "{}", ran.out);
    assert_eq!(effect(&place, &web), (9, 0));
    let (lost, kept) = effect(&place, &traces);
    assert!(lost == 0 && kept > 10, "{lost} {kept}");
    let written = place.read("l.yaml");
    assert!(written.contains("- rule: Shell\n  exceptions:\n    - name: tuned_1\n"), "{written}");
    let again = tune(&place, &["--good", &web, "--bad", &traces, "-w", "m.yaml", "-j", "3"]);
    assert_eq!((again.out, place.read("m.yaml")), (ran.out, written));
}

#[test]
fn what_looks_like_an_attack_stays() {
    let place = Place::new("tune-alike");
    let web = web();
    let ran = tune(&place, &["--good", &web, "--bad", &web, "-w", "l.yaml"]);
    assert!(ran.out.contains("of the alerts look like attacks in every field"), "{}", ran.out);
    assert!(ran.out.contains("good captures: 9 alerts before, 9 after"), "{}", ran.out);
    assert!(!place.path("l.yaml").exists());
}

#[test]
fn no_test_is_lost() {
    let place = Place::new("tune-tests");
    let (web, shipped) = (web(), rules());
    place.file("a.test.yaml", format!("rules: r.yaml\ntrace: {web}\nexpect: {{Download: 2}}\n"));
    let ran = tune(&place, &["--good", &web, "--tests", "a.test.yaml", "-w", "l.yaml"]);
    assert!(ran.out.contains("no exception is left: a test would fail"), "{}", ran.out);
    assert!(ran.out.contains("tests:         1 pass before, 1 after"), "{}", ran.out);
    assert_eq!(effect(&place, &web), (7, 2));
    // Rules of other names in the tests' rule files are left alone.
    let tests = root().join("testdata/tests/impact.test.yaml").display().to_string();
    let ran = run(place.directory(), &["tune", "-q", "--rules", &shipped, "--good", &web, "--tests", &tests]);
    assert!(ran.code == 0 && ran.out.contains("pass before"), "{}", ran.all());
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new("tune-over");
    place.file("r.yaml", RULES);
    place.file("l.yaml", "");
    let web = web();
    for (output, words) in [
        ("l.yaml", "the file exists; --force"),
        ("r.yaml", "overwrite the input"),
        (&web, "overwrite the input"),
    ] {
        let ran = run(place.directory(), &["tune", "--rules", "r.yaml", "--good", &web, "-w", output]);
        assert!(ran.code == 2 && ran.err.contains(words), "{output}: {}", ran.all());
    }
    let ran = run(place.directory(), &["tune", "-q", "--rules", "r.yaml", "--good", "-"]);
    assert!(ran.code == 2 && ran.err.contains("only once"), "{}", ran.all());
}
