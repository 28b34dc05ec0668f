//! The flight recorder: every block of a running host enters, with the state before it, and the newest stay in memory as
//! compressed chunks with keyframes. When something happens, the stretch of time around it is cut out as a trace that begins with
//! the whole state of its start. Files, threads and clocks are the caller's.
//!
//! ```text
//! for block in source {
//!     recorder.block(&block, &mut state)?;      // compression runs in a thread of its own
//!     …                                         // rules are evaluated; an alert asks for a cut
//!     recorder.ask(&request)?;
//! }
//! for ready in recorder.ready(now)? {           // from time to time
//!     another_thread.send(ready);               // there: ready.trace(), sliced to its stretch, into a file
//! }
//! ```

mod cuts;

use std::io;
use std::time::Duration;

use tercel_format::Block;
use tercel_format::trace::{Header, Options, Ring, RingLimits, RingOutput, RingUsage};

pub use cuts::{Cut, CutLimits, CutRefusal, CutRequest, Cuts};

use crate::keyed::KeyedWriter;
use crate::state::State;

/// Bytes of scap in a chunk: small, so that little is decompressed for a cut that begins inside of one.
const CHUNK: usize = 1 << 20;

/// After how many chunks the state stands as a whole. So many chunks leave the ring together.
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
    limits: RingLimits,
    cuts: Cuts,
}

/// A cut whose events have all come.
#[derive(Debug)]
pub struct ReadyCut {
    /// The stretch of time.
    pub cut: Cut,
    ring: Ring,
    /// Events that have to be in the ring.
    events: u64,
}

impl FlightRecorder {
    /// Starts to record.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub fn new(header: &Header, limits: RingLimits, cuts: CutLimits) -> io::Result<FlightRecorder> {
        let ring = Ring::new(limits);
        let options =
            Options { chunk: CHUNK, level: LEVEL, threads: 1, snapshots: SNAPSHOTS, ..Options::default() };
        let writer = KeyedWriter::new(ring.output(), header, options)?;
        Ok(FlightRecorder { writer, ring, limits, cuts: Cuts::new(cuts) })
    }

    /// Takes a block. `state` is what is known before it.
    ///
    /// # Errors
    /// A chunk cannot be compressed.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> io::Result<()> {
        self.writer.block(block, state)
    }

    /// Notes that the host lost `count` events since the last block.
    pub fn dropped(&mut self, count: u64) {
        self.writer.dropped(count);
    }

    /// Asks for the time around an event; says after which event the file is named that will hold it.
    ///
    /// # Errors
    /// A limit is reached.
    pub fn ask(&mut self, request: &CutRequest) -> Result<(u64, u64), CutRefusal> {
        self.cuts.ask(request)
    }

    /// The cuts that are complete at `now`, in nanoseconds since the epoch, and those whose start the ring would soon forget.
    ///
    /// # Errors
    /// As for [`block`](FlightRecorder::block).
    pub fn ready(&mut self, now: u64) -> io::Result<Vec<ReadyCut>> {
        let mut cuts: Vec<Cut> = std::iter::from_fn(|| self.cuts.due(now)).collect();
        if self.cuts.needed().is_some_and(|needed| self.is_leaving(needed)) {
            cuts.extend(self.cuts.split(now));
        }
        self.made_ready(cuts)
    }

    /// The cuts that are not complete, at the end of a run.
    ///
    /// # Errors
    /// As for [`block`](FlightRecorder::block).
    pub fn rest(&mut self) -> io::Result<Vec<ReadyCut>> {
        let cuts = std::iter::from_fn(|| self.cuts.close()).collect();
        self.made_ready(cuts)
    }

    /// Everything that is kept, up to `now`, as a cut that is named after the time.
    ///
    /// # Errors
    /// As for [`block`](FlightRecorder::block).
    pub fn whole(&mut self, now: u64) -> io::Result<ReadyCut> {
        self.writer.flush_chunk()?;
        let cut = Cut { from: 0, to: now, name: (now, 0), alerts: 0 };
        Ok(ReadyCut { cut, ring: self.ring.clone(), events: self.writer.events() })
    }

    /// Counts what a file has become.
    pub fn written(&mut self, bytes: u64) {
        self.cuts.written(bytes);
    }

    /// What is kept.
    pub fn usage(&self) -> RingUsage {
        self.ring.usage()
    }

    fn made_ready(&mut self, cuts: Vec<Cut>) -> io::Result<Vec<ReadyCut>> {
        if cuts.is_empty() {
            return Ok(Vec::new());
        }
        self.writer.flush_chunk()?;
        let events = self.writer.events();
        Ok(cuts.into_iter().map(|cut| ReadyCut { cut, ring: self.ring.clone(), events }).collect())
    }

    /// Whether what came at `ts` is among what leaves next, and that soon.
    fn is_leaving(&self, ts: u64) -> bool {
        let usage = self.ring.usage();
        let is_nearly = |used: u64, limit: u64| used >= limit - limit / 4;
        let passed = usage.span.1.saturating_sub(usage.next);
        ts < usage.next && (is_nearly(usage.bytes, self.limits.bytes) || is_nearly(passed, self.limits.time))
    }
}

impl ReadyCut {
    /// A whole trace in memory with all events of the cut, and others around them; `None` where the ring has none of them. Waits
    /// for the thread that compresses.
    ///
    /// # Errors
    /// It does not get on, or the trace cannot be put together.
    pub fn trace(&self) -> io::Result<Option<Vec<u8>>> {
        if !self.ring.wait(self.events, PATIENCE) {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the newest events are still being compressed",
            ));
        }
        self.ring.trace(self.cut.from, self.cut.to)
    }
}

#[cfg(test)]
mod tests;
