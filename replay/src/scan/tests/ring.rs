//! What a ring keeps of a trace replays as the end of the trace does, whatever has left it.

use tercel_format::trace::{Header, Options as Packing, Ring, RingLimits};

use super::{Threads, longest, open, reader, replayed, telling};
use crate::engine::Options;
use crate::keyed::KeyedWriter;
use crate::state::State;

/// The longest shipped capture, written into a ring.
fn filled(limits: RingLimits, threads: usize) -> Ring {
    let ring = Ring::new(limits);
    let packing = Packing { chunk: 4 << 10, threads, snapshots: 3, ..Packing::default() };
    let mut writer = KeyedWriter::new(ring.output(), &Header::default(), packing).expect("memory");
    let (mut state, mut reader) = (State::new(), reader(&longest()));
    while let Some(block) = reader.next().expect("undamaged") {
        writer.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    writer.finish().expect("memory");
    ring
}

#[test]
fn the_end_of_a_trace_is_kept_with_its_state() {
    let program = telling("evt.num > 0");
    let all = RingLimits { bytes: u64::MAX, time: u64::MAX };
    let whole = filled(all, 0);
    let (lines, ..) = replayed(
        &program,
        Options::default(),
        Threads::new(1),
        vec![tercel_format::Capture::Stream(Box::new(reader(&longest())))],
    );
    let (bytes, (first, last)) = (whole.usage().bytes, whole.usage().span);
    let limits = [
        all,
        RingLimits { bytes: bytes / 2, ..all },
        RingLimits { bytes: bytes / 5, ..all },
        RingLimits { time: (last - first) / 2, ..all },
        RingLimits { time: 0, ..all },
    ];
    let mut forgotten = Vec::new();
    for (limits, threads) in limits.into_iter().zip([0, 1, 0, 2, 1]) {
        let ring = filled(limits, threads);
        let usage = ring.usage();
        assert_eq!(usage.events, whole.usage().events);
        assert!(usage.bytes <= limits.bytes, "{usage:?} of {limits:?}");
        assert!(limits.time > last - first || usage.span.0 > first, "{usage:?} of {limits:?}");
        let trace = ring.trace().expect("memory").expect("chunks");
        let (kept, counters, ended) =
            replayed(&program, Options::default(), Threads::new(2), vec![open(&trace)]);
        assert!(ended.iter().all(|ended| ended.report.places() == 0 && ended.error.is_none()), "{ended:?}");
        assert!(!kept.is_empty() && lines.ends_with(&kept), "{usage:?} of {limits:?}");
        assert_eq!(counters.events + usage.forgotten, usage.events);
        forgotten.push(usage.forgotten);
    }
    assert_eq!(forgotten.first(), Some(&0));
    assert!(forgotten.iter().skip(1).all(|forgotten| *forgotten > 0), "{forgotten:?}");
}

#[test]
fn without_a_chunk_there_is_nothing() {
    let ring = filled(RingLimits { bytes: 0, time: u64::MAX }, 0);
    assert_eq!(ring.trace().expect("memory"), None);
    assert_eq!(ring.usage().forgotten, ring.usage().events);
    assert!(ring.wait(ring.usage().events, std::time::Duration::ZERO));
    assert!(!ring.wait(u64::MAX, std::time::Duration::ZERO));
}
