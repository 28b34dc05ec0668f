//! A piece of work on a worker's thread: some chunks of a trace, or a whole stream, enter; lines leave as they come, and in
//! the end what was counted. A panic ends the chunk, not the replay: the lines before it stay, and what is missing is told.

use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use tercel_format::Reader;
use tercel_format::trace::Trace;

use super::gate::Gate;
use super::worker::{Bench, message};
use crate::alert::{Alert, Formatter, Origin};
use crate::captures::{Advance, CaptureError};
use crate::chunked::{Report, Stop, Walker};
use crate::engine::{Counters, Defect, ReplayError, Setup, Sink};
use crate::state::State;

/// How many bytes of lines are handed over at once.
const LINES: usize = 64 << 10;

/// What is to be done.
pub(super) enum Work {
    /// Some chunks of a trace, and with `cut` what is there of the one that is cut off behind them.
    Chunks { trace: Arc<Trace>, chunks: Range<usize>, cut: bool },
    /// A stream, from its start to its end.
    Stream(Box<Reader>),
}

/// Work, and where it belongs.
pub(super) struct Piece {
    /// Its place among all pieces of all captures.
    pub(super) number: u64,
    pub(super) work: Work,
    pub(super) origin: Origin,
    /// Nothing behind an earlier piece of the same capture is of interest.
    pub(super) over: Arc<AtomicBool>,
}

/// Something that a worker hands over.
pub(super) struct Part {
    pub(super) piece: u64,
    pub(super) lines: Vec<u8>,
    /// What the gate is to be told once the lines have left.
    pub(super) waited: usize,
    /// What the last part of a piece brings.
    pub(super) end: Option<Box<End>>,
}

/// How a piece ended.
pub(super) struct End {
    pub(super) counters: Counters,
    pub(super) report: Report,
    /// Whether later pieces of the capture can be of interest.
    pub(super) more: bool,
    pub(super) error: Option<CaptureError>,
    /// The stream, if it was one.
    pub(super) reader: Option<Box<Reader>>,
}

/// What all workers share.
#[derive(Clone, Copy)]
pub(super) struct Counter<'a, 'p> {
    pub(super) setup: &'a Setup<'p>,
    pub(super) gate: &'a Gate,
    pub(super) advance: Advance<'a>,
}

/// Does the work of a piece. Its lines and its end go to `parts`.
pub(super) fn work(bench: &mut Bench, counter: Counter<'_, '_>, piece: Piece, parts: &SyncSender<Part>) {
    let Piece { number, work, origin, over } = piece;
    let setup = counter.setup;
    bench.forget();
    bench.evaluation.forget();
    bench.set_origin(&origin);
    let mut sink = Outgoing {
        formatter: &mut bench.formatter,
        piece: number,
        bytes: Vec::new(),
        whole: 0,
        counter,
        parts,
    };
    let (more, error, report, reader) = match work {
        Work::Chunks { trace, chunks, cut } => {
            let mut walker = Walker::new(&trace);
            let (more, error) =
                walk(&mut bench.evaluation, &mut walker, &trace, (chunks, cut), &over, &mut sink);
            (more, error, std::mem::take(&mut walker.report), None)
        }
        Work::Stream(mut reader) => {
            let (more, error) = stream(&mut bench.evaluation, &mut reader, &mut sink);
            (more, error, Report::default(), Some(reader))
        }
    };
    let counters = std::mem::replace(&mut bench.evaluation.counters, Counters::new(setup.program));
    sink.finish(End { counters, report, more, error, reader });
}

type Outcome = (bool, Option<CaptureError>);

/// Evaluates chunks, and what is cut off behind them.
fn walk(
    evaluation: &mut crate::engine::Evaluation,
    walker: &mut Walker<'_>,
    trace: &Trace,
    (chunks, cut): (Range<usize>, bool),
    over: &AtomicBool,
    sink: &mut Outgoing<'_, '_, '_>,
) -> Outcome {
    let Counter { setup, advance, .. } = sink.counter;
    let mut found = None;
    // Last comes what has no index: the chunk that is cut off.
    for index in chunks.map(Some).chain(cut.then_some(None)) {
        if over.load(Ordering::Relaxed) || sink.counter.gate.is_closed() {
            return (false, found);
        }
        let before = evaluation.counters.events;
        let walked = catch_unwind(AssertUnwindSafe(|| match index {
            Some(index) => walker.chunk(setup, evaluation, index, sink),
            None => walker.cut(setup, evaluation, sink).map(|()| true),
        }));
        let chunk = index.map_or_else(|| trace.cut(), |index| trace.chunks().get(index));
        advance(chunk.filter(|_| index.is_some()).map_or(0, |chunk| chunk.size()));
        match walked {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return (false, found),
            Ok(Err(stop)) => return (false, found.or_else(|| stopped(stop))),
            Err(panic) => {
                // What it remembers cannot be trusted.
                sink.truncate();
                let counters = std::mem::take(&mut evaluation.counters);
                *evaluation = crate::engine::Evaluation::new(setup);
                evaluation.counters = counters;
                walker.forget();
                let (first, last) = chunk.map_or((0, 0), |chunk| chunk.descriptor.numbers());
                // The event that it was about is counted already.
                let evaluated = (evaluation.counters.events - before).saturating_sub(1);
                let defect = Defect { first, last, evaluated, message: message(&*panic) };
                found.get_or_insert(CaptureError::Defect(defect));
            }
        }
    }
    (true, found)
}

/// Evaluates a stream.
fn stream(
    evaluation: &mut crate::engine::Evaluation,
    reader: &mut Reader,
    sink: &mut Outgoing<'_, '_, '_>,
) -> Outcome {
    let setup = sink.counter.setup;
    let mut state = State::new();
    let caught = catch_unwind(AssertUnwindSafe(|| evaluation.run(setup, &mut state, reader, sink)));
    match caught {
        Ok(Ok(more)) => (more, None),
        Ok(Err(ReplayError::Source(error))) => (true, Some(CaptureError::Stream(error))),
        // Nobody wants the lines, and whoever knows why says it.
        Ok(Err(ReplayError::Sink(_))) => (false, None),
        Ok(Err(ReplayError::Defect(defect))) => (true, Some(CaptureError::Defect(defect))),
        Err(panic) => {
            sink.truncate();
            let counters = std::mem::take(&mut evaluation.counters);
            let evaluated = counters.events.saturating_sub(1);
            *evaluation = crate::engine::Evaluation::new(setup);
            evaluation.counters = counters;
            let defect = Defect { first: 1, last: u64::MAX, evaluated, message: message(&*panic) };
            (true, Some(CaptureError::Defect(defect)))
        }
    }
}

/// Why a capture ends early; where the lines are not wanted, whoever knows why says it.
fn stopped(stop: Stop) -> Option<CaptureError> {
    match stop {
        Stop::Trace(error) => Some(CaptureError::Trace(error)),
        Stop::Sink(_) => None,
    }
}

/// Collects the lines of a piece and hands them over.
struct Outgoing<'b, 'a, 'p> {
    formatter: &'b mut Formatter,
    piece: u64,
    bytes: Vec<u8>,
    /// Length of the lines that are whole.
    whole: usize,
    counter: Counter<'a, 'p>,
    parts: &'b SyncSender<Part>,
}

impl Outgoing<'_, '_, '_> {
    /// Takes back what is not a whole line.
    fn truncate(&mut self) {
        self.bytes.truncate(self.whole);
    }

    /// Hands over what is there.
    fn send(&mut self, end: Option<Box<End>>) -> io::Result<()> {
        let unwanted = || io::Error::from(io::ErrorKind::BrokenPipe);
        let waited = self.counter.gate.enter(self.piece, self.bytes.len()).ok_or_else(unwanted)?;
        self.whole = 0;
        let lines = std::mem::take(&mut self.bytes);
        self.parts.send(Part { piece: self.piece, lines, waited, end }).map_err(|_| unwanted())
    }

    fn finish(mut self, end: End) {
        // Where nobody takes it, nobody waits for it.
        let _ = self.send(Some(Box::new(end)));
    }
}

impl Sink for Outgoing<'_, '_, '_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.formatter.push_line(alert, &mut self.bytes);
        self.bytes.push(b'\n');
        self.whole = self.bytes.len();
        if self.whole >= LINES { self.send(None) } else { Ok(()) }
    }
}
