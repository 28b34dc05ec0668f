//! What a small trace can be made of: a capture and the numbers of the wanted events enter, a draft leaves that begins with the state at a
//! point before them. Events in between that change the state are kept as state only.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::rc::Rc;

use tercel_format::{Block, Event, Numbering};
use tercel_replay::keep::Kin;
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};

use super::draft::{Draft, OwnEvent, Part};

/// Bytes that the events of a draft may take.
const MOST_BYTES: usize = 256 << 20;

/// Where a draft begins, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Each section begins just before its first wanted event; otherwise where it begins in the capture.
    pub(super) late: bool,
    /// Only what the processes that the alerts show depend on.
    pub(super) kin_only: bool,
    /// The state is kept beside the lists.
    pub(super) exact: bool,
}

/// Gathers a draft.
pub(super) struct Gather<'k> {
    plan: Plan,
    wanted: &'k BTreeSet<u64>,
    kin: &'k Kin,
    state: State,
    sections: u64,
    /// The section has begun in the draft.
    begun: bool,
    draft: Draft,
    /// The last events of threads that may be the begin of a call that a wanted event ends.
    entered: HashMap<i64, OwnEvent>,
    left: usize,
    bytes: usize,
}

impl<'k> Gather<'k> {
    /// Gathers what the events of these numbers need.
    pub(super) fn new(plan: Plan, wanted: &'k BTreeSet<u64>, kin: &'k Kin) -> Gather<'k> {
        Gather {
            plan,
            wanted,
            kin,
            state: State::new(),
            sections: 0,
            begun: false,
            draft: Draft::default(),
            entered: HashMap::new(),
            left: wanted.len(),
            bytes: 0,
        }
    }

    /// The draft; `None` where its events take too much memory.
    pub(super) fn finish(self) -> Option<Draft> {
        let mut draft = self.draft;
        draft.parts.retain(|part| part.events.iter().any(|event| event.is_shown()));
        (self.bytes <= MOST_BYTES).then_some(draft)
    }

    /// The state before `event` becomes the start of a part.
    fn begin(&mut self, event: &Event<'_>) {
        self.begun = true;
        let numbering =
            Numbering { sections: self.sections, counted: event.num.saturating_sub(1), initial: None };
        let mut state = self.state.clone();
        if self.plan.kin_only {
            let kin = self.kin;
            state.retain(&|threads, slot| kin.has(threads, slot), &|id| kin.has_container(id));
        }
        let mut part = Part::default();
        let Ok(()) = state.export::<Infallible>(ResumePoint { numbering, ts: event.ts }, &mut |block| {
            part.take(block, self.plan.exact);
            Ok(())
        });
        if self.plan.late {
            part.events.extend(self.entered.remove(&event.tid).map(Rc::new));
        }
        self.draft.parts.push(part);
    }

    fn event(&mut self, event: &Event<'_>) {
        if event.initial {
            self.state.apply(event);
            return;
        }
        let is_wanted = self.wanted.contains(&event.num) && !event.state_only;
        if !self.begun && (is_wanted || !self.plan.late) {
            self.begin(event);
        }
        let (_, changes) = self.state.apply_noting(event);
        if self.begun {
            let is_needed = changes && (!self.plan.kin_only || self.kin.needs(&self.state, event));
            if is_wanted || is_needed {
                self.push(OwnEvent::of(event, !is_wanted));
            }
            self.left -= usize::from(is_wanted);
        } else if !event.info.is_exit() && self.kin.is_of(&self.state, event) {
            self.entered.insert(event.tid, OwnEvent::of(event, true));
        } else {
            self.entered.remove(&event.tid);
        }
    }

    fn push(&mut self, event: OwnEvent) {
        self.bytes += event.weight();
        if self.bytes <= MOST_BYTES
            && let Some(part) = self.draft.parts.last_mut()
        {
            part.events.push(Rc::new(event));
        }
    }
}

impl Visitor for Gather<'_> {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        match block {
            Block::Event(event) => self.event(event),
            other => {
                if let Block::Section(_) = other {
                    self.sections += 1;
                    self.begun = false;
                    self.entered.clear();
                }
                self.state.block(other);
            }
        }
        Ok(self.left > 0 && self.bytes <= MOST_BYTES)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Infallible> {
        self.state = state;
        self.sections = point.numbering.sections;
        self.entered.clear();
        Ok(())
    }
}
