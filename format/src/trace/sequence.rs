//! A trace read from front to back: chunks enter, their blocks leave in order, as from a [`Reader`](crate::Reader) over the
//! decompressed stream. What is damaged is skipped and told, which a stream cannot do; where the start of a section is lost,
//! a section header stands for it, so that nobody takes the section for the one before.

use super::blocks::{Found, Position};
use super::descriptor::Chunk;
use super::error::{Damage, Loss, TraceError};
use super::reader::Trace;
use super::unpack::Unpacker;
use crate::record::{Block, Section};

/// What a chunk that was opened begins with.
enum Opened {
    /// Its blocks.
    Chunk,
    /// A section of which the header is lost; its blocks follow.
    Section,
}

/// Reads chunks of a trace block by block.
#[derive(Debug)]
pub struct Sequence<'t> {
    trace: &'t Trace,
    next: usize,
    end: usize,
    chunk: Option<&'t Chunk>,
    unpacker: Unpacker,
    position: Position,
    /// Events of the chunk that were delivered.
    events: u64,
    /// The section whose blocks were delivered last.
    section: Option<u64>,
    losses: Vec<Loss>,
    incidents: u64,
}

impl<'t> Sequence<'t> {
    /// All blocks of the chunks from `start` to before `end`.
    pub fn new(trace: &'t Trace, start: usize, end: usize) -> Sequence<'t> {
        Sequence {
            trace,
            next: start,
            end,
            chunk: None,
            unpacker: Unpacker::new(),
            position: Position::default(),
            events: 0,
            section: None,
            losses: Vec::new(),
            incidents: 0,
        }
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// [`TraceError::Io`]. Damage is no error: see [`losses`](Sequence::losses).
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it yields")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Block<'_>>, TraceError> {
        let place = loop {
            match self.position.step(self.unpacker.raw()) {
                Ok(Found::Event(place)) => break place,
                Ok(Found::Block(block)) => return Ok(Some(block)),
                Ok(Found::End) => match self.open()? {
                    None => return Ok(None),
                    Some(Opened::Section) => return Ok(Some(Block::Section(Section::NEWEST))),
                    Some(Opened::Chunk) => {}
                },
                Err(damage) => self.lose(damage),
            }
        };
        self.events += 1;
        Ok(self.position.lend(self.unpacker.raw(), &place).map(Block::Event))
    }

    /// Chunks that could not be read, or not to their ends.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// How many damaged blocks were skipped inside of chunks.
    pub fn incidents(&self) -> u64 {
        self.incidents + self.position.incidents().1
    }

    /// Goes on to the next chunk that can be read; `None` where there is none.
    fn open(&mut self) -> Result<Option<Opened>, TraceError> {
        self.incidents += self.position.incidents().1;
        self.position = Position::default();
        self.events = 0;
        self.unpacker.clear();
        while self.next < self.end
            && let Some(chunk) = self.trace.chunks().get(self.next)
        {
            let before = self.next.checked_sub(1).and_then(|before| self.trace.chunks().get(before));
            self.next += 1;
            self.chunk = Some(chunk);
            match self.unpacker.bytes(self.trace, chunk) {
                Ok(_) => {
                    self.position = Position::new(chunk.descriptor.numbering());
                    let section = chunk.descriptor.section;
                    let is_other = self.section.replace(section).is_some_and(|last| last != section);
                    let is_start =
                        chunk.is_head() && before.is_none_or(|before| before.descriptor.section != section);
                    return Ok(Some(if is_other && !is_start { Opened::Section } else { Opened::Chunk }));
                }
                Err(TraceError::Chunk { damage, .. }) => self.lose(damage),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The current chunk cannot be read, or not any further.
    #[cold]
    fn lose(&mut self, damage: Damage) {
        if let Some(chunk) = self.chunk.take() {
            let events = Some(chunk.descriptor.events.saturating_sub(self.events));
            self.losses.push(Loss { from: chunk.offset, to: chunk.end(), damage, events });
        }
    }
}
