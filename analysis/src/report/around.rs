//! The events around events: numbers of events and their processes enter, lines about what these processes did before and after leave.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use tercel_format::{Block, Capture, Event};
use tercel_replay::fields::{Scratch, render_text};
use tercel_replay::scan::{Advance, Needs, Visitor, infallible, scan};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Point, Position, Settings, Window};
use tercel_rules::output::Template;
use tercel_rules::program::Operand;

use super::visible::{shortened, visible};

/// Events before and after.
const BEFORE: usize = 6;
const AFTER: usize = 4;
/// How far away they are looked for, in numbers of events.
const FAR: u64 = 20_000;
/// Most characters of a line.
const LONGEST: usize = 240;

/// An event beside another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// Nanoseconds since the epoch.
    pub time: u64,
    /// Its number.
    pub number: u64,
    /// Its type and arguments.
    pub text: String,
}

/// What stands around an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// Before it, and itself at the end.
    pub before: VecDeque<Line>,
    /// After it.
    pub after: Vec<Line>,
}

/// The surroundings by number of the event.
pub type Found = HashMap<u64, Around>;

/// Looks for the surroundings of events.
#[derive(Debug)]
pub struct Surroundings {
    /// Per process the numbers of its events, in order.
    targets: HashMap<i64, Vec<u64>>,
    window: Window,
    arguments: Option<Operand>,
    state: State,
    scratch: Scratch,
    /// The last events of each process.
    last: HashMap<i64, VecDeque<Line>>,
    /// Events that still need some after them.
    open: Vec<(i64, u64)>,
    found: Found,
}

impl Surroundings {
    /// Of events, given as their numbers and the pids of their processes.
    pub fn new(events: impl IntoIterator<Item = (u64, i64)>) -> Surroundings {
        let mut targets: HashMap<i64, Vec<u64>> = HashMap::new();
        for (number, pid) in events {
            targets.entry(pid).or_default().push(number);
        }
        targets.values_mut().for_each(|numbers| {
            numbers.sort_unstable();
            numbers.dedup();
        });
        let numbers = || targets.values().flatten().copied();
        let from = numbers().min().unwrap_or(0).saturating_sub(FAR);
        let to = numbers().max().unwrap_or(0).saturating_add(FAR);
        let window = Window { from: Some(Point::Event(from)), to: Some(Point::Event(to)) };
        let arguments = Template::parse("%evt.args").ok();
        let arguments = arguments.and_then(|template| template.fields.into_iter().next());
        Surroundings {
            targets,
            window,
            arguments: arguments.map(|(_, operand)| operand),
            state: State::new(),
            scratch: Scratch::new(Settings::default()),
            last: HashMap::new(),
            open: Vec::new(),
            found: HashMap::new(),
        }
    }

    /// Reads a capture. What is wrong with it, another question has said.
    pub fn of(mut self, capture: &mut Capture, advance: Advance<'_>) -> Found {
        if !self.targets.is_empty() {
            let window = self.window;
            let _ = infallible(scan(capture, &Needs::span(window), &mut self, advance));
        }
        self.found
    }

    /// One event; `false` if no later one counts.
    fn event(&mut self, event: &Event<'_>) -> bool {
        let Some(facts) = self.state.apply(event) else { return true };
        if self.window.position(event, self.state.first_ts()) == Position::End {
            return false;
        }
        let context = Context { state: &self.state, event, facts: &facts };
        let Some(pid) = context.process().map(|(_, leader)| leader.pid) else { return true };
        let Some(numbers) = self.targets.get(&pid) else { return true };
        let next = numbers.get(numbers.partition_point(|number| *number < event.num));
        let is_near = next.is_some_and(|number| number - event.num <= FAR);
        if !is_near && !self.open.iter().any(|(of, _)| *of == pid) {
            return true;
        }
        let mut text = context.type_name().as_bytes().to_vec();
        if let Some(arguments) = &self.arguments {
            text.push(b' ');
            render_text(&context, arguments, &mut text, &mut self.scratch);
        }
        let text = shortened(&visible(text.trim_ascii_end()), LONGEST);
        let line = Line { time: event.ts, number: event.num, text };
        for (_, number) in self.open.iter().filter(|(of, _)| *of == pid) {
            self.found.entry(*number).or_default().after.push(line.clone());
        }
        let found = &self.found;
        self.open.retain(|(_, number)| found.get(number).is_some_and(|around| around.after.len() < AFTER));
        let last = self.last.entry(pid).or_default();
        last.push_back(line);
        if last.len() > BEFORE + 1 {
            last.pop_front();
        }
        if next == Some(&event.num) {
            self.found.insert(event.num, Around { before: last.clone(), after: Vec::new() });
            self.open.push((pid, event.num));
        }
        true
    }
}

impl Visitor for Surroundings {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        match block {
            Block::Event(event) => return Ok(self.event(event)),
            block => self.state.block(block),
        }
        Ok(true)
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> Result<(), Infallible> {
        self.state = state;
        Ok(())
    }
}
