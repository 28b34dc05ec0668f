//! Traces in columns give what traces in rows give: the same lines, counters and reports, although most of their events are passed over.

use std::path::{Path, PathBuf};

use tercel_format::trace::{Layout, Trace};
use tercel_rules::load::{Loader, Options as Load};
use tercel_rules::program::Program;
use tercel_test_support::{captures_of, corpus, require};

use super::super::Threads;
use super::{longest, native_in, open, replayed, shipped, telling};
use crate::engine::Options;
use crate::window::Point;

/// The rules of these files.
fn rules(paths: &[PathBuf]) -> Program {
    let mut loader = Loader::new(Load::default());
    for path in paths {
        loader.bytes(&path.display().to_string(), &std::fs::read(path).expect("rules"));
    }
    let loaded = loader.finish();
    assert!(loaded.successful(), "{paths:?}");
    loaded.program
}

/// The layouts of a capture, in chunks of `chunk` bytes.
fn both(path: &Path, chunk: usize) -> (Vec<u8>, Vec<u8>) {
    (native_in(Layout::Rows, path, chunk), native_in(Layout::Columns, path, chunk))
}

#[track_caller]
fn check(program: &Program, options: Options, path: &Path, chunk: usize, threads: &[usize]) -> u64 {
    let (rows, columns) = both(path, chunk);
    let mut alerts = 0;
    for threads in threads {
        let inputs = vec![open(&rows)];
        let (lines, counters, ended) = replayed(program, options, Threads::new(*threads), inputs);
        let inputs = vec![open(&columns)];
        let (others, other_counters, others_ended) =
            replayed(program, options, Threads::new(*threads), inputs);
        let place = format!("{}, {options:?}, chunks of {chunk}, {threads} threads", path.display());
        assert!(others == lines, "{place}");
        assert_eq!(other_counters, counters, "{place}");
        assert_eq!(others_ended[0].report.troubles, ended[0].report.troubles, "{place}");
        alerts = counters.alerts.iter().sum();
    }
    alerts
}

#[test]
fn what_rules_look_at_decides_what_is_read_and_not_what_is_found() {
    let conditions = [
        "evt.num > 0",
        "evt.type = execve",
        "evt.type in (open, openat, openat2)",
        "evt.type = close and fd.name exists",
        "evt.type in (read, write) and fd.type = file",
        "evt.type = write and evt.buffer contains a",
        "evt.type = mmap and evt.arg.length > 4096",
        "evt.failed = true",
        "proc.vmsize > 0 and evt.type = execve",
        "fd.connected = true",
        "evt.type = procexit",
        "evt.type in (connect, accept, accept4, bind)",
        "evt.category = process",
        "evt.type = futex",
        "syscall.type = getpid",
    ];
    for condition in conditions {
        let program = telling(condition);
        for path in [longest(), shipped()[0].clone()] {
            check(&program, Options::default(), &path, 4 << 10, &[1, 2, 7]);
        }
    }
}

#[test]
fn windows_lie_where_they_lie_in_rows() {
    let point = |number| Some(Point::Event(number));
    let seconds = |count: u64| Some(Point::Relative(count * 1_000_000_000));
    let first = {
        let bytes = native_in(Layout::Columns, &longest(), 4 << 10);
        let trace = Trace::open(bytes).expect("a trace");
        let chunk = trace.chunks().iter().find(|chunk| chunk.descriptor.events > 0).expect("events").clone();
        chunk.descriptor.first_ts
    };
    let at = |milliseconds: u64| Some(Point::Absolute(first + milliseconds * 1_000_000));
    for condition in ["evt.type = openat", "evt.type = execve"] {
        let program = telling(condition);
        for (from, to) in [
            (point(30), point(70)),
            (point(100), None),
            (seconds(0), seconds(1)),
            (at(100), at(2000)),
            (None, at(500)),
            (at(700), None),
        ] {
            let options = Options { from, to, ..Options::default() };
            check(&program, options, &longest(), 4 << 10, &[1, 2, 7]);
        }
        let limited = Options { limit: Some(50), ..Options::default() };
        check(&program, limited, &longest(), 4 << 10, &[1, 2]);
    }
}

#[test]
fn alerts_of_the_corpus_are_those_of_rows() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let mut own: Vec<PathBuf> = std::fs::read_dir(own)
        .expect("part of the repository")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    own.sort();
    for path in shipped().iter().step_by(7) {
        check(&rules(&own), Options::default(), path, 16 << 10, &[1, 3]);
    }
    let Some(corpus) = require("alerts of traces in columns", corpus()) else { return };
    let files = [
        "falco_rules.yaml",
        "falco-incubating_rules.yaml",
        "falco-sandbox_rules.yaml",
        "enable_disabled_rules.yaml",
    ];
    let files = files.map(|name| corpus.join("rules").join(name));
    let programs = [rules(&files[..1]), rules(&files)];
    let mut alerts = 0;
    for path in captures_of(&corpus.join("captures")) {
        for program in &programs {
            alerts += check(program, Options::default(), &path, 256 << 10, &[1, 2]);
        }
    }
    assert!(alerts > 100, "{alerts}");
}

/// Damage to lanes, columns and directories: every thread knows the same after it, and it is reported.
#[test]
fn damage_is_told_and_does_not_depend_on_threads() {
    let program = telling("evt.type in (openat, execve, close)");
    let whole = native_in(Layout::Columns, &longest(), 16 << 10);
    let chunks = Trace::open(whole.clone()).expect("a trace").chunks().to_vec();
    let columns: Vec<_> = chunks.iter().filter(|chunk| chunk.descriptor.is_columns()).collect();
    assert!(columns.len() > 3, "{}", columns.len());
    let chunk = columns[columns.len() / 2];
    let data = chunk.end() - chunk.descriptor.data_size..chunk.end();
    let mut lost = 0;
    for at in data.step_by(131) {
        let mut bytes = whole.clone();
        bytes[at as usize] ^= 0x20;
        let (lines, counters, ended) =
            replayed(&program, Options::default(), Threads::new(1), vec![open(&bytes)]);
        lost += u64::from(ended[0].report.places() > 0);
        for threads in [2, 7] {
            let inputs = vec![open(&bytes)];
            let (others, other_counters, others_ended) =
                replayed(&program, Options::default(), Threads::new(threads), inputs);
            assert!(others == lines, "{at}, {threads} threads");
            assert_eq!(other_counters, counters, "{at}");
            assert_eq!(others_ended[0].report.places(), ended[0].report.places(), "{at}");
        }
    }
    assert!(lost > 0);
}
