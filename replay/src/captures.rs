//! Captures, one after the other: what opens them enters, the lines of their alerts leave, in the order of the captures
//! and of their events. Here one thread does it all; [`Parallel`](crate::Parallel) does the same on several.

use std::io::{self, Write};
use std::sync::Arc;

use tercel_format::trace::{Trace, TraceError};
use tercel_format::{Error, Reader};

use crate::alert::{Alert, Formatter, Origin};
use crate::chunked::{Plan, Report, Stop, Walker};
use crate::engine::{Defect, Evaluation, Replay, ReplayError, Setup, Sink};
use crate::state::State;

/// An open capture.
#[derive(Debug)]
pub enum Input {
    /// A native trace, to be read by its chunks.
    Native(Arc<Trace>),
    /// Any other, to be read from front to back.
    Stream(Box<Reader>),
}

/// A capture to replay.
#[derive(Debug)]
pub struct Capture {
    /// What its lines show of it.
    pub origin: Origin,
    /// Where its blocks come from.
    pub input: Input,
}

/// A capture whose lines have all left.
#[derive(Debug)]
pub struct Ended {
    /// The capture; a stream knows what was read of it.
    pub input: Input,
    /// Of a native trace, what was found to be damaged.
    pub report: Report,
    /// Why it was not replayed to its end.
    pub error: Option<CaptureError>,
}

/// Why a capture was not replayed to its end; everything before was, and around a defect everything behind it.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file of a native trace cannot be read.
    #[error("{0}")]
    Trace(TraceError),
    /// The stream cannot be read, or not any further.
    #[error("{0}")]
    Stream(Error),
    /// A defect of this program.
    #[error("{0}")]
    Defect(Defect),
}

/// Where captures come from, and who is told about them.
pub trait Supply {
    /// Opens the next capture; `None` behind the last. Captures that cannot be opened are the supply's own business.
    fn next(&mut self) -> Option<Capture>;

    /// A capture is done: all of its lines have left, and none of a later one.
    fn ended(&mut self, ended: Ended);
}

/// Takes the number of bytes of captures that are done with, for a progress bar. Called by several threads.
pub type Advance<'a> = &'a (dyn Fn(u64) + Sync);

impl Replay<'_> {
    /// Replays captures on this thread and writes the lines of their alerts.
    ///
    /// # Errors
    /// The output failed.
    pub fn run_all(
        &mut self,
        supply: &mut dyn Supply,
        formatter: &mut Formatter,
        out: &mut dyn Write,
        advance: Advance<'_>,
    ) -> io::Result<()> {
        while !self.is_over()
            && let Some(Capture { origin, input }) = supply.next()
        {
            formatter.set_origin(&origin);
            let mut lines = Lines { formatter, out, line: Vec::new() };
            let (setup, evaluation) = self.parts();
            evaluation.set_zone(origin.zone.as_ref());
            supply.ended(replay(setup, evaluation, input, &mut lines, advance)?);
        }
        Ok(())
    }
}

/// Replays one capture.
pub(crate) fn replay(
    setup: &Setup<'_>,
    evaluation: &mut Evaluation,
    input: Input,
    sink: &mut dyn Sink,
    advance: Advance<'_>,
) -> io::Result<Ended> {
    match input {
        Input::Native(trace) => native(setup, evaluation, trace, sink, advance),
        Input::Stream(reader) => stream(setup, evaluation, reader, sink),
    }
}

/// Replays a native trace.
fn native(
    setup: &Setup<'_>,
    evaluation: &mut Evaluation,
    trace: Arc<Trace>,
    sink: &mut dyn Sink,
    advance: Advance<'_>,
) -> io::Result<Ended> {
    let mut walker = Walker::new(&trace);
    let walked = walk(setup, evaluation, &trace, &mut walker, sink, advance);
    let report = std::mem::take(&mut walker.report);
    drop(walker);
    let error = match walked {
        Ok(()) => None,
        Err(Stop::Trace(error)) => Some(CaptureError::Trace(error)),
        Err(Stop::Sink(error)) => return Err(error),
    };
    Ok(Ended { input: Input::Native(trace), report, error })
}

fn walk(
    setup: &Setup<'_>,
    evaluation: &mut Evaluation,
    trace: &Trace,
    walker: &mut Walker<'_>,
    sink: &mut dyn Sink,
    advance: Advance<'_>,
) -> Result<(), Stop> {
    let plan = Plan::new(trace, setup).map_err(Stop::Trace)?;
    evaluation.forget();
    evaluation.counters.skipped += plan.skipped;
    advance(plan.skipped_bytes);
    for index in plan.ranges.iter().cloned().flatten() {
        let more = walker.chunk(setup, evaluation, index, sink)?;
        advance(trace.chunks().get(index).map_or(0, |chunk| chunk.size()));
        if !more {
            return Ok(());
        }
    }
    if plan.cut { walker.cut(setup, evaluation, sink) } else { Ok(()) }
}

/// Replays a stream.
fn stream(
    setup: &Setup<'_>,
    evaluation: &mut Evaluation,
    mut reader: Box<Reader>,
    sink: &mut dyn Sink,
) -> io::Result<Ended> {
    let error = match evaluation.run(setup, &mut State::new(), &mut *reader, sink) {
        Ok(_) => None,
        Err(ReplayError::Source(error)) => Some(CaptureError::Stream(error)),
        Err(ReplayError::Defect(defect)) => Some(CaptureError::Defect(defect)),
        Err(ReplayError::Sink(error)) => return Err(error),
    };
    Ok(Ended { input: Input::Stream(reader), report: Report::default(), error })
}

/// Writes alerts as lines.
struct Lines<'a> {
    formatter: &'a mut Formatter,
    out: &'a mut dyn Write,
    line: Vec<u8>,
}

impl Sink for Lines<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.line.clear();
        self.formatter.push_line(alert, &mut self.line);
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }
}
