//! What all verbs have in common: a closed pipe is not an error, and a damaged file costs no other file.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use tercel_test_support::{Place, Ran, root, tercel};

const TRACE: &str = "testdata/traces/classic.scap";
const NATIVE: &str = "testdata/traces/password-hashes-read.scap";

/// Runs with a standard output that nobody reads.
fn unread(arguments: &[&str]) -> Ran {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    tercel(arguments).stdout(writer).stderr(Stdio::piped()).output().expect("the binary runs").into()
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    for arguments in [
        &["replay", "-r", "rules", TRACE][..],
        &["replay", "-q", "--json", "-r", "rules", "testdata/traces"],
        &["events", TRACE],
        &["events", "--list"],
        &["fields"],
        &["info", "testdata/traces"],
        &["info", "--json", TRACE],
        &["ps", TRACE],
        &["files", "--json", TRACE, TRACE],
        &["table", "files", "--csv", TRACE],
        &["table"],
        &["users", TRACE],
        &["timeline", "-r", "rules", TRACE],
        &["follow", TRACE],
        &["follow", "--raw", TRACE],
        &["report", "-r", "rules", TRACE],
        &["export", TRACE],
        &["export", "--format", "csv", TRACE],
        &["export", "--schema", "ecs", TRACE],
        &["verify", NATIVE],
        &["verify", "--keyframes", NATIVE, NATIVE],
        &["rules", "check", "rules"],
        &["rules", "check", "--json", "rules"],
        &["rules", "list", "rules"],
        &["rules", "list", "--markdown", "rules"],
        &["rules", "show", "Miner started", "-r", "rules"],
        &["explain", "-r", "rules", "--rule", "Miner started", TRACE, "--near"],
        &["test", "-v", "testdata/tests/impact.test.yaml"],
        &["diff", "--format", "markdown", "--rules", "rules", "--rules-b", "rules", TRACE],
        &["test", "--report", "junit", "testdata/tests/impact.test.yaml"],
    ] {
        let ran = unread(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.all());
    }
}

/// Whoever reads messages may have seen enough, as `2>&1 | head` has.
#[test]
fn a_closed_standard_error_is_not_an_error() {
    let place = Place::new("stderr");
    let (out, conf) =
        (place.name("out.scap"), place.file("c.yaml", "priority: loud\n").display().to_string());
    for (arguments, code) in [
        (&["replay", "-r", "rules", TRACE][..], 0),
        (&["replay", "-v", "-r", "rules", TRACE, "proc.name=nosuch"], 0),
        (&["events", TRACE, "proc.name=nosuch"], 0),
        (&["convert", TRACE, "-w", &out], 0),
        (&["slice", TRACE, "-w", &out, "--force", "--from", "+1s"], 0),
        (&["info", "no/such/file"], 4),
        (&["verify", "no/such/file"], 4),
        (&["rules", "check", "no/such/file"], 2),
        (&["config", "check", &conf], 2),
        (&["live", "-r", "no/such/file"], 2),
        (&["test", "no/such/file"], 2),
        (&["live", "-N"], 2),
    ] {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let output =
            tercel(arguments).stdout(Stdio::null()).stderr(writer).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

/// What is read is never written over, by whatever name.
#[test]
fn no_verb_writes_over_what_it_reads() {
    let place = Place::new("over");
    let trace = place.file("t.scap", std::fs::read(root().join(TRACE)).expect("a shipped trace"));
    let rule = "- {rule: some, desc: d, condition: evt.num > 0, output: o, priority: ERROR}\n";
    let rules = place.file("r.yaml", rule);
    let link = place.path("link");
    std::os::unix::fs::symlink(&trace, &link).expect("a link");
    let text = |path: &std::path::Path| path.display().to_string();
    let hard = place.path("hard");
    std::fs::hard_link(&trace, &hard).expect("a link");
    let suite = place.file("a.test.yaml", "rules: r.yaml\ntrace: t.scap\nsilent: all\n");
    let (trace, rules, link) = (text(&trace), text(&rules), text(&link));
    let (hard, dotted, suite) = (text(&hard), format!("{}/./t.scap", text(place.directory())), text(&suite));
    let config = text(&place.file("c.yaml", format!("rules_files: [{rules}]\n")));
    let (report, over_rules) = (format!("tap:{trace}"), format!("tap:{rules}"));
    let (over_suite, alerts) =
        (format!("json:{suite}"), format!("file_output={{enabled: true, filename: {rules}}}"));
    let metrics = format!("metrics.output_file={rules}");
    let directory = place.name("rules");
    std::fs::create_dir(&directory).expect("a directory");
    let of_directory = text(&place.file("rules/r.yaml", rule));
    let before = (
        std::fs::read(place.path("t.scap")).expect("a file"),
        std::fs::read(place.path("r.yaml")).expect("a file"),
    );
    for arguments in [
        &["events", &trace, "--output", &trace][..],
        &["events", &trace, "--output", &link],
        &["replay", "-q", "-r", &rules, &trace, "--output", &trace],
        &["replay", "-q", "-r", &rules, &trace, "--output", &rules],
        &["events", &trace, "--output", &hard],
        &["replay", "-q", "-r", &rules, &trace, "--output", &dotted],
        &["replay", "-q", "-c", &config, &trace, "--output", &config],
        &["convert", "--force", &trace, "-w", &link],
        &["convert", &trace, "-w", &hard, "--force"],
        &["slice", &trace, "-w", &trace, "--to", "#3"],
        &["merge", "--force", &trace, &trace, "-w", &trace],
        &["merge", "--force", &link, &link, "-w", &dotted],
        &["recover", &trace, "-w", &trace],
        &["index", "--force", &trace, "-w", &trace],
        &["redact", "--force", &trace, "-w", &trace],
        &["redact", "--force", "--policy", &rules, &trace, "-w", &rules],
        &["redact", "--force", "--key", &rules, &trace, "-w", &rules],
        &["live", "--force", "-r", &rules, "-w", &rules],
        &["live", "--force", "-c", &config, "-w", &config],
        &["live", "-r", &rules, "--output", &rules],
        &["live", "-r", &rules, "-o", &alerts],
        &["live", "--force", "-r", &rules, "-w", &trace, "--output", &link],
        &["live", "-r", &rules, "-o", "metrics.enabled=true", "-o", &metrics],
        &["live", "-r", &rules, "--redact", &config, "--ring", "9s", "--output", &config],
        &["live", "--force", "-r", &rules, "--redact", "default", "--redact-key", &config, "-w", &config],
        &["live", "--force", "-r", &rules, "--sign", &config, "-w", &config],
        &["export", &trace, "-o", &link],
        &["report", "-r", &rules, &trace, "-o", &hard],
        &["report", "-r", &rules, &trace, "-o", &rules],
        &["baseline", "learn", &trace, "-o", &trace],
        &["follow", &trace, "--output", &trace],
        &["shrink", "--force", "-r", &rules, &trace, "--rule", "some", "-w", &trace],
        &["shrink", "--force", "-r", &rules, &trace, "--rule", "some", "-w", &rules],
        &["shrink", "--force", "-r", &directory, &trace, "--rule", "some", "-w", &of_directory],
        &["tune", "--force", "-r", &rules, "--good", &trace, "-w", &trace],
        &["tune", "--force", "-r", &rules, "--good", &trace, "-w", &rules],
        &["test", "--report", &report, &suite],
        &["test", "--report", &over_rules, &suite],
        &["test", "--report", &over_suite, &suite],
    ] {
        let ran = Ran::from(tercel(arguments).output().expect("the binary runs"));
        assert!(ran.code == 2 && ran.err.contains("overwrite the input"), "{arguments:?}: {}", ran.all());
    }
    assert!(
        before
            == (
                std::fs::read(place.path("t.scap")).expect("a file"),
                std::fs::read(place.path("r.yaml")).expect("a file")
            )
    );
}

/// Standard input and output are files like any others.
#[test]
fn no_verb_writes_over_its_standard_input() {
    let place = Place::new("over-input");
    let trace = place.file("t.scap", std::fs::read(root().join(TRACE)).expect("a shipped trace"));
    let name = place.name("t.scap");
    let append = || std::fs::File::options().append(true).open(&trace).expect("a file");
    let input = || std::fs::File::open(&trace).expect("a file");
    let before = std::fs::read(&trace).expect("a file");
    for mut command in [
        tercel(&["convert", "-", "--force", "-w", &name]),
        tercel(&["events", "-", "--output", &name]),
        tercel(&["events", "-"]),
        tercel(&["convert", &name, "-w", "-"]),
        tercel(&["convert", &name, "-w", "/dev/stdout"]),
        tercel(&["replay", "-q", "-r", "rules", &name]),
    ] {
        let ran = Ran::from(
            command.stdin(input()).stdout(append()).stderr(Stdio::piped()).output().expect("it runs"),
        );
        assert!(ran.code == 2 && ran.err.contains("overwrite the input"), "{command:?}: {}", ran.all());
    }
    assert!(std::fs::read(&trace).expect("a file") == before);
}

/// What exists is written over only where that is asked for.
#[test]
fn no_verb_writes_over_what_exists() {
    let place = Place::new("exists");
    let (out, policy) = (place.name("out"), root().join("analysis/redact.yaml").display().to_string());
    for arguments in [
        &["convert", TRACE][..],
        &["index", TRACE],
        &["recover", TRACE],
        &["slice", TRACE],
        &["merge", TRACE, TRACE],
        &["redact", "--policy", &policy, TRACE],
        &["convert", "--to", "scap", TRACE],
        &["convert", "--to", "gzip", TRACE],
    ] {
        let write = [arguments, &["-q", "-w", &out]].concat();
        place.file("out", "kept");
        let refused = Ran::from(tercel(&write).output().expect("the binary runs"));
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.all());
        assert_eq!(refused.err, format!("error: {out}: the file exists; --force writes over it\n"));
        assert_eq!(place.read("out"), "kept");
        let forced = Ran::from(tercel(&[&write[..], &["--force"]].concat()).output().expect("it runs"));
        assert_eq!(forced.code, 0, "{arguments:?}: {}", forced.all());
        std::fs::remove_file(&out).expect("a file");
        // Whatever the umask, only the owner reads it, or who is named.
        for (option, expected) in [(&[][..], 0o600), (&["--mode", "0644"][..], 0o644)] {
            let line = [&write[..], option].concat();
            let words: Vec<String> = line.iter().map(|word| format!("'{word}'")).collect();
            let script =
                format!("umask 0277; exec {} {}", tercel_test_support::binary().display(), words.join(" "));
            let status =
                Command::new("sh").args(["-c", &script]).current_dir(root()).status().expect("sh runs");
            assert!(status.success(), "{script}");
            let found = std::fs::metadata(&out).expect("a file").permissions().mode() & 0o7777;
            assert_eq!(found, expected, "{arguments:?}");
            std::fs::remove_file(&out).expect("a file");
        }
    }
    // What is no file is no target that exists.
    for target in ["/dev/null", "/dev/stdout", "-"] {
        let ran = Ran::from(tercel(&["convert", "-q", TRACE, "-w", target]).output().expect("it runs"));
        assert_eq!(ran.code, 0, "{target}: {}", ran.all());
    }
    let ran = Ran::from(tercel(&["convert", TRACE, "-w", &out, "--mode", "rw"]).output().expect("it runs"));
    assert!(ran.code == 2 && ran.err.contains("give them in octal"), "{}", ran.all());
}

#[test]
fn a_closed_pipe_keeps_no_test_file_from_being_blessed() {
    let place = Place::new("unread");
    let (rules, trace) = (root().join("rules"), root().join(TRACE));
    let file = place.file("a.test.yaml", format!("rules: {}\ntrace: {}\n", rules.display(), trace.display()));
    let ran = unread(&["test", "--bless", &file.display().to_string()]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(place.read("a.test.yaml").contains("\nexpect:\n"), "{}", place.read("a.test.yaml"));
}

#[test]
fn a_damaged_file_costs_no_other_file() {
    let place = Place::new("damaged");
    let good = std::fs::read(root().join(TRACE)).expect("a shipped trace");
    place.file("a.scap", &good);
    place.file("b.scap", "no capture");
    place.file("c.scap", &good);
    let (rules, directory) = (root().join("rules").display().to_string(), place.name(""));
    let suite = place.file("a.test.yaml", format!("rules: {rules}\ntrace: .\nsilent: [Miner started]\n"));
    let suite = suite.display().to_string();
    let alone = |name: &str| {
        let trace = place.name(name);
        Ran::from(tercel(&["replay", "-q", "-r", &rules, &trace]).output().expect("the binary runs")).out
    };
    let alerts = alone("a.scap").repeat(2);
    assert!(!alerts.is_empty());
    // Exit code 3, and both good files are processed: what shows it of each verb.
    let replay = Ran::from(tercel(&["replay", "-q", "-r", &rules, &directory]).output().expect("it runs"));
    assert_eq!((replay.code, replay.out.as_str()), (3, alerts.as_str()), "{}", replay.all());
    let test = Ran::from(tercel(&["test", &suite]).output().expect("it runs"));
    let sums = "3 cases, 2 passed, 0 failed, 1 with errors";
    assert!(test.code == 3 && test.out.contains(sums), "{}", test.all());
    assert!(test.out.contains("b.scap: not a capture"), "{}", test.all());
}

/// What is opened one by one is opened in the same way by every verb: a bad file is named, the good ones are processed, the exit code
/// is 3.
#[test]
fn every_verb_goes_on_after_a_bad_file() {
    let place = Place::new("bad-file");
    let good = std::fs::read(root().join(NATIVE)).expect("a shipped trace");
    place.file("a.scap", &good);
    place.file("b.scap", "no capture");
    place.file("c.scap", &good);
    let (rules, directory) = (root().join("rules").display().to_string(), place.name(""));
    let merged = place.name("merged.out");
    // What a verb prints of a good file, and how often it stands there.
    for (arguments, shown) in [
        (&["replay", "-q", "-r", &rules][..], None),
        (&["replay", "-q", "-j", "2", "-r", &rules], None),
        (&["replay", "-q", "--merge", "-r", &rules], None),
        (&["events"], None),
        (&["info", "--json"], Some(2)),
        (&["verify"], Some(2)),
        (&["merge", "-w", &merged], Some(0)),
    ] {
        let run = |name: &str| {
            let mut words = arguments.to_vec();
            words.push(name);
            Ran::from(tercel(&words).output().expect("the binary runs"))
        };
        let all = run(&directory);
        assert_eq!(all.code, 3, "{arguments:?}: {}", all.all());
        assert!(all.err.contains("b.scap"), "{arguments:?}: {}", all.all());
        match shown {
            Some(lines) => assert_eq!(all.out.lines().count(), lines, "{arguments:?}: {}", all.all()),
            None => {
                let one = run(&place.name("a.scap"));
                assert_eq!(one.code, 0, "{arguments:?}: {}", one.all());
                assert_eq!(all.out.lines().count(), 2 * one.out.lines().count(), "{arguments:?}");
                assert!(!one.out.is_empty(), "{arguments:?}");
            }
        }
    }
    let events = |path: &str| {
        let counted = Ran::from(tercel(&["events", path]).output().expect("the binary runs"));
        counted.out.lines().count()
    };
    assert_eq!(events(&merged), 2 * events(&place.name("a.scap")));
}
