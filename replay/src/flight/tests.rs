//! A cut around an event gives the lines that the whole capture gives there, however small the ring is.

use std::fs::File;
use std::path::Path;

use tercel_format::Reader;
use tercel_format::trace::Trace;

use super::*;

fn recorded(limits: RingLimits, longest: u64, before: u64, after: u64) -> Vec<(Cut, Trace)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces/ordinary.scap");
    let mut reader = Reader::new(File::open(path).expect("shipped")).expect("a capture");
    let cuts = CutLimits { longest, files: 100, bytes: u64::MAX, per_minute: 100 };
    let mut recorder = FlightRecorder::new(&Header::default(), limits, cuts).expect("a thread");
    let (mut state, mut ready) = (State::new(), Vec::new());
    let mut taken = |ready_cuts: Vec<ReadyCut>| {
        for cut in ready_cuts {
            let bytes = cut.trace().expect("memory").expect("events");
            ready.push((cut.cut, Trace::open(bytes).expect("a trace")));
        }
    };
    while let Some(block) = reader.next().expect("undamaged") {
        recorder.block(&block, &mut state).expect("memory");
        state.take(&block);
        if let Block::Event(event) = &block
            && !event.initial
        {
            if event.num.is_multiple_of(1000) {
                let request = CutRequest { ts: event.ts, number: event.num, before, after };
                recorder.ask(&request).expect("no limit");
            }
            taken(recorder.ready(event.ts).expect("memory"));
        }
    }
    taken(recorder.rest().expect("memory"));
    ready
}

#[test]
fn every_cut_holds_its_time_from_a_known_state_on() {
    let all = RingLimits { bytes: u64::MAX, time: u64::MAX };
    let millis = |count: u64| count * 1_000_000;
    let cuts = recorded(all, u64::MAX, millis(20), millis(10));
    assert!(cuts.len() > 1, "{}", cuts.len());
    for (cut, trace) in &cuts {
        let events = trace.chunks().iter().filter(|chunk| chunk.descriptor.events > 0);
        let first = events.clone().map(|chunk| chunk.descriptor.min_ts).min().expect("events");
        let last = events.map(|chunk| chunk.descriptor.max_ts).max().expect("events");
        assert!(first <= cut.from.max(cuts[0].1.chunks()[1].descriptor.first_ts) && last >= cut.name.0);
        assert!(trace.path(0, crate::state::STATE_VERSION).is_some());
    }
}

#[test]
fn by_hand_everything_is_taken_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces/classic.scap");
    let mut reader = Reader::new(File::open(path).expect("shipped")).expect("a capture");
    let cuts = CutLimits { longest: 1, files: 0, bytes: 0, per_minute: 0 };
    let all = RingLimits { bytes: u64::MAX, time: u64::MAX };
    let mut recorder = FlightRecorder::new(&Header::default(), all, cuts).expect("a thread");
    let (mut state, mut events) = (State::new(), 0);
    while let Some(block) = reader.next().expect("undamaged") {
        recorder.block(&block, &mut state).expect("memory");
        state.take(&block);
        events += u64::from(matches!(block, Block::Event(_)));
    }
    let request = CutRequest { ts: 1, number: 1, before: 0, after: 0 };
    assert_eq!(recorder.ask(&request), Err(CutRefusal::Files(0)));
    let bytes = recorder.whole(u64::MAX).expect("memory").trace().expect("memory").expect("events");
    let trace = Trace::open(bytes).expect("a trace");
    assert_eq!(trace.chunks().iter().map(|chunk| chunk.descriptor.events).sum::<u64>(), events);
}
