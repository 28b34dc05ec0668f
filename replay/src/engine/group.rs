//! Several programs over one capture: each event is decoded once and changes one state, then every program is asked. What
//! a program is told, and what it answers, is as if it were alone.

use tercel_format::{Block, Event};
use tercel_rules::program::Program;

use super::Sink;
use super::evaluation::{Counters, Evaluation, Prepared, Setup};
use super::options::Options;
use crate::scan::{Needs, Visitor};
use crate::state::{ResumePoint, State};

/// A program of a group, and how it is evaluated.
#[derive(Debug, Clone)]
pub struct Member<'p> {
    /// The rules.
    pub rules: Prepared<'p>,
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
    events: u64,
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
            let setup = Setup::of_all(member.rules, member.filter, member.options);
            let evaluation = Evaluation::new(&setup);
            Seat { setup, evaluation, done: false }
        };
        Group { members: members.into_iter().map(seat).collect(), state: State::new(), events: 0 }
    }

    /// What takes the blocks of a capture in. Each member has its sink, in the order of the members; the alerts of one event
    /// reach the sinks one member after the other.
    pub fn visitor<'g, K: Sink>(&'g mut self, sinks: &'g mut [K]) -> GroupVisitor<'g, 'p, K> {
        GroupVisitor { group: self, sinks }
    }

    /// What the members need of a capture: everything, since each has a window of its own.
    pub fn needs(&self) -> Needs<'static> {
        Needs::ALL
    }

    fn metadata(&mut self, block: &Block<'_>) {
        if let Block::Section(_) = block {
            // Images are numbered afresh.
            self.members.iter_mut().for_each(|seat| seat.evaluation.forget());
        }
        self.state.block(block);
    }

    /// One event; `false` if no further one can be of interest.
    fn event<K: Sink>(&mut self, event: &Event<'_>, sinks: &mut [K]) -> std::io::Result<bool> {
        self.events += 1;
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

    /// Events seen so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What happened so far, per member.
    pub fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.members.iter().map(|seat| &seat.evaluation.counters)
    }

    /// The state after the last event.
    pub fn state(&self) -> &State {
        &self.state
    }
}

/// Programs of a group over the blocks of a scan.
#[derive(Debug)]
pub struct GroupVisitor<'g, 'p, K> {
    group: &'g mut Group<'p>,
    sinks: &'g mut [K],
}

impl<K: Sink> Visitor for GroupVisitor<'_, '_, K> {
    type Error = std::io::Error;

    fn block(&mut self, block: &Block<'_>) -> std::io::Result<bool> {
        match block {
            Block::Event(event) => self.group.event(event, self.sinks),
            block => {
                self.group.metadata(block);
                Ok(true)
            }
        }
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> std::io::Result<()> {
        self.group.members.iter_mut().for_each(|seat| seat.evaluation.forget());
        self.group.state = state;
        Ok(())
    }
}
