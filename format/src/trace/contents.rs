//! What the events of a chunk come to: they enter one by one, and are compared with what the chunk's descriptor says.

use super::descriptor::Descriptor;
use super::error::Damage;
use crate::catalogue::EVENTS;
use crate::event::Event;

/// Number, times and types of the events of a chunk.
#[derive(Debug)]
pub(super) struct Contents {
    events: u64,
    first_ts: u64,
    min_ts: u64,
    max_ts: u64,
    /// How many there are of each type, by event code.
    counts: Vec<u64>,
}

impl Contents {
    /// No events.
    pub(super) fn new() -> Contents {
        Contents { events: 0, first_ts: 0, min_ts: u64::MAX, max_ts: 0, counts: vec![0; EVENTS.len()] }
    }

    /// Adds an event.
    #[inline]
    pub(super) fn note(&mut self, event: &Event<'_>) {
        if self.events == 0 {
            self.first_ts = event.ts;
        }
        self.events += 1;
        self.min_ts = self.min_ts.min(event.ts);
        self.max_ts = self.max_ts.max(event.ts);
        if let Some(count) = self.counts.get_mut(usize::from(event.code())) {
            *count += 1;
        }
    }

    /// Compares the events with the descriptor of their chunk.
    pub(super) fn compare(&self, descriptor: &Descriptor) -> Result<(), Damage> {
        let earliest = if self.events == 0 { 0 } else { self.min_ts };
        differs("events", descriptor.events, self.events)?;
        differs("first time", descriptor.first_ts, self.first_ts)?;
        differs("earliest time", descriptor.min_ts, earliest)?;
        differs("latest time", descriptor.max_ts, self.max_ts)?;
        let counts = (0u16..).zip(&self.counts).filter(|(_, count)| **count > 0);
        if !counts.map(|(code, count)| (code, *count)).eq(descriptor.counts.iter().copied()) {
            return Err(Damage::Descriptor("types of the chunk's events"));
        }
        Ok(())
    }
}

/// Refuses a number that is not what a descriptor says.
pub(super) fn differs(what: &'static str, claimed: u64, found: u64) -> Result<(), Damage> {
    if claimed == found { Ok(()) } else { Err(Damage::Differs { what, claimed, found }) }
}
