//! What stands beside the parameters: items one after the other, and what steps keep while they put them together.

use core::ptr::{addr_of, addr_of_mut};

use tercel_probe_abi::ITEM;

use super::{Event, RECORD, TEXT};
use crate::memory::{copy_kernel, mask, store32};

impl Event {
    /// The parameters are complete: what is added from now on stands beside them. False if the event is full.
    #[inline(always)]
    pub fn begin_beside(self) -> bool {
        let cursor = field!(self, cursor);
        if cursor > RECORD - 4 * TEXT {
            return false;
        }
        if field!(self, end) == 0 {
            field!(self, end = cursor);
        }
        true
    }

    /// Notes start and flags of the path beside the event.
    #[inline(always)]
    pub fn set_path(self, start: u64, flags: u64) {
        field!(self, path = [start, flags]);
    }

    /// What was noted: 0 start, 1 flags.
    #[inline(always)]
    pub fn path(self, part: usize) -> u64 {
        field!(self, path[part])
    }

    /// Keeps a number for later in this step.
    #[inline(always)]
    pub fn set_note(self, part: usize, value: u64) {
        field!(self, notes[part] = value);
    }

    /// A number that was kept.
    #[inline(always)]
    pub fn note(self, part: usize) -> u64 {
        field!(self, notes[part])
    }

    /// How often the present step was carried out before; it is not again, unless [`Event::carry_out_again`] says so.
    #[inline(always)]
    pub fn take_turn(self) -> u64 {
        let turn = field!(self, turn);
        field!(self, turn = 0);
        turn
    }

    /// The present step is carried out once more, after `turn` times.
    #[inline(always)]
    pub fn carry_out_again(self, turn: u64) {
        field!(self, turn = turn);
        self.set_position(self.position().wrapping_sub(1));
    }

    /// Room for the start of a directory entry.
    #[inline(always)]
    pub fn entry(self) -> *mut u8 {
        // SAFETY: a field of the map's value.
        unsafe { addr_of_mut!((*self.scratch).entry).cast() }
    }

    /// Begins an item: returns where it starts.
    #[inline(always)]
    pub fn begin_item(self) -> u64 {
        let from = field!(self, cursor);
        field!(self, cursor = from + ITEM);
        from
    }

    /// Ends the item that began at `from`.
    #[inline(always)]
    pub fn end_item(self, from: u64, kind: u8, flags: u8) {
        let length = field!(self, cursor).wrapping_sub(from + ITEM);
        let at = mask!(from, RECORD - 1);
        let head = u64::from(kind) | u64::from(flags) << 8 | (length & 0xffff) << 16;
        // SAFETY: the mask keeps the position within the first part of the data.
        unsafe { store32(addr_of_mut!((*self.scratch).data).cast::<u8>().add(at as usize), head) }
    }

    /// Adds `length` (at most `TEXT`) bytes from the room beside the event without ending a parameter.
    #[inline(always)]
    pub fn push_side(self, offset: u64, length: u64) {
        self.push_copy(self.side(offset), length);
    }

    /// Adds `length` (at most `TEXT`) bytes that the event has at a position.
    #[inline(always)]
    pub fn push_bytes(self, position: u64, length: u64) {
        self.push_copy(self.bytes(position), length);
    }

    /// Adds `length` (at most `TEXT`) bytes of the programs' own memory without ending a parameter.
    #[inline(always)]
    pub fn push_copy(self, from: *const u8, length: u64) {
        let length = mask!(length, 2 * TEXT - 1);
        let length = if length > TEXT { TEXT } else { length };
        if copy_kernel(self.at(), length, from as u64) {
            self.advance(length);
        }
    }

    /// Notes facts (see [`tercel_probe_abi::fact`]).
    #[inline(always)]
    pub fn add_facts(self, facts: u32) {
        let known = field!(self, facts);
        field!(self, facts = known | u64::from(facts));
    }

    /// Facts that were noted.
    #[inline(always)]
    pub fn facts(self) -> u64 {
        field!(self, facts)
    }
}
