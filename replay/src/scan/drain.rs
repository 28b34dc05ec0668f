//! The innermost loop: a stretch of blocks enters a visitor, one after the other. Panics are caught here and nowhere else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tercel_format::{Block, BlockSource};

use super::Visitor;

/// How a stretch of blocks ended.
pub(super) enum Drained<V, S> {
    /// All blocks were taken in.
    End,
    /// The visitor wants nothing further.
    Enough,
    /// The source cannot go on.
    Source(S),
    /// The visitor cannot go on.
    Visitor(V),
    /// The visitor panicked, with these words.
    Panicked(String),
}

/// Lets a visitor take in all blocks of a source, and counts the events that it was given.
pub(super) fn drain<S: BlockSource + ?Sized, V: Visitor + ?Sized>(
    source: &mut S,
    visitor: &mut V,
) -> (u64, Drained<V::Error, S::Error>) {
    let mut events = 0;
    // What a panic leaves behind is not used: the visitor starts again, and the source is left.
    let caught = catch_unwind(AssertUnwindSafe(|| {
        loop {
            // Blocks are borrowed; they are too large to be moved for every event.
            let next = source.next_block();
            match &next {
                Ok(Some(block)) => {
                    events += u64::from(matches!(block, Block::Event(_)));
                    match visitor.block(block) {
                        Ok(true) => {}
                        Ok(false) => return Drained::Enough,
                        Err(error) => return Drained::Visitor(error),
                    }
                }
                Ok(None) => return Drained::End,
                Err(_) => return next.map_or_else(Drained::Source, |_| Drained::End),
            }
        }
    }));
    (events, caught.unwrap_or_else(|panic| Drained::Panicked(message(&*panic))))
}

/// What a panic says.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
