//! A part of a capture becomes a capture of its own: the blocks of a scan enter, those of the slice leave for another visitor.
//! The slice begins with the state at the start of its window. Events that are not wanted are kept, marked as state only, if
//! they change the meaning of later ones: the slice gives the alerts that the capture gives with the same window and filter.
//!
//! A slice may leave out what the wanted events do not depend on ([`Others`]). What they depend on is known when all of them were seen, so
//! that it takes two passes: one asks, the next one leaves out.

use tercel_format::{Batch, Block, BlockSource, Event, Numbering};

use super::{Keep, Kin, Scope, for_state};
use crate::scan::Visitor;
use crate::state::{ResumePoint, State, is_hidden};
use crate::window::{Position, Window};

/// Largest memory, in bytes, for events after the window that count only if events inside it follow.
const AFTER: usize = 16 << 20;

/// Counts of the events of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SliceCounts {
    /// Kept unchanged.
    pub kept: u64,
    /// Kept as state only.
    pub for_state: u64,
    /// Left out.
    pub left_out: u64,
}

/// What becomes of the state of processes that the wanted events do not depend on.
#[derive(Debug, Clone, Default)]
pub enum Others {
    /// It is kept.
    #[default]
    Kept,
    /// It is kept, and what the wanted events depend on is found.
    Sought(Kin),
    /// It is left out.
    LeftOut(Kin),
}

/// Where in a section of the capture the slicer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the window: nothing is passed on yet.
    Before,
    /// Blocks are passed on.
    Inside,
    /// No later event can be inside.
    Done,
}

/// Passes the blocks of a slice on to `output`, which gets blocks instead of a state.
#[derive(Debug)]
pub struct Slicer<V> {
    output: V,
    scope: Scope,
    window: Window,
    stage: Stage,
    state: State,
    sections: u64,
    /// Events after the window, which are passed on if one inside follows.
    after: Batch,
    counts: SliceCounts,
    others: Others,
}

impl<V: Visitor> Slicer<V> {
    /// Passes on the events in `window` and `scope`.
    pub fn new(output: V, scope: Scope, window: Window) -> Slicer<V> {
        Slicer {
            output,
            scope,
            window,
            stage: Stage::Before,
            state: State::new(),
            sections: 0,
            after: Batch::default(),
            counts: SliceCounts::default(),
            others: Others::Kept,
        }
    }

    /// Finds or leaves out what the wanted events do not depend on.
    pub fn with_others(self, others: Others) -> Slicer<V> {
        Slicer { others, ..self }
    }

    /// The visitor that was given the slice, and what it was given.
    pub fn finish(self) -> (V, SliceCounts) {
        (self.output, self.counts)
    }

    /// What the wanted events depend on, where it was sought.
    pub fn into_kin(self) -> Option<Kin> {
        match self.others {
            Others::Sought(kin) => Some(kin),
            Others::Kept | Others::LeftOut(_) => None,
        }
    }

    /// Whether what the wanted events show can hang on an event that changes the state.
    fn is_needed(&self, event: &Event<'_>) -> bool {
        match &self.others {
            Others::Kept | Others::Sought(_) => true,
            Others::LeftOut(kin) => kin.needs(&self.state, event),
        }
    }

    fn metadata(&mut self, block: &Block<'_>) -> Result<(), V::Error> {
        if let Block::Section(_) = block {
            self.sections += 1;
            self.after.clear();
            // A slice that starts with the capture starts with its own lists, unless parts of them are left out.
            let has_own_lists = self.window.from.is_none() && !matches!(self.others, Others::LeftOut(_));
            self.stage = if has_own_lists { Stage::Inside } else { Stage::Before };
        }
        self.scope.metadata(&mut self.state, block);
        if self.stage == Stage::Inside { self.pass_on(block) } else { Ok(()) }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), V::Error> {
        if event.initial {
            self.state.apply(event);
            return if self.stage == Stage::Inside { self.pass_on(&Block::Event(*event)) } else { Ok(()) };
        }
        let position = self.window.position(event, self.state.first_ts_with(event));
        match (position, self.stage) {
            (_, Stage::Done) => Ok(()),
            // Events that are not printed do not end a window.
            (Position::End, _) if !is_hidden(event) => {
                self.stage = Stage::Done;
                Ok(())
            }
            (Position::Before, Stage::Before) => {
                self.state.apply(event);
                Ok(())
            }
            (Position::Inside, _) => self.inside(event),
            (Position::Before, Stage::Inside) => {
                let (_, changes) = self.state.apply_noting(event);
                if changes && self.is_needed(event) { self.keep_for_state(event) } else { Ok(()) }
            }
            (Position::Behind | Position::End, _) => self.after(event),
        }
    }

    fn inside(&mut self, event: &Event<'_>) -> Result<(), V::Error> {
        if self.stage == Stage::Before {
            self.begin(event)?;
        }
        self.flush_after()?;
        match self.scope.keep(&mut self.state, event) {
            Keep::Event => {
                if let Others::Sought(kin) = &mut self.others {
                    kin.see(&self.state, event);
                }
                self.counts.kept += u64::from(!is_hidden(event));
                self.pass_on(&Block::Event(*event))
            }
            Keep::State if self.is_needed(event) => self.keep_for_state(event),
            Keep::State | Keep::Nothing => {
                self.counts.left_out += 1;
                Ok(())
            }
        }
    }

    /// The window begins before `event`: the state there becomes the start of the slice.
    fn begin(&mut self, event: &Event<'_>) -> Result<(), V::Error> {
        self.stage = Stage::Inside;
        let counted = event.num.saturating_sub(1);
        let numbering = Numbering { sections: self.sections, counted, initial: None };
        self.export(ResumePoint { numbering, ts: event.ts })
    }

    fn export(&mut self, point: ResumePoint) -> Result<(), V::Error> {
        let (mut state, output, stage) = (&self.state, &mut self.output, &mut self.stage);
        let mut part = None;
        if let Others::LeftOut(kin) = &self.others {
            let part = part.insert(state.clone());
            part.retain(&|threads, slot| kin.has(threads, slot), &|id| kin.has_container(id));
            state = part;
        }
        state.export(point, &mut |block| pass_on(output, stage, block))
    }

    fn pass_on(&mut self, block: &Block<'_>) -> Result<(), V::Error> {
        pass_on(&mut self.output, &mut self.stage, block)
    }

    fn keep_for_state(&mut self, event: &Event<'_>) -> Result<(), V::Error> {
        self.counts.for_state += 1;
        self.pass_on(&Block::Event(for_state(event)))
    }

    /// An event after the window. Events may be slightly out of order, so that others inside may follow.
    fn after(&mut self, event: &Event<'_>) -> Result<(), V::Error> {
        let (_, changes) = self.state.apply_noting(event);
        if changes && self.stage == Stage::Inside && self.is_needed(event) {
            self.after.push_event(&for_state(event));
            if self.after.weight() > AFTER {
                return self.flush_after();
            }
        }
        Ok(())
    }

    fn flush_after(&mut self) -> Result<(), V::Error> {
        if self.after.is_empty() {
            return Ok(());
        }
        let mut batch = std::mem::take(&mut self.after);
        while let Ok(Some(block)) = batch.next_block() {
            self.counts.for_state += 1;
            self.pass_on(&block)?;
        }
        batch.clear();
        self.after = batch;
        Ok(())
    }
}

/// Gives a visitor a block; where it wants no further ones, nothing follows.
fn pass_on<V: Visitor>(output: &mut V, stage: &mut Stage, block: &Block<'_>) -> Result<(), V::Error> {
    if !output.block(block)? {
        *stage = Stage::Done;
    }
    Ok(())
}

impl<V: Visitor> Visitor for Slicer<V> {
    type Error = V::Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, V::Error> {
        match block {
            Block::Event(event) => self.event(event)?,
            block => self.metadata(block)?,
        }
        Ok(self.stage != Stage::Done)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), V::Error> {
        self.state = state;
        self.sections = point.numbering.sections;
        self.after.clear();
        self.scope.resume();
        if self.stage == Stage::Inside { self.export(point) } else { Ok(()) }
    }

    fn dropped(&mut self, count: u64) {
        if self.stage == Stage::Inside {
            self.output.dropped(count);
        }
    }
}
