//! Files of correlations: what they are read as, and what is said of mistakes.

use super::*;
use crate::files::RuleFile;
use crate::load::{Loaded, Loader, Options};

/// Rules to build on; one of them does not run.
fn loaded() -> Loaded {
    let rules = "\
- {rule: Login failed, desc: d, condition: evt.type = openat, output: o, priority: INFO}
- {rule: Login accepted, desc: d, condition: evt.type = execve, output: o, priority: INFO}
- {rule: Off, desc: d, condition: evt.type = connect, output: o, priority: INFO, enabled: false}
";
    let mut loader = Loader::new(Options::default());
    assert!(loader.bytes("r.yaml", rules.as_bytes()).successful());
    loader.finish()
}

fn read(text: &str) -> Result<Correlations, Vec<Problem>> {
    Correlations::read(&[RuleFile { name: "c.yaml".to_owned(), bytes: text.as_bytes().to_vec() }], &loaded())
}

/// A correlation with some keys replaced; a key without a value is left out.
fn with(changes: &[(&str, &str)]) -> String {
    let usual = [
        ("correlation", "C"),
        ("type", "event_count"),
        ("rules", "[Login failed]"),
        ("group-by", "[user.name]"),
        ("timespan", "1m"),
        ("condition", "{gte: 3}"),
        ("output", "'%correlation.count of %user.name'"),
        ("priority", "WARNING"),
    ];
    let changed = |key: &str| changes.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let usual = usual.map(|(key, value)| (key, changed(key).unwrap_or(value)));
    let more = changes.iter().filter(|(key, _)| usual.iter().all(|(known, _)| known != key)).copied();
    let pairs = usual.into_iter().chain(more).filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}: {value}")).collect();
    format!("- {}\n", pairs.join("\n  "))
}

#[test]
fn values_are_asked_once_of_each_rule() {
    let text = with(&[
        ("type", "temporal_ordered"),
        ("rules", "[Login failed, Login accepted]"),
        ("condition", ""),
        ("group-by", "[host, container.id]"),
        ("aliases", "{host: {Login failed: fd.cip, Login accepted: proc.ppid}}"),
        ("output", "'%correlation.host %container.id %proc.name'"),
    ]);
    let read =
        read(&(text + "- {once: Login failed, per: [container.id, proc.name], in: 10m}\n")).expect("valid");
    let [correlation] = read.list.as_slice() else { panic!("{read:?}") };
    assert_eq!((correlation.group.len(), correlation.condition.least), (2, 2));
    assert_eq!(read.asked.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
    let [first, second] = correlation.base.as_slice() else { panic!("{correlation:?}") };
    assert_eq!((first.rule, &first.group[..], &first.shown[..]), (0, &[0, 1][..], &[1, 2][..]));
    assert_eq!((second.rule, &second.group[..], &second.shown[..]), (1, &[0, 1][..], &[1, 2][..]));
    let [once] = read.once.as_slice() else { panic!("{read:?}") };
    assert_eq!((once.timespan, &once.base[0].group[..]), (600_000_000_000, &[1, 2][..]));
    assert_eq!(
        correlation
            .output
            .parts
            .iter()
            .filter(|part| matches!(part, Part::Group(0) | Part::Field(..)))
            .count(),
        3
    );
}

#[test]
fn conditions_are_bounds() {
    for (condition, least, most) in [
        ("{gte: 3}", 3, None),
        ("{gt: 3}", 4, None),
        ("{lte: 3}", 1, Some(3)),
        ("{lt: 3}", 1, Some(2)),
        ("{eq: 3}", 3, Some(3)),
        ("{gte: 2, lt: 9}", 2, Some(8)),
    ] {
        let read = read(&with(&[("condition", condition)])).expect(condition);
        assert_eq!(read.list[0].condition, Condition { least, most }, "{condition}");
    }
}

#[test]
fn rules_that_do_not_run_are_remarked() {
    let off = read(&with(&[("rules", "[Off]")])).expect("valid");
    assert!(off.list.is_empty() && off.remarks.len() == 2, "{off:?}");
    let some = read(&with(&[("rules", "[Off, Login failed]")])).expect("valid");
    assert!(some.list.len() == 1 && some.remarks.len() == 1, "{some:?}");
    let all = with(&[("type", "temporal"), ("rules", "[Off, Login failed]"), ("condition", "")]);
    assert!(read(&all).expect("valid").list.is_empty());
    assert!(read(&with(&[("enabled", "false")])).expect("valid").list.is_empty());
    assert!(read("").expect("nothing").list.is_empty());
}

#[track_caller]
fn refused(text: &str, place: &str, message: &str, hint: &str) {
    let problems = read(text).expect_err(text);
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.place.to_string(), place, "{problem}");
    assert!(problem.message.contains(message), "{problem}");
    assert!(problem.hint.as_deref().unwrap_or_default().contains(hint), "{problem}");
}

#[test]
fn mistakes_have_their_places() {
    for (changes, place, message, hint) in [
        (
            ("rules", "[Login faild]"),
            "c.yaml:3:11",
            "unknown rule 'Login faild'",
            "did you mean 'Login failed'?",
        ),
        (
            ("group-by", "[user.nmae]"),
            "c.yaml:4:14",
            "unknown field 'user.nmae'",
            "did you mean 'user.name'?",
        ),
        (("timespan", "5 minutes"), "c.yaml:5:13", "invalid timespan '5 minutes'", "as in 90s"),
        (("type", "event_cont"), "c.yaml:2:9", "invalid value 'event_cont'", "did you mean 'event_count'?"),
        (("condition", "{gtee: 3}"), "c.yaml:6:15", "unknown key 'gtee'", "did you mean 'gte'?"),
        (("condition", "{gte: many}"), "c.yaml:6:20", "must be a number from 0 to 1000000", ""),
        (("condition", "{lt: 1}"), "c.yaml:6:14", "never holds", ""),
        (("condition", "{field: fd.name, gte: 2}"), "c.yaml:6:22", "only value_count", ""),
        (("condition", ""), "c.yaml:1:3", "needs a condition", "{gte: 10}"),
        (
            ("output", "'%correlation.cuont'"),
            "c.yaml:7:11",
            "unknown field 'correlation.cuont'",
            "correlation.count",
        ),
        (("output", "'%proc.nmae'"), "c.yaml:7:11", "invalid output", "did you mean 'proc.name'?"),
        (("priority", "URGENT"), "c.yaml:8:13", "unknown priority 'URGENT'", ""),
        (("correlation", "Login failed"), "c.yaml:1:16", "is the name of a rule", ""),
        (("timespan", ""), "c.yaml:1:3", "the key 'timespan' is missing", ""),
        (("grup-by", "[x]"), "c.yaml:9:3", "unknown key 'grup-by'", "did you mean 'group-by'?"),
    ] {
        refused(&with(&[changes]), place, message, hint);
    }
    refused(
        &with(&[("type", "value_count")]),
        "c.yaml:6:14",
        "value_count needs the field",
        "field: user.name",
    );
    let ordered = with(&[("type", "temporal_ordered")]);
    refused(&ordered, "c.yaml:6:14", "temporal_ordered has no condition", "");
    refused(&with(&[("type", "temporal")]), "c.yaml:6:14", "give gte from 1 to 1", "");
    let alias = with(&[("group-by", "[a]"), ("aliases", "{a: {Login accepted: fd.name}}")]);
    refused(&alias, "c.yaml:9:33", "names a rule 'Login accepted'", "");
    refused(&(with(&[]) + &with(&[])), "c.yaml:9:16", "a correlation 'C' is already defined", "");
    refused("- {rule: R}\n", "c.yaml:1:3", "a rule belongs into a rule file (--rules)", "");
    refused("- {correlatoin: R}\n", "c.yaml:1:3", "must have the key", "did you mean 'correlation'?");
    refused("a: b\n", "c.yaml:1:1", "must be a list", "");
    refused("- once: Login failed\n", "c.yaml:1:3", "the key 'in' is missing", "");
    refused("- [\n", "c.yaml:2:1", "", "");
    let both = with(&[("timespan", "x")]) + &with(&[("correlation", "D"), ("rules", "[x]")]);
    assert_eq!(read(&both).expect_err("two mistakes").len(), 2);
}
