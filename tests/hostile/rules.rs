//! Rule files: whatever a file holds, each verb that reads it ends with alerts or with an error that has a place.

use std::fmt::Write;

use tercel_test_support::{Place, Ran, ran, tercel};

const TRACE: &str = "testdata/traces/classic.scap";

/// The verb's end, whichever it is; a panic is none.
fn end(arguments: &[&str]) -> Ran {
    let ran = Ran::from(tercel(arguments).output().expect("the binary runs"));
    assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    ran
}

/// The exit codes of `rules check`, `replay`, `config check`, `test` with a rule file.
fn codes(place: &Place, text: &[u8]) -> [i32; 4] {
    let rules = place.file("rules.yaml", text).display().to_string();
    let config = place.file("falco.yaml", format!("rules_files: [{rules}]\n")).display().to_string();
    let test = format!(
        "rules: rules.yaml\ntrace: {}/{TRACE}\nexpect: {{}}\n",
        tercel_test_support::root().display()
    );
    let test = place.file("x.test.yaml", test).display().to_string();
    let verbs: [&[&str]; 4] = [
        &["rules", "check", &rules],
        &["replay", "-q", "-r", &rules, TRACE],
        &["config", "check", &config],
        &["test", &test],
    ];
    verbs.map(|verb| end(verb).code)
}

fn rule(condition: &str) -> String {
    format!("- rule: r\n  desc: d\n  output: x\n  priority: INFO\n  condition: {condition}")
}

/// An editor that writes in two steps leaves a block scalar without its last line break; the file says all the same what it says.
#[test]
fn block_scalars_may_end_with_the_file() {
    let place = Place::new("hostile-block");
    for style in [">", "|", ">-", "|+", ">2", "|-"] {
        let text = rule(&format!("{style}\n    evt.type = open"));
        assert_eq!(codes(&place, text.as_bytes())[..3], [0; 3], "{style}");
        let text = format!("- macro: m\n  condition: {style}\n    evt.type = open");
        assert_eq!(codes(&place, text.as_bytes())[..2], [0; 2], "{style}");
    }
}

#[test]
fn texts_that_are_not_yaml_are_errors_with_a_place() {
    let place = Place::new("hostile-texts");
    for text in [
        ">\n w",
        "{!,",
        "\"\\",
        "'",
        "- !",
        "? [",
        "%TAG",
        "- &",
        "[!<",
        "- *a",
        "- &a [*a]",
        "- {a: {a: [",
        "\t- a",
        "- a\n\t- b",
        "!!",
        "- <<: [",
        "%YAML 9.9\n---\n- a",
        "--- --- ---",
        "- |\n\t",
        "- \"\\u12",
        "- \"\\xg\"",
        "- @a",
        "- `a`",
        "- a: b: c",
    ] {
        let [check, replay, config, test] = codes(&place, text.as_bytes());
        assert!(
            check != 0 && replay == 2 && config == 2 && test != 0,
            "{text:?}: {check} {replay} {config} {test}"
        );
        let said = end(&["rules", "check", &place.name("rules.yaml")]).all();
        assert!(said.contains("rules.yaml:"), "{text:?}: {said}");
    }
}

#[test]
fn bytes_that_are_not_text_are_errors() {
    let place = Place::new("hostile-bytes");
    for bytes in [b"- rule: \xff" as &[u8], b"\xfe\xff\xd8\x00", b"- a: \x00", b"\x80", b"- \xed\xa0\x80"] {
        let [check, replay, config, _] = codes(&place, bytes);
        assert!(check != 0 && replay == 2 && config == 2, "{bytes:?}: {check} {replay} {config}");
    }
}

/// As in Falco, whose run has nothing to do then. A warning says so; a test of rules has to have some.
#[test]
fn files_of_which_nothing_runs_are_a_warning() {
    let place = Place::new("hostile-idle");
    let of_source = |source: &str| rule(&format!("ka.verb=create\n  source: {source}\n"));
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "...\n",
        "[]\n",
        "- list: l\n  items: [a]\n",
        "- macro: m\n  condition: evt.type=open\n",
        "- required_engine_version: 0.31.0\n",
        &rule("evt.type=open\n  enabled: false\n"),
        &of_source("k8s_audit"),
        &of_source("okta"),
        &of_source("aws_cloudtrail"),
    ] {
        let codes = codes(&place, text.as_bytes());
        assert_eq!((codes[1], codes[3] != 0), (0, true), "{text:?}: {codes:?}");
        let said = end(&["replay", "-r", &place.name("rules.yaml"), TRACE]).err;
        assert!(said.contains("no rule"), "{text:?}: {said}");
    }
}

/// Lists as scripts write them. Each of these took minutes, or did not end.
#[test]
fn long_lists_in_one_line_load() {
    const COUNT: usize = 60_000;
    let place = Place::new("hostile-lists");
    let joined = |item: &dyn Fn(usize) -> String| (0..COUNT).map(item).collect::<Vec<_>>().join(", ");
    let names = joined(&|n| format!("evil{n}.example"));
    let quoted = joined(&|n| format!("\"evil{n}\""));
    let used = rule("evt.type=open and proc.name in (big, big) and not proc.pname in (big)\n");
    let mut conditions = String::new();
    for n in 0..COUNT / 20 {
        write!(conditions, " or proc.name = p{n}").expect("a text");
    }
    let json = format!(
        "[{{\"list\": \"big\", \"items\": [{quoted}]}}, {{\"rule\": \"r\", \"desc\": \"d\", \"output\": \"x\", \"priority\": \"INFO\", \
         \"condition\": \"evt.type=open and proc.name in (big)\"}}]"
    );
    for (what, text) in [
        ("names", format!("- list: big\n  items: [{names}]\n{used}")),
        ("quoted", format!("- {{list: big, items: [{quoted}]}}\n{used}")),
        (
            "twice",
            format!("- list: one\n  items: [{names}]\n- list: big\n  items: [one, {quoted}, one]\n{used}"),
        ),
        ("json", json),
        ("a condition", rule(&format!("evt.type=open and (proc.name=x{conditions})\n"))),
        ("a set in a condition", rule(&format!("evt.type=open and proc.name in ({names})\n"))),
    ] {
        assert_eq!(codes(&place, text.as_bytes())[..3], [0; 3], "{what}");
    }
}

/// A long macro that many rules name is compiled once; more than the limit is an error with the name of the macro.
#[test]
fn long_macros_may_have_many_users() {
    let place = Place::new("hostile-macros");
    let terms: Vec<String> = (0..20_000).map(|n| format!("proc.name=p{n}")).collect();
    let with_rules = |count: usize| {
        let rules: Vec<String> = (0..count)
            .map(|n| rule("evt.type=open and long\n").replace(": r\n", &format!(": r{n}\n")))
            .collect();
        format!("- macro: long\n  condition: {}\n{}", terms.join(" or "), rules.concat())
    };
    assert_eq!(codes(&place, with_rules(49).as_bytes())[..3], [0; 3]);
    let path = place.file("more.yaml", with_rules(1000)).display().to_string();
    let said = ran(&["rules", "check", &path], 2).all();
    assert!(said.contains("macro 'long' is used so often"), "{said}");
}
