//! The assembly of events and records: the body of a block enters; an event of the newest schema with its number, or other records,
//! leave. It is the same for all readers of blocks, from a stream or from a chunk; the order of blocks and the handling of damaged
//! ones are left to the readers.
//!
//! A reader cannot lend an event while it still changes. So assembly has two steps: [`Assembler::take`] notes where the
//! parts of the event are, [`Assembler::lend`] puts them together.

use crate::block;
use crate::block::BlockKind;
use crate::block::event::{self, Layout};
use crate::error::Fault;
use crate::event::Event;
use crate::extras::Extras;
use crate::numbering::Numbering;
use crate::record::Block;
use crate::upgrade::{Upgrade, Upgraded};

/// Upgrades and numbers the events of a capture in their order.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    pub(crate) upgrade: Upgrade,
    pub(crate) numbering: Numbering,
}

/// The content of an event block.
pub(crate) enum Content {
    /// An event that is ready, except for its bytes.
    Event(EventPlace),
    /// An event of a type that is newer than the catalogue.
    Unknown,
    /// An event that the upgrade keeps.
    Taken,
    /// An event that cannot be upgraded; the block is intact.
    Stuck(Fault),
    /// Nothing that can be read.
    Broken(Fault),
}

/// An event that is ready, except for its bytes.
pub(crate) struct EventPlace {
    code: u16,
    ts: u64,
    tid: i64,
    cpu: u16,
    flags: u32,
    num: u64,
    initial: bool,
    bytes: Bytes,
    /// Where the extras are in the bytes that are lent from.
    extras: (usize, usize),
}

enum Bytes {
    /// In the bytes that are lent from: where the lengths start, and the numbers of bytes of lengths and of parameters.
    Block { start: usize, lengths: usize, data: usize },
    /// In the upgrade's draft.
    Upgrade,
}

impl EventPlace {
    /// Code of the event.
    #[inline]
    pub(crate) fn code(&self) -> u16 {
        self.code
    }
}

impl Assembler {
    /// Takes an event in. `body` is that of its block, which starts at `offset` in the bytes that will be lent from.
    #[inline]
    pub(crate) fn take(&mut self, body: &[u8], layout: Layout, offset: usize) -> Content {
        let raw = match event::event(body, layout) {
            Ok(Some(raw)) => raw,
            Ok(None) => return Content::Unknown,
            Err(fault) => return Content::Broken(fault),
        };
        let (code, bytes) = match self.upgrade.apply(&raw) {
            Ok(Upgraded::AsIs) => {
                let start = offset + block::HEADER + layout.before_lengths();
                (raw.code, Bytes::Block { start, lengths: raw.lengths.len(), data: raw.data.len() })
            }
            Ok(Upgraded::Rebuilt) => (self.upgrade.rebuilt().0, Bytes::Upgrade),
            Ok(Upgraded::Dropped) => {
                self.numbering.leave_initial();
                return Content::Taken;
            }
            Err(fault) => return Content::Stuck(fault),
        };
        // Their place follows from the addresses: both are parts of one slice.
        let extras = match raw.extras {
            [] => (0, 0),
            extras => {
                (offset + block::HEADER + (extras.as_ptr().addr() - body.as_ptr().addr()), extras.len())
            }
        };
        if let Some(number) = raw.number {
            self.numbering.jump(number);
        }
        let (num, initial) = self.numbering.event(code);
        let (ts, tid, cpu, flags) = (raw.ts, raw.tid, raw.cpu, raw.flags);
        Content::Event(EventPlace { code, ts, tid, cpu, flags, num, initial, bytes, extras })
    }

    /// The event that [`take`](Assembler::take) found last, in the same bytes.
    #[inline]
    pub(crate) fn lend<'a>(&'a self, bytes: &'a [u8], place: &EventPlace) -> Option<Event<'a>> {
        let mut event = match place.bytes {
            Bytes::Block { start, lengths, data } => {
                let (lengths, data) = bytes.get(start..start + lengths + data)?.split_at_checked(lengths)?;
                Event::new(place.code, lengths, data)
            }
            Bytes::Upgrade => {
                let (code, lengths, data) = self.upgrade.rebuilt();
                Event::new(code, lengths, data)
            }
        }?;
        event.num = place.num;
        event.ts = place.ts;
        event.tid = place.tid;
        event.cpu = place.cpu;
        event.state_only = place.flags & event::STATE_ONLY != 0;
        event.initial = place.initial;
        if place.extras.1 > 0 {
            event.set_extras(Extras::new(bytes.get(place.extras.0..)?.get(..place.extras.1)?));
        }
        Some(event)
    }

    /// Decodes a block that contains neither an event nor a list which may be read piece by piece: returns what is to be delivered, and
    /// what is wrong with the block. Neither is returned for a block that is newer than this reader.
    pub(crate) fn records(
        &mut self,
        body: &[u8],
        kind: BlockKind,
    ) -> (Option<Block<'static>>, Option<Fault>) {
        match kind {
            BlockKind::Interfaces { prefixed } => {
                let list = block::interfaces(body, prefixed);
                (Some(Block::Interfaces(list.entries)), list.fault)
            }
            BlockKind::Accounts { prefixed } => {
                let list = block::accounts(body, prefixed);
                (Some(Block::Accounts(list.entries)), list.fault)
            }
            BlockKind::Machine => match block::machine(body) {
                Ok(machine) => (Some(Block::Machine(machine)), None),
                Err(fault) => (None, Some(fault)),
            },
            BlockKind::State => match block::state(body) {
                Ok(Some(record)) => {
                    self.numbering.resume(record.sections, record.counted);
                    (Some(Block::State(record)), None)
                }
                Ok(None) => (None, None),
                Err(fault) => (None, Some(fault)),
            },
            BlockKind::Note => (None, Some(Fault::InColumns)),
            BlockKind::Section
            | BlockKind::Processes(_)
            | BlockKind::Fds { .. }
            | BlockKind::Event(_)
            | BlockKind::Unknown => (None, None),
        }
    }
}
