//! What is done to blocks before they are written: what the caller passes in, such as redaction. The scope of a recording sees them as they
//! were; files, states and keyframes only as they are afterwards.

use tercel_format::Block;
use tercel_format::trace::Header;

use crate::error::Error;

/// Takes the blocks that a transformation gives.
pub type Give<'g> = dyn FnMut(&Block<'_>) -> Result<(), Error> + 'g;

/// Changes blocks and the header of the trace that they are written to.
pub trait Transform {
    /// The header. It is asked for again once all that stands before the first event is known.
    fn header(&mut self, header: Header) -> Header;

    /// Takes a block, and gives what becomes of it and of those that it has held back.
    ///
    /// # Errors
    /// Those of `give`.
    fn block(&mut self, block: &Block<'_>, give: &mut Give<'_>) -> Result<(), Error>;

    /// Gives what is still held back.
    ///
    /// # Errors
    /// Those of `give`.
    fn flush(&mut self, give: &mut Give<'_>) -> Result<(), Error>;
}
