//! Columns as the data of a chunk (FORMAT.md section 12): a section with their directory, a skippable frame with their frames, and a note to
//! readers that do not know columns. What is in directory and frames only `columns` knows.

use std::io::{self, Read};

use super::contents::differs;
use super::descriptor::RAW_LIMIT;
use super::error::{Damage, TraceError};
use super::keyframe::unpack;
use super::reader::{Trace, in_chunk};
use super::section::{self, FRAME, Frame, HEAD, SectionKind};
use super::storage;
use crate::block::{HEADER, TRAILER, code};
use crate::columns::{ColumnSize, Columns, Transposer, column_sizes};

/// Version of the body of a directory.
const VERSION: u16 = 1;

/// Largest directory that is read, unpacked.
const DIRECTORY_LIMIT: u64 = 4 << 20;

/// Level of directories, which are small.
const LEVEL: i32 = 9;

/// What readers find that do not know columns. It is the text of a block whose type they skip.
const NOTE: &str = "The events here are in columns, which 'tercel convert --to scap' turns into scap.\n";

/// Packs columns.
pub(super) struct Columnist {
    transposer: Transposer,
    /// The note, compressed.
    note: Vec<u8>,
}

impl Columnist {
    /// For zstd's level `level`.
    pub(super) fn new(level: i32) -> io::Result<Columnist> {
        let body = NOTE.len().next_multiple_of(4);
        let length = ((HEADER + body + TRAILER) as u32).to_le_bytes();
        let padding = &[0; 3][..body - NOTE.len()];
        let block = [&code::NOTE.to_le_bytes()[..], &length, NOTE.as_bytes(), padding, &length].concat();
        Ok(Columnist { transposer: Transposer::new(level)?, note: zstd::bulk::compress(&block, LEVEL)? })
    }

    /// The data of a chunk; `None` if its rows cannot be columns.
    pub(super) fn pack(&mut self, rows: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some(packed) = self.transposer.pack(rows, self.note.len() as u64)? else { return Ok(None) };
        let Ok(size) = u32::try_from(packed.frames.len()) else { return Ok(None) };
        let directory = zstd::bulk::compress(&packed.directory, LEVEL)?;
        let body = [&(packed.directory.len() as u64).to_le_bytes()[..], &directory].concat();
        let section = section::build(SectionKind::Columns, VERSION, &body);
        Ok(Some([&section[..], &section::skippable(size), &packed.frames, &self.note].concat()))
    }
}

/// Opens the columns whose data were loaded; `sizes` are those that the chunk's descriptor claims of its rows and its data. Without them, the
/// end of the data may be missing.
pub(super) fn open(columns: &mut Columns, sizes: Option<(u64, u64)>) -> Result<(), Damage> {
    let (directory, size, start) = directory(columns.packed())?;
    columns.open(&directory, start, RAW_LIMIT)?;
    let (frames, note) = columns.sizes();
    differs("bytes of the columns", frames, u64::from(size))?;
    let Some((raw, data)) = sizes else { return Ok(()) };
    differs("size of the rows", raw, columns.raw_size())?;
    differs("size of the columns", data, (start as u64).saturating_add(frames).saturating_add(note))
}

impl Trace {
    /// How much space the columns of chunk `index` take; nothing for a chunk of rows. Only its directory is read.
    ///
    /// # Errors
    /// [`TraceError::Io`]; [`TraceError::Chunk`] if the directory is damaged.
    pub fn column_sizes(&self, index: usize) -> Result<Vec<ColumnSize>, TraceError> {
        let Some(chunk) = self.chunks().get(index).filter(|chunk| chunk.descriptor.is_columns()) else {
            return Ok(Vec::new());
        };
        let mut data = Vec::new();
        storage::load(self.storage(), &mut data, chunk.data(), HEAD as u64)?;
        let Frame::Section { length, .. } = Frame::of(&data) else {
            return Err(in_chunk(chunk, Damage::Encoding(SectionKind::Columns.name())));
        };
        let size = length.saturating_add(FRAME as u64).min(chunk.descriptor.data_size).min(DIRECTORY_LIMIT);
        storage::load(self.storage(), &mut data, chunk.data(), size)?;
        let sizes = directory(&data).and_then(|(directory, _, _)| {
            column_sizes(&directory, RAW_LIMIT).ok_or(Damage::Directory("columns"))
        });
        let mut sizes = sizes.map_err(|damage| in_chunk(chunk, damage))?;
        if let Some(directory) = sizes.last_mut() {
            directory.packed = length;
        }
        Ok(sizes)
    }
}

/// Whether columns start with these 16 bytes.
pub(crate) fn is_columns(head: &[u8]) -> bool {
    matches!(Frame::of(head), Frame::Section { kind: SectionKind::Columns, .. })
}

/// Reads the data of a chunk of columns from a stream, and what follows belongs to the next frame. The inner error says what is
/// wrong with them.
pub(crate) fn read(columns: &mut Columns, input: &mut dyn Read) -> io::Result<Result<(), Damage>> {
    let data = columns.packed();
    data.clear();
    append(data, input, HEAD as u64)?;
    let Frame::Section { length, .. } = Frame::of(data) else { return Ok(Err(Damage::Unknown)) };
    let what = SectionKind::Columns.name();
    if length < HEAD as u64 || length > DIRECTORY_LIMIT {
        return Ok(Err(Damage::TooLarge { what, size: length, limit: DIRECTORY_LIMIT }));
    }
    append(data, input, length - HEAD as u64 + FRAME as u64)?;
    let size = match directory(data) {
        Ok((_, size, _)) => u64::from(size),
        Err(damage) => return Ok(Err(damage)),
    };
    if size > RAW_LIMIT {
        return Ok(Err(Damage::TooLarge { what: "compressed chunk", size, limit: RAW_LIMIT }));
    }
    append(data, input, size)?;
    if let Err(damage) = open(columns, None) {
        return Ok(Err(damage));
    }
    let (_, note) = columns.sizes();
    let skipped = io::copy(&mut input.take(note), &mut io::sink())?;
    Ok(if skipped == note { Ok(()) } else { Err(Damage::Cut { what: "chunk", missing: note - skipped }) })
}

/// Appends `size` bytes of a stream; memory grows with what is there, not with what is claimed.
fn append(data: &mut Vec<u8>, input: &mut dyn Read, size: u64) -> io::Result<()> {
    let found = input.take(size).read_to_end(data)? as u64;
    if found == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The directory at the start of a chunk's data, the size of the frames, and where they start.
fn directory(data: &[u8]) -> Result<(Vec<u8>, u32, usize), Damage> {
    let what = SectionKind::Columns.name();
    let short = || Damage::Short(what);
    let Frame::Section { kind: SectionKind::Columns, length, .. } =
        Frame::of(data.get(..HEAD).ok_or_else(short)?)
    else {
        return Err(Damage::Encoding(what));
    };
    let (section, rest) =
        usize::try_from(length).ok().and_then(|length| data.split_at_checked(length)).ok_or_else(short)?;
    let body = section::body(section, SectionKind::Columns)?;
    let (size, packed) = body.split_first_chunk::<8>().ok_or_else(short)?;
    let directory = unpack(packed, u64::from_le_bytes(*size), DIRECTORY_LIMIT, what)?;
    let head = rest.first_chunk::<FRAME>().ok_or_else(short)?;
    let [.., a, b, c, d] = *head;
    let size = u32::from_le_bytes([a, b, c, d]);
    if *head != section::skippable(size) {
        return Err(Damage::Encoding(what));
    }
    Ok((directory, size, section.len() + FRAME))
}
