//! The scout: it runs ahead of the workers through a capture that has no states of its own, cuts it into batches and gives
//! each the state before it (design D3). It evaluates nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tercel_format::{Block, Event, Numbering};

use super::dispatcher::Dispatcher;
use super::piece::{Stretch, Work};
use super::{Question, Supply, Visitor};
use crate::alert::Origin;
use crate::state::{ResumePoint, State};
use crate::window::{Position, Window};

/// Cuts the blocks of a capture into batches and has them evaluated.
pub(super) struct Scout<'s, 'd, 'p, Q: Question> {
    pub(super) dispatcher: &'s mut Dispatcher<'d, 'p, Q>,
    pub(super) supply: &'s mut dyn Supply,
    pub(super) origin: Origin,
    /// Nothing after a piece is of interest.
    pub(super) over: Arc<AtomicBool>,
    pub(super) window: Window,
    /// A batch ends with the block with which it takes at least this many bytes of memory.
    pub(super) size: usize,
    /// What is known of the host after the last block.
    pub(super) state: State,
    pub(super) section: u64,
    pub(super) stretch: Option<Box<Stretch>>,
}

impl<Q: Question> Scout<'_, '_, '_, Q> {
    /// The batch that is being filled.
    fn stretch(&mut self) -> &mut Stretch {
        let Scout { stretch, state, dispatcher, .. } = self;
        stretch.get_or_insert_with(|| {
            let point = ResumePoint { numbering: Numbering::default(), ts: 0 };
            let batch = dispatcher.spare.pop().unwrap_or_default();
            Box::new(Stretch { state: state.clone(), point, numbers: (0, 0), batch })
        })
    }

    /// Has what was read so far evaluated; `false` if nothing further is of interest.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        if let Some(stretch) = self.stretch.take() {
            let images = Some((self.dispatcher.captures, self.section));
            let work = Work::Batch(stretch);
            self.dispatcher.dispatch(work, &self.origin, images, &self.over, self.supply)?;
        }
        Ok(!self.over.load(Ordering::Relaxed))
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<bool> {
        let size = self.size;
        let stretch = self.stretch();
        if stretch.numbers.0 == 0 {
            stretch.numbers.0 = event.num;
        }
        stretch.numbers.1 = event.num;
        stretch.batch.push_event(event);
        let is_full = stretch.batch.weight() >= size;
        let shown = self.state.apply(event).is_some() && !event.state_only;
        // The window ends here, as the evaluation will find.
        let is_end = shown
            && self.window.to.is_some()
            && self.window.position(event, self.state.first_ts()) == Position::End;
        if is_end {
            self.flush()?;
            return Ok(false);
        }
        if is_full { self.flush() } else { Ok(true) }
    }
}

impl<Q: Question> Visitor for Scout<'_, '_, '_, Q> {
    type Error = io::Error;

    #[inline]
    fn block(&mut self, block: &Block<'_>) -> io::Result<bool> {
        match block {
            Block::Event(event) => self.event(event),
            block => {
                if let Block::Section(_) = block {
                    // The state before it is not needed, and an empty one costs nothing.
                    self.flush()?;
                    self.section += 1;
                    self.state = State::new();
                }
                let size = self.size;
                let batch = &mut self.stretch().batch;
                batch.push(block);
                let is_full = batch.weight() >= size;
                self.state.block(block);
                if is_full { self.flush() } else { Ok(true) }
            }
        }
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> io::Result<()> {
        self.flush()?;
        // Process images of this state are numbered otherwise.
        self.section += 1;
        self.state = state;
        Ok(())
    }
}
