//! A filter by itself, for those who want events and not alerts.

use tercel_rules::program::{EventSet, Program};

use crate::eval::{Matcher, Matching, Memory};
use crate::fields::{Context, Settings};

/// A condition that events are asked for.
#[derive(Debug)]
pub struct Filter {
    matcher: Matcher,
    memory: Memory,
    events: EventSet,
}

impl Filter {
    /// Prepares a program of one rule.
    pub fn new(program: &Program, settings: Settings) -> Filter {
        let matcher = Matcher::new(program, Matching::First);
        let memory = matcher.memory(settings);
        let events = program.rules.iter().fold(EventSet::NONE, |events, rule| events.union(&rule.events));
        Filter { matcher, memory, events }
    }

    /// Types of the events for which it can hold.
    pub fn events(&self) -> &EventSet {
        &self.events
    }

    /// Whether the condition holds for an event.
    #[inline]
    pub fn holds(&mut self, context: &Context<'_>) -> bool {
        !self.matcher.matches(context, &mut self.memory).is_empty()
    }

    /// Forgets what it knows of process images: those of the next event are numbered otherwise.
    pub fn forget(&mut self) {
        self.memory.forget();
    }
}
