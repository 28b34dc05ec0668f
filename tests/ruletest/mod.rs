//! `tercel test` as a user sees it: the contents of test files, the report of a failing case, and the exit code of each mistake.

mod bench;
mod diff;
mod explain;
mod jobs;
mod profile;
mod shipped;
mod tune;

use tercel_test_support::{require, tool};

use bench::{Bench, SHELL, rules, traces, web};

#[test]
fn the_first_test_has_five_lines() {
    let bench = Bench::new("first");
    bench.file(
        "first.test.yaml",
        &format!("rules: {}\ntrace: {}\nexpect:\n  {SHELL}: 3\n  Private key read: none\n", rules(), web()),
    );
    let run = bench.test(&["."]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(run.out, "ok: 1 case, 1 passed, 0 failed, 0 with errors\n");
}

/// A case over the web server's capture: passes, or fails with these words.
#[track_caller]
fn check(case: &str, words: &[&str]) {
    let bench = Bench::new("check");
    bench.suite(case);
    let run = bench.test(&["."]);
    assert_eq!(run.code, i32::from(!words.is_empty()), "{case}\n{}", run.all());
    words.iter().for_each(|word| assert!(run.out.contains(word), "{case}\n'{word}' is not in: {}", run.out));
}

#[test]
fn counts() {
    for count in ["3", "2+", "0..3", "2..4", "some", "any"] {
        check(&format!("expect: {{{SHELL}: {count}}}"), &[]);
    }
    check(&format!("expect: {{{SHELL}: 2}}"), &["fired 3 times; expected: 2", "#8 2026-01-15T09:30:01"]);
    check(&format!("expect: {{{SHELL}: none}}"), &["fired 3 times; expected: none"]);
    check(&format!("silent: [{SHELL}]"), &["fired 3 times; expected: none"]);
    check("expect: {Private key read: 1}", &["did not fire; expected: 1", "another rule fired"]);
    check("silent: [Private key read, Remote login from container]\nothers: any", &[]);
    check("others: none", &["but other rules are expected to be silent"]);
}

#[test]
fn patterns() {
    let with = |pattern: &str| format!("expect: {{Download started below server program: {pattern}}}");
    check(&with("{proc.name: curl, user.name: www-data, priority: warning}"), &[]);
    check(&with("{proc.name: [wget, curl]}"), &[]);
    check(&with("{proc.cmdline: {glob: '*http://*/a'}}"), &[]);
    check(&with("{proc.cmdline: {regex: 'curl .*[0-9.]+/a'}}"), &[]);
    check(&with("{proc.cmdline: {contains: img}, proc.name: {not: wget}}"), &[]);
    check(&with("{output: {glob: 'Download started*'}, toupper(proc.name): CURL}"), &[]);
    check(&with("{proc.name: wget}"), &["did not fire as described", "proc.name: wget", "≠ proc.name: curl"]);
    check(&with("{proc.cmdline: {regex: 'curl'}}"), &["did not fire as described"]);
    check(&with("{priority: notice}"), &["priority: Notice", "≠ priority: Warning"]);
    check(&with("[{proc.name: curl, count: 1}, {proc.name: wget, count: none}]"), &[]);
    check(&with("[{from: +4s, to: +7s}]"), &[]);
    check(
        &with("[{from: +1s, to: +2s}]"),
        &["did not fire as described", "but no pattern of the case matches"],
    );
    let moved =
        "expect: {Standard stream moved onto network socket: [{fd.num: 77}, {fd.rport: 4433, count: 3}]}";
    check(moved, &["did not fire as described", "fd.num: 77"]);
}

#[test]
fn windows_filters_and_matching() {
    check(&format!("to: '#8'\nexpect: {{{SHELL}: none}}"), &[]);
    check(&format!("from: '#8'\nto: '#9'\nexpect: {{{SHELL}: 1}}"), &[]);
    check(&format!("filter: proc.cmdline contains curl\nexpect: {{{SHELL}: 1}}"), &[]);
    check(&format!("rule_matching: all\nexpect: {{{SHELL}: 3}}"), &[]);
    check(&format!("select: {{names: ['Shell spawned*']}}\nothers: none\nexpect: {{{SHELL}: 3}}"), &[]);
    check("select: {priority: critical}\nothers: none\nexpect: {Shell connected to network socket: 1}", &[]);
}

#[test]
fn lines_are_compared_whole() {
    let line = "Critical Shell connected to a network socket (user=www-data command=sh -i \
                stdin=192.0.2.10:41544->203.0.113.7:4433 stdout=192.0.2.10:41544->203.0.113.7:4433 parent=sh \
                grandparent=php-fpm8.2 container=host container_image=)";
    let select = "select: {priority: critical}\nlines:\n";
    check(&format!("{select}- '{line}'"), &[]);
    check(&format!("{select}- '09:30:12.000000000: {line}'"), &[]);
    check(&format!("{select}- '2026-01-15T09:30:12.000000000+0000: {line}'"), &[]);
    check(&format!("{select}- '09:30:12.000000001: {line}'"), &["1 missing, 1 unexpected"]);
    check(&format!("{select}- '{line}'\n- '{line}'"), &["1 missing, 0 unexpected"]);
}

#[test]
fn a_matrix_stands_for_its_combinations() {
    let bench = Bench::new("matrix");
    bench.suite(
        "matrix: {count: [2, 3], rule: [Shell spawned by server program]}\nexpect: {'${rule}': '${count}'}",
    );
    let run = bench.test(&[".", "-v"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(
        run.out.contains("FAIL a.test.yaml:1: a [count=2, rule=Shell spawned by server program]"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("ok a.test.yaml:1: a [count=3, rule=Shell spawned by server program]"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("captures decoded: 1 (70 events); evaluations: 1; rule sets loaded: 1"),
        "{}",
        run.out
    );
    bench.suite("matrix: [{count: 3, more: x}]\nexpect: {Shell spawned by server program: '${count}'}");
    assert!(bench.test(&["."]).out.contains("the case does not use the parameter 'more'"));
}

/// A test file that cannot pass: its exit code, and words of the message.
#[track_caller]
fn broken(text: &str, code: i32, words: &str) {
    let bench = Bench::new("broken");
    bench.file("a.test.yaml", &text.replace("RULES", &rules()).replace("TRACE", &web()));
    let run = bench.test(&["."]);
    assert_eq!(run.code, code, "{text}\n{}", run.all());
    assert!(run.out.contains(words), "{text}\n'{words}' is not in: {}", run.out);
    assert!(run.out.contains("0 passed, 0 failed, 1 with errors"), "{}", run.out);
}

#[test]
fn mistakes_are_told_with_their_places() {
    let head = "rules: RULES\ntrace: TRACE\n";
    let with = |rest: &str| format!("{head}{rest}");
    broken(&with("expct: {a: 1}"), 2, "a.test.yaml:3:1: unknown key 'expct' in a test file");
    broken(&with("expct: {a: 1}"), 2, "did you mean 'expect'?");
    broken(&with("expect: [a]"), 2, "a.test.yaml:3:9: expect must be a mapping");
    broken(&with("expect: {Private key raed: 1}"), 2, "did you mean 'Private key read'?");
    broken(
        &with("expect: {Private key read: {proc.nmae: x}}"),
        2,
        "a.test.yaml:3:29: unknown field 'proc.nmae'",
    );
    broken(&with("expect: {Private key read: {cuont: 1}}"), 2, "did you mean 'count'?");
    broken(&with("expect: {Private key read: many}"), 2, "invalid count 'many'");
    broken(&with("expect: {Private key read: {fd.name: {regex: '('}}}"), 2, "invalid pattern");
    broken(&with("others: noen"), 2, "invalid value 'noen' of others; the values are none, any");
    broken(&with("from: noon\nothers: none"), 2, "a.test.yaml:3:7: invalid point 'noon'");
    broken(&with("filter: proc.nmae=x\nothers: none"), 2, "invalid filter");
    broken(&with("cases: []"), 2, "the file has no case");
    broken(&with("cases: [{expect: {a: '${b}'}}]\nmatrix: {c: [1]}"), 2, "the matrix has no parameter 'b'");
    broken(&with("expect: {a: 1}\ncases: [{others: none}]"), 2, "'expect' must be in a case");
    broken(head, 2, "expects nothing");
    broken("a: [b", 2, "a.test.yaml:");
    broken("rules: RULES\nothers: none", 2, "the case names no trace");
    broken("trace: TRACE\nothers: none", 2, "the case names no rules");
    broken("rules: none.yaml\ntrace: TRACE\nothers: none", 2, "a.test.yaml:1:8:");
    broken("rules: RULES\ntrace: none.scap\nothers: none", 2, "a.test.yaml:2:8: none.scap: no such file");
    broken("rules: RULES\ntrace: a.test.yaml\nothers: none", 3, "not a capture: it looks like text");
    broken(&with("select: {without_names: [Private]}\nsilent: [Private key read]"), 2, "is disabled");
    broken(&with("select: {tags: [a], without_tags: [b]}\nothers: none"), 2, "cannot be used with");
}

#[test]
fn nothing_to_test_is_an_error() {
    let bench = Bench::new("nothing");
    for (arguments, words) in [
        (["."].as_slice(), "no *.test.yaml in this directory or below it"),
        (&["no-such.test.yaml"], "no such file or directory"),
    ] {
        let run = bench.test(arguments);
        assert_eq!(run.code, 2, "{}", run.all());
        assert!(run.err.contains(words), "{}", run.err);
    }
    bench.suite("others: any\nsilent: [Private key read]");
    assert_eq!(bench.test(&[".", "--filter", "a.test.yaml: a"]).code, 0);
    let run = bench.test(&[".", "--filter", "nothing of the kind"]);
    assert_eq!(run.code, 2, "{}", run.all());
}

#[test]
fn errors_of_rules_are_told_or_expected() {
    let bench = Bench::new("rules");
    bench.file("bad.yaml", "- rule: A\n  desc: a\n  condition: proc.nmae=x\n  output: a\n  priority: INFO\n");
    bench.file("odd.yaml", "- macro: unused\n  condition: proc.name=x\n- list: l\n  items: [a]\n");
    bench.file("a.test.yaml", &format!("rules: bad.yaml\ntrace: {}\nothers: none\n", web()));
    let run = bench.test(&["."]);
    assert_eq!(run.code, 2, "{}", run.all());
    assert!(run.out.contains("bad.yaml:3:14: error[LOAD_ERR_COMPILE_CONDITION]"), "{}", run.out);
    let expected = |load: &str, rules: &str| {
        bench.file("a.test.yaml", &format!("rules: {rules}\nload: {load}\n"));
        bench.test(&["."])
    };
    for (load, rules, code) in [
        ("{errors: [LOAD_ERR_COMPILE_CONDITION]}", "bad.yaml", 0),
        ("{errors: [{code: LOAD_ERR_COMPILE_CONDITION, message: {glob: '*proc.nmae'}}]}", "bad.yaml", 0),
        ("{errors: [LOAD_ERR_COMPILE_OUTPUT]}", "bad.yaml", 1),
        ("{errors: [LOAD_ERR_COMPILE_CONDITION]}", "odd.yaml", 1),
        ("{warnings: [LOAD_UNUSED_MACRO, LOAD_UNUSED_LIST]}", "odd.yaml", 0),
        ("{warnings: [LOAD_UNUSED_MACRO]}", "odd.yaml", 1),
        ("{warnings: none}", "odd.yaml", 1),
        ("{warnings: none}", "bad.yaml", 2),
    ] {
        let run = expected(load, rules);
        assert_eq!(run.code, code, "{load} {rules}\n{}", run.all());
    }
}

#[test]
fn blessing_changes_what_is_wrong_and_nothing_else() {
    let bench = Bench::new("bless");
    let text = format!(
        "# Kept.\nrules: {}\ntrace: {}\ncases:\n  - name: one  # kept\n    expect:\n      {SHELL}: 1  # kept\n      \
         # kept\n      Private key read: some\n      Download started below server program:\n        proc.name: wget\n    \
         silent: [Standard stream moved onto network socket, Shell connected to network socket]\n\n  # Kept.\n  - name: two\n",
        rules(),
        web()
    );
    bench.file("a.test.yaml", &text);
    let run = bench.test(&["--bless", "."]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(run.out.contains(&format!("-      {SHELL}: 1  # kept\n")), "{}", run.out);
    let after = bench.read("a.test.yaml");
    for line in [
        "# Kept.",
        "  - name: one  # kept",
        "      Shell spawned by server program: 3  # kept",
        "      # kept",
        "      Private key read: none",
        "        proc.name: curl",
        "    silent: []",
        "      Standard stream moved onto network socket: 3",
        "  # Kept.",
        "      System surveyed below server program: 2",
    ] {
        assert!(after.lines().any(|other| other == line), "'{line}' is not in:\n{after}");
    }
    let run = bench.test(&["."]);
    assert_eq!(run.code, 0, "{after}\n{}", run.all());
    assert_eq!(bench.test(&["--bless", "."]).out, "blessed: 0 written, 0 to be edited by hand\n");
    assert_eq!(bench.read("a.test.yaml"), after);
}

#[test]
fn what_cannot_be_blessed_is_told() {
    let bench = Bench::new("unblessed");
    bench.suite("matrix: {count: [1, 2]}\nexpect: {Shell spawned by server program: '${count}'}");
    let before = bench.read("a.test.yaml");
    let run = bench.test(&["--bless", "."]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(run.err.contains("the value comes from the matrix"), "{}", run.err);
    assert_eq!(bench.read("a.test.yaml"), before);
}

#[test]
fn a_blessed_silence_says_that_it_proves_nothing() {
    let bench = Bench::new("silence");
    bench.suite("to: '#2'");
    let run = bench.test(&["--bless", "."]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(bench.read("a.test.yaml").ends_with("\nothers: none\n"), "{}", bench.read("a.test.yaml"));
    assert!(run.err.starts_with("a.test.yaml:1: a: no rule fired"), "{}", run.err);
}

/// A JUnit report without what its cases took, which no two runs agree on.
fn without_times(text: &str) -> String {
    let mut parts = text.split(" time=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or(part, |(_, rest)| rest))
}

#[test]
fn reports_say_the_same_for_any_number_of_threads() {
    let bench = Bench::new("reports");
    bench.suite("matrix: {count: [1, 2, 3]}\nexpect: {Shell spawned by server program: '${count}'}");
    bench.file("b.test.yaml", "rules: 1\nthis: is wrong\n");
    bench.file("c.test.yaml", &format!("rules: {}\ntrace: {}\nothers: none\n", rules(), traces()));
    for kind in ["text", "junit", "tap", "json", "github"] {
        let of = |jobs: &str| {
            let mut run = bench.test(&[".", "-v", "-j", jobs, "--report", kind]);
            run.out = without_times(&run.out);
            run
        };
        let run = of("1");
        assert_eq!(run.code, 2, "{}", run.all());
        for jobs in ["2", "7"] {
            assert_eq!(of(jobs).out, run.out, "{kind} with -j {jobs}");
        }
        bench.test(&[".", "-q", "-v", "--report", &format!("{kind}:report")]);
        let _ = bench.test(&[".", "-q", "--report", &format!("{kind}:report")]);
        assert!(!bench.read("report").is_empty(), "{kind}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&bench.test(&[".", "--report", "json"]).out).expect("JSON");
    assert_eq!(
        json["summary"]["failed"].as_u64(),
        Some(
            json["cases"]
                .as_array()
                .map_or(0, |cases| { cases.iter().filter(|case| case["status"] == "failed").count() as u64 })
        )
    );
    let tap = bench.test(&[".", "--report", "tap"]).out;
    let points = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok ")).count();
    assert_eq!(tap.lines().nth(1), Some(format!("1..{points}").as_str()), "{tap}");
}

/// Rules about what the web server's capture holds: `curl` is started below a server, and once below a login.
pub(crate) const RULES: &str = "\
- list: loaders
  items: [curl, wget]
- list: unmet
  items: [nothing-of-the-kind]
- macro: spawned
  condition: evt.type in (execve, execveat) and evt.arg.res = 0
- macro: below_server
  condition: proc.aname[2] in (php-fpm8.2, unmet)
- rule: Loader started
  desc: d
  condition: spawned and proc.name in (loaders) and below_server
  output: o
  priority: WARNING
- rule: Wget started
  desc: d
  condition: spawned and proc.name = wget
  output: o
  priority: WARNING
  exceptions:
    - name: known
      fields: [user.name]
      values: [[nobody]]
";

#[test]
fn a_missing_alert_is_explained() {
    let bench = Bench::new("explained");
    let case = format!("rules: r.yaml\ntrace: {}\nexpect: {{Loader started: 1}}\n", web());
    bench.file("a.test.yaml", &case);
    for (from, to, words) in [
        (
            "[curl, wget]",
            "[crul, wget]",
            "r.yaml:11:26: proc.name in (loaders)\n          asks for (crul, wget) (loaders at r.yaml:1:3)\n          had curl (1, like crul)",
        ),
        ("res = 0", "res = 1", "r.yaml:6:49: evt.arg.res = 1"),
        (
            "proc.aname[2] in",
            "proc.aname[3] in",
            "r.yaml:8:14: below_server: proc.aname[3] in (php-fpm8.2, unmet)",
        ),
        (
            "- rule: Loader",
            "- rule: First\n  desc: d\n  condition: spawned\n  output: o\n  priority: INFO\n- rule: Loader",
            "the condition holds, but 'First' comes first and raises the alert",
        ),
    ] {
        bench.file("r.yaml", RULES);
        assert_eq!(bench.test(&["."]).code, 0);
        bench.file("r.yaml", &RULES.replacen(from, to, 1));
        let run = bench.test(&["."]);
        assert_eq!(run.code, 1, "{}", run.all());
        assert!(run.out.contains(words), "'{words}' is not in: {}", run.out);
        assert!(run.out.contains("nearest events to 'Loader started':"), "{}", run.out);
        let json: serde_json::Value =
            serde_json::from_str(&bench.test(&[".", "--report", "json"]).out).expect("JSON");
        assert!(json["cases"][0]["failures"][0]["near"][0]["events"].is_u64(), "{json}");
        let tap = bench.test(&[".", "--report", "tap"]).out;
        assert!(tap.contains("nearest events to 'Loader started'"), "{tap}");
        let junit = bench.test(&[".", "--report", "junit"]).out;
        assert!(junit.contains("nearest events to"), "{junit}");
    }
}

#[test]
fn coverage_tells_what_no_case_shows() {
    let bench = Bench::new("coverage");
    bench.file("r.yaml", RULES);
    let covered = |case: &str, more: &[&str]| {
        bench.file("a.test.yaml", &format!("rules: r.yaml\ntrace: {}\n{case}\n", web()));
        bench.test(&[&[".", "--coverage", "-v"], more].concat())
    };
    let run = covered("expect: {Loader started: 1}\nsilent: [Wget started]", &[]);
    assert_eq!(run.code, 0, "{}", run.all());
    for line in [
        "  rules shown to fire: 1 of 2 (50.0 %)",
        "  rules shown to be silent: 1 of 2 (50.0 %)",
        "  macros that made a difference: 2 of 2",
        "  lists that made a difference: 1 of 2",
        "  exceptions that made a difference: 0 of 1",
        "  r.yaml:14: no case fires rule 'Wget started'",
        "  r.yaml:9: rule 'Loader started' is never shown to be silent",
        "  r.yaml:3:3: list 'unmet' never made a difference",
        "  r.yaml:20:7: exception 'known' of rule 'Wget started' never made a difference",
    ] {
        assert!(run.out.lines().any(|other| other.starts_with(line)), "'{line}' is not in: {}", run.out);
    }
    let run = covered("to: '#2'\nsilent: [Wget started]", &[]);
    assert!(
        run.out.contains("'Wget started' is silent where it should be, but no event is near it"),
        "{}",
        run.out
    );
    for (least, code) in [("50", 0), ("50.1", 1)] {
        let run = covered("expect: {Loader started: 1}\nsilent: [Wget started]", &["--fail-under", least]);
        assert_eq!(run.code, code, "{}", run.all());
    }
    let run = bench.test(&[".", "--coverage", "--report", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(json["coverage"]["fires_percent"], 50.0);
    assert_eq!(json["coverage"]["never_silent"][0]["rule"], "Loader started");
    for jobs in ["1", "7"] {
        assert_eq!(bench.test(&[".", "--coverage", "--report", "json", "-j", jobs]).out, run.out);
    }
}

#[test]
fn a_capture_is_decoded_once_for_a_thousand_cases() {
    let bench = Bench::new("thousand");
    let plain = bench.path("one.scap");
    let arguments = ["convert", "-q", "--to", "scap", "-w", "one.scap", &web()];
    assert_eq!(bench::run(bench.path("").as_path(), &arguments).code, 0);
    // Captures joined end to end are a capture: 70 events each.
    let one = std::fs::read(plain).expect("a capture");
    std::fs::write(bench.path("long.scap"), one.repeat(5_800)).expect("a temporary file");
    let rows: String = (0..1_000).map(|number| format!("  - {{number: {number}}}\n")).collect();
    let case = "expect:\n  Shell connected to network socket: 5800\nname: case ${number}";
    let select = "select: {priority: critical}";
    let silent = "matrix:";
    bench.file(
        "a.test.yaml",
        &format!("rules: {}\ntrace: long.scap\n{}\n{case}\n{silent}\n{rows}", rules(), select),
    );
    let run = bench.test(&[".", "--report", "json"]);
    assert_eq!(run.code, 0, "{}", run.all());
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let summary = &json["summary"];
    assert_eq!(summary["passed"], 1_000);
    assert_eq!(summary["captures_decoded"], 1);
    assert_eq!(summary["events"], 406_000);
    assert_eq!(summary["evaluations"], 1);
}

#[test]
fn junit_is_read_by_another_languages_parser() {
    const SCRIPT: &str = "\
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == 'testsuites', root.tag
cases = root.findall('testsuite/testcase')
print(len(cases), len(root.findall('testsuite/testcase/failure')), len(root.findall('testsuite/testcase/error')))
suites = root.findall('testsuite')
spent = sum(float(case.get('time')) for case in root.findall('testsuite/testcase') if case.find('error') is None)
assert abs(spent - float(root.get('time'))) < 0.01, (spent, root.get('time'))
assert abs(spent - sum(float(suite.get('time', 0)) for suite in suites)) < 0.01, spent
assert [int(root.get(key)) for key in ('tests', 'failures', 'errors')] == [len(cases), 2, 1]
";
    let bench = Bench::new("junit");
    bench.suite("matrix: {count: [1, 2, 3]}\nexpect: {Shell spawned by server program: '${count}'}");
    bench.file("b.test.yaml", "this: is & wrong <\n");
    let run = bench.test(&[".", "-q", "--report", "junit:report.xml"]);
    assert_eq!(run.code, 2, "{}", run.all());
    let Some(python) = require("JUnit read by another language's parser", tool("python3")) else { return };
    let output =
        std::process::Command::new(python).arg("-c").arg(SCRIPT).arg(bench.path("report.xml")).output();
    let output = output.expect("python3 runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "4 2 1", "{errors}");
}

/// Cut at the end of a chunk, a native trace is well formed as far as it goes; its end is missing all the same.
#[test]
fn a_native_trace_that_lacks_its_end_is_no_pass() {
    let bench = Bench::new("cut");
    let convert = bench::run(&bench.path(""), &["convert", "--chunk", "4KiB", "-w", "whole.scap", &web()]);
    assert_eq!(convert.code, 0, "{}", convert.all());
    let whole = std::fs::read(bench.path("whole.scap")).expect("a trace");
    let trace = tercel_format::trace::Trace::open(whole.clone()).expect("a trace");
    let ends: Vec<usize> = trace.chunks().iter().map(|chunk| chunk.end() as usize).collect();
    let case = format!("rules: {}\ntrace: t.scap\nexpect: {{{SHELL}: any}}\n", rules());
    bench.file("a.test.yaml", &case);
    let check = |bytes: &[u8], code: i32| {
        std::fs::write(bench.path("t.scap"), bytes).expect("a trace");
        let run = bench.test(&["."]);
        assert_eq!(run.code, code, "{} of {} bytes: {}", bytes.len(), whole.len(), run.all());
    };
    check(&whole, 0);
    assert!(ends.len() > 2, "{ends:?}");
    ends.iter().for_each(|end| check(&whole[..*end], 3));
    // Two chunks are missing in the middle.
    check(&[&whole[..ends[0]], &whole[ends[1]..]].concat(), 3);
}
