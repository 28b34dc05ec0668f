//! The trace that `-w` writes along with the alerts: blocks enter with the state before them, a native trace leaves.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tercel_capture::Options as Probing;
use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::MachineInfo;
use tercel_format::series::{Creation, Destination, Opened, Presence};
use tercel_format::trace::Options;
use tercel_replay::KeyedWriter;
use tercel_replay::state::State;

use crate::exit::Failure;
use crate::host;
use crate::target;

/// After this time the blocks so far are written as a chunk, which a crash then cannot lose.
const CHUNK: Duration = Duration::from_secs(2);

/// A trace being written.
pub struct Writer {
    path: PathBuf,
    trace: KeyedWriter<Opened>,
    presence: Option<Presence>,
    cut: Instant,
    /// When the file was looked at.
    looked: Instant,
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
    ) -> Result<Writer, Failure> {
        let presence = file.presence();
        let failed = |error: io::Error| Failure::io(format!("{}: {error}", path.display()));
        let header = host::header(machine, "", probing.snaplen);
        let trace = KeyedWriter::new(file, &header, Options::default()).map_err(failed)?;
        let now = Instant::now();
        Ok(Writer { path: path.to_owned(), trace, presence, cut: now, looked: now })
    }

    /// Writes a block; `state` is what is known before it.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Failure> {
        self.trace.block(block, state).map_err(|error| self.failed(&error))?;
        if let Block::Event(event) = block
            && event.code() == code::DROP_E
        {
            self.trace.dropped(event.uint(0).unwrap_or(0));
        }
        Ok(())
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
        self.trace.flush_chunk().map_err(|error| self.failed(&error))
    }

    /// Writes the rest.
    pub fn finish(self) -> Result<(), Failure> {
        let Writer { path, trace, presence, .. } = self;
        let finished = trace.finish().map(drop).and_then(|()| there(presence.as_ref()));
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
