//! The thread of one output: lines leave the queue; each is tried again until the output has sent it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::channel::{Channel, Failure};
use crate::queue::{Job, Limits, Queue};
use crate::{Counts, Message};

/// Pause after the first failure of a row; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two attempts.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// How often the end of a thread is checked.
const LOOK: Duration = Duration::from_millis(5);

/// A running output.
pub struct Worker {
    name: &'static str,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// What the thread and its callers share.
struct Shared {
    queue: Queue,
    sent: AtomicU64,
    lost: AtomicU64,
    failures: AtomicU64,
    closed: AtomicBool,
    /// The present failure.
    trouble: Mutex<Option<String>>,
}

impl Worker {
    /// Starts the thread.
    pub fn start(name: &'static str, mut channel: Box<dyn Channel>, limits: Limits) -> io::Result<Worker> {
        let shared = Arc::new(Shared {
            queue: Queue::new(limits),
            sent: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            trouble: Mutex::new(None),
        });
        let seen = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name(format!("output-{name}")).spawn(move || seen.run(&mut *channel))?;
        Ok(Worker { name, shared, thread })
    }

    /// Name of the output.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Queues a line, or counts it as lost.
    pub fn push(&self, message: Arc<Message>) {
        if !self.closed() && !self.shared.queue.push(message) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests that everything is reopened.
    pub fn reopen(&self) {
        self.shared.queue.reopen();
    }

    /// Whether the reader of this output has closed it.
    pub fn closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }

    /// Counts of the lines.
    pub fn counts(&self) -> Counts {
        let shared = &self.shared;
        Counts {
            sent: shared.sent.load(Ordering::Relaxed),
            lost: shared.lost.load(Ordering::Relaxed),
            failures: shared.failures.load(Ordering::Relaxed),
            waiting: shared.queue.len() as u64,
        }
    }

    /// The present failure, if there is one.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Accepts no further line; waiting lines may be sent until `deadline`.
    pub fn close(&self, deadline: Instant) {
        self.shared.queue.close(deadline);
    }

    /// Whether the thread has ended.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the thread until `deadline`, and counts lines that are left as lost. A thread that hangs in its output ends with the
    /// process.
    pub fn wait(&self, deadline: Instant) {
        while !self.thread.is_finished() && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
        let left = self.shared.queue.clear() as u64;
        self.shared.lost.fetch_add(left, Ordering::Relaxed);
    }
}

impl Shared {
    fn run(&self, channel: &mut dyn Channel) {
        let mut pause = FIRST_PAUSE;
        loop {
            let message = match self.queue.next() {
                Job::Send(message) => message,
                Job::Reopen => {
                    channel.reopen();
                    continue;
                }
                Job::End => break,
            };
            match channel.send(&message) {
                Ok(()) => {
                    self.sent.fetch_add(1, Ordering::Relaxed);
                    self.queue.done();
                    self.note(None);
                    pause = FIRST_PAUSE;
                }
                Err(Failure::Later(reason)) => {
                    self.note(Some(reason));
                    self.queue.rest(pause);
                    pause = LAST_PAUSE.min(pause * 2);
                }
                Err(Failure::Never(reason)) => {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    self.queue.done();
                    self.note(Some(reason));
                }
                Err(Failure::Closed) => {
                    self.closed.store(true, Ordering::Relaxed);
                    self.queue.clear();
                    return;
                }
            }
        }
        channel.finish();
    }

    fn note(&self, trouble: Option<String>) {
        if trouble.is_some() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
