//! Everything that a native trace holds, decompressed: what a search for secrets has to look at.

use std::fs::{self, File};

use tercel_format::trace::{Trace, Unpacker};

/// The blocks of a trace, its keyframes, of which there must be some, and its bytes as they are.
pub fn content(path: &str) -> Vec<u8> {
    let (bytes, keyframes) = parts(path);
    assert!(keyframes > 0, "the trace is long enough for keyframes");
    bytes
}

/// The same of a trace of any length, and the number of its keyframes.
pub fn parts(path: &str) -> (Vec<u8>, u64) {
    let (mut bytes, keyframes) = blocks(path);
    bytes.extend(fs::read(path).expect("file"));
    (bytes, keyframes)
}

/// The blocks of a trace and its keyframes, without its header, which says what was recorded; and the number of keyframes.
pub fn blocks(path: &str) -> (Vec<u8>, u64) {
    let trace = Trace::open(File::open(path).expect("file")).expect("a trace");
    let (mut bytes, mut keyframes, mut unpacker) = (Vec::new(), 0, Unpacker::new());
    for chunk in trace.chunks() {
        bytes.extend_from_slice(unpacker.bytes(&trace, chunk).expect("a whole chunk"));
    }
    for chunk in 0..trace.chunks().len() {
        if let Ok(Some(keyframe)) = trace.keyframe(chunk) {
            bytes.extend(keyframe.state);
            keyframes += 1;
        }
    }
    (bytes, keyframes)
}

/// Whether a secret is among bytes.
pub fn found(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}
