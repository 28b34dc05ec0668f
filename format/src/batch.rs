//! A part of a capture in memory of its own: blocks enter as a reader lends them and leave in the same order.

use std::convert::Infallible;

use crate::catalogue::EventInfo;
use crate::event::Event;
use crate::extras::Extras;
use crate::flow::BlockSource;
use crate::record::{Block, FdDetail, FdRecord, ProcessRecord};

/// Blocks that own their bytes.
#[derive(Debug, Default)]
pub struct Batch {
    items: Vec<Item>,
    /// Lengths, parameters and extras of the events, back to back.
    bytes: Vec<u8>,
    /// Bytes of the blocks that are not events, roughly.
    others: usize,
    /// The next item to leave, and where its bytes start, which is where those of the last one end.
    next: usize,
    position: usize,
}

#[derive(Debug)]
enum Item {
    Event(Head),
    /// Boxed: there are few, and they should not make the events larger.
    Other(Box<Block<'static>>),
    /// Handed out.
    Gone,
}

/// An event without its bytes.
#[derive(Debug, Clone, Copy)]
struct Head {
    num: u64,
    ts: u64,
    tid: i64,
    info: &'static EventInfo,
    lengths: u32,
    data: u32,
    extras: u16,
    cpu: u16,
    state_only: bool,
    initial: bool,
}

/// What an event takes besides its bytes.
const HEAD: usize = size_of::<Item>();

/// What a record of a process or an fd takes besides its texts.
const RECORD: usize = 256;

impl Batch {
    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Memory that the blocks take, in bytes and roughly.
    #[inline]
    pub fn weight(&self) -> usize {
        self.items.len() * HEAD + self.bytes.len() + self.others
    }

    /// Appends an event.
    #[inline]
    pub fn push_event(&mut self, event: &Event<'_>) {
        let (lengths, data) = event.append_to(&mut self.bytes);
        // A block is shorter than 4 GiB, and so are its parts.
        let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        self.items.push(Item::Event(Head {
            num: event.num,
            ts: event.ts,
            tid: event.tid,
            info: event.info,
            lengths: size(lengths),
            data: size(data),
            extras: event.extras().bytes().len() as u16,
            cpu: event.cpu,
            state_only: event.state_only,
            initial: event.initial,
        }));
        self.bytes.extend_from_slice(event.extras().bytes());
    }

    /// Appends a copy of a block.
    pub fn push(&mut self, block: &Block<'_>) {
        let block = match block {
            Block::Event(event) => return self.push_event(event),
            Block::Section(section) => Block::Section(*section),
            Block::Machine(machine) => Block::Machine(machine.clone()),
            Block::Processes(list) => Block::Processes(list.clone()),
            Block::Fds(list) => Block::Fds(list.clone()),
            Block::Interfaces(list) => Block::Interfaces(list.clone()),
            Block::Accounts(list) => Block::Accounts(list.clone()),
            Block::State(record) => Block::State(record.clone()),
        };
        self.others += weight(&block);
        self.items.push(Item::Other(Box::new(block)));
    }

    /// Time of the first block, where that is an event.
    pub fn first_ts(&self) -> Option<u64> {
        match self.items.first()? {
            Item::Event(head) => Some(head.ts),
            Item::Other(_) | Item::Gone => None,
        }
    }

    /// Goes on to the next block; false if there is none.
    #[inline]
    pub fn advance(&mut self) -> bool {
        let Some(item) = self.items.get(self.next) else { return false };
        if let Item::Event(head) = item {
            self.position += head.size();
        }
        self.next += 1;
        true
    }

    /// The event that the last [`advance`](Batch::advance) went on to; `None` if that was another block.
    #[inline]
    pub fn event(&self) -> Option<Event<'_>> {
        match self.items.get(self.next.checked_sub(1)?)? {
            Item::Event(head) => Some(head.event(&self.bytes, self.position)),
            Item::Other(_) | Item::Gone => None,
        }
    }

    /// Makes it empty, and keeps its memory.
    pub fn clear(&mut self) {
        self.items.clear();
        self.bytes.clear();
        (self.others, self.next, self.position) = (0, 0, 0);
    }
}

impl BlockSource for Batch {
    type Error = Infallible;

    #[inline]
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Infallible> {
        if !self.advance() {
            return Ok(None);
        }
        let Some(item) = self.next.checked_sub(1).and_then(|index| self.items.get_mut(index)) else {
            return Ok(None);
        };
        match item {
            Item::Event(head) => Ok(Some(Block::Event(head.event(&self.bytes, self.position)))),
            other => match std::mem::replace(other, Item::Gone) {
                Item::Other(block) => Ok(Some(*block)),
                Item::Event(_) | Item::Gone => Ok(None),
            },
        }
    }
}

impl Head {
    /// Bytes of lengths, parameters and extras.
    #[inline]
    fn size(&self) -> usize {
        self.lengths as usize + self.data as usize + usize::from(self.extras)
    }

    /// The event, whose bytes end at `end`.
    #[inline]
    fn event<'a>(&self, bytes: &'a [u8], end: usize) -> Event<'a> {
        let extras = bytes.get(end.saturating_sub(usize::from(self.extras))..end).unwrap_or_default();
        let end = end - extras.len();
        let middle = end.saturating_sub(self.data as usize);
        let start = middle.saturating_sub(self.lengths as usize);
        let lengths = bytes.get(start..middle).unwrap_or_default();
        let data = bytes.get(middle..end).unwrap_or_default();
        let mut event = Event::from_parts(self.info, lengths, data);
        (event.num, event.ts, event.tid, event.cpu) = (self.num, self.ts, self.tid, self.cpu);
        (event.state_only, event.initial) = (self.state_only, self.initial);
        event.set_extras(Extras::new(extras));
        event
    }
}

/// Memory that a block takes, roughly.
fn weight(block: &Block<'_>) -> usize {
    match block {
        Block::Section(_) | Block::Machine(_) | Block::Event(_) => RECORD,
        Block::Processes(list) => list.iter().map(process_weight).sum(),
        Block::Fds(list) => RECORD + list.fds.iter().map(fd_weight).sum::<usize>(),
        Block::Interfaces(list) => list.len() * RECORD,
        Block::Accounts(list) => list.len() * RECORD,
        Block::State(record) => record.state.len(),
    }
}

fn process_weight(record: &ProcessRecord) -> usize {
    let texts = [&record.args, &record.env, &record.cgroups, &record.cwd, &record.exepath, &record.root];
    2 * RECORD + texts.iter().map(|text| text.len()).sum::<usize>()
}

fn fd_weight(record: &FdRecord) -> usize {
    match &record.detail {
        FdDetail::Name(name) | FdDetail::File { name, .. } | FdDetail::Unix { name, .. } => {
            RECORD / 2 + name.len()
        }
        FdDetail::None | FdDetail::Socket { .. } | FdDetail::Server { .. } => RECORD / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::code;
    use crate::extras;
    use crate::record::Section;
    use crate::writer::EventBuilder;

    fn parts(event: &Event<'_>) -> Vec<u8> {
        let mut parts = Vec::new();
        event.append_to(&mut parts);
        parts
    }

    #[test]
    fn events_leave_as_they_came() {
        let mut batch = Batch::default();
        let built: Vec<_> = (1..4)
            .map(|number: u64| {
                EventBuilder::new(code::SYSCALL_CHDIR_X, number, 7)
                    .cpu(3)
                    .set("res", 0)
                    .set("path", "d".repeat(number as usize).as_str())
                    .extra(extras::kind::CWD, 0, &vec![b'/'; number as usize - 1])
                    .encode()
                    .expect("a valid event")
            })
            .collect();
        for event in &built {
            let before = batch.weight();
            batch.push_event(&event.event());
            assert!(batch.weight() > before);
        }
        assert_eq!(batch.first_ts(), Some(1));
        assert!(batch.event().is_none());
        for event in &built {
            assert!(batch.advance());
            let (found, expected) = (batch.event().expect("an event"), event.event());
            assert_eq!(parts(&found), parts(&expected));
            assert_eq!(found.extras(), expected.extras());
            assert_eq!((found.code(), found.ts, found.tid, found.cpu), (expected.code(), expected.ts, 7, 3));
        }
        assert!(!batch.advance());
    }

    #[test]
    fn other_blocks_are_stepped_over() {
        let mut batch = Batch::default();
        let event = EventBuilder::new(code::SYSCALL_CHDIR_X, 9, 7).set("res", 0).set("path", "/").encode();
        let event = event.expect("a valid event");
        batch.push(&Block::Section(Section { major: 1, minor: 2 }));
        batch.push_event(&event.event());
        assert_eq!(batch.first_ts(), None);
        assert!(batch.advance() && batch.event().is_none());
        assert!(batch.advance());
        assert_eq!(batch.event().map(|event| event.ts), Some(9));
    }
}
