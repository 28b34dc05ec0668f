//! The command line as a user meets it: what each flag does to the output, and the exit code of each mistake.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};
use tercel_test_support::{Place, Ran, binary, ran, require, root, tercel, tool};

fn stdout(arguments: &[&str]) -> String {
    ran(arguments, 0).out
}

const REPLAY: [&str; 5] = ["replay", "-q", "--iso8601", "-r", "rules"];
const TRACE: &str = "testdata/traces/classic.scap";

fn replay(more: &[&str]) -> Vec<String> {
    stdout(&[&REPLAY, more].concat()).lines().map(str::to_owned).collect()
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, message: &str) {
    let errors = ran(arguments, code).err;
    assert!(errors.contains(message), "{arguments:?}: '{message}' is not in: {errors}");
}

#[test]
fn mistakes_have_their_exit_codes() {
    refused(&["events", TRACE, "-p", "%proc.nmae"], 2, "'%proc.nmae': did you mean '%proc.name'?");
    refused(&["replay", TRACE], 2, "--rules");
    refused(&["replay", "-r", "no-such-rules.yaml", TRACE], 2, "no-such-rules.yaml");
    refused(&["replay", "-r", "testdata", TRACE], 2, "no *.yaml file");
    refused(&["replay", "-r", "rules", "no-such.scap"], 4, "no-such.scap: no such file");
    refused(&["replay", "-r", "rules", TRACE, "no-such.scap"], 4, "no-such.scap: no such file");
    for verb in ["events", "ps", "net", "timeline"] {
        refused(&[verb, TRACE, "no-such"], 4, "no-such: no such file");
        refused(&[verb, TRACE, "proc.nmae=x"], 2, "did you mean 'proc.name'");
    }
    let advice = ran(&["replay", "--no-such-flag", TRACE], 2).err;
    assert!(
        advice.contains("unexpected argument '--no-such-flag'") && !advice.contains("as a value"),
        "{advice}"
    );
    refused(&["replay", "-r", "rules", "--from", "+2s", "--to", "+1s", TRACE], 2, "--to is before --from");
    refused(&["replay", "-r", "rules", "--from=-1s", "--to=-2s", TRACE], 2, "--to is before --from");
    refused(&["replay", "-r", "rules", "--from", "#3-#4", "--to", "#9", TRACE], 2, "without --to");
    refused(&["replay", "-r", "rules", "--from=-1s", "-"], 2, "<stdin>: a stream can be read only once");
    refused(&["events", TRACE, "--filter", "evt.num=1", "evt.num=2"], 2, "not both");
    refused(
        &["record", "-w", "no-such-dir/x", "--docker", "no-such.sock"],
        4,
        "no-such.sock: no container engine listens there: No such file",
    );
    refused(
        &["record", "-w", "no-such-dir/x", "--cri", "Cargo.toml"],
        4,
        "Cargo.toml: no container engine listens there",
    );
    refused(&["record", "-w", "no-such-dir/x", "--container", "no-such"], 2, "no container 'no-such'");
    refused(&["record", "-w", "no-such-dir/x", "--buffer", "1KiB"], 2, "invalid size");
    refused(&["index", TRACE, "-w", "no-such-dir/x", "--to", "scap"], 2, "unexpected argument '--to'");
    refused(&["replay", "-r", "rules", TRACE, "proc.nmae=x"], 2, "did you mean 'proc.name'?");
    refused(&["replay", "-r", "rules", "--priority", "loud", TRACE], 2, "unknown priority");
    refused(&["replay", "-r", "rules", "--fail-on", "loud", TRACE], 2, "unknown priority");
    refused(&["replay", "-r", "rules", "--from", "noon", TRACE], 2, "invalid point 'noon'");
    refused(&["replay", "-r", "rules", "-t", "x", "-T", "y", TRACE], 2, "cannot be used with");
    refused(
        &["replay", "-r", "rules", "-t", "no-such-tag", TRACE],
        2,
        "no rule is left to run: no rule has the tag 'no-such-tag'",
    );
    refused(&["replay", "-r", "rules", "--output", "no-such-dir/x", TRACE], 4, "no-such-dir/x");
    refused(&["replay", "-r", "rules", "rules/tercel_rules.yaml"], 3, "not a capture");
    refused(&["replay", "-q", "-r", "rules", "--fail-on", "debug", TRACE], 1, "");
}

/// As in Falco: nothing is wrong with such a file, but nobody would look for alerts of it. Tests of rules need some.
#[test]
fn rules_of_other_event_sources_alone_are_a_warning() {
    let place = Place::new("other-source");
    let rules = "- macro: made\n  condition: ka.verb=create\n\
        - rule: made\n  desc: d\n  condition: made\n  output: by %ka.user.name\n  priority: INFO\n  source: k8s_audit\n";
    place.file("audit.yaml", rules);
    place.file("lists.yaml", "- list: shells\n  items: [sh, bash]\n");
    for (file, reason) in [("audit.yaml", "(k8s_audit)"), ("lists.yaml", "no rule")] {
        let found = ran(&["replay", "-r", &place.name(file), TRACE], 0);
        assert!(found.out.is_empty() && found.err.contains("warning: no rule runs"), "{file}: {}", found.err);
        assert!(found.err.contains(reason), "{file}: {}", found.err);
    }
    place.file(
        "audit.test.yaml",
        "rules: [audit.yaml]\ncases: [{name: c, trace: x.scap, expect: {others: none}}]\n",
    );
    let found = tercel(&["test", &place.name("audit.test.yaml")]).output().expect("the binary runs");
    assert!(!found.status.success());
}

/// What a configuration does to the lines of live it does to those of replay.
#[test]
fn a_configuration_gives_rules_fields_and_the_form_of_lines() {
    let place = Place::new("configured");
    place.file(
        "r.yaml",
        "- rule: R\n  desc: d\n  condition: evt.num=28 and static.stage=test\n  output: made\n  priority: INFO\n",
    );
    std::fs::create_dir(place.path("rules.d")).expect("a directory");
    let file = place.file(
        "tercel.yaml",
        format!(
            "rules_files: [{}, {}, {}]\nstatic_fields: {{stage: test}}\nappend_output: [{{extra_output: 'at %static.stage'}}]\n\
            json_output: true\nfile_output: {{enabled: true, filename: {}}}\n",
            place.name("r.yaml"),
            place.name("rules.d"),
            place.name("r.local.yaml"),
            place.name("unused"),
        ),
    );
    let file = file.to_str().expect("a path");
    let found = ran(&["replay", "-q", "-c", file, TRACE], 0).out;
    let alert: Value = serde_json::from_str(&found).expect("one JSON object");
    assert!(
        alert["output"].as_str().is_some_and(|text| text.ends_with("Informational made at test")),
        "{alert}"
    );
    assert_eq!(alert["output_fields"]["static.stage"], json!("test"));
    assert!(!place.path("unused").exists(), "outputs are live's");
    // The command line comes after the configuration.
    let rules = place.name("r.yaml");
    let other =
        ["replay", "-q", "-c", file, "-o", "static_fields.stage=other", "-o", "json_output=false", TRACE];
    assert_eq!(ran(&other, 0).out, "");
    let found = ran(&["replay", "-q", "-r", &rules, "-o", "static_fields.stage=test", TRACE], 0).out;
    assert!(found.ends_with(": Informational made\n"), "{found}");
    refused(&["replay", "-r", &rules, TRACE], 2, "needs 'stage' in static_fields");
    refused(&["replay", "-c", "/dev/null", TRACE], 2, "the configuration has no rule files");
    refused(&["replay", "-c", "no-such.yaml", "-r", "rules", TRACE], 2, "no-such.yaml");
    refused(
        &["replay", "-r", "rules", "-o", "priority=loud", TRACE],
        2,
        "-o priority=loud: priority must be one of",
    );
}

#[test]
fn what_may_not_be_read_is_not_called_missing() {
    const CHECK: &str = "files that may not be read";
    let place = Place::new("closed");
    std::fs::create_dir(place.path("closed")).expect("a directory");
    place.file("closed/x.scap", b"");
    let set = |mode| {
        std::fs::set_permissions(place.path("closed"), std::fs::Permissions::from_mode(mode)).expect("set");
    };
    let path = place.name("closed/x.scap");
    let configuration = place.name("configuration.yaml");
    place.file("configuration.yaml", format!("rules_files: [{path}]\n"));
    let (more, suite) = (place.name("more.yaml"), place.name("suite.test.yaml"));
    place.file("more.yaml", format!("config_files: [{path}]\n"));
    place
        .file("suite.test.yaml", format!("rules: {}/rules\ntrace: {path}\nothers: none\n", root().display()));
    set(0o000);
    let is_bound = std::fs::metadata(&path).is_err();
    // Whoever may read everything gives that up.
    let setpriv = if is_bound { Some(None) } else { require(CHECK, tool("setpriv")).map(Some) };
    let path = path.as_str();
    for (words, code) in [
        (&["events", path][..], 4),
        (&["info", path], 4),
        (&["replay", "-r", "rules", path], 4),
        (&["verify", path], 4),
        (&["live", "-r", "rules", "-e", path], 4),
        (&["rules", "check", path], 2),
        (&["config", "check", path], 2),
        (&["config", "check", &configuration], 2),
        (&["config", "check", &more], 2),
        (&["test", path], 4),
        (&["test", &suite], 2),
    ] {
        let Some(setpriv) = &setpriv else { break };
        let output = match setpriv {
            None => tercel(words).output(),
            Some(program) => Command::new(program)
                .args(["--bounding-set=-all", "--inh-caps=-all"])
                .arg(binary())
                .args(words)
                .current_dir(root())
                .output(),
        };
        let found = Ran::from(output.expect("the binary runs"));
        let is_told = found.all().to_lowercase().contains("permission denied");
        assert!(found.code == code && is_told, "{words:?}: {}", found.all());
    }
    set(0o700);
}

#[test]
fn windows_and_limits_cut_the_alerts() {
    let all = replay(&[TRACE]);
    assert!(all.len() >= 3, "{all:?}");
    let time = all[1].split(": ").next().expect("a time").replace("+0000", "Z");
    let before = replay(&["--to", &time, TRACE]);
    let behind = replay(&["--from", &time, TRACE]);
    assert_eq!([before, behind].concat(), all);
    assert!(replay(&["-n", "1", TRACE]).len() <= 1);
    assert_eq!(replay(&["--from", "#1", TRACE]), all);
    assert!(replay(&["--from", "+999h", TRACE]).is_empty());
}

#[test]
fn times_as_printed_and_distances_from_the_end_are_points() {
    let times = |more: &[&str]| stdout(&[&["events", "-p", "%evt.num %evt.time", TRACE], more].concat());
    let all = times(&[]);
    let (number, noon) = all.lines().nth(9).and_then(|line| line.split_once(' ')).expect("ten events");
    let from = times(&["--from", noon]);
    assert_eq!(from.lines().next(), all.lines().nth(9), "{noon}");
    assert!(all.ends_with(&from));
    assert_eq!(times(&["--from", "-0s"]).lines().last(), all.lines().last());
    let number: u64 = number.parse().expect("a number");
    let numbers = times(&["--from", &format!("#{number}-#{}", number + 2)]);
    assert!(numbers.lines().count() > 0 && from.starts_with(&numbers), "{numbers}");
    assert_eq!(numbers, times(&["--from", &format!("#{number}"), "--to", &format!("#{}", number + 3)]));
}

#[test]
fn pipes_are_opened_only_once() {
    let shell = |window: &str| {
        let binary = tercel_test_support::binary();
        let script = format!("cat {TRACE} | {} events /dev/fd/0 {window}", binary.display());
        let command = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(tercel_test_support::root())
            .output();
        command.expect("a shell")
    };
    let refused = shell("--from=-1s");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("/dev/fd/0: a stream can be read only once"));
    // Nothing is looked up for the message either.
    let empty = shell("--from +999h");
    assert_eq!(empty.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&empty.stderr).ends_with("no event lies in the window\n"), "{empty:?}");
    assert!(shell("--from +0s").stdout.len() > 100);
}

#[test]
fn what_matches_nothing_is_said() {
    for (arguments, said) in [
        (&["events", TRACE, "proc.name=no-such-process"] as &[&str], "no event matches the filter"),
        (&["events", TRACE, "--from", "+999h"], "no event lies in the window; the events go from 20"),
        (
            &["events", TRACE, "--from", "+0s", "proc.name=x"],
            "no event in the window matches the filter; the events go",
        ),
        (
            &["replay", "-r", "rules", TRACE, "--from", "+999h"],
            "no event lies in the window; the events go from 20",
        ),
        (&["replay", "-r", "rules", TRACE, "proc.name=x"], "no event matches the filter"),
        (
            &["replay", "-r", "rules", TRACE, "-T", "netwrk"],
            "no rule has the tag 'netwrk'; did you mean 'network'?",
        ),
        (&["replay", "-r", "rules", TRACE, "-D", "Foo"], "no rule has a name that matches 'Foo'"),
        (
            &["rules", "list", "rules", "-t", "netwrk"],
            "no rule has the tag 'netwrk'; did you mean 'network'?",
        ),
    ] {
        let errors = ran(arguments, 0).err;
        assert!(errors.contains(said), "{arguments:?}: '{said}' is not in: {errors}");
    }
    assert_eq!(ran(&["replay", "-q", "-r", "rules", TRACE, "--from", "+999h"], 0).err, "");
}

#[test]
fn a_filter_narrows_and_several_captures_add_up() {
    let all = replay(&[TRACE]);
    assert_eq!(replay(&[TRACE, "evt.num", ">", "0"]), all);
    assert!(replay(&[TRACE, "proc.name=nothing-of-the-kind"]).is_empty());
    assert_eq!(replay(&["--filter", "evt.num > 0", TRACE]), all);
    assert_eq!(replay(&[TRACE, TRACE]).len(), 2 * all.len());
    assert!(replay(&["testdata/traces"]).len() > all.len());
}

#[test]
fn buffers_are_printed_in_the_form_that_is_asked_for() {
    let printed = |form: &[&str]| {
        let event = ["-q", "-n", "1", "-p", "%evt.buffer", TRACE, "evt.buflen > 31"];
        stdout(&[&["events"], form, &event[..]].concat())
    };
    assert!(printed(&[]).starts_with(".ELF............"));
    assert!(printed(&["-A"]).starts_with("ELF>"));
    assert!(printed(&["-x"]).starts_with("\n\t0x0000: 7f45 4c46 0201 0103 0000 0000 0000 0000\n\t0x0010: "));
    assert!(printed(&["-X"]).contains(" 0000  .ELF............\n\t0x0010: "));
    assert!(printed(&["-b"]).starts_with("f0VMRgIBAQ"));
    refused(&["events", "-x", "-b", TRACE], 2, "cannot be used with");
}

#[test]
fn selection_decides_which_rules_run() {
    let all = replay(&[TRACE]);
    let critical = replay(&["--priority", "critical", TRACE, "-D", "nothing"]);
    assert!(critical.iter().all(|line| line.contains(": Critical ")), "{critical:?}");
    assert_eq!(replay(&["-T", "nothing", TRACE]), all);
    let network = replay(&["-t", "network", TRACE]);
    assert!(!network.is_empty() && network.len() < all.len(), "{network:?}");
}

#[test]
fn summaries_count_what_was_printed() {
    let ran = ran(&["replay", "-r", "rules", TRACE], 0);
    let (lines, summary) = (ran.out.lines().count(), ran.err);
    assert!(summary.contains(&format!("Alerts: {lines}\n")), "{summary}");
    assert!(summary.contains("Alerts by rule:"), "{summary}");
}

#[test]
fn rules_are_checked_and_listed() {
    assert!(stdout(&["rules", "check", "rules"]).contains("tercel_rules.yaml: ok"));
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&["rules", "check", "--json", "rules"])).expect("JSON");
    assert_eq!(json["falco_load_results"][0]["successful"], true);
    let rules = stdout(&["rules", "list", "--json", "rules"]);
    let first: serde_json::Value = serde_json::from_str(rules.lines().next().expect("a rule")).expect("JSON");
    let name = first["name"].as_str().expect("a name");
    let described = stdout(&["live", "-r", "rules", "-l", name]);
    assert!(described.contains(name) && described.contains("\n    "), "{described}");
    let near = name.replacen('e', "ee", 1);
    refused(&["rules", "list", "--rule", &near, "rules"], 2, &format!("did you mean '{name}'?"));
    assert!(rules.lines().count() >= 28);
    assert!(rules.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn catalogues_are_listed() {
    assert!(stdout(&["fields", "proc.name"]).starts_with("proc.name "));
    let limited = |limit: &str| stdout(&["events", "-q", "-n", limit, TRACE, TRACE]).lines().count();
    assert_eq!([limited("0"), limited("1"), limited("7")], [0, 1, 7]);
    assert!(stdout(&["events", "-L", "openat2"]).starts_with("> openat2("));
    assert!(stdout(&["fields"]).lines().count() > 250);
    refused(&["fields", "proc.nmae"], 2, "no field has 'proc.nmae' in its name; did you mean 'proc.name'?");
    refused(&["events", "-L", "opne"], 2, "no event has 'opne' in its name; did you mean 'open'?");
}

/// The same alerts in each schema.
#[test]
fn alerts_have_other_schemas() {
    let place = Place::new("schemas");
    let rule = "- {rule: First, desc: the first exec, condition: evt.type=execve and proc.name exists, output: 'ran %proc.cmdline %evt.num', \
        priority: NOTICE, tags: [T1059]}\n";
    let rules = place.file("rules.yaml", rule).display().to_string();
    let plain = stdout(&["replay", "-q", "--json", "-r", &rules, TRACE]);
    let documents = |schema: &str| -> Vec<Value> {
        let text = stdout(&["replay", "-q", "--json-schema", schema, "-r", &rules, TRACE]);
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    assert_eq!(stdout(&["replay", "-q", "--json-schema", "falco", "-r", &rules, TRACE]), plain);
    let plain: Vec<Value> = plain.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (ecs, ocsf) = (documents("ecs"), documents("ocsf"));
    assert!(!plain.is_empty() && plain.len() == ecs.len() && plain.len() == ocsf.len());
    for ((falco, ecs), ocsf) in plain.iter().zip(&ecs).zip(&ocsf) {
        assert_eq!((&ecs["@timestamp"], &ecs["event"]["kind"]), (&falco["time"], &json!("alert")));
        assert_eq!((&ecs["rule"]["name"], &ecs["host"]["name"]), (&falco["rule"], &falco["hostname"]));
        assert_eq!(ecs["falco"]["output_fields"], falco["output_fields"]);
        assert_eq!(ecs["process"]["command_line"], falco["output_fields"]["proc.cmdline"]);
        assert!(ecs["process"]["pid"].is_u64() && ecs["user"]["id"].is_string(), "{ecs}");
        assert_eq!(ecs["threat"]["technique"]["id"], json!(["T1059"]));
        assert_eq!((&ocsf["class_uid"], &ocsf["severity_id"]), (&json!(2004), &json!(2)));
        assert_eq!((&ocsf["message"], &ocsf["finding_info"]["title"]), (&ecs["message"], &falco["rule"]));
        assert_eq!(ocsf["evidences"][0]["actor"]["process"]["pid"], ecs["process"]["pid"]);
        assert_eq!(ocsf["unmapped"], json!({"evt.num": falco["output_fields"]["evt.num"]}));
    }
    refused(&["replay", "-r", &rules, "--json-schema", "cef", TRACE], 2, "possible values: falco, ecs, ocsf");
}
