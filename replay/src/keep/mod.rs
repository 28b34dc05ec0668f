//! What is kept of the events of a capture or of a host where only a part of them is wanted: an event with the state before it
//! enters, a [`Keep`] leaves. There is one rule ([`Scope`]): what is wanted is kept as it is; of the rest only what changes the
//! state, so that every field of what is shown has the value that it would have in a capture of everything.
//!
//! Recorders ask a scope themselves; [`Slicer`] adds a window, for captures that are cut out of others.

mod followed;
mod scope;
mod slicer;

#[cfg(test)]
mod tests;

use tercel_format::Event;

pub use scope::Scope;
pub use slicer::{SliceCounts, Slicer};

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is written.
    Event,
    /// It is written for the state only.
    State,
    /// It is left out.
    Nothing,
}

/// The event as one that exists for the state only.
pub fn for_state<'a>(event: &Event<'a>) -> Event<'a> {
    let mut event = *event;
    event.state_only = true;
    event
}
