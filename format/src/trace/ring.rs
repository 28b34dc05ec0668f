//! The newest part of a trace, kept in memory: chunks enter as they are written and leave when a limit is reached, the oldest
//! first; at any time the present chunks can be copied as a complete trace. Compressed bytes are copied, never decompressed.
//!
//! A trace can begin only where the complete state is known: with the start of a section, or at a snapshot. The chunks
//! between two of these places form a group, which is kept or removed as a whole.
//!
//! A [`RingReader`] takes the groups one after the other, from an old one on and into the future. Groups that have to leave the ring
//! before a reader has come to them wait for it, up to as many bytes as the ring may have; beyond that the reader loses them, which
//! it says. So memory is at most twice that of the ring, however many readers there are and however slow they are.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::append::{Appender, Output};
use super::descriptor::Chunk;
use super::error::Damage;
use super::header::{self, Header};
use super::keyframe::KeyframeKind;
use super::pack::Packed;
use super::section::{Frame, HEAD, SectionKind};

/// The limits of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingLimits {
    /// Bytes of compressed chunks.
    pub bytes: u64,
    /// Nanoseconds from the oldest event that is kept to the newest.
    pub time: u64,
}

/// The content of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RingUsage {
    /// Bytes of compressed chunks.
    pub bytes: u64,
    /// Bytes of scap in them.
    pub raw_bytes: u64,
    /// Events, including removed ones.
    pub events: u64,
    /// Removed events.
    pub forgotten: u64,
    /// Time of the first event that is kept and of the last one, in nanoseconds since the epoch; 0 while there is none.
    pub span: (u64, u64),
}

/// The newest chunks of a trace. Clones share the same ring.
#[derive(Debug, Clone)]
pub struct Ring {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: RingLimits,
    kept: Mutex<Kept>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    header: Header,
    version: u16,
    /// Removed groups that a reader still needs, before those of the ring.
    retired: VecDeque<Group>,
    groups: VecDeque<Group>,
    /// Number of the next group.
    made: u64,
    /// The next group of each reader.
    readers: Vec<(u64, u64)>,
    /// Number of the next reader.
    opened: u64,
    usage: RingUsage,
    /// Whether the chunk before was the start of a section.
    in_head: bool,
}

/// Chunks of which the first can begin a trace.
#[derive(Debug, Default)]
struct Group {
    /// Number of the group, from 0.
    number: u64,
    /// Events of the trace before it.
    events_before: u64,
    chunks: Vec<Arc<KeptChunk>>,
    bytes: u64,
    raw_bytes: u64,
    events: u64,
    /// Earliest and latest time of its events.
    span: Option<(u64, u64)>,
}

/// A chunk as in a file.
#[derive(Debug)]
struct KeptChunk {
    chunk: Chunk,
    bytes: Box<[u8]>,
}

impl Ring {
    /// An empty ring.
    pub fn new(limits: RingLimits) -> Ring {
        Ring { shared: Arc::new(Shared { limits, kept: Mutex::default(), grown: Condvar::new() }) }
    }

    /// Where a [`TraceWriter`](super::TraceWriter) writes to, so that the ring keeps the newest of its chunks.
    pub fn output(&self) -> RingOutput {
        RingOutput { shared: Arc::clone(&self.shared) }
    }

    /// The present content.
    pub fn usage(&self) -> RingUsage {
        self.shared.kept().usage()
    }

    /// Bytes of removed groups that readers still need.
    #[cfg(test)]
    pub(super) fn retained(&self) -> u64 {
        self.shared.kept().retired.iter().map(|group| group.bytes).sum()
    }

    /// Waits until `events` events have arrived since the start; `false` if they do not arrive within `patience`.
    pub fn wait(&self, events: u64, patience: Duration) -> bool {
        let kept = self.shared.kept();
        let waited = self.shared.grown.wait_timeout_while(kept, patience, |kept| kept.usage.events < events);
        let (kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        kept.usage.events >= events
    }

    /// A whole trace of all that is there; `None` if there is no event. Its first chunk has a snapshot, if it is not the start
    /// of a section.
    ///
    /// # Errors
    /// Only those of encoding.
    pub fn trace(&self) -> io::Result<Option<Vec<u8>>> {
        let (header, version, chunks) = self.shared.kept().chunks();
        if chunks.iter().all(|kept| kept.chunk.descriptor.events == 0) {
            return Ok(None);
        }
        trace(&header, version, &chunks).map(Some)
    }

    /// Reads from the group on that contains the time `from`, in nanoseconds since the epoch, or from the oldest one.
    pub fn reader(&self, from: u64) -> RingReader {
        let (id, next, events) = self.shared.kept().open(from);
        RingReader { shared: Arc::clone(&self.shared), id, next, events }
    }
}

/// Reads the groups of a ring one after the other.
#[derive(Debug)]
pub struct RingReader {
    shared: Arc<Shared>,
    id: u64,
    /// Number of the next group.
    next: u64,
    /// Events before it, as far as this reader has come.
    events: u64,
}

/// What a [`RingReader`] finds.
#[derive(Debug)]
pub enum RingPart {
    /// The next group.
    Group {
        /// It, as a whole trace.
        trace: Vec<u8>,
        /// Events before it that were removed before this reader came to them.
        lost: u64,
    },
    /// The next group is not complete yet.
    Pending,
    /// There is nothing more before the given end.
    End,
}

impl RingReader {
    /// The next group that is complete: because another one follows, or because it contains the last of the first `end` events of
    /// the ring. Waits at most `patience` for it.
    ///
    /// # Errors
    /// Only those of encoding.
    pub fn next(&mut self, end: u64, patience: Duration) -> io::Result<RingPart> {
        let is_pending = |kept: &mut Kept| !kept.is_ready(self.next, end);
        let waited = self.shared.grown.wait_timeout_while(self.shared.kept(), patience, is_pending);
        let (mut kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !kept.is_ready(self.next, end) {
            return Ok(RingPart::Pending);
        }
        let Some(group) = kept.from(self.next).filter(|group| group.events_before < end) else {
            return Ok(RingPart::End);
        };
        let lost = group.events_before.saturating_sub(self.events);
        (self.next, self.events) = (group.number + 1, group.events_before + group.events);
        let (header, version, chunks) = (kept.header.clone(), kept.version, group.chunks.clone());
        kept.advance(self.id, self.next);
        // Chunks are put together while the ring goes on.
        drop(kept);
        Ok(RingPart::Group { trace: trace(&header, version, &chunks)?, lost })
    }
}

impl Drop for RingReader {
    fn drop(&mut self) {
        let mut kept = self.shared.kept();
        kept.readers.retain(|(id, _)| *id != self.id);
        kept.release();
    }
}

/// A whole trace of some chunks.
fn trace(header: &Header, version: u16, chunks: &[Arc<KeptChunk>]) -> io::Result<Vec<u8>> {
    let room = chunks.iter().map(|kept| kept.bytes.len()).sum();
    let mut appender = Appender::new(Vec::with_capacity(room), header, version, false)?;
    let mut events = 0;
    for (sequence, kept) in (0..).zip(chunks) {
        let mut descriptor = kept.chunk.descriptor.clone();
        descriptor.sequence = sequence;
        descriptor.events_before = events;
        events += descriptor.events;
        let (extra, data) = kept.parts();
        let packed = Packed { descriptor, extra: extra.to_vec(), data: data.to_vec(), raw: Vec::new() };
        appender.append(&packed)?;
    }
    appender.finish().map(|(bytes, _)| bytes)
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, chunk: KeptChunk, limits: &RingLimits) {
        let descriptor = &chunk.chunk.descriptor;
        let is_head = descriptor.is_head();
        let is_start = if is_head { !self.in_head } else { has_snapshot(descriptor) };
        self.in_head = is_head;
        self.usage.events += descriptor.events;
        if is_start {
            let events_before = self.usage.events - descriptor.events;
            self.groups.push_back(Group { number: self.made, events_before, ..Group::default() });
            self.made += 1;
        }
        match self.groups.back_mut() {
            Some(group) => group.push(chunk),
            // The state that it counts from is removed.
            None => self.usage.forgotten += descriptor.events,
        }
        while self.is_over(limits)
            && let Some(group) = self.groups.pop_front()
        {
            self.usage.forgotten += group.events;
            self.retired.push_back(group);
        }
        self.release();
        while self.retired.iter().map(|group| group.bytes).sum::<u64>() > limits.bytes {
            self.retired.pop_front();
        }
    }

    /// Forgets removed groups that no reader needs.
    fn release(&mut self) {
        let needed = self.readers.iter().map(|(_, next)| *next).min().unwrap_or(u64::MAX);
        while self.retired.front().is_some_and(|group| group.number < needed) {
            self.retired.pop_front();
        }
    }

    /// A new reader: its number, the number of its first group, and the events before that.
    fn open(&mut self, from: u64) -> (u64, u64, u64) {
        let is_later = |group: &&Group| group.span.is_some_and(|(first, _)| first > from);
        let later = self.groups.iter().find(is_later).map_or(self.made, |group| group.number);
        let oldest = self.groups.front().map_or(self.made, |group| group.number);
        let next = later.saturating_sub(1).max(oldest);
        let events = self.from(next).map_or(self.usage.events, |group| group.events_before);
        let id = self.opened;
        self.opened += 1;
        self.readers.push((id, next));
        (id, next, events)
    }

    /// A reader has come to group `next`.
    fn advance(&mut self, reader: u64, next: u64) {
        self.readers.iter_mut().filter(|(id, _)| *id == reader).for_each(|(_, at)| *at = next);
        self.release();
    }

    /// The group of this number, or the next one that is there.
    fn from(&self, number: u64) -> Option<&Group> {
        self.retired.iter().chain(&self.groups).find(|group| group.number >= number)
    }

    /// Whether a reader at group `next` gets an answer, if it ends after `end` events.
    fn is_ready(&self, next: u64, end: u64) -> bool {
        match self.from(next) {
            Some(group) if group.number + 1 < self.made => true,
            Some(group) => self.usage.events >= end && group.events_before + group.events >= end,
            None => self.usage.events >= end,
        }
    }

    /// Whether the oldest group has to be removed.
    fn is_over(&self, limits: &RingLimits) -> bool {
        if self.groups.iter().map(|group| group.bytes).sum::<u64>() > limits.bytes {
            return true;
        }
        let newest = self.groups.back().and_then(|group| group.span);
        let second = self.groups.get(1).and_then(|group| group.span);
        let (Some((_, newest)), Some((second, _))) = (newest, second) else { return false };
        newest.saturating_sub(second) >= limits.time
    }

    fn usage(&self) -> RingUsage {
        let spans = || self.groups.iter().filter_map(|group| group.span);
        let span =
            (spans().next().map_or(0, |(first, _)| first), spans().next_back().map_or(0, |(_, last)| last));
        RingUsage {
            bytes: self.groups.iter().map(|group| group.bytes).sum(),
            raw_bytes: self.groups.iter().map(|group| group.raw_bytes).sum(),
            span,
            ..self.usage
        }
    }

    /// The header, the version of the trace, and all chunks.
    fn chunks(&self) -> (Header, u16, Vec<Arc<KeptChunk>>) {
        let chunks = self.groups.iter().flat_map(|group| &group.chunks).cloned().collect();
        (self.header.clone(), self.version, chunks)
    }
}

fn has_snapshot(descriptor: &super::Descriptor) -> bool {
    descriptor.keyframe() == Some(KeyframeKind::Snapshot)
}

impl Group {
    fn push(&mut self, kept: KeptChunk) {
        let descriptor = &kept.chunk.descriptor;
        self.bytes += kept.bytes.len() as u64;
        self.raw_bytes += descriptor.raw_size;
        self.events += descriptor.events;
        if descriptor.events > 0 {
            let (first, last) = self.span.unwrap_or((u64::MAX, 0));
            self.span = Some((first.min(descriptor.min_ts), last.max(descriptor.max_ts)));
        }
        self.chunks.push(Arc::new(kept));
    }
}

impl KeptChunk {
    /// A chunk from its bytes: descriptor, other sections and data.
    fn decode(bytes: &[u8], head_size: u64) -> Result<KeptChunk, Damage> {
        let short = || Damage::Short(SectionKind::Chunk.name());
        let head = usize::try_from(head_size).ok().and_then(|size| bytes.get(..size)).ok_or_else(short)?;
        let chunk = Chunk::decode(0, head)?;
        if chunk.size() != bytes.len() as u64 {
            return Err(short());
        }
        Ok(KeptChunk { chunk, bytes: bytes.into() })
    }

    /// The other sections, and the data.
    fn parts(&self) -> (&[u8], &[u8]) {
        let behind = self.bytes.get(self.chunk.head_size as usize..).unwrap_or_default();
        behind.split_at_checked(self.chunk.descriptor.extra_size as usize).unwrap_or_default()
    }
}

/// The output that fills a ring. It takes whole chunks, as the writer of traces gives them.
#[derive(Debug)]
pub struct RingOutput {
    shared: Arc<Shared>,
}

impl RingOutput {
    fn take(&self, bytes: &[u8]) -> Result<(), Damage> {
        let head = bytes.get(..HEAD).unwrap_or(bytes);
        match Frame::of(head) {
            Frame::Section { kind: SectionKind::Header, version, .. } => {
                let header = header::decode(bytes, version).ok().and_then(Result::ok);
                let header = header.ok_or(Damage::Short(SectionKind::Header.name()))?;
                let mut kept = self.shared.kept();
                (kept.header, kept.version) = (header, version);
            }
            Frame::Section { kind: SectionKind::Chunk, length, .. } => {
                let chunk = KeptChunk::decode(bytes, length)?;
                self.shared.kept().push(chunk, &self.shared.limits);
                self.shared.grown.notify_all();
            }
            // A ring gets an end only in a copy.
            _ => {}
        }
        Ok(())
    }
}

impl Write for RingOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes).map_err(|damage| io::Error::new(io::ErrorKind::InvalidInput, damage.to_string()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for RingOutput {
    fn is_indexed(&self) -> bool {
        false
    }
}
