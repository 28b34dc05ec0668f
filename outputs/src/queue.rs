//! The queue of one output: lines enter without ever waiting and leave one after the other; each stays at the front until it was sent.
//! The queue is bounded in lines and in bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Message;

/// Limits of each queue.
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

/// The next thing to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Job {
    /// Send this line.
    Send(Arc<Message>),
    /// Reopen what is open.
    Reopen,
    /// Nothing more: the queue has ended.
    End,
}

/// Waiting lines.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    limits: Limits,
}

#[derive(Default)]
struct Inner {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    reopen: bool,
    /// No line is accepted; waiting lines may be sent until then.
    closing: Option<Instant>,
}

impl Queue {
    /// An empty queue.
    pub fn new(limits: Limits) -> Queue {
        Queue { inner: Mutex::default(), changed: Condvar::new(), limits }
    }

    /// Appends a line; false if there is no room.
    pub fn push(&self, message: Arc<Message>) -> bool {
        let mut inner = self.lock();
        let bytes = inner.bytes.saturating_add(message.size());
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

    /// Removes the front line: it was sent, or can never be sent.
    pub fn done(&self) {
        let mut inner = self.lock();
        if let Some(message) = inner.messages.pop_front() {
            inner.bytes -= message.size();
        }
    }

    /// Waits before the next attempt, but not longer than until a reopening is requested or the deadline passes.
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

    /// Requests that everything is reopened.
    pub fn reopen(&self) {
        self.lock().reopen = true;
        self.changed.notify_all();
    }

    /// Accepts no further line; waiting lines may be sent until `deadline`.
    pub fn close(&self, deadline: Instant) {
        self.lock().closing = Some(deadline);
        self.changed.notify_all();
    }

    /// Lines that wait.
    pub fn len(&self) -> usize {
        self.lock().messages.len()
    }

    /// Removes all lines and returns their number.
    pub fn clear(&self) -> usize {
        let mut inner = self.lock();
        inner.bytes = 0;
        std::mem::take(&mut inner.messages).len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code under the lock can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
