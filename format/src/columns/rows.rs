//! From columns to rows: the columns of a chunk enter, its blocks leave, byte for byte as they were. Where columns are damaged, the events
//! that have them are left out; a block of a type of its own says how they count.

use std::ops::Range;

use super::shape::Kind;
use super::unpack::Columns;
use crate::block::event::{HEADER as EVENT_HEADER, STATE_ONLY};
use crate::block::{HEADER, TRAILER, code};
use crate::trace::Damage;

/// Events that are left out of the rows of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// How many.
    pub(crate) events: u64,
    /// What is wrong with the first of their columns.
    pub(crate) damage: Damage,
}

impl Columns {
    /// Appends the rows of the chunk. Returns what is left out of them.
    ///
    /// # Errors
    /// Nothing can be said of the chunk.
    pub(crate) fn rows(&mut self, out: &mut Vec<u8>) -> Result<Option<Gap>, Damage> {
        self.unpack_times()?;
        self.unpack_threads()?;
        let mut gap: Option<Gap> = None;
        let mut is_whole = Vec::with_capacity(self.kinds().len());
        for kind in self.kinds().to_vec() {
            let found = self.whole(&kind);
            is_whole.push(found.is_ok());
            if let Err(damage) = found {
                let events = u64::from(kind.count) + gap.as_ref().map_or(0, |gap| gap.events);
                let damage = gap.map_or(damage, |gap| gap.damage);
                gap = Some(Gap { events, damage });
            }
        }
        let templates: Vec<Template> = self.kinds().iter().map(|kind| self.template(kind)).collect();
        let start = out.len();
        let limit = start + self.directory.raw as usize;
        out.reserve(self.directory.raw as usize);
        let mut rows = [0usize; 256];
        for (item, number) in self.items().iter().enumerate() {
            let index = usize::from(*number);
            let row = rows[index];
            rows[index] += 1;
            let (Some(kind), Some(template)) = (self.kinds().get(index), templates.get(index)) else {
                continue;
            };
            if is_whole.get(index) != Some(&true) {
                left_out(kind, out);
                continue;
            }
            match kind.info {
                None => out.extend_from_slice(self.store.get(0, row).unwrap_or_default()),
                Some(_) => self.event(kind, template, item, row, out),
            }
            if out.len() > limit && gap.is_none() {
                return Err(Damage::Directory("size of the rows"));
            }
        }
        if gap.is_none() && out.len() != limit {
            return Err(Damage::Directory("size of the rows"));
        }
        Ok(gap)
    }

    /// Unpacks all columns of a kind; one that cannot be unpacked is an error.
    fn whole(&mut self, kind: &Kind) -> Result<(), Damage> {
        if kind.count == 0 {
            return Ok(());
        }
        let first = kind.first as usize;
        (first..first + kind.columns()).try_for_each(|column| self.unpack_column(column, kind.count))
    }

    /// Appends the block of an event, which starts as `template` does.
    #[inline]
    fn event(&self, kind: &Kind, template: &Template, item: usize, row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&template.bytes);
        for column in template.columns.clone() {
            out.extend_from_slice(self.store.get(column, row).unwrap_or_default());
        }
        let length = (out.len() - start - template.event) as u32;
        out.resize(start + (out.len() - start).next_multiple_of(4), 0);
        if let Some(tail) = self.tail(kind, row) {
            out.extend_from_slice(tail);
        }
        close(start, out);
        let Some(block) = out.get_mut(start..) else { return };
        let mut set = |at: usize, bytes: &[u8]| {
            if let Some(slot) = block.get_mut(at..at + bytes.len()) {
                slot.copy_from_slice(bytes);
            }
        };
        let event = template.event;
        set(HEADER, &self.cpus().get(item).copied().unwrap_or(0).to_le_bytes());
        set(event, &self.times().get(item).copied().unwrap_or(0).to_le_bytes());
        let thread = self.thread_of().get(item).and_then(|place| self.thread_ids().get(*place as usize));
        set(event + 8, &thread.copied().unwrap_or(0).to_le_bytes());
        set(event + 16, &length.to_le_bytes());
        let width = kind.width();
        for (at, column) in &template.varying {
            let length = self.store.get(*column, row).map_or(0, <[u8]>::len) as u32;
            set(*at, length.to_le_bytes().get(..width).unwrap_or_default());
        }
    }

    /// How the blocks of a kind start.
    fn template(&self, kind: &Kind) -> Template {
        let (first, nparams) = (kind.first as usize, usize::from(kind.nparams));
        let mut bytes = kind.block_code().to_le_bytes().to_vec();
        // The length of the block, and the CPU.
        bytes.extend_from_slice(&[0; 6]);
        if kind.state_only() {
            bytes.extend_from_slice(&STATE_ONLY.to_le_bytes());
        }
        let event = bytes.len();
        let mut head = [0; EVENT_HEADER];
        head[20..22].copy_from_slice(&kind.info.map_or(0, |info| info.code).to_le_bytes());
        head[22..].copy_from_slice(&(nparams as u32).to_le_bytes());
        bytes.extend_from_slice(&head);
        let mut varying = Vec::new();
        for column in first..first + nparams {
            let length = self.directory.columns.get(column).and_then(|column| column.length);
            if length.is_none() {
                varying.push((bytes.len(), column));
            }
            let length = length.unwrap_or(0).to_le_bytes();
            bytes.extend_from_slice(length.get(..kind.width()).unwrap_or_default());
        }
        Template { bytes, event, varying, columns: first..first + nparams }
    }
}

/// What the blocks of a kind have in common.
struct Template {
    /// Their start, up to the lengths of the parameters.
    bytes: Vec<u8>,
    /// Where the event starts.
    event: usize,
    /// Places of lengths that differ, and their columns.
    varying: Vec<(usize, usize)>,
    /// The parameters.
    columns: Range<usize>,
}

/// Appends a block in the place of events that are left out: the code of the event.
fn left_out(kind: &Kind, out: &mut Vec<u8>) {
    let Some(info) = kind.info else { return };
    let start = out.len();
    out.extend_from_slice(&code::LEFT_OUT.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&u32::from(info.code).to_le_bytes());
    close(start, out);
}

/// Ends the block that starts at `start` with its length, which is also set after its type.
fn close(start: usize, out: &mut Vec<u8>) {
    let length = ((out.len() - start + TRAILER) as u32).to_le_bytes();
    if let Some(slot) = out.get_mut(start + HEADER - 4..start + HEADER) {
        slot.copy_from_slice(&length);
    }
    out.extend_from_slice(&length);
}
