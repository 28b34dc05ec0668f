//! Cuts of a source that is made of the shipped trace, several times over, with the shipped rules: what an alert says as it happens, a
//! replay of its cut says, too.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::sync::mpsc::sync_channel;

use tercel_format::Reader;
use tercel_format::trace::Signer;
use tercel_replay::{Alert, Formatter, Options as Evaluation, Origin, Replay, Sink, Style};
use tercel_rules::load::Loader;
use tercel_rules::program::Program;
use tercel_test_support::Place;

use super::*;

const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/traces/classic.scap");
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/tercel_rules.yaml");
const SECOND: u64 = 1_000_000_000;
/// How often the trace is fed, and the time between.
const ROUNDS: u64 = 8;
const ROUND: u64 = 100 * SECOND;
const NO_LIMITS: CutLimits =
    CutLimits { file_bytes: 0, files: u64::MAX, bytes: u64::MAX, per_minute: u32::MAX };
const ALL: RingLimits = RingLimits { bytes: u64::MAX, time: u64::MAX };

fn program() -> Program {
    let mut loader = Loader::new(tercel_rules::load::Options::default());
    loader.bytes(RULES, &fs::read(RULES).expect("the shipped rules"));
    loader.finish().program
}

/// What alerts ask for.
#[derive(Clone, Copy)]
struct Wish {
    before: u64,
    duration: u64,
}

/// A line of text, the same alert as JSON, and the number of its event.
type Line = (String, String, u64);

/// Prints alerts, and shows them to cuts.
struct Lines<'a> {
    text: Formatter,
    json: Formatter,
    lines: Vec<Line>,
    cuts: Option<(&'a mut Cuts, Wish)>,
}

impl<'a> Lines<'a> {
    fn new(program: &Program, cuts: Option<(&'a mut Cuts, Wish)>) -> Lines<'a> {
        let json = Style { json: true, ..Style::default() };
        let (text, json) = (Formatter::new(program, Style::default()), Formatter::new(program, json));
        Lines { text, json, lines: Vec::new(), cuts }
    }
}

impl Sink for Lines<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        let event = alert.context.event;
        if let Some((cuts, wish)) = &mut self.cuts {
            let trigger = Trigger {
                rule: &alert.rule.name,
                event: event.num,
                ts: event.ts,
                starts: true,
                before: wish.before,
                duration: wish.duration,
            };
            let cut = cuts.alert(&trigger).expect("memory").cloned();
            self.json.set_cut(cut.as_ref());
        }
        let (mut text, mut json) = (Vec::new(), Vec::new());
        self.text.push_line(alert, &mut text);
        self.json.push_line(alert, &mut json);
        let string = |bytes| String::from_utf8(bytes).expect("text");
        self.lines.push((string(text), string(json), event.num));
        Ok(())
    }
}

/// How fast files are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disk {
    Fast,
    /// Nothing is written to its end before the run is over.
    Slow,
}

/// A run over the source, with a look at everything after each event.
fn run(program: &Program, cuts: &mut Cuts, wish: Wish, disk: Disk) -> (Vec<Line>, Vec<CutNews>) {
    let mut replay = Replay::new(program, None, Evaluation::default());
    let (mut lines, mut news) = (Vec::new(), Vec::new());
    let mut sink = Lines::new(program, None);
    let mut number = 0;
    for round in 0..ROUNDS {
        let before = number;
        let mut source = Reader::new(File::open(TRACE).expect("shipped")).expect("a capture");
        while let Some(mut block) = source.next().expect("the shipped trace is whole") {
            match &mut block {
                Block::Event(event) => {
                    event.ts += round * ROUND;
                    event.num += before;
                    number = event.num;
                }
                _ if round > 0 => continue,
                _ => {}
            }
            cuts.block(&block, replay.state_mut()).expect("memory");
            let mut fed = Lines { cuts: Some((&mut *cuts, wish)), ..sink };
            replay.block(&block, &mut fed).expect("a block");
            let Lines { text, json, lines, .. } = fed;
            sink = Lines { text, json, lines, cuts: None };
            if let (Block::Event(event), Disk::Fast) = (&block, disk) {
                cuts.tick(Instant::now(), event.ts).expect("memory");
                // Hours pass here in a second, in which a disk would write many cuts.
                while !cuts.ending.is_empty() {
                    cuts.tick(Instant::now(), event.ts).expect("memory");
                    std::thread::yield_now();
                }
                news.extend(cuts.news());
            }
        }
    }
    cuts.finish().expect("memory");
    news.extend(cuts.news());
    lines.append(&mut sink.lines);
    (lines, news)
}

fn replayed(program: &Program, file: &str) -> Vec<Line> {
    let mut capture = Reader::new(File::open(file).expect("a cut")).expect("a trace");
    let trace = tercel_format::trace::Trace::open(fs::read(file).expect("a cut")).expect("a trace");
    let cut = Arc::new(trace.header().cut.clone());
    assert_eq!(cut.file, file);
    let mut lines = Lines::new(program, None);
    lines.json.set_origin(&Origin { cut: Some(cut), ..Origin::default() });
    let mut replay = Replay::new(program, None, Evaluation::default());
    replay.run(&mut capture, &mut lines).expect("a whole cut");
    lines.lines
}

fn file_of(line: &Line) -> Option<String> {
    let rest = line.1.strip_prefix("{\"capture_file\":\"")?;
    Some(rest.split_once('"').expect("an end").0.to_owned())
}

fn names(place: &Place) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(place.directory())
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .collect();
    names.sort();
    names
}

/// Runs, and replays each cut: it gives exactly the lines that named it, and before them those of the time before.
fn check(name: &str, ring: RingLimits, wish: Wish, disk: Disk) -> (Vec<String>, Vec<CutNews>) {
    let (place, program) = (Place::new(name), program());
    let (mut cuts, found) =
        Cuts::new(Header::default(), ring, &place.path("cut"), NO_LIMITS).expect("a directory");
    assert_eq!(found, Directory::default());
    let (lines, news) = run(&program, &mut cuts, wish, disk);
    let mut by_file: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
    for line in &lines {
        by_file.entry(file_of(line).expect("every alert has a cut")).or_default().push(line);
    }
    let files = names(&place);
    assert_eq!(by_file.keys().cloned().collect::<Vec<_>>(), files);
    assert_eq!(cuts.counts().files, files.len() as u64);
    for (file, named) in by_file {
        let found = replayed(&program, &file);
        let of_cut: Vec<&Line> = found.iter().filter(|line| file_of(line).is_some()).collect();
        assert_eq!(of_cut, named, "{file}");
        for line in found.iter().filter(|line| file_of(line).is_none()) {
            let original = lines.iter().find(|one| one.2 == line.2 && one.0 == line.0);
            assert!(original.is_some(), "{file}: not said before: {line:?}");
        }
    }
    (files, news)
}

#[test]
fn a_cut_says_what_its_alerts_said() {
    let (files, news) = check("around", ALL, Wish { before: 30 * SECOND, duration: 5 * SECOND }, Disk::Fast);
    assert!(files.len() as u64 >= ROUNDS, "{files:?}");
    assert!(news.iter().all(|news| matches!(news, CutNews::Written { lost: 0, .. })), "{news:?}");
}

#[test]
fn alerts_within_the_deadline_extend_one_cut() {
    let (files, _) = check("extended", ALL, Wish { before: SECOND, duration: ROUND }, Disk::Fast);
    assert_eq!(files.len(), 1);
    let (files, _) = check("moment", ALL, Wish { before: 0, duration: 0 }, Disk::Fast);
    assert!(files.len() as u64 > ROUNDS, "an alert is in its cut even without any time: {}", files.len());
}

#[test]
fn every_alert_has_a_cut_however_slow_the_disk() {
    let (files, news) = check("slow", ALL, Wish { before: SECOND, duration: 0 }, Disk::Slow);
    assert_eq!(files.len(), JOBS, "the second one goes on while the first is being written");
    assert!(!news.iter().any(|news| matches!(news, CutNews::Limit(_))), "{news:?}");
}

#[test]
fn a_ring_that_does_not_reach_back_is_reported() {
    let ring = RingLimits { bytes: u64::MAX, time: 10 * SECOND };
    let place = Place::new("short");
    let (mut cuts, _) =
        Cuts::new(Header::default(), ring, &place.path("cut"), NO_LIMITS).expect("a directory");
    // Groups are small, so that the ring forgets.
    let program = program();
    let mut state = State::new();
    let mut source = Reader::new(File::open(TRACE).expect("shipped")).expect("a capture");
    let mut rounds = 0;
    while let Some(mut block) = source.next().expect("whole") {
        if let Block::Event(event) = &mut block {
            rounds += 1;
            event.ts += rounds * SECOND;
            if rounds % 20 == 0 {
                cuts.recorder.end().expect("memory");
            }
        }
        cuts.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    let end = cuts.recorder.end().expect("memory");
    assert!(rounds > 100, "{rounds}");
    while cuts.recorder.usage().events < end {
        std::thread::yield_now();
    }
    let (ts, event) = cuts.last;
    let trigger = Trigger { rule: "r", event, ts, starts: true, before: 1000 * SECOND, duration: SECOND };
    let file = cuts.alert(&trigger).expect("memory").expect("a cut").file.clone();
    cuts.finish().expect("memory");
    let news: Vec<_> = cuts.news().collect();
    let [CutNews::Short { name, missing }, CutNews::Written { .. }] = &news[..] else { panic!("{news:?}") };
    assert_eq!(*name, file);
    assert!((900 * SECOND..1000 * SECOND).contains(missing), "{missing}");
    replayed(&program, &file);
}

#[test]
fn limits_are_kept_and_reported_once() {
    let program = program();
    let wish = Wish { before: SECOND, duration: 0 };
    for (name, limits, expected, files) in [
        ("files", CutLimits { files: 2, ..NO_LIMITS }, CutLimit::Files, 2),
        ("minute", CutLimits { per_minute: 1, ..NO_LIMITS }, CutLimit::PerMinute, ROUNDS as usize),
    ] {
        let place = Place::new(name);
        let (mut cuts, _) =
            Cuts::new(Header::default(), ALL, &place.path("cut"), limits).expect("a directory");
        let (lines, news) = run(&program, &mut cuts, wish, Disk::Fast);
        assert!(names(&place).len() <= files + JOBS, "{name}: {:?}", names(&place));
        assert!(cuts.counts().refused > 0, "{name}");
        assert!(
            lines.iter().any(|line| file_of(line).is_none()),
            "{name}: no alert names a file that is not there"
        );
        let limits: Vec<_> =
            news.iter().filter(|news| matches!(news, CutNews::Limit(limit) if *limit == expected)).collect();
        assert!(!limits.is_empty() && limits.len() <= ROUNDS as usize, "{name}: {limits:?}");
    }
}

#[test]
fn a_full_cut_ends_and_the_next_alert_starts_another() {
    let place = Place::new("full");
    let limits = CutLimits { file_bytes: 1, ..NO_LIMITS };
    let (mut cuts, _) = Cuts::new(Header::default(), ALL, &place.path("cut"), limits).expect("a directory");
    let mut state = State::new();
    let mut source = Reader::new(File::open(TRACE).expect("shipped")).expect("a capture");
    while let Some(block) = source.next().expect("whole") {
        cuts.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    let (ts, event) = cuts.last;
    let alert = |cuts: &mut Cuts, event| {
        let trigger = Trigger { rule: "r", event, ts, starts: true, before: SECOND, duration: 3600 * SECOND };
        cuts.alert(&trigger).expect("memory").map(|cut| cut.file.clone())
    };
    let first = alert(&mut cuts, event).expect("a cut");
    // What is there so far is a whole group, which the cut takes once another one follows.
    cuts.recorder.end().expect("memory");
    let mut source = Reader::new(File::open(TRACE).expect("shipped")).expect("a capture");
    while let Some(block) = source.next().expect("whole") {
        if let Block::Event(mut event) = block {
            event.ts = ts;
            cuts.block(&Block::Event(event), &mut state).expect("memory");
        }
    }
    cuts.recorder.end().expect("memory");
    let mut news = Vec::new();
    while !news.iter().any(|news| matches!(news, CutNews::Written { .. })) {
        cuts.tick(Instant::now(), ts).expect("memory");
        news.extend(cuts.news());
        std::thread::yield_now();
    }
    assert!(matches!(news[0], CutNews::Limit(CutLimit::FileBytes)), "{news:?}");
    assert!(Path::new(&first).exists());
    assert_ne!(alert(&mut cuts, event + 1), Some(first));
    cuts.finish().expect("memory");
}

#[test]
fn what_cannot_be_written_is_reported_and_later_alerts_get_another_cut() {
    let place = Place::new("failed");
    let directory = place.path("gone");
    fs::create_dir(&directory).expect("a directory");
    let prefix = directory.join("cut");
    let (mut cuts, _) = Cuts::new(Header::default(), ALL, &prefix, NO_LIMITS).expect("a directory");
    fs::remove_dir(&directory).expect("a directory");
    let alert = |cuts: &mut Cuts, event| {
        let trigger = Trigger { rule: "r", event, ts: 5, starts: true, before: 0, duration: SECOND };
        cuts.alert(&trigger).expect("memory").map(|cut| cut.file.clone())
    };
    let first = alert(&mut cuts, 1).expect("it is not known yet");
    let mut news = Vec::new();
    while news.is_empty() {
        cuts.tick(Instant::now(), 0).expect("memory");
        news.extend(cuts.news());
    }
    assert!(matches!(&news[..], [CutNews::Failed { name, .. }] if *name == first), "{news:?}");
    fs::create_dir(&directory).expect("a directory");
    let second = alert(&mut cuts, 2).expect("a cut");
    cuts.finish().expect("memory");
    assert!(second != first && Path::new(&second).exists());
}

struct Mute;

impl Signer for Mute {
    fn sign(&self, _statement: &str) -> Option<Vec<u8>> {
        None
    }
}

#[test]
fn what_cannot_be_signed_is_written_and_reported() {
    let place = Place::new("unsigned");
    let (cuts, _) = Cuts::new(Header::default(), ALL, &place.path("cut"), NO_LIMITS).expect("a directory");
    let mut cuts = cuts.signed(Some(SignWith(Arc::new(Mute))));
    let trigger = Trigger { rule: "r", event: 1, ts: 5, starts: true, before: 0, duration: SECOND };
    let file = cuts.alert(&trigger).expect("memory").expect("a cut").file.clone();
    cuts.finish().expect("memory");
    let news: Vec<_> = cuts.news().collect();
    let [CutNews::Written { .. }, CutNews::Unsigned { name }] = &news[..] else { panic!("{news:?}") };
    assert_eq!(*name, file);
    assert!(Path::new(&file).exists());
}

#[test]
fn what_a_killed_run_left_is_found_and_stays() {
    let place = Place::new("killed");
    let name = |event| format!("cut_{:020}_{event:020}.scap", 7);
    place.file(&format!(".{}.partial", name(1)), "half");
    place.file(&name(2), "whole");
    place.file("cut_1.scap", "of somebody else");
    let (_, found) = Cuts::new(Header::default(), ALL, &place.path("cut"), NO_LIMITS).expect("a directory");
    assert_eq!((found.files, found.bytes, found.partials), (1, 9, 1));
    assert_eq!(found.partial, [format!(".{}.partial", name(1)).as_str()]);
}

#[test]
fn requests_are_answered_when_their_file_is_whole() {
    let place = Place::new("requests");
    let (mut cuts, _) =
        Cuts::new(Header::default(), ALL, &place.path("cut"), NO_LIMITS).expect("a directory");
    let mut state = State::new();
    let mut source = Reader::new(File::open(TRACE).expect("shipped")).expect("a capture");
    let mut events = 0;
    while let Some(block) = source.next().expect("whole") {
        cuts.block(&block, &mut state).expect("memory");
        state.take(&block);
        events += u64::from(matches!(block, Block::Event(event) if !event.initial));
    }
    let (reply, told) = sync_channel(4);
    let now = Instant::now();
    for before in [None, None, Some(Duration::ZERO)] {
        cuts.request(DumpRequest { before, reply: Some(reply.clone()) }, now);
    }
    cuts.tick(now, 8).expect("memory");
    assert!(told.try_recv().is_err(), "events may still be on their way");
    let mut answers = Vec::new();
    let mut ts = 9;
    while answers.len() < 3 {
        ts += 1;
        cuts.tick(now + UNDER_WAY, ts).expect("memory");
        answers.extend(told.try_iter().map(|told| told.expect("a file")));
    }
    assert_eq!(answers[0], answers[1], "requests for the same share a file");
    let count = |file: &str| {
        let trace = tercel_format::trace::Trace::open(fs::read(file).expect("a file")).expect("a trace");
        assert_eq!(trace.header().cut.event, 0);
        trace.chunks().iter().map(|chunk| chunk.descriptor.events).sum::<u64>()
    };
    assert!(count(&answers[0]) >= events);
    assert!(count(&answers[2]) < events / 2, "only the newest");
    assert_eq!(names(&place).len(), 2);
}
