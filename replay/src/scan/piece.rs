//! A piece of work on a worker's thread: some chunks of a trace, a whole stream, or a batch of one enter; parts of the
//! answer leave as they are found, and in the end what was damaged.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use tercel_format::trace::Trace;
use tercel_format::{Batch, Reader};

use super::drain::{Drained, drain};
use super::gate::Gate;
use super::walker::{Edges, Stop, Walker, Wanted, walk};
use super::{
    Advance, Defect, Findings, Outlet, PieceOrigin, PieceVisitor, Question, Report, ScanError, Visitor,
    infallible, scan_stream, unwanted,
};
use crate::alert::Origin;
use crate::state::{ResumePoint, State};

/// What is to be done.
pub(super) enum Work {
    /// Some chunks of a trace, and with `cut` the readable part of the truncated one after them.
    Chunks { trace: Arc<Trace>, chunks: Range<usize>, cut: bool, edges: Wanted },
    /// A stream, from its start to its end.
    Stream(Box<Reader>),
    /// What a scout read.
    Batch(Box<Stretch>),
}

/// A batch with the state before it.
pub(super) struct Stretch {
    pub(super) state: State,
    pub(super) point: ResumePoint,
    /// Numbers of the first and the last event.
    pub(super) numbers: (u64, u64),
    pub(super) batch: Batch,
}

/// Work, and where it belongs.
pub(super) struct Piece {
    /// Its place among all pieces of all captures.
    pub(super) number: u64,
    pub(super) work: Work,
    pub(super) origin: Origin,
    /// See [`PieceOrigin::images`].
    pub(super) images: Option<(u64, u64)>,
    /// Nothing after an earlier piece of the same capture is of interest.
    pub(super) over: Arc<AtomicBool>,
}

/// Something that a worker hands over.
pub(super) struct Message<P> {
    pub(super) piece: u64,
    pub(super) part: Option<P>,
    /// What the gate is to be given back once the part is merged.
    pub(super) waited: usize,
    /// What the last message of a piece brings.
    pub(super) end: Option<Box<End>>,
}

/// How a piece ended.
#[derive(Default)]
pub(super) struct End {
    pub(super) report: Report,
    /// Whether nothing after it is of interest.
    pub(super) is_enough: bool,
    pub(super) error: Option<ScanError>,
    /// The states at its ends.
    pub(super) edges: Edges,
    /// The stream, if it was one.
    pub(super) reader: Option<Box<Reader>>,
    /// The batch, for its memory.
    pub(super) batch: Option<Batch>,
}

/// What all workers share.
pub(super) struct Shared<'a, Q> {
    pub(super) question: &'a Q,
    pub(super) gate: &'a Gate,
    pub(super) advance: Advance<'a>,
}

impl<Q> Clone for Shared<'_, Q> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q> Copy for Shared<'_, Q> {}

/// Does the work of a piece. What it finds, and how it ended, goes to `messages`.
pub(super) fn work<Q: Question>(
    worker: &mut Q::Worker,
    shared: Shared<'_, Q>,
    piece: Piece,
    messages: &SyncSender<Message<Q::Part>>,
) {
    let Piece { number, work, origin, images, over } = piece;
    let gate = shared.gate;
    let mut send = |part, bytes| {
        let waited = gate.enter(number, bytes).ok_or_else(unwanted)?;
        let message = Message { piece: number, part: Some(part), waited, end: None };
        messages.send(message).map_err(|_| unwanted())
    };
    let place = PieceOrigin { origin: &origin, images };
    let mut visitor = shared.question.visit(worker, &place, Outlet::new(&mut send));
    let stop = || over.load(Ordering::Relaxed) || gate.is_closed();
    let done = match work {
        Work::Chunks { trace, chunks, cut, edges } => {
            let needs = shared.question.needs();
            let mut walker = Walker::new(&trace, &needs);
            walker.edges.wanted = edges;
            walked(walker, chunks, cut, &mut visitor, shared.advance, &stop)
        }
        Work::Stream(mut reader) => {
            scan_stream(&mut reader, &mut visitor).map(|findings| end(findings, Some(reader)))
        }
        Work::Batch(_) if stop() => Ok(End { is_enough: true, ..End::default() }),
        Work::Batch(stretch) => judged(*stretch, &mut visitor),
    };
    // If the result is not wanted, the reason is reported elsewhere.
    let finished = visitor.finish();
    let end = done.and_then(|end| finished.map(|()| end));
    let end = end.unwrap_or_else(|_| End { is_enough: true, ..End::default() });
    let message = Message { piece: number, part: None, waited: 0, end: Some(Box::new(end)) };
    let _ = messages.send(message);
}

fn end(findings: Findings, reader: Option<Box<Reader>>) -> End {
    let Findings { report, error, is_whole, .. } = findings;
    End { report, is_enough: !is_whole, error, reader, ..End::default() }
}

fn walked<V: Visitor<Error = io::Error>>(
    mut walker: Walker<'_>,
    chunks: Range<usize>,
    cut: bool,
    visitor: &mut V,
    advance: Advance<'_>,
    stop: &dyn Fn() -> bool,
) -> io::Result<End> {
    let walked = walk(&mut walker, chunks, cut, visitor, advance, stop);
    let mut end = End { report: walker.report, edges: walker.edges, ..End::default() };
    match walked {
        Ok(is_whole) => end.is_enough = !is_whole,
        Err(Stop::Trace(error)) => end.error = Some(ScanError::Trace(error)),
        Err(Stop::Visitor(error)) => return Err(error),
    }
    Ok(end)
}

fn judged<V: Visitor<Error = io::Error>>(stretch: Stretch, visitor: &mut V) -> io::Result<End> {
    let Stretch { state, point, numbers: (first, last), mut batch } = stretch;
    visitor.resume(state, point)?;
    let (events, drained) = drain(&mut batch, visitor);
    let mut end = End { batch: Some(batch), ..End::default() };
    match drained {
        Drained::End => {}
        Drained::Enough => end.is_enough = true,
        Drained::Source(never) => infallible(Err(never)),
        Drained::Visitor(error) => return Err(error),
        Drained::Panicked(message) => {
            end.is_enough = !visitor.panicked();
            let evaluated = events.saturating_sub(1);
            end.report.defect = Some(Defect { first, last, evaluated, message });
        }
    }
    Ok(end)
}
