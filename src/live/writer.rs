//! The trace that `-w` writes along with the alerts: blocks enter with the state before them, a native trace leaves.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tercel_capture::Options as Probing;
use tercel_format::Block;
use tercel_format::record::MachineInfo;
use tercel_format::series::{Creation, Destination, Opened, Presence};
use tercel_format::trace::{Header, Options};
use tercel_replay::KeyedWriter;
use tercel_replay::state::State;

use crate::exit::Failure;
use crate::host;
use crate::redaction::Beside;
use crate::target;

/// After this time the blocks so far are written as a chunk, which a crash then cannot lose.
const CHUNK: Duration = Duration::from_secs(2);

/// A trace being written.
pub struct Writer {
    path: PathBuf,
    trace: Trace,
    /// What the trace does not contain, and its header as it was.
    redaction: Option<(Beside, Header)>,
    presence: Option<Presence>,
    cut: Instant,
    /// When the file was looked at.
    looked: Instant,
}

/// A trace with the file that it goes to, until its header is known.
struct Trace {
    waiting: Option<(Opened, Header)>,
    writer: Option<KeyedWriter<Opened>>,
}

impl Trace {
    /// The writer, which starts the trace if that has not happened.
    fn writer(&mut self) -> io::Result<Option<&mut KeyedWriter<Opened>>> {
        if let Some((file, header)) = self.waiting.take() {
            self.writer = Some(KeyedWriter::new(file, &header, Options::default())?);
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
    /// Starts a trace in its file, and the threads that write it.
    pub fn new(
        path: &Path,
        mut file: Opened,
        machine: &MachineInfo,
        probing: &Probing,
        redaction: Option<Beside>,
    ) -> Result<Writer, Failure> {
        let presence = file.presence();
        let header = host::header(machine, "", probing.snaplen);
        let mut redaction = redaction.map(|redaction| (redaction, header.clone()));
        let header = match &mut redaction {
            Some((redaction, _)) => redaction.header(header),
            None => header,
        };
        let mut trace = Trace { waiting: Some((file, header)), writer: None };
        if redaction.is_none() {
            trace.writer().map_err(|error| Failure::io(format!("{}: {error}", path.display())))?;
        }
        let now = Instant::now();
        Ok(Writer { path: path.to_owned(), trace, redaction, presence, cut: now, looked: now })
    }

    /// Writes a block; `state` is what is known before it.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Failure> {
        let Writer { trace, redaction, .. } = self;
        let written = match redaction {
            None => trace.block(block, state),
            Some((redaction, header)) => {
                // The names of accounts are known now.
                if let (Block::Event(_), Some((_, waiting))) = (block, &mut trace.waiting) {
                    *waiting = redaction.header(std::mem::take(header));
                }
                redaction.block(block, |block, state| trace.block(block, state))
            }
        };
        written.map_err(|error| self.failed(&error))
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
        let Writer { path, mut trace, redaction, presence, .. } = self;
        let rest = redaction
            .map_or(Ok(()), |(redaction, _)| redaction.finish(|block, state| trace.block(block, state)));
        let started = rest.and_then(|()| trace.writer().map(drop));
        let finished = started.and_then(|()| trace.writer.map_or(Ok(()), |writer| writer.finish().map(drop)));
        let finished = finished.and_then(|()| there(presence.as_ref()));
        finished.map_err(|error| Failure::io(format!("{}: {error}", path.display())))
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
