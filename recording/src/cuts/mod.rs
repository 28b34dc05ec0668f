//! Cuts: the blocks of a running source enter, with the state before each, and now and then an alert; files leave that contain the
//! events around alerts, each a native trace that begins with the whole state at its start.
//!
//! ```text
//! blocks ─▶ ring in memory ─┬─────────────────────▶ oldest chunks are removed
//!                           └─▶ follower ─▶ .NAME.partial ─▶ NAME       a thread per cut
//! ```
//!
//! A cut is a reader of the ring: it begins as far back as was asked for, and follows until its deadline. So it takes the same way
//! whether it goes on for seconds or for hours: a group of chunks after the other is decompressed, becomes part of the file and is
//! forgotten. What is in memory does not grow with the length of the cut, and there is no seam between the time before the alert and
//! the time after it. Who feeds the ring never waits: a cut that is slower than the ring may fall behind by the size of the ring
//! (`format`'s `Ring`); what it then loses is counted in its file and reported.
//!
//! While a cut goes on, further alerts extend it, as in Falco, and belong to its file; there is one at a time. The next one begins as
//! far back as any other, in the time of the one before, so that nothing is missing between them. While the one before is still being
//! written, a cut goes on beyond its deadline, so that each alert has one.

mod dumps;
mod job;
mod limits;

#[cfg(test)]
mod losses;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tercel_format::Block;
use tercel_format::series::{Destination, Directory};
use tercel_format::trace::{Cut, Header, Options, RingLimits, RingUsage, SignWith};
use tercel_replay::flight::FlightRecorder;
use tercel_replay::state::State;

pub use dumps::DumpRequest;
pub(crate) use dumps::Dumps;
use job::{Ended, Job};
use limits::Budget;
pub use limits::{CutLimit, CutLimits};

use crate::error::Error;
use crate::writer::{CaptureWriter, Kind};

/// How long events may take from the kernel: a cut ends this much after its deadline where no event does.
const UNDER_WAY: Duration = Duration::from_millis(500);

/// Largest number of cuts that are being written, the current one included.
const JOBS: usize = 2;

/// An alert, as far as cuts are concerned. Times are in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger<'a> {
    /// The rule.
    pub rule: &'a str,
    /// Number of the event.
    pub event: u64,
    /// Time of the event, since the epoch.
    pub ts: u64,
    /// Whether it starts a cut; each alert extends the current one.
    pub starts: bool,
    /// How long before it a cut begins.
    pub before: u64,
    /// How long after it a cut ends.
    pub duration: u64,
}

/// What became of cuts.
#[derive(Debug)]
pub enum CutNews {
    /// A file has its name.
    Written {
        /// The name.
        name: String,
        /// Its bytes.
        bytes: u64,
        /// Events that left the memory before they could be written.
        lost: u64,
    },
    /// A file that was written is not signed to its end: the signer failed.
    Unsigned {
        /// The name.
        name: String,
    },
    /// A file could not be written.
    Failed {
        /// The name that it would have had.
        name: String,
        /// Why.
        error: Error,
    },
    /// The memory does not reach back as far as was asked for.
    Short {
        /// Name of the file.
        name: String,
        /// Nanoseconds that are missing.
        missing: u64,
    },
    /// There are no cuts for the time being, or the current one ended early.
    Limit(CutLimit),
}

/// Counts of cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CutCounts {
    /// Files that were written.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Files that could not be written.
    pub failed: u64,
    /// Alerts that got no cut because of a limit.
    pub refused: u64,
    /// Events that left the memory before they could be written.
    pub lost: u64,
}

/// The newest events, and what is cut out of them.
pub struct Cuts {
    recorder: FlightRecorder,
    header: Header,
    /// How files are written.
    options: Options,
    prefix: PathBuf,
    limits: CutLimits,
    budget: Budget,
    current: Option<Current>,
    /// Cuts that have ended and are still being written.
    ending: Vec<Job>,
    dumps: Dumps,
    /// Time and number of the last event.
    last: (u64, u64),
    /// Time after which the current cut is over; far away without one.
    deadline: u64,
    counts: CutCounts,
    news: VecDeque<CutNews>,
}

struct Current {
    cut: Arc<Cut>,
    job: Job,
}

impl Cuts {
    /// Keeps the newest events within `ring`; cuts become files whose names begin with `prefix`. What the directory contains leaves, too.
    ///
    /// # Errors
    /// The directory cannot be read, or the thread that compresses not be started.
    pub fn new(
        header: Header,
        ring: RingLimits,
        prefix: &Path,
        limits: CutLimits,
    ) -> Result<(Cuts, Directory), Error> {
        let failed = |error: io::Error| Error::File { name: prefix.display().to_string(), error };
        let found = Directory::look(prefix, &is_name).map_err(failed)?;
        let cuts = Cuts {
            recorder: FlightRecorder::new(&header, ring).map_err(Error::Memory)?,
            header,
            options: Options::default(),
            prefix: prefix.to_owned(),
            limits,
            budget: Budget::new(&found),
            current: None,
            ending: Vec::new(),
            dumps: Dumps::default(),
            last: (0, 0),
            deadline: u64::MAX,
            counts: CutCounts::default(),
            news: VecDeque::new(),
        };
        Ok((cuts, found))
    }

    /// Signs the files.
    pub fn signed(mut self, signer: Option<SignWith>) -> Cuts {
        self.options.signer = signer;
        self
    }

    /// Replaces the header of files that are started from now on.
    pub fn set_header(&mut self, header: Header) {
        self.header = header;
    }

    /// Takes a block; `state` is what is known before it.
    ///
    /// # Errors
    /// The ring cannot be filled.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Error> {
        if let Block::Event(event) = block {
            if event.ts > self.deadline && self.may_end() {
                self.end()?;
            }
            self.last = (event.ts, event.num);
        }
        self.recorder.block(block, state).map_err(Error::Memory)
    }

    /// An alert on the last event: the cut that contains it, if there is one.
    ///
    /// # Errors
    /// As for [`block`](Cuts::block).
    pub fn alert(&mut self, trigger: &Trigger<'_>) -> Result<Option<&Arc<Cut>>, Error> {
        let deadline = trigger.ts.saturating_add(trigger.duration);
        if self.current.is_some() {
            self.deadline = self.deadline.max(deadline);
        } else if trigger.starts {
            match self.budget.refusal(&self.limits, trigger.ts, self.ending.len() >= JOBS) {
                None => self.start(trigger, deadline),
                Some(limit) => {
                    self.counts.refused += 1;
                    if self.budget.tell(limit) {
                        self.news.push_back(CutNews::Limit(limit));
                    }
                    self.budget.count_again(&self.prefix);
                }
            }
        }
        Ok(self.current.as_ref().map(|current| &current.cut))
    }

    /// Writes what is in memory into a file of its own, half a second from now, when events of this moment have come.
    pub fn request(&mut self, request: DumpRequest, now: Instant) {
        self.dumps.push(request, now);
    }

    /// Does what is due. `ts` is the time now, in nanoseconds since the epoch.
    ///
    /// # Errors
    /// As for [`block`](Cuts::block).
    pub fn tick(&mut self, now: Instant, ts: u64) -> Result<(), Error> {
        self.budget.settle();
        if let Some(limit) = self.current.as_ref().and_then(|current| current.job.reached()) {
            self.news.push_back(CutNews::Limit(limit));
            self.end()?;
        }
        let grace = u64::try_from(UNDER_WAY.as_nanos()).unwrap_or(0);
        if ts > self.deadline.saturating_add(grace) && self.may_end() {
            self.end()?;
        }
        // One that could not be written is no place for further alerts.
        if let Some(current) = self.current.take_if(|current| current.job.is_finished()) {
            self.deadline = u64::MAX;
            self.ending.push(current.job);
        }
        for job in self.ending.extract_if(.., |job| job.is_finished()) {
            let ended = job.finish();
            count(&mut self.counts, &mut self.news, &mut self.budget, ended);
        }
        let (form, prefix, last) = ((&self.header, &self.options), &self.prefix, self.last);
        let make = || writer(Cut { file: name(prefix, ts, last.1), ..Cut::default() }, form);
        if let Some(ended) = self.dumps.tick(now, &mut self.recorder, last.0, make)?.ended {
            count(&mut self.counts, &mut self.news, &mut self.budget, ended);
        }
        Ok(())
    }

    /// What happened since the last call.
    pub fn news(&mut self) -> impl Iterator<Item = CutNews> {
        self.news.drain(..)
    }

    /// What is in memory.
    pub fn usage(&self) -> RingUsage {
        self.recorder.usage()
    }

    /// Counts so far.
    pub fn counts(&self) -> CutCounts {
        self.counts
    }

    /// Ends the current cut, and waits until everything is written.
    ///
    /// # Errors
    /// As for [`block`](Cuts::block).
    pub fn finish(&mut self) -> Result<(), Error> {
        self.end()?;
        let (form, prefix, last) = ((&self.header, &self.options), &self.prefix, self.last);
        let make = || writer(Cut { file: name(prefix, last.0, last.1), ..Cut::default() }, form);
        let dumped = self.dumps.finish(&mut self.recorder, last.0, make)?;
        let ended: Vec<Ended> = self.ending.drain(..).map(Job::finish).chain(dumped).collect();
        ended.into_iter().for_each(|ended| count(&mut self.counts, &mut self.news, &mut self.budget, ended));
        Ok(())
    }

    fn start(&mut self, trigger: &Trigger<'_>, deadline: u64) {
        let from = trigger.ts.saturating_sub(trigger.before);
        let file = name(&self.prefix, trigger.ts, trigger.event);
        let cut = Cut { file: file.clone(), rule: trigger.rule.to_owned(), event: trigger.event };
        let usage = self.recorder.usage();
        let allowed = self.budget.allowed(&self.limits);
        match Job::start(
            self.recorder.follow(from),
            writer(cut.clone(), (&self.header, &self.options)),
            allowed,
        ) {
            Ok(job) => {
                if usage.forgotten > 0 && usage.span.0 > from {
                    let missing = usage.span.0 - from;
                    self.news.push_back(CutNews::Short { name: file, missing });
                }
                self.budget.begun(trigger.ts);
                self.current = Some(Current { cut: Arc::new(cut), job });
                self.deadline = deadline;
            }
            Err(error) => {
                self.counts.failed += 1;
                self.news.push_back(CutNews::Failed { name: file, error });
            }
        }
    }

    /// Whether the current cut may end: if the next alert came at once, there would be room for its cut. On a slow disk a cut goes on
    /// instead, until the one before it is written.
    fn may_end(&self) -> bool {
        self.ending.len() + 1 < JOBS
    }

    /// The current cut ends before the next event.
    #[cold]
    fn end(&mut self) -> Result<(), Error> {
        self.deadline = u64::MAX;
        if let Some(current) = self.current.take() {
            current.job.end(self.recorder.end().map_err(Error::Memory)?);
            self.ending.push(current.job);
        }
        Ok(())
    }
}

fn count(counts: &mut CutCounts, news: &mut VecDeque<CutNews>, budget: &mut Budget, ended: Ended) {
    let Ended { name, result } = ended;
    match result {
        Ok((written, lost)) => {
            counts.files += 1;
            counts.bytes += written.bytes;
            counts.lost += lost;
            budget.written(written.bytes);
            let unsigned = written.is_unsigned().then(|| CutNews::Unsigned { name: name.clone() });
            news.push_back(CutNews::Written { name, bytes: written.bytes, lost });
            news.extend(unsigned);
        }
        Err(error) => {
            counts.failed += 1;
            news.push_back(CutNews::Failed { name, error });
        }
    }
}

/// A writer of a cut that begins in the middle of another capture.
fn writer(cut: Cut, (header, options): (&Header, &Options)) -> CaptureWriter {
    let destination = Destination::new(&cut.file).whole();
    let mut writer = CaptureWriter::new(destination, Kind::Native, options.clone());
    writer.set_header(Header { cut, ..header.clone() });
    writer.keep_numbers();
    writer
}

/// The name of a cut, as Falco names its captures (falco `app/actions/helpers.h`, `generate_scap_file_path`).
fn name(prefix: &Path, ts: u64, event: u64) -> String {
    let mut name = OsString::from(prefix);
    name.push(format!("_{ts:020}_{event:020}.scap"));
    name.to_string_lossy().into_owned()
}

/// Whether a name of a cut can go on like this after its prefix.
fn is_name(rest: &str) -> bool {
    let parts = rest.strip_suffix(".scap").and_then(|rest| rest.strip_prefix('_')?.split_once('_'));
    let is_number = |text: &str| text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    parts.is_some_and(|(ts, event)| is_number(ts) && is_number(event))
}
