//! A trace read from front to back: chunks enter, their blocks leave in order, as from a [`Reader`](crate::Reader) over the
//! decompressed stream. What is damaged is skipped and told, which a stream cannot do.

use super::blocks::{Found, Position};
use super::descriptor::Chunk;
use super::error::{Damage, Loss, TraceError};
use super::reader::Trace;
use super::unpack::Unpacker;
use crate::record::Block;

/// Reads chunks of a trace block by block.
#[derive(Debug)]
pub struct Sequence<'t> {
    trace: &'t Trace,
    next: usize,
    end: usize,
    chunk: Option<&'t Chunk>,
    unpacker: Unpacker,
    position: Position,
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
                Ok(Found::End) => {
                    if !self.open()? {
                        return Ok(None);
                    }
                }
                Err(damage) => self.lose(damage),
            }
        };
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

    /// Goes on to the next chunk that can be read; `false` where there is none.
    fn open(&mut self) -> Result<bool, TraceError> {
        self.incidents += self.position.incidents().1;
        self.position = Position::default();
        self.unpacker.clear();
        while self.next < self.end
            && let Some(chunk) = self.trace.chunks().get(self.next)
        {
            self.next += 1;
            self.chunk = Some(chunk);
            match self.unpacker.bytes(self.trace, chunk) {
                Ok(_) => {
                    self.position = Position::new(chunk.descriptor.numbering());
                    return Ok(true);
                }
                Err(TraceError::Chunk { damage, .. }) => self.lose(damage),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// The current chunk cannot be read, or not any further.
    #[cold]
    fn lose(&mut self, damage: Damage) {
        if let Some(chunk) = self.chunk.take() {
            let descriptor = &chunk.descriptor;
            let counted = descriptor.numbering();
            let read = self.position.numbering();
            // Before the first block of a chunk the position knows nothing of it.
            let done = if self.unpacker.raw().is_empty() {
                0
            } else {
                read.counted
                    .saturating_add(read.initial.unwrap_or(0))
                    .saturating_sub(counted.counted)
                    .saturating_sub(counted.initial.unwrap_or(0))
            };
            let events = Some(descriptor.events.saturating_sub(done));
            self.losses.push(Loss { from: chunk.offset, to: chunk.end(), damage, events });
        }
    }
}
