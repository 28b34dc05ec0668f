//! The encoding of keyframes: bincode 1.3, numbers as little-endian variable-length integers. Values enter, bytes leave,
//! and back. The only file of this crate that knows bincode.

use std::io::{self, Write};

use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeSeed;

/// Appends the encoding of a value; `false` where `out` would grow beyond `limit` bytes, of which it is then left with a part.
pub(super) fn encode(out: &mut Vec<u8>, value: &impl Serialize, limit: usize) -> bool {
    // Every value here says how long it is, so that nothing else can fail.
    options().serialize_into(Bounded { out, limit }, value).is_ok()
}

/// Memory that takes so many bytes.
struct Bounded<'o> {
    out: &'o mut Vec<u8>,
    limit: usize,
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.limit.saturating_sub(self.out.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decodes the value of a seed, which takes all of `bytes`.
pub(super) fn decode<'b, S: DeserializeSeed<'b>>(bytes: &'b [u8], seed: S) -> Result<S::Value, String> {
    options().with_limit(bytes.len() as u64).deserialize_seed(seed, bytes).map_err(|error| error.to_string())
}

fn options() -> impl Options {
    bincode::DefaultOptions::new()
}
