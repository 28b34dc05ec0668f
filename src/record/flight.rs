//! The flight recorder of `tercel record --ring`: the newest events stay in memory, and become a trace at the end or when
//! somebody asks for it. A trace is written by a thread of its own, so that recording does not wait for it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use jiff::Timestamp;
use tercel_format::catalogue::code;
use tercel_format::trace::{Header, RingLimits};
use tercel_format::{Block, Capture};
use tercel_replay::flight::{FlightRecorder, KeptEvents};
use tercel_replay::scan::{Needs, scan};
use tercel_replay::state::State;

use super::sums::Sums;
use crate::exit::Failure;
use crate::target::{Target, Written};

/// Keeps the newest events.
pub struct Flight {
    recorder: FlightRecorder,
    /// A trace under way to the disk. There is at most one, so that copies of what is kept do not pile up.
    under_way: Option<JoinHandle<Result<Written, Failure>>>,
    /// Traces that were written.
    done: Sums,
    /// Why the first of the others was not. Recording goes on; the end reports it.
    failure: Option<Failure>,
}

impl Flight {
    /// An empty memory.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub fn new(header: &Header, limits: RingLimits) -> Result<Flight, Failure> {
        let recorder = FlightRecorder::new(header, limits).map_err(failed)?;
        Ok(Flight { recorder, under_way: None, done: Sums::default(), failure: None })
    }

    /// Takes a block; `state` is what is known before it.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Failure> {
        if let Block::Event(event) = block
            && event.code() == code::DROP_E
            && let Some(count) = event.uint(0)
        {
            self.recorder.dropped(count);
        }
        self.recorder.block(block, state).map_err(failed)
    }

    /// What is in memory.
    pub fn sums(&self) -> Sums {
        let usage = self.recorder.usage();
        Sums { files: 0, bytes: usage.bytes, raw_bytes: usage.raw_bytes, forgotten: usage.forgotten }
    }

    /// Writes what is in memory into a file beside that of `target`, named after the time; its name leaves. `None` while another
    /// one is under way.
    pub fn dump(&mut self, target: &Target) -> Result<Option<String>, Failure> {
        if self.under_way.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(None);
        }
        self.settle();
        let mut target = target.another(beside(Path::new(&target.name()), Timestamp::now()));
        let name = target.name();
        target.keep_numbers();
        let kept = self.recorder.kept().map_err(failed)?;
        let thread = std::thread::Builder::new().name("dump".to_owned());
        self.under_way = Some(thread.spawn(move || write(&kept, target)).map_err(failed)?);
        Ok(Some(name))
    }

    /// Waits for what is under way, and writes what is in memory into `target`, if there is one; neither is left undone because of
    /// the other.
    pub fn finish(mut self, target: Option<Target>) -> Result<Sums, Failure> {
        self.settle();
        if let Some(mut target) = target {
            target.keep_numbers();
            let written = self.recorder.kept().map_err(failed).and_then(|kept| write(&kept, target));
            self.count(written);
        }
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Sums { forgotten: self.recorder.usage().forgotten, ..self.done }),
        }
    }

    /// Waits for the trace that is under way.
    fn settle(&mut self) {
        if let Some(thread) = self.under_way.take() {
            let ended = |_| Err(Failure::io("a thread that writes has ended"));
            self.count(thread.join().unwrap_or_else(ended));
        }
    }

    fn count(&mut self, written: Result<Written, Failure>) {
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

/// Writes what was in memory as a trace that begins with the state of its start.
fn write(kept: &KeptEvents, mut target: Target) -> Result<Written, Failure> {
    if let Some(bytes) = kept.trace().map_err(failed)? {
        let mut capture = Capture::of_storage(Arc::new(bytes), &|bytes| bytes).map_err(Failure::io)?;
        let findings = scan(&mut capture, &Needs::ALL, &mut target, &|_| ())?;
        findings.error.map_or(Ok(()), |error| Err(Failure::io(error)))?;
    }
    target.finish()
}

/// `trace.scap` becomes `trace-20261129T064400.123456789Z.scap`.
fn beside(path: &Path, now: Timestamp) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let time = now.strftime("%Y%m%dT%H%M%S.%9fZ");
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{time}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{time}"),
    };
    path.with_file_name(name)
}

fn failed(error: io::Error) -> Failure {
    Failure::io(format!("the newest events: {error}"))
}
