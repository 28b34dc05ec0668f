//! What goes into a trace comes out of it, in any way it can be read.

use super::*;
use crate::error::{Fault, Incident};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn check(capture: &[u8], chunk: usize) {
    let expected = read(capture);
    let bytes = native(capture, &options(chunk));
    assert_eq!(read(&bytes), expected, "as a stream, chunks of {chunk}");
    let plain = zstd::decode_all(&bytes[..]).expect("zstd");
    assert_eq!(read(&plain), expected, "decompressed, chunks of {chunk}");
    let trace = open(&bytes);
    assert!(trace.without_index().is_none() && trace.losses().is_empty() && trace.cut().is_none());
    assert_eq!(read_trace(&trace), (expected.clone(), Vec::new()), "in sequence, chunks of {chunk}");
    let single: Vec<String> =
        trace.chunks().iter().rev().map(|chunk| read_chunk(&trace, chunk).join("\n")).collect();
    let single: Vec<String> = single.into_iter().rev().collect();
    assert_eq!(single.join("\n"), expected.join("\n"), "chunk by chunk, chunks of {chunk}");
    assert_eq!(verdict(&bytes), None);
    let raw: Vec<u8> = trace
        .chunks()
        .iter()
        .flat_map(|chunk| Unpacker::new().bytes(&trace, chunk).expect("a whole chunk").to_vec())
        .collect();
    assert_eq!(raw, plain);
    as_columns(capture, chunk, &expected, &raw);
}

/// The same capture as columns gives the same blocks, and the same bytes of them, in every way; `zstd -dc` gives its heads and notes.
fn as_columns(capture: &[u8], chunk: usize, expected: &[String], rows: &[u8]) {
    let bytes = native(capture, &Options { layout: Layout::Columns, ..options(chunk) });
    assert_eq!(read(&bytes), expected, "as a stream, columns, chunks of {chunk}");
    let trace = open(&bytes);
    assert!(trace.without_index().is_none() && trace.losses().is_empty() && trace.cut().is_none());
    assert_eq!(read_trace(&trace), (expected.to_vec(), Vec::new()), "in sequence, columns of {chunk}");
    assert_eq!(verdict(&bytes), None);
    let mut unpacker = Unpacker::new();
    let mut raw = Vec::new();
    for chunk in trace.chunks() {
        assert!(!chunk.is_head() || !chunk.descriptor.is_columns());
        raw.extend_from_slice(unpacker.bytes(&trace, chunk).expect("a whole chunk"));
    }
    assert!(raw == rows, "chunks of {chunk}");
    // Small chunks may have rows.
    let small = trace.chunks().iter().any(|chunk| !chunk.is_head() && !chunk.descriptor.is_columns());
    let plain = zstd::decode_all(&bytes[..]).expect("skippable frames are skipped");
    let mut reader = Reader::new(Cursor::new(plain)).expect("a capture");
    while let Some(block) = reader.next().expect("a whole capture") {
        assert!(!matches!(block, Block::Event(_)) || small);
    }
    let columns = trace.chunks().iter().filter(|chunk| chunk.descriptor.is_columns()).count();
    let notes = reader.incidents().iter().filter(|incident| incident.fault == Fault::InColumns).count();
    assert_eq!(notes, columns.min(Incident::LISTED));
}

#[test]
fn blocks_come_back_whatever_the_chunks() {
    for seed in 1..6 {
        for (sections, events) in [(1, 0), (1, 1), (1, 300), (3, 100), (2, 0)] {
            let capture = capture(sections, events, seed);
            for chunk in [4 << 10, 16 << 10, 1 << 20] {
                check(&capture, chunk);
            }
        }
    }
}

/// The trace of version 1 that every later reader has to read.
#[test]
fn the_first_version_is_read_forever() {
    let bytes = include_bytes!("version_1.scap");
    let trace = open(bytes);
    assert_eq!(trace.chunks().len(), 6);
    assert_eq!(trace.header().hostname, "host");
    assert_eq!(read_trace(&trace).0, read(&capture(2, 60, 21)));
    assert_eq!(verdict(bytes), None);
    let path = trace.path(2, 7).expect("a path");
    assert_eq!(path, [StateStep::Head(0), StateStep::Delta(2)]);
    let keyframe = trace.keyframe(2).expect("no damage").expect("a keyframe");
    assert!(keyframe.state.starts_with(b"Delta before #"));
}

#[test]
fn threads_do_not_change_the_bytes() {
    let capture = capture(2, 2000, 3);
    let expected = native(&capture, &options(4 << 10));
    for threads in [1, 2, 7] {
        let options = Options { threads, sync: true, ..options(4 << 10) };
        assert!(native(&capture, &options) == expected, "{threads} threads");
    }
}

#[test]
fn descriptors_tell_what_is_in_chunks() {
    let bytes = native(&capture(2, 1000, 9), &options(4 << 10));
    let trace = open(&bytes);
    let totals = Totals::of(trace.chunks());
    assert_eq!((totals.events, totals.sections), (2000, 2));
    assert_eq!(totals.counts.values().sum::<u64>(), 2000);
    assert_eq!(totals.drops(), totals.counts[&DROP_E]);
    assert_eq!(totals.chunks, trace.chunks().len() as u64);
    let size = totals.data_bytes + totals.keyframe_bytes + totals.descriptor_bytes;
    assert!(size < trace.length() && totals.raw_bytes > totals.data_bytes);
    for chunk in trace.chunks() {
        let lines = read_chunk(&trace, chunk);
        let events: Vec<&String> = lines.iter().filter(|line| line.starts_with('#')).collect();
        assert_eq!(events.len() as u64, chunk.descriptor.events);
        assert_eq!(chunk.is_head(), events.is_empty());
        for line in events.iter().filter(|line| !line.contains(" true [")) {
            let mut fields = line[1..].split(' ').map(|field| field.parse::<u64>().unwrap_or(0));
            let (number, ts) = (fields.next().expect("number"), fields.next().expect("time"));
            let (first, last) = chunk.descriptor.numbers();
            assert!(first <= number && number <= last, "{number} in {first} to {last}");
            assert!(chunk.descriptor.min_ts <= ts && ts <= chunk.descriptor.max_ts);
        }
        assert_eq!(
            chunk.descriptor.count(SYSCALL_READ_X) as usize,
            events.iter().filter(|line| line.contains(" read ")).count()
        );
    }
}

/// An event that the upgrade takes in ends those that build the initial state; the trace must not forget that.
#[test]
fn what_the_upgrade_took_in_still_counts() {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for event in [
        EventBuilder::new(USER_ADDED_E, 1, -1),
        EventBuilder::new(crate::catalogue::code::SYSCALL_CLOSE_E, 2, 1).push(3),
        EventBuilder::new(CONTAINER_JSON_2_E, 3, -1),
        EventBuilder::new(SYSCALL_CLOSE_X, 4, 1).nparams(1).push(0),
    ] {
        writer.event(&event.encode().expect("event").event()).expect("memory");
    }
    let capture = writer.finish().expect("memory");
    assert!(read(&capture)[2].starts_with("#2 3 -1 0 container false false"));
    check(&capture, 4 << 10);
    check(&[capture.clone(), capture].concat(), 4 << 10);
}

#[test]
fn events_without_a_section_get_one() {
    let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options(4096)).expect("memory");
    let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
    writer.event(&event.event()).expect("memory");
    let (bytes, summary) = writer.finish().expect("memory");
    assert_eq!((summary.chunks, summary.events), (2, 1));
    assert_eq!(read(&bytes).len(), 2);
    assert_eq!(verdict(&bytes), None);
}

#[test]
fn a_hurried_chunk_is_small() {
    let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options(1 << 20)).expect("memory");
    let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
    for _ in 0..3 {
        writer.flush_chunk().expect("memory");
        writer.event(&event.event()).expect("memory");
        writer.dropped(2);
    }
    let (bytes, summary) = writer.finish().expect("memory");
    assert_eq!(summary.chunks, 4, "a start and three events");
    assert_eq!(Totals::of(open(&bytes).chunks()).dropped, 6);
}

/// Signs so many times.
struct Tired(AtomicU64);

impl Signer for Tired {
    fn sign(&self, _statement: &str) -> Option<Vec<u8>> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        (left > 0).then(|| b"signed".to_vec())
    }
}

#[test]
fn a_signer_that_fails_is_told_and_the_trace_goes_on() {
    for (signatures, is_unsigned) in [(0, true), (1, true), (9, false)] {
        let signer = SignWith(Arc::new(Tired(AtomicU64::new(signatures))));
        let options = Options { signer: Some(signer), ..options(4096) };
        let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options).expect("memory");
        let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
        for _ in 0..11 {
            writer.event(&event.event()).expect("memory");
            writer.flush_chunk().expect("memory");
        }
        let (bytes, summary) = writer.finish().expect("memory");
        assert_eq!((summary.is_unsigned, summary.events), (is_unsigned, 11), "{signatures}");
        assert_eq!(verdict(&bytes), None);
        // 12 chunks, of which each fourth is signed, and the end.
        let found = verify(bytes.clone(), |_| ()).expect("a trace").signatures.len() as u64;
        assert_eq!(found, signatures.min(4));
        assert_eq!(open(&bytes).is_signed(), found > 0);
    }
}

/// A disk that has room for some bytes.
#[derive(Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: usize,
    /// Whether room can be reserved.
    reserves: bool,
}

impl io::Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut there = self.bytes.lock().expect("no panic");
        let count = bytes.len().min(self.room - there.len());
        there.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Disk {
    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        let fits = !self.reserves || offset + length <= self.room as u64;
        if fits { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        self.bytes.lock().expect("no panic").truncate(length as usize);
        Ok(())
    }
}

/// A trace is valid up to its last chunk wherever the disk becomes full: with its index where room can be reserved, and unless
/// there is no room for even that where it cannot.
#[test]
fn a_full_disk_leaves_a_valid_trace() {
    let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
    let write = |disk: Disk, threads: usize| {
        let options = Options { threads, ..options(4096) };
        let mut writer = TraceWriter::new(disk, &Header::default(), options)?;
        for _ in 0..8 {
            writer.event(&event.event())?;
            writer.flush_chunk()?;
        }
        writer.finish().map(|_| ())
    };
    let disk = |room, reserves| Disk { bytes: Arc::default(), room, reserves };
    let whole = disk(usize::MAX, true);
    write(whole.clone(), 0).expect("room enough");
    let length = whole.bytes.lock().expect("no panic").len();
    let empty = TraceWriter::new(Vec::new(), &Header::default(), options(4096)).expect("memory");
    let least = empty.finish().expect("memory").0.len();
    let (mut indexed, mut bare) = (0, 0);
    for room in (200..length).step_by(7) {
        for (threads, reserves) in [(0, false), (2, false), (0, true), (2, true)] {
            let disk = disk(room, reserves);
            assert!(write(disk.clone(), threads).is_err(), "{room}");
            let bytes = disk.bytes.lock().expect("no panic").clone();
            let trace = open(&bytes);
            assert!(trace.losses().is_empty() && trace.cut().is_none(), "{room}");
            match trace.without_index() {
                None => indexed += 1,
                Some(_) if reserves => assert!(room < least, "{room}"),
                Some(_) => bare += 1,
            }
        }
    }
    assert!(indexed > 10 && bare > 10, "{indexed} {bare}");
}

/// An output that fails after some bytes.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => self.0 = left,
            None => return Err(io::Error::new(io::ErrorKind::StorageFull, "disk full")),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Full {}

#[test]
fn the_reason_of_a_failed_output_is_told() {
    let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
    for threads in [0, 1, 3] {
        let options = Options { threads, ..options(4096) };
        let mut writer = TraceWriter::new(Full(5000), &Header::default(), options).expect("header fits");
        let error = loop {
            if let Err(error) = writer.event(&event.event()) {
                break error;
            }
        };
        assert_eq!(error.to_string(), "disk full", "{threads} threads");
        assert!(writer.finish().is_err());
    }
}

/// An output that writes only when it is allowed to.
struct Gated(Receiver<()>, Arc<Mutex<u64>>);

impl io::Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // When nobody holds the gate any more, it stands open.
        let _ = self.0.recv();
        *self.1.lock().expect("lock") += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Gated {}

#[test]
fn a_slow_output_holds_the_writer_up() {
    let (gate, closed) = channel();
    let written = Arc::new(Mutex::new(0));
    gate.send(()).expect("the header may pass");
    let options = Options { threads: 2, ..options(4096) };
    let output = Gated(closed, Arc::clone(&written));
    let mut writer = TraceWriter::new(output, &Header::default(), options).expect("memory");
    let handed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&handed);
    let feeder = std::thread::spawn(move || {
        let event = EventBuilder::new(DROP_E, 5, 0).push(2).encode().expect("event");
        for _ in 0..100 * 4096 / 40 {
            writer.event(&event.event()).expect("no error");
            counter.fetch_add(40, Ordering::SeqCst);
        }
        writer.finish().expect("no error").1
    });
    std::thread::sleep(Duration::from_millis(300));
    // Two wait in the order of results, one is being written, one is being handed over, one is being filled.
    assert!(handed.load(Ordering::SeqCst) <= 7 * 4096, "{} bytes", handed.load(Ordering::SeqCst));
    assert_eq!(*written.lock().expect("lock"), 1);
    drop(gate);
    let summary = feeder.join().expect("no panic");
    assert!(summary.chunks > 100);
}
