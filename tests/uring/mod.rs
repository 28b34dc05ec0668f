//! Operations of io_uring: a program carries each of them out by raw system calls, and its events have to be in the recording, with the
//! names that the kernel took and the thread that submitted. Falco's rules have to see what is done this way. Needs root, BPF and cc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tercel_test_support::{Missing, Place, binary, corpus, require, root, tool, wait};

use crate::live::host;
use crate::turn;

/// Result of an operation that the kernel does not have.
const EINVAL: i64 = -22;

/// What the program says of an operation.
struct Said<'a> {
    operation: &'a str,
    result: i64,
    event: &'a str,
    text: &'a str,
}

#[test]
fn operations_are_events_of_their_calls() {
    const CHECK: &str = "recording of io_uring";
    let Some(_turn) = turn::alone(CHECK) else { return };
    let place = Place::new("uring");
    let Some(program) = program(CHECK, place.directory()) else { return };
    for mode in ["", "async", "poll", "silent", "overflow"] {
        let directory = place.path(&format!("mode-{mode}"));
        fs::create_dir(&directory).expect("a directory");
        let trace = directory.join("trace.scap");
        let mut command = Command::new(binary());
        command
            .args(["record", "-q", "-w"])
            .arg(&trace)
            .arg("--")
            .arg(&program)
            .args(mode.split_whitespace());
        let output = command.current_dir(&directory).output().expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // A kernel that has switched io_uring off: EPERM.
        let off = said.trim() == "setup -1";
        if require(
            CHECK,
            if off { Err(Missing::new("io_uring", "kernel.io_uring_disabled")) } else { Ok(()) },
        )
        .is_none()
        {
            return;
        }
        assert!(output.status.success(), "{mode}: {said}{}", String::from_utf8_lossy(&output.stderr));
        compare(mode, &said, &events(&trace));
    }
}

/// Each operation that the kernel has is found in a line of its own.
fn compare(mode: &str, said: &str, events: &str) {
    let mut lines: Vec<&str> = events.lines().collect();
    let mut seen = 0;
    for said in said.lines().map(said_of).filter(|said| said.result != EINVAL) {
        let Said { operation, result, event, text } = said;
        let fits = |line: &&str| {
            let Some((thread, rest)) = line.split_once(" < ") else { return false };
            // Nobody hears of the result of a silent one, and a direct descriptor has a number of its own.
            let is_known = !matches!(operation, "OPENAT") || result > 0;
            thread.ends_with(')')
                && thread.contains(" operations ")
                && rest.split(' ').next() == Some(event)
                && rest.contains(text)
                && (!is_known
                    || event == "statx"
                    || rest.contains(&format!("res={result}"))
                    || rest.contains(&format!("fd={result}")))
        };
        let found = lines.iter().position(fits);
        let found = found.unwrap_or_else(|| {
            panic!("{mode}: no event of {operation} {result} {event} {text} in\n{events}")
        });
        lines.remove(found);
        seen += 1;
    }
    assert!(seen >= if matches!(mode, "silent") { 1 } else { 8 }, "{mode}: {seen} operations");
}

fn said_of(line: &str) -> Said<'_> {
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (operation, result) = (word(), word());
    Said {
        operation,
        result: result.parse().unwrap_or_else(|_| panic!("{line}")),
        event: word(),
        text: word(),
    }
}

#[test]
fn rules_of_falco_see_rings() {
    const CHECK: &str = "Falco's rules and io_uring";
    let Some(rules) = require(CHECK, corpus()) else { return };
    let rules = rules.join("rules/falco_rules.yaml");
    let Some(place) = host::Place::new("uring") else { return };
    let inside = place.path("x");
    let directory = inside.parent().expect("a directory");
    let Some(program) = program(CHECK, directory) else { return };
    let (alerts, trace) = (place.path("alerts"), place.path("trace.scap"));
    let own = place.file(
        "own.yaml",
        "- rule: connected\n  desc: x\n  condition: evt.type = connect and fd.sport = 47115 and proc.name = operations\n  \
         output: connected to %fd.name by %proc.name\n  priority: NOTICE\n",
    );
    let rules = ["-r", rules.to_str().expect("a path"), "-r", own.to_str().expect("a path")];
    let live =
        host::Live::start(&place, &alerts, &[&rules[..], &["-w", trace.to_str().expect("a path")]].concat());
    for mode in ["silent", "async"] {
        let mut ran = Command::new(&program);
        ran.arg(mode).current_dir(directory).stdout(Stdio::null());
        let _ = ran.status().expect("it runs");
    }
    let lines = || fs::read_to_string(&alerts).unwrap_or_default();
    let found = |text: &str| lines().lines().any(|line| line.contains(text) && line.contains("operations"));
    wait("alert about a sensitive file", || {
        found("Sensitive file opened for reading by non-trusted program")
    });
    wait("alert about a connection", || found("connected to"));
    live.stop();
    let replayed =
        Command::new(binary()).args(["replay", "-q"]).args(rules).arg(&trace).output().expect("replay runs");
    assert_eq!(String::from_utf8_lossy(&replayed.stdout), lines());
}

/// The program, built.
fn program(check: &str, directory: &Path) -> Option<PathBuf> {
    require(check, tool("cc"))?;
    let (source, program) = (root().join("tests/uring/operations.c"), directory.join("operations"));
    let built = Command::new("cc").args(["-O1", "-w", "-o"]).arg(&program).arg(source).status();
    assert!(built.is_ok_and(|status| status.success()), "cc");
    Some(program)
}

fn events(trace: &Path) -> String {
    let output = Command::new(binary()).arg("events").arg(trace).output().expect("the binary runs");
    assert!(output.status.success());
    String::from_utf8_lossy(&output.stdout).into_owned()
}
