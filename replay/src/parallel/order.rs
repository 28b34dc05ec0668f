//! Puts results back in order: evaluated chunks enter as they are done, their lines leave as if one had been evaluated after
//! the other. Whatever ends a sequential replay ends this one at the same place.

use std::collections::BTreeMap;
use std::io::Write;

use super::worker::Done;
use crate::engine::{BlockSource, Counters, Defect, ReplayError};

/// What waits for an earlier chunk.
struct Waiting<E> {
    lines: Vec<u8>,
    counters: Counters,
    ended: Result<bool, ReplayError<E>>,
}

/// The results of one capture.
pub(super) struct InOrder<'a, E> {
    counters: &'a mut Counters,
    out: &'a mut (dyn Write + Send),
    /// The chunk that is to leave next.
    next: u64,
    waiting: BTreeMap<u64, Waiting<E>>,
    /// The capture, or its window, is over, or nobody takes further lines.
    over: bool,
    failure: Option<ReplayError<E>>,
    /// The first stretch that was not evaluated.
    defect: Option<Defect>,
}

impl<'a, E> InOrder<'a, E> {
    pub(super) fn new(counters: &'a mut Counters, out: &'a mut (dyn Write + Send)) -> InOrder<'a, E> {
        let waiting = BTreeMap::new();
        InOrder { counters, out, next: 0, waiting, over: false, failure: None, defect: None }
    }

    /// How many of the first `number` chunks have not left yet.
    pub(super) fn open(&self, number: u64) -> usize {
        (number - self.next) as usize
    }

    /// Whether no further chunk is wanted.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Takes a chunk in, writes what can be written, and gives the memory of the blocks back.
    pub(super) fn take<B: BlockSource<Error = E>>(&mut self, done: Done<B>) -> B {
        let Done { number, lines, counters, ended, blocks } = done;
        self.waiting.insert(number, Waiting { lines, counters, ended });
        self.write();
        blocks
    }

    /// The source failed where chunk `number` would begin.
    pub(super) fn fail_at(&mut self, number: u64, error: E) {
        let (lines, counters) = (Vec::new(), Counters::default());
        self.waiting.insert(number, Waiting { lines, counters, ended: Err(ReplayError::Source(error)) });
        self.write();
    }

    fn write(&mut self) {
        while !self.over
            && let Some(chunk) = self.waiting.remove(&self.next)
        {
            self.next += 1;
            self.counters.add(&chunk.counters);
            match self.out.write_all(&chunk.lines).map_err(ReplayError::Sink).and(chunk.ended) {
                Ok(more) => self.over = !more,
                // Later events are evaluated all the same: they have a state of their own.
                Err(ReplayError::Defect(defect)) => {
                    self.defect.get_or_insert(defect);
                }
                Err(failure) => {
                    self.failure = Some(failure);
                    self.over = true;
                }
            }
        }
    }

    /// How the replay ended.
    pub(super) fn finish(self) -> Result<(), ReplayError<E>> {
        match (self.failure, self.defect) {
            (Some(failure), _) => Err(failure),
            (None, Some(defect)) => Err(ReplayError::Defect(defect)),
            (None, None) => Ok(()),
        }
    }
}
