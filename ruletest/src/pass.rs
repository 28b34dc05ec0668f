//! One pass over captures, for questions that look at events themselves: captures and what looks at their events enter, what
//! each found leaves in the order of the captures, and how the reading of each ended. Several captures are read at a time; what is
//! found in one does not depend on how many.
//!
//! A damaged capture is read as far as that is possible, as `tercel replay` reads it; `run` refuses it instead, since cases cannot rely on
//! it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tercel_format::trace::Zone;
use tercel_format::{Block, Capture, OpenError};
use tercel_replay::scan::{Advance, Findings, Needs, Report, ScanError, Visitor, infallible, scan};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Filter, Position, Settings, Window};
use tercel_rules::program::Program;

use crate::error::RunError;
use crate::run::pool;

/// Captures, and how they are read.
#[derive(Clone, Copy)]
pub struct Captures<'c> {
    /// Their names in messages and reports.
    pub names: &'c [String],
    /// Opens the capture at a position.
    pub open: &'c (dyn Fn(usize) -> Result<Capture, OpenError> + Sync),
    /// Gets the bytes of native traces that are done.
    pub advance: Advance<'c>,
    /// Captures that are read at a time.
    pub jobs: NonZeroUsize,
}

/// Which events are looked at.
#[derive(Clone, Copy, Default)]
pub struct Extent<'p> {
    /// In which part of the captures.
    pub window: Window,
    /// Only those for which it holds.
    pub filter: Option<&'p Program>,
    /// How conditions see values.
    pub settings: Settings,
}

/// How the reading of a capture ended.
#[derive(Debug)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// Events that were read.
    pub events: u64,
    /// What is damaged.
    pub report: Report,
    /// Why it was not read to its end.
    pub error: Option<Unread>,
}

/// Why a capture was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// It cannot be opened.
    #[error("{0}")]
    Open(OpenError),
    /// It cannot be read any further.
    #[error("{0}")]
    Scan(ScanError),
}

impl Unread {
    /// Whether the capture is at fault, and not the operating system.
    pub fn is_damage(&self) -> bool {
        match self {
            Unread::Open(error) => error.is_damage(),
            Unread::Scan(error) => error.is_damage(),
        }
    }
}

/// Looks at the events of one capture.
pub(crate) trait Look: Send {
    /// An event of the extent, with the state after it.
    fn event(&mut self, cx: &Context<'_>);

    /// The process images of the events that follow are numbered in another way.
    fn forget(&mut self);
}

/// Reads all captures. `start` makes what looks at one, whose times of day are those of the zone; `finish` gets it when the capture is
/// done.
pub(crate) fn pass<L: Look, T: Send>(
    captures: Captures<'_>,
    extent: Extent<'_>,
    start: &(dyn Fn(usize, Option<&Arc<Zone>>) -> L + Sync),
    finish: &(dyn Fn(L) -> T + Sync),
) -> Result<Vec<(T, Ended)>, RunError> {
    let one = |at: usize| {
        let (look, ended) = read(captures, at, extent, start);
        (finish(look), ended)
    };
    Ok(pool(captures.jobs)?.install(|| (0..captures.names.len()).into_par_iter().map(one).collect()))
}

fn read<L: Look>(
    captures: Captures<'_>,
    at: usize,
    extent: Extent<'_>,
    start: &(dyn Fn(usize, Option<&Arc<Zone>>) -> L + Sync),
) -> (L, Ended) {
    let name = captures.names.get(at).cloned().unwrap_or_default();
    let mut capture = match (captures.open)(at) {
        Ok(capture) => capture,
        Err(error) => {
            let error = Some(Unread::Open(error));
            return (start(at, None), Ended { name, events: 0, report: Report::default(), error });
        }
    };
    let zone = capture.header().map(|header| Arc::new(header.zone.clone()));
    let mut reader = Reader {
        state: State::new(),
        window: extent.window,
        filter: extent.filter.map(|program| Filter::new(program, extent.settings)),
        look: start(at, zone.as_ref()),
        events: 0,
    };
    let Findings { report, error, .. } =
        infallible(scan(&mut capture, &Needs::ALL, &mut reader, captures.advance));
    let ended = Ended { name, events: reader.events, report, error: error.map(Unread::Scan) };
    (reader.look, ended)
}

/// Keeps the state of a capture and passes its events on.
struct Reader<L> {
    state: State,
    window: Window,
    filter: Option<Filter>,
    look: L,
    events: u64,
}

impl<L: Look> Reader<L> {
    fn forget(&mut self) {
        self.filter.iter_mut().for_each(Filter::forget);
        self.look.forget();
    }
}

impl<L: Look> Visitor for Reader<L> {
    type Error = std::convert::Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Self::Error> {
        let Block::Event(event) = block else {
            if let Block::Section(_) = block {
                self.forget();
            }
            self.state.block(block);
            return Ok(true);
        };
        self.events += 1;
        let facts = self.state.apply(event);
        let Some(facts) = facts.as_ref().filter(|_| !event.state_only) else { return Ok(true) };
        match self.window.position(event, self.state.first_ts()) {
            Position::Before | Position::Behind => return Ok(true),
            Position::End => return Ok(false),
            Position::Inside => {}
        }
        let context = Context { state: &self.state, event, facts };
        if self.filter.as_mut().is_none_or(|filter| filter.holds(&context)) {
            self.look.event(&context);
        }
        Ok(true)
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> Result<(), Self::Error> {
        self.forget();
        self.state = state;
        Ok(())
    }
}
