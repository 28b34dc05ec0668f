//! What is kept of the events of a capture or of a host if only a part of them is wanted: an event with the state before it
//! enters, a [`Keep`] leaves. There is one rule ([`Scope`]): wanted events are kept unchanged; of the others only those that change
//! the state, so that the fields of wanted events have the same values as in a capture of everything.
//!
//! Recorders use a scope directly; [`Slicer`] adds a window, for parts of captures.

mod followed;
mod kin;
mod scope;
mod slicer;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod ways;

use tercel_format::Event;

pub use followed::{Follow, OF_OTHERS};
pub use kin::Kin;
pub use scope::{Scope, means_container};
pub use slicer::{Others, SliceCounts, Slicer};

/// What is done with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is written.
    Event,
    /// It is written as state only.
    State,
    /// It is left out.
    Nothing,
}

/// The event marked as state only.
pub fn for_state<'a>(event: &Event<'a>) -> Event<'a> {
    let mut event = *event;
    event.state_only = true;
    event
}
