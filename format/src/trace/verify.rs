//! Verification of a trace: a file enters, the first error in its chain of digests or its structure leaves (design D9). Everything is
//! read and decompressed; the index is compared before it is used.

use super::blocks::Blocks;
use super::contents::differs;
use super::descriptor::{Chunk, Digest, link};
use super::error::{Damage, TraceError};
use super::index;
use super::keyframe;
use super::reader::{Trace, split_frame};
use super::section::{Frame, SectionKind};
use super::storage::{self, Storage};
use super::unpack::Unpacker;
use super::walk::{Walk, walk};

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Intact chunks.
    pub chunks: u64,
    /// Events in them.
    pub events: u64,
    /// Bytes outside of chunks that no digest covers: sections of an unknown kind.
    pub unknown: u64,
    /// Digest of the whole trace. A rewritten trace can have correct digests; a copy that is kept elsewhere shows the change.
    pub seal: Option<Digest>,
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

/// Verifies a whole trace. `progress` gets the offset of each chunk before it is read.
///
/// # Errors
/// As for [`Trace::open`].
pub fn verify(storage: impl Storage + 'static, mut progress: impl FnMut(u64)) -> Result<Verdict, TraceError> {
    let trace = Trace::open(storage)?;
    let length = trace.length();
    let storage = trace.storage();
    let walk = walk(storage, length)?;
    let mut verdict = Verdict { chunks: 0, events: 0, unknown: walk.unknown, seal: None, first_break: None };
    let mut checker = Checker::new(walk.start);
    for chunk in &walk.chunks {
        if walk.losses.first().is_some_and(|loss| loss.from < chunk.offset) {
            break;
        }
        progress(chunk.offset);
        if let Err(damage) = checker.chunk(&trace, chunk)? {
            let sequence = Some(chunk.descriptor.sequence);
            verdict.first_break = Some(Break { offset: chunk.offset, chunk: sequence, damage });
            return Ok(verdict);
        }
        verdict.chunks += 1;
        verdict.events += chunk.descriptor.events;
    }
    if let Some(loss) = walk.losses.first() {
        verdict.first_break = Some(Break { offset: loss.from, chunk: None, damage: loss.damage.clone() });
        return Ok(verdict);
    }
    match end(storage, &walk, &checker.digest, length)? {
        Ok(seal) => verdict.seal = Some(seal),
        Err((offset, damage)) => verdict.first_break = Some(Break { offset, chunk: None, damage }),
    }
    Ok(verdict)
}

/// Follows the chain of chunks.
struct Checker {
    digest: Digest,
    due: u64,
    events: u64,
    numbering: crate::Numbering,
    unpacker: Unpacker,
}

impl Checker {
    fn new(digest: Digest) -> Checker {
        Checker {
            digest,
            due: 0,
            events: 0,
            numbering: crate::Numbering::default(),
            unpacker: Unpacker::new(),
        }
    }

    /// Checks one chunk; the inner error says what is wrong with it.
    fn chunk(&mut self, trace: &Trace, chunk: &Chunk) -> Result<Result<(), Damage>, TraceError> {
        let found = chunk.descriptor.sequence;
        if found != self.due {
            return Ok(Err(Damage::Order { expected: self.due, found }));
        }
        let mut bytes = Vec::new();
        storage::load(trace.storage(), &mut bytes, chunk.offset, chunk.size())?;
        let (frame, rest) = bytes.split_at(bytes.len().min(chunk.head_size as usize));
        let digest = link(&self.digest, frame, &[rest]);
        if digest != chunk.digest {
            return Ok(Err(Damage::Digest("chunk")));
        }
        let extra = rest.get(..chunk.descriptor.extra_size as usize).unwrap_or_default();
        let result = check_extra(extra, chunk);
        match self.unpacker.bytes(trace, chunk) {
            Err(TraceError::Chunk { damage, .. }) => return Ok(result.and(Err(damage))),
            Err(error) => return Err(error),
            Ok(bytes) => {
                let result = result.and_then(|()| check_blocks(bytes, chunk, self.numbering));
                if let Ok(numbering) = &result {
                    self.numbering = *numbering;
                }
                if let Err(damage) = result {
                    return Ok(Err(damage));
                }
            }
        }
        if chunk.descriptor.events_before != self.events {
            let (claimed, found) = (chunk.descriptor.events_before, self.events);
            return Ok(Err(Damage::Differs { what: "events before the chunk", claimed, found }));
        }
        self.digest = digest;
        self.due += 1;
        self.events += chunk.descriptor.events;
        Ok(Ok(()))
    }
}

/// Checks the sections between descriptor and data.
fn check_extra(mut extra: &[u8], chunk: &Chunk) -> Result<(), Damage> {
    let mut found = None;
    while !extra.is_empty() {
        let (frame, rest) = split_frame(extra)?;
        if matches!(Frame::of(frame), Frame::Section { kind: SectionKind::Keyframe, .. }) {
            found = keyframe::decode(frame)?;
        }
        extra = rest;
    }
    let size = |bytes: Option<usize>| bytes.unwrap_or(0) as u64;
    let claimed = chunk.descriptor.keyframe_raw;
    let raw = size(found.as_ref().map(|keyframe| keyframe.state.len()));
    if raw != claimed || found.map(|keyframe| keyframe.kind) != chunk.descriptor.keyframe() {
        return Err(Damage::Differs { what: "bytes of the keyframe", claimed, found: raw });
    }
    Ok(())
}

/// Checks that the blocks of a chunk are what its descriptor says, and returns how events are numbered after it.
fn check_blocks(bytes: &[u8], chunk: &Chunk, before: crate::Numbering) -> Result<crate::Numbering, Damage> {
    let descriptor = &chunk.descriptor;
    let numbering = descriptor.numbering();
    differs("sections before the chunk", numbering.sections, before.sections)?;
    differs("number before the chunk", numbering.counted, before.counted)?;
    differs("initial events before the chunk", of(numbering.initial), of(before.initial))?;
    let mut blocks = Blocks::new(bytes, numbering);
    while blocks.next()?.is_some() {}
    if let (Some(incident), _) = (blocks.incidents().0.first(), ()) {
        return Err(Damage::Block { offset: incident.offset, fault: incident.fault.clone() });
    }
    blocks.compare(descriptor)?;
    Ok(blocks.numbering())
}

/// No initial events and none yet are different things.
fn of(initial: Option<u64>) -> u64 {
    initial.map_or(0, |count| count.saturating_add(1))
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
