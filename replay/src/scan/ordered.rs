//! Puts what workers find back in order: parts enter as they are found, and are merged as if one piece had been worked on
//! after the other. Whatever ends a scan on one thread ends this one at the same place.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tercel_format::{Batch, Capture};

use super::gate::Gate;
use super::piece::{End, Message};
use super::walker::Edges;
use super::{Ended, LeftOut, Merge, Report, ScanError, Supply};

/// A capture that is not done.
pub(super) struct Open {
    /// A native trace; a stream comes back with its piece, or from its scout.
    pub(super) capture: Option<Capture>,
    pub(super) report: Report,
    pub(super) error: Option<ScanError>,
    pub(super) over: Arc<AtomicBool>,
    /// The chunk that the last piece came to, and the state before it.
    pub(super) reached: Option<(usize, Vec<u8>)>,
    /// Number of the first piece after its own; `None` while there may be more of them.
    pub(super) end: Option<u64>,
}

impl Open {
    /// The state that keyframes gave a piece has to be the one that the piece before came to.
    fn meet(&mut self, edges: Edges) {
        let reached = std::mem::replace(&mut self.reached, edges.end);
        if let (Some((chunk, expected)), Some((start, found))) = (reached, edges.start)
            && chunk == start
            && expected != found
            && let Some(Capture::Native(trace)) = &self.capture
        {
            let sequence = trace.chunks().get(start).map_or(0, |chunk| chunk.descriptor.sequence);
            self.report.wrong_keyframe(sequence);
        }
    }
}

/// What came of a piece whose turn has not come.
struct Waiting<P> {
    parts: Vec<P>,
    waited: usize,
    end: Option<Box<End>>,
}

/// Where parts come in as they are found, and are merged in order.
pub(super) struct OrderedOutput<'a, P> {
    merge: &'a mut dyn Merge<P>,
    gate: &'a Gate,
    /// The piece whose parts are merged.
    pub(super) next: u64,
    waiting: BTreeMap<u64, Waiting<P>>,
    /// Captures that are not done; the first is the one whose parts are merged.
    open: VecDeque<Open>,
}

impl<'a, P> OrderedOutput<'a, P> {
    pub(super) fn new(merge: &'a mut dyn Merge<P>, gate: &'a Gate) -> OrderedOutput<'a, P> {
        OrderedOutput { merge, gate, next: 0, waiting: BTreeMap::new(), open: VecDeque::new() }
    }

    /// A capture is begun.
    pub(super) fn begin(&mut self, open: Open) {
        self.open.push_back(open);
    }

    /// All pieces of the capture that was begun last are handed out, up to number `end`.
    pub(super) fn close(
        &mut self,
        end: u64,
        skipped: LeftOut,
        supply: &mut dyn Supply,
        more: impl FnOnce(&mut Open),
    ) {
        self.merge.skipped(skipped);
        if let Some(open) = self.open.back_mut() {
            more(open);
            open.end = Some(end);
        }
        self.done(supply);
    }

    /// Takes in what a worker found, and merges what can be merged. Gives the memory of batches back.
    pub(super) fn take(&mut self, message: Message<P>, supply: &mut dyn Supply) -> io::Result<Option<Batch>> {
        let Message { piece, part, waited, mut end } = message;
        let batch = end.as_mut().and_then(|end| end.batch.take());
        if piece != self.next {
            let empty = || Waiting { parts: Vec::new(), waited: 0, end: None };
            let waiting = self.waiting.entry(piece).or_insert_with(empty);
            waiting.parts.extend(part);
            waiting.waited += waited;
            waiting.end = end;
            return Ok(batch);
        }
        let mut turn = Waiting { parts: part.into_iter().collect(), waited, end };
        loop {
            let is_over = self.open.front().is_some_and(|open| open.over.load(Ordering::Relaxed));
            for part in turn.parts.into_iter().filter(|_| !is_over) {
                self.merge.merge(part)?;
            }
            self.gate.leave(turn.waited);
            let Some(end) = turn.end else { return Ok(batch) };
            self.end(*end);
            self.next += 1;
            self.gate.turn(self.next);
            self.done(supply);
            match self.waiting.remove(&self.next) {
                Some(next) => turn = next,
                None => return Ok(batch),
            }
        }
    }

    /// The piece whose turn it was is done.
    fn end(&mut self, end: End) {
        let Some(open) = self.open.front_mut() else { return };
        let End { report, is_enough, error, reader, edges, .. } = end;
        // After the end of a window nothing counts, even if it was evaluated.
        if !open.over.load(Ordering::Relaxed) {
            open.report.add(report);
            open.meet(edges);
            open.error = open.error.take().or(error);
            open.over.store(is_enough, Ordering::Relaxed);
        }
        if let Some(reader) = reader {
            open.capture = Some(Capture::Stream(reader));
        }
    }

    /// Says of captures that they are done.
    fn done(&mut self, supply: &mut dyn Supply) {
        while self.open.front().and_then(|open| open.end).is_some_and(|end| end <= self.next)
            && let Some(Open { capture, report, error, .. }) = self.open.pop_front()
        {
            let Some(capture) = capture else { continue };
            let error = error.or_else(|| report.defect.clone().map(ScanError::Defect));
            supply.ended(Ended { capture, report, error });
        }
    }
}
