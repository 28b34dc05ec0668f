//! Bounds what waits for its turn: the threads that evaluate ask before they hand lines over. The piece of work that is next
//! to leave may always go on, so that everybody's turn comes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Most bytes of lines that wait for earlier ones.
const LIMIT: usize = 32 << 20;

/// What waits, and for whom.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The piece of work whose lines leave at once.
    turn: u64,
    /// Bytes of lines of later pieces.
    bytes: usize,
    /// The output is closed.
    closed: bool,
}

impl Gate {
    /// Waits until `bytes` of the lines of `piece` may be handed over; returns how many of them have to be passed to
    /// [`leave`](Gate::leave) later. `None` if the output is closed.
    pub(super) fn enter(&self, piece: u64, bytes: usize) -> Option<usize> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            if piece <= waiting.turn {
                return Some(0);
            }
            if waiting.bytes == 0 || waiting.bytes + bytes <= LIMIT {
                waiting.bytes += bytes;
                return Some(bytes);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// It is the turn of `piece`.
    pub(super) fn turn(&self, piece: u64) {
        self.lock().turn = piece;
        self.changed.notify_all();
    }

    /// Lines of that many bytes have left.
    pub(super) fn leave(&self, bytes: usize) {
        if bytes > 0 {
            let mut waiting = self.lock();
            waiting.bytes = waiting.bytes.saturating_sub(bytes);
            self.changed.notify_all();
        }
    }

    /// The output is closed.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Whether the output is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// What it guards is whole at any time.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
