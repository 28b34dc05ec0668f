//! What is kept is a whole trace, at any time.

use std::fs::File;
use std::path::Path;

use tercel_format::Reader;
use tercel_format::trace::Trace;

use super::*;

#[test]
fn everything_is_taken_out_and_recording_goes_on() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces/classic.scap");
    let mut reader = Reader::new(File::open(path).expect("shipped")).expect("a capture");
    let all = RingLimits { bytes: u64::MAX, time: u64::MAX };
    let mut recorder = FlightRecorder::new(&Header::default(), all).expect("a thread");
    assert!(recorder.kept().expect("memory").trace().expect("memory").is_none());
    let (mut state, mut events) = (State::new(), 0u64);
    let check = |recorder: &mut FlightRecorder, events: u64| {
        let bytes = recorder.kept().expect("memory").trace().expect("memory").expect("events");
        let trace = Trace::open(bytes).expect("a trace");
        assert_eq!(trace.chunks().iter().map(|chunk| chunk.descriptor.events).sum::<u64>(), events);
    };
    while let Some(block) = reader.next().expect("undamaged") {
        recorder.block(&block, &mut state).expect("memory");
        state.take(&block);
        events += u64::from(matches!(block, Block::Event(_)));
        if events == 1000 {
            check(&mut recorder, events);
        }
    }
    assert!(events > 1000);
    check(&mut recorder, events);
}
