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
use tercel_replay::flight::{CutLimits, FlightRecorder, ReadyCut};
use tercel_replay::scan::{Needs, scan};
use tercel_replay::state::State;

use super::files::Sums;
use crate::exit::Failure;
use crate::target::{Target, Written};

/// Nobody asks for cuts here but by hand.
const BY_HAND: CutLimits = CutLimits { longest: 0, files: 0, bytes: 0, per_minute: 0 };

/// Keeps the newest events.
pub struct Flight {
    recorder: FlightRecorder,
    /// Traces under way to the disk.
    dumps: Vec<JoinHandle<Result<Written, Failure>>>,
}

impl Flight {
    /// An empty memory.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub fn new(header: &Header, limits: RingLimits) -> Result<Flight, Failure> {
        let recorder = FlightRecorder::new(header, limits, BY_HAND).map_err(failed)?;
        Ok(Flight { recorder, dumps: Vec::new() })
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

    /// Writes what is in memory into a file beside that of `target`, named after the time; its name leaves.
    pub fn dump(&mut self, target: &Target) -> Result<String, Failure> {
        let now = Timestamp::now();
        let mut target = target.another(beside(Path::new(&target.name()), now));
        let name = target.name();
        target.keep_numbers();
        let ready = self.ready(now)?;
        let thread = std::thread::Builder::new().name("dump".to_owned());
        self.dumps.push(thread.spawn(move || write(&ready, target)).map_err(failed)?);
        Ok(name)
    }

    /// Waits for what is under way, and writes what is in memory into `target`, if there is one.
    pub fn finish(mut self, target: Option<Target>) -> Result<Sums, Failure> {
        let mut sums = Sums { forgotten: self.recorder.usage().forgotten, ..Sums::default() };
        let ready = self.ready(Timestamp::now())?;
        let last = target.map(|mut target| {
            target.keep_numbers();
            write(&ready, target)
        });
        let ended = || Err(Failure::io("a thread that writes has ended"));
        let dumps = self.dumps.into_iter().map(|dump| dump.join().unwrap_or_else(|_| ended()));
        for written in dumps.chain(last).collect::<Vec<_>>() {
            let written = written?;
            sums.files += 1;
            sums.bytes += written.bytes;
            sums.raw_bytes += written.raw_bytes;
        }
        Ok(sums)
    }

    fn ready(&mut self, now: Timestamp) -> Result<ReadyCut, Failure> {
        let now = u64::try_from(now.as_nanosecond()).unwrap_or(u64::MAX);
        self.recorder.whole(now).map_err(failed)
    }
}

/// Writes what was in memory as a trace that begins with the state of its start.
fn write(ready: &ReadyCut, mut target: Target) -> Result<Written, Failure> {
    if let Some(bytes) = ready.trace().map_err(failed)? {
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
