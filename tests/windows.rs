//! Windows, slices and remains of captures: the alerts of a window are the window of all alerts, a slice gives the same ones,
//! read by its chunks, as a stream, by another number of threads and through `zstd -dc`, and `readscap.py` knows every byte of
//! it; a trace that is cut anywhere gives all that its whole chunks hold.
//!
//! A rule that matches every event and prints many fields makes each event an alert, so that what is compared is the whole
//! state. Windows are random, from a seed that is printed; `TERCEL_ROUNDS` asks for more of them, `TERCEL_SEED` for others,
//! and `TERCEL_LARGE` for captures of any size. Captures of the corpus are used where it is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tercel_format::trace::Trace;
use tercel_format::{Block, Reader};
use tercel_test_support::{Missing, Place, captures_of, corpus, require, root, tool};

/// What every event shows.
const RULE: &str = "\
- rule: every
  desc: all that an event can show
  condition: evt.num >= 0
  output: >-
    %evt.num %evt.reltime %evt.type %evt.args | %proc.name %proc.pid %proc.ppid %proc.cmdline %proc.exepath %proc.cwd
    %proc.duration %proc.ppid.duration %proc.aname[2] %proc.nthreads %proc.vmsize %proc.tty %proc.env
    %proc.exe_ino.ctime_duration_proc_start %user.name %group.name | %fd.num %fd.name %fd.nameraw %fd.typechar %fd.l4proto
    %fd.cip %fd.cport %fd.sip %fd.sport %fd.connected %fd.dev %fd.ino | %container.id %container.name
    %container.image.repository
  priority: INFO
";

/// Captures that take more than this on the disk are for `TERCEL_LARGE`.
const SMALL: u64 = 100 << 10;

const FILTERS: [&str; 4] = [
    "evt.type in (execve, connect, open, openat)",
    "proc.name startswith b and evt.failed = true",
    "fd.type = ipv4 or fd.type = unix",
    "evt.num >= 0 and not evt.type in (read, write, close)",
];

fn captures() -> Vec<PathBuf> {
    let mut captures = captures_of(&root().join("testdata/traces"));
    assert!(!captures.is_empty(), "the shipped traces are part of the repository");
    // A few are enough of what is of one kind.
    captures.truncate(6);
    let corpus = require("windows of the captures of the corpus", corpus());
    captures.extend(corpus.into_iter().flat_map(|corpus| captures_of(&corpus.join("captures"))));
    if std::env::var_os("TERCEL_LARGE").is_none() {
        captures.retain(|path| path.metadata().is_ok_and(|metadata| metadata.len() <= SMALL));
    }
    captures.sort();
    captures
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// A directory with the rule file.
fn place(name: &str) -> Place {
    let place = Place::new(name);
    place.file("every.yaml", RULE);
    place
}

fn tercel(arguments: &[&str], input: Stdio) -> Output {
    tercel_test_support::tercel(arguments).stdin(input).output().expect("the binary runs")
}

/// The lines of a replay with the rule; captures may be damaged, but must say the same.
fn replay(place: &Place, trace: &str, more: &[&str], input: Stdio) -> Vec<String> {
    let rules = place.name("every.yaml");
    let start = ["replay", "-q", "--iso8601", "-r", &rules, trace];
    let output = tercel(&[&start[..], more].concat(), input);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{trace} {more:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Number and time of every event of a capture.
fn events(path: &Path) -> Vec<(u64, u64)> {
    let mut reader = Reader::new(File::open(path).expect("readable")).expect("a capture");
    let mut events = Vec::new();
    while let Ok(Some(block)) = reader.next() {
        if let Block::Event(event) = block {
            events.push((event.num, event.ts));
        }
    }
    events
}

/// The ends of a window as options, by number, time or distance.
fn window(random: &mut Random, events: &[(u64, u64)]) -> Vec<String> {
    let (a, b) = (random.below(events.len() as u64) as usize, random.below(events.len() as u64) as usize);
    let ((first, first_ts), (last, last_ts)) = (events[a.min(b)], events[a.max(b)]);
    let base = events[0].1;
    let (from, to) = match random.below(3) {
        0 => (format!("#{first}"), format!("#{last}")),
        1 => {
            (format!("+{}ns", first_ts.saturating_sub(base)), format!("+{}ns", last_ts.saturating_sub(base)))
        }
        _ => (stamp(first_ts), stamp(last_ts)),
    };
    let mut options = Vec::new();
    // One end in four is left open.
    if random.below(4) > 0 {
        options.extend(["--from".to_owned(), from]);
    }
    if random.below(4) > 0 {
        options.extend(["--to".to_owned(), to]);
    }
    options
}

fn stamp(ns: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).expect("a time").to_string()
}

#[track_caller]
fn same(found: &[String], expected: &[String], what: &str) {
    if found == expected {
        return;
    }
    let at = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
    panic!(
        "{what}: line {at} of {} and {}\n  {:?}\nis to be\n  {:?}",
        found.len(),
        expected.len(),
        found.get(at),
        expected.get(at)
    );
}

#[test]
fn a_slice_is_its_window() {
    let place = place("slices");
    let seed = number("TERCEL_SEED", 7);
    let mut random = Random(seed);
    let (slice, native, plain) = (place.name("slice.scap"), place.name("native.scap"), place.name("plain"));
    for capture in captures() {
        let name = capture.display().to_string();
        let events = events(&capture);
        if events.is_empty() {
            continue;
        }
        let written =
            tercel(&["convert", "-q", "--force", &name, "-w", &native, "--chunk", "16KiB"], Stdio::null());
        assert!(matches!(written.status.code(), Some(0 | 3)), "{name}: {written:?}");
        for round in 0..number("TERCEL_ROUNDS", 2) {
            let window = window(&mut random, &events);
            let mut options: Vec<&str> = window.iter().map(String::as_str).collect();
            let filter = FILTERS.get(random.below(2 * FILTERS.len() as u64) as usize);
            if let Some(filter) = filter {
                options.extend(["--filter", filter]);
            }
            let what = format!("{name}, seed {seed}, round {round}: {options:?}");
            let expected = replay(&place, &name, &options, Stdio::null());
            same(&replay(&place, &native, &options, Stdio::null()), &expected, &format!("{what}, native"));
            let input = if random.below(2) == 0 { &name } else { &native };
            let chunk = ["4KiB", "64KiB", "4MiB"][random.below(3) as usize];
            let layout = ["rows", "columns"][random.below(2) as usize];
            let write = ["slice", "-q", "--force", input, "-w", &slice, "--chunk", chunk, "--layout", layout];
            let output = tercel(&[&write[..], &options].concat(), Stdio::null());
            assert!(matches!(output.status.code(), Some(0 | 3)), "{what}: {output:?}");
            for jobs in ["1", "2", "7"] {
                let found = replay(&place, &slice, &["-j", jobs], Stdio::null());
                same(&found, &expected, &format!("{what}, sliced from {input}, {jobs} threads"));
            }
            let piped = || Stdio::from(File::open(&slice).expect("the slice"));
            same(&replay(&place, "-", &[], piped()), &expected, &format!("{what}, piped"));
            if layout == "rows" && decompress(&slice, &plain) {
                same(&replay(&place, &plain, &[], Stdio::null()), &expected, &format!("{what}, zstd -dc"));
                walk(&plain, &what);
            }
            let verdict = tercel(&["verify", "-q", &slice], Stdio::null());
            assert_eq!(verdict.status.code(), Some(0), "{what}: {verdict:?}");
        }
    }
}

/// `zstd -dc`, if there is such a program.
fn decompress(from: &str, to: &str) -> bool {
    let Some(zstd) = require("slices through zstd -dc", tool("zstd")) else { return false };
    let out = File::create(to).expect("temporary file");
    let status = Command::new(zstd).args(["-qdc", from]).stdout(out).stderr(Stdio::null()).status();
    assert!(status.expect("zstd runs").success(), "zstd -dc {from}");
    true
}

/// The reference's own reader finds nothing that it cannot account for.
fn walk(plain: &str, what: &str) {
    let script = corpus().map(|corpus| corpus.join("../reference/readscap.py")).and_then(|script| {
        let missing = || Missing::new("corpus", format!("no {}", script.display()));
        if script.exists() { Ok(script.clone()) } else { Err(missing()) }
    });
    let tools = script.and_then(|script| Ok((script, tool("python3")?)));
    let Some((script, python)) = require("slices read by the reference's own reader", tools) else { return };
    let output = Command::new(python).arg(&script).arg(plain).output().expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("unparsed=0"), "{what}: {text}");
    assert!(!text.contains("UNPARSED") && !text.contains("mismatch"), "{what}: {text}");
}

#[test]
fn windows_of_replay_are_windows_of_its_alerts() {
    let place = place("windows");
    let seed = number("TERCEL_SEED", 11);
    let mut random = Random(seed);
    let native = place.name("native.scap");
    for capture in captures() {
        let name = capture.display().to_string();
        let all = replay(&place, &name, &[], Stdio::null());
        if all.is_empty() {
            continue;
        }
        let written =
            tercel(&["convert", "-q", "--force", &name, "-w", &native, "--chunk", "4KiB"], Stdio::null());
        assert!(matches!(written.status.code(), Some(0 | 3)), "{name}: {written:?}");
        for _ in 0..number("TERCEL_ROUNDS", 2) {
            let numbers: Vec<u64> = all.iter().map(|line| number_of(line)).collect();
            let (a, b) = (random.below(numbers.len() as u64), random.below(numbers.len() as u64));
            let (from, to) = (numbers[a.min(b) as usize], numbers[a.max(b) as usize]);
            let inside = |line: &&String| (from..to).contains(&number_of(line));
            let expected: Vec<String> = all.iter().filter(inside).cloned().collect();
            let window = [format!("#{from}"), format!("#{to}")];
            let options = ["--from", &window[0], "--to", &window[1]];
            let what = format!("{name}, seed {seed}, {from} to {to}");
            for trace in [&name, &native] {
                for jobs in ["1", "2"] {
                    let found = replay(&place, trace, &[&options[..], &["-j", jobs]].concat(), Stdio::null());
                    same(&found, &expected, &format!("{what}, {trace}, {jobs} threads"));
                }
            }
        }
    }
}

#[test]
fn what_is_left_of_a_cut_trace_is_replayed() {
    let place = place("cuts");
    let seed = number("TERCEL_SEED", 13);
    let mut random = Random(seed);
    let (native, cut) = (place.name("native.scap"), place.name("cut.scap"));
    for capture in captures().iter().take(8) {
        let name = capture.display().to_string();
        let written =
            tercel(&["convert", "-q", "--force", &name, "-w", &native, "--chunk", "4KiB"], Stdio::null());
        assert!(matches!(written.status.code(), Some(0 | 3)), "{name}: {written:?}");
        let all = replay(&place, &native, &[], Stdio::null());
        let bytes = fs::read(&native).expect("the trace");
        for _ in 0..number("TERCEL_ROUNDS", 2) {
            let end = 400 + random.below(bytes.len() as u64 - 400) as usize;
            let what = format!("{name}, seed {seed}, cut at {end} of {}", bytes.len());
            fs::write(&cut, &bytes[..end]).expect("temporary file");
            let whole = Trace::open(bytes[..end].to_vec()).expect("a trace");
            let events: u64 = whole.chunks().iter().map(|chunk| chunk.descriptor.events).sum();
            let rules = place.name("every.yaml");
            let output = tercel(&["replay", "--iso8601", "-r", &rules, &cut], Stdio::null());
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{what}: {errors}");
            assert!(
                errors.contains("not closed") || errors.contains("truncated") || errors.contains("ends"),
                "{what}: {errors}"
            );
            let found: Vec<String> =
                String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
            same(&found, &all[..found.len().min(all.len())], &what);
            // Some events have no line: those that only serve others.
            let shown = all.iter().filter(|line| number_of(line) <= events).count();
            assert!(found.len() >= shown, "{what}: {} lines of {shown}", found.len());
        }
        // A flipped byte is found, wherever it is.
        for _ in 0..number("TERCEL_ROUNDS", 2) {
            let mut damaged = bytes.clone();
            let at = random.below(bytes.len() as u64) as usize;
            damaged[at] ^= 1 << random.below(8);
            fs::write(&cut, damaged).expect("temporary file");
            let verdict = tercel(&["verify", &cut], Stdio::null());
            assert_eq!(verdict.status.code(), Some(3), "{name}, byte {at}: {verdict:?}");
        }
    }
}

/// The first thing that the rule prints.
fn number_of(line: &str) -> u64 {
    let text = line.split(' ').nth(2).unwrap_or_default();
    text.parse().unwrap_or_else(|_| panic!("no number in {line}"))
}
