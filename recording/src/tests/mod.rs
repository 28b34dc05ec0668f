//! Rotation with an artificial source: a shipped trace is recorded as if it happened now, to one file and to many.

mod restarts;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use tercel_format::series::{Creation, Destination, Names, Rotation, Series};
use tercel_format::{Block, Capture, Reader, trace};
use tercel_replay::keep::Scope;
use tercel_replay::scan::{Needs, scan};
use tercel_replay::{Alert, Formatter, Options, Replay, Sink, Style};
use tercel_rules::load::Loader;
use tercel_rules::program::Program;

use tercel_test_support::Place;

use super::{CaptureWriter, Files, Kind, Limits, Recorder};

const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/traces/classic.scap");
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/tercel_rules.yaml");

/// How often the events of the trace are repeated.
const ROUNDS: u64 = 40;

fn files(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.directory()).expect("readable");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

struct Lines(Formatter, Vec<String>);

impl Sink for Lines {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        let mut line = Vec::new();
        self.0.push_line(alert, &mut line);
        self.1.push(String::from_utf8_lossy(&line).into_owned());
        Ok(())
    }
}

fn reader(path: &Path) -> Reader {
    Reader::new(File::open(path).expect("a file")).expect("a capture")
}

/// Records the shipped trace.
fn record(place: &Place, kind: Kind, rotation: Rotation, keep: Option<usize>) -> Vec<PathBuf> {
    record_part(place, kind, rotation, keep, Scope::default())
}

/// Records the events in a scope. As from the probe, those come that can be in it.
fn record_part(
    place: &Place,
    kind: Kind,
    rotation: Rotation,
    keep: Option<usize>,
    scope: Scope,
) -> Vec<PathBuf> {
    let path = place.path("trace.scap");
    let options = trace::Options { chunk: 4 << 10, level: 1, threads: 2, ..trace::Options::default() };
    let writer = CaptureWriter::new(Destination::new(&path), kind, options);
    let names = Names::new(&path, TimeZone::UTC, rotation.rotates(), keep).expect("a name");
    let mut files =
        Files::new(writer, Series::new(names, rotation, Creation::default()).expect("nobody else"));
    files.open(0).expect("a file");
    let types = scope.event_types();
    let mut recorder = Recorder::new(scope, files, Limits::default());
    for round in 0..ROUNDS {
        let mut source = reader(Path::new(TRACE));
        while let Some(mut block) = source.next().expect("the shipped trace is whole") {
            match &mut block {
                Block::Event(event) if types.as_ref().is_some_and(|types| !types.contains(&event.code())) => {
                    continue;
                }
                Block::Event(event) => event.ts += round * 20_000_000_000,
                _ if round > 0 => continue,
                _ => {}
            }
            recorder.take(&block).expect("room on the disk");
        }
    }
    recorder.finish().expect("room on the disk");
    self::files(place)
}

/// Events and alerts of captures that are read one after the other.
fn replayed(program: &Program, files: &[PathBuf]) -> (Vec<String>, Vec<String>) {
    let mut events = Vec::new();
    let mut lines = Lines(Formatter::new(program, Style::default()), Vec::new());
    let mut replay = Replay::new(program, None, Options::default());
    for file in files {
        let mut source = reader(file);
        while let Some(block) = source.next().expect("a whole file") {
            if let Block::Event(event) = block
                && !event.initial
            {
                let mut parts = Vec::new();
                event.append_to(&mut parts);
                let bytes = (parts, event.extras().bytes());
                events.push(format!("{} {} {} {bytes:?}", event.num, event.ts, event.code()));
            }
        }
        assert_eq!(source.statistics().incidents, 0);
        replay.run(&mut reader(file), &mut lines).expect("a whole file");
    }
    (events, lines.1)
}

fn program() -> Program {
    let mut loader = Loader::new(tercel_rules::load::Options::default());
    loader.bytes(RULES, &fs::read(RULES).expect("the shipped rules"));
    loader.finish().program
}

#[test]
fn no_event_is_lost_or_doubled_between_files() {
    let program = program();
    let whole = Place::new("whole");
    let expected = replayed(&program, &record(&whole, Kind::Native, Rotation::default(), None));
    assert!(expected.0.len() > 1000 && expected.1.len() > 20, "{:?}", expected.1);
    for (name, kind, rotation) in [
        ("size", Kind::Native, Rotation { size: Some(6000), age: None }),
        ("age", Kind::Native, Rotation { size: None, age: Some(Duration::from_secs(30)) }),
        ("scap", Kind::Scap, Rotation { size: None, age: Some(Duration::from_secs(30)) }),
    ] {
        let place = Place::new(name);
        let files = record(&place, kind, rotation, None);
        assert!(files.len() > 2, "{name}: {files:?}");
        let found = replayed(&program, &files);
        assert_eq!(found.0, expected.0, "{name}");
        assert_eq!(found.1, expected.1, "{name}");
    }
}

#[test]
fn a_scan_writes_every_event() {
    let program = program();
    let expected = replayed(&program, &[TRACE.into()]);
    assert!(expected.0.len() > 30, "{}", expected.0.len());
    for kind in [Kind::Native, Kind::Scap] {
        let place = Place::new("scan");
        let path = place.path("copy.scap");
        let mut capture = Capture::open(Path::new(TRACE), &|bytes| bytes).expect("the shipped trace");
        let mut writer = CaptureWriter::new(Destination::new(&path), kind, trace::Options::default());
        scan(&mut capture, &Needs::ALL, &mut writer, &|_| ()).expect("room on the disk");
        writer.finish().expect("room on the disk");
        assert_eq!(replayed(&program, &[path]), expected, "{kind:?}");
    }
}

#[test]
fn a_filter_changes_no_field() {
    let program = program();
    let everything = Place::new("everything");
    let whole = record(&everything, Kind::Native, Rotation::default(), None);
    for text in ["fd.type=ipv4", "proc.name in (ping, curl)", "evt.type=openat and fd.name startswith /etc"] {
        let filter = tercel_rules::filter::filter(text).expect("a filter");
        let mut expected = Lines(Formatter::new(&program, Style::default()), Vec::new());
        let mut replay = Replay::new(&program, Some(&filter), Options::default());
        replay.run(&mut reader(&whole[0]), &mut expected).expect("a whole file");
        assert!(expected.1.len() >= ROUNDS as usize, "{text}: {:?}", expected.1.len());
        let place = Place::new("part");
        let scope = Scope::default().filtered(Some(&filter));
        let rotation = Rotation { size: None, age: Some(Duration::from_secs(90)) };
        let files = record_part(&place, Kind::Native, rotation, None, scope);
        assert_eq!(replayed(&program, &files).1, expected.1, "{text}");
    }
}

#[test]
fn the_newest_files_stay() {
    let (all, some) = (Place::new("all"), Place::new("some"));
    let rotation = Rotation { size: None, age: Some(Duration::from_secs(30)) };
    let names = |files: Vec<PathBuf>| -> Vec<_> {
        files.iter().map(|file| file.file_name().map(ToOwned::to_owned)).collect()
    };
    let expected = names(record(&all, Kind::Native, rotation, None));
    let found = names(record(&some, Kind::Native, rotation, Some(2)));
    assert_eq!(found, expected[expected.len() - 2..]);
}
