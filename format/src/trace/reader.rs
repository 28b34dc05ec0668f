//! Random access to a native trace: a file enters; its chunks, their blocks and the keyframes before them leave, in any
//! order and by several threads at once. What a state is, is not known here.

use super::blocks::Blocks;
use super::descriptor::{Chunk, Digest};
use super::error::{Damage, Loss, TraceError};
use super::header::{self, Header};
use super::index;
use super::keyframe::{self, Keyframe, KeyframeKind};
use super::section::{Frame, HEAD, SectionKind};
use super::storage::{self, Storage};
use super::unpack;
use super::walk::{Walk, walk};
use crate::numbering::Numbering;

/// A native trace that is open for reading.
pub struct Trace {
    storage: Box<dyn Storage>,
    length: u64,
    header: Header,
    chunks: Vec<Chunk>,
    cut: Option<Chunk>,
    without_index: Option<Damage>,
    losses: Vec<Loss>,
    seal: Option<Digest>,
    is_distrusted: bool,
    is_signed: bool,
}

/// Largest number of steps to a state: writers put snapshots at much shorter distances.
const MAX_STEPS: usize = 4096;

/// One step on the way to the state before a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateStep {
    /// Apply the blocks of this chunk, which has no events.
    Head(usize),
    /// Replace the state by the snapshot in the keyframe of this chunk.
    Snapshot(usize),
    /// Apply the delta in the keyframe of this chunk.
    Delta(usize),
}

/// What can be read of a chunk of which the file has the start only.
#[derive(Debug, Default)]
pub struct CutChunk {
    raw: Vec<u8>,
    numbering: Numbering,
    gap: Option<Damage>,
}

impl CutChunk {
    /// Bytes of its blocks.
    pub fn bytes(&self) -> &[u8] {
        &self.raw
    }

    /// Its blocks; the last one may be incomplete.
    pub fn blocks(&self) -> Blocks<'_> {
        let blocks = Blocks::new(&self.raw, self.numbering);
        match &self.gap {
            None => blocks,
            Some(damage) => blocks.with_gap(damage.clone()),
        }
    }
}

/// Whether a file that starts with `head` (at least 16 bytes) is a native trace.
pub fn is_native(head: &[u8]) -> bool {
    matches!(Frame::of(head), Frame::Section { kind: SectionKind::Header, .. })
}

impl Trace {
    /// Opens a trace by its index, or by walking over it if the index is missing or cannot be used.
    ///
    /// # Errors
    /// [`TraceError::NotNative`] for any other file, [`TraceError::Version`] for traces of newer programs,
    /// [`TraceError::Joined`] if one file contains several traces, [`TraceError::Io`]. Damage is not an error: see
    /// [`losses`](Trace::losses).
    pub fn open(storage: impl Storage + 'static) -> Result<Trace, TraceError> {
        let storage: Box<dyn Storage> = Box::new(storage);
        let length = length(&*storage)?;
        let mut head = [0; HEAD];
        let there = storage::fill(&*storage, &mut head, 0)?;
        let Frame::Section { kind: SectionKind::Header, version, length: size } = Frame::of(&head[..there])
        else {
            return Err(TraceError::NotNative);
        };
        let mut frame = Vec::new();
        storage::load(&*storage, &mut frame, 0, size.min(header::LIMIT).min(length))?;
        let why = match (header::decode(&frame, version)?, index::read(&*storage, length, &frame)?) {
            (Ok(header), Ok(end)) => return Ok(Trace::indexed(storage, length, header, end)),
            (Err(damage), _) | (Ok(_), Err(damage)) => damage,
        };
        Trace::walked(storage, length, why)
    }

    /// Opens the chunks that a walk over the file finds, whatever its index says. The start of the file may be missing.
    ///
    /// # Errors
    /// As for [`open`](Trace::open); [`TraceError::NotNative`] if not a single chunk is found.
    pub fn salvage(storage: impl Storage + 'static) -> Result<Trace, TraceError> {
        let storage: Box<dyn Storage> = Box::new(storage);
        let length = length(&*storage)?;
        let walk = walk(&*storage, length)?;
        let why = Trace::compare_end(&*storage, &walk, length)?;
        let seal = walk.trailer.filter(|_| why.is_none()).map(|(_, trailer)| trailer.seal);
        let trace = Trace { seal, ..Trace::of_walk(storage, length, walk, why) };
        let is_nothing = trace.chunks.is_empty() && trace.cut.is_none();
        if is_nothing { Err(TraceError::NotNative) } else { Ok(trace) }
    }

    fn indexed(storage: Box<dyn Storage>, length: u64, header: Header, end: index::End) -> Trace {
        Trace {
            storage,
            length,
            header,
            chunks: end.chunks,
            cut: None,
            without_index: None,
            losses: Vec::new(),
            seal: Some(end.trailer.seal),
            is_distrusted: false,
            is_signed: end.is_signed,
        }
    }

    fn walked(storage: Box<dyn Storage>, length: u64, why: Damage) -> Result<Trace, TraceError> {
        let walk = walk(&*storage, length)?;
        Ok(Trace::of_walk(storage, length, walk, Some(why)))
    }

    fn of_walk(storage: Box<dyn Storage>, length: u64, walk: Walk, why: Option<Damage>) -> Trace {
        let Walk { header, chunks, cut, losses, signatures, .. } = walk;
        Trace {
            storage,
            length,
            header: header.unwrap_or_default(),
            chunks,
            cut,
            without_index: why,
            losses,
            seal: None,
            is_distrusted: false,
            is_signed: !signatures.is_empty(),
        }
    }

    /// The same trace, of which only the blocks count: no keyframe is used, and no descriptor says that a chunk is not needed.
    pub fn distrusted(self) -> Trace {
        Trace { is_distrusted: true, ..self }
    }

    /// Whether only the blocks count.
    pub fn is_distrusted(&self) -> bool {
        self.is_distrusted
    }

    /// The header of the trace.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The chunks, ascending. Their sequence numbers have gaps where chunks are lost.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Bytes of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of the whole trace, from its trailer. A copy that is kept elsewhere proves that the trace is the same; `None` for a
    /// trace that was not closed.
    pub fn seal(&self) -> Option<&Digest> {
        self.seal.as_ref()
    }

    /// Whether there are signatures in it. What they are worth, [`verify`](Trace::verify) says.
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// Why the index could not be used; `None` if it was.
    pub fn without_index(&self) -> Option<&Damage> {
        self.without_index.as_ref()
    }

    /// Parts of the file that cannot be read, according to the frames. Damage inside a chunk shows when the chunk is read.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// The truncated last chunk of a trace; it is not among [`chunks`](Trace::chunks).
    pub fn cut(&self) -> Option<&Chunk> {
        self.cut.as_ref()
    }

    /// The part of the truncated chunk that can be decompressed. No checksum covers all of it. Of a chunk of columns, these are the blocks
    /// whose columns are there; events that are left out between them count, but not as damage: that the chunk is truncated is known.
    ///
    /// # Errors
    /// [`TraceError::Io`].
    pub fn read_cut(&self) -> Result<CutChunk, TraceError> {
        let Some(chunk) = &self.cut else { return Ok(CutChunk::default()) };
        let mut packed = Vec::new();
        let size = self.length.saturating_sub(chunk.data()).min(chunk.descriptor.data_size);
        storage::load(&*self.storage, &mut packed, chunk.data(), size)?;
        let numbering = chunk.descriptor.numbering();
        if chunk.descriptor.is_columns() {
            let (raw, gap) = unpack::cut(packed);
            return Ok(CutChunk { raw, numbering, gap: gap.map(|gap| gap.damage) });
        }
        let mut raw = Vec::new();
        if let Ok(decoder) = zstd::stream::read::Decoder::with_buffer(&packed[..]) {
            let mut decoder = std::io::Read::take(decoder, chunk.descriptor.raw_size);
            // It is known to end early.
            let _ = std::io::Read::read_to_end(&mut decoder, &mut raw);
        }
        Ok(CutChunk { raw, numbering, gap: None })
    }

    /// Compares the entry of chunk `index` in the index with the descriptor before the chunk.
    ///
    /// # Errors
    /// [`TraceError::Io`]; [`TraceError::Chunk`] if the two differ.
    pub fn check_entry(&self, index: usize) -> Result<(), TraceError> {
        let Some(chunk) = self.chunks.get(index) else { return Ok(()) };
        let mut frame = Vec::new();
        storage::load(&*self.storage, &mut frame, chunk.offset, u64::from(chunk.head_size))?;
        match Chunk::decode(chunk.offset, &frame) {
            Ok(found) if found == *chunk => Ok(()),
            _ => Err(in_chunk(chunk, Damage::Descriptor("index"))),
        }
    }

    /// The keyframe of chunk `index`; `None` if it has none.
    ///
    /// # Errors
    /// [`TraceError::Io`]; [`TraceError::Chunk`] if it is damaged.
    pub fn keyframe(&self, index: usize) -> Result<Option<Keyframe>, TraceError> {
        let Some(chunk) = self.chunks.get(index) else { return Ok(None) };
        if chunk.descriptor.keyframe().is_none() {
            return Ok(None);
        }
        let mut extra = Vec::new();
        storage::load(&*self.storage, &mut extra, chunk.extra(), chunk.descriptor.extra_size)?;
        let mut rest = &extra[..];
        while !rest.is_empty() {
            let (frame, behind) = split_frame(rest).map_err(|damage| in_chunk(chunk, damage))?;
            if matches!(Frame::of(frame), Frame::Section { kind: SectionKind::Keyframe, .. }) {
                let decoded = keyframe::decode(frame);
                let checked = decoded
                    .and_then(|found| keyframe::check(found.as_ref(), &chunk.descriptor).map(|()| found));
                return checked.map_err(|damage| in_chunk(chunk, damage));
            }
            rest = behind;
        }
        Err(in_chunk(chunk, Damage::Short("chunk's other sections")))
    }

    /// The steps from an empty state to the state before chunk `index`, for a state engine of version `engine`. `None` if keyframes
    /// are missing, lost, of another version or not to be used, or if there would be more than 4,096 steps; then the section has
    /// to be replayed from its start.
    pub fn path(&self, index: usize, engine: u32) -> Option<Vec<StateStep>> {
        let mut steps = Vec::new();
        let mut at = index;
        while !self.chunks.get(at)?.descriptor.is_head() {
            if steps.len() >= MAX_STEPS {
                return None;
            }
            let descriptor = &self.chunks.get(at)?.descriptor;
            let before = self.before(at);
            let is_first = before.and_then(|before| self.chunks.get(before)).is_some_and(Chunk::is_head);
            let is_used = descriptor.engine == engine && !self.is_distrusted;
            match descriptor.keyframe().filter(|_| is_used) {
                Some(KeyframeKind::Snapshot) => {
                    steps.push(StateStep::Snapshot(at));
                    steps.reverse();
                    return Some(steps);
                }
                Some(KeyframeKind::Delta) => steps.push(StateStep::Delta(at)),
                None if is_first => {}
                None => return None,
            }
            at = before?;
        }
        if at != index {
            steps.push(StateStep::Head(at));
        }
        let section = self.chunks.get(at)?.descriptor.section;
        while let Some(before) = self.before(at)
            && self
                .chunks
                .get(before)
                .is_some_and(|chunk| chunk.is_head() && chunk.descriptor.section == section)
        {
            steps.push(StateStep::Head(before));
            at = before;
        }
        if self.before(at).is_none() && self.chunks.get(at)?.descriptor.sequence != 0 {
            return None;
        }
        steps.reverse();
        Some(steps)
    }

    /// The chunk before chunk `index`, unless something is lost between the two.
    fn before(&self, index: usize) -> Option<usize> {
        let before = index.checked_sub(1)?;
        let sequence = |index: usize| self.chunks.get(index).map(|chunk| chunk.descriptor.sequence);
        (sequence(before)?.checked_add(1) == sequence(index)).then_some(before)
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Trace")
            .field("length", &self.length)
            .field("chunks", &self.chunks.len())
            .finish_non_exhaustive()
    }
}

/// A damaged part of a chunk.
pub(super) fn in_chunk(chunk: &Chunk, damage: Damage) -> TraceError {
    TraceError::Chunk { sequence: chunk.descriptor.sequence, offset: chunk.offset, damage }
}

/// The frame at the start of `bytes`, and what follows it.
pub(super) fn split_frame(bytes: &[u8]) -> Result<(&[u8], &[u8]), Damage> {
    let length = match Frame::of(bytes) {
        Frame::Section { length, .. } | Frame::Skippable { length } => length,
        Frame::Data | Frame::Unknown => return Err(Damage::Unknown),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.split_at_checked(length).ok_or(Damage::Short("chunk's other sections"))
}

/// Bytes of the file.
fn length(storage: &dyn Storage) -> Result<u64, TraceError> {
    storage.length().map_err(|source| TraceError::Io { offset: 0, source })
}
