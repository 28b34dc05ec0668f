//! The index and the trailer at the end of a closed trace (FORMAT.md section 7): chunks enter, two sections leave, and
//! back. An index is used only if it matches the file.

use std::io;

use super::descriptor::{Chunk, Digest};
use super::encoding;
use super::error::{Damage, TraceError};
use super::keyframe::unpack;
use super::section::{self, CHECK, Frame, HEAD, SectionKind};
use super::signature::{Covered, Signing};
use super::storage::{self, Storage};

/// Version of the bodies of index and trailer.
const VERSION: u16 = 1;

/// Largest index that is read, decompressed: a trace of some hundred gigabytes has one. The chunks of a larger trace are found
/// without it.
const RAW_LIMIT: u64 = 32 << 20;

/// Largest index that is read, as stored in the file.
pub(super) const LIMIT: u64 = 32 << 20;

/// How much larger than the whole file its index may be when it is decompressed.
const EXPANSION: u64 = 64;

/// Compression level of the index, which is small and written once.
const LEVEL: i32 = 9;

/// Bytes of the trailer: the last bytes of a closed trace.
pub(super) const TRAILER: usize = HEAD + 8 + 8 + 32 + CHECK;

/// Most bytes that index and trailer of a trace without chunks take: their sections, and zstd's frame of an empty index.
pub(super) const BASE: u64 = 512;

/// Most bytes that a chunk adds to the index, from the size of its descriptor's section, which holds the same descriptor: the
/// entry's other fields, and what zstd adds to data that it cannot make smaller.
pub(super) fn room(head_size: u32) -> u64 {
    let entry = u64::from(head_size) + 64;
    entry + entry / 128
}

/// An entry of the index: offset and size of a descriptor's section, digest, and the descriptor's structure. That has a
/// length of its own, so that it can grow at its end.
type Entry = (u64, u32, Digest, Vec<u8>);

/// Where the index is, and the digest of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    /// Bytes from the start of the index to that of the trailer.
    pub distance: u64,
    /// Bytes of the whole trace.
    pub length: u64,
    /// BLAKE3 hash of the last chunk's digest and the index.
    pub seal: Digest,
}

impl Trailer {
    /// Reads a trailer from its whole section.
    pub(super) fn decode(frame: &[u8]) -> Result<Trailer, Damage> {
        let short = || Damage::Short(SectionKind::Trailer.name());
        let body = section::body(frame, SectionKind::Trailer)?;
        let (distance, rest) = body.split_first_chunk::<8>().ok_or_else(short)?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let (seal, _) = rest.split_first_chunk::<32>().ok_or_else(short)?;
        Ok(Trailer {
            distance: u64::from_le_bytes(*distance),
            length: u64::from_le_bytes(*length),
            seal: *seal,
        })
    }
}

/// Index and trailer of a trace whose chunks end at `offset`, before them a signature of the trace if somebody signs, and the
/// trace's seal.
pub(super) fn encode(
    chunks: &[Chunk],
    offset: u64,
    last: &Digest,
    signing: &mut Signing,
) -> io::Result<(Vec<u8>, Digest)> {
    let mut entries: Vec<Entry> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let descriptor = encoding::encode(&chunk.descriptor)?;
        entries.push((chunk.offset, chunk.head_size, chunk.digest, descriptor));
    }
    let raw = encoding::encode(&entries)?;
    let packed = zstd::bulk::compress(&raw, LEVEL)?;
    let body = [&(raw.len() as u64).to_le_bytes()[..], &packed].concat();
    let index = section::build(SectionKind::Index, VERSION, &body);
    let seal = seal(last, &index);
    let mut frames = signing.section(Covered::Whole, chunks.len() as u64, &seal);
    let length = offset + (frames.len() + index.len() + TRAILER) as u64;
    frames.extend_from_slice(&index);
    frames.extend_from_slice(&trailer(index.len() as u64, length, &seal));
    Ok((frames, seal))
}

/// The section of a trailer.
pub(super) fn trailer(distance: u64, length: u64, seal: &Digest) -> Vec<u8> {
    let body = [&distance.to_le_bytes()[..], &length.to_le_bytes(), seal].concat();
    section::build(SectionKind::Trailer, VERSION, &body)
}

/// The digest of a whole trace.
pub(super) fn seal(last: &Digest, index: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(last);
    hasher.update(index);
    *hasher.finalize().as_bytes()
}

/// The end of a file that was read: its chunks according to the index.
pub(super) struct End {
    pub chunks: Vec<Chunk>,
    pub trailer: Trailer,
    /// Whether there are signatures.
    pub is_signed: bool,
}

/// Reads trailer and index of a file of `length` bytes, which starts with the file header `header`. The inner error says why the
/// index cannot be used.
pub(super) fn read(
    storage: &dyn Storage,
    length: u64,
    header: &[u8],
) -> Result<Result<End, Damage>, TraceError> {
    let Some(start) = length.checked_sub(TRAILER as u64) else { return Ok(Err(Damage::Open)) };
    let mut frame = Vec::new();
    storage::load(storage, &mut frame, start, TRAILER as u64)?;
    match Frame::of(&frame) {
        Frame::Section { kind: SectionKind::Trailer, length, .. } if length == TRAILER as u64 => {}
        _ => return Ok(Err(Damage::Open)),
    }
    let trailer = match Trailer::decode(&frame) {
        Ok(trailer) => trailer,
        Err(damage) => return Ok(Err(damage)),
    };
    if trailer.length != length {
        let damage = Damage::Differs { what: "length of the file", claimed: trailer.length, found: length };
        return Ok(Err(damage));
    }
    let (what, size) = (SectionKind::Index.name(), trailer.distance);
    if size > LIMIT {
        return Ok(Err(Damage::TooLarge { what, size, limit: LIMIT }));
    }
    let Some(place) = start.checked_sub(size) else { return Ok(Err(Damage::Encoding(what))) };
    storage::load(storage, &mut frame, place, size)?;
    match Frame::of(&frame) {
        Frame::Section { kind: SectionKind::Index, length, .. } if length == size => {}
        _ => return Ok(Err(Damage::Encoding(what))),
    }
    let chunks = match decode(&frame, place) {
        Ok(chunks) => chunks,
        Err(damage) => return Ok(Err(damage)),
    };
    let last = chunks.last().map_or_else(|| *blake3::hash(header).as_bytes(), |chunk| chunk.digest);
    if seal(&last, &frame) != trailer.seal {
        return Ok(Err(Damage::Digest(SectionKind::Index.name())));
    }
    let mut is_signed = false;
    Ok(match uncovered(storage, &chunks, (header.len() as u64, place), &mut is_signed)? {
        Some(number) => Err(Damage::Entry(number)),
        None => Ok(End { chunks, trailer, is_signed }),
    })
}

/// The first entry that does not continue the one before: bytes between the chunks that may be one more, or events that no
/// chunk has. `is_signed` becomes true where there is a signature.
fn uncovered(
    storage: &dyn Storage,
    chunks: &[Chunk],
    (start, end): (u64, u64),
    is_signed: &mut bool,
) -> Result<Option<u64>, TraceError> {
    let (mut place, mut events) = (start, 0);
    for chunk in chunks {
        let descriptor = &chunk.descriptor;
        let is_next =
            descriptor.events_before == events && is_unused(storage, (place, chunk.offset), is_signed)?;
        if !is_next {
            return Ok(Some(descriptor.sequence));
        }
        place = chunk.end();
        events = events.saturating_add(descriptor.events);
    }
    Ok((!is_unused(storage, (place, end), is_signed)?).then_some(chunks.len() as u64))
}

/// Whether there is nothing from `place` to `end` but signatures, and sections that this reader does not know.
fn is_unused(
    storage: &dyn Storage,
    (mut place, end): (u64, u64),
    is_signed: &mut bool,
) -> Result<bool, TraceError> {
    while place < end {
        let mut head = [0; HEAD];
        let there = storage::fill(storage, &mut head, place)?;
        let length = match Frame::of(&head[..there]) {
            Frame::Skippable { length } => length,
            Frame::Section { kind: SectionKind::Signature, length, .. } => {
                *is_signed = true;
                length
            }
            _ => return Ok(false),
        };
        place = place.saturating_add(length);
    }
    Ok(place == end)
}

/// Reads the index from its whole section, which starts at `end` of the file.
pub(super) fn decode(frame: &[u8], end: u64) -> Result<Vec<Chunk>, Damage> {
    let what = SectionKind::Index.name();
    let body = section::body(frame, SectionKind::Index)?;
    let (size, packed) = body.split_first_chunk::<8>().ok_or(Damage::Short(what))?;
    let limit = RAW_LIMIT.min(end.saturating_mul(EXPANSION));
    let raw = unpack(packed, u64::from_le_bytes(*size), limit, what)?;
    let entries: Vec<Entry> = encoding::decode(&raw).ok_or(Damage::Encoding(what))?;
    let mut chunks = Vec::with_capacity(entries.len());
    let mut place = 0;
    for (number, (offset, head_size, digest, descriptor)) in (0..).zip(entries) {
        let descriptor = encoding::decode(&descriptor).ok_or(Damage::Entry(number))?;
        let chunk = Chunk { offset, head_size, digest, descriptor };
        chunk.check_sizes()?;
        if chunk.descriptor.sequence != number || chunk.offset < place || chunk.end() > end {
            return Err(Damage::Entry(number));
        }
        place = chunk.end();
        chunks.push(chunk);
    }
    Ok(chunks)
}
