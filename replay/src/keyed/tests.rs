//! Along the steps that a trace gives, the keyframes lead to the state that a sequential replay has at each chunk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tercel_format::Reader;
use tercel_format::trace::{StateStep, Trace, Unpacker};

use super::*;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces");
    let entries = fs::read_dir(folder).expect("part of the repository");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn written(path: &Path, options: Options) -> Trace {
    let mut reader = Reader::new(File::open(path).expect("readable")).expect("a capture");
    let mut writer = KeyedWriter::new(Vec::new(), &Header::default(), options).expect("memory");
    let mut state = State::new();
    while let Some(block) = reader.next().expect("undamaged") {
        writer.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    Trace::open(writer.finish().expect("memory").0).expect("a trace")
}

/// The state before a chunk, made from nothing.
fn restored(trace: &Trace, chunk: usize) -> State {
    let mut state = State::new();
    for step in trace.path(chunk, STATE_VERSION).expect("a path") {
        match step {
            StateStep::Head(index) => blocks(trace, index, &mut state),
            StateStep::Snapshot(index) => state = State::restore(&bytes(trace, index)).expect("a snapshot"),
            StateStep::Delta(index) => state.apply_delta(&bytes(trace, index)).expect("a delta"),
        }
    }
    state
}

fn bytes(trace: &Trace, chunk: usize) -> Vec<u8> {
    trace.keyframe(chunk).expect("undamaged").expect("a keyframe").state
}

fn blocks(trace: &Trace, chunk: usize, state: &mut State) {
    let mut unpacker = Unpacker::new();
    let mut blocks = unpacker.blocks(trace, &trace.chunks()[chunk]).expect("undamaged");
    while let Some(block) = blocks.next().expect("undamaged") {
        state.take(&block);
    }
}

#[test]
fn keyframes_lead_to_every_chunk() {
    let mut kinds = (0, 0);
    for path in shipped() {
        let trace =
            written(&path, Options { chunk: 4 << 10, threads: 0, snapshots: 3, ..Options::default() });
        assert_eq!(trace.header().engine, STATE_VERSION);
        let mut state = State::new();
        for index in 0..trace.chunks().len() {
            let found = restored(&trace, index).snapshot();
            assert!(trace.chunks()[index].is_head() || found == state.snapshot(), "{path:?}, chunk {index}");
            blocks(&trace, index, &mut state);
            match trace.chunks()[index].descriptor.keyframe() {
                Some(KeyframeKind::Delta) => kinds.0 += 1,
                Some(KeyframeKind::Snapshot) => kinds.1 += 1,
                None => {}
            }
        }
    }
    assert!(kinds.0 > 0 && kinds.1 > 0, "the traces are long enough for both kinds: {kinds:?}");
}
