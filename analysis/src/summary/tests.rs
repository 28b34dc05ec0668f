//! A shipped capture and the native trace that it becomes have the same summary, as far as they say the same.

use std::sync::Arc;

use tercel_format::trace::{Header, Options, Trace, TraceWriter};
use tercel_format::{BlockSource, Capture, Reader};

use super::Summary;

const CAPTURES: [&str; 2] = ["interactive-shell-in-container.scap", "classic.scap"];

fn bytes(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/traces/");
    std::fs::read(path.to_owned() + name).expect("a shipped capture")
}

/// The blocks in a native trace of small chunks, without keyframes.
fn native(bytes: Vec<u8>) -> Vec<u8> {
    let mut reader = Reader::new(std::io::Cursor::new(bytes)).expect("a capture");
    let options = Options { chunk: 4 << 10, threads: 0, ..Options::default() };
    let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options).expect("memory");
    while let Some(block) = reader.next_block().expect("undamaged") {
        writer.block(&block).expect("memory");
    }
    writer.finish().expect("memory").0
}

fn of(bytes: Vec<u8>) -> Summary {
    let mut capture = Capture::of_storage(Arc::new(bytes), &|bytes| bytes).expect("a capture");
    Summary::of(&mut capture, None).expect("readable")
}

/// Of a capture that is read from front to back, native or not.
fn of_stream(bytes: Vec<u8>) -> Summary {
    let mut capture = Capture::of_stream(std::io::Cursor::new(bytes)).expect("a capture");
    Summary::of(&mut capture, None).expect("readable")
}

#[test]
fn the_index_says_what_the_events_say() {
    let mut containers = 0;
    for name in CAPTURES {
        let stream = of_stream(bytes(name));
        let trace = of(native(bytes(name)));
        assert!(stream.totals.events > 0 && stream.processes > 0, "{name}");
        assert_eq!((&trace.damage, &stream.damage), (&Vec::new(), &Vec::new()), "{name}");
        assert_eq!(trace.processes, stream.processes, "{name}");
        assert_eq!(trace.machine, stream.machine, "{name}");
        assert_eq!(trace.header.hostname, stream.header.hostname, "{name}");
        assert_eq!(trace.types(), stream.types(), "{name}");
        assert_eq!(trace.totals.span, stream.totals.span, "{name}");
        let ids = |summary: &Summary| summary.containers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(&trace), ids(&stream), "{name}");
        containers += trace.containers.len();
        assert!(
            trace.native.is_some_and(|native| native.seal.is_some()) && stream.native.is_none(),
            "{name}"
        );
    }
    assert!(containers > 0);
}

#[test]
fn a_damaged_chunk_is_a_part_of_the_summary() {
    let mut bytes = native(bytes("classic.scap"));
    let undamaged = of(bytes.clone());
    let first = Trace::open(bytes.clone()).expect("a trace").chunks()[0].end() as usize;
    bytes[first - 8] ^= 0x55;
    let summary = of(bytes);
    assert_eq!(summary.damage.len(), 1, "{:?}", summary.damage);
    assert!(summary.processes < undamaged.processes);
    assert_eq!(summary.totals, undamaged.totals);
}
