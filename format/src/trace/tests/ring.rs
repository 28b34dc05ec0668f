//! Readers of a ring get every group once, also those that leave the ring before they come to them.

use std::time::Duration;

use super::*;

/// A ring, and the writer that fills it with groups of 40 events.
struct Filled {
    ring: Ring,
    writer: TraceWriter<RingOutput>,
    count: u64,
}

impl Filled {
    fn new(bytes: u64) -> Filled {
        let ring = Ring::new(RingLimits { bytes, time: u64::MAX });
        let options = Options { threads: 0, ..options(64 << 10) };
        let mut writer = TraceWriter::new(ring.output(), &Header::default(), options).expect("memory");
        writer.block(&Block::Section(Section::NEWEST)).expect("memory");
        Filled { ring, writer, count: 0 }
    }

    fn group(&mut self) {
        for _ in 0..40 {
            self.count += 1;
            let mut numbers = Numbers(self.count);
            let event = EventBuilder::new(SYSCALL_READ_X, self.count, 5).push(90i64);
            let event = event.push(Value::Bytes(numbers.bytes(90))).encode().expect("event");
            if self.writer.boundary(&Block::Event(event.event())) == Some(Boundary::Snapshot) {
                let keyframe = Keyframe { kind: KeyframeKind::Snapshot, engine: 7, state: vec![1] };
                self.writer.keyframe(Some(keyframe)).expect("memory");
            }
            self.writer.event(&event.event()).expect("memory");
        }
        self.writer.end_group().expect("memory");
    }
}

/// The first and the last time in each group before `end`, with what was lost before it.
fn parts(reader: &mut RingReader, end: u64) -> Vec<(u64, u64, u64)> {
    let mut parts = Vec::new();
    while let RingPart::Group { trace, lost } = reader.next(end, Duration::ZERO).expect("memory") {
        let trace = open(&trace);
        let with_events = || trace.chunks().iter().filter(|chunk| chunk.descriptor.events > 0);
        let first = with_events().next().map_or(0, |chunk| chunk.descriptor.min_ts);
        parts.push((first, with_events().next_back().map_or(0, |chunk| chunk.descriptor.max_ts), lost));
    }
    parts
}

#[test]
fn a_reader_starts_in_the_past_and_ends_where_it_is_told() {
    let mut filled = Filled::new(1 << 20);
    for _ in 0..4 {
        filled.group();
    }
    let read = |from, end| parts(&mut filled.ring.reader(from), end);
    assert_eq!(read(0, 160), [(1, 40, 0), (41, 80, 0), (81, 120, 0), (121, 160, 0)]);
    assert_eq!(read(80, 80), [(41, 80, 0)]);
    assert_eq!(read(81, 160), [(81, 120, 0), (121, 160, 0)]);
    assert_eq!(read(9999, u64::MAX), [], "the last group may grow");
    assert_eq!(read(9999, 160), [(121, 160, 0)]);
    let mut reader = filled.ring.reader(100);
    assert_eq!(parts(&mut reader, u64::MAX), [(81, 120, 0)]);
    filled.group();
    assert_eq!(parts(&mut reader, 200), [(121, 160, 0), (161, 200, 0)]);
    assert!(matches!(reader.next(200, Duration::ZERO), Ok(RingPart::End)));
    assert!(matches!(reader.next(201, Duration::ZERO), Ok(RingPart::Pending)));
}

#[test]
fn what_leaves_the_ring_waits_for_its_reader_within_a_limit() {
    let mut filled = Filled::new(17_000);
    for _ in 0..4 {
        filled.group();
    }
    let group = filled.ring.usage().bytes / 4;
    assert!((4_000..4_250).contains(&group), "{group}");
    let (mut slow, mut stuck) = (filled.ring.reader(0), filled.ring.reader(0));
    assert_eq!(parts(&mut slow, 40), [(1, 40, 0)]);
    for _ in 0..4 {
        filled.group();
    }
    assert!(filled.ring.usage().bytes <= 17_000);
    let expected: Vec<_> = (1..8).map(|group| (group * 40 + 1, group * 40 + 40, 0)).collect();
    assert_eq!(parts(&mut slow, 320), expected, "nothing is lost");
    for _ in 0..4 {
        filled.group();
    }
    assert_eq!(parts(&mut slow, 480).len(), 4);
    let read = parts(&mut stuck, 480);
    assert_eq!(read.first(), Some(&(161, 200, 160)), "twice the ring is kept, the rest is said to be lost");
    assert_eq!(read.iter().map(|(_, _, lost)| lost).sum::<u64>(), 160);
    drop((slow, stuck));
    filled.group();
    assert_eq!(filled.ring.retained(), 0, "nobody needs it");
}
