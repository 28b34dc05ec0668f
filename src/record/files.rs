//! The files of a recording: blocks enter, one trace leaves or several after one another. Each file is complete on its own,
//! since it begins with the state that the one before it has reached; no event is in two files, and none in no file.

use std::fs;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use tercel_format::catalogue::code;
use tercel_format::trace::RingLimits;
use tercel_format::{Block, Event, Numbering};
use tercel_replay::state::{ResumePoint, State};

use super::flight::Flight;
use super::names::Names;
use super::sums::Sums;
use crate::exit::Failure;
use crate::target::{Target, Written};

/// When a file is followed by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// Bytes on the disk; a file also gets at least as much behind the state that it begins with, so that a size below that
    /// of the state does not end in a file per event.
    pub size: Option<u64>,
    /// Time since its first event.
    pub age: Option<Duration>,
}

impl Rotation {
    /// Whether there are several files.
    pub fn rotates(&self) -> bool {
        self.size.is_some() || self.age.is_some()
    }
}

/// Writes the files.
pub struct Files {
    /// How each file is written; it is never opened itself.
    template: Target,
    names: Names,
    rotation: Rotation,
    /// What a reader of the current file knows so far; `None` where nobody asks for it.
    state: Option<Box<State>>,
    numbering: Numbering,
    current: Option<Target>,
    /// Time of the first event of the current file.
    begun: Option<u64>,
    /// Bytes of scap that it begins with.
    head: u64,
    /// The file before, while what is left of it goes to the disk.
    closing: Option<Closing>,
    done: Sums,
    /// Where everything goes until the end, where only the newest is kept.
    flight: Option<Flight>,
}

type Closing = JoinHandle<Result<Written, Failure>>;

impl Files {
    /// Writes files like `template`.
    pub fn new(template: Target, names: Names, rotation: Rotation) -> Files {
        let needs_state = template.has_keyframes() || rotation.rotates();
        Files {
            template,
            names,
            rotation,
            state: needs_state.then(Box::default),
            numbering: Numbering::default(),
            current: None,
            begun: None,
            head: 0,
            closing: None,
            done: Sums::default(),
            flight: None,
        }
    }

    /// Keeps only the newest events, in memory; they are written at the end.
    ///
    /// # Errors
    /// The thread that compresses cannot be started.
    pub fn keep_newest(mut self, limits: RingLimits) -> Result<Files, Failure> {
        self.flight = Some(Flight::new(self.template.header(), limits)?);
        self.state = Some(Box::default());
        Ok(self)
    }

    /// Opens the first file, which starts at `ts`.
    pub fn open(&mut self, ts: u64) -> Result<(), Failure> {
        let (path, oldest) = self.names.next(ts).map_err(Failure::usage)?;
        if let Some(oldest) = oldest {
            remove(&oldest)?;
        }
        self.current = Some(self.template.another(path));
        self.begun = None;
        self.done.files += 1;
        Ok(())
    }

    /// Writes a block. An event starts another file where the current one is large or old enough.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>) -> Result<(), Failure> {
        match block {
            Block::Event(event) => {
                if self.is_due(event) {
                    self.rotate(event.ts)?;
                }
                if self.begun.is_none() {
                    self.begun = Some(event.ts);
                    self.head = self.current.as_ref().map_or(0, Target::raw_bytes);
                }
                self.numbering.event(event.code());
                if event.code() == code::DROP_E
                    && let (Some(count), Some(target)) = (event.uint(0), &mut self.current)
                {
                    target.drop_events(count);
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
        let Some(target) = &mut self.current else { return Ok(()) };
        match &mut self.state {
            Some(state) => {
                target.write(block, state)?;
                state.take(block);
                Ok(())
            }
            None => target.write(block, &mut State::new()),
        }
    }

    /// Makes everything that was written readable, whatever becomes of the recorder.
    pub fn flush_chunk(&mut self) -> Result<(), Failure> {
        if self.flight.is_some() {
            return Ok(());
        }
        self.current.as_mut().map_or(Ok(()), Target::flush_chunk)
    }

    /// What has been written so far, as far as it has reached the disk.
    pub fn sums(&self) -> Sums {
        if let Some(flight) = &self.flight {
            return flight.sums();
        }
        let (bytes, raw_bytes) =
            self.current.as_ref().map_or((0, 0), |target| (target.bytes(), target.raw_bytes()));
        Sums { bytes: self.done.bytes + bytes, raw_bytes: self.done.raw_bytes + raw_bytes, ..self.done }
    }

    /// Writes what a flight recorder keeps at the moment into a file of its own, whose name leaves; `None` where there is none, or
    /// while it writes another one.
    pub fn dump(&mut self) -> Result<Option<String>, Failure> {
        let (Some(flight), Some(target)) = (&mut self.flight, &self.current) else { return Ok(None) };
        flight.dump(target)
    }

    /// Has a flight recorder write nothing at the end.
    pub fn discard(&mut self) {
        if self.flight.is_some() {
            self.current = None;
        }
    }

    /// Ends the last file, and the one before it where that is still under way; neither is left open because of the other.
    pub fn finish(mut self) -> Result<Sums, Failure> {
        if let Some(flight) = self.flight.take() {
            return flight.finish(self.current.take());
        }
        let settled = self.settle();
        let written = self.current.take().map(Target::finish).transpose();
        settled?;
        written?.iter().for_each(|written| self.done.add(written));
        Ok(self.done)
    }

    #[inline]
    fn is_due(&self, event: &Event<'_>) -> bool {
        let Some(begun) = self.begun else { return false };
        let is_old = |age| Duration::from_nanos(event.ts.saturating_sub(begun)) >= age;
        let is_large = |size| {
            let target = self.current.as_ref();
            target.is_some_and(|target| target.bytes() >= size && target.raw_bytes() >= 2 * self.head)
        };
        self.rotation.age.is_some_and(is_old) || self.rotation.size.is_some_and(is_large)
    }

    /// Starts another file with the state as it is before an event at `ts`. What is left of the file before is written by a
    /// thread of its own, so that nobody waits for the disk; only one file at a time is in this state.
    #[cold]
    fn rotate(&mut self, ts: u64) -> Result<(), Failure> {
        self.settle()?;
        if let Some(target) = self.current.take() {
            let thread = std::thread::Builder::new().name("close".to_owned());
            let closing = thread.spawn(move || target.finish());
            self.closing =
                Some(closing.map_err(|error| Failure::io(format!("cannot start a thread: {error}")))?);
        }
        self.open(ts)?;
        let (Some(target), Some(state)) = (&mut self.current, &mut self.state) else { return Ok(()) };
        let cut = ResumePoint { numbering: self.numbering, ts };
        let mut fresh = Box::<State>::default();
        state.export(cut, &mut |block| {
            target.write(block, &mut fresh)?;
            fresh.take(block);
            Ok(())
        })?;
        *state = fresh;
        Ok(())
    }

    /// Waits for the file before.
    fn settle(&mut self) -> Result<(), Failure> {
        if let Some(closing) = self.closing.take() {
            let written =
                closing.join().unwrap_or_else(|_| Err(Failure::io("a thread that writes has ended")))?;
            self.done.add(&written);
        }
        Ok(())
    }
}

/// Removes a file of this recording that has become too old.
fn remove(path: &PathBuf) -> Result<(), Failure> {
    match fs::remove_file(path) {
        // Somebody else has removed it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|error| Failure::io(format!("{}: {error}", path.display()))),
    }
}
