//! A window on the decompressed stream: blocks are borrowed from it instead of being copied. It grows with the bytes that
//! arrive, never by a length that the stream only claims. Nothing here knows what a block is.

use crate::source::{Failure, Source};

/// Size of the window as long as no block needs more, and the step by which it grows.
const SIZE: usize = 1 << 20;

/// The part of the stream that is in memory.
pub(crate) struct Window {
    source: Source,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    failure: Option<Failure>,
}

impl Window {
    /// A window at the start of `source`.
    pub(crate) fn new(source: Source) -> Window {
        Window { source, buffer: vec![0; SIZE], start: 0, end: 0, offset: 0, ended: false, failure: None }
    }

    /// Offset of the window's first byte in the decompressed stream.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is in memory.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Makes `count` bytes available, or fewer at the end of the stream, and returns how many.
    #[inline]
    pub(crate) fn fill(&mut self, count: usize) -> usize {
        let available = self.end - self.start;
        if available >= count { available } else { self.fill_slowly(count) }
    }

    #[cold]
    fn fill_slowly(&mut self, count: usize) -> usize {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < count && !self.ended {
            if self.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len() + SIZE, 0);
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(got) => self.end += got,
                Err(failure) => {
                    self.ended = true;
                    self.failure = Some(failure);
                }
            }
        }
        self.end
    }

    /// Moves the window's start by `count` bytes, which are in memory.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Moves the window's start by `count` bytes, in memory or not, and returns how many there were.
    pub(crate) fn skip(&mut self, count: u64) -> u64 {
        let mut left = count;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(SIZE);
            let there = self.fill(wanted).min(wanted);
            if there == 0 {
                break;
            }
            self.consume(there);
            left -= there as u64;
        }
        count - left
    }

    /// Why the stream ended, if that was not its proper end.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Whether bytes after the last gzip member were ignored.
    pub(crate) fn has_trailing_garbage(&self) -> bool {
        self.source.has_trailing_garbage()
    }
}
