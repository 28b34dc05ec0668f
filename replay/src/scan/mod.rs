//! The one pass: an open capture and what is needed of it enter; a [`Visitor`] gets its blocks in order, together with the
//! state where that is known again after something was left out or damaged; what was found to be damaged leaves as
//! values. Nothing is printed here, and nothing is known of what visitors ask.
//!
//! A [`Question`] is asked of several captures, on one thread or on several ([`scan_all`]): its answers over pieces are
//! merged in the order of the captures and of their events.
//!
//! One policy for panics: they end the stretch of blocks in which they happen (a chunk, a stream, a batch), the visitor
//! says whether it can go on after it, and a [`Defect`] names what was not evaluated.

mod captures;
mod check;
mod chosen;
mod columns;
mod drain;
mod plan;
mod question;
mod report;
mod seed;
mod selection;
mod walker;

mod gate;
mod ordered;
mod piece;
mod threads;

mod dispatcher;
mod scout;
mod several;

#[cfg(test)]
mod tests;

use std::io;

use tercel_format::trace::{Trace, TraceError};
use tercel_format::{Block, Capture, ReadError, Reader};

use crate::state::{ResumePoint, State};
use drain::{Drained, drain};
use walker::{Stop, Walker, walk};

pub use captures::{Advance, Ended, Opened, Supply};
pub use check::{Proof, verify, verify_trace};
pub use chosen::{ChunkFindings, scan_chunks};

pub use columns::Passed;
pub use plan::{Extent, Needs, is_keyed, seams};
pub use question::{Merge, Outlet, PieceOrigin, PieceVisitor, Question};

pub use report::{Defect, Report, Trouble};
pub use selection::Selection;
pub(crate) use selection::Wish;
pub use several::scan_all;
pub use threads::{BATCH, Threads};

/// Takes the blocks of a capture in.
pub trait Visitor {
    /// Why it cannot go on.
    type Error;

    /// Takes a block; `false` if nothing further of the capture is of interest.
    ///
    /// # Errors
    /// The visitor cannot go on; the scan ends.
    fn block(&mut self, block: &Block<'_>) -> Result<bool, Self::Error>;

    /// The state is known here, and the events after `point` follow: at the start of a piece, after what was left out and
    /// after damage. The visitor discards what it knew before.
    ///
    /// # Errors
    /// As for [`block`](Visitor::block).
    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Self::Error>;

    /// The state that it keeps, if it keeps all of it: other pieces are compared with it.
    fn state(&self) -> Option<&State> {
        None
    }

    /// The state that it keeps, to be told of events that are passed over. Visitors whose needs have a [`Selection`] have one.
    fn state_mut(&mut self) -> Option<&mut State> {
        None
    }

    /// These events of a chunk were passed over.
    fn passed(&mut self, _events: &Passed) {}

    /// This many events are missing before the next block: lost by the recorder, or in damaged chunks.
    fn dropped(&mut self, _count: u64) {}

    /// A panic came out of it; `true` if it can go on at a place where the state is known again.
    fn panicked(&mut self) -> bool {
        false
    }
}

/// Why a capture was not scanned to its end; everything before was, and everything around a defect.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The file of a native trace cannot be read.
    #[error("{0}")]
    Trace(TraceError),
    /// The stream cannot be read, or not any further.
    #[error("{0}")]
    Stream(ReadError),
    /// An error in this program.
    #[error("{0}")]
    Defect(Defect),
}

impl ScanError {
    /// Whether the capture (or this program) is at fault, and not the operating system.
    pub fn is_damage(&self) -> bool {
        match self {
            ScanError::Trace(error) => error.is_damage(),
            ScanError::Stream(error) => error.is_damage(),
            ScanError::Defect(_) => true,
        }
    }
}

/// Chunks of a native trace that were not read. What they contain is known from their descriptors only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Chunks.
    pub chunks: u64,
    /// Events in them.
    pub events: u64,
}

impl LeftOut {
    /// Adds others.
    pub fn add(&mut self, others: LeftOut) {
        self.chunks = self.chunks.saturating_add(others.chunks);
        self.events = self.events.saturating_add(others.events);
    }
}

/// How a scan of one capture ended.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is damaged.
    pub report: Report,
    /// Why the scan ended early.
    pub error: Option<ScanError>,
    /// Chunks that were left out, because they are not needed.
    pub skipped: LeftOut,
    /// Whether the end of the capture was reached, and not the end of what is of interest.
    pub(crate) is_whole: bool,
}

/// Scans one capture on this thread. `advance` gets the bytes of native traces that are done.
///
/// # Errors
/// The visitor cannot go on. Whatever is wrong with the capture stands in the findings.
pub fn scan<V: Visitor>(
    capture: &mut Capture,
    needs: &Needs<'_>,
    visitor: &mut V,
    advance: Advance<'_>,
) -> Result<Findings, V::Error> {
    match capture {
        Capture::Native(trace) => scan_trace(trace, needs, visitor, advance),
        Capture::Stream(reader) => scan_stream(reader, visitor),
    }
}

fn scan_trace<V: Visitor>(
    trace: &Trace,
    needs: &Needs<'_>,
    visitor: &mut V,
    advance: Advance<'_>,
) -> Result<Findings, V::Error> {
    let mut walker = Walker::new(trace, needs);
    walker.report = Report::of(trace);
    let plan = match plan::Plan::new(trace, needs) {
        Ok(plan) => plan,
        Err(error) => {
            let error = Some(ScanError::Trace(error));
            return Ok(Findings { report: walker.report, error, ..Findings::default() });
        }
    };
    advance(plan.skipped_bytes);
    let chunks = plan.ranges.iter().cloned().flatten();
    let walked = walk(&mut walker, chunks, plan.cut, visitor, advance, &|| false);
    if plan.skipped.chunks == 0 && matches!(walked, Ok(true)) {
        walker.compare_dropped();
    }
    let mut findings = Findings { report: walker.report, skipped: plan.skipped, ..Findings::default() };
    match walked {
        Ok(is_whole) => findings.is_whole = is_whole,
        Err(Stop::Trace(error)) => findings.error = Some(ScanError::Trace(error)),
        Err(Stop::Visitor(error)) => return Err(error),
    }
    let defect = findings.report.defect.clone().map(ScanError::Defect);
    findings.error = findings.error.or(defect);
    Ok(findings)
}

/// Scans a stream from where it is to its end.
pub(crate) fn scan_stream<V: Visitor>(reader: &mut Reader, visitor: &mut V) -> Result<Findings, V::Error> {
    let (events, drained) = drain(reader, visitor);
    let mut findings = Findings { report: Report::of_stream(reader), is_whole: true, ..Findings::default() };
    match drained {
        Drained::End => {}
        Drained::Enough => findings.is_whole = false,
        Drained::Source(error) => findings.error = Some(ScanError::Stream(error)),
        Drained::Visitor(error) => return Err(error),
        Drained::Panicked(message) => {
            // Whether it can go on does not matter: nothing follows.
            visitor.panicked();
            let evaluated = events.saturating_sub(1);
            let defect = Defect { first: 1, last: u64::MAX, evaluated, message };
            findings.error = Some(ScanError::Defect(defect));
        }
    }
    Ok(findings)
}

/// The outcome of a visitor that cannot fail.
pub fn infallible<T>(outcome: Result<T, std::convert::Infallible>) -> T {
    match outcome {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

/// An output whose reader has closed it.
pub(crate) fn unwanted() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}
