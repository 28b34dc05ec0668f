//! The files of a recording: blocks enter, one trace leaves, or several one after the other. Each file is complete on its own, since it
//! begins with the state at the end of the file before it; each event is in exactly one file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Instant;

use tercel_format::series::{Gone, Presence, Series};
use tercel_format::trace::{Header, RingLimits, Totals};
use tercel_format::{Block, Capture, Event, Numbering, Reader};
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};

use crate::cuts::DumpRequest;
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
    /// Events of the current file.
    events: u64,
    /// Files that could not be finished.
    failed: Vec<Unfinished>,
    /// Where all events go until the end, if only the newest are kept.
    flight: Option<Flight>,
}

/// A file that is being finished.
struct Closing {
    thread: JoinHandle<Result<Written, Error>>,
    file: Unfinished,
}

/// A file that is not known to be whole.
struct Unfinished {
    path: PathBuf,
    /// Events that were given to it.
    events: u64,
}

/// What is on the disk after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Safe {
    /// Files that can be read.
    pub files: u64,
    /// Events in them, those included that are there for the state only.
    pub events: u64,
    /// Events that were recorded and are in none of them.
    pub lost: u64,
}

/// A recording that ended with an error.
#[derive(Debug)]
pub struct Broken {
    /// The first error.
    pub error: Error,
    /// What can be read nevertheless, if anything reached the disk before the end.
    pub safe: Option<Safe>,
}

/// Files that are tried until one has a name that nobody else has taken.
const TRIES: u32 = 100;

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
            events: 0,
            failed: Vec::new(),
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

    /// Creates the first file, which starts at `ts`, before [`Files::open`] has anything to write: as long as this process may create it.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create_first(&mut self, ts: u64) -> Result<(), Error> {
        if self.flight.is_some() {
            return Ok(());
        }
        self.open(ts)?;
        match &mut self.current {
            Some(writer) if writer.presence().is_none() => writer.create(),
            Some(_) | None => Ok(()),
        }
    }

    /// Opens the first file, which starts at `ts`, unless it is there.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn open(&mut self, ts: u64) -> Result<(), Error> {
        if self.current.is_some() {
            return Ok(());
        }
        self.current = Some(self.create(ts)?);
        self.done.files += 1;
        // The file before may still be written.
        Ok(self.series.trim(1 + usize::from(self.closing.is_some()))?)
    }

    /// The next file. One of a series is created at once, so that nobody else can take its name.
    fn create(&mut self, ts: u64) -> Result<CaptureWriter, Error> {
        for _ in 1..TRIES {
            let mut writer = self.template.another(self.series.next(ts)?);
            if !self.series.rotates() {
                return Ok(writer);
            }
            match writer.create() {
                Err(error) if error.is_taken() => self.series.taken(),
                created => {
                    created?;
                    writer.presence().into_iter().for_each(|presence| self.series.created(presence));
                    return Ok(writer);
                }
            }
        }
        Ok(self.template.another(self.series.next(ts)?))
    }

    /// Replaces the header of all files that are not started yet, of which the current one may be.
    pub(crate) fn set_header(&mut self, header: Header) {
        self.current.iter_mut().for_each(|writer| writer.set_header(header.clone()));
        self.template.set_header(header);
    }

    /// The header of the files.
    pub(crate) fn header(&self) -> &Header {
        self.template.header()
    }

    /// Whether the file that is being written is still where it was created. Files that are complete may be moved and removed.
    ///
    /// # Errors
    /// It is not, or the file before could not be finished.
    pub fn check(&mut self) -> Result<(), Error> {
        if self.closing.as_ref().is_some_and(|closing| closing.thread.is_finished()) {
            self.settle()?;
            self.series.trim(1)?;
        }
        self.current.as_ref().map_or(Ok(()), CaptureWriter::check)
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
                    self.rotate(event)?;
                }
                self.events += 1;
                let current = self.current.as_ref();
                self.series.event(event.ts, || current.map_or(0, CaptureWriter::raw_bytes));
                self.numbering.event(event.code());
            }
            Block::Section(_) => self.numbering.section(),
            Block::State(record) => self.numbering.resume(record.sections, record.counted),
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
            }
            None => writer.write(block, &mut State::new())?,
        }
        Ok(())
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

    /// Takes a request to write the present content of a flight recorder to a file of its own. Without one there is no answer.
    pub fn request(&mut self, request: DumpRequest) {
        if let Some(flight) = &mut self.flight {
            flight.request(request);
        }
    }

    /// Does what was requested and is due; the name of a file leaves when it is begun.
    ///
    /// # Errors
    /// The newest events cannot be compressed.
    pub fn tick(&mut self, now: Instant) -> Result<Option<String>, Error> {
        let (Some(flight), Some(writer)) = (&mut self.flight, &self.current) else { return Ok(None) };
        flight.tick(now, writer)
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
    pub fn finish(self) -> Result<Sums, Broken> {
        self.end(None)
    }

    /// Closes everything after an error.
    pub fn abandon(self, error: Error) -> Broken {
        match self.end(Some(error)) {
            Err(broken) => broken,
            // It ends with the error that it was given.
            Ok(_) => Broken { error: Error::WriterEnded, safe: None },
        }
    }

    fn end(mut self, mut failure: Option<Error>) -> Result<Sums, Broken> {
        if let Some(flight) = self.flight.take() {
            let finished = flight.finish(&self.template, self.current.take());
            return match (failure, finished) {
                (Some(error), _) | (None, Err(error)) => Err(Broken { error, safe: None }),
                (None, Ok(sums)) => Ok(sums),
            };
        }
        if let Err(error) = self.settle() {
            failure.get_or_insert(error);
        }
        let mut readable_events = Vec::new();
        let mut recorded = self.done.events + self.events;
        if let Some(mut writer) = self.current.take() {
            let (presence, name) = (writer.leave(), writer.name());
            let check = |presence: &Presence| presence.check().map_err(|gone| Error::Gone { name, gone });
            let whole =
                writer.finish().and_then(|written| presence.as_ref().map_or(Ok(()), check).map(|()| written));
            match whole {
                Ok(written) => self.done.finished(self.events, &written),
                Err(error) => {
                    failure.get_or_insert(error);
                    readable_events.extend(presence.and_then(|presence| match presence.check() {
                        Err(Gone::Removed) => None,
                        // Its index says what was written, not what is left.
                        Err(Gone::Truncated) => Some(from_start(&presence.handle())),
                        Ok(()) | Err(Gone::Moved) => Some(readable(&presence.handle())),
                    }));
                }
            }
        }
        let Some(error) = failure else {
            let trimmed = self.series.trim(1).map_err(|error| Broken { error: error.into(), safe: None });
            return trimmed.map(|()| self.done);
        };
        for Unfinished { path, events } in &self.failed {
            recorded += events;
            readable_events.push(readable(path));
        }
        let mut safe = Safe { files: self.done.finished, events: self.done.events, lost: 0 };
        for events in readable_events.into_iter().flatten() {
            safe.files += 1;
            safe.events += events;
        }
        safe.lost = recorded.saturating_sub(safe.events);
        Err(Broken { error, safe: Some(safe) })
    }

    #[inline]
    fn is_due(&self, event: &Event<'_>) -> bool {
        let current = self.current.as_ref();
        self.series.is_due(event.ts, || current.map_or((0, 0), |writer| (writer.bytes(), writer.raw_bytes())))
    }

    /// Starts a new file with the state before an event. The rest of the file before is written by a thread of its own, so
    /// that recording does not wait for the disk; only one file at a time is in this state.
    #[cold]
    fn rotate(&mut self, event: &Event<'_>) -> Result<(), Error> {
        let ts = event.ts;
        if self.template.keeps_numbers() && !event.initial {
            self.numbering.jump(event.num);
        }
        self.settle()?;
        if let Some(writer) = self.current.take() {
            let path = writer.presence().map(|presence| presence.path().to_owned()).unwrap_or_default();
            let file = Unfinished { path, events: std::mem::take(&mut self.events) };
            let thread = std::thread::Builder::new().name("close".to_owned());
            let thread = thread.spawn(move || writer.finish()).map_err(Error::Thread)?;
            self.closing = Some(Closing { thread, file });
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
        let Some(Closing { thread, file }) = self.closing.take() else { return Ok(()) };
        match thread.join().unwrap_or(Err(Error::WriterEnded)) {
            Ok(written) => {
                self.done.finished(file.events, &written);
                Ok(())
            }
            Err(error) => {
                self.failed.push(file);
                Err(error)
            }
        }
    }
}

impl Visitor for Files {
    type Error = Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Error> {
        Files::block(self, block).map(|()| true)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Error> {
        state.export(point, &mut |block| Files::block(self, block))
    }

    fn dropped(&mut self, count: u64) {
        self.current.iter_mut().for_each(|writer| writer.drop_events(count));
    }
}

/// Events of a file that can be read; nothing if it cannot be. Of a capture that is not a native trace they are counted one by one.
fn readable(path: &Path) -> Option<u64> {
    match Capture::open(path, &|bytes| bytes).ok()? {
        Capture::Native(trace) => Some(Totals::of(trace.chunks()).events),
        Capture::Stream(reader) => Some(count(*reader)),
    }
}

/// Events that can be read from the start of a file on, as other programs read it.
fn from_start(path: &Path) -> Option<u64> {
    Reader::new(File::open(path).ok()?).ok().map(count)
}

fn count(mut reader: Reader) -> u64 {
    let mut events = 0;
    while let Ok(Some(block)) = reader.next() {
        events += u64::from(matches!(block, Block::Event(_)));
    }
    events
}
