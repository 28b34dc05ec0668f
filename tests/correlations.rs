//! Correlations through the built binary: the same lines on any number of threads, in every layout and from several captures; in tests;
//! and what is said of mistakes.

use serde_json::Value;
use tercel_test_support::{Place, ran};

const RULES: &str = "testdata/correlations/rules.yaml";
const CORRELATIONS: &str = "testdata/correlations/correlations.yaml";
const BRUTE_FORCE: &str = "testdata/correlations/brute-force.scap";
const BEACON: &str = "testdata/correlations/beacon.scap";

/// What a replay with correlations prints.
fn replay(more: &[&str]) -> String {
    ran(&[&["replay", "-q", "--utc", "-r", RULES, "--correlations", CORRELATIONS], more].concat(), 0).out
}

/// The lines without their times.
fn texts(out: &str) -> Vec<&str> {
    out.lines().map(|line| line.split_once(": ").map_or(line, |(_, text)| text)).collect()
}

#[test]
fn a_client_guesses_passwords() {
    let out = replay(&[BRUTE_FORCE]);
    let lines = texts(&out);
    assert_eq!(lines.len(), 4, "eleven of twelve attempts are held back: {out}");
    assert_eq!(lines[0], "Informational Login attempt (client=127.0.0.1 server=python3)");
    assert!(
        lines[1].starts_with("Warning Password guessing (attempts=10 client=127.0.0.1 seconds=0."),
        "{out}"
    );
    assert!(lines[2].starts_with("Notice Shell started by login service (command=sh -c id -u"), "{out}");
    assert!(lines[3].starts_with("Critical Shell after login attempts (service="), "{out}");
    assert!(lines[3].ends_with(" rules=Login attempt,Shell started by login service)"), "{out}");
    let summary = ran(&["replay", "-r", RULES, "--correlations", CORRELATIONS, BRUTE_FORCE], 0).err;
    for part in ["Alerts of correlations: 2", "1  Password guessing", "others of their group were: 11"] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
}

#[test]
fn a_program_calls_home() {
    let out = replay(&["--json", BEACON]);
    let objects: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(objects.len(), 9);
    let beacon = &objects[5];
    assert_eq!(
        (&beacon["rule"], &beacon["priority"], &beacon["hostname"]),
        (&"Beacon".into(), &"Warning".into(), &"sandbox".into())
    );
    let fields = &beacon["output_fields"];
    assert_eq!(
        (fields["correlation.count"].as_u64(), fields["correlation.events"].as_array().map(Vec::len)),
        (Some(5), Some(5))
    );
    assert_eq!((&fields["fd.sip"], &beacon["tags"][0]), (&"127.0.0.1".into(), &"T1071".into()));
    assert_eq!(beacon["time"], objects[4]["time"], "that of the last contributing event");
    let keys: Vec<&String> = beacon.as_object().expect("an object").keys().collect();
    assert!(keys.is_sorted(), "{keys:?}");
    for schema in ["ecs", "ocsf"] {
        let out = replay(&["--json-schema", schema, BEACON]);
        assert_eq!(
            out.lines().filter(|line| line.contains("Beacon (program=")).count(),
            1,
            "{schema}: {out}"
        );
    }
}

/// Small chunks with keyframes, rows, columns and plain scap, on one thread and several.
#[test]
fn every_way_to_read_a_capture_gives_the_same() {
    let place = Place::new("correlations-ways");
    let expected = replay(&[BRUTE_FORCE]);
    for layout in ["rows", "columns"] {
        let trace = place.name(&format!("{layout}.scap"));
        ran(&["convert", "-q", "--layout", layout, "--chunk", "4KiB", BRUTE_FORCE, "-w", &trace], 0);
        for jobs in ["1", "2", "7"] {
            assert_eq!(replay(&["-j", jobs, &trace]), expected, "{layout} {jobs}");
        }
    }
    let plain = place.name("plain.scap");
    ran(&["convert", "-q", "--to", "scap", BRUTE_FORCE, "-w", &plain], 0);
    assert_eq!(replay(&[&plain]), expected);
    // A windowed run and the order of time.
    assert_eq!(replay(&["--merge", BRUTE_FORCE]), expected);
    let merged = replay(&["--merge", "--with-file", BEACON, BRUTE_FORCE]);
    assert_eq!(merged.lines().count(), 9 + 4);
    assert!(merged.lines().any(|line| line.starts_with(BEACON) && line.contains("Beacon (")), "{merged}");
    assert_eq!(replay(&[BRUTE_FORCE, BEACON]), expected + &replay(&[BEACON]));
    ran(
        &["replay", "-q", "-r", RULES, "--correlations", CORRELATIONS, "--fail-on", "critical", BRUTE_FORCE],
        1,
    );
    ran(&["replay", "-q", "-r", RULES, "--correlations", CORRELATIONS, "--fail-on", "critical", BEACON], 0);
}

/// Most of the alerts of a large run, cut into many pieces.
#[test]
fn many_alerts_are_correlated_in_order() {
    let place = Place::new("correlations-many");
    let rules = place.file(
        "rules.yaml",
        "- {rule: Any, desc: d, condition: evt.num >= 0, output: '%evt.num', priority: INFO}\n",
    );
    let correlations = place.file(
        "correlations.yaml",
        "- {correlation: Many, type: event_count, rules: [Any], group-by: [proc.name], timespan: 1s, condition: {gte: 7}, \
         output: '%correlation.group %correlation.events %correlation.first', priority: INFO}
- {correlation: Few, type: event_count, rules: [Any], group-by: [proc.pid], timespan: 10ms, condition: {lte: 2}, \
         output: '%correlation.group %correlation.events', priority: INFO}
- {correlation: Kinds, type: value_count, rules: [Any], group-by: [proc.pid], timespan: 1s, \
         condition: {field: evt.type, gte: 5}, output: '%correlation.values', priority: INFO}
- {once: Any, per: [proc.name, evt.type], in: 100ms}
",
    );
    let trace = place.name("small-chunks.scap");
    ran(&["convert", "-q", "--chunk", "4KiB", "testdata/traces/data-destroyed.scap", "-w", &trace], 0);
    let (rules, correlations) = (rules.display().to_string(), correlations.display().to_string());
    let of = |jobs: &str| {
        ran(&["replay", "-q", "--utc", "-r", &rules, "--correlations", &correlations, "-j", jobs, &trace], 0)
            .out
    };
    let expected = of("1");
    for part in ["proc.name=", "proc.pid="] {
        assert!(expected.lines().filter(|line| line.contains(part)).count() > 3, "{part}: {expected}");
    }
    for jobs in ["2", "3", "8"] {
        assert_eq!(of(jobs), expected, "{jobs}");
    }
}

#[test]
fn tests_can_expect_correlations() {
    let file = "testdata/correlations/correlations.test.yaml";
    let passed = ran(&["test", file], 0).out;
    assert!(passed.starts_with("ok: 3 cases"), "{passed}");
    let place = Place::new("correlations-test");
    let wrong = std::fs::read_to_string(tercel_test_support::root().join(file)).expect("a file");
    let root = tercel_test_support::root().join("testdata/correlations");
    let here = root.display().to_string();
    let wrong = wrong
        .replace("rules: rules.yaml", &format!("rules: {here}/rules.yaml"))
        .replace("correlations: correlations.yaml", &format!("correlations: {here}/correlations.yaml"))
        .replace("trace: ", &format!("trace: {here}/"))
        .replace("correlation.count: 10", "correlation.count: 11");
    let wrong = place.file("wrong.test.yaml", wrong).display().to_string();
    let failed = ran(&["test", &wrong], 1).out;
    assert!(failed.contains("correlation.count: 11") && failed.contains("correlation.count: 10"), "{failed}");
    let misspelt = place.file(
        "misspelt.test.yaml",
        format!(
            "rules: {here}/rules.yaml\ncorrelations: {here}/correlations.yaml\ntrace: {here}/beacon.scap\nexpect: {{Becon: 1}}\n"
        ),
    );
    let error = ran(&["test", &misspelt.display().to_string()], 2).all();
    assert!(error.contains("unknown rule 'Becon'") && error.contains("did you mean 'Beacon'?"), "{error}");
}

#[test]
fn mistakes_are_said_with_their_places() {
    let place = Place::new("correlations-errors");
    let replay = |file: &str| ran(&["replay", "-q", "-r", RULES, "--correlations", file, BEACON], 2).err;
    let text = std::fs::read_to_string(tercel_test_support::root().join(CORRELATIONS)).expect("a file");
    let wrong =
        text.replace("rules: [Login attempt]", "rules: [Login atempt]").replace("in: 1m", "in: 1 minute");
    let file = place.file("wrong.yaml", wrong).display().to_string();
    let error = replay(&file);
    for part in [
        "wrong.yaml:4:11: unknown rule 'Login atempt'",
        "did you mean 'Login attempt'?",
        "wrong.yaml:39:7: invalid in '1 minute'",
        "error: the correlations have errors",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(replay(RULES).contains("a rule belongs into a rule file (--rules)"));
    assert!(replay("no-such.yaml").contains("no-such.yaml"));
}

/// Named in a configuration, where the command line names none.
#[test]
fn a_configuration_names_correlations() {
    let place = Place::new("correlations-configured");
    let root = tercel_test_support::root().join("testdata/correlations").display().to_string();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).expect("a directory");
    let write = |files: &str| {
        let text = format!("rules_files: [{root}/rules.yaml]\ncorrelations_files: [{files}]\n");
        place.file("tercel.yaml", text).display().to_string()
    };
    let absent = place.name("absent.yaml");
    let config = write(&format!("{}, {absent}, {root}/correlations.yaml", empty.display()));
    let configured = |more: &[&str]| {
        ran(&[&["replay", "-q", "--utc", "--config", &config], more, &[BRUTE_FORCE]].concat(), 0).out
    };
    assert_eq!(configured(&[]), replay(&[BRUTE_FORCE]));
    let once =
        place.file("once.yaml", "- {once: Login attempt, per: [fd.cip], in: 1m}\n").display().to_string();
    let of_command_line = configured(&["--correlations", &once]);
    assert!(!of_command_line.contains("Password guessing"), "{of_command_line}");
    ran(&["config", "check", &config], 0);
    let wrong =
        place.file("wrong.yaml", "- {once: Login atempt, per: [fd.cip], in: 1m}\n").display().to_string();
    let error = ran(&["config", "check", &write(&wrong)], 2).err;
    for part in ["wrong.yaml:1:10: unknown rule 'Login atempt'", "did you mean 'Login attempt'?"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}
