//! `tercel explain` and `tercel rules show` as a user sees them: alerts in short, an event with the whole condition, the nearest
//! events, a rule after all files, and the exit code of each mistake.

use serde_json::Value;
use tercel_test_support::{Ran, root};

use super::RULES;
use super::bench::{Bench, run, web};

/// A rule file of the rules about the web server's capture, changed.
fn bench(from: &str, to: &str) -> Bench {
    let bench = Bench::new("explain");
    assert!(RULES.contains(from), "{from}");
    bench.file("r.yaml", &RULES.replacen(from, to, 1));
    bench
}

fn explain(bench: &Bench, arguments: &[&str]) -> Ran {
    let words = ["explain", "--rules", "r.yaml", "--rule", "Loader started", &web()];
    run(&bench.path(""), &[&words, arguments].concat())
}

#[test]
fn alerts_are_explained_in_short() {
    let ran = explain(&bench("o\n", "o\n"), &[]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("#31 09:30:06.000344065: Warning o"), "{}", ran.out);
    assert_eq!(
        lines[1],
        "    because evt.type=execve, evt.arg.res=0, proc.name=curl in (loaders), proc.aname[2]=php-fpm8.2 in \
         (php-fpm8.2, unmet)"
    );
    assert!(lines[2].starts_with("'Loader started' (r.yaml:9:3): 1 alert in 70 events, "), "{}", ran.out);
    let none = explain(&bench("o\n", "o\n"), &["-n", "0"]);
    assert!(none.out.starts_with("… and 1 more alert"), "{}", none.out);
    let filtered = explain(&bench("o\n", "o\n"), &["proc.name=wget"]);
    assert!(filtered.out.starts_with("'Loader started' (r.yaml:9:3): 0 alerts in "), "{}", filtered.out);
}

#[test]
fn an_event_is_explained_term_by_term() {
    let ran = explain(&bench("o\n", "o\n"), &["--event", "31"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let expected = "\
  * ✓ spawned: all of                              r.yaml:6:14
  * ✓   evt.type in (execve, execveat)  execve      r.yaml:6:14
  * ✓   evt.arg.res = 0                 0           r.yaml:6:49
  * ✓ proc.name in (loaders)            curl        r.yaml:11:26
  * ✓ below_server: proc.aname[2] in (php-fpm8.2, unmet)";
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let tree: Vec<Vec<String>> =
        words(&ran.out).into_iter().filter(|line| line.first().is_some_and(|word| word == "*")).collect();
    let expected = words(expected);
    assert_eq!(tree[..4], expected[..4], "{}", ran.out);
    assert_eq!(tree[4][..expected[4].len()], expected[4], "{}", ran.out);
    assert!(ran.out.contains("'Loader started' (r.yaml:9:3) matches"), "{}", ran.out);
    let other = explain(&bench("o\n", "o\n"), &["--event", "#8"]);
    assert!(other.out.contains("does not match: it misses 2 terms of 4"), "{}", other.out);
    assert!(other.out.contains("* ✗ proc.name in (loaders)"), "{}", other.out);
    let json: Value =
        serde_json::from_str(&explain(&bench("o\n", "o\n"), &["--event", "8", "--json"]).out).expect("JSON");
    let why = &json["explained"][0];
    assert_eq!((&why["holds"], &why["missed"]), (&Value::from(false), &Value::from(2)));
    let term = &why["tree"]["members"][1];
    assert_eq!(term["term"], "proc.name in (loaders)");
    assert_eq!(term["values"]["proc.name"], "sh");
    assert_eq!((&term["line"], &term["missed"]), (&Value::from(11), &Value::from(true)));
    assert_eq!(term["lists"][0]["name"], "loaders");
}

/// The place of a mistake in a rule, and words about it, are in the first group of the nearest events.
#[track_caller]
fn leads(from: &str, to: &str, place: &str, words: &str) {
    let ran = explain(&bench(from, to), &["--near"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let first = ran.out.split("\n\n").nth(1).unwrap_or_default();
    for expected in [place, words] {
        assert!(first.contains(expected), "'{expected}' is not in: {first}\n{}", ran.out);
    }
}

#[test]
fn near_events_lead_to_the_mistake() {
    leads("[curl, wget]", "[crul, wget]", "r.yaml:11:26: proc.name in (loaders)", "curl (1, like crul)");
    leads("[curl, wget]", "[CURL, wget]", "r.yaml:11:26: ", "curl (1, like CURL)");
    leads("[curl, wget]", "[/usr/bin/curl]", "r.yaml:11:26: ", "curl (1, like /usr/bin/curl)");
    leads("res = 0", "res = 1", "r.yaml:6:49: evt.arg.res = 1", "had 0 (1)");
    leads("(execve, execveat)", "(execveat)", "r.yaml:6:14: ", "had execve (1, like execveat)");
    leads(
        "aname[2] in",
        "aname[3] in",
        "r.yaml:8:14: below_server: proc.aname[3] in (php-fpm8.2, unmet)",
        "had ",
    );
}

#[test]
fn what_keeps_a_rule_from_an_event_is_said() {
    let rival =
        "- rule: First\n  desc: d\n  condition: spawned\n  output: o\n  priority: INFO\n- rule: Loader";
    let ran = explain(&bench("- rule: Loader", rival), &[]);
    assert!(
        ran.out.contains("at 1 event its condition holds, but 'First' (r.yaml:9:3) comes first"),
        "{}",
        ran.out
    );
    let ran = explain(&bench("- rule: Loader", rival), &["--event", "31"]);
    assert!(ran.out.contains("but 'First' (r.yaml:9:3) comes first and raises the alert"), "{}", ran.out);
    let ran = explain(&bench("- rule: Loader", rival), &["--rule-matching", "all"]);
    assert!(ran.out.contains("'Loader started' (r.yaml:14:3): 1 alert in "), "{}", ran.out);
    let ran = explain(&bench("- rule: Loader started\n", "- rule: Loader started\n  enabled: false\n"), &[]);
    assert!(ran.err.contains("is disabled: it raises no alert"), "{}", ran.all());
    let ran = explain(&bench("o\n", "o\n"), &["--event", "1"]);
    assert!(ran.out.contains("it looks at execve, execveat; event 1 is "), "{}", ran.out);
    let ran = explain(&bench("o\n", "o\n"), &["--event", "31", "proc.name=nobody"]);
    assert!(ran.out.contains("the filter does not hold at this event"), "{}", ran.out);
}

/// `cat` reads /sys/class/dmi/id/sys_vendor, where /sys/class/dmi/id is a link.
const LINKED: &str = "testdata/traces/virtual-machine-looked-for.scap";

/// Whose paths decided is said, and the line is that of a replay.
#[test]
fn paths_of_the_kernel_are_explained_as_such() {
    let bench = Bench::new("explain-paths");
    let rule = |name: &str, more: &str| {
        format!(
            "- rule: {name}\n  desc: d\n  condition: evt.type = openat and proc.name = cat and fd.name startswith /sys/devices/virtual/{more}\n  \
             output: '%fd.name by %proc.name'\n  priority: INFO\n"
        )
    };
    bench.file("r.yaml", &(rule("Read", "") + &rule("Written", " and evt.is_open_write = true")));
    let trace = root().join(LINKED).display().to_string();
    let explain = |rule: &str, more: &[&str]| {
        let words = ["explain", "-q", "--utc", "-r", "r.yaml", "--rule", rule, &trace];
        let ran = run(&bench.path(""), &[&words, more].concat());
        assert_eq!(ran.code, 0, "{}", ran.all());
        ran.out
    };
    let replay = |paths| {
        run(&bench.path(""), &["replay", "-q", "--utc", "-r", "r.yaml", "--paths", paths, &trace]).out
    };
    let alert = replay("both");
    let suffix = " [kernel: evt.realpath=/sys/devices/virtual/dmi/id/sys_vendor]";
    assert!(alert.trim_end().ends_with(suffix), "{alert}");
    let value = "fd.name=/sys/devices/virtual/dmi/id/sys_vendor startswith /sys/devices/virtual/";
    let both = explain("Read", &[]);
    assert!(both.contains(alert.trim_end()), "{both}");
    assert!(both.contains(&format!("{value} (with the kernel's paths)\n")), "{both}");
    let number = both.split(['#', ' ']).nth(1).expect("the number of an event");
    let kernel = explain("Read", &["--paths", "kernel"]);
    assert!(
        kernel.contains(replay("kernel").trim_end()) && kernel.contains(&format!("{value}\n")),
        "{kernel}"
    );
    assert_eq!(replay("caller"), "");
    assert!(explain("Read", &["--paths", "caller"]).contains(": 0 alerts in "));

    let at = |rule, paths| explain(rule, &["--paths", paths, "--event", number]);
    assert!(at("Read", "both").contains(") matches (with the kernel's paths)\n"), "{}", at("Read", "both"));
    assert!(at("Read", "kernel").contains(") matches\n"));
    assert!(at("Read", "caller").contains("it misses 1 term of 3\n"));
    let misses = "it misses 1 term of 4, with the paths of callers and with those of the kernel\n";
    assert!(at("Written", "both").contains(misses), "{}", at("Written", "both"));
    assert!(at("Written", "caller").contains("it misses 2 terms of 4\n"));
    let near = |paths| explain("Written", &["--paths", paths, "--near=1"]);
    assert!(near("both").contains("\n1 event misses only\n  r.yaml:8:"), "{}", near("both"));
    assert!(near("caller").contains(" miss 2 terms\n"), "{}", near("caller"));
}

/// Nothing that verbs print of a rule file acts on a terminal.
#[test]
fn control_characters_of_rule_files_are_not_printed() {
    let bench = Bench::new("explain-hostile");
    let text = |message: &str| {
        format!(
            "- list: l\n  items: [\"x\\e[5m\", \"\\u009bq\"]\n- rule: \"a\\e[31m \\u202e\"\n  desc: \"d\\e]0;x\\a\"\n  \
             condition: \"evt.type = execve and proc.name != \\\"b\\e[2J\\\" and not proc.name in (c\\x01, l)\"\n  \
             output: \"{message}\\e]0;x\\a %proc.name\"\n  priority: INFO\n  tags: [\"t\\e[1m\"]\n"
        )
    };
    bench.file("r.yaml", &text("o"));
    bench.file("s.yaml", &text("p"));
    let (rule, web) = ("a\u{1b}[31m \u{202e}", web());
    let explain = ["explain", "-r", "r.yaml", "--rule", rule, &web];
    let with = |more: &[&'static str]| [&explain[..], more].concat();
    let diff = |format| vec!["diff", "--rules", "r.yaml", "--rules-b", "s.yaml", &web, "--format", format];
    let verbs = [
        with(&[]),
        with(&["--near"]),
        with(&["--event", "31"]),
        with(&["--full"]),
        with(&["--json"]),
        with(&["--near", "--json"]),
        diff("text"),
        diff("json"),
        diff("markdown"),
        diff("github"),
        vec!["profile", "-r", "r.yaml", &web],
        vec!["profile", "-r", "r.yaml", &web, "--json"],
        vec!["rules", "lint", "r.yaml"],
        vec!["rules", "lint", "r.yaml", "--format", "json"],
        vec!["rules", "lint", "r.yaml", "--format", "sarif"],
        vec!["rules", "list", "r.yaml"],
        vec!["rules", "list", "r.yaml", "--json"],
        vec!["rules", "list", "r.yaml", "--markdown"],
        vec!["rules", "show", rule, "-r", "r.yaml"],
        vec!["rules", "show", rule, "-r", "r.yaml", "--json"],
        vec!["tune", "-r", "r.yaml", "--good", &web],
    ];
    for words in verbs {
        let ran = run(&bench.path(""), &words);
        assert!(matches!(ran.code, 0 | 1), "{words:?}: {}", ran.all());
        let acts = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || c == '\u{202e}';
        let found: Vec<&str> =
            ran.out.lines().chain(ran.err.lines()).filter(|line| line.contains(acts)).collect();
        assert!(found.is_empty(), "{words:?}: {found:?}");
    }
}

#[test]
fn mistakes_are_told() {
    let plain = || bench("o\n", "o\n");
    let refused = |bench: &Bench, arguments: &[&str], words: &str| {
        let ran = run(&bench.path(""), arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.all());
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    };
    let web = web();
    let with = |rule| ["explain", "-r", "r.yaml", "--rule", rule, web.as_str()];
    refused(&plain(), &with("Loader startd"), "unknown rule 'Loader startd'; did you mean 'Loader started'?");
    let absent = [with("Loader started").as_slice(), &["--event", "71"]].concat();
    refused(&plain(), &absent, "no event has the number 71; the last event is 70");
    let twice = [with("Loader started").as_slice(), &[web.as_str(), "--event", "7"]].concat();
    refused(&plain(), &twice, "several are named");
    let skipped = bench("- rule: Loader started\n", "- rule: Loader started\n  source: k8s_audit\n");
    refused(&skipped, &with("Loader started"), "is skipped: its source 'k8s_audit'");
    refused(&plain(), &["rules", "show", "Loader startd", "-r", "r.yaml"], "did you mean 'Loader started'?");
}

#[test]
fn a_rule_is_shown_after_all_files() {
    let bench = bench("o\n", "o\n");
    bench.file(
        "z.yaml",
        "- list: loaders\n  items: [ftp]\n  override: {items: append}\n- rule: Wget started\n  condition: and fd.num=1\n  \
         priority: NOTICE\n  override: {condition: append, priority: replace}\n",
    );
    bench.file("a.test.yaml", &format!("rules: r.yaml\ntrace: {}\nsilent: [Wget started]\n", web()));
    let show = |rule: &str, more: &[&str]| {
        let words = ["rules", "show", rule, "-r", "r.yaml", "-r", "z.yaml"];
        run(&bench.path(""), &[&words, more].concat())
    };
    let ran = show("Wget started", &["--tests", "."]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for line in [
        "Wget started  r.yaml:14:3",
        "  priority     Notice",
        "  event types  execve, execveat",
        "  z.yaml:4:3   appended to: condition",
        "  z.yaml:4:3   replaced: priority",
        "condition (r.yaml:16:14, z.yaml:5:14)",
        "  known  user.name =: 1 value; r.yaml:20:7",
        "  a.test.yaml:3  a: none",
    ] {
        assert!(ran.out.lines().any(|found| found == line), "'{line}' is not in: {}", ran.out);
    }
    assert!(ran.out.contains("  not exception known: user.name = nobody"), "{}", ran.out);
    let ran = show("Loader started", &[]);
    assert!(ran.out.contains("  loaders  r.yaml:1:3; appended to: items at z.yaml:1:3"), "{}", ran.out);
    let json: Value = serde_json::from_str(&show("Wget started", &["--json"]).out).expect("JSON");
    assert_eq!(json["changes"][1]["what"], "appended to: condition");
    assert_eq!(json["condition_at"][1]["file"], "z.yaml");
    assert_eq!(json["exceptions"][0]["values"], 1);
}
