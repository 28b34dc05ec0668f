//! A cut that is being written, by a thread of its own: a follower of the ring enters, a file leaves that has its name only once it is
//! whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tercel_replay::flight::{FollowError, Follower, Progress};

use super::limits::CutLimit;
use crate::error::Error;
use crate::writer::{CaptureWriter, Written};

/// How often a cut looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// How long the newest events may take to be compressed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cut that is being written.
#[derive(Debug)]
pub(crate) struct Job {
    name: String,
    thread: JoinHandle<Result<(Written, u64), Error>>,
    control: Arc<Control>,
    limit: CutLimit,
}

/// What a cut and its thread know of each other.
#[derive(Debug)]
struct Control {
    /// Number of events of the recorder after which the cut ends.
    end: AtomicU64,
    /// Whether it is as large as it may be.
    is_full: AtomicBool,
}

/// A cut that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its name.
    pub(crate) name: String,
    /// What was written, and how many events were lost.
    pub(crate) result: Result<(Written, u64), Error>,
}

impl Job {
    /// Writes what `follower` finds into `writer`. It is full at so many bytes.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(
        follower: Follower,
        writer: CaptureWriter,
        allowed: (u64, CutLimit),
    ) -> Result<Job, Error> {
        let control = Arc::new(Control { end: AtomicU64::new(u64::MAX), is_full: AtomicBool::new(false) });
        let (name, (bytes, limit)) = (writer.name(), allowed);
        let of_thread = Arc::clone(&control);
        let thread = std::thread::Builder::new().name("cut".to_owned());
        let thread =
            thread.spawn(move || write(follower, writer, &of_thread, bytes)).map_err(Error::Thread)?;
        Ok(Job { name, thread, control, limit })
    }

    /// It ends after the first `events` events of the recorder.
    pub(crate) fn end(&self, events: u64) {
        self.control.end.store(events, Ordering::Release);
    }

    /// The limit of bytes that it has reached.
    pub(crate) fn reached(&self) -> Option<CutLimit> {
        self.control.is_full.load(Ordering::Relaxed).then_some(self.limit)
    }

    /// Whether nothing more happens.
    pub(crate) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for it.
    pub(crate) fn finish(self) -> Ended {
        Ended { name: self.name, result: self.thread.join().unwrap_or(Err(Error::WriterEnded)) }
    }
}

fn write(
    mut follower: Follower,
    mut writer: CaptureWriter,
    control: &Control,
    allowed: u64,
) -> Result<(Written, u64), Error> {
    let written = writer.byte_counter();
    // A file that cannot be created is an error at once.
    writer.open_now()?;
    let mut way = follower.way_to(writer);
    let mut progress = Instant::now();
    loop {
        let end = control.end.load(Ordering::Acquire);
        match follower.advance(&mut way, end, LOOK).map_err(failed)? {
            Progress::Ended => break,
            Progress::Advanced => {
                progress = Instant::now();
                if written.load(Ordering::Relaxed) >= allowed {
                    control.is_full.store(true, Ordering::Relaxed);
                }
            }
            Progress::Waiting if end == u64::MAX => progress = Instant::now(),
            Progress::Waiting if progress.elapsed() < PATIENCE => {}
            Progress::Waiting => return Err(Error::StillCompressed),
        }
    }
    Ok((way.finish().finish()?, follower.lost()))
}

fn failed(error: FollowError<Error>) -> Error {
    match error {
        FollowError::Memory(error) => Error::Memory(error),
        FollowError::Open(error) => Error::KeptOpen(error),
        FollowError::Scan(error) => Error::KeptScan(error),
        FollowError::Visitor(error) => error,
    }
}
