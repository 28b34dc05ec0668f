//! The blocks of one chunk: its decompressed bytes enter, blocks with upgraded events leave. The same blocks as from a
//! [`Reader`](crate::Reader) over the decompressed trace, with the same numbers, but borrowed from the chunk's memory.

use super::contents::Contents;
use super::descriptor::Descriptor;
use super::error::Damage;
use crate::assembly::{Assembler, Content, EventPlace};
use crate::block::{self, BlockKind, Header, TRAILER};
use crate::error::{Fault, Incident};
use crate::event::Event;
use crate::numbering::Numbering;
use crate::record::{Block, FdList};

/// A position in a chunk.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Where the next block starts.
    offset: usize,
    assembler: Assembler,
    incidents: Vec<Incident>,
    incident_count: u64,
    /// What is wrong with columns of the chunk, and how many events were left out because of that so far.
    gap: Option<Damage>,
    left_out: u64,
}

/// What a step through a chunk found.
pub(super) enum Found {
    /// A block that owns its records.
    Block(Block<'static>),
    /// An event, whose bytes [`Position::lend`] has.
    Event(EventPlace),
    /// The end of the chunk.
    End,
}

impl Position {
    /// The start of a chunk before which events were numbered as `numbering` says.
    pub(super) fn new(numbering: Numbering) -> Position {
        Position { assembler: Assembler { numbering, ..Assembler::default() }, ..Position::default() }
    }

    /// What was damaged and skipped, at most a hundred, and how many there were.
    pub(super) fn incidents(&self) -> (&[Incident], u64) {
        (&self.incidents, self.incident_count)
    }

    /// How events are numbered after this position.
    pub(super) fn numbering(&self) -> Numbering {
        self.assembler.numbering
    }

    /// The next block of the chunk.
    #[inline]
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Found, Damage> {
        loop {
            let offset = self.offset;
            let rest = bytes.get(offset..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Found::End);
            }
            let (header, body) = take(rest).map_err(|fault| self.broken(offset, fault))?;
            self.offset = offset + header.length as usize;
            let BlockKind::Event(layout) = BlockKind::of(header.code) else {
                match self.metadata(header, rest, body, offset)? {
                    Some(block) => return Ok(Found::Block(block)),
                    None => continue,
                }
            };
            match self.assembler.take(body, layout, offset) {
                Content::Event(place) => return Ok(Found::Event(place)),
                Content::Taken | Content::Unknown => {}
                Content::Stuck(fault) => self.incident(offset, fault),
                Content::Broken(fault) => self.skip(header, rest, offset, fault)?,
            }
        }
    }

    /// The event that [`step`](Position::step) found last, in the same bytes.
    #[inline]
    pub(super) fn lend<'a>(&'a self, bytes: &'a [u8], place: &EventPlace) -> Option<Event<'a>> {
        self.assembler.lend(bytes, place)
    }

    /// Decodes any block but an event; `None` if there is nothing to deliver.
    fn metadata(
        &mut self,
        header: Header,
        rest: &[u8],
        body: &[u8],
        offset: usize,
    ) -> Result<Option<Block<'static>>, Damage> {
        check_trailer(header, rest).map_err(|fault| self.broken(offset, fault))?;
        let (block, fault) = match BlockKind::of(header.code) {
            BlockKind::Section => {
                let section = block::section(body).map_err(|fault| self.broken(offset, fault))?;
                self.assembler.numbering.section();
                (Some(Block::Section(section)), None)
            }
            BlockKind::Processes(version) => {
                let list = block::processes(body, version, 0);
                (Some(Block::Processes(list.entries)), list.fault)
            }
            BlockKind::Fds { prefixed } => match (block::owner(body), body.get(8..)) {
                (Ok(tid), Some(entries)) => {
                    let list = block::fds(entries, prefixed, 0);
                    (Some(Block::Fds(FdList { tid, fds: list.entries })), list.fault)
                }
                _ => (None, Some(Fault::Short("fd list"))),
            },
            BlockKind::Unknown if header.code == block::code::LEFT_OUT && self.gap.is_some() => {
                self.leave_out(body);
                return Ok(None);
            }
            kind => self.assembler.records(body, kind),
        };
        if let Some(fault) = fault {
            self.incident(offset, fault);
        }
        Ok(block)
    }

    /// An event of this code stood here.
    #[cold]
    fn leave_out(&mut self, body: &[u8]) {
        if let Some([low, high, ..]) = body.first_chunk::<4>() {
            self.assembler.numbering.event(u16::from_le_bytes([*low, *high]));
            self.left_out += 1;
        }
    }

    /// Continues after a damaged event if the length after it proves where it ends.
    #[cold]
    fn skip(&mut self, header: Header, rest: &[u8], offset: usize, fault: Fault) -> Result<(), Damage> {
        if check_trailer(header, rest).is_err() {
            return Err(self.broken(offset, fault));
        }
        self.incident(offset, fault);
        Ok(())
    }

    /// The chunk cannot be read beyond `offset`.
    #[cold]
    fn broken(&mut self, offset: usize, fault: Fault) -> Damage {
        self.offset = usize::MAX;
        Damage::Block { offset: offset as u64, fault }
    }

    #[cold]
    fn incident(&mut self, offset: usize, fault: Fault) {
        self.incident_count += 1;
        if self.incidents.len() < Incident::LISTED {
            self.incidents.push(Incident { offset: offset as u64, fault });
        }
    }
}

/// Header and body of the block at the start of `rest`, which has to be complete.
#[inline]
fn take(rest: &[u8]) -> Result<(Header, &[u8]), Fault> {
    let header = Header::read(rest).ok_or(Fault::Short("block"))?;
    let body = header.body()? as usize;
    let whole = rest.get(..header.length as usize).ok_or(Fault::Short("block"))?;
    Ok((header, whole.get(block::HEADER..block::HEADER + body).unwrap_or_default()))
}

/// Refuses a block whose lengths before and after it differ.
fn check_trailer(header: Header, rest: &[u8]) -> Result<(), Fault> {
    let end = header.length as usize;
    let trailer = rest
        .get(end.saturating_sub(TRAILER)..end)
        .and_then(|bytes| bytes.first_chunk::<4>())
        .map_or(0, |bytes| u32::from_le_bytes(*bytes));
    if trailer == header.length { Ok(()) } else { Err(Fault::Trailer { header: header.length, trailer }) }
}

/// The blocks of one chunk, in order.
#[derive(Debug)]
pub struct Blocks<'c> {
    bytes: &'c [u8],
    position: Position,
    contents: Contents,
}

impl<'c> Blocks<'c> {
    /// The blocks in `bytes`, before which events were numbered as `numbering` says.
    pub fn new(bytes: &'c [u8], numbering: Numbering) -> Blocks<'c> {
        Blocks { bytes, position: Position::new(numbering), contents: Contents::new() }
    }

    /// The same blocks, from which events were left out because a column is damaged.
    pub(super) fn with_gap(mut self, damage: Damage) -> Blocks<'c> {
        self.position.gap = Some(damage);
        self
    }

    /// Events that were left out so far because a column of theirs is damaged, and what is wrong with it.
    pub fn left_out(&self) -> Option<(u64, &Damage)> {
        self.position.gap.as_ref().map(|damage| (self.position.left_out, damage))
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// The chunk cannot be read beyond this place; everything before was delivered. The next call yields `None`.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it yields")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Block<'_>>, Damage> {
        Ok(match self.position.step(self.bytes)? {
            Found::Block(block) => {
                match &block {
                    Block::Section(_) => self.contents.section(),
                    _ => self.contents.metadata(),
                }
                Some(block)
            }
            Found::Event(place) => {
                let event = self.position.lend(self.bytes, &place);
                if let Some(event) = &event {
                    self.contents.note(event);
                }
                event.map(Block::Event)
            }
            Found::End => None,
        })
    }

    /// The first hundred damaged blocks that were skipped, with their offsets in the chunk, and how many there were.
    pub fn incidents(&self) -> (&[Incident], u64) {
        self.position.incidents()
    }

    /// How events are numbered after what was read.
    pub fn numbering(&self) -> Numbering {
        self.position.numbering()
    }

    /// Compares the blocks that were read with the descriptor of their chunk, at the end of a chunk of which nothing was skipped.
    /// `section` is the number of the section that the chunk before belongs to, if it is known; 0 before the first chunk.
    ///
    /// # Errors
    /// What the descriptor says about them is not true.
    pub fn compare(&self, descriptor: &Descriptor, section: Option<u64>) -> Result<(), Damage> {
        self.contents.compare(descriptor, section)
    }

    /// How many events the drop events that were read report as lost.
    pub fn dropped(&self) -> u64 {
        self.contents.dropped()
    }
}
