//! The scout: it runs ahead of the workers through a capture that has no states of its own, cuts it into chunks and gives each
//! the state before it (design D3). It evaluates nothing.

use tercel_format::record::Section;
use tercel_format::{Block, Event};

use super::{Batch, Chunk, ChunkSource};
use crate::engine::{BlockSource, Options, Position};
use crate::state::State;

/// Memory that the blocks of a chunk take by default, in bytes.
pub const CHUNK: usize = 2 << 20;

/// Cuts the blocks of a capture into chunks.
#[derive(Debug)]
pub struct Scout<'a, S: BlockSource> {
    source: &'a mut S,
    options: Options,
    size: usize,
    state: State,
    section: u64,
    /// The section that begins with the next chunk.
    begun: Option<Section>,
    ended: bool,
    spare: Vec<Batch<S::Error>>,
}

impl<'a, S: BlockSource> Scout<'a, S> {
    /// A scout at the start of a capture. A chunk ends with the block that makes it take `size` bytes of memory or more, and
    /// where a section does. `options` tell where the window ends, behind which nothing is read.
    pub fn new(source: &'a mut S, options: Options, size: usize) -> Scout<'a, S> {
        let state = State::new();
        Scout { source, options, size, state, section: 0, begun: None, ended: false, spare: Vec::new() }
    }

    /// Reads until the chunk is full.
    fn fill(&mut self, chunk: &mut Chunk<Batch<S::Error>>) {
        let batch = &mut chunk.blocks;
        while batch.weight() < self.size {
            // Events are looked at where they are; they are too large to be moved.
            let next = self.source.next_block();
            if let Ok(Some(Block::Event(event))) = &next {
                if chunk.events == 0 {
                    chunk.first_event = event.num;
                }
                chunk.events += 1;
                batch.push_event(event);
                if is_end(&mut self.state, event, &self.options) {
                    self.ended = true;
                    return;
                }
                continue;
            }
            match next.map(|block| block.and_then(owned)) {
                Ok(Some(Block::Section(section))) => {
                    // The state before it is void, and an empty one costs nothing.
                    self.begun = Some(section);
                    return;
                }
                Ok(Some(block)) => {
                    self.state.block(&block);
                    batch.push_block(block);
                }
                Ok(None) => {
                    self.ended = true;
                    return;
                }
                Err(error) => {
                    batch.fail(error);
                    self.ended = true;
                    return;
                }
            }
        }
    }

    /// An empty chunk behind everything read so far.
    fn begin(&mut self) -> Chunk<Batch<S::Error>> {
        let mut blocks = self.spare.pop().unwrap_or_default();
        if let Some(section) = self.begun.take() {
            self.section += 1;
            self.state = State::new();
            blocks.push_block(Block::Section(section));
        }
        Chunk { state: self.state.clone(), section: self.section, first_event: 0, events: 0, blocks }
    }
}

impl<S: BlockSource> ChunkSource for Scout<'_, S> {
    type Error = S::Error;
    type Blocks = Batch<S::Error>;

    fn next_chunk(&mut self) -> Result<Option<Chunk<Batch<S::Error>>>, S::Error> {
        while !self.ended || self.begun.is_some() {
            let mut chunk = self.begin();
            self.fill(&mut chunk);
            if !chunk.blocks.is_empty() {
                return Ok(Some(chunk));
            }
            self.spare.push(chunk.blocks);
        }
        Ok(None)
    }

    fn reuse(&mut self, mut blocks: Batch<S::Error>) {
        blocks.clear();
        self.spare.push(blocks);
    }
}

/// Lets an event change the state, and tells whether the window ends with it, as the evaluation will find.
#[inline]
fn is_end(state: &mut State, event: &Event<'_>, options: &Options) -> bool {
    let shown = state.apply(event).is_some() && !event.state_only;
    shown && options.to.is_some() && options.position(event, state.first_ts()) == Position::End
}

/// The block without its loan; events, which are lent, have none.
fn owned(block: Block<'_>) -> Option<Block<'static>> {
    Some(match block {
        Block::Section(section) => Block::Section(section),
        Block::Machine(machine) => Block::Machine(machine),
        Block::Processes(list) => Block::Processes(list),
        Block::Fds(list) => Block::Fds(list),
        Block::Interfaces(list) => Block::Interfaces(list),
        Block::Accounts(list) => Block::Accounts(list),
        Block::State(record) => Block::State(record),
        Block::Event(_) => return None,
    })
}
