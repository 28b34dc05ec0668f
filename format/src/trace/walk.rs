//! The walk over a trace from frame to frame, for files whose index is missing or cannot be used: a file enters, its chunks
//! and the unreadable parts between them leave. Data is skipped, not read.

use super::descriptor::{self, Chunk, Digest};
use super::error::{Damage, Loss, TraceError};
use super::header::{self, Header};
use super::index::{self, TRAILER, Trailer};
use super::section::{self, Frame, HEAD, SectionKind, TAG};
use super::signature;
use super::storage::{self, Storage};

/// How much is read at once, at first and at most, in a search for the next section.
const SEARCH: (u64, u64) = (4 << 10, 1 << 20);

/// How many bytes may be read and hashed in searches per byte of the file: a file that is full of false or misplaced starts of
/// sections must not cost more than that.
const EFFORT: u64 = 64;

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The file header, if it could be read.
    pub header: Option<Header>,
    /// Digest that the first chunk's is chained to: the hash of the file header.
    pub start: Digest,
    /// Complete chunks, ascending in offset and sequence number.
    pub chunks: Vec<Chunk>,
    /// A last chunk of which only the start is there.
    pub cut: Option<Chunk>,
    /// Where index and trailer are: place and size of the index, and the trailer.
    pub index: Option<(u64, u64)>,
    pub trailer: Option<(u64, Trailer)>,
    /// Signatures: their places and sizes, and how many of the chunks are before each.
    pub signatures: Vec<(u64, u64, usize)>,
    /// What cannot be read.
    pub losses: Vec<Loss>,
    /// Bytes of unknown sections and frames.
    pub unknown: u64,
    search: Search,
}

/// The cost of all searches of a walk.
#[derive(Debug)]
struct Search {
    /// Bytes that may still be read and hashed.
    left: u64,
    /// How far the file has been searched.
    reached: u64,
}

impl Default for Search {
    fn default() -> Search {
        Search { left: EFFORT * SEARCH.1, reached: 0 }
    }
}

/// Walks over a file of `length` bytes.
pub(super) fn walk(storage: &dyn Storage, length: u64) -> Result<Walk, TraceError> {
    let mut walk = Walk::default();
    let mut place = 0;
    while place < length {
        let mut head = [0; HEAD];
        let there = storage::fill(storage, &mut head, place)?;
        if there < HEAD {
            let missing = (HEAD - there) as u64;
            walk.lose(place, length, Damage::Cut { what: "frame", missing });
            break;
        }
        let frame = Frame::of(&head);
        let next = match frame {
            Frame::Section { length: size, .. } | Frame::Skippable { length: size } => {
                place.saturating_add(size)
            }
            Frame::Data | Frame::Unknown => place,
        };
        if next > length {
            let what = match frame {
                Frame::Section { kind, .. } => kind.name(),
                _ => "frame",
            };
            walk.lose(place, length, Damage::Cut { what, missing: next - length });
            // The length itself may be damaged, and intact chunks may follow.
            place = walk.search.next(storage, place + 1, length)?;
            walk.found_again(place, length);
            continue;
        }
        let result = match frame {
            Frame::Section { kind, version, .. } => {
                walk.section(storage, kind, version, (place, next), length)?
            }
            Frame::Skippable { length: size } => {
                walk.unknown += size;
                Ok(next)
            }
            Frame::Data | Frame::Unknown => Err(Damage::Unknown),
        };
        place = match result {
            Ok(next) => next,
            Err(damage) => {
                let next = walk.search.next(storage, place + 1, length)?;
                walk.lose(place, next, damage);
                next
            }
        };
    }
    walk.count_lost_events();
    Ok(walk)
}

impl Walk {
    fn lose(&mut self, from: u64, to: u64, damage: Damage) {
        self.losses.push(Loss { from, to, damage, events: None });
    }

    /// The search that followed the last loss ended at `place`.
    fn found_again(&mut self, place: u64, length: u64) {
        if let Some(loss) = self.losses.last_mut()
            && place < length
        {
            loss.to = place;
        }
    }

    /// Takes the section from `from` to `to`, and returns where the next one starts.
    fn section(
        &mut self,
        storage: &dyn Storage,
        kind: SectionKind,
        version: u16,
        (from, to): (u64, u64),
        length: u64,
    ) -> Result<Result<u64, Damage>, TraceError> {
        let limit = match kind {
            SectionKind::Header => header::LIMIT,
            SectionKind::Chunk => descriptor::LIMIT,
            SectionKind::Trailer => TRAILER as u64,
            SectionKind::Signature => signature::LIMIT,
            SectionKind::Index => index::LIMIT,
            SectionKind::Keyframe | SectionKind::Columns => {
                // It belongs to a chunk and is skipped with it.
                self.unknown += to - from;
                return Ok(Ok(to));
            }
        };
        let what = kind.name();
        if to - from > limit {
            return Ok(Err(Damage::TooLarge { what, size: to - from, limit }));
        }
        if kind == SectionKind::Index {
            self.index = Some((from, to - from));
            return Ok(Ok(to));
        }
        if kind == SectionKind::Signature {
            return Ok(self.signature(from, to));
        }
        let mut frame = Vec::new();
        storage::load(storage, &mut frame, from, to - from)?;
        Ok(match kind {
            SectionKind::Header => match header::decode(&frame, version)? {
                Ok(_) if from > 0 => return Err(TraceError::Joined { offset: from }),
                Ok(header) => {
                    self.start = *blake3::hash(&frame).as_bytes();
                    self.header = Some(header);
                    Ok(to)
                }
                Err(damage) => Err(damage),
            },
            SectionKind::Trailer => Trailer::decode(&frame).map(|trailer| {
                self.trailer = Some((from, trailer));
                to
            }),
            SectionKind::Chunk
            | SectionKind::Keyframe
            | SectionKind::Index
            | SectionKind::Signature
            | SectionKind::Columns => Chunk::decode(from, &frame).and_then(|chunk| self.chunk(chunk, length)),
        })
    }

    /// Notes a signature, unless there are too many in a row.
    fn signature(&mut self, from: u64, to: u64) -> Result<u64, Damage> {
        let chunks = self.chunks.len();
        let (size, limit) = (signature::IN_A_ROW + 1, signature::IN_A_ROW as u64);
        let in_a_row = self.signatures.iter().rev().take_while(|(_, _, before)| *before == chunks);
        if in_a_row.take(size).count() == signature::IN_A_ROW {
            return Err(Damage::TooLarge { what: "row of signatures", size: size as u64, limit });
        }
        self.signatures.push((from, to - from, chunks));
        Ok(to)
    }

    /// Takes a chunk, and returns where it ends.
    fn chunk(&mut self, chunk: Chunk, length: u64) -> Result<u64, Damage> {
        let expected = self.chunks.last().map_or(0, |last| last.descriptor.sequence.saturating_add(1));
        let found = chunk.descriptor.sequence;
        if found < expected {
            return Err(Damage::Order { expected, found });
        }
        let end = chunk.end();
        if end > length {
            self.lose(chunk.offset, length, Damage::Cut { what: "chunk", missing: end - length });
            self.cut = Some(chunk);
            return Ok(length);
        }
        self.chunks.push(chunk);
        Ok(end)
    }

    /// Finds from the numbers in a chunk how many events are missing before it.
    fn count_lost_events(&mut self) {
        let mut known = 0u64;
        let mut losses = self.losses.iter_mut().peekable();
        for chunk in &self.chunks {
            let mut lost = chunk.descriptor.events_before.checked_sub(known);
            while let Some(loss) = losses.next_if(|loss| loss.from < chunk.offset) {
                // If there are several losses before a chunk, the first one gets the number.
                loss.events = lost;
                lost = lost.map(|_| 0);
            }
            known = chunk.descriptor.events_before.saturating_add(chunk.descriptor.events);
        }
        if let (Some(cut), Some(loss)) = (&self.cut, losses.next()) {
            let end = cut.descriptor.events_before.saturating_add(cut.descriptor.events);
            loss.events = end.checked_sub(known);
        }
    }
}

impl Search {
    /// The next descriptor or trailer from `from` on, or the end of the file.
    fn next(&mut self, storage: &dyn Storage, from: u64, length: u64) -> Result<u64, TraceError> {
        let mut window = Vec::new();
        let (mut place, mut size) = (from, SEARCH.0);
        while place < length && self.left > 0 {
            storage::load(storage, &mut window, place, size.min(length - place))?;
            if window.len() < HEAD {
                break;
            }
            self.pay(place, window.len() as u64);
            let mut start = 0;
            while let Some(candidate) = candidate(&window, start) {
                let offset = place + candidate as u64;
                if is_section(storage, offset, length, &mut self.left)? {
                    return Ok(offset);
                }
                if self.left == 0 {
                    return Ok(length);
                }
                start = candidate + 1;
            }
            // A head that reaches beyond the window is found in the next one.
            place += (window.len() - HEAD + 1) as u64;
            size = (size * 4).min(SEARCH.1);
        }
        Ok(length)
    }

    /// Counts the reading of `size` bytes at `place`.
    fn pay(&mut self, place: u64, size: u64) {
        let end = place.saturating_add(size);
        let new = end.saturating_sub(place.max(self.reached));
        self.reached = self.reached.max(end);
        self.left = self.left.saturating_add(EFFORT.saturating_mul(new)).saturating_sub(size);
    }
}

/// Where in `window`, at `start` or after, there are bytes that look like the head of a section.
fn candidate(window: &[u8], start: usize) -> Option<usize> {
    let last = window.len().checked_sub(HEAD)?;
    (start..=last).find(|place| window[place + 8] == TAG[0] && window[place + 8..].starts_with(&TAG))
}

/// Whether there is a complete descriptor or trailer at `offset`.
fn is_section(storage: &dyn Storage, offset: u64, length: u64, effort: &mut u64) -> Result<bool, TraceError> {
    let mut head = [0; HEAD];
    let there = storage::fill(storage, &mut head, offset)?;
    let (kind, size) = match Frame::of(&head[..there]) {
        Frame::Section { kind: kind @ SectionKind::Chunk, length, .. } if length <= descriptor::LIMIT => {
            (kind, length)
        }
        Frame::Section { kind: kind @ SectionKind::Trailer, length, .. } if length == TRAILER as u64 => {
            (kind, length)
        }
        _ => return Ok(false),
    };
    if offset.saturating_add(size) > length {
        return Ok(false);
    }
    *effort = effort.saturating_sub(size);
    let mut frame = Vec::new();
    storage::load(storage, &mut frame, offset, size)?;
    Ok(match kind {
        SectionKind::Trailer => section::body(&frame, kind).is_ok(),
        _ => Chunk::decode(offset, &frame).is_ok(),
    })
}
