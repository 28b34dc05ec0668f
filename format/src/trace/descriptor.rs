//! The descriptor of a chunk: what is in it, how large its parts are, and the digest that chains it to the chunk before
//! (FORMAT.md section 5). It is in front of the chunk and again in the index.

use std::io;

use serde::{Deserialize, Serialize};

use super::contents::differs;
use super::encoding;
use super::error::Damage;
use super::keyframe::KeyframeKind;
use super::section::{self, CHECK, HEAD, SectionKind};
use crate::numbering::Numbering;

/// Version of the descriptor's body.
const VERSION: u16 = 1;

/// Longest descriptor that is read; one that counts every type of the catalogue has about 5 KiB.
pub(super) const LIMIT: u64 = 16 << 10;

/// Largest chunk that is read, decompressed. Writers keep below; a block of 64 MiB still fits.
pub(super) const RAW_LIMIT: u64 = 128 << 20;

/// Bit of [`Descriptor::flags`]: the chunk contains the start of a section, that is its header and metadata, and no event.
const HEAD_FLAG: u32 = 1;

/// Bit of [`Descriptor::flags`]: the data are columns.
const COLUMNS_FLAG: u32 = 1 << 1;

/// A BLAKE3 hash.
pub type Digest = [u8; 32];

/// What is in a chunk. Times are nanoseconds since the epoch; those of a chunk without events are 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Descriptor {
    /// Number of the chunk in the trace, from 0.
    pub sequence: u64,
    /// Bit 0: the chunk contains the start of a section and no event. Bit 1: its data are columns.
    flags: u32,
    /// Number of the section that it belongs to, from 1.
    pub section: u64,
    /// Section headers before the chunk.
    sections: u64,
    /// Number of the last event before the chunk that counts (see [`Numbering`]).
    counted: u64,
    /// The number of events that build the initial state of this section, as long as there were no others.
    initial: Option<u64>,
    /// Events of the trace before this chunk, whatever their numbers.
    pub events_before: u64,
    /// Events in it, including those marked as state only.
    pub events: u64,
    /// Time of its first event.
    pub first_ts: u64,
    /// Earliest time of its events.
    pub min_ts: u64,
    /// Latest time of its events.
    pub max_ts: u64,
    /// Event codes in it, ascending, with the number of each.
    pub counts: Vec<(u16, u64)>,
    /// Events that the recorder lost before or in this chunk, since the chunk before.
    pub dropped: u64,
    /// What kind of keyframe it has: 1 delta, 2 snapshot, 0 none. Other values count as none.
    keyframe: u8,
    /// Version of the state engine that made the keyframe.
    pub engine: u32,
    /// Bytes of the keyframe before compression.
    pub keyframe_raw: u64,
    /// Bytes of the chunk before compression.
    pub raw_size: u64,
    /// Bytes of the sections between descriptor and data: the keyframe, and what newer versions may add.
    pub extra_size: u64,
    /// Bytes of the zstd frame, or of the columns.
    pub data_size: u64,
}

impl Descriptor {
    /// Whether the chunk contains the start of a section: section header and metadata, and no event.
    pub fn is_head(&self) -> bool {
        self.flags & HEAD_FLAG != 0
    }

    /// Whether its data are columns, and not rows.
    pub fn is_columns(&self) -> bool {
        self.flags & COLUMNS_FLAG != 0
    }

    /// Says what its data are.
    pub(super) fn set_columns(&mut self, is_columns: bool) {
        self.flags = self.flags & !COLUMNS_FLAG | if is_columns { COLUMNS_FLAG } else { 0 };
    }

    /// How events were numbered before the chunk's first event.
    pub fn numbering(&self) -> Numbering {
        Numbering { sections: self.sections, counted: self.counted, initial: self.initial }
    }

    /// Numbers that its events may have, both included.
    pub fn numbers(&self) -> (u64, u64) {
        let last = self.counted.saturating_add(self.initial.unwrap_or(0)).saturating_add(self.events);
        (self.counted.saturating_add(1), last)
    }

    /// The kind of its keyframe, if it has one.
    pub fn keyframe(&self) -> Option<KeyframeKind> {
        KeyframeKind::of(self.keyframe)
    }

    /// How many events of type `code` are in it.
    pub fn count(&self, code: u16) -> u64 {
        let row = self.counts.binary_search_by_key(&code, |(code, _)| *code);
        row.ok().and_then(|row| self.counts.get(row)).map_or(0, |(_, count)| *count)
    }

    /// Whether its numbers agree with each other. If not, what is in the chunk is known only once it is read.
    pub fn is_consistent(&self) -> bool {
        let counted = self.counts.iter().map(|(_, count)| *count).fold(0, u64::saturating_add);
        counted == self.events && (self.min_ts..=self.max_ts).contains(&self.first_ts)
    }

    /// Refuses values that no writer gives.
    pub(super) fn check_form(&self) -> Result<(), Damage> {
        let is_keyed = self.keyframe().is_some();
        let is_valid = self.flags & !(HEAD_FLAG | COLUMNS_FLAG) == 0
            && (is_keyed || (self.keyframe == 0 && self.engine == 0 && self.keyframe_raw == 0));
        if is_valid { Ok(()) } else { Err(Damage::Encoding(SectionKind::Chunk.name())) }
    }

    /// Compares what it says of everything before it with the chunk before, after whose blocks events are numbered as
    /// `numbering` says.
    ///
    /// # Errors
    /// It does not continue that chunk.
    pub fn continues(&self, before: &Descriptor, numbering: Numbering) -> Result<(), Damage> {
        differs("number of the chunk", self.sequence, before.sequence.saturating_add(1))?;
        differs(
            "events before the chunk",
            self.events_before,
            before.events_before.saturating_add(before.events),
        )?;
        self.starts_at(numbering)
    }

    /// Compares the numbering of its events with that after the chunk before.
    ///
    /// # Errors
    /// They differ.
    pub fn starts_at(&self, numbering: Numbering) -> Result<(), Damage> {
        // No initial events and none yet are different things.
        let initial = |count: Option<u64>| count.map_or(0, |count| count.saturating_add(1));
        differs("sections before the chunk", self.sections, numbering.sections)?;
        differs("number before the chunk", self.counted, numbering.counted)?;
        differs("initial events before the chunk", initial(self.initial), initial(numbering.initial))
    }

    /// Bytes after the descriptor; `None` if there are more than a file can have.
    pub(super) fn size(&self) -> Option<u64> {
        self.extra_size.checked_add(self.data_size)
    }

    /// A descriptor of the blocks after events that are numbered as `numbering` says.
    pub(super) fn new(is_head: bool, numbering: Numbering) -> Descriptor {
        let mut descriptor = Descriptor::default();
        if is_head {
            descriptor.flags |= HEAD_FLAG;
        }
        descriptor.set_numbering(numbering);
        descriptor
    }

    fn set_numbering(&mut self, numbering: Numbering) {
        self.sections = numbering.sections;
        self.counted = numbering.counted;
        self.initial = numbering.initial;
    }

    pub(super) fn set_keyframe(&mut self, kind: KeyframeKind, engine: u32, raw: u64) {
        self.keyframe = kind.code();
        self.engine = engine;
        self.keyframe_raw = raw;
    }
}

/// A chunk, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Start of its descriptor in the file.
    pub offset: u64,
    /// Bytes of the descriptor's section.
    pub head_size: u32,
    /// BLAKE3 hash of the digest before it, of its descriptor, its keyframe and its data.
    pub digest: Digest,
    /// What is in it.
    pub descriptor: Descriptor,
}

impl Chunk {
    /// Whether it contains the start of a section, and no event.
    pub fn is_head(&self) -> bool {
        self.descriptor.is_head()
    }

    /// Bytes that it takes in the file.
    pub fn size(&self) -> u64 {
        self.descriptor
            .size()
            .and_then(|size| size.checked_add(u64::from(self.head_size)))
            .unwrap_or(u64::MAX)
    }

    /// Offset of the byte after it.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.size())
    }

    /// Offset of the sections between descriptor and data.
    pub(super) fn extra(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.head_size))
    }

    /// Offset of the data.
    pub(super) fn data(&self) -> u64 {
        self.extra().saturating_add(self.descriptor.extra_size)
    }

    /// Reads a chunk from the whole section of its descriptor.
    pub(super) fn decode(offset: u64, frame: &[u8]) -> Result<Chunk, Damage> {
        let body = section::body(frame, SectionKind::Chunk)?;
        let (digest, rest) =
            body.split_first_chunk::<32>().ok_or(Damage::Short(SectionKind::Chunk.name()))?;
        let descriptor = encoding::decode(rest).ok_or(Damage::Encoding(SectionKind::Chunk.name()))?;
        let chunk = Chunk { offset, head_size: frame.len() as u32, digest: *digest, descriptor };
        chunk.check_sizes()?;
        Ok(chunk)
    }

    /// Refuses sizes that no chunk has.
    pub(super) fn check_sizes(&self) -> Result<(), Damage> {
        let rows = [
            ("chunk", self.descriptor.raw_size, RAW_LIMIT),
            ("compressed chunk", self.descriptor.data_size, RAW_LIMIT),
            ("chunk's other sections", self.descriptor.extra_size, RAW_LIMIT),
            ("chunk's descriptor", u64::from(self.head_size), LIMIT),
        ];
        match rows.into_iter().find(|(_, size, limit)| size > limit) {
            Some((what, size, limit)) => Err(Damage::TooLarge { what, size, limit }),
            None => Ok(()),
        }
    }
}

/// The section of a descriptor whose chunk follows with the bytes of `extra` and `data`, and the chunk's digest.
pub(super) fn encode(
    descriptor: &Descriptor,
    previous: &Digest,
    extra: &[u8],
    data: &[u8],
) -> io::Result<(Vec<u8>, Digest)> {
    let body = [&[0; 32][..], &encoding::encode(descriptor)?].concat();
    let mut frame = section::build(SectionKind::Chunk, VERSION, &body);
    let digest = link(previous, &frame, &[extra, data]);
    frame[HEAD..HEAD + 32].copy_from_slice(&digest);
    section::write_check(&mut frame);
    Ok((frame, digest))
}

/// The digest of a chunk: of the digest before it, of its descriptor's section without the digest and the checksum, and of
/// everything after that.
pub(super) fn link(previous: &Digest, frame: &[u8], rest: &[&[u8]]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    hasher.update(frame.get(..HEAD).unwrap_or(frame));
    hasher.update(frame.get(HEAD + 32..frame.len().saturating_sub(CHECK)).unwrap_or_default());
    for bytes in rest {
        hasher.update(bytes);
    }
    *hasher.finalize().as_bytes()
}
