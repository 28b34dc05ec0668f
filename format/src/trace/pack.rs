//! Compression of chunks: blocks of a chunk and a keyframe enter, the bytes of the file leave. Pure work on memory, done
//! by several threads at once.

use std::io;

use zstd::zstd_safe::{CParameter, compress_bound};

use super::columns::Columnist;
use super::descriptor::Descriptor;
use super::keyframe::{self, Keyframe};
use super::writer::{Layout, Options};

/// A chunk whose content is complete.
#[derive(Debug)]
pub(super) struct Job {
    /// Its descriptor so far.
    pub descriptor: Descriptor,
    /// Its blocks.
    pub raw: Vec<u8>,
    /// State before it.
    pub keyframe: Option<Keyframe>,
}

/// A chunk that is ready to be written, except for its digest.
#[derive(Debug)]
pub(super) struct Packed {
    /// What is in it.
    pub descriptor: Descriptor,
    /// Sections between descriptor and data.
    pub extra: Vec<u8>,
    /// The zstd frame.
    pub data: Vec<u8>,
    /// Memory of the blocks, to be reused.
    pub raw: Vec<u8>,
}

/// Compresses chunks of about the same size.
pub(super) struct Packer {
    zstd: zstd::bulk::Compressor<'static>,
    level: i32,
    /// Where columns are wanted.
    columns: Option<Columnist>,
}

impl Packer {
    /// A packer for chunks of the size in the options. The window covers a whole chunk, which the level alone would not always do.
    pub(super) fn new(options: &Options) -> io::Result<Packer> {
        let Options { level, chunk, .. } = *options;
        let mut zstd = zstd::bulk::Compressor::new(level)?;
        zstd.set_parameter(CParameter::ChecksumFlag(true))?;
        zstd.set_parameter(CParameter::ContentSizeFlag(true))?;
        let window = usize::BITS - chunk.saturating_sub(1).leading_zeros();
        zstd.set_parameter(CParameter::WindowLog(window.clamp(WINDOW.0, WINDOW.1)))?;
        let columns = match options.layout {
            Layout::Rows => None,
            Layout::Columns => Some(Columnist::new(level)?),
        };
        Ok(Packer { zstd, level, columns })
    }

    /// Compresses a chunk.
    pub(super) fn pack(&mut self, job: Job) -> io::Result<Packed> {
        let Job { mut descriptor, raw, keyframe } = job;
        let (data, is_columns) = self.data(&raw, descriptor.events > 0)?;
        descriptor.set_columns(is_columns);
        let extra = match &keyframe {
            Some(keyframe) => keyframe::encode(keyframe, self.level)?,
            None => Vec::new(),
        };
        descriptor.raw_size = raw.len() as u64;
        descriptor.extra_size = extra.len() as u64;
        descriptor.data_size = data.len() as u64;
        Ok(Packed { descriptor, extra, data, raw })
    }
}

impl Packer {
    /// The data of a chunk, and whether they are columns. Small chunks are laid out in whatever way is smaller.
    fn data(&mut self, raw: &[u8], has_events: bool) -> io::Result<(Vec<u8>, bool)> {
        let columns = match &mut self.columns {
            Some(columns) if has_events => columns.pack(raw)?,
            _ => None,
        };
        let Some(columns) = columns else { return self.rows(raw).map(|rows| (rows, false)) };
        if raw.len() <= SMALL {
            let rows = self.rows(raw)?;
            if rows.len() <= columns.len() {
                return Ok((rows, false));
            }
        }
        Ok((columns, true))
    }

    /// The blocks as one frame.
    fn rows(&mut self, raw: &[u8]) -> io::Result<Vec<u8>> {
        let mut data = Vec::with_capacity(compress_bound(raw.len()));
        self.zstd.compress_to_buffer(raw, &mut data)?;
        // The bound is as large as the chunk; unused memory must not be kept while the chunk waits.
        data.shrink_to_fit();
        Ok(data)
    }
}

/// Largest chunk of which rows may be smaller than columns.
const SMALL: usize = 64 << 10;

/// Base-two logarithms of the smallest and the largest window. What is larger, `zstd -dc` refuses.
const WINDOW: (u32, u32) = (16, 26);
