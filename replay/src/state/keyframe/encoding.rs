//! The encoding of keyframes: bincode 1.3, numbers as little-endian variable-length integers. Values enter, bytes leave,
//! and back. The only file of this crate that knows bincode.

use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends the encoding of a value.
pub(super) fn encode(out: &mut Vec<u8>, value: &impl Serialize) {
    // Writing to memory cannot fail, and every value here says how long it is.
    let _ = options().serialize_into(out, value);
}

/// Decodes a value that takes all of `bytes`. Memory is bounded by the bytes that are there, whatever lengths they claim.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    options().with_limit(bytes.len() as u64).deserialize(bytes).map_err(|error| error.to_string())
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
}
