//! The trace that `-w` writes along with the alerts: blocks enter with the state before them, a native trace leaves.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tercel_format::Block;
use tercel_format::series::{Creation, Destination, Opened, Presence};
use tercel_format::trace::{Header, Options};
use tercel_replay::KeyedWriter;
use tercel_replay::state::State;

use crate::convert::unsigned;
use crate::exit::Failure;
use crate::target;

/// After this time the blocks so far are written as a chunk, which a crash then cannot lose.
const CHUNK: Duration = Duration::from_secs(2);

/// A trace being written.
pub struct Writer {
    path: PathBuf,
    trace: Trace,
    presence: Option<Presence>,
    cut: Instant,
    /// When the file was looked at.
    looked: Instant,
}

/// A trace with the file that it goes to, until its header is known.
struct Trace {
    waiting: Option<(Opened, Header, Options)>,
    writer: Option<KeyedWriter<Opened>>,
}

impl Trace {
    /// The writer, which starts the trace if that has not happened.
    fn writer(&mut self) -> io::Result<Option<&mut KeyedWriter<Opened>>> {
        if let Some((file, header, options)) = self.waiting.take() {
            self.writer = Some(KeyedWriter::new(file, &header, options)?);
        }
        Ok(self.writer.as_mut())
    }

    fn block(&mut self, block: &Block<'_>, state: &mut State) -> io::Result<()> {
        // Sections start by themselves.
        if self.waiting.is_some() && matches!(block, Block::Section(_)) {
            return Ok(());
        }
        let Some(writer) = self.writer()? else { return Ok(()) };
        writer.block(block, state)
    }
}

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Creates the file of a trace.
pub fn create(path: &Path, creation: Creation) -> Result<Opened, Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage(
            "-w: standard output is used for alerts; name a file (./- for a file called -)",
        ));
    }
    let destination = Destination::new(path).created(creation);
    destination.create(Arc::default()).map_err(|error| target::refused(&destination.name(), &error))
}

impl Writer {
    /// A trace in its file. It starts with the first block.
    pub fn new(path: &Path, mut file: Opened, header: Header, options: Options) -> Writer {
        let presence = file.presence();
        let trace = Trace { waiting: Some((file, header, options)), writer: None };
        let now = Instant::now();
        Writer { path: path.to_owned(), trace, presence, cut: now, looked: now }
    }

    /// Starts the trace, and the threads that write it, now.
    pub fn start(&mut self) -> Result<(), Failure> {
        let started = self.trace.writer().map(drop);
        started.map_err(|error| Failure::io(format!("{}: {error}", self.path.display())))
    }

    /// Replaces the header of a trace that has not started.
    pub fn set_header(&mut self, header: Header) {
        if let Some((_, waiting, _)) = &mut self.trace.waiting {
            *waiting = header;
        }
    }

    /// Writes a block; `state` is what is known before it.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Failure> {
        self.trace.block(block, state).map_err(|error| self.failed(&error))
    }

    /// Writes blocks that have waited too long, and looks whether the file is still there.
    pub fn tick(&mut self, now: Instant) -> Result<(), Failure> {
        if now.saturating_duration_since(self.looked) >= LOOK {
            self.looked = now;
            there(self.presence.as_ref()).map_err(|error| self.failed(&error))?;
        }
        if now.saturating_duration_since(self.cut) < CHUNK {
            return Ok(());
        }
        self.cut = now;
        let flushed = self.trace.writer.as_mut().map_or(Ok(()), KeyedWriter::flush_chunk);
        flushed.map_err(|error| self.failed(&error))
    }

    /// Writes the rest.
    pub fn finish(self) -> Result<(), Failure> {
        let Writer { path, mut trace, presence, .. } = self;
        let started = trace.writer().map(drop);
        let finish = |writer: KeyedWriter<Opened>| writer.finish().map(|(_, summary)| summary.is_unsigned);
        let finished = started.and_then(|()| trace.writer.map_or(Ok(false), finish));
        let finished = finished.and_then(|is_unsigned| there(presence.as_ref()).map(|()| is_unsigned));
        let name = path.display();
        match finished {
            Ok(false) => Ok(()),
            Ok(true) => Err(unsigned(&name)),
            Err(error) => Err(Failure::io(format!("{name}: {error}"))),
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::io(format!(
            "{}: {error}; recording ends, the evaluation of rules goes on",
            self.path.display()
        ))
    }
}

/// Whether a file is still where it was created.
fn there(presence: Option<&Presence>) -> io::Result<()> {
    presence.map_or(Ok(()), |presence| presence.check().map_err(io::Error::other))
}
