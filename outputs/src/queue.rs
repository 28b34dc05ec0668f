//! The queue of one output: lines enter without ever waiting and leave one after the other, each staying at the front until it
//! was sent. It is bounded by a number of lines and of bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Message;

/// How much may wait in each queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Lines.
    pub messages: usize,
    /// Bytes of all lines.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { messages: 16_384, bytes: 64 << 20 }
    }
}

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Job {
    /// Send this line.
    Send(Arc<Message>),
    /// Reopen what is open.
    Reopen,
    /// Nothing, for ever.
    End,
}

/// Lines that wait.
pub struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    limits: Limits,
}

#[derive(Default)]
struct Inner {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    reopen: bool,
    /// No further line is taken; those that wait may be sent until then.
    closing: Option<Instant>,
}

impl Queue {
    /// An empty queue.
    pub fn new(limits: Limits) -> Queue {
        Queue { inner: Mutex::default(), changed: Condvar::new(), limits }
    }

    /// Appends a line; false where there is no room.
    pub fn push(&self, message: Arc<Message>) -> bool {
        let mut inner = self.lock();
        let bytes = inner.bytes.saturating_add(message.line.len());
        if inner.closing.is_some()
            || inner.messages.len() >= self.limits.messages
            || bytes > self.limits.bytes
        {
            return false;
        }
        inner.bytes = bytes;
        inner.messages.push_back(message);
        self.changed.notify_all();
        true
    }

    /// Waits until there is something to do.
    pub fn next(&self) -> Job {
        let mut inner = self.lock();
        loop {
            if inner.closing.is_some_and(|deadline| Instant::now() >= deadline) {
                return Job::End;
            }
            if std::mem::take(&mut inner.reopen) {
                return Job::Reopen;
            }
            if let Some(message) = inner.messages.front() {
                return Job::Send(Arc::clone(message));
            }
            if inner.closing.is_some() {
                return Job::End;
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the front line away: it was sent, or never will be.
    pub fn done(&self) {
        let mut inner = self.lock();
        if let Some(message) = inner.messages.pop_front() {
            inner.bytes -= message.line.len();
        }
    }

    /// Waits before the next try; not longer than until something is to be reopened or time is up.
    pub fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        let mut inner = self.lock();
        loop {
            let end = inner.closing.map_or(end, |deadline| deadline.min(end));
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || inner.reopen {
                return;
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks for everything to be reopened.
    pub fn reopen(&self) {
        self.lock().reopen = true;
        self.changed.notify_all();
    }

    /// Takes no further line, and gives those that wait until `deadline`.
    pub fn close(&self, deadline: Instant) {
        self.lock().closing = Some(deadline);
        self.changed.notify_all();
    }

    /// Lines that wait.
    pub fn len(&self) -> usize {
        self.lock().messages.len()
    }

    /// Takes all lines away and tells how many they were.
    pub fn clear(&self) -> usize {
        let mut inner = self.lock();
        inner.bytes = 0;
        std::mem::take(&mut inner.messages).len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under the lock can panic half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
