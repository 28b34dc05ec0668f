//! The files of a recording: blocks enter, one trace leaves, or several one after the other. Each file is complete on its own, since it
//! begins with the state at the end of the file before it; each event is in exactly one file.

use std::thread::JoinHandle;

use tercel_format::catalogue::code;
use tercel_format::series::Series;
use tercel_format::trace::RingLimits;
use tercel_format::{Block, Event, Numbering};
use tercel_replay::state::{ResumePoint, State};

use crate::error::Error;
use crate::flight::Flight;
use crate::sums::Sums;
use crate::writer::{CaptureWriter, Written};

/// Writes the files.
pub struct Files {
    /// How each file is written; it is never opened itself.
    template: CaptureWriter,
    series: Series,
    /// The state of a reader of the current file; `None` if it is not needed.
    state: Option<Box<State>>,
    numbering: Numbering,
    current: Option<CaptureWriter>,
    /// The file before, while the rest of it is written to disk.
    closing: Option<Closing>,
    done: Sums,
    /// Where all events go until the end, if only the newest are kept.
    flight: Option<Flight>,
}

type Closing = JoinHandle<Result<Written, Error>>;

impl Files {
    /// Writes files like `template`.
    pub fn new(template: CaptureWriter, series: Series) -> Files {
        let needs_state = template.has_keyframes() || series.rotates();
        Files {
            template,
            series,
            state: needs_state.then(Box::default),
            numbering: Numbering::default(),
            current: None,
            closing: None,
            done: Sums::default(),
            flight: None,
        }
    }

    /// Keeps only the newest events, in memory; they are written at the end.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub fn keep_newest(mut self, limits: RingLimits) -> Result<Files, Error> {
        self.flight = Some(Flight::new(self.template.header(), limits)?);
        self.state = Some(Box::default());
        Ok(self)
    }

    /// Opens the first file, which starts at `ts`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn open(&mut self, ts: u64) -> Result<(), Error> {
        self.current = Some(self.template.another(self.series.next(ts)?));
        self.done.files += 1;
        Ok(())
    }

    /// Writes a block. An event starts a new file if the current one is large or old enough.
    ///
    /// # Errors
    /// A file cannot be written.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>) -> Result<(), Error> {
        match block {
            Block::Event(event) => {
                if self.is_due(event) {
                    self.rotate(event.ts)?;
                }
                let current = self.current.as_ref();
                self.series.event(event.ts, || current.map_or(0, CaptureWriter::raw_bytes));
                self.numbering.event(event.code());
                if event.code() == code::DROP_E
                    && let (Some(count), Some(writer)) = (event.uint(0), &mut self.current)
                {
                    writer.drop_events(count);
                }
            }
            Block::Section(_) => self.numbering.section(),
            _ => {}
        }
        if let (Some(flight), Some(state)) = (&mut self.flight, &mut self.state) {
            flight.block(block, state)?;
            state.take(block);
            return Ok(());
        }
        let Some(writer) = &mut self.current else { return Ok(()) };
        match &mut self.state {
            Some(state) => {
                writer.write(block, state)?;
                state.take(block);
                Ok(())
            }
            None => writer.write(block, &mut State::new()),
        }
    }

    /// Makes everything that was written readable, even if the recorder is killed.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn flush_chunk(&mut self) -> Result<(), Error> {
        if self.flight.is_some() {
            return Ok(());
        }
        self.current.as_mut().map_or(Ok(()), CaptureWriter::flush_chunk)
    }

    /// What has been written to disk so far.
    pub fn sums(&self) -> Sums {
        if let Some(flight) = &self.flight {
            return flight.sums();
        }
        let (bytes, raw_bytes) =
            self.current.as_ref().map_or((0, 0), |writer| (writer.bytes(), writer.raw_bytes()));
        Sums { bytes: self.done.bytes + bytes, raw_bytes: self.done.raw_bytes + raw_bytes, ..self.done }
    }

    /// Writes the present content of a flight recorder to a file of its own and returns its name; `None` without a flight recorder, or
    /// while it writes another file.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn dump(&mut self) -> Result<Option<String>, Error> {
        let (Some(flight), Some(writer)) = (&mut self.flight, &self.current) else { return Ok(None) };
        flight.dump(writer)
    }

    /// Makes a flight recorder write nothing at the end.
    pub fn discard(&mut self) {
        if self.flight.is_some() {
            self.current = None;
        }
    }

    /// Finishes the last file, and the one before it if that is still being written; an error of one does not leave the other open.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<Sums, Error> {
        if let Some(flight) = self.flight.take() {
            return flight.finish(self.current.take());
        }
        let settled = self.settle();
        let written = self.current.take().map(CaptureWriter::finish).transpose();
        settled?;
        written?.iter().for_each(|written| self.done.add(written));
        Ok(self.done)
    }

    #[inline]
    fn is_due(&self, event: &Event<'_>) -> bool {
        let current = self.current.as_ref();
        self.series.is_due(event.ts, || current.map_or((0, 0), |writer| (writer.bytes(), writer.raw_bytes())))
    }

    /// Starts a new file with the state before an event at `ts`. The rest of the file before is written by a thread of its own, so
    /// that recording does not wait for the disk; only one file at a time is in this state.
    #[cold]
    fn rotate(&mut self, ts: u64) -> Result<(), Error> {
        self.settle()?;
        if let Some(writer) = self.current.take() {
            let thread = std::thread::Builder::new().name("close".to_owned());
            let closing = thread.spawn(move || writer.finish());
            self.closing = Some(closing.map_err(Error::Thread)?);
        }
        self.open(ts)?;
        let (Some(writer), Some(state)) = (&mut self.current, &mut self.state) else { return Ok(()) };
        let cut = ResumePoint { numbering: self.numbering, ts };
        let mut fresh = Box::<State>::default();
        state.export(cut, &mut |block| {
            writer.write(block, &mut fresh)?;
            fresh.take(block);
            Ok::<(), Error>(())
        })?;
        *state = fresh;
        Ok(())
    }

    /// Waits for the file before.
    fn settle(&mut self) -> Result<(), Error> {
        if let Some(closing) = self.closing.take() {
            let written = closing.join().unwrap_or(Err(Error::WriterEnded))?;
            self.done.add(&written);
        }
        Ok(())
    }
}
