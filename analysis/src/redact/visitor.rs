//! A scan that is redacted on the way: blocks enter, what the policy leaves of them leaves for another visitor.

use tercel_format::Block;
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};

use super::Redactor;

/// A redactor before a visitor, whose state is never given anew: it gets blocks instead.
pub struct Redacted<V> {
    redactor: Redactor,
    output: V,
    start: Option<Box<Start<V>>>,
}

/// What is done to the visitor before the first event.
type Start<V> = dyn FnOnce(&mut Redactor, &mut V);

impl<V: Visitor> Redacted<V> {
    /// Passes what is redacted on to `output`.
    pub fn new(redactor: Redactor, output: V) -> Redacted<V> {
        Redacted { redactor, output, start: None }
    }

    /// Has `start` change the visitor before it gets the first event, when the names of accounts are known.
    pub fn starting(self, start: impl FnOnce(&mut Redactor, &mut V) + 'static) -> Redacted<V> {
        Redacted { start: Some(Box::new(start)), ..self }
    }

    /// Passes on what has waited for more, and gives the visitor back.
    ///
    /// # Errors
    /// The visitor cannot go on.
    pub fn finish(self) -> Result<V, V::Error> {
        let Redacted { mut redactor, mut output, mut start } = self;
        start.take().into_iter().for_each(|start| start(&mut redactor, &mut output));
        redactor.flush(&mut |block| output.block(block).map(drop))?;
        Ok(output)
    }
}

impl<V: Visitor> Visitor for Redacted<V> {
    type Error = V::Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, V::Error> {
        let Redacted { redactor, output, start } = self;
        if let Block::Event(_) = block
            && let Some(start) = start.take()
        {
            start(redactor, output);
        }
        let mut wants_more = true;
        redactor.block(block, &mut |block| {
            wants_more &= output.block(block)?;
            Ok(())
        })?;
        Ok(wants_more)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), V::Error> {
        state.export(point, &mut |block| self.block(block).map(drop))
    }

    fn dropped(&mut self, count: u64) {
        self.output.dropped(count);
    }
}
