//! Falco's and sysdig's habits at the real binary: what `config check` says about a falco.yaml, what each flag of Falco does, and a
//! link named `falco`.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use tercel_test_support::{Place, Ran, binary, ran};

const RULE: &str = "- {rule: Opened, desc: a file is opened, condition: evt.type=openat, output: 'opened %fd.name', priority: INFO}\n";

/// The lines of a run that succeeds.
fn lines(arguments: &[&str]) -> Vec<String> {
    ran(arguments, 0).out.lines().map(str::to_owned).collect()
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, message: &str) {
    let errors = ran(arguments, code).err;
    assert!(errors.contains(message), "{arguments:?}: '{message}' is not in: {errors}");
}

#[test]
fn config_check_lists_files_outputs_and_keys_without_effect() {
    let place = Place::new("check");
    std::fs::create_dir(place.path("rules.d")).expect("a directory");
    std::fs::create_dir(place.path("more.d")).expect("a directory");
    place.file("rules.yaml", RULE);
    place.file("more.d/a.yaml", RULE.replace("Opened", "Also"));
    let d = place.directory().display();
    let text = format!(
        "rules_files: [{d}/rules.yaml, {d}/more.d, {d}/rules.d, {d}/local.yaml]\nbuffered_outputs: true\njson_ouput: true\n"
    );
    place.file("falco.yaml", text);
    let file = place.name("falco.yaml");
    assert_eq!(
        lines(&["config", "check", &file]),
        [
            format!("{file}:3:13: warning: unknown key 'json_ouput'; did you mean 'json_output'?"),
            format!(
                "{file}:2:19: note: buffered_outputs has no effect: each line is written at once; a queue per output keeps slow \
                 outputs from delaying capture"
            ),
            format!("configuration: {file}"),
            format!("would load {d}/rules.yaml: 1 of 1 rule runs"),
            format!("would load {d}/more.d/a.yaml: 1 of 1 rule runs"),
            format!("would load nothing from {d}/rules.d: it contains no rule file"),
            format!("would skip {d}/local.yaml: it does not exist"),
            "would write alerts as text to standard output".to_owned(),
            "would run no rule less urgent than Debug".to_owned(),
        ]
    );
    let other = [
        "-o",
        "json_schema=ecs",
        "-o",
        "otlp_output.enabled=true",
        "-o",
        "otlp_output.endpoint=http://c:4318",
    ];
    let listed = lines(&[&["config", "check", &file], &other[..]].concat());
    assert!(
        listed.contains(
            &"would send alerts as log records to the OpenTelemetry collector at http://c:4318/v1/logs"
                .to_owned()
        ),
        "{listed:?}"
    );
}

#[test]
fn config_check_refuses_what_live_refuses() {
    let place = Place::new("refused");
    place.file("rules.yaml", RULE);
    place.file("broken.yaml", RULE.replace("evt.type", "evt.tpye"));
    let d = place.directory().display();
    let check = |name: &str, text: String, code, message: &str| {
        place.file(name, text);
        refused(&["config", "check", &place.name(name)], code, message);
    };
    check(
        "append.yaml",
        format!("rules_files: [{d}/rules.yaml]\nappend_output: [{{extra_output: 'on %nosuch.field'}}]\n"),
        2,
        "append.yaml:2:32: append_output[].extra_output: '%nosuch.field' is neither a field",
    );
    check("rule.yaml", format!("rules_files: [{d}/broken.yaml]\n"), 2, "did you mean 'evt.type'?");
    check("word.yaml", "priority: loud\n".to_owned(), 2, "word.yaml:1:11: priority must be one of");
    check(
        "cuts.yaml",
        format!("rules_files: [{d}/rules.yaml]\ncapture: {{enabled: true, path_prefix: {d}/missing/x}}\n"),
        2,
        "capture.path_prefix: ",
    );
    refused(&["config", "check", &place.name("missing.yaml")], 2, "missing.yaml: No such file");
    place.file("empty.yaml", "rules_files: [/no/such/rules.yaml]\n");
    let listed = lines(&["config", "check", &place.name("empty.yaml")]);
    let end = "would exit with code 2 unless --rules names rule files: none of rules_files exists";
    assert_eq!(listed.last().map(String::as_str), Some(end));
    assert!(listed.contains(&"would skip /no/such/rules.yaml: it does not exist".to_owned()));
}

#[test]
fn what_matches_no_rule_is_named() {
    let place = Place::new("unmatched");
    let rules = place.file("rules.yaml", RULE).display().to_string();
    let text = format!(
        "rules_files: [{rules}]\nrules: [{{disable: {{rule: Openned}}}}, {{enable: {{tag: x}}}}]\n\
         append_output: [{{match: {{rule: Opend, source: k8s_audit, tags: [y]}}, extra_output: a}}]\n\
         file_output: {{enabled: true, filename: {rules}/x}}\n"
    );
    place.file("falco.yaml", text);
    let listed = lines(&["config", "check", &place.name("falco.yaml")]);
    for expected in [
        "warning: no rule has a name that matches 'Openned'; did you mean 'Opened'?",
        "warning: no rule has the tag 'x'",
        "warning: no rule has a name that matches 'Opend'; did you mean 'Opened'?",
        "warning: no rule has the tag 'y'",
        "warning: append_output: no rule has the event source 'k8s_audit'",
        &format!(
            "would keep alerts until the file {rules}/x can be written, and lose those that are too many: not a directory"
        ),
    ] {
        assert!(listed.iter().any(|line| line == expected), "'{expected}' is not in {listed:#?}");
    }
}

#[test]
fn questions_of_falco_are_answered() {
    let place = Place::new("questions");
    let rules = place.file("rules.yaml", RULE).display().to_string();
    let broken = place.file("broken.yaml", "- rule: x\n").display().to_string();
    place.file("falco.yaml", format!("rules_files: [{rules}]\njson_output: true\n"));
    let config = place.name("falco.yaml");
    // A gate of CI that validates rules must not pass because a flag is not known.
    for arguments in
        [["-V", &broken].as_slice(), &["live", "--validate", &broken], &["live", "-V", &rules, &broken]]
    {
        let failed = ran(arguments, 2);
        assert!(failed.all().contains("LOAD_ERR_YAML_VALIDATE"), "{arguments:?}: {}", failed.all());
    }
    ran(&["-V", &rules], 0);
    assert_eq!(lines(&["live", "-r", &rules, "-L"]), lines(&["rules", "list", &rules]));
    let as_json = lines(&["live", "-c", &config, "-L"]);
    assert_eq!(as_json, lines(&["rules", "list", "--json", &rules]));
    let described = lines(&["live", "-r", &rules, "-l", "Opened"]).join("\n");
    assert!(described.contains("a file is opened"), "{described}");
    assert_eq!(lines(&["live", "--list"]), lines(&["fields"]));
    assert_eq!(lines(&["live", "--list", "syscall"]), lines(&["fields"]));
    assert_eq!(lines(&["live", "--list-events"]), lines(&["events", "--list"]));
    let checked = lines(&["config", "check", &config]);
    assert_eq!(lines(&["live", "-c", &config, "--dry-run"]), checked);
    assert_eq!(lines(&["live", "--support", "-c", &config]), checked);
    let wanted = "would write alerts as text to standard output".to_owned();
    assert!(lines(&["live", "-c", &config, "--option", "json_output=false", "--dry-run"]).contains(&wanted));
}

#[test]
fn flags_without_a_meaning_say_what_to_use() {
    for (flags, message) in [
        (["-N"].as_slice(), "tercel fields"),
        (&["-i"], "tercel events --list"),
        (&["-P", "/run/x"], "use systemd"),
        (&["--pidfile", "/run/x"], "use systemd"),
        (&["-d"], "systemctl enable --now tercel"),
        (&["-r", "rules", "-e"], "-e: name the capture"),
        (&["-s", "stats.json"], "webserver.prometheus_metrics_enabled"),
        (&["-k", "http://x"], "container engines"),
        (&["--list-plugins"], "plugins cannot be loaded"),
        (&["--markdown"], "--json"),
        (&["--page-size"], "getconf PAGESIZE"),
        (&["--config-schema"], "docs/from-falco.md"),
        (&["--enable-source", "k8s_audit"], "plugins cannot be loaded"),
        (&["--disable-source", "syscall"], "plugins cannot be loaded"),
        (&["-V"], "rule files"),
    ] {
        refused(&[&["live"], flags].concat(), 2, message);
    }
    refused(
        &["events", "-r", "testdata/traces/classic.scap", "-c", "topprocs_cpu"],
        2,
        "--sort cpu_user testdata/traces/classic.scap",
    );
}

#[test]
fn sysdigs_flags_read_a_capture() {
    const TRACE: &str = "testdata/traces/classic.scap";
    let expected = lines(&["events", TRACE, "evt.type=openat"]);
    assert!(!expected.is_empty());
    assert_eq!(lines(&["events", "-r", TRACE, "evt.type=openat"]), expected);
    assert_eq!(lines(&["events", "evt.type=openat", "-r", TRACE]), expected);
}

/// A link named `falco` takes Falco's flags without a verb.
#[test]
fn a_link_named_falco_is_live() {
    let place = Place::new("link");
    let link = place.path("falco");
    symlink(binary(), &link).expect("a link");
    let rules = place.file("rules.yaml", RULE).display().to_string();
    let falco = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        Ran::from(command.args(arguments).stdin(Stdio::null()).output().expect("the binary runs"))
    };
    let version = falco(&["--version"]);
    assert_eq!((version.code, version.out.starts_with("tercel ")), (0, true), "{}", version.all());
    assert_eq!(falco(&["-r", &rules, "-L"]).out, ran(&["rules", "list", &rules], 0).out);
    assert_eq!(falco(&["--list"]).out, ran(&["fields"], 0).out);
    let valid = falco(&["-V", &rules]);
    assert_eq!(valid.code, 0, "{}", valid.all());
    place.file("falco.yaml", format!("rules_files: [{rules}]\n"));
    let config = place.name("falco.yaml");
    assert_eq!(falco(&["-c", &config, "--dry-run"]).out, ran(&["config", "check", &config], 0).out);
    let refused = falco(&["-N"]);
    assert_eq!((refused.code, refused.err.contains("tercel fields")), (2, true), "{}", refused.all());
}

/// Falco reads a capture with `-e FILE` and with `engine.kind: replay`, prints its alerts, and ends.
#[test]
fn a_capture_in_the_place_of_the_kernel() {
    const TRACE: &str = "testdata/traces/shell-spawned-by-server-program.scap";
    let place = Place::new("engine");
    let expected = ran(&["replay", "-q", "-r", "rules", TRACE], 0).out;
    assert!(!expected.is_empty());
    let text = format!("engine: {{kind: replay, replay: {{capture_file: {TRACE}}}}}\nrules_files: [rules]\n");
    place.file("falco.yaml", text);
    let (file, link) = (place.name("falco.yaml"), place.name("falco"));
    symlink(binary(), &link).expect("a link");
    let of_falco = Command::new(&link)
        .args(["-r", "rules", "-e", TRACE])
        .current_dir(tercel_test_support::root())
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    assert_eq!(Ran::from(of_falco).out, expected);
    for arguments in [
        &["live", "-q", "-r", "rules", "-e", TRACE][..],
        &["live", "-q", "-c", &file],
        &["live", "-q", "-c", &file, "evt.num > 0"],
        &["replay", "-q", "-c", &file, TRACE],
    ] {
        assert_eq!(ran(arguments, 0).out, expected, "{arguments:?}");
    }
    assert_eq!(ran(&["live", "-q", "-c", &file, "evt.num = 0"], 0).out, "");
    let output = place.name("alerts");
    ran(&["live", "-q", "-c", &file, "--output", &output], 0);
    assert_eq!(std::fs::read_to_string(&output).expect("the alerts"), expected);

    let plan = lines(&["live", "-c", &file, "--dry-run"]);
    let line = format!("would read the capture {TRACE}, write alerts as text to standard output, and end");
    assert!(plan.contains(&line), "{plan:?}");
    let elsewhere = ["live", "-c", &file, "-o", "syslog_output.enabled=true"];
    let said = ran(&elsewhere, 0).err;
    assert!(said.contains("alerts of a capture go to standard output, not to syslog at"), "{said}");
    let trace = place.name("x.scap");
    refused(&["live", "-c", &file, "-w", &trace], 2, "-w, --ring: the events come from a capture");
    refused(&["live", "-c", &file, "-M", "5"], 2, "-M: the events come from a capture");
    refused(&["live", "-r", "rules", "-e", "/no/such.scap"], 4, "/no/such.scap: no such file");
    refused(&["live", "-r", "rules", "-o", "engine.kind=replay"], 2, "engine.replay.capture_file is not set");
}
