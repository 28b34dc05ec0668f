//! What the blocks of a chunk come to: they enter one by one, and are compared with what the chunk's descriptor says.

use super::descriptor::Descriptor;
use super::error::Damage;
use crate::catalogue::EVENTS;
use crate::catalogue::code::DROP_E;
use crate::columns::Columns;
use crate::event::Event;

/// Sections that start in a chunk, and number, times and types of its events.
#[derive(Debug)]
pub(super) struct Contents {
    sections: u64,
    /// Whether something stands before the last section header.
    is_split: bool,
    blocks: u64,
    /// Lost events that its drop events report.
    dropped: u64,
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
        Contents {
            sections: 0,
            is_split: false,
            blocks: 0,
            dropped: 0,
            events: 0,
            first_ts: 0,
            min_ts: u64::MAX,
            max_ts: 0,
            counts: vec![0; EVENTS.len()],
        }
    }

    /// Adds a section header.
    pub(super) fn section(&mut self) {
        self.sections += 1;
        self.is_split |= self.blocks > 0 || self.events > 0;
        self.blocks += 1;
    }

    /// Adds a block that is neither a section header nor an event.
    pub(super) fn metadata(&mut self) {
        self.blocks += 1;
    }

    /// How many events the chunk's drop events report as lost.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
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
        self.dropped = self.dropped.saturating_add(event.lost());
        if let Some(count) = self.counts.get_mut(usize::from(event.code())) {
            *count += 1;
        }
    }

    /// Those of columns without other blocks. Times are unpacked, and of drop events what was lost.
    fn of_columns(columns: &Columns) -> Contents {
        let mut contents = Contents::new();
        for kind in columns.kinds() {
            let Some(info) = kind.info else { continue };
            contents.events += u64::from(kind.count);
            if let Some(count) = contents.counts.get_mut(usize::from(info.code)) {
                *count += u64::from(kind.count);
            }
            if info.code == DROP_E {
                let lost = |row| Event::from_columns(info, kind, columns.store(), row).lost();
                contents.dropped = (0..kind.count).map(lost).fold(contents.dropped, u64::saturating_add);
            }
        }
        let times = columns.times();
        contents.first_ts = times.first().copied().unwrap_or(0);
        contents.min_ts = times.iter().copied().min().unwrap_or(u64::MAX);
        contents.max_ts = times.iter().copied().max().unwrap_or(0);
        contents
    }

    /// Compares the blocks with the descriptor of their chunk. `before` is the number of the section that the chunk before
    /// belongs to, if it is known.
    pub(super) fn compare(&self, descriptor: &Descriptor, before: Option<u64>) -> Result<(), Damage> {
        descriptor.check_form()?;
        // A section starts a chunk, and the start of a section has no events.
        let is_head = descriptor.is_head();
        if self.is_split || (self.sections > 0 && !is_head) || (is_head && self.events > 0) {
            return Err(Damage::Descriptor("blocks of the chunk"));
        }
        if let Some(before) = before {
            differs("number of the section", descriptor.section, before.saturating_add(self.sections))?;
        }
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

impl Columns {
    /// Compares the columns, which have no other blocks than events, with the descriptor of their chunk, as
    /// [`Blocks::compare`](super::Blocks::compare) does. Times have to be unpacked, and the parameter of drop events. Returns how many
    /// events these report as lost.
    ///
    /// # Errors
    /// What the descriptor says about them is not true.
    pub fn compare(&self, descriptor: &Descriptor, section: Option<u64>) -> Result<u64, Damage> {
        let contents = Contents::of_columns(self);
        contents.compare(descriptor, section)?;
        Ok(contents.dropped)
    }
}

/// Refuses a number that is not what a descriptor says.
pub(super) fn differs(what: &'static str, claimed: u64, found: u64) -> Result<(), Damage> {
    if claimed == found { Ok(()) } else { Err(Damage::Differs { what, claimed, found }) }
}
