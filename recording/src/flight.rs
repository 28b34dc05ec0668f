//! The newest events stay in memory, and become a trace at the end or when somebody asks for it. A trace is written by a thread
//! of its own, so that recording does not wait for it.

use std::sync::Arc;
use std::thread::JoinHandle;

use jiff::Timestamp;
use tercel_format::trace::{Header, RingLimits};
use tercel_format::{Block, Capture};
use tercel_replay::flight::{FlightRecorder, KeptEvents};
use tercel_replay::scan::{Needs, scan};
use tercel_replay::state::State;

use crate::error::Error;
use crate::files::lost_before;
use crate::sums::Sums;
use crate::writer::{CaptureWriter, Written};

/// Keeps the newest events.
pub(crate) struct Flight {
    recorder: FlightRecorder,
    /// A trace that is being written. There is at most one, so that copies of the events in memory do not pile up.
    under_way: Option<JoinHandle<Result<Written, Error>>>,
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
        Ok(Flight { recorder, under_way: None, done: Sums::default(), failure: None })
    }

    /// Takes a block; `state` is what is known before it.
    #[inline]
    pub(crate) fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Error> {
        self.recorder.block(block, state).map_err(Error::Memory)?;
        self.recorder.dropped(lost_before(block));
        Ok(())
    }

    /// The events in memory.
    pub(crate) fn sums(&self) -> Sums {
        let usage = self.recorder.usage();
        Sums { bytes: usage.bytes, raw_bytes: usage.raw_bytes, forgotten: usage.forgotten, ..Sums::default() }
    }

    /// Writes what is in memory into a file next to that of `writer`, named after the time; its name leaves. `None` while another
    /// one is under way.
    pub(crate) fn dump(&mut self, writer: &CaptureWriter) -> Result<Option<String>, Error> {
        if self.under_way.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(None);
        }
        self.settle();
        let mut writer = writer.another(writer.destination().beside(Timestamp::now()));
        let name = writer.name();
        writer.keep_numbers();
        let kept = self.recorder.kept().map_err(Error::Memory)?;
        let thread = std::thread::Builder::new().name("dump".to_owned());
        self.under_way = Some(thread.spawn(move || write(&kept, writer)).map_err(Error::Memory)?);
        Ok(Some(name))
    }

    /// Waits for what is under way, and writes what is in memory into `writer`, if there is one; neither is left undone because of
    /// the other.
    pub(crate) fn finish(mut self, writer: Option<CaptureWriter>) -> Result<Sums, Error> {
        self.settle();
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

    /// Waits for the trace that is being written.
    fn settle(&mut self) {
        if let Some(thread) = self.under_way.take() {
            self.count(thread.join().unwrap_or(Err(Error::WriterEnded)));
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

/// Writes events from memory as a trace that begins with the state before them.
fn write(kept: &KeptEvents, mut writer: CaptureWriter) -> Result<Written, Error> {
    if let Some(bytes) = kept.trace().map_err(Error::Memory)? {
        let mut capture = Capture::of_storage(Arc::new(bytes), &|bytes| bytes).map_err(Error::KeptOpen)?;
        let findings = scan(&mut capture, &Needs::ALL, &mut writer, &|_| ())?;
        findings.error.map_or(Ok(()), |error| Err(Error::KeptScan(error)))?;
    }
    writer.finish()
}
