//! The recording: blocks of a source enter until something asks to stop, and those that are wanted leave into the files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tercel_capture::{Polled, Source};
use tercel_format::Block;
use tercel_replay::keep::{Keep, Scope, for_state};
use tercel_replay::state::State;

use super::command::Command;
use super::files::Files;
use super::status::{Counts, Status};
use super::sums::Sums;
use crate::exit::Failure;

/// How often the status line is drawn, and limits are looked at if events never pause.
const STATUS: Duration = Duration::from_millis(500);

/// What a recorder that is killed loses at most, as far as it is not under way to the disk.
const UNWRITTEN: Duration = Duration::from_millis(1500);

/// How long events may be under way from the kernel: so much later than it is asked for, memory is written.
const UNDER_WAY: Duration = Duration::from_millis(500);

/// After how many blocks in a row the clock is looked at.
const BATCH: u32 = 4096;

/// When a recording ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Events.
    pub count: Option<u64>,
    /// Time.
    pub seconds: Option<Duration>,
}

/// What was there before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Threads.
    pub threads: usize,
    /// Their open files.
    pub fds: usize,
}

/// Takes blocks.
pub struct Recorder {
    scope: Scope,
    /// What the scope looks at; `None` where everything is wanted.
    state: Option<Box<State>>,
    files: Files,
    limits: Limits,
    counts: Counts,
    /// Whether somebody asks for what is in memory.
    dump: Arc<AtomicBool>,
}

impl Recorder {
    /// Writes what is in `scope` into `files`.
    pub fn new(scope: Scope, files: Files, limits: Limits) -> Recorder {
        let state = (!scope.is_everything()).then(Box::default);
        Recorder { scope, state, files, limits, counts: Counts::default(), dump: Arc::default() }
    }

    /// Writes what is in memory whenever `asked` is true, and takes that back.
    pub fn dump_when(mut self, asked: Arc<AtomicBool>) -> Recorder {
        self.dump = asked;
        self
    }

    /// Adds a process to the scope.
    pub fn add(&mut self, pid: Option<i64>) {
        pid.into_iter().for_each(|pid| self.scope.add(pid));
    }

    /// Whether there is nothing more to record.
    pub fn is_over(&self) -> bool {
        self.limits.count.is_some_and(|count| self.counts.events >= count) || self.scope.is_over()
    }

    /// Writes a block where it is wanted.
    #[inline]
    pub fn take(&mut self, block: &Block<'_>) -> Result<(), Failure> {
        let Block::Event(event) = block else {
            if let Some(state) = &mut self.state {
                self.scope.metadata(state, block);
            }
            return self.files.block(block);
        };
        let keep = self.state.as_mut().map_or(Keep::Event, |state| self.scope.keep(state, event));
        match keep {
            Keep::Event => {
                self.counts.events += 1;
                self.files.block(block)
            }
            Keep::State => {
                self.counts.state_only += 1;
                self.files.block(&Block::Event(for_state(event)))
            }
            Keep::Nothing => {
                self.counts.left_out += 1;
                Ok(())
            }
        }
    }

    /// Opens the first file, which starts at `ts`.
    pub fn open(&mut self, ts: u64) -> Result<(), Failure> {
        self.files.open(ts)
    }

    /// Takes what comes before all events, and with it whatever is wrong with the file.
    pub fn begin(&mut self, source: &mut Source) -> Result<Found, Failure> {
        self.open(source.started())?;
        let mut found = Found::default();
        while let Polled::Block(block) = source.poll() {
            self.take(&block)?;
            match block {
                Block::Processes(list) => found.threads += list.len(),
                Block::Fds(list) => found.fds += list.fds.len(),
                Block::Event(_) => break,
                _ => {}
            }
        }
        Ok(found)
    }

    /// Follows a source until it ends, or until a limit or the end of the command has ended it.
    pub fn follow(
        &mut self,
        source: &mut Source,
        command: &mut Command,
        status: &mut Status,
    ) -> Result<(), Failure> {
        let end = self.limits.seconds.and_then(|seconds| Instant::now().checked_add(seconds));
        let mut dump = None;
        let (mut drawn, mut closed) = (Instant::now(), Instant::now());
        let mut batch = 0;
        while !self.is_over() {
            let idle = match source.poll() {
                Polled::Block(block) => {
                    self.take(&block)?;
                    batch += 1;
                    if batch < BATCH {
                        continue;
                    }
                    false
                }
                Polled::Idle => true,
                Polled::End => break,
            };
            batch = 0;
            let now = Instant::now();
            if command.has_ended() || end.is_some_and(|end| now >= end) {
                source.stop();
            }
            if self.dump.swap(false, Ordering::Relaxed) {
                // A further request is met by the same file.
                dump = dump.or(now.checked_add(UNDER_WAY));
            }
            if dump.is_some_and(|due| now >= due) && self.dumped(status)? {
                dump = None;
            }
            if now.duration_since(closed) >= UNWRITTEN {
                closed = now;
                self.files.flush_chunk()?;
            }
            if now.duration_since(drawn) >= STATUS {
                drawn = now;
                status.draw(&self.counts, &self.files.sums(), source.drops());
            }
            if idle {
                source.wait();
            }
        }
        // Whoever asked just before the end gets a file, too.
        if dump.is_some() || self.dump.swap(false, Ordering::Relaxed) {
            self.dumped(status)?;
        }
        Ok(())
    }

    /// Whether a file that was asked for is under way.
    fn dumped(&mut self, status: &Status) -> Result<bool, Failure> {
        let name = self.files.dump()?;
        if let Some(name) = &name {
            status.report(&format!("{name}: writing what is in memory"));
        }
        Ok(name.is_some())
    }

    /// Has what is only in memory not be written.
    pub fn discard(&mut self) {
        self.files.discard();
    }

    /// Ends the last file.
    pub fn finish(self) -> Result<(Counts, Sums), Failure> {
        Ok((self.counts, self.files.finish()?))
    }
}
