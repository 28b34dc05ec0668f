//! The command line: what is meant otherwise than it is written gets a message, and nothing is written over.

use std::fs;

use tercel_test_support::{Place, Ran, ran, root, tercel};

const TRACE: &str = "testdata/traces/classic.scap";

fn end(arguments: &[&str]) -> Ran {
    Ran::from(tercel(arguments).output().expect("the binary runs"))
}

#[test]
fn a_capture_that_is_misspelt_is_no_filter() {
    for name in [
        "testdata/traces/clasic2.scap",
        "testdata/traces/clasic.scap",
        "./missing.scap",
        "no/such/trace.scap.gz",
        "missing.zst",
    ] {
        for verb in [&["replay", "-q", "-r", "rules"][..], &["events"], &["ps"], &["info"]] {
            let end = end(&[verb, &[TRACE, name]].concat());
            assert!(matches!(end.code, 2 | 4), "{verb:?} {name}: {} {}", end.code, end.err);
            assert!(
                end.err.contains(name) && !end.err.contains("the filter is wrong"),
                "{verb:?} {name}: {}",
                end.err
            );
        }
    }
}

#[test]
fn no_output_is_an_input() {
    let place = Place::new("hostile-over");
    let trace = place.file("t.scap", fs::read(root().join(TRACE)).expect("a trace")).display().to_string();
    let rules = place
        .file("r.yaml", fs::read(root().join("rules/tercel_rules.yaml")).expect("rules"))
        .display()
        .to_string();
    let kept = |name: &str| fs::read(place.path(name)).expect("a file");
    let before = (kept("t.scap"), kept("r.yaml"));
    for arguments in [
        &["events", &trace, "--output", &trace][..],
        &["replay", "-q", "-r", &rules, &trace, "--output", &trace],
        &["replay", "-q", "-r", &rules, &trace, "--output", &rules],
        &["slice", &trace, "-w", &trace],
        &["convert", "--force", &trace, "-w", &trace],
        &["report", "--force", &trace, "-w", &trace],
        &["export", &trace, "--output", &trace],
        &["ps", &trace, "--output", &trace],
    ] {
        let end = end(arguments);
        assert_ne!(end.code, 0, "{arguments:?}");
        assert!((kept("t.scap"), kept("r.yaml")) == before, "{arguments:?} wrote over what it reads");
    }
}

#[test]
fn fields_that_are_misspelt_are_named_with_what_is_meant() {
    for arguments in [
        &["events", TRACE, "-p", "%proc.nmae"][..],
        &["export", TRACE, "--fields", "proc.nmae"],
        &["fields", "proc.nmae"],
        &["ps", TRACE, "proc.nmae=x"],
    ] {
        let end = end(arguments);
        assert!(end.code == 2 && end.err.contains("proc.name"), "{arguments:?}: {}", end.err);
    }
}

/// The second file is not a native trace, the fourth is cut: what follows is verified all the same.
#[test]
fn one_bad_file_ends_no_verification() {
    let place = Place::new("hostile-verify");
    let native =
        fs::read(root().join("testdata/traces/shell-spawned-by-server-program.scap")).expect("a trace");
    for (name, bytes) in [
        ("a.scap", &native[..]),
        ("b.scap", &fs::read(root().join(TRACE)).expect("a trace")),
        ("c.scap", &native),
        ("d.scap", &native[..native.len() / 2]),
        ("e.scap", b"text"),
        ("f.scap", &native),
    ] {
        place.file(name, bytes);
    }
    let said = ran(&["verify", &place.directory().display().to_string()], 3).all();
    for (name, intact) in [("a", true), ("b", false), ("c", true), ("d", false), ("e", false), ("f", true)] {
        let line = said
            .lines()
            .find(|line| line.contains(&format!("{name}.scap")))
            .unwrap_or_else(|| panic!("{name}: {said}"));
        assert_eq!(line.contains("intact"), intact, "{line}");
    }
}

/// What cannot be read for want of rights is not called missing; as root nothing is.
#[test]
fn a_file_in_a_closed_directory_is_not_missing() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("hostile-closed");
    fs::create_dir(place.path("closed")).expect("a directory");
    place.file("closed/x.scap", fs::read(root().join(TRACE)).expect("a trace"));
    fs::set_permissions(place.path("closed"), fs::Permissions::from_mode(0o000)).expect("rights");
    let end = end(&["events", "-q", "-n", "1", &place.name("closed/x.scap")]);
    fs::set_permissions(place.path("closed"), fs::Permissions::from_mode(0o755)).expect("rights");
    assert!(!end.err.contains("No such file"), "{}", end.err);
    assert!(end.code == 0 || end.err.contains("ermission denied"), "{}", end.err);
}

/// The fault is one of the configuration, and named as one.
#[test]
fn a_wrong_append_output_is_not_a_fault_of_the_rule_file() {
    let place = Place::new("hostile-blame");
    let rules = "- {rule: A, desc: x, condition: evt.type=open, output: good, priority: INFO}\n";
    let rules = place.file("a.yaml", rules).display().to_string();
    let config = place.file(
        "c.yaml",
        format!("rules_files: [{rules}]\nappend_output: [{{extra_output: 'x=%proc.nmae'}}]\n"),
    );
    let config = config.display().to_string();
    for arguments in [&["config", "check", &config][..], &["replay", "-q", "-c", &config, TRACE]] {
        let end = end(arguments);
        assert!(
            end.code == 2 && end.err.contains("c.yaml:2:") && !end.err.contains("a.yaml"),
            "{arguments:?}: {}",
            end.err
        );
    }
}
