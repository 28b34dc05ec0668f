//! The recording: blocks of a source enter until a limit or a signal, and those in the scope leave for the files. A
//! [`Watcher`] is shown how far it is, and may end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tercel_format::trace::Header;
use tercel_format::{Block, LiveSource, Polled};
use tercel_replay::keep::{Keep, Scope, for_state};
use tercel_replay::state::State;

use crate::cuts::DumpRequest;
use crate::error::Error;
use crate::files::{Broken, Files};
use crate::sums::Sums;
use crate::transform::Transform;

/// How often the watcher is shown how far it is, and limits are looked at if events never pause.
const STATUS: Duration = Duration::from_millis(500);

/// Longest time of events that are lost if the recorder is killed, apart from those that are being written.
const UNWRITTEN: Duration = Duration::from_millis(1500);

/// Number of blocks in a row after which the clock is read.
const BATCH: u32 = 4096;

/// When a recording ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Events.
    pub count: Option<u64>,
    /// Time.
    pub seconds: Option<Duration>,
}

/// What existed before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Threads.
    pub threads: usize,
    /// Their open files.
    pub fds: usize,
}

/// Events of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Written.
    pub events: u64,
    /// Written for the state only.
    pub state_only: u64,
    /// Left out.
    pub left_out: u64,
}

/// Watches a recording of a source.
pub trait Watcher<S> {
    /// Whether the recording is to end with what has happened until now. Asked often. `is_idle`: it is limited to processes, and
    /// all of them have ended.
    fn is_enough(&mut self, is_idle: bool) -> bool;

    /// How far the recording is, about twice a second. `state` is what is known of the host, where only a part is wanted.
    fn progress(&mut self, counts: &Counts, sums: &Sums, source: &mut S, state: Option<&State>);

    /// What is in memory is being written to the file of this name.
    fn dumping(&mut self, name: &str);
}

/// Takes blocks.
pub struct Recorder {
    scope: Scope,
    /// What the scope looks at; `None` if everything is wanted.
    state: Option<Box<State>>,
    /// What is done to blocks of the scope, and the header as it was.
    transform: Option<(Box<dyn Transform>, Header)>,
    files: Files,
    limits: Limits,
    counts: Counts,
    /// Set by a request to write the events in memory.
    dump: Arc<AtomicBool>,
    /// Further requests.
    requests: Option<Receiver<DumpRequest>>,
}

impl Recorder {
    /// Writes what is in `scope` into `files`.
    pub fn new(scope: Scope, files: Files, limits: Limits) -> Recorder {
        let state = (!scope.is_everything()).then(Box::default);
        let counts = Counts::default();
        Recorder {
            scope,
            state,
            transform: None,
            files,
            limits,
            counts,
            dump: Arc::default(),
            requests: None,
        }
    }

    /// Changes the blocks before they are written.
    pub fn transformed(mut self, mut transform: Box<dyn Transform>) -> Recorder {
        let header = self.files.header().clone();
        self.files.set_header(transform.header(header.clone()));
        self.transform = Some((transform, header));
        self
    }

    /// Writes the events in memory whenever `asked` is true, and resets it.
    pub fn dump_when(mut self, asked: Arc<AtomicBool>) -> Recorder {
        self.dump = asked;
        self
    }

    /// Writes the events in memory when requests come.
    pub fn requests_from(mut self, requests: Option<Receiver<DumpRequest>>) -> Recorder {
        self.requests = requests;
        self
    }

    /// Adds a process to the scope.
    pub fn add(&mut self, pid: Option<i64>) {
        pid.into_iter().for_each(|pid| self.scope.add(pid));
    }

    /// Whether there are as many events as wanted, or nobody is left who could make one.
    fn is_over<S>(&self, watcher: &mut impl Watcher<S>) -> bool {
        let is_full = self.limits.count.is_some_and(|count| self.counts.events >= count);
        is_full || self.scope.is_idle() && watcher.is_enough(true)
    }

    /// Writes a block if it is in the scope.
    ///
    /// # Errors
    /// A file cannot be written.
    #[inline]
    pub fn take(&mut self, block: &Block<'_>) -> Result<(), Error> {
        let Block::Event(event) = block else {
            if let Some(state) = &mut self.state {
                self.scope.metadata(state, block);
            }
            return self.write(block);
        };
        let keep = self.state.as_mut().map_or(Keep::Event, |state| self.scope.keep(state, event));
        match keep {
            Keep::Event => {
                self.counts.events += 1;
                self.write(block)
            }
            Keep::State => {
                self.counts.state_only += 1;
                self.write(&Block::Event(for_state(event)))
            }
            Keep::Nothing => {
                self.counts.left_out += 1;
                Ok(())
            }
        }
    }

    #[inline]
    fn write(&mut self, block: &Block<'_>) -> Result<(), Error> {
        match &mut self.transform {
            None => self.files.block(block),
            Some((transform, _)) => transform.block(block, &mut |block| self.files.block(block)),
        }
    }

    /// All that stands before the first event has come: the header is known, and nothing is held back any more.
    fn settle(&mut self) -> Result<(), Error> {
        let Some((transform, header)) = &mut self.transform else { return Ok(()) };
        self.files.set_header(transform.header(header.clone()));
        transform.flush(&mut |block| self.files.block(block))
    }

    /// Takes what comes before all events of a source that started at `started`, and with it whatever is wrong with the file.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn begin(&mut self, source: &mut impl LiveSource, started: u64) -> Result<Found, Error> {
        self.files.open(started)?;
        let mut found = Found::default();
        while let Polled::Block(block) = source.poll() {
            if let Block::Event(_) = block {
                self.settle()?;
            }
            self.take(&block)?;
            match block {
                Block::Processes(list) => found.threads += list.len(),
                Block::Fds(list) => found.fds += list.fds.len(),
                Block::Event(_) => return Ok(found),
                _ => {}
            }
        }
        self.settle()?;
        Ok(found)
    }

    /// Follows a source until it ends, or until a limit or the watcher ends it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn follow<S: LiveSource>(
        &mut self,
        source: &mut S,
        watcher: &mut impl Watcher<S>,
    ) -> Result<(), Error> {
        let end = self.limits.seconds.and_then(|seconds| Instant::now().checked_add(seconds));
        let (mut drawn, mut closed) = (Instant::now(), Instant::now());
        let mut batch = 0;
        while !self.is_over(watcher) {
            let is_empty = match source.poll() {
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
            if watcher.is_enough(false) || end.is_some_and(|end| now >= end) {
                source.stop();
            }
            self.take_requests();
            if let Some(name) = self.files.tick(now)? {
                watcher.dumping(&name);
            }
            if now.duration_since(closed) >= UNWRITTEN {
                closed = now;
                self.files.flush_chunk()?;
            }
            if now.duration_since(drawn) >= STATUS {
                drawn = now;
                self.files.check()?;
                watcher.progress(&self.counts, &self.files.sums(), source, self.state.as_deref());
            }
            if is_empty {
                source.wait();
            }
        }
        // A request just before the end gets a file, too.
        self.take_requests();
        Ok(())
    }

    fn take_requests(&mut self) {
        if self.dump.swap(false, Ordering::Relaxed) {
            self.files.request(DumpRequest::default());
        }
        while let Some(request) = self.requests.as_ref().and_then(|requests| requests.try_recv().ok()) {
            self.files.request(request);
        }
    }

    /// Discards the events that are only in memory.
    pub fn discard(&mut self) {
        self.files.discard();
    }

    /// Closes the files after an error, and says what can be read of them.
    pub fn abandon(self, error: Error) -> Broken {
        self.files.abandon(error)
    }

    /// Finishes the last file.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<(Counts, Sums), Broken> {
        if let Some((transform, _)) = &mut self.transform
            && let Err(error) = transform.flush(&mut |block| self.files.block(block))
        {
            return Err(self.files.abandon(error));
        }
        Ok((self.counts, self.files.finish()?))
    }
}
