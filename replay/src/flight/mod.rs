//! The flight recorder: every block of a running host enters, with the state before it, and the newest stay in memory as
//! compressed chunks with keyframes. What is there can be taken out at any time, as a trace that begins with the state of its
//! start. Files, threads and clocks are the caller's.
//!
//! ```text
//! for block in source {
//!     recorder.block(&block, &mut state)?;      // compression runs in a thread of its own
//!     state.take(&block);
//! }
//! another_thread.send(recorder.kept()?);        // there: kept.trace(), scanned into a file
//! ```
//!
//! A part that goes on into the future is taken out by a [`Follower`], which hands the events over as they come.

use std::io;
use std::time::Duration;

use tercel_format::Block;
use tercel_format::trace::{Header, Options, Ring, RingLimits, RingOutput, RingUsage};

use crate::keyed::KeyedWriter;
use crate::state::State;
pub use follower::{FollowError, Follower, Following, Progress};

mod follower;

/// Bytes of scap in a chunk: small, so that little leaves at a time.
const CHUNK: usize = 1 << 20;

/// Number of chunks between two snapshots, which is the number of chunks that are removed from the ring together.
const SNAPSHOTS: u32 = 8;

/// Fast compression: most of what passes through is never read.
const LEVEL: i32 = 1;

/// How long the thread that compresses is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps the recent past.
#[derive(Debug)]
pub struct FlightRecorder {
    writer: KeyedWriter<RingOutput>,
    ring: Ring,
}

/// What was kept at a moment, for another thread to write.
#[derive(Debug)]
pub struct KeptEvents {
    ring: Ring,
    /// Events that have to be in the ring.
    events: u64,
}

impl FlightRecorder {
    /// Starts to record.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub fn new(header: &Header, limits: RingLimits) -> io::Result<FlightRecorder> {
        let ring = Ring::new(limits);
        let options =
            Options { chunk: CHUNK, level: LEVEL, threads: 1, snapshots: SNAPSHOTS, ..Options::default() };
        let writer = KeyedWriter::new(ring.output(), header, options)?;
        Ok(FlightRecorder { writer, ring })
    }

    /// Takes a block. `state` is what is known before it.
    ///
    /// # Errors
    /// A chunk cannot be compressed.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> io::Result<()> {
        self.writer.block(block, state)
    }

    /// Everything that is kept.
    ///
    /// # Errors
    /// As for [`block`](FlightRecorder::block).
    pub fn kept(&mut self) -> io::Result<KeptEvents> {
        self.writer.flush_chunk()?;
        Ok(KeptEvents { ring: self.ring.clone(), events: self.writer.events() })
    }

    /// Reads what is kept from the time `from` on, in nanoseconds since the epoch, and what comes after it.
    pub fn follow(&self, from: u64) -> Follower {
        Follower::new(self.ring.reader(from), from)
    }

    /// A place where a [`Follower`] can end: after the events so far, whose number leaves.
    ///
    /// # Errors
    /// As for [`block`](FlightRecorder::block).
    pub fn end(&mut self) -> io::Result<u64> {
        self.writer.end_group()?;
        Ok(self.writer.events())
    }

    /// How much is kept.
    pub fn usage(&self) -> RingUsage {
        self.ring.usage()
    }
}

impl KeptEvents {
    /// A whole trace in memory; `None` if the ring has no event. Waits for the thread that compresses. What has come
    /// meanwhile is in it, too.
    ///
    /// # Errors
    /// The thread does not get on, or the trace cannot be put together.
    pub fn trace(&self) -> io::Result<Option<Vec<u8>>> {
        if !self.ring.wait(self.events, PATIENCE) {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the newest events are still being compressed",
            ));
        }
        self.ring.trace()
    }
}

#[cfg(test)]
mod tests;
