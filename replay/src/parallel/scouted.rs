//! A capture that cannot be cut by keyframes, on several threads: a scout runs ahead of the workers.

use std::io::{self, Write};
use std::sync::Arc;

use tercel_format::trace::{Blocks, Damage, Sequence, Trace, TraceError};
use tercel_format::{Block, BlockSource};

use super::{CHUNK, Parallel, Scout};
use crate::captures::{Capture, CaptureError, Ended, Input};
use crate::chunked::Report;
use crate::engine::ReplayError;

impl Parallel<'_> {
    /// Replays one capture.
    pub(super) fn scouted(
        &mut self,
        Capture { origin, input }: Capture,
        out: &mut (dyn Write + Send),
    ) -> io::Result<Ended> {
        self.origin = origin;
        let options = self.setup.options;
        match input {
            Input::Stream(mut reader) => {
                let ran = self.run(&mut Scout::new(&mut *reader, options, CHUNK), out);
                let error = ended(ran, CaptureError::Stream)?;
                Ok(Ended { input: Input::Stream(reader), report: Report::default(), error })
            }
            Input::Native(trace) => {
                let (report, error) = self.trace(&trace, out)?;
                Ok(Ended { input: Input::Native(trace), report, error })
            }
        }
    }

    fn trace(
        &mut self,
        trace: &Arc<Trace>,
        out: &mut (dyn Write + Send),
    ) -> io::Result<(Report, Option<CaptureError>)> {
        let mut report = Report::default();
        let cut = match trace.read_cut() {
            Ok(cut) => cut,
            Err(error) => return Ok((report, Some(CaptureError::Trace(error)))),
        };
        let numbering = trace.cut().map(|chunk| chunk.descriptor.numbering()).unwrap_or_default();
        let sequence = Sequence::new(trace, 0, trace.chunks().len());
        let mut whole = Whole { sequence, cut: Blocks::new(&cut, numbering), is_cut: false };
        let options = self.setup.options;
        let ran = self.run(&mut Scout::new(&mut whole, options, CHUNK), out);
        let error = ended(ran, CaptureError::Trace)?;
        report.bytes = trace.chunks().iter().map(|chunk| chunk.descriptor.raw_size).sum();
        for loss in whole.sequence.losses() {
            let chunk = trace.chunks().iter().find(|chunk| chunk.offset == loss.from);
            report.lose(chunk.map_or(0, |chunk| chunk.descriptor.sequence), loss.clone());
        }
        report.count = report.count.saturating_add(whole.sequence.incidents());
        Ok((report, error))
    }
}

/// Why a capture ended early; the error is that of the output.
fn ended<E>(
    ran: Result<(), ReplayError<E>>,
    source: fn(E) -> CaptureError,
) -> io::Result<Option<CaptureError>> {
    match ran {
        Ok(()) => Ok(None),
        Err(ReplayError::Source(error)) => Ok(Some(source(error))),
        Err(ReplayError::Defect(defect)) => Ok(Some(CaptureError::Defect(defect))),
        Err(ReplayError::Sink(error)) => Err(error),
    }
}

/// All that can be read of a trace.
struct Whole<'t> {
    sequence: Sequence<'t>,
    /// What is there of a last chunk that is cut off.
    cut: Blocks<'t>,
    is_cut: bool,
}

impl BlockSource for Whole<'_> {
    type Error = TraceError;

    #[inline]
    fn next_block(&mut self) -> Result<Option<Block<'_>>, TraceError> {
        if !self.is_cut {
            if let Some(block) = self.sequence.next()? {
                return Ok(Some(block));
            }
            self.is_cut = true;
        }
        // That it ends early is told with the trace.
        let cut: Result<_, Damage> = self.cut.next();
        Ok(cut.unwrap_or(None))
    }
}
