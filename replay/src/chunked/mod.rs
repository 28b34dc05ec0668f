//! The replay of a native trace by its chunks: a trace and a plan of what is needed of it enter, alerts leave. Chunks that
//! follow each other are evaluated with one state; where some are left out or damaged, keyframes tell the state anew.
//! How threads share the chunks is not known here.

mod check;
mod plan;
mod report;
mod seed;
#[cfg(test)]
mod tests;

use std::io;

use tercel_format::trace::{Blocks, Chunk, Damage, Loss, Trace, TraceError, Unpacker};

use crate::engine::{Evaluation, ReplayError, Setup, Sink};
use crate::state::State;

pub use check::{KeyframeVerdict, verify_keyframes};
pub(crate) use plan::Plan;
pub use plan::{chunks_of, is_keyed};
pub use report::{Report, Trouble};

/// The state before a chunk of a trace, as the keyframes tell it; `None` where they do not. Where chunks on the way are damaged,
/// it is what a replay that skips the damage knows there.
///
/// # Errors
/// The trace cannot be read.
pub fn state_before(trace: &Trace, index: usize) -> Result<Option<State>, TraceError> {
    Ok(seed::before(trace, index, &mut Report::default())?.map(|found| found.state))
}

/// Why the replay of a trace stopped before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file cannot be read.
    Trace(TraceError),
    /// An alert could not be written.
    Sink(io::Error),
}

/// Goes through chunks of one trace with one state.
#[derive(Debug)]
pub(crate) struct Walker<'t> {
    trace: &'t Trace,
    unpacker: Unpacker,
    state: State,
    /// The chunk that `state` has come to.
    ready: Option<usize>,
    /// Whether nothing is missing in `state`, as far as damage tells.
    exact: bool,
    /// The section whose process images the evaluation may remember.
    section: Option<u64>,
    /// What was found to be damaged.
    pub(crate) report: Report,
}

impl<'t> Walker<'t> {
    /// At the start of a trace, with nothing known.
    pub(crate) fn new(trace: &'t Trace) -> Walker<'t> {
        Walker {
            trace,
            unpacker: Unpacker::new(),
            state: State::new(),
            ready: Some(0),
            exact: true,
            section: None,
            report: Report::default(),
        }
    }

    /// Forgets everything: the evaluation of a chunk has broken off.
    pub(crate) fn forget(&mut self) {
        (self.state, self.ready, self.exact, self.section) = (State::new(), None, false, None);
    }

    /// Evaluates one chunk. What is damaged in it is left out.
    pub(crate) fn chunk(
        &mut self,
        setup: &Setup<'_>,
        evaluation: &mut Evaluation,
        index: usize,
        sink: &mut dyn Sink,
    ) -> Result<bool, Stop> {
        let Some(chunk) = self.trace.chunks().get(index) else { return Ok(true) };
        self.prepare(index, evaluation)?;
        self.ready = None;
        self.report.bytes = self.report.bytes.saturating_add(chunk.descriptor.raw_size);
        let before = evaluation.counters.events;
        let (ran, incidents, count) = match self.unpacker.blocks(self.trace, chunk) {
            Ok(mut blocks) => {
                let ran = evaluation.run(setup, &mut self.state, &mut blocks, sink);
                let (incidents, count) = blocks.incidents();
                (ran, incidents.to_vec(), count)
            }
            Err(TraceError::Chunk { damage, .. }) => (Err(ReplayError::Source(damage)), Vec::new(), 0),
            Err(error) => return Err(Stop::Trace(error)),
        };
        self.report.incidents(chunk.descriptor.sequence, incidents, count);
        match ran {
            Ok(more) => {
                self.ready = more.then_some(index + 1);
                Ok(more)
            }
            Err(ReplayError::Source(damage)) => {
                self.lose(chunk, damage, evaluation.counters.events - before);
                Ok(true)
            }
            Err(ReplayError::Sink(error)) => Err(Stop::Sink(error)),
            Err(ReplayError::Defect(defect)) => Err(Stop::Sink(io::Error::other(defect))),
        }
    }

    /// Evaluates what can be read of a last chunk of which the file has the start only.
    pub(crate) fn cut(
        &mut self,
        setup: &Setup<'_>,
        evaluation: &mut Evaluation,
        sink: &mut dyn Sink,
    ) -> Result<(), Stop> {
        let Some(chunk) = self.trace.cut() else { return Ok(()) };
        let raw = self.trace.read_cut().map_err(Stop::Trace)?;
        self.enter(chunk, evaluation);
        let mut blocks = Blocks::new(&raw, chunk.descriptor.numbering());
        self.report.bytes = self.report.bytes.saturating_add(raw.len() as u64);
        match evaluation.run(setup, &mut self.state, &mut blocks, sink) {
            // That it ends early is told with the trace.
            Ok(_) | Err(ReplayError::Source(_)) => Ok(()),
            Err(ReplayError::Sink(error)) => Err(Stop::Sink(error)),
            Err(ReplayError::Defect(defect)) => Err(Stop::Sink(io::Error::other(defect))),
        }
    }

    /// Makes the state what it is before a chunk, as far as that can be known.
    fn prepare(&mut self, index: usize, evaluation: &mut Evaluation) -> Result<(), Stop> {
        let chunks = self.trace.chunks();
        let Some(chunk) = chunks.get(index) else { return Ok(()) };
        let follows = self.ready == Some(index) && seed::follows(chunks, index);
        if seed::starts_section(chunks, index) {
            (self.state, self.exact) = (State::new(), true);
        } else if !follows || (!self.exact && seed::has_snapshot(chunk)) {
            self.seed(index)?;
        }
        self.enter(chunk, evaluation);
        Ok(())
    }

    /// Makes the state anew.
    fn seed(&mut self, index: usize) -> Result<(), Stop> {
        // What is remembered of process images need not be true of this state's.
        self.section = None;
        match seed::before(self.trace, index, &mut self.report).map_err(Stop::Trace)? {
            Some(found) => (self.state, self.exact) = (found.state, found.exact),
            // What was known at an earlier place is better than nothing, unless that was in another section.
            None => {
                self.exact = false;
                if !self.is_same_section(index) {
                    self.state = State::new();
                }
            }
        }
        Ok(())
    }

    /// Whether the chunk before is of the same section.
    fn is_same_section(&self, index: usize) -> bool {
        let section = |index: usize| self.trace.chunks().get(index).map(|chunk| chunk.descriptor.section);
        index.checked_sub(1).and_then(section) == section(index)
    }

    fn enter(&mut self, chunk: &Chunk, evaluation: &mut Evaluation) {
        if self.section.replace(chunk.descriptor.section) != Some(chunk.descriptor.section) {
            evaluation.forget();
        }
    }

    /// A chunk cannot be read, or not beyond its first `done` events.
    #[cold]
    fn lose(&mut self, chunk: &Chunk, damage: Damage, done: u64) {
        let events = chunk.descriptor.events.saturating_sub(done);
        let loss = Loss { from: chunk.offset, to: chunk.end(), damage, events: Some(events) };
        self.report.lose(chunk.descriptor.sequence, loss);
    }
}
