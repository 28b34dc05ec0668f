//! The replay of a capture: blocks enter one after the other, alerts leave in the order of the events. It joins the state with
//! the evaluation and knows neither where blocks come from nor where alerts go.

use std::io;

use tercel_format::{Block, Event};
use tercel_rules::program::Program;

use crate::alert::Alert;
use crate::eval::{Matcher, Matching, Memory};
use crate::fields::{Context, Settings};
use crate::state::{Facts, State};

/// Where blocks come from: a capture, or later a running system.
pub trait BlockSource {
    /// Why there are no further blocks.
    type Error;

    /// The next block, `None` at the end.
    ///
    /// # Errors
    /// The source cannot go on. Everything before was delivered.
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error>;
}

impl BlockSource for tercel_format::Reader {
    type Error = tercel_format::Error;

    #[inline]
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error> {
        self.next()
    }
}

impl BlockSource for tercel_format::trace::Sequence<'_> {
    type Error = tercel_format::trace::TraceError;

    #[inline]
    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error> {
        self.next()
    }
}

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

/// A point in a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Nanoseconds since the epoch.
    Absolute(u64),
    /// Nanoseconds since the first event of the capture (reference state 1.10).
    Relative(u64),
    /// Number of an event.
    Event(u64),
}

/// What to evaluate, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// First point that rules see; events before it only build the state.
    pub from: Option<Point>,
    /// First point that rules no longer see.
    pub to: Option<Point>,
    /// How many events rules see at most.
    pub limit: Option<u64>,
    /// How values are shown.
    pub settings: Settings,
}

/// What happened in a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Events of the captures, state-only ones included.
    pub events: u64,
    /// Events that exist for the state alone (reference state 1.11).
    pub state_only: u64,
    /// Events that the rules saw: those in the window for which the filter holds.
    pub evaluated: u64,
    /// Alerts per rule, in the order of [`Program::rules`].
    pub alerts: Vec<u64>,
    /// Alerts per priority, most urgent first.
    pub priorities: [u64; 8],
    /// Times of the first and the last event, nanoseconds since the epoch.
    pub span: Option<(u64, u64)>,
}

/// Evaluates a program over captures, one after the other.
pub struct Replay<'p> {
    program: &'p Program,
    matcher: Matcher,
    memory: Memory,
    filter: Option<(Matcher, Memory)>,
    options: Options,
    state: State,
    counters: Counters,
}

/// Events of one capture may be a little out of order; this far behind its end a window is over for good.
const DISORDER: u64 = 10_000_000_000;

/// Where an event lies.
enum Position {
    Before,
    Inside,
    Behind,
    /// No later event lies inside.
    End,
}

impl<'p> Replay<'p> {
    /// Prepares a replay of `program`. Rules see only the events that match a rule of `filter`, if there is one.
    pub fn new(program: &'p Program, filter: Option<&Program>, options: Options) -> Replay<'p> {
        let matcher = Matcher::new(program, options.matching);
        let memory = matcher.memory(options.settings);
        let filter = filter.map(|filter| {
            let matcher = Matcher::new(filter, Matching::First);
            let memory = matcher.memory(options.settings);
            (matcher, memory)
        });
        let counters = Counters { alerts: vec![0; program.rules.len()], ..Counters::default() };
        Replay { program, matcher, memory, filter, options, state: State::new(), counters }
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
        loop {
            // Blocks and facts are looked at where they are; they are too large to be moved for every event.
            let next = source.next_block();
            match &next {
                Ok(Some(Block::Event(event))) => {
                    if !self.event(event, sink).map_err(ReplayError::Sink)? {
                        return Ok(());
                    }
                }
                Ok(Some(block)) => self.metadata(block),
                Ok(None) => return Ok(()),
                Err(_) => return next.map(|_| ()).map_err(ReplayError::Source),
            }
        }
    }

    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The state behind the last event.
    pub fn state(&self) -> &State {
        &self.state
    }

    fn metadata(&mut self, block: &Block<'_>) {
        if let Block::Section(_) = block {
            // Images are numbered afresh.
            self.memory.forget();
            self.filter.iter_mut().for_each(|(_, memory)| memory.forget());
        }
        self.state.block(block);
    }

    /// One event; `false` where no further event can be of interest.
    fn event(&mut self, event: &Event<'_>, sink: &mut dyn Sink) -> io::Result<bool> {
        self.counters.events += 1;
        match &mut self.counters.span {
            Some((first, last)) => {
                *first = event.ts.min(*first);
                *last = event.ts.max(*last);
            }
            span => *span = Some((event.ts, event.ts)),
        }
        self.counters.state_only += u64::from(event.state_only);
        let facts = self.state.apply(event);
        let Some(facts) = facts.as_ref().filter(|_| !event.state_only) else { return Ok(true) };
        match self.position(event) {
            Position::Before | Position::Behind => Ok(true),
            Position::End => Ok(false),
            Position::Inside => self.evaluate(event, facts, sink),
        }
    }

    fn evaluate(&mut self, event: &Event<'_>, facts: &Facts, sink: &mut dyn Sink) -> io::Result<bool> {
        let context = Context { state: &self.state, event, facts };
        if let Some((filter, memory)) = &mut self.filter
            && filter.matches(&context, memory).is_empty()
        {
            return Ok(true);
        }
        self.counters.evaluated += 1;
        for index in self.matcher.matches(&context, &mut self.memory) {
            let index = *index as usize;
            let Some(rule) = self.program.rules.get(index) else { continue };
            self.counters.alerts[index] += 1;
            self.counters.priorities[rule.priority as usize] += 1;
            sink.alert(&Alert { rule, index, context })?;
        }
        Ok(self.options.limit.is_none_or(|limit| self.counters.evaluated < limit))
    }

    fn position(&self, event: &Event<'_>) -> Position {
        if self.options.from.is_some_and(|from| !self.reached(from, event)) {
            return Position::Before;
        }
        match self.options.to {
            Some(to) if self.reached(to, event) => match to {
                Point::Event(_) => Position::End,
                Point::Absolute(ts) if event.ts >= ts.saturating_add(DISORDER) => Position::End,
                Point::Relative(ns) if self.distance(event) >= ns.saturating_add(DISORDER) => Position::End,
                Point::Absolute(_) | Point::Relative(_) => Position::Behind,
            },
            _ => Position::Inside,
        }
    }

    fn reached(&self, point: Point, event: &Event<'_>) -> bool {
        match point {
            Point::Absolute(ts) => event.ts >= ts,
            Point::Relative(ns) => self.distance(event) >= ns,
            Point::Event(number) => event.num >= number,
        }
    }

    fn distance(&self, event: &Event<'_>) -> u64 {
        event.ts.saturating_sub(self.state.first_ts())
    }
}

#[cfg(test)]
mod tests {
    use tercel_format::catalogue::code;
    use tercel_format::record::Section;
    use tercel_rules::compile::Compiler;
    use tercel_rules::lang;
    use tercel_rules::output::Template;
    use tercel_rules::program::{Priority, Rule};

    use super::*;

    /// Events numbered from 1, a second apart, each state-only where its number is in the list.
    struct Seconds {
        next: u64,
        count: u64,
        state_only: &'static [u64],
    }

    impl BlockSource for Seconds {
        type Error = std::convert::Infallible;

        fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error> {
            let num = self.next;
            self.next += 1;
            if num == 0 {
                return Ok(Some(Block::Section(Section { major: 1, minor: 2 })));
            }
            let event = (num <= self.count).then(|| Event::new(code::SYSCALL_GETCWD_E, &[], &[])).flatten();
            Ok(event.map(|mut event| {
                (event.num, event.ts) = (num, num * 1_000_000_000);
                event.state_only = self.state_only.contains(&num);
                Block::Event(event)
            }))
        }
    }

    #[derive(Default)]
    struct Numbers(Vec<(u64, usize)>);

    impl Sink for Numbers {
        fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
            self.0.push((alert.context.event.num, alert.index));
            Ok(())
        }
    }

    fn program(conditions: &[&str]) -> Program {
        let mut compiler = Compiler::new();
        let rules = conditions.iter().map(|text| {
            let condition = compiler.condition(&lang::parse(text, 100).expect("a condition")).expect("valid");
            Rule {
                name: (*text).to_owned(),
                desc: String::new(),
                priority: Priority::Error,
                tags: Vec::new(),
                source: "syscall".to_owned(),
                condition: condition.node,
                output: Template::default(),
                events: condition.events,
            }
        });
        let rules = rules.collect();
        let (nodes, checks) = compiler.into_parts();
        Program { rules, nodes, checks }
    }

    #[track_caller]
    fn check(options: Options, filter: Option<&str>, expected: &[u64]) -> Counters {
        let rules = program(&["evt.num > 0"]);
        let filter = filter.map(|text| program(&[text]));
        let mut replay = Replay::new(&rules, filter.as_ref(), options);
        let mut sink = Numbers::default();
        let mut source = Seconds { next: 0, count: 60, state_only: &[3, 4] };
        replay.run(&mut source, &mut sink).expect("no failure");
        assert_eq!(sink.0.iter().map(|(num, _)| *num).collect::<Vec<_>>(), expected);
        replay.counters().clone()
    }

    #[test]
    fn windows_limits_and_filters() {
        let none = Options::default();
        let from = |point| Options { from: Some(point), ..none };
        let window = |from, to| Options { from: Some(from), to: Some(to), ..none };
        check(Options { to: Some(Point::Event(6)), ..none }, None, &[1, 2, 5]);
        check(from(Point::Event(59)), None, &[59, 60]);
        check(window(Point::Event(10), Point::Event(12)), None, &[10, 11]);
        check(window(Point::Absolute(10_000_000_000), Point::Absolute(12_000_000_000)), None, &[10, 11]);
        check(window(Point::Relative(9_000_000_000), Point::Relative(10_000_000_001)), None, &[10, 11]);
        check(Options { limit: Some(2), ..from(Point::Event(3)) }, None, &[5, 6]);
        check(none, Some("evt.num in (3, 7, 50)"), &[7, 50]);
        check(Options { limit: Some(1), ..none }, Some("evt.num > 20"), &[21]);
    }

    #[test]
    fn counters_tell_what_happened() {
        let counters = check(none_but_to(8), Some("not evt.num = 2"), &[1, 5, 6, 7]);
        assert_eq!(counters.events, 8);
        assert_eq!(counters.state_only, 2);
        assert_eq!(counters.evaluated, 4);
        assert_eq!(counters.alerts, [4]);
        assert_eq!(counters.priorities, [0, 0, 0, 4, 0, 0, 0, 0]);
        assert_eq!(counters.span, Some((1_000_000_000, 8_000_000_000)));
    }

    fn none_but_to(number: u64) -> Options {
        Options { to: Some(Point::Event(number)), ..Options::default() }
    }

    #[test]
    fn rules_of_one_event_come_in_load_order() {
        let rules = program(&["evt.num = 2", "evt.num > 1", "evt.num = 3", "evt.num in (2, 3)"]);
        let run = |matching| {
            let mut replay = Replay::new(&rules, None, Options { matching, ..Options::default() });
            let mut sink = Numbers::default();
            replay.run(&mut Seconds { next: 0, count: 3, state_only: &[] }, &mut sink).expect("no failure");
            sink.0
        };
        assert_eq!(run(Matching::First), [(2, 0), (3, 1)]);
        assert_eq!(run(Matching::All), [(2, 0), (2, 1), (2, 3), (3, 1), (3, 2), (3, 3)]);
    }
}
