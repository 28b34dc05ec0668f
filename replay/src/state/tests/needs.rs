//! The table of what the state engine looks at: a state that is given only that is the same as one that is given everything,
//! and says the same of the events that remain.

use tercel_format::catalogue::{EVENTS, EventFlags};
use tercel_format::{Block, Capture, Event};
use tercel_test_support::{captures_of, corpus};

use super::super::needs::{NEEDS, Reach, Topics, beside_extras, need_of};
use super::super::{Facts, State};
use super::hostile::Noise;
use super::process;
use crate::keep::OF_OTHERS;

/// The parts of a state that are tried.
const PARTS: [Topics; 4] = [
    Topics::ALL,
    Topics { memory: false, run: false, connection: false },
    Topics { memory: true, run: false, connection: false },
    Topics { memory: false, run: false, connection: true },
];

/// After so many events the states are compared.
const INTERVAL: u64 = 20_011;

/// A state that is given everything, and one that is given what it looks at, and whole events of some types.
struct Pair {
    topics: Topics,
    /// Whole are the events whose codes leave this remainder.
    whole: u16,
    all: State,
    some: State,
    events: u64,
    passed: u64,
}

/// Into how many parts the codes of whole events are divided.
const WHOLE: u16 = 7;

impl Pair {
    fn new(topics: Topics, whole: u16) -> Pair {
        Pair { topics, whole, all: State::new(), some: State::new(), events: 0, passed: 0 }
    }

    fn block(&mut self, block: &Block<'_>) {
        match block {
            Block::Event(event) => self.event(event),
            other => {
                self.all.block(other);
                self.some.block(other);
            }
        }
    }

    #[track_caller]
    fn event(&mut self, event: &Event<'_>) {
        self.events += 1;
        let facts = self.all.apply(event);
        if event.code() % WHOLE == self.whole || event.initial {
            let found = self.some.apply(event);
            assert_eq!(
                shown(facts.as_ref()),
                shown(found.as_ref()),
                "event {} {}",
                event.num,
                event.info.name
            );
        } else {
            self.reduced(event);
        }
        if self.events.is_multiple_of(INTERVAL) {
            self.compare();
        }
    }

    fn reduced(&mut self, event: &Event<'_>) {
        let need = need_of(event.code(), self.topics);
        let need = need.filter(|need| need.outcome.has_effect(|index| event.param(index)));
        // What the kernel says counts with any event.
        let beside = if event.extras().is_empty() { 0 } else { beside_extras(event.info) };
        let params = need.map_or(0, |need| need.params()) | beside;
        if need.is_none() && beside == 0 {
            self.passed += 1;
            return self.some.pass(event.info, event.tid, event.ts);
        }
        let wide = event.info.has(EventFlags::LARGE_PAYLOAD);
        let (mut lengths, mut data) = (Vec::new(), Vec::new());
        for index in 0..event.nparams() {
            let bytes = event.param(index).filter(|_| params.checked_shr(index as u32).unwrap_or(0) & 1 == 1);
            let bytes = bytes.unwrap_or_default();
            match wide {
                true => lengths.extend_from_slice(&(bytes.len() as u32).to_le_bytes()),
                false => lengths.extend_from_slice(&(bytes.len() as u16).to_le_bytes()),
            }
            data.extend_from_slice(bytes);
        }
        let mut reduced = Event::from_parts(event.info, &lengths, &data);
        (reduced.num, reduced.ts, reduced.tid, reduced.cpu) = (event.num, event.ts, event.tid, event.cpu);
        (reduced.state_only, reduced.initial) = (event.state_only, event.initial);
        reduced.set_extras(event.extras());
        self.some.apply(&reduced);
    }

    #[track_caller]
    fn compare(&self) {
        let (all, some) = (self.all.snapshot_of(self.topics), self.some.snapshot_of(self.topics));
        assert!(all == some, "states differ after {} events, {:?}", self.events, self.topics);
        assert!(all.is_some());
    }
}

/// What is said of an event.
fn shown(facts: Option<&Facts>) -> String {
    format!("{facts:?}")
}

#[test]
fn nothing_of_captures_depends_on_what_is_left_out() {
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/traces");
    let mut captures = captures_of(testdata.as_ref());
    captures.extend(corpus().into_iter().flat_map(|corpus| captures_of(&corpus.join("captures"))));
    assert!(captures.len() > 10);
    let mut passed = 0;
    for (path, place) in captures.iter().zip(0..) {
        for (topics, part) in PARTS.into_iter().zip(0..) {
            let mut pair = Pair::new(topics, (place + part) % WHOLE);
            for_each_block(path, &mut |block| pair.block(block));
            pair.compare();
            passed += pair.passed;
        }
    }
    assert!(passed > 100_000, "{passed}");
}

/// All blocks of a capture.
fn for_each_block(path: &std::path::Path, take: &mut dyn FnMut(&Block<'_>)) {
    match Capture::open(path, &|bytes| bytes).expect("a capture") {
        Capture::Native(trace) => {
            let mut unpacker = tercel_format::trace::Unpacker::new();
            for chunk in trace.chunks() {
                let mut blocks = unpacker.blocks(&trace, chunk).expect("a chunk");
                while let Some(block) = blocks.next().expect("a block") {
                    take(&block);
                }
            }
        }
        Capture::Stream(mut reader) => {
            while let Ok(Some(block)) = reader.next() {
                take(&block);
            }
        }
    }
}

#[test]
fn nothing_of_nonsense_depends_on_what_is_left_out() {
    for (topics, part) in PARTS.into_iter().zip(1..) {
        for round in 0..WHOLE {
            let mut noise = Noise::new(0x9E37_79B9_7F4A_7C15 ^ (u64::from(round) << 8 | part));
            let mut pair = Pair::new(topics, round);
            for tid in 1..12 {
                pair.block(&Block::Processes(vec![process(tid, tid, tid - 1, "p")]));
            }
            for number in 1..20_000 {
                let info = &EVENTS[noise.below(EVENTS.len() as u64) as usize];
                let wide = info.has(EventFlags::LARGE_PAYLOAD);
                let count = noise.below(info.params.len() as u64 + 2) as usize;
                let (lengths, data) = noise.params(count, wide);
                let mut event = Event::new(info.code, &lengths, &data).expect("a known code");
                (event.ts, event.tid) = (number * noise.below(2_000_000), noise.below(14) as i64 - 1);
                (event.num, event.cpu) = (number, noise.below(3) as u16);
                pair.event(&event);
                if number.is_multiple_of(1000) {
                    pair.compare();
                }
            }
        }
    }
}

#[test]
fn types_stand_in_the_table_once_and_have_the_parameters_that_are_read() {
    for (place, need) in NEEDS.iter().enumerate() {
        let info = &EVENTS[usize::from(need.code)];
        assert!(NEEDS[..place].iter().all(|other| other.code != need.code), "{}", info.name);
        let known = (1u32 << info.params.len()) - 1;
        assert!(
            need.params() == u32::MAX || need.params() & !known == 0,
            "{} {:b}",
            info.name,
            need.params()
        );
    }
}

#[test]
fn a_recording_of_some_processes_has_the_events_of_others_that_its_fields_show() {
    let of_others = NEEDS.iter().filter(|need| need.reach == Reach::Others).map(|need| need.code);
    let mut listed = OF_OTHERS.to_vec();
    listed.sort_unstable();
    let mut expected: Vec<u16> = of_others.collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}
