//! One thread's evaluation: a state and the blocks that follow it enter, alerts and counters leave. A sequential replay
//! has one evaluation; a scan has one per worker, and adds up their counters.

use std::io;
use std::sync::Arc;

use tercel_format::trace::Zone;
use tercel_format::{Block, Event};
use tercel_rules::program::Program;

use super::options::Options;
use super::wishes::{Programs, selection};
use super::{BlockSource, ReplayError, Sink};
use crate::alert::Alert;
use crate::eval::{Matcher, Matching, Memory};
use crate::fields::Context;
use crate::scan::{Extent, LeftOut, Needs, Passed, Selection};
use crate::state::{Facts, Forgotten, State};
use crate::window::Position;

/// What happened in a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Events that were read, state-only ones included.
    pub events: u64,
    /// Events in chunks of native traces that were left out, because neither rules nor the window need them.
    pub skipped: LeftOut,
    /// Events that exist for the state alone (reference state 1.11).
    pub state_only: u64,
    /// Events that the rules saw: those in the window for which the filter holds.
    pub evaluated: u64,
    /// Alerts per rule, in the order of [`Program::rules`].
    pub alerts: Vec<u64>,
    /// Alerts per priority, most urgent first.
    pub priorities: [u64; 8],
    /// What the state gave up for its limit of memory.
    pub forgotten: Forgotten,
    /// Times of the first and the last event, nanoseconds since the epoch.
    pub span: Option<(u64, u64)>,
}

impl Counters {
    /// Nothing happened with the rules of `program`.
    pub(crate) fn new(program: &Program) -> Counters {
        Counters { alerts: vec![0; program.rules.len()], ..Counters::default() }
    }

    /// Adds what happened elsewhere, with the same program.
    pub(crate) fn add(&mut self, other: &Counters) {
        self.events += other.events;
        self.skipped.add(other.skipped);
        self.state_only += other.state_only;
        self.evaluated += other.evaluated;
        self.forgotten.add_since(other.forgotten, Forgotten::default());
        self.alerts.iter_mut().zip(&other.alerts).for_each(|(count, more)| *count += more);
        self.priorities.iter_mut().zip(other.priorities).for_each(|(count, more)| *count += more);
        if let Some((first, last)) = other.span {
            self.see(first);
            self.see(last);
        }
    }

    #[inline]
    fn see(&mut self, ts: u64) {
        match &mut self.span {
            Some((first, last)) => {
                *first = ts.min(*first);
                *last = ts.max(*last);
            }
            span => *span = Some((ts, ts)),
        }
    }
}

/// A program that is ready to be evaluated. Copies share what was prepared, so that groups over many captures prepare it once.
#[derive(Debug, Clone)]
pub struct Prepared<'p> {
    program: &'p Program,
    matcher: Matcher,
}

impl<'p> Prepared<'p> {
    /// Prepares the rules of a program.
    pub fn new(program: &'p Program) -> Prepared<'p> {
        Prepared { program, matcher: Matcher::new(program, Matching::First) }
    }
}

/// What all evaluations of a replay share.
#[derive(Debug)]
pub(crate) struct Setup<'p> {
    pub(crate) program: &'p Program,
    pub(crate) options: Options,
    /// What rules say depends on the order of evaluation.
    ordered: bool,
    matcher: Matcher,
    filter: Option<Matcher>,
    /// By event codes, whether a rule can match an event of it that passes the filter.
    types: Box<[bool]>,
    /// What they look at; `None`: everything.
    selection: Option<Selection>,
}

/// Codes of events are smaller; those of younger programs match no rule.
const CODES: u16 = 512;

impl<'p> Setup<'p> {
    /// For a scan that leaves out what the rules do not look at.
    pub(crate) fn new(program: &'p Program, filter: Option<&Program>, options: Options) -> Setup<'p> {
        let mut setup = Setup::of_all(Prepared::new(program), filter, options);
        if setup.is_divisible() {
            let programs = Programs { rules: program, filter };
            let passes = |code| setup.filter.as_ref().is_none_or(|filter| filter.watches(code));
            setup.selection = Some(selection(programs, |code| setup.matcher.watches(code), passes));
        }
        setup
    }

    /// For all of a capture.
    pub(crate) fn of_all(rules: Prepared<'p>, filter: Option<&Program>, options: Options) -> Setup<'p> {
        let Prepared { program, matcher } = rules;
        let matcher = matcher.with(options.matching);
        let ordered = [Some(program), filter].into_iter().flatten().any(crate::eval::depends_on_order);
        let filter = filter.map(|filter| Matcher::new(filter, Matching::First));
        // A limit counts events of all codes.
        let passes = |code| filter.as_ref().is_none_or(|filter: &Matcher| filter.watches(code));
        let counts = |code| options.limit.is_some() || (matcher.watches(code) && passes(code));
        let types = (0..CODES).map(counts).collect();
        Setup { program, options, ordered, matcher, filter, types, selection: None }
    }

    /// What the rules need of a capture.
    pub(crate) fn needs(&self) -> Needs<'_> {
        // If results of rules depend on earlier evaluations, every event has to be evaluated.
        let extent = if self.ordered { Extent::All } else { Extent::Types(&self.types) };
        Needs { window: self.options.window(), extent, selection: self.selection.as_ref(), part: None }
    }

    /// Whether a replay can be cut into pieces: the answers of the program and of the filter must not depend on the order
    /// of evaluation (`evt.deltatime`, `util.cnt`, `thread.cpu`), and the number of events must not be limited, because the
    /// place where the limit is reached depends on all events before.
    pub(crate) fn is_divisible(&self) -> bool {
        !self.ordered && self.options.limit.is_none()
    }

    /// Whether as many events were evaluated as there may be.
    pub(crate) fn is_over(&self, evaluation: &Evaluation) -> bool {
        self.options.limit.is_some_and(|limit| evaluation.seen() >= limit)
    }
}

/// What one thread brings along.
#[derive(Debug)]
pub(crate) struct Evaluation {
    memory: Memory,
    filter: Option<Memory>,
    pub(crate) counters: Counters,
    /// Events evaluated before the counters were taken last.
    earlier: u64,
}

impl Evaluation {
    pub(crate) fn new(setup: &Setup<'_>) -> Evaluation {
        let settings = setup.options.settings;
        Evaluation {
            memory: setup.matcher.memory(settings),
            filter: setup.filter.as_ref().map(|filter| filter.memory(settings)),
            counters: Counters::new(setup.program),
            earlier: 0,
        }
    }

    /// Forgets everything but what was counted.
    pub(crate) fn restart(&mut self, setup: &Setup<'_>) {
        let (counters, earlier) = (std::mem::take(&mut self.counters), self.earlier);
        *self = Evaluation { counters, earlier, ..Evaluation::new(setup) };
    }

    /// What was counted since the last time.
    pub(crate) fn take_counters(&mut self, setup: &Setup<'_>) -> Counters {
        self.earlier += self.counters.evaluated;
        std::mem::replace(&mut self.counters, Counters::new(setup.program))
    }

    /// Events evaluated so far.
    fn seen(&self) -> u64 {
        self.earlier + self.counters.evaluated
    }

    /// Has conditions see times of day in a zone.
    pub(crate) fn set_zone(&mut self, zone: Option<&Arc<Zone>>) {
        self.memory.set_zone(zone);
        self.filter.iter_mut().for_each(|filter| filter.set_zone(zone));
    }

    /// Forgets what it knows of process images: those of the next event are numbered otherwise.
    pub(crate) fn forget(&mut self) {
        self.memory.forget();
        self.filter.iter_mut().for_each(Memory::forget);
    }

    /// Evaluates blocks to their end, or to the end of the window; `false` if no further event can be of interest.
    pub(crate) fn run<S: BlockSource + ?Sized>(
        &mut self,
        setup: &Setup<'_>,
        state: &mut State,
        source: &mut S,
        sink: &mut dyn Sink,
    ) -> Result<bool, ReplayError<S::Error>> {
        loop {
            // Blocks and facts are borrowed; they are too large to be moved for every event.
            let next = source.next_block();
            match &next {
                Ok(Some(block)) => {
                    if !self.block(setup, state, block, sink).map_err(ReplayError::Sink)? {
                        return Ok(false);
                    }
                }
                Ok(None) => return Ok(true),
                Err(_) => return next.map(|_| false).map_err(ReplayError::Source),
            }
        }
    }

    /// Evaluates one block; `false` if no further event can be of interest.
    #[inline]
    pub(crate) fn block(
        &mut self,
        setup: &Setup<'_>,
        state: &mut State,
        block: &Block<'_>,
        sink: &mut dyn Sink,
    ) -> io::Result<bool> {
        match block {
            Block::Event(event) => self.event(setup, state, event, sink),
            block => {
                self.metadata(state, block);
                Ok(true)
            }
        }
    }

    fn metadata(&mut self, state: &mut State, block: &Block<'_>) {
        if let Block::Section(_) = block {
            // Images are numbered afresh.
            self.forget();
        }
        state.block(block);
    }

    /// One event; `false` if no further event can be of interest.
    fn event(
        &mut self,
        setup: &Setup<'_>,
        state: &mut State,
        event: &Event<'_>,
        sink: &mut dyn Sink,
    ) -> io::Result<bool> {
        self.count(event);
        let facts = state.apply(event);
        let Some(facts) = facts.as_ref().filter(|_| !event.state_only) else { return Ok(true) };
        self.judge(setup, state, event, facts, sink)
    }

    /// Counts events that nobody has to look at.
    pub(crate) fn count_passed(&mut self, passed: &Passed) {
        self.counters.events += passed.events;
        self.counters.state_only += passed.state_only;
        self.counters.evaluated += passed.evaluated;
        if let Some((first, last)) = passed.span {
            self.counters.see(first);
            self.counters.see(last);
        }
    }

    #[inline]
    pub(crate) fn count(&mut self, event: &Event<'_>) {
        self.counters.events += 1;
        self.counters.see(event.ts);
        self.counters.state_only += u64::from(event.state_only);
    }

    /// What rules say to an event that the state has seen; `false` if no further event can be of interest.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        setup: &Setup<'_>,
        state: &State,
        event: &Event<'_>,
        facts: &Facts,
        sink: &mut dyn Sink,
    ) -> io::Result<bool> {
        match setup.options.position(event, state.first_ts()) {
            Position::Before | Position::Behind => Ok(true),
            Position::End => Ok(false),
            Position::Inside => self.evaluate(setup, state, event, facts, sink),
        }
    }

    fn evaluate(
        &mut self,
        setup: &Setup<'_>,
        state: &State,
        event: &Event<'_>,
        facts: &Facts,
        sink: &mut dyn Sink,
    ) -> io::Result<bool> {
        let context = Context { state, event, facts };
        if let (Some(filter), Some(memory)) = (&setup.filter, &mut self.filter)
            && filter.matches(&context, memory).is_empty()
        {
            return Ok(true);
        }
        self.counters.evaluated += 1;
        let (found, by_kernel) = setup.matcher.found(&context, &mut self.memory);
        for number in found {
            let (index, by_kernel) = (*number as usize, by_kernel.contains(number));
            let Some(rule) = setup.program.rules.get(index) else { continue };
            self.counters.alerts[index] += 1;
            self.counters.priorities[rule.priority as usize] += 1;
            sink.alert(&Alert { rule, index, context, by_kernel })?;
        }
        Ok(setup.options.limit.is_none_or(|limit| self.seen() < limit))
    }
}
