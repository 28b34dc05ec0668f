//! Configurations: what Falco refuses is refused, what it reads is read as it reads it.

use tercel_test_support::{Place, Ran, ran, tercel};

const RULE: &str =
    "- {rule: Opened, desc: d, condition: evt.type=openat, output: 'opened %fd.name', priority: INFO}\n";

/// `config check` of a text, in a place with a rule file.
fn check(place: &Place, text: &str, more: &[&str]) -> Ran {
    let rules = place.file("rules.yaml", RULE).display().to_string();
    let config = place.file("falco.yaml", text.replace("RULES", &rules)).display().to_string();
    let ran =
        Ran::from(tercel(&[&["config", "check", &config], more].concat()).output().expect("the binary runs"));
    assert!(!ran.err.contains("panicked"), "{text:?}: {}", ran.err);
    ran
}

#[test]
fn files_may_end_in_a_block_scalar() {
    let place = Place::new("hostile-conf-block");
    for style in [">", "|", "|-", ">+"] {
        let found = check(&place, &format!("rules_files: [RULES]\nx: {style}\n  a"), &[]);
        assert_eq!(found.code, 0, "{}", found.all());
        assert!(found.all().contains("unknown key 'x'"), "{}", found.all());
        let value = check(&place, &format!("rules_files: [RULES]\ntime_format: {style}\n  %H"), &[]);
        assert_eq!(value.code, 0, "{}", value.all());
    }
}

/// Falco takes the first value of a key, in maps of every depth.
#[test]
fn of_a_key_given_twice_the_first_counts() {
    let place = Place::new("hostile-conf-twice");
    let json = |text: &str| check(&place, text, &[]).all().contains("would write alerts as JSON");
    assert!(json(
        "rules_files: [RULES]\njson_output: true\nwebserver: {enabled: false}\njson_output: false\n"
    ));
    assert!(!json("json_output: false\nrules_files: [RULES]\njson_output: true\n"));
    let all = check(
        &place,
        "rules_files: [RULES]\nfile_output: {enabled: true, filename: /tmp/first, filename: /tmp/second}\nfile_output: {enabled: false}\n",
        &[],
    );
    assert!(
        all.code == 0 && all.all().contains("/tmp/first") && !all.all().contains("/tmp/second"),
        "{}",
        all.all()
    );
}

/// Also where no rule file is named, and where it matches no rule.
#[test]
fn outputs_that_are_appended_have_to_be_outputs() {
    let place = Place::new("hostile-conf-append");
    for append in [
        "- {match: {source: syscall}, extra_output: '[env: x] on %nosuch.field'}",
        "- {extra_output: 'x=%proc.nmae'}",
        "- {match: {rule: Nothing}, extra_output: '%tolower(nosuch.field)'}",
        "- {extra_fields: [nosuch.field]}",
        "- {extra_fields: [{own: '%nosuch.field'}]}",
    ] {
        for rules in ["", "rules_files: [RULES]\n"] {
            let found = check(&place, &format!("{rules}append_output:\n  {append}\n"), &[]);
            assert_eq!(found.code, 2, "{append}: {}", found.all());
            assert!(found.err.contains("falco.yaml:"), "{append}: {}", found.err);
        }
    }
    let found = check(
        &place,
        "rules_files: [RULES]\nappend_output: [{match: {prio: x}, extra_outputs: 'x=%proc.pid'}]\n",
        &[],
    );
    for key in ["prio", "extra_outputs"] {
        assert!(found.all().contains(key), "{key}: {}", found.all());
    }
}

#[test]
fn values_of_the_command_line_are_scalars() {
    let place = Place::new("hostile-conf-scalars");
    for (value, said) in [
        ("rules[].disable.rule=*", "0 of 1 rule"),
        ("append_output[].extra_output=%proc.cmdline", "1 of 1 rule"),
        ("http_output.user_agent=@x", "1 of 1 rule"),
        ("program_output.program=[ -f x ] && cat", "1 of 1 rule"),
        ("syslog_output.enabled=!", ""),
        ("program_output.program=# not a comment", "1 of 1 rule"),
        ("program_output.program=a: b", "1 of 1 rule"),
        ("program_output.program=\"", "1 of 1 rule"),
    ] {
        let found = check(&place, "rules_files: [RULES]\n", &["-o", value]);
        assert!(said.is_empty() || found.code == 0, "{value}: {}", found.all());
        assert!(found.all().contains(said) && !found.all().contains("YAML"), "{value}: {}", found.all());
    }
}

/// Values of another kind than their key wants have a place, and never a panic.
#[test]
fn values_of_another_kind_are_refused_with_their_place() {
    let place = Place::new("hostile-conf-kinds");
    for text in [
        "- a\n",
        "just text\n",
        "rules_files: {a: b}\n",
        "stdout_output: true\n",
        "stdout_output: [a]\n",
        "json_output: {a: b}\n",
        "json_output: [true]\n",
        "priority: [x]\n",
        "append_output: {a: b}\n",
        "append_output: [x]\n",
        "append_output: [{match: x}]\n",
        "webserver: {listen_port: many}\n",
        "webserver: {listen_port: 99999}\n",
        "metrics: {interval: -1}\n",
        "rules: [{disable: x}]\n",
        "rules: x\n",
        "http_output: {headers: 1}\n",
        "base_syscalls: {custom_set: open}\n",
        "config_files: {path: [a]}\n",
        "plugins: x\n",
        "&a [*a]\n",
        "engine: kmod\n",
    ] {
        let found = check(&place, text, &[]);
        assert!(matches!(found.code, 0 | 2), "{text:?}: {}", found.all());
        assert!(found.code == 0 || found.err.contains("falco.yaml:"), "{text:?}: {}", found.err);
    }
}

/// Falco's package lists a directory that it installs empty.
#[test]
fn a_directory_without_rules_is_no_error() {
    let place = Place::new("hostile-conf-rules-d");
    let directory = place.path("rules.d");
    std::fs::create_dir(&directory).expect("a directory");
    let found = check(&place, &format!("rules_files: [RULES, {}]\n", directory.display()), &[]);
    assert_eq!(found.code, 0, "{}", found.all());
    assert!(found.out.contains("rules.d: it contains no rule file"), "{}", found.out);
    let found = check(&place, "rules_files: [/no/such/rulse.yaml, RULES]\n", &[]);
    assert!(found.out.contains("would skip /no/such/rulse.yaml: it does not exist"), "{}", found.out);
    ran(&["config", "check", &place.name("falco.yaml"), "-o", "rules_files[]=/also/missing.yaml"], 0);
}
