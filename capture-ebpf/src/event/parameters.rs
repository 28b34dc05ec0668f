//! The parameters of an event: values enter, bytes in the wire format and the table of their lengths leave.

use core::ptr::{addr_of, addr_of_mut};

use tercel_probe_abi::{HEADER, MAX_WORDS, stat};

use super::{CHUNK, Event, RECORD, TEXT};
use crate::{
    memory::{copy_kernel, copy_kernel_str, copy_user, copy_user_str, mask, store64},
    tables::count,
};

impl Event {
    /// Where the next bytes go: at least `CHUNK` are free there.
    #[inline(always)]
    pub fn at(self) -> *mut u8 {
        let at = mask!(field!(self, cursor), RECORD - 1);
        // SAFETY: the mask keeps the position within the first part of the data.
        unsafe { addr_of_mut!((*self.scratch).data).cast::<u8>().add(at as usize) }
    }

    /// Bytes written so far.
    #[inline(always)]
    pub fn cursor(self) -> u64 {
        field!(self, cursor)
    }

    /// Moves on by bytes that were written at [`Event::at`], without ending the parameter.
    #[inline(always)]
    pub fn advance(self, length: u64) {
        let cursor = field!(self, cursor);
        field!(self, cursor = cursor + length);
    }

    /// Ends a parameter of which all bytes are written.
    #[inline(always)]
    pub fn close(self, length: u64) {
        let index = field!(self, index);
        let slot = mask!(index, MAX_WORDS - 1);
        // SAFETY: the table of lengths lies after the header; the mask keeps the index within it.
        unsafe {
            let lengths = addr_of_mut!((*self.scratch).data).cast::<u8>().add(HEADER).cast::<u16>();
            lengths.add(slot as usize).write_volatile(length as u16);
        }
        field!(self, index = index + 1);
    }

    /// Moves on and ends the parameter.
    #[inline(always)]
    pub fn take(self, length: u64) {
        self.advance(length);
        self.close(length);
    }

    /// Adds bytes of a number without ending the parameter.
    #[inline(always)]
    pub fn push(self, value: u64, width: u64) {
        store64(self.at(), value);
        self.advance(width);
    }

    /// Adds a number.
    #[inline(always)]
    pub fn number(self, value: u64, width: u64) {
        store64(self.at(), value);
        self.take(width);
    }

    /// Adds an empty parameter.
    #[inline(always)]
    pub fn empty(self) {
        self.close(0);
    }

    /// Adds a string of user memory; empty if it cannot be read.
    #[inline(always)]
    pub fn user_str(self, address: u64) {
        let length = if address == 0 { 0 } else { copy_user_str(self.at(), TEXT, address) };
        self.take_text(length);
    }

    /// Adds bytes of a string of user memory without ending the parameter.
    #[inline(always)]
    pub fn push_user_str(self, address: u64) {
        let length = if address == 0 { 0 } else { copy_user_str(self.at(), TEXT, address) };
        if length > 0 {
            self.advance(mask!(length, 2 * TEXT - 1));
        }
    }

    /// Takes back what was added since the cursor stood at `from`, and adds an empty parameter.
    #[inline(always)]
    pub fn restart(self, from: u64) {
        field!(self, cursor = from);
        self.empty();
    }

    /// Makes the last byte a NUL.
    #[inline(always)]
    pub fn terminate(self) {
        let at = mask!(field!(self, cursor).wrapping_sub(1), RECORD - 1);
        // SAFETY: as in `at`.
        unsafe { addr_of_mut!((*self.scratch).data).cast::<u8>().add(at as usize).write_volatile(0) }
    }

    /// Adds a string of kernel memory.
    #[inline(always)]
    pub fn kernel_str(self, address: u64) {
        let length = copy_kernel_str(self.at(), TEXT, address);
        self.take_text(length);
    }

    #[inline(always)]
    fn take_text(self, length: i64) {
        if length == TEXT as i64 {
            count(stat::CUT);
        }
        self.take(if length > 0 { mask!(length, 2 * TEXT - 1) } else { 0 });
    }

    /// Adds `length` bytes of user memory; empty if they cannot be read.
    #[inline(always)]
    pub fn user_bytes(self, address: u64, length: u64) {
        let length = mask!(if length > CHUNK - 1 { CHUNK - 1 } else { length }, CHUNK - 1);
        self.take(if length != 0 && copy_user(self.at(), length, address) { length } else { 0 });
    }

    /// Room beside the event, and an offset into it.
    #[inline(always)]
    pub fn side(self, offset: u64) -> *mut u8 {
        let offset = mask!(offset, TEXT - 1);
        // SAFETY: the mask keeps the position within the first half of the room.
        unsafe { addr_of_mut!((*self.scratch).side).cast::<u8>().add(offset as usize) }
    }

    /// Adds `length` (at most `TEXT`) bytes from the room beside the event.
    #[inline(always)]
    pub fn from_side(self, offset: u64, length: u64) {
        let length = mask!(length, 2 * TEXT - 1);
        let length = if length > TEXT { TEXT } else { length };
        self.take(if copy_kernel(self.at(), length, self.side(offset) as u64) { length } else { 0 });
    }

    /// Bytes of a complete parameter.
    #[inline(always)]
    pub fn length_of(self, index: u64) -> u64 {
        let slot = mask!(index, MAX_WORDS - 1);
        // SAFETY: the table of lengths lies after the header; the mask keeps the index within it.
        u64::from(unsafe {
            let lengths = addr_of!((*self.scratch).data).cast::<u8>().add(HEADER).cast::<u16>();
            lengths.add(slot as usize).read_volatile()
        })
    }

    /// The event's bytes from a position on: at least `CHUNK` may be read.
    #[inline(always)]
    pub fn bytes(self, position: u64) -> *const u8 {
        let at = mask!(position, RECORD - 1);
        // SAFETY: the mask keeps the position within the first part of the data.
        unsafe { addr_of!((*self.scratch).data).cast::<u8>().add(at as usize) }
    }
}
