//! The smallest trace that still gives the alerts of a rule: a capture and the rules enter, the blocks of a small trace leave. What may go
//! is decided by structure first (only processes that the alerts show, and those that led to them), then by trying: each step is replayed,
//! and the alert lines must be the same to the byte.
//!
//! `wanted` finds the alerts, `gather` what the trace can be made of (`draft`), `reduce` and `texts` take out what is not needed, `file`
//! writes a test. Must not know where captures come from or where the trace goes.

mod wanted;

mod draft;
mod gather;

mod reduce;
mod texts;

mod file;

use std::collections::BTreeSet;
use std::io;

use tercel_format::{Block, Capture};
use tercel_replay::scan::{Findings, Needs, infallible, scan};
use tercel_replay::{Group, Options, Point, Prepared, Window, depends_on_order};
use tercel_rules::fields::nearest;
use tercel_rules::program::Program;

use draft::Draft;
use gather::{Gather, Plan};
use reduce::Reducer;
use wanted::{Line, Lines, member};

pub use file::TestFile;

/// Alerts that are to stay.
#[derive(Debug, Clone)]
pub struct Ask<'p> {
    /// All rules that run; the small trace is made for the same ones.
    pub program: &'p Program,
    /// How they are evaluated. A window is not looked at.
    pub options: Options,
    /// Name of the rule.
    pub rule: &'p str,
    /// Number of the event, unless all alerts of the rule are wanted.
    pub event: Option<u64>,
    prepared: Prepared<'p>,
    is_ordered: bool,
}

impl<'p> Ask<'p> {
    /// The alerts of a rule, at one event or at all.
    pub fn new(program: &'p Program, options: Options, rule: &'p str, event: Option<u64>) -> Ask<'p> {
        let options = Options { from: None, to: None, limit: None, ..options };
        let prepared = Prepared::new(program);
        Ask { program, options, rule, event, prepared, is_ordered: depends_on_order(program) }
    }
}

/// How far the work is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Replays so far.
    pub replays: u64,
    /// Events of the trace that is tried.
    pub events: usize,
}

/// Sizes of a capture, or of the trace that it became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Events, those included that are there for the state only.
    pub events: u64,
    /// Processes and threads that it begins with.
    pub processes: u64,
    /// Fds that it begins with.
    pub fds: u64,
}

/// A small trace.
#[derive(Debug)]
pub struct Shrunk {
    draft: Draft,
    lines: Vec<Line>,
    /// Size of the capture.
    pub before: Size,
    /// Size of the small trace.
    pub after: Size,
    /// Replays that it took.
    pub replays: u64,
    /// Nothing more can be taken out; `false` if the limit of work was reached before.
    pub is_minimal: bool,
    /// Lists of processes and fds cannot say what the alerts depend on, so that the trace holds the state as this version of the state
    /// engine writes it.
    pub needs_state: bool,
    /// The capture was read with these findings.
    pub findings: Findings,
}

/// Why no small trace can be written.
#[derive(Debug, thiserror::Error)]
pub enum ShrinkError<E> {
    /// The capture cannot be opened.
    #[error("the capture cannot be opened")]
    Open(E),
    /// There is no rule of this name that runs.
    #[error("unknown rule '{rule}'{}", .meant.as_ref().map_or(String::new(), |name| format!("; did you mean '{name}'?")))]
    UnknownRule {
        /// The name.
        rule: String,
        /// What may have been meant.
        meant: Option<String>,
    },
    /// The rule gives no alert.
    #[error("the rule '{rule}' gives no alert{}{}", at_event(*.event), named(.elsewhere))]
    NoAlert {
        /// The rule.
        rule: String,
        /// The event that was named.
        event: Option<u64>,
        /// Other events at which it gives one, the first ones.
        elsewhere: Vec<u64>,
    },
    /// More alerts than fit.
    #[error("{0}; choose one of them with --event")]
    TooMany(io::Error),
    /// The events between the alerts take too much memory.
    #[error("too many events lie between the alerts and what they depend on; choose one alert with --event")]
    TooLarge,
    /// No part of the capture gives the same alerts.
    #[error(
        "no part of the capture gives the same alerts of '{rule}'{}",
        if *.is_ordered { ": the rules look at how often they were asked before (evt.deltatime, util.cnt, thread.cpu)" } else { "" }
    )]
    NotReproduced {
        /// The rule.
        rule: String,
        /// Whether what rules say depends on the order of evaluation.
        is_ordered: bool,
    },
}

fn at_event(event: Option<u64>) -> String {
    event.map_or(String::new(), |event| format!(" at event {event}"))
}

fn named(events: &[u64]) -> String {
    let events: Vec<String> = events.iter().map(u64::to_string).collect();
    if events.is_empty() { String::new() } else { format!("; it gives one at: {}", events.join(", ")) }
}

/// The parts of a capture that are tried, from the smallest. A state beside the lists is the last resort: only the version of the state
/// engine that wrote it reads it.
const PLANS: [Plan; 5] = [
    Plan { late: true, kin_only: true, exact: false },
    Plan { late: false, kin_only: true, exact: false },
    Plan { late: true, kin_only: false, exact: false },
    Plan { late: false, kin_only: false, exact: false },
    Plan { late: true, kin_only: true, exact: true },
];

/// Makes the smallest trace that gives the alerts of `ask`. The capture is read several times: `open` opens it again.
///
/// # Errors
/// There are no such alerts, or no part of the capture gives the same ones.
pub fn shrink<E>(
    ask: &Ask<'_>,
    open: &mut dyn FnMut() -> Result<Capture, E>,
    watch: &mut dyn FnMut(Progress),
) -> Result<Shrunk, ShrinkError<E>> {
    let rule = ask.program.rules.iter().position(|rule| rule.name == ask.rule).ok_or_else(|| {
        let names = ask.program.rules.iter().map(|rule| rule.name.as_str());
        ShrinkError::UnknownRule {
            rule: ask.rule.to_owned(),
            meant: nearest(ask.rule, names).map(str::to_owned),
        }
    })?;
    let mut capture = open().map_err(ShrinkError::Open)?;
    let (lines, before, findings) = find(ask, rule, &mut capture).map_err(ShrinkError::TooMany)?;
    drop(capture);
    if lines.found.is_empty() {
        let Lines { elsewhere, .. } = lines;
        return Err(ShrinkError::NoAlert { rule: ask.rule.to_owned(), event: ask.event, elsewhere });
    }
    let events: BTreeSet<u64> = lines.found.iter().map(|line| line.num).collect();
    let mut reducer = Reducer::new(ask, rule, &lines.found, watch);
    let mut too_large = false;
    let mut needs_state = false;
    let begun = PLANS.into_iter().find_map(|plan| {
        let mut gather = Gather::new(plan, &events, &lines.kin);
        let mut capture = match open() {
            Ok(capture) => capture,
            Err(error) => return Some(Err(ShrinkError::Open(error))),
        };
        infallible(scan(&mut capture, &needs(plan, &events), &mut gather, &|_| ()));
        let Some(draft) = gather.finish() else {
            too_large = true;
            return None;
        };
        needs_state = plan.exact;
        reducer.begin(draft).then_some(Ok(()))
    });
    match begun {
        Some(begun) => begun?,
        None if too_large => return Err(ShrinkError::TooLarge),
        None => {
            return Err(ShrinkError::NotReproduced { rule: ask.rule.to_owned(), is_ordered: ask.is_ordered });
        }
    }
    let (draft, replays, is_minimal) = reducer.reduce();
    let after =
        Size { events: draft.events() as u64, processes: draft.processes() as u64, fds: draft.fds() as u64 };
    Ok(Shrunk { draft, lines: lines.found, before, after, replays, is_minimal, needs_state, findings })
}

/// What a plan needs of a capture.
fn needs(plan: Plan, events: &BTreeSet<u64>) -> Needs<'static> {
    match (plan.late, events.first(), events.last()) {
        (true, Some(first), Some(last)) => Needs::span(Window {
            from: Some(Point::Event(*first)),
            to: Some(Point::Event(last.saturating_add(1))),
        }),
        _ => Needs::ALL,
    }
}

/// The alerts of a capture, its size, and what is wrong with it.
fn find(ask: &Ask<'_>, rule: usize, capture: &mut Capture) -> io::Result<(Lines, Size, Findings)> {
    let mut group = Group::new([member(ask)]);
    let mut sinks = [Lines::new(ask, rule)];
    let mut sized = wanted::Sized { visitor: group.visitor(&mut sinks), size: Size::default() };
    let findings = scan(capture, &Needs::ALL, &mut sized, &|_| ())?;
    let size = sized.size;
    let [lines] = sinks;
    Ok((lines, size, findings))
}

impl Shrunk {
    /// Hands over its blocks in order.
    ///
    /// # Errors
    /// Those of `give`.
    pub fn give<E>(&self, give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>) -> Result<(), E> {
        self.draft.give(give)
    }

    /// Number of alerts.
    pub fn alerts(&self) -> usize {
        self.lines.len()
    }

    /// Whether a capture, for example the file that its blocks became, gives its alerts and no other of the rule; with the number of
    /// alerts that other rules give over it.
    ///
    /// # Errors
    /// It gives too many alerts.
    pub fn holds(&self, ask: &Ask<'_>, capture: &mut Capture) -> io::Result<Option<u64>> {
        let Some(rule) = ask.program.rules.iter().position(|rule| rule.name == ask.rule) else {
            return Ok(None);
        };
        let whole = Ask { event: None, ..ask.clone() };
        let (lines, _, findings) = find(&whole, rule, capture)?;
        let is_sound = findings.error.is_none() && findings.report.places() == 0;
        Ok((is_sound && lines.found == self.lines).then_some(lines.of_others))
    }
}
