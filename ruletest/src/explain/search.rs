//! A rule over captures: what it says at one event, at which events it raises alerts, or where it came closest. Blocks of captures
//! enter, an [`Answer`] leaves. A capture is read on one thread; only the window and the event types that count are read.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use tercel_format::catalogue::EVENTS;
use tercel_format::trace::Zone;
use tercel_format::{Block, Capture, Event};
use tercel_replay::fields::{Context, Scratch};
use tercel_replay::scan::{Advance, Findings, Needs, Visitor, infallible, scan};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{
    Filter, Matcher, Matching, Memory, Point, Position, Settings, Window, push_kernel_paths, push_message,
};
use tercel_rules::load::{Place, RuleInfo};
use tercel_rules::output::Template;
use tercel_rules::program::Program;

use super::explainer::Explainer;
use super::explanation::Explanation;
use super::near::{Besides, Near};
use crate::visible::visible;

/// What is asked about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// What it says at the event of this number.
    Event(u64),
    /// Its alerts, the first ones with explanations.
    Alerts(usize),
    /// The events that missed by the fewest terms, in this many groups.
    Near(usize),
}

/// Which events a rule sees.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'p> {
    /// Only those that match it, if there is one.
    pub filter: Option<&'p Program>,
    /// Only those in it.
    pub window: Window,
    /// How values are shown, and whose paths conditions see.
    pub settings: Settings,
}

/// An alert with its explanation.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The line, as replay prints it.
    pub line: String,
    /// The capture, by its position.
    pub capture: usize,
    /// Why.
    pub why: Explanation,
    /// The rule that raised the alert of this event instead.
    pub instead: Option<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Answer {
    /// Events that the rule saw.
    pub seen: u64,
    /// Those of them that are of types that it looks at.
    pub watched: u64,
    /// Events at which it raises an alert.
    pub alerts: u64,
    /// Events at which its condition holds, but another rule comes first.
    pub instead: BTreeMap<String, u64>,
    /// Where these rules stand.
    places: BTreeMap<String, Place>,
    /// The first alerts, or the one event.
    pub explained: Vec<Explained>,
    /// The event that was asked for is there, but rules do not see it.
    pub is_hidden: bool,
    /// The event that was asked for does not match the filter.
    pub is_filtered: bool,
    /// The number of the last event that was read.
    pub last: u64,
    /// The nearest events.
    pub(crate) near: Near,
    pub(crate) rule: Option<Arc<super::explainer::Explained>>,
}

/// Asks captures about a rule.
pub struct Search<'p> {
    state: State,
    judge: Judge<'p>,
}

/// What looks at events with their state.
struct Judge<'p> {
    explainer: Explainer,
    want: Want,
    window: Window,
    filter: Option<Filter>,
    rivals: Option<Rivals<'p>>,
    output: Template,
    scratch: Scratch,
    capture: usize,
    types: Vec<bool>,
    answer: Answer,
}

/// All rules, of which the first that matches raises the alert.
struct Rivals<'p> {
    program: &'p Program,
    matcher: Matcher,
    memory: Memory,
    own: u32,
    /// What they say depends on the events at which they were asked before.
    is_ordered: bool,
}

impl<'p> Search<'p> {
    /// Prepares a question about a rule. `program` has all rules that run beside it, where the first of them is to raise an alert.
    pub fn new(
        explainer: Explainer,
        info: &RuleInfo,
        program: Option<&'p Program>,
        seen: Seen<'p>,
        want: Want,
    ) -> Search<'p> {
        let settings = seen.settings;
        let line = format!("%evt.time: {} {}", info.priority.name(), info.output.trim());
        let watches = |code: u16| explainer.rule().events.contains(code);
        let types = EVENTS.iter().map(|event| watches(event.code)).collect();
        let window = match want {
            Want::Event(number) => {
                Window { from: Some(Point::Event(number)), to: Some(Point::Event(number.saturating_add(1))) }
            }
            Want::Alerts(_) | Want::Near(_) => seen.window,
        };
        let near = Near::new(if let Want::Near(groups) = want { groups } else { 1 });
        let judge = Judge {
            window,
            want,
            filter: seen.filter.map(|filter| Filter::new(filter, settings)),
            rivals: program.and_then(|program| Rivals::new(program, &info.name, settings)),
            output: Template::parse(&line).unwrap_or_default(),
            scratch: Scratch::new(settings),
            capture: 0,
            types,
            answer: Answer { near, ..Answer::default() },
            explainer,
        };
        Search { state: State::new(), judge }
    }

    /// Reads the capture of this position; its times are shown in its own zone, unless they are to be in UTC. `advance` gets the
    /// bytes that are done.
    pub fn read(
        &mut self,
        capture: &mut Capture,
        number: usize,
        is_utc: bool,
        advance: Advance<'_>,
    ) -> Findings {
        let zone = capture.header().filter(|_| !is_utc).map(|header| Arc::new(header.zone.clone()));
        self.begin(number, zone.as_ref());
        let (window, types) = (self.judge.window, self.judge.types.clone());
        let needs = match self.judge.want {
            Want::Alerts(_) if !self.judge.is_ordered() => Needs::types(window, &types),
            Want::Event(_) | Want::Near(_) | Want::Alerts(_) => Needs::span(window),
        };
        infallible(scan(capture, &needs, self, advance))
    }

    fn begin(&mut self, capture: usize, zone: Option<&Arc<Zone>>) {
        self.state = State::new();
        let judge = &mut self.judge;
        judge.capture = capture;
        judge.scratch.zone = zone.cloned();
        judge.explainer.set_zone(zone);
        judge.rivals.iter_mut().for_each(|rivals| rivals.memory.set_zone(zone));
        judge.forget();
    }

    /// What was found. `rules` are all rules of the files.
    pub fn finish(self, rules: &[RuleInfo]) -> Answer {
        let rule = Some(Arc::clone(self.judge.explainer.rule()));
        let answer = self.judge.answer;
        let explained = answer.explained.iter().filter_map(|explained| explained.instead.as_ref());
        let others: BTreeSet<&String> = answer.instead.keys().chain(explained).collect();
        let others = rules.iter().filter(|rule| others.contains(&rule.name));
        let places = others.map(|rule| (rule.name.clone(), rule.place.clone())).collect();
        Answer { rule, places, ..answer }
    }

    /// One event; `false` if no further one is of interest.
    fn event(&mut self, event: &Event<'_>) -> bool {
        let Search { state, judge } = self;
        judge.answer.last = judge.answer.last.max(event.num);
        let facts = state.apply(event);
        match judge.window.position(event, state.first_ts()) {
            Position::Before | Position::Behind => return true,
            Position::End => return false,
            Position::Inside => {}
        }
        match facts.as_ref().filter(|_| !event.state_only) {
            Some(facts) => judge.event(&Context { state, event, facts }),
            None => judge.answer.is_hidden = true,
        }
        true
    }
}

impl Answer {
    /// Another rule in quotes, with its place.
    pub(super) fn other(&self, name: &str) -> String {
        let shown = visible(name.as_bytes());
        match self.places.get(name) {
            Some(place) => format!("'{shown}' ({})", visible(place.to_string().as_bytes())),
            None => format!("'{shown}'"),
        }
    }
}

impl Judge<'_> {
    fn is_ordered(&self) -> bool {
        self.explainer.rule().is_ordered || self.rivals.as_ref().is_some_and(|rivals| rivals.is_ordered)
    }

    fn forget(&mut self) {
        self.explainer.forget();
        self.filter.iter_mut().for_each(Filter::forget);
        self.rivals.iter_mut().for_each(|rivals| rivals.memory.forget());
    }

    fn event(&mut self, cx: &Context<'_>) {
        if self.filter.as_mut().is_some_and(|filter| !filter.holds(cx)) {
            self.answer.is_filtered = true;
            if !matches!(self.want, Want::Event(_)) {
                return;
            }
        }
        self.answer.seen += 1;
        let look = self.explainer.look(cx);
        self.answer.watched += u64::from(look.watches);
        let instead = self.instead(cx, look.holds);
        if look.holds {
            match &instead {
                None => self.answer.alerts += 1,
                Some(other) => *self.answer.instead.entry(other.clone()).or_default() += 1,
            }
        }
        let is_explained = match self.want {
            Want::Event(_) => true,
            Want::Alerts(most) => look.holds && instead.is_none() && self.answer.explained.len() < most,
            Want::Near(_) => false,
        };
        if is_explained {
            let why = self.explainer.explained(cx, look);
            let mut line = Vec::new();
            push_message(cx, &self.output, &mut line, &mut self.scratch);
            if look.is_by_kernel() {
                push_kernel_paths(cx, &mut line);
            }
            let line = visible(&line);
            self.answer.explained.push(Explained { line, capture: self.capture, why, instead });
        } else if !look.holds && matches!(self.want, Want::Near(_)) {
            self.answer.near.see(&mut self.explainer, cx, &look, Besides::default(), self.capture);
        }
    }

    /// The rule that raises the alert of an event at which the condition holds.
    fn instead(&mut self, cx: &Context<'_>, holds: bool) -> Option<String> {
        let rivals = self.rivals.as_mut().filter(|rivals| holds || rivals.is_ordered)?;
        rivals.instead(cx).filter(|_| holds)
    }
}

impl<'p> Rivals<'p> {
    /// Nothing if the rule is not among them.
    fn new(program: &'p Program, rule: &str, settings: Settings) -> Option<Rivals<'p>> {
        let own = program.rules.iter().position(|known| known.name == rule)?;
        let matcher = Matcher::new(program, Matching::First);
        let memory = matcher.memory(settings);
        let is_ordered = tercel_replay::depends_on_order(program);
        Some(Rivals { program, matcher, memory, own: u32::try_from(own).ok()?, is_ordered })
    }

    /// The rule that raises the alert of an event instead.
    fn instead(&mut self, cx: &Context<'_>) -> Option<String> {
        let found = self.matcher.matches(cx, &mut self.memory);
        let first = found.first().filter(|_| !found.contains(&self.own))?;
        self.program.rules.get(*first as usize).map(|rule| rule.name.clone())
    }
}

impl Visitor for Search<'_> {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        match block {
            Block::Event(event) => Ok(self.event(event)),
            block => {
                if let Block::Section(_) = block {
                    self.judge.forget();
                }
                self.state.block(block);
                Ok(true)
            }
        }
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> Result<(), Infallible> {
        self.judge.forget();
        self.state = state;
        Ok(())
    }
}

/// The number of the last event of a capture, as far as it can be read.
pub fn last_event(capture: &mut Capture) -> Option<u64> {
    let mut last = Last(None);
    infallible(scan(capture, &Needs::ALL, &mut last, &|_| ()));
    last.0
}

/// Keeps the number of the last event.
struct Last(Option<u64>);

impl Visitor for Last {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        if let Block::Event(event) = block {
            self.0 = self.0.max(Some(event.num));
        }
        Ok(true)
    }

    fn resume(&mut self, _state: State, _point: ResumePoint) -> Result<(), Infallible> {
        Ok(())
    }
}
