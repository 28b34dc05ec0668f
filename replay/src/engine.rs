//! The replay of a capture: blocks enter one after the other, alerts leave in the order of the events. It joins the state with
//! the evaluation and knows neither where blocks come from nor where alerts go.

mod evaluation;
mod filter;
mod group;
mod options;
mod wishes;

use std::io;
use std::sync::Arc;

use tercel_format::Block;
use tercel_format::trace::Zone;
use tercel_rules::program::Program;

use crate::alert::Alert;
use crate::state::State;

pub use evaluation::{Counters, Prepared};
pub(crate) use evaluation::{Evaluation, Setup};
pub use filter::Filter;
pub use group::{Group, GroupVisitor, Member};
pub use options::Options;
pub use tercel_format::BlockSource;

/// Where alerts go.
pub trait Sink {
    /// Takes an alert. It is called in the order of the events, and of the rules where several match one event.
    ///
    /// # Errors
    /// The alert could not be written; the replay stops.
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()>;
}

/// Why a replay stopped before the end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// The source failed; everything before it was evaluated.
    #[error("{0}")]
    Source(E),
    /// An alert could not be written.
    #[error("{0}")]
    Sink(io::Error),
}

/// Evaluates a program block by block, for sources that cannot be scanned: a running host.
#[derive(Debug)]
pub struct Replay<'p> {
    setup: Setup<'p>,
    evaluation: Evaluation,
    state: State,
}

impl<'p> Replay<'p> {
    /// Prepares a replay of `program`. Rules see only the events that match a rule of `filter`, if there is one.
    pub fn new(program: &'p Program, filter: Option<&Program>, options: Options) -> Replay<'p> {
        Replay::resume(program, filter, options, State::new())
    }

    /// Goes on from a state with other rules: what happened before is known from the state.
    pub fn resume(
        program: &'p Program,
        filter: Option<&Program>,
        options: Options,
        state: State,
    ) -> Replay<'p> {
        let setup = Setup::new(program, filter, options);
        let evaluation = Evaluation::new(&setup);
        Replay { setup, evaluation, state }
    }

    /// Has conditions see times of day in a zone; without one, in that of the settings.
    pub fn set_zone(&mut self, zone: Option<&Arc<Zone>>) {
        self.evaluation.set_zone(zone);
    }

    /// The state after the last event, for writers of keyframes.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// The state after the last event, to go on from.
    pub fn into_state(self) -> State {
        self.state
    }

    /// Replays one capture to its end, or to the end of the window.
    ///
    /// # Errors
    /// The source or the sink failed.
    pub fn run<S: BlockSource>(
        &mut self,
        source: &mut S,
        sink: &mut dyn Sink,
    ) -> Result<(), ReplayError<S::Error>> {
        self.evaluation.run(&self.setup, &mut self.state, source, sink).map(|_| ())
    }

    /// Evaluates one block, for sources that cannot be waited for; `false` if no further event can be of interest.
    ///
    /// # Errors
    /// The sink failed.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, sink: &mut dyn Sink) -> io::Result<bool> {
        self.evaluation.block(&self.setup, &mut self.state, block, sink)
    }

    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.evaluation.counters
    }

    /// The state after the last event.
    pub fn state(&self) -> &State {
        &self.state
    }
}

#[cfg(test)]
mod tests;
