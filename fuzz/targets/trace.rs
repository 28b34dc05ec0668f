//! Any bytes as a native trace: opened, salvaged, verified, read by its chunks, with the way to the state of each.
//!
//! Checks are 64 bits of a hash, which chance does not find: bytes are also read with the checks of their sections made
//! right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::convert::Infallible;
use std::sync::Arc;

use tercel_format::trace::{StateStep, Trace, verify};
use tercel_format::{Block, Capture};
use tercel_replay::scan::{Needs, Visitor, infallible, scan};
use tercel_replay::state::{ResumePoint, STATE_VERSION, State};

/// A state that takes everything in.
struct Taken(State);

impl Visitor for Taken {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        self.0.take(block);
        Ok(true)
    }

    fn resume(&mut self, state: State, _: ResumePoint) -> Result<(), Infallible> {
        self.0 = state;
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    look(bytes.to_vec());
    look(checked(bytes));
});

fn look(bytes: Vec<u8>) {
    let _ = verify(bytes.clone(), |_| {});
    for trace in [Trace::open(bytes.clone()), Trace::salvage(bytes)].into_iter().flatten() {
        let mut capture = Capture::Native(Arc::new(trace));
        let _ = infallible(scan(&mut capture, &Needs::ALL, &mut Taken(State::new()), &|_| ()));
        let Capture::Native(trace) = capture else { continue };
        let _ = trace.read_cut();
        for index in 0..trace.chunks().len().min(8) {
            for step in trace.path(index, STATE_VERSION).unwrap_or_default() {
                if let (StateStep::Snapshot(at), Ok(keyframe)) = (step, trace.keyframe(index)) {
                    assert!(at <= index);
                    let _ = keyframe.map(|keyframe| State::restore(&keyframe.state));
                }
            }
        }
    }
}

/// The bytes with the check of every section that lies inside of them.
fn checked(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 16) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let is_section = head[..4] == 0x184D_2A5Cu32.to_le_bytes() && head[8..12] == *b"TRCL" && size >= 16;
        let end = at.saturating_add(8).saturating_add(size);
        if is_section && end <= bytes.len() {
            let right = check(&bytes[at + 8..end - 8]);
            bytes[end - 8..end].copy_from_slice(&right);
            at = end;
        } else {
            at += 1;
        }
    }
    bytes
}

fn check(bytes: &[u8]) -> [u8; 8] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("32 bytes")
}
