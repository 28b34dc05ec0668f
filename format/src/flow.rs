//! The seam between those who have blocks and those who want them: a capture, a chunk or a running host on one side, the
//! state engine or a writer on the other. Neither side can tell who is on the other one.

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
    /// The source cannot go on. Everything before was delivered.
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error>;
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
