//! The interface between sources and users of blocks: a capture, a chunk or a running host on one side, the state engine or a writer on
//! the other. Neither side knows the other.

use crate::error::ReadError;
use crate::reader::Reader;
use crate::record::Block;
use crate::trace::{Blocks, Damage};

/// Where blocks come from.
pub trait BlockSource {
    /// Why there are no further blocks.
    type Error;

    /// The next block, `None` at the end. A source that is still going on waits for it.
    ///
    /// # Errors
    /// The source cannot continue. Everything before was delivered.
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error>;
}

/// What a look at a source that goes on found.
#[derive(Debug)]
pub enum Polled<'a> {
    /// A block.
    Block(Block<'a>),
    /// Nothing now; [`LiveSource::wait`] until the next look.
    Idle,
    /// The end: somebody asked to stop, and everything up to then was delivered.
    End,
}

/// Where blocks come from while they come into being, as on a running host.
pub trait LiveSource {
    /// The next block, if there is one now.
    fn poll(&mut self) -> Polled<'_>;

    /// Waits until another look is worth its cost.
    fn wait(&self);

    /// Has the source end with what has happened until now.
    fn stop(&self);
}

impl BlockSource for Reader {
    type Error = ReadError;

    #[inline]
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error> {
        self.next()
    }
}

impl BlockSource for Blocks<'_> {
    type Error = Damage;

    #[inline]
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error> {
        self.next()
    }
}
