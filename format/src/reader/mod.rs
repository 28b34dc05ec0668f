//! The reader of captures: bytes enter, blocks with upgraded events leave in the order of the capture. It knows files,
//! compression and blocks; it must not know what the records mean.
//!
//! Damage costs as little as possible. A damaged block whose end is certain (the length after it equals the one before it) is skipped
//! and reported as an [`Incident`]; if the next block cannot be found, or the stream ends early, a [`ReadError`] follows everything
//! that could be read. The reference stops at the first fault of either kind.

mod list;
mod metadata;
mod signature;
#[cfg(test)]
mod tests;

use std::io::Read;

use crate::assembly::{Assembler, Content, EventPlace};
use crate::block::{self, BlockKind, Header, TRAILER, event};
use crate::catalogue::code;
use crate::error::{Fault, Incident, ReadError};
use crate::record::Block;
use crate::source::{Compression, Failure, Source};
use crate::window::Window;
use list::List;
use signature::{SECTION_START, foreign, looks_like};

/// Longest event block that is not marked as large, with its header (reference C8).
const EVENT_LIMIT: u32 = (64 << 10) + block::HEADER as u32;

/// Longest block that is kept in memory as a whole; process and fd lists, which may be longer, are read piece by piece.
const BLOCK_LIMIT: u32 = 64 << 20;

/// What was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes of the decompressed stream.
    pub bytes: u64,
    /// Sections, more than one in concatenated captures.
    pub sections: u64,
    /// Event blocks, delivered or not.
    pub event_blocks: u64,
    /// Events delivered.
    pub events: u64,
    /// Events that the upgrade kept or dropped: enter events of system calls, and obsolete codes.
    pub upgraded_away: u64,
    /// Events of types that are newer than the catalogue, skipped.
    pub unknown_events: u64,
    /// Blocks of types that are newer than this reader, skipped.
    pub unknown_blocks: u64,
    /// Drop events that were delivered.
    pub drops: u64,
    /// Events and other blocks that were skipped or truncated because of damage.
    pub incidents: u64,
    /// Enter events that were dropped before their exit event because there were too many.
    pub forgotten_enters: u64,
    /// Whether bytes after the last gzip member were ignored.
    pub trailing_garbage: bool,
}

/// Reads a capture block by block.
pub struct Reader {
    window: Window,
    compression: Compression,
    assembler: Assembler,
    /// Bytes at the window's start that belong to the block delivered last.
    delivered: usize,
    list: Option<List>,
    /// An error that follows the block delivered last.
    pending: Option<ReadError>,
    ended: bool,
    phase: Phase,
    statistics: Statistics,
    incidents: Vec<Incident>,
}

/// Where in a section the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the first section header.
    Start,
    /// Before the first event of a section.
    Metadata,
    /// Among events.
    Events,
}

/// What one step through the capture found.
enum ReadStep {
    /// Nothing to deliver.
    Next,
    /// A block that owns its records.
    Block(Block<'static>),
    /// An event, which is lent from the window or from the upgrade.
    Event(EventPlace),
    /// The end.
    End,
}

impl Reader {
    /// Opens a capture, compressed or not, and reads its first bytes.
    ///
    /// # Errors
    /// [`ReadError::NotACapture`] if it does not start with a section header; [`ReadError::Io`] and [`ReadError::Compression`]
    /// where its start cannot be read.
    pub fn new(input: impl Read + Send + 'static) -> Result<Reader, ReadError> {
        let (source, compression) = Source::open(Box::new(input)).map_err(|failure| failed(failure, 0))?;
        let mut window = Window::new(source);
        window.fill(block::HEADER);
        if Header::read(window.bytes()).is_none_or(|header| header.code != block::code::SECTION) {
            if let Some(failure) = window.take_failure() {
                return Err(failed(failure, window.bytes().len() as u64));
            }
            return Err(ReadError::NotACapture(looks_like(window.bytes(), compression)));
        }
        window.fill(SECTION_START);
        if let Some(what) = foreign(window.bytes()) {
            return Err(ReadError::NotACapture(what.to_owned()));
        }
        Ok(Reader {
            window,
            compression,
            assembler: Assembler::default(),
            delivered: 0,
            list: None,
            pending: None,
            ended: false,
            phase: Phase::Start,
            statistics: Statistics::default(),
            incidents: Vec::new(),
        })
    }

    /// The next block; `None` at the end. The block is borrowed from the reader's memory.
    ///
    /// # Errors
    /// Each of [`ReadError`] but [`ReadError::NotACapture`]. Everything before the place it names was delivered, and nothing
    /// follows: the next call yields `None`.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it yields")]
    pub fn next(&mut self) -> Result<Option<Block<'_>>, ReadError> {
        let place = loop {
            match self.step() {
                Ok(ReadStep::Next) => {}
                Ok(ReadStep::Block(block)) => return Ok(Some(block)),
                Ok(ReadStep::Event(place)) => break place,
                Ok(ReadStep::End) => {
                    self.ended = true;
                    return Ok(None);
                }
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        };
        Ok(self.assembler.lend(self.window.bytes(), &place).map(Block::Event))
    }

    /// What was read so far.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = self.statistics.clone();
        statistics.bytes = self.window.offset() + self.delivered as u64;
        statistics.forgotten_enters = self.assembler.upgrade.forgotten();
        statistics.trailing_garbage = self.window.has_trailing_garbage();
        statistics
    }

    /// The first hundred incidents; [`Statistics::incidents`] counts all.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// How the capture is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    #[inline]
    fn step(&mut self) -> Result<ReadStep, ReadError> {
        self.window.consume(self.delivered);
        self.delivered = 0;
        if self.ended {
            return Ok(ReadStep::End);
        }
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        if let Some(list) = self.list.take() {
            return self.piece(list);
        }
        self.window.fill(block::HEADER);
        let Some(header) = Header::read(self.window.bytes()) else { return self.end() };
        let body = header.body().map_err(|fault| self.broken(fault))?;
        match BlockKind::of(header.code) {
            BlockKind::Event(layout) => self.event(header, layout, body as usize),
            kind => self.metadata(header, kind, body),
        }
    }

    /// The stream has no further block header.
    fn end(&mut self) -> Result<ReadStep, ReadError> {
        let left = self.window.bytes().len() as u64;
        let end = self.window.offset() + left;
        if let Some(failure) = self.window.take_failure() {
            return Err(failed(failure, end));
        }
        if left > 0 {
            let missing = block::HEADER as u64 - left;
            return Err(ReadError::Truncated { start: self.window.offset(), end, missing });
        }
        if self.phase == Phase::Metadata {
            self.incident(end, Fault::NoEvents);
        }
        Ok(ReadStep::End)
    }

    /// Makes a block available as a whole.
    fn load(&mut self, header: Header) -> Result<(), ReadError> {
        let needed = header.length as usize;
        let there = self.window.fill(needed);
        if there >= needed { Ok(()) } else { Err(self.cut_off(self.window.offset(), there, needed as u64)) }
    }

    /// The error for a block that starts at `start`, of whose bytes the last `there` of the stream belong to a part that
    /// would need `needed`.
    #[cold]
    fn cut_off(&mut self, start: u64, there: usize, needed: u64) -> ReadError {
        let end = self.window.offset() + there as u64;
        match self.window.take_failure() {
            Some(failure) => failed(failure, end),
            None => ReadError::Truncated { start, end, missing: needed - there as u64 },
        }
    }

    #[inline]
    fn event(&mut self, header: Header, layout: event::Layout, body: usize) -> Result<ReadStep, ReadError> {
        let limit = if layout.large { BLOCK_LIMIT } else { EVENT_LIMIT };
        if header.length > limit {
            let fault = Fault::BlockTooLong { code: header.code, length: header.length, limit };
            return self.skip(header, Some(fault));
        }
        self.load(header)?;
        self.statistics.event_blocks += 1;
        self.phase = Phase::Events;
        let bytes = self.window.bytes().get(block::HEADER..block::HEADER + body).unwrap_or_default();
        let content = self.assembler.take(bytes, layout, 0);
        self.delivered = header.length as usize;
        match content {
            Content::Event(place) => {
                self.statistics.events += 1;
                self.statistics.drops += u64::from(matches!(place.code(), code::DROP_E | code::DROP_X));
                return Ok(ReadStep::Event(place));
            }
            Content::Taken => self.statistics.upgraded_away += 1,
            Content::Unknown => self.statistics.unknown_events += 1,
            Content::Stuck(fault) => self.incident(self.window.offset(), fault),
            Content::Broken(fault) => {
                self.delivered = 0;
                return self.skip(header, Some(fault));
            }
        }
        Ok(ReadStep::Next)
    }

    /// Goes to the next block if the length after this one proves where it ends; `fault`, if there is one, is reported.
    #[cold]
    fn skip(&mut self, header: Header, fault: Option<Fault>) -> Result<ReadStep, ReadError> {
        let offset = self.window.offset();
        let length = u64::from(header.length) - TRAILER as u64;
        let skipped = self.window.skip(length);
        let there = self.window.fill(TRAILER);
        if skipped < length || there < TRAILER {
            if let Some(fault) = fault {
                self.incident(offset, fault);
            }
            return Err(self.cut_off(offset, there, length - skipped + TRAILER as u64));
        }
        let trailer = read_u32(self.window.bytes());
        if trailer != header.length {
            let fault = fault.unwrap_or(Fault::Trailer { header: header.length, trailer });
            return Err(ReadError::Broken { offset, fault });
        }
        self.window.consume(TRAILER);
        if let Some(fault) = fault {
            self.incident(offset, fault);
        }
        Ok(ReadStep::Next)
    }

    fn broken(&self, fault: Fault) -> ReadError {
        ReadError::Broken { offset: self.window.offset(), fault }
    }

    #[cold]
    fn incident(&mut self, offset: u64, fault: Fault) {
        self.statistics.incidents += 1;
        if self.incidents.len() < Incident::LISTED {
            self.incidents.push(Incident { offset, fault });
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Reader")
            .field("offset", &self.window.offset())
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}

fn read_u32(bytes: &[u8]) -> u32 {
    bytes.first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn failed(failure: Failure, offset: u64) -> ReadError {
    match failure {
        Failure::Io(source) => ReadError::Io { offset, source },
        Failure::Compression(reason) => ReadError::Compression { offset, reason },
    }
}
