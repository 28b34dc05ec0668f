//! Decompression of chunks: a trace and a chunk enter, its bytes, blocks or columns leave. Sizes are compared before memory is
//! allocated.

use super::blocks::Blocks;
use super::columns;
use super::descriptor::{Chunk, RAW_LIMIT};
use super::error::{Damage, TraceError};
use super::keyframe::{check_size, frame_size};
use super::reader::{Trace, in_chunk};
use super::storage::{self, Storage};
use crate::columns::{Columns, Gap};

/// Decompresses chunks of a trace, one after the other, in memory of its own. Every worker has one.
#[derive(Default)]
pub struct Unpacker {
    packed: Vec<u8>,
    raw: Vec<u8>,
    columns: Columns,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Unpacker {
    /// An unpacker without memory; it takes what the chunks need.
    pub fn new() -> Unpacker {
        Unpacker::default()
    }

    /// The decompressed bytes of a chunk: its blocks, whatever its layout. Checksum and size are verified, the digest is not.
    ///
    /// # Errors
    /// [`TraceError::Io`]; [`TraceError::Chunk`] if it is damaged.
    pub fn bytes(&mut self, trace: &Trace, chunk: &Chunk) -> Result<&[u8], TraceError> {
        self.bytes_of(trace.storage(), chunk)
    }

    pub(super) fn bytes_of(&mut self, storage: &dyn Storage, chunk: &Chunk) -> Result<&[u8], TraceError> {
        match self.rows(storage, chunk)? {
            None => Ok(&self.raw),
            Some(gap) => Err(in_chunk(chunk, gap.damage)),
        }
    }

    /// The blocks of a chunk, whatever its layout. Events of a chunk of columns that have a damaged one are left out, which
    /// [`Blocks::left_out`] says.
    ///
    /// # Errors
    /// As for [`bytes`](Unpacker::bytes).
    pub fn blocks(&mut self, trace: &Trace, chunk: &Chunk) -> Result<Blocks<'_>, TraceError> {
        let numbering = chunk.descriptor.numbering();
        let gap = self.rows(trace.storage(), chunk)?;
        let blocks = Blocks::new(&self.raw, numbering);
        Ok(match gap {
            None => blocks,
            Some(gap) => blocks.with_gap(gap.damage),
        })
    }

    /// The columns of a chunk, of which only the directory and the kinds of its items are unpacked; `None` for a chunk of rows.
    ///
    /// # Errors
    /// As for [`bytes`](Unpacker::bytes).
    pub fn columns(&mut self, trace: &Trace, chunk: &Chunk) -> Result<Option<&mut Columns>, TraceError> {
        if !chunk.descriptor.is_columns() {
            return Ok(None);
        }
        self.open_columns(trace.storage(), chunk)?;
        Ok(Some(&mut self.columns))
    }

    fn open_columns(&mut self, storage: &dyn Storage, chunk: &Chunk) -> Result<(), TraceError> {
        let descriptor = &chunk.descriptor;
        storage::load(storage, self.columns.packed(), chunk.data(), descriptor.data_size)?;
        let sizes = Some((descriptor.raw_size, descriptor.data_size));
        columns::open(&mut self.columns, sizes).map_err(|damage| in_chunk(chunk, damage))
    }

    /// Unpacks the blocks of a chunk. Returns what is left out of them.
    fn rows(&mut self, storage: &dyn Storage, chunk: &Chunk) -> Result<Option<Gap>, TraceError> {
        self.raw.clear();
        let unpacked = if chunk.descriptor.is_columns() {
            self.open_columns(storage, chunk)?;
            self.columns.rows(&mut self.raw)
        } else {
            storage::load(storage, &mut self.packed, chunk.data(), chunk.descriptor.data_size)?;
            self.unpack(chunk.descriptor.raw_size).map(|()| None)
        };
        unpacked.map_err(|damage| {
            // The output of a damaged frame must not be used as the chunk.
            self.raw.clear();
            in_chunk(chunk, damage)
        })
    }

    fn unpack(&mut self, size: u64) -> Result<(), Damage> {
        let size = frame_size(&self.packed, size, RAW_LIMIT, "chunk")?;
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

/// What can be read of a chunk of columns that ends early: its blocks, without the events whose columns are not there.
pub(super) fn cut(packed: Vec<u8>) -> (Vec<u8>, Option<Gap>) {
    let (mut columns, mut raw) = (Columns::default(), Vec::new());
    *columns.packed() = packed;
    let read = columns::open(&mut columns, None).and_then(|()| columns.rows(&mut raw));
    match read {
        Ok(gap) => (raw, gap),
        Err(_) => (Vec::new(), None),
    }
}
