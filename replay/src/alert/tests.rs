//! Lines of alerts, text and JSON.

use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_rules::fields::StaticFields;
use tercel_rules::load::ExtraField;
use tercel_rules::output::Template;
use tercel_rules::program::{EventSet, NodeId, Priority, Program, Rule};

use super::*;
use crate::state::{Facts, State};

fn rule(output: &str) -> Rule {
    Rule {
        name: "A \"quoted\" name".to_owned(),
        desc: String::new(),
        priority: Priority::Informational,
        tags: vec!["a".to_owned(), "b\\c".to_owned()],
        source: "syscall".to_owned(),
        condition: NodeId(0),
        output: Template::parse(output).expect("an output"),
        events: EventSet::NONE,
        capture: Default::default(),
    }
}

/// The line of an alert on a failed `openat` of a file with an odd name, at 2016-08-04 16:17:57.881781397 UTC.
#[track_caller]
fn check(output: &str, style: Style, expected: &str) {
    check_rule(rule(output), style, expected);
}

#[track_caller]
fn check_rule(rule: Rule, style: Style, expected: &str) {
    let program = Program { rules: vec![rule], nodes: Vec::new(), checks: Vec::new() };
    let parts: [&[u8]; 4] =
        [&(-2i64).to_le_bytes(), &(-100i64).to_le_bytes(), b"/tmp/\"a\\b\"\0", &1u32.to_le_bytes()];
    let lengths: Vec<u8> = parts.iter().flat_map(|part| (part.len() as u16).to_le_bytes()).collect();
    let data = parts.concat();
    let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
    (event.num, event.ts) = (7, 1_470_327_477_881_781_397);
    let mut state = State::new();
    state.machine.hostname = b"host".to_vec();
    let facts = Facts::default();
    let context = Context { state: &state, event: &event, facts: &facts };
    let alert = Alert { rule: &program.rules[0], index: 0, context, by_kernel: false };
    let mut out = b"kept ".to_vec();
    Formatter::new(&program, style).push_line(&alert, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), format!("kept {expected}"));
}

#[test]
fn text_lines() {
    let text = Style::default();
    check("Opened (%evt.num)", text, "16:17:57.881781397: Informational Opened (7)");
    let zone = Style { settings: Settings { utc_offset: 3600, ..Settings::default() }, ..text };
    check("x", zone, "17:17:57.881781397: Informational x");
    let iso = Style { iso8601: true, ..text };
    check("x", iso, "2016-08-04T16:17:57.881781397+0000: Informational x");
    check("%proc.name.", text, "16:17:57.881781397: Informational <NA>.");
    check("[%5evt.num|%1evt.type]", text, "16:17:57.881781397: Informational [7    |o]");
    check(
        "\"%evt.rawarg.name\"\u{1}\t\u{e9}",
        text,
        "16:17:57.881781397: Informational \"/tmp/\"a\\b\"\"\u{1}\t\u{e9}",
    );
}

#[test]
fn json_lines() {
    let json = Style { json: true, ..Style::default() };
    check(
        "%evt.type %evt.num %proc.name %toupper(evt.dir)",
        json,
        "{\"hostname\":\"host\",\"output\":\"16:17:57.881781397: Informational openat 7 <NA> <\",\
         \"output_fields\":{\"evt.dir\":\"<\",\"evt.num\":7,\"evt.time\":1470327477881781397,\"evt.type\":\"openat\",\
         \"proc.name\":null},\"priority\":\"Informational\",\"rule\":\"A \\\"quoted\\\" name\",\"source\":\"syscall\",\
         \"tags\":[\"a\",\"b\\\\c\"],\"time\":\"2016-08-04T16:17:57.881781397Z\"}",
    );
}

#[test]
fn extra_fields_are_typed_values_and_texts() {
    let mut rule = rule("x");
    for field in [
        ExtraField::Plain("evt.num".to_owned()),
        ExtraField::Text("about".to_owned(), "%evt.type of %proc.name".to_owned()),
    ] {
        rule.output.add_field(&field, &StaticFields::default()).expect("a field");
    }
    assert!(
        rule.output
            .add_field(&ExtraField::Plain("nosuch.field".to_owned()), &StaticFields::default())
            .is_err()
    );
    let style = Style { json: true, json_output: false, json_tags: false, ..Style::default() };
    check_rule(
        rule,
        style,
        "{\"hostname\":\"host\",\"output_fields\":{\"about\":\"openat of <NA>\",\"evt.num\":7,\
         \"evt.time\":1470327477881781397},\"priority\":\"Informational\",\
         \"rule\":\"A \\\"quoted\\\" name\",\"source\":\"syscall\",\"time\":\"2016-08-04T16:17:57.881781397Z\"}",
    );
}

#[test]
fn json_keys_are_chosen() {
    let style = Style {
        json: true,
        iso8601: true,
        json_output: false,
        json_tags: false,
        json_message: true,
        json_fields: false,
        ..Style::default()
    };
    check(
        "\"x\"",
        style,
        "{\"hostname\":\"host\",\"message\":\"\\\"x\\\"\",\"priority\":\"Informational\",\
         \"rule\":\"A \\\"quoted\\\" name\",\"source\":\"syscall\",\"time\":\"2016-08-04T16:17:57.881781397Z\"}",
    );
    check(
        "x",
        Style { json_message: false, json_fields: true, ..style },
        "{\"hostname\":\"host\",\"output_fields\":{\"evt.time.iso8601\":1470327477881781397},\
         \"priority\":\"Informational\",\"rule\":\"A \\\"quoted\\\" name\",\"source\":\"syscall\",\
         \"time\":\"2016-08-04T16:17:57.881781397Z\"}",
    );
}
