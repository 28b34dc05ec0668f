//! A position in a slice that is read field by field. Reading beyond the end is a fault that names what was read; it
//! never panics.

use crate::error::Fault;
use crate::event::until_nul;

/// Reads little-endian fields from a slice.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    what: &'static str,
}

impl<'a> Cursor<'a> {
    /// A cursor at the start of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, position: 0, what: "block" }
    }

    /// Names what is read from now on, for faults.
    pub(crate) fn enter(&mut self, what: &'static str) {
        self.what = what;
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Bytes not read yet.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let taken = self.bytes[self.position..].get(..count).ok_or(Fault::Short(self.what))?;
        self.position += count;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, _) =
            self.bytes[self.position..].split_first_chunk::<N>().ok_or(Fault::Short(self.what))?;
        self.position += N;
        Ok(*taken)
    }

    /// A number of 8 bits.
    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(u8::from_le_bytes)
    }

    /// A number of 16 bits.
    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number of 32 bits.
    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of 64 bits.
    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// A signed number of 64 bits.
    pub(crate) fn i64(&mut self) -> Result<i64, Fault> {
        self.array().map(i64::from_le_bytes)
    }

    /// A length of 16 bits and that many bytes (reference B4), of which at most `limit` are allowed.
    pub(crate) fn bytes16(&mut self, what: &'static str, limit: u16) -> Result<&'a [u8], Fault> {
        let length = self.u16()?;
        if length > limit {
            return Err(Fault::TextTooLong { what, length, limit });
        }
        self.take(usize::from(length))
    }

    /// As [`bytes16`](Cursor::bytes16), for text: the reference keeps it NUL-terminated, so a NUL inside ends it.
    pub(crate) fn text16(&mut self, what: &'static str, limit: u16) -> Result<Vec<u8>, Fault> {
        self.bytes16(what, limit).map(|bytes| until_nul(bytes).to_vec())
    }

    /// As [`bytes16`](Cursor::bytes16), for lists of texts that each end with a NUL; the last NUL may be missing in the
    /// capture and is added (reference B12).
    pub(crate) fn list16(&mut self, what: &'static str, limit: u16) -> Result<Vec<u8>, Fault> {
        let mut list = self.bytes16(what, limit)?.to_vec();
        if list.last().is_some_and(|last| *last != 0) {
            list.push(0);
        }
        Ok(list)
    }

    /// Skips the rest of an entry that started at `start` and claims `length` bytes, after the fields known here; 0 means an entry
    /// without a length.
    pub(crate) fn leave(&mut self, what: &'static str, start: usize, length: u32) -> Result<(), Fault> {
        if length == 0 {
            return Ok(());
        }
        let unread = (length as usize)
            .checked_sub(self.position - start)
            .ok_or(Fault::EntryOverrun { what, length })?;
        self.take(unread).map(|_| ())
    }
}
