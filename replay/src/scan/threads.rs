//! How many threads a scan takes, and how much each may have before it.

/// Memory that a batch takes by default, in bytes.
pub const BATCH: usize = 2 << 20;

/// How many pieces may be on their way per thread: worked on, waiting for a worker or waiting for an earlier piece. It
/// bounds the memory, and leaves the workers something to do.
const PIECES_PER_THREAD: usize = 3;

/// How many threads a scan takes, and how large the batches of a scout are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    pub(super) count: usize,
    pub(super) batch: usize,
}

impl Threads {
    /// This number of threads.
    pub fn new(count: usize) -> Threads {
        Threads { count: count.max(1), batch: BATCH }
    }

    /// With batches of this many bytes of memory, instead of [`BATCH`].
    #[cfg(test)]
    pub(super) fn with_batch(self, batch: usize) -> Threads {
        Threads { batch, ..self }
    }

    /// Whether everything happens on the thread of the caller.
    pub(super) fn is_one(self) -> bool {
        self.count == 1
    }

    /// Most pieces on their way.
    pub(super) fn pieces(self) -> u64 {
        (self.count * PIECES_PER_THREAD) as u64
    }
}
