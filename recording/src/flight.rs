//! The newest events stay in memory, and become a trace at the end or when somebody asks for it. A trace is written by a thread
//! of its own, so that recording does not wait for it.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tercel_format::trace::{Header, RingLimits};
use tercel_format::{Block, Capture};
use tercel_replay::flight::{FlightRecorder, KeptEvents};
use tercel_replay::scan::{Needs, scan};
use tercel_replay::state::State;

use crate::cuts::{DumpRequest, Dumps};
use crate::error::Error;
use crate::sums::Sums;
use crate::writer::{CaptureWriter, Written};

/// Keeps the newest events.
pub(crate) struct Flight {
    recorder: FlightRecorder,
    /// Traces that are requested.
    dumps: Dumps,
    /// Time of the newest event.
    last: u64,
    /// Traces that were written.
    done: Sums,
    /// The error of the first one that was not. Recording goes on; the error is reported at the end.
    failure: Option<Error>,
}

impl Flight {
    /// An empty one.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub(crate) fn new(header: &Header, limits: RingLimits) -> Result<Flight, Error> {
        let recorder = FlightRecorder::new(header, limits).map_err(Error::Memory)?;
        Ok(Flight { recorder, dumps: Dumps::default(), last: 0, done: Sums::default(), failure: None })
    }

    /// Takes a block; `state` is what is known before it.
    #[inline]
    pub(crate) fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Error> {
        if let Block::Event(event) = block {
            self.last = event.ts;
        }
        self.recorder.block(block, state).map_err(Error::Memory)
    }

    /// The events in memory.
    pub(crate) fn sums(&self) -> Sums {
        let usage = self.recorder.usage();
        Sums { bytes: usage.bytes, raw_bytes: usage.raw_bytes, forgotten: usage.forgotten, ..Sums::default() }
    }

    /// Takes a request to write what is in memory.
    pub(crate) fn request(&mut self, request: DumpRequest) {
        self.dumps.push(request, Instant::now());
    }

    /// Does what was requested and is due. The name of a file next to that of `writer`, named after the time, leaves when it is begun.
    pub(crate) fn tick(&mut self, now: Instant, writer: &CaptureWriter) -> Result<Option<String>, Error> {
        let step = self.dumps.tick(now, &mut self.recorder, self.last, || beside(writer))?;
        step.ended.into_iter().for_each(|ended| self.count(ended.result.map(|(written, _)| written)));
        Ok(step.started)
    }

    /// Does what was requested, and writes what is in memory into `writer`, if there is one; neither is left undone because of the
    /// other. Without one, `template` names the requested files.
    pub(crate) fn finish(
        mut self,
        template: &CaptureWriter,
        writer: Option<CaptureWriter>,
    ) -> Result<Sums, Error> {
        let near = writer.as_ref().unwrap_or(template);
        match self.dumps.finish(&mut self.recorder, self.last, || beside(near)) {
            Ok(ended) => {
                ended.into_iter().for_each(|ended| self.count(ended.result.map(|(written, _)| written)));
            }
            Err(error) => self.count(Err(error)),
        }
        if let Some(mut writer) = writer {
            writer.keep_numbers();
            let written = self.recorder.kept().map_err(Error::Memory).and_then(|kept| write(&kept, writer));
            self.count(written);
        }
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Sums { forgotten: self.recorder.usage().forgotten, ..self.done }),
        }
    }

    fn count(&mut self, written: Result<Written, Error>) {
        match written {
            Ok(written) => {
                self.done.files += 1;
                self.done.add(&written);
            }
            Err(failure) => {
                self.failure.get_or_insert(failure);
            }
        }
    }
}

/// A writer of a file next to that of another one, named after the time.
fn beside(writer: &CaptureWriter) -> CaptureWriter {
    let mut beside = writer.another(writer.destination().beside(Timestamp::now()).whole());
    beside.keep_numbers();
    beside
}

/// Writes events from memory as a trace that begins with the state before them.
fn write(kept: &KeptEvents, mut writer: CaptureWriter) -> Result<Written, Error> {
    if let Some(bytes) = kept.trace().map_err(Error::Memory)? {
        let mut capture = Capture::of_storage(Arc::new(bytes), &|bytes| bytes).map_err(Error::KeptOpen)?;
        let findings = scan(&mut capture, &Needs::ALL, &mut writer, &|_| ())?;
        findings.error.map_or(Ok(()), |error| Err(Error::KeptScan(error)))?;
    }
    writer.finish()
}
