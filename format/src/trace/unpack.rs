//! Decompression of chunks: a trace and a chunk enter, its bytes or blocks leave. Sizes are compared before memory is
//! allocated.

use super::blocks::Blocks;
use super::descriptor::{Chunk, RAW_LIMIT};
use super::error::{Damage, TraceError};
use super::keyframe::{check_size, frame_size};
use super::reader::{Trace, in_chunk};
use super::storage::{self, Storage};

/// Decompresses chunks of a trace, one after the other, in memory of its own. Every worker has one.
#[derive(Default)]
pub struct Unpacker {
    packed: Vec<u8>,
    raw: Vec<u8>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Unpacker {
    /// An unpacker without memory; it takes what the chunks need.
    pub fn new() -> Unpacker {
        Unpacker::default()
    }

    /// The decompressed bytes of a chunk. Checksum and size are verified, the digest is not.
    ///
    /// # Errors
    /// [`TraceError::Io`]; [`TraceError::Chunk`] if it is damaged.
    pub fn bytes(&mut self, trace: &Trace, chunk: &Chunk) -> Result<&[u8], TraceError> {
        self.bytes_of(trace.storage(), chunk)
    }

    pub(super) fn bytes_of(&mut self, storage: &dyn Storage, chunk: &Chunk) -> Result<&[u8], TraceError> {
        storage::load(storage, &mut self.packed, chunk.data(), chunk.descriptor.data_size)?;
        if let Err(damage) = self.unpack(chunk.descriptor.raw_size) {
            // The output of a damaged frame must not be used as the chunk.
            self.raw.clear();
            return Err(in_chunk(chunk, damage));
        }
        Ok(&self.raw)
    }

    /// The blocks of a chunk.
    ///
    /// # Errors
    /// As for [`bytes`](Unpacker::bytes).
    pub fn blocks(&mut self, trace: &Trace, chunk: &Chunk) -> Result<Blocks<'_>, TraceError> {
        let numbering = chunk.descriptor.numbering();
        self.bytes(trace, chunk).map(|bytes| Blocks::new(bytes, numbering))
    }

    fn unpack(&mut self, size: u64) -> Result<(), Damage> {
        let size = frame_size(&self.packed, size, RAW_LIMIT, "chunk")?;
        self.raw.clear();
        self.raw.reserve_exact(size);
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(
                zstd::bulk::Decompressor::new().map_err(|error| Damage::Compression(error.to_string()))?,
            ),
        };
        zstd.decompress_to_buffer(&self.packed, &mut self.raw)
            .map_err(|error| Damage::Compression(error.to_string()))?;
        check_size(self.raw.len(), size, "chunk")
    }
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Unpacker").field("raw", &self.raw.len()).finish_non_exhaustive()
    }
}
