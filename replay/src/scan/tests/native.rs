//! Native traces give what their captures give: for windows, rare events and damaged chunks, on any number of threads.

use std::io;
use std::path::Path;

use tercel_format::trace::{
    Boundary, Chunk, Depth, Header, Keyframe, KeyframeKind, Options as Packing, Trace, TraceWriter,
};
use tercel_format::{Block, Capture, Reader};

use super::super::{Needs, Threads, Visitor, infallible, scan, scan_all, verify};
use super::{Shelf, longest, native, open, reader, replayed as replayed_on, shipped, stream, telling};
use crate::alert::Style;
use crate::alerts::Alerts;
use crate::engine::{Counters, Options};
use crate::keyed::KeyedWriter;
use crate::scan::Ended;
use crate::state::{ResumePoint, STATE_VERSION, State};
use crate::window::Point;
use tercel_rules::program::Program;

fn replayed(
    program: &Program,
    options: Options,
    threads: usize,
    captures: Vec<Capture>,
) -> (String, Counters, Vec<Ended>) {
    replayed_on(program, options, Threads::new(threads), captures)
}

fn point(number: Option<u64>) -> Option<Point> {
    number.map(Point::Event)
}

#[test]
fn threads_chunks_and_windows_do_not_show() {
    let program = telling("evt.num > 0");
    let seconds = |count: u64| Some(Point::Relative(count * 1_000_000_000));
    let window = |from, to| Options { from, to, ..Options::default() };
    let windows = [
        Options::default(),
        window(point(Some(30)), point(Some(70))),
        window(point(Some(100)), None),
        window(None, point(Some(1))),
        window(seconds(0), seconds(1)),
        window(seconds(1), seconds(3)),
    ];
    let mut skipped = 0;
    for options in windows {
        let streams = shipped().iter().map(|path| stream(path)).collect();
        let (expected, all, _) = replayed(&program, options, 1, streams);
        for (threads, chunk) in [(1, 4 << 10), (2, 4 << 10), (7, 4 << 10), (2, 16 << 10)] {
            let traces = shipped().iter().map(|path| open(&native(path, chunk))).collect();
            let (lines, counters, ended) = replayed(&program, options, threads, traces);
            assert!(lines == expected, "{options:?}, {threads} threads, chunks of {chunk}");
            assert_eq!(counters.evaluated, all.evaluated);
            assert_eq!(counters.alerts, all.alerts);
            assert!(ended.iter().all(|ended| ended.report.places() == 0 && ended.error.is_none()));
            assert_eq!(ended.len(), shipped().len());
            skipped += counters.skipped.chunks;
        }
        let streams = shipped().iter().map(|path| stream(path)).collect();
        assert!(replayed(&program, options, 3, streams).0 == expected, "{options:?}, streams");
    }
    assert!(skipped > 0, "windows leave chunks out");
}

#[test]
fn chunks_without_events_of_a_rule_are_left_out() {
    let program = telling("evt.type = execve");
    let mut skipped = 0;
    for path in shipped() {
        let (expected, all, _) = replayed(&program, Options::default(), 1, vec![stream(&path)]);
        let bytes = native(&path, 4 << 10);
        for threads in [1, 2] {
            let (lines, counters, _) = replayed(&program, Options::default(), threads, vec![open(&bytes)]);
            assert_eq!(lines, expected, "{path:?}");
            assert_eq!(counters.events + counters.skipped.events, all.events);
            skipped += counters.skipped.chunks;
        }
    }
    assert!(skipped > 0);
}

/// Which of the chunks of a capture hold an event that a rule sees.
fn shown(path: &Path, chunks: &[Chunk]) -> Vec<bool> {
    let (mut reader, mut events) = (reader(path), Vec::new());
    while let Some(block) = reader.next().expect("undamaged") {
        if let Block::Event(event) = block {
            events.push(!event.initial && !event.state_only);
        }
    }
    let of = |chunk: &Chunk| {
        let from = chunk.descriptor.events_before as usize;
        events[from..from + chunk.descriptor.events as usize].contains(&true)
    };
    chunks.iter().map(of).collect()
}

/// Damage to data, to keyframes or to both: every thread knows the same after it.
#[test]
fn damage_is_told_and_does_not_depend_on_threads() {
    let program = telling("evt.num > 0");
    let path = longest();
    let whole = native(&path, 4 << 10);
    let chunks = Trace::open(whole.clone()).expect("a trace").chunks().to_vec();
    assert!(chunks.len() > 8, "{}", chunks.len());
    let expected = replayed(&program, Options::default(), 1, vec![open(&whole)]).0;
    // Chunk 0 here is the last of the heads, chunk 1 the first with events.
    let head = chunks.iter().position(|chunk| !chunk.is_head()).expect("events") - 1;
    let chunks = &chunks[head..];
    // The first chunks may contain only what no line shows: the lists, and events that build the initial state.
    let shown = shown(&path, chunks);
    assert!(!shown[0] && !shown[2..7].contains(&false), "{shown:?}");
    let data = |index: usize| chunks[index].end() as usize - 8;
    let keyframe = |index: usize| chunks[index].offset as usize + chunks[index].head_size as usize + 30;
    for damaged in [
        vec![data(3)],
        vec![keyframe(4)],
        vec![data(3), keyframe(4)],
        vec![data(3), data(4), keyframe(5), keyframe(6)],
        vec![keyframe(5), data(6)],
        vec![data(0)],
        vec![data(1)],
    ] {
        let mut bytes = whole.clone();
        damaged.iter().for_each(|at| bytes[*at] ^= 0x55);
        let (lines, counters, ended) = replayed(&program, Options::default(), 1, vec![open(&bytes)]);
        let only_keyframes = damaged.iter().all(|at| (1..chunks.len()).any(|index| keyframe(index) == *at));
        if only_keyframes {
            assert_eq!(lines, expected);
        } else {
            assert!(ended[0].report.places() > 0, "{damaged:?}");
            let tells =
                damaged.iter().any(|at| (0..chunks.len()).any(|index| data(index) == *at && shown[index]));
            assert!(lines != expected || !tells, "{damaged:?}");
        }
        for threads in [2, 7] {
            let (others, other_counters, _) =
                replayed(&program, Options::default(), threads, vec![open(&bytes)]);
            assert!(others == lines, "{damaged:?}, {threads} threads");
            assert_eq!(other_counters, counters);
        }
    }
}

#[test]
fn what_is_cut_off_is_read_as_far_as_it_goes() {
    let program = telling("evt.num > 0");
    let path = &shipped()[0];
    let whole = native(path, 4 << 10);
    let expected = replayed(&program, Options::default(), 1, vec![open(&whole)]).0;
    for cut in [whole.len() - 1, whole.len() * 3 / 4, whole.len() / 2] {
        let (lines, counters, _) = replayed(&program, Options::default(), 1, vec![open(&whole[..cut])]);
        assert!(expected.starts_with(&lines) && !lines.is_empty(), "cut at {cut}");
        let (others, other_counters, _) =
            replayed(&program, Options::default(), 3, vec![open(&whole[..cut])]);
        assert_eq!((others, other_counters), (lines, counters), "cut at {cut}");
    }
}

/// Merged, the lines are those of all captures, and those of each in their order.
#[test]
fn merged_captures_give_their_lines_by_time() {
    let program = telling("evt.type in (execve, openat)");
    let inputs = || shipped().iter().map(|path| open(&native(path, 4 << 10))).collect();
    let (in_turn, counters, _) = replayed(&program, Options::default(), 1, inputs());
    let mut shelf = Shelf { captures: inputs(), ended: Vec::new() };
    let alerts = Alerts::new(&program, None, Options::default(), Style::default());
    let mut lines = Vec::new();
    let merged = alerts.by_time(&mut shelf, &mut lines, &|_| ()).expect("memory");
    assert_eq!(merged.0, counters);
    assert_eq!(shelf.ended.len(), shipped().len());
    let lines = String::from_utf8_lossy(&lines).into_owned();
    let mut by_label: Vec<&str> = lines.lines().collect();
    // The labels count down; the order within each stays.
    let number = |line: &&str| {
        let label = line.split(": ").next().and_then(|label| label.rsplit(' ').next());
        label.and_then(|number| number.parse::<usize>().ok()).expect("a number")
    };
    by_label.sort_by_key(|line| std::cmp::Reverse(number(line)));
    assert!(by_label.into_iter().eq(in_turn.lines()));
}

/// An output that fails ends everything, however many threads wait for their turn.
#[test]
fn a_failing_output_ends_the_replay() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let program = telling("evt.num > 0");
    for room in [0, 10_000] {
        let inputs = shipped().iter().map(|path| open(&native(path, 4 << 10))).collect();
        let mut shelf = Shelf { captures: inputs, ended: Vec::new() };
        let alerts = Alerts::new(&program, None, Options::default(), Style::default());
        let mut full = Full(room);
        let mut merge = alerts.lines_to(&mut full);
        let ran = scan_all(&alerts, &mut shelf, Threads::new(3), &mut merge, &|_| ());
        let error = ran.expect_err("a full disk");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

/// Numbers of events across several sections go on, and relative times start again.
#[test]
fn windows_count_from_each_section() {
    let program = telling("evt.num > 0");
    let packing = Packing { chunk: 4 << 10, threads: 0, ..Packing::default() };
    let mut writer = KeyedWriter::new(Vec::new(), &Header::default(), packing).expect("memory");
    let mut plain = tercel_format::Writer::new(Vec::new()).expect("memory");
    let mut state = State::new();
    for (index, path) in shipped().iter().take(3).enumerate() {
        let mut reader = reader(path);
        while let Some(block) = reader.next().expect("undamaged") {
            writer.block(&block, &mut state).expect("memory");
            state.take(&block);
            match &block {
                Block::Section(_) if index > 0 => plain.section().expect("memory"),
                Block::Machine(machine) => plain.machine(machine).expect("memory"),
                Block::Processes(list) => plain.processes(list).expect("memory"),
                Block::Fds(list) => plain.fds(list).expect("memory"),
                Block::Interfaces(list) => plain.interfaces(list).expect("memory"),
                Block::Accounts(list) => plain.accounts(list).expect("memory"),
                Block::State(record) => plain.state(record).expect("memory"),
                Block::Event(event) => plain.event(event).expect("memory"),
                Block::Section(_) => {}
            }
        }
    }
    let (native, plain) = (writer.finish().expect("memory").0, plain.finish().expect("memory"));
    let half = |count: u64| Some(Point::Relative(count * 500_000_000));
    for (from, to) in [(None, None), (half(1), None), (half(1), half(2)), (point(Some(80)), point(Some(400)))]
    {
        let options = Options { from, to, ..Options::default() };
        let stream = Reader::new(io::Cursor::new(plain.clone())).expect("a capture");
        let expected = replayed(&program, options, 1, vec![Capture::Stream(Box::new(stream))]).0;
        for threads in [1, 2] {
            assert!(
                replayed(&program, options, threads, vec![open(&native)]).0 == expected,
                "{from:?} {to:?}"
            );
        }
    }
}

/// Counts what a scan gives: section headers, states that are given again, and events.
#[derive(Default)]
struct Seen {
    sections: u64,
    resumed: u64,
    events: u64,
}

impl Visitor for Seen {
    type Error = std::convert::Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Self::Error> {
        self.sections += u64::from(matches!(block, Block::Section(_)));
        self.events += u64::from(matches!(block, Block::Event(_)));
        Ok(true)
    }

    fn resume(&mut self, _: State, _: ResumePoint) -> Result<(), Self::Error> {
        self.resumed += 1;
        Ok(())
    }
}

/// If the header of a section is lost, another takes its place: the section is not taken for the one before.
#[test]
fn a_section_whose_header_is_lost_is_a_section() {
    let packing = Packing { chunk: 4 << 10, threads: 0, ..Packing::default() };
    let mut writer = KeyedWriter::new(Vec::new(), &Header::default(), packing).expect("memory");
    let mut state = State::new();
    for path in shipped().iter().take(2) {
        let mut reader = reader(path);
        while let Some(block) = reader.next().expect("undamaged") {
            writer.block(&block, &mut state).expect("memory");
            state.take(&block);
        }
    }
    let whole = writer.finish().expect("memory").0;
    let seen = |bytes: &[u8]| {
        let mut seen = Seen::default();
        infallible(scan(&mut open(bytes), &Needs::ALL, &mut seen, &|_| ()));
        seen
    };
    let undamaged = seen(&whole);
    assert_eq!((undamaged.sections, undamaged.resumed), (2, 0));
    let chunks = Trace::open(whole.clone()).expect("a trace").chunks().to_vec();
    let head = chunks.iter().position(|chunk| chunk.descriptor.section != chunks[0].descriptor.section);
    let head = &chunks[head.expect("two sections")];
    assert!(head.is_head());
    let mut damaged = whole.clone();
    damaged[head.end() as usize - 8] ^= 0x55;
    let found = seen(&damaged);
    assert_eq!((found.sections, found.events), (2, undamaged.events));
}

#[test]
fn keyframes_are_compared_with_a_replay() {
    let path = &longest();
    let bytes = native(path, 4 << 10);
    let trace = Trace::open(bytes.clone()).expect("a trace");
    let keyframes = trace.chunks().iter().filter(|chunk| chunk.descriptor.keyframe().is_some()).count();
    assert!(keyframes > 2);
    assert_eq!(proved(bytes), (keyframes as u64, 0, None));

    // The second keyframe is that of an empty state.
    let packing = Packing { chunk: 4 << 10, threads: 0, ..Packing::default() };
    let check = |engine: u32, kind: KeyframeKind, expected: (u64, u64, Option<String>)| {
        let mut writer = TraceWriter::new(Vec::new(), &Header::default(), packing.clone()).expect("memory");
        let (mut state, mut reader, mut count) = (State::new(), reader(path), 0);
        while let Some(block) = reader.next().expect("undamaged") {
            if writer.boundary(&block).is_some_and(|boundary| boundary != Boundary::Start) {
                count += 1;
                let bytes = if count == 2 { State::new().snapshot() } else { state.snapshot() };
                let kind = if count == 2 { kind } else { KeyframeKind::Snapshot };
                writer.keyframe(bytes.map(|state| Keyframe { kind, engine, state })).expect("memory");
            }
            writer.block(&block).expect("memory");
            state.take(&block);
        }
        let (bytes, _) = writer.finish().expect("memory");
        assert_eq!(proved(bytes), expected);
    };
    let is_keyed = |chunk: &&Chunk| chunk.descriptor.keyframe().is_some();
    let second = trace.chunks().iter().filter(is_keyed).nth(1).expect("a keyframe").descriptor.sequence;
    let wrong = |reason: &str| (1, 0, Some(format!("chunk {second}: the keyframe is wrong: {reason}")));
    check(STATE_VERSION, KeyframeKind::Snapshot, wrong("its state differs from that of a replay"));
    let contradiction = "the keyframe contradicts itself or the one before: slots";
    check(STATE_VERSION, KeyframeKind::Delta, wrong(contradiction));
    check(STATE_VERSION + 1, KeyframeKind::Snapshot, (0, keyframes as u64, None));
}

/// Keyframes that are right, those of another version, and what is wrong.
fn proved(bytes: Vec<u8>) -> (u64, u64, Option<String>) {
    let proof = verify(bytes, Depth::Contents, &mut |_| ()).expect("memory");
    let first = proof.verdict.first_break.map(|first| {
        let chunk = first.chunk.expect("in a chunk");
        format!("chunk {chunk}: {}", first.damage)
    });
    (proof.right, proof.foreign.0, first)
}
