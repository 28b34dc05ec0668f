//! Several programs over one capture: each event is decoded once and changes one state, then every program is asked. What
//! a program is told, and what it answers, is as if it were alone.

use tercel_format::{Block, Event};
use tercel_rules::program::Program;

use super::evaluation::{Counters, Evaluation, Setup};
use super::window::Options;
use super::{BlockSource, ReplayError, Sink};
use crate::state::State;

/// A program of a group, and how it is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Member<'p> {
    /// The rules.
    pub program: &'p Program,
    /// The rules see only the events that match a rule of this program, if there is one.
    pub filter: Option<&'p Program>,
    /// What to evaluate, and how.
    pub options: Options,
}

/// Programs that are evaluated side by side.
#[derive(Debug)]
pub struct Group<'p> {
    members: Vec<Seat<'p>>,
    state: State,
}

/// A member with what it remembers.
#[derive(Debug)]
struct Seat<'p> {
    setup: Setup<'p>,
    evaluation: Evaluation,
    /// No further event can be of interest to it.
    done: bool,
}

impl<'p> Group<'p> {
    /// Prepares the evaluation of all members.
    pub fn new(members: impl IntoIterator<Item = Member<'p>>) -> Group<'p> {
        let seat = |member: Member<'p>| {
            let setup = Setup::new(member.program, member.filter, member.options);
            let evaluation = Evaluation::new(&setup);
            Seat { setup, evaluation, done: false }
        };
        Group { members: members.into_iter().map(seat).collect(), state: State::new() }
    }

    /// Replays a capture to its end, or until no further event can be of interest to any member. Each member has its sink,
    /// in the order of the members; the alerts of one event reach the sinks one member after the other.
    ///
    /// # Errors
    /// The source or a sink failed.
    pub fn run<S: BlockSource, K: Sink>(
        &mut self,
        source: &mut S,
        sinks: &mut [K],
    ) -> Result<(), ReplayError<S::Error>> {
        while let Some(block) = source.next_block().map_err(ReplayError::Source)? {
            match &block {
                Block::Event(event) => {
                    if !self.event(event, sinks).map_err(ReplayError::Sink)? {
                        return Ok(());
                    }
                }
                block => self.metadata(block),
            }
        }
        Ok(())
    }

    fn metadata(&mut self, block: &Block<'_>) {
        if let Block::Section(_) = block {
            // Images are numbered afresh.
            self.members.iter_mut().for_each(|seat| seat.evaluation.forget());
        }
        self.state.block(block);
    }

    /// One event; `false` where no further one can be of interest.
    fn event<K: Sink>(&mut self, event: &Event<'_>, sinks: &mut [K]) -> std::io::Result<bool> {
        let facts = self.state.apply(event);
        let facts = facts.as_ref().filter(|_| !event.state_only);
        let mut open = false;
        for (seat, sink) in self.members.iter_mut().zip(sinks) {
            if seat.done {
                continue;
            }
            seat.evaluation.count(event);
            if let Some(facts) = facts {
                seat.done = !seat.evaluation.judge(&seat.setup, &self.state, event, facts, sink)?;
            }
            open |= !seat.done;
        }
        Ok(open)
    }

    /// What happened so far, per member.
    pub fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.members.iter().map(|seat| &seat.evaluation.counters)
    }

    /// The state behind the last event.
    pub fn state(&self) -> &State {
        &self.state
    }
}
