//! Verification of a trace: a file enters, the first error in its chain of digests, its structure or its contents leaves (design D9). The
//! file is walked over, whatever its index says; the index is compared with what was found. What a state is, is not known here: an
//! [`Inspector`] is shown the keyframes and the blocks.

use super::blocks::Blocks;
use super::contents::differs;
use super::descriptor::{Chunk, Digest, link};
use super::error::{Damage, TraceError};
use super::header::Header;
use super::index;
use super::keyframe::{self, Keyframe};
use super::reader::{Trace, split_frame};
use super::section::{Frame, SectionKind};
use super::signature::{self, Covered, Signature};
use super::storage::{self, Storage};
use super::unpack::Unpacker;
use super::walk::{Walk, walk};
use crate::record::Block;

/// How much of a trace is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Digests, the order of the chunks, index and trailer. Nothing is decompressed.
    Digests,
    /// Also what is in the chunks: blocks, counts, numbers, lost events, keyframes.
    Contents,
}

/// Is shown what is verified, chunk by chunk.
pub trait Inspector {
    /// A chunk follows, `before` is the one before it, and `keyframe` is its keyframe.
    ///
    /// # Errors
    /// The keyframe is wrong.
    fn chunk(
        &mut self,
        chunk: &Chunk,
        before: Option<&Chunk>,
        keyframe: Option<&Keyframe>,
    ) -> Result<(), Damage>;

    /// A block of the chunk.
    fn block(&mut self, block: &Block<'_>);
}

/// Looks at nothing.
struct Unseen;

impl Inspector for Unseen {
    fn chunk(&mut self, _: &Chunk, _: Option<&Chunk>, _: Option<&Keyframe>) -> Result<(), Damage> {
        Ok(())
    }

    fn block(&mut self, _: &Block<'_>) {}
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Intact chunks.
    pub chunks: u64,
    /// Events in them.
    pub events: u64,
    /// Bytes outside of chunks that no digest covers: sections of an unknown kind.
    pub unknown: u64,
    /// Digest of the whole trace. A rewritten trace can have correct digests; a copy that is kept elsewhere shows the change.
    pub seal: Option<Digest>,
    /// Signatures of what was found to be intact, in their order. Whether they are right is not known here.
    pub signatures: Vec<Signature>,
    /// The first error.
    pub first_break: Option<Break>,
}

/// An error in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Where the wrong part starts in the file.
    pub offset: u64,
    /// Sequence number of the chunk, if it is one.
    pub chunk: Option<u64>,
    /// What is wrong.
    pub damage: Damage,
}

impl std::fmt::Display for Break {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.chunk {
            Some(chunk) => write!(formatter, "chunk {chunk} at offset {}: {}", self.offset, self.damage),
            None => write!(formatter, "offset {}: {}", self.offset, self.damage),
        }
    }
}

/// Verifies a whole trace, except for the states in its keyframes. `progress` gets the offset of each chunk before it is read.
///
/// # Errors
/// As for [`Trace::open`].
pub fn verify(storage: impl Storage + 'static, mut progress: impl FnMut(u64)) -> Result<Verdict, TraceError> {
    Trace::open(storage)?.verify(Depth::Contents, &mut Unseen, &mut progress)
}

impl Trace {
    /// Verifies the whole trace. `progress` gets the offset of each chunk before it is read.
    ///
    /// # Errors
    /// [`TraceError::Io`]; [`TraceError::Joined`] if several traces are in the file. Damage is part of the verdict.
    pub fn verify(
        &self,
        depth: Depth,
        inspector: &mut dyn Inspector,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Verdict, TraceError> {
        let (storage, length) = (self.storage(), self.length());
        let walk = walk(storage, length)?;
        let mut verdict = Verdict { unknown: walk.unknown, ..Verdict::default() };
        let mut checker = Checker::new(storage, depth, walk.start);
        let mut before = None;
        for chunk in &walk.chunks {
            if walk.losses.first().is_some_and(|loss| loss.from < chunk.offset) {
                break;
            }
            progress(chunk.offset);
            if let Err(damage) = checker.chunk(chunk, before, inspector)? {
                let sequence = Some(chunk.descriptor.sequence);
                verdict.first_break = Some(Break { offset: chunk.offset, chunk: sequence, damage });
                return verdict.signed(storage, &walk);
            }
            verdict.chunks += 1;
            verdict.events += chunk.descriptor.events;
            before = Some(chunk);
        }
        if let Some(loss) = walk.losses.first() {
            verdict.first_break = Some(Break { offset: loss.from, chunk: None, damage: loss.damage.clone() });
            return verdict.signed(storage, &walk);
        }
        let ended = match end(storage, &walk, &checker.digest, length)? {
            Ok(seal) => checker.lost(self.header()).map(|()| seal).map_err(|damage| (length, damage)),
            Err(place) => Err(place),
        };
        match ended {
            Ok(seal) => verdict.seal = Some(seal),
            Err((offset, damage)) => verdict.first_break = Some(Break { offset, chunk: None, damage }),
        }
        verdict.signed(storage, &walk)
    }

    /// Why the index and the trailer do not match the chunks that a walk over the file finds; `None` if they do.
    pub(super) fn compare_end(
        storage: &dyn Storage,
        walk: &Walk,
        length: u64,
    ) -> Result<Option<Damage>, TraceError> {
        let last = walk.chunks.last().map_or(walk.start, |chunk| chunk.digest);
        Ok(end(storage, walk, &last, length)?.err().map(|(_, damage)| damage))
    }
}

impl Verdict {
    /// Adds the signatures of what is intact: of the chunks, and of the whole trace if it is.
    fn signed(mut self, storage: &dyn Storage, walk: &Walk) -> Result<Verdict, TraceError> {
        let mut frame = Vec::new();
        for (offset, size, before) in walk.signatures.iter().copied() {
            let chunks = before as u64;
            if chunks > self.chunks {
                break;
            }
            storage::load(storage, &mut frame, offset, size)?;
            let (covered, bytes) = match signature::decode(&frame) {
                Ok(found) => found,
                Err(damage) => {
                    self.first_break.get_or_insert(Break { offset, chunk: None, damage });
                    continue;
                }
            };
            let last = before.checked_sub(1).and_then(|last| walk.chunks.get(last));
            let digest = match covered {
                Covered::Chunks => Some(last.map_or(walk.start, |chunk| chunk.digest)),
                Covered::Whole => self.seal,
            };
            if let Some(digest) = digest {
                let statement = signature::statement(covered, chunks, &digest);
                self.signatures.push(Signature { offset, covered, chunks, statement, bytes: bytes.to_vec() });
            }
        }
        Ok(self)
    }
}

/// Follows the chain of chunks.
struct Checker<'t> {
    storage: &'t dyn Storage,
    depth: Depth,
    digest: Digest,
    due: u64,
    events: u64,
    numbering: crate::Numbering,
    /// Lost events: according to the descriptors, and to the drop events.
    lost: (u64, u64),
    unpacker: Unpacker,
}

impl<'t> Checker<'t> {
    fn new(storage: &'t dyn Storage, depth: Depth, start: Digest) -> Checker<'t> {
        Checker {
            storage,
            depth,
            digest: start,
            due: 0,
            events: 0,
            numbering: crate::Numbering::default(),
            lost: (0, 0),
            unpacker: Unpacker::new(),
        }
    }

    /// Checks one chunk; the inner error says what is wrong with it.
    fn chunk(
        &mut self,
        chunk: &Chunk,
        before: Option<&Chunk>,
        inspector: &mut dyn Inspector,
    ) -> Result<Result<(), Damage>, TraceError> {
        let descriptor = &chunk.descriptor;
        let found = descriptor.sequence;
        if found != self.due {
            return Ok(Err(Damage::Order { expected: self.due, found }));
        }
        let mut bytes = Vec::new();
        storage::load(self.storage, &mut bytes, chunk.offset, chunk.size())?;
        let (frame, rest) = bytes.split_at(bytes.len().min(chunk.head_size as usize));
        let digest = link(&self.digest, frame, &[rest]);
        if digest != chunk.digest {
            return Ok(Err(Damage::Digest("chunk")));
        }
        let counted = differs("events before the chunk", descriptor.events_before, self.events);
        let form = counted.and_then(|()| descriptor.check_form());
        if let Err(damage) = form {
            return Ok(Err(damage));
        }
        if self.depth == Depth::Contents {
            let extra = rest.get(..descriptor.extra_size as usize).unwrap_or_default();
            if let Err(damage) = self.contents(chunk, before, extra, inspector)? {
                return Ok(Err(damage));
            }
        }
        self.digest = digest;
        self.due += 1;
        self.events = self.events.saturating_add(descriptor.events);
        Ok(Ok(()))
    }

    /// Checks what is in a chunk.
    fn contents(
        &mut self,
        chunk: &Chunk,
        before: Option<&Chunk>,
        extra: &[u8],
        inspector: &mut dyn Inspector,
    ) -> Result<Result<(), Damage>, TraceError> {
        let descriptor = &chunk.descriptor;
        let checked = check_extra(extra, chunk)
            .and_then(|keyframe| inspector.chunk(chunk, before, keyframe.as_ref()))
            .and_then(|()| descriptor.starts_at(self.numbering));
        if let Err(damage) = checked {
            return Ok(Err(damage));
        }
        let bytes = match self.unpacker.bytes_of(self.storage, chunk) {
            Ok(bytes) => bytes,
            Err(TraceError::Chunk { damage, .. }) => return Ok(Err(damage)),
            Err(error) => return Err(error),
        };
        let mut blocks = Blocks::new(bytes, descriptor.numbering());
        let section = before.map_or(0, |before| before.descriptor.section);
        let checked = pass(&mut blocks, inspector).and_then(|()| blocks.compare(descriptor, Some(section)));
        self.numbering = blocks.numbering();
        self.lost.0 = self.lost.0.saturating_add(descriptor.dropped);
        self.lost.1 = self.lost.1.saturating_add(blocks.dropped());
        Ok(checked)
    }

    /// Compares the lost events that the descriptors count with those that the drop events of a recording report. A rewritten
    /// trace also counts events that were lost to damage, and drop events of other recorders say something else.
    fn lost(&self, header: &Header) -> Result<(), Damage> {
        if header.is_recording() { differs("lost events", self.lost.0, self.lost.1) } else { Ok(()) }
    }
}

/// Shows all blocks of a chunk to the inspector.
fn pass(blocks: &mut Blocks<'_>, inspector: &mut dyn Inspector) -> Result<(), Damage> {
    while let Some(block) = blocks.next()? {
        inspector.block(&block);
    }
    match blocks.incidents().0.first() {
        Some(incident) => Err(Damage::Block { offset: incident.offset, fault: incident.fault.clone() }),
        None => Ok(()),
    }
}

/// Checks the sections between descriptor and data, and returns the keyframe.
fn check_extra(mut extra: &[u8], chunk: &Chunk) -> Result<Option<Keyframe>, Damage> {
    let mut found = None;
    while !extra.is_empty() {
        let (frame, rest) = split_frame(extra)?;
        if matches!(Frame::of(frame), Frame::Section { kind: SectionKind::Keyframe, .. }) {
            if found.is_some() {
                return Err(Damage::Descriptor("number of keyframes"));
            }
            found = keyframe::decode(frame)?;
        }
        extra = rest;
    }
    keyframe::check(found.as_ref(), &chunk.descriptor)?;
    Ok(found)
}

/// Checks index and trailer. Returns the seal of the trace, or the place of the error.
type End = Result<Digest, (u64, Damage)>;

fn end(storage: &dyn Storage, walk: &Walk, last: &Digest, length: u64) -> Result<End, TraceError> {
    let (Some((place, size)), Some((start, trailer))) = (walk.index, walk.trailer) else {
        return Ok(Err((length, Damage::Open)));
    };
    let mut frame = Vec::new();
    storage::load(storage, &mut frame, place, size)?;
    let chunks = match index::decode(&frame, place) {
        Ok(chunks) => chunks,
        Err(damage) => return Ok(Err((place, damage))),
    };
    if chunks != walk.chunks {
        let wrong = chunks.iter().zip(&walk.chunks).position(|(told, found)| told != found);
        let number = wrong.unwrap_or(chunks.len().min(walk.chunks.len())) as u64;
        return Ok(Err((place, Damage::Entry(number))));
    }
    let seal = index::seal(last, &frame);
    if seal != trailer.seal {
        return Ok(Err((start, Damage::Digest("trace"))));
    }
    let checks = differs("length of the file", trailer.length, length)
        .and_then(|()| differs("place of the index", trailer.distance, start.saturating_sub(place)))
        .and_then(|()| differs("end of the trailer", start + index::TRAILER as u64, length));
    Ok(match checks {
        Ok(()) => Ok(seal),
        Err(damage) => Err((start, damage)),
    })
}
