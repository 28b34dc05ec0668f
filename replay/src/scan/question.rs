//! A question about captures: a visitor per piece finds parts of the answer, and the caller merges them in the
//! order of the captures and of their events. Alert lines are such parts, rows of tables are others.

use std::io;

use super::{LeftOut, Needs, Visitor};
use crate::alert::Origin;

/// What captures are asked.
pub trait Question: Sync {
    /// What a thread keeps from piece to piece.
    type Worker: Send;
    /// A part of the answer.
    type Part: Send;

    /// What a thread starts with.
    fn worker(&self) -> Self::Worker;

    /// What is needed of every capture.
    fn needs(&self) -> Needs<'_>;

    /// Whether the answers over pieces make up the answer over the whole.
    fn is_divisible(&self) -> bool;

    /// Starts on a piece. What it finds goes to `outlet`.
    fn visit<'a>(
        &'a self,
        worker: &'a mut Self::Worker,
        place: &PieceOrigin<'_>,
        outlet: Outlet<'a, Self::Part>,
    ) -> impl PieceVisitor + 'a;

    /// Whether no further capture is of interest.
    fn is_over(&self, _worker: &Self::Worker) -> bool {
        false
    }
}

/// Takes in a piece: a whole capture, some chunks of a trace, or a batch of a stream.
pub trait PieceVisitor: Visitor<Error = io::Error> {
    /// The piece is done. What was found and not handed out yet goes to the outlet.
    ///
    /// # Errors
    /// It is not wanted.
    fn finish(self) -> io::Result<()>;
}

/// Where a piece lies.
#[derive(Debug, Clone, Copy)]
pub struct PieceOrigin<'a> {
    /// What lines show of its capture.
    pub origin: &'a Origin,
    /// The capture and its section whose process images are numbered in the same way; `None` if the piece knows no earlier one.
    pub images: Option<(u64, u64)>,
}

/// Where the parts of a piece go.
pub struct Outlet<'a, P> {
    send: &'a mut dyn FnMut(P, usize) -> io::Result<()>,
}

impl<'a, P> Outlet<'a, P> {
    pub(crate) fn new(send: &'a mut dyn FnMut(P, usize) -> io::Result<()>) -> Outlet<'a, P> {
        Outlet { send }
    }

    /// Hands a part over, which takes about `bytes` of memory; waits where too much waits for its turn already.
    ///
    /// # Errors
    /// No further part is wanted.
    pub fn send(&mut self, part: P, bytes: usize) -> io::Result<()> {
        (self.send)(part, bytes)
    }
}

/// Puts parts together. They come in the order of the captures and of their events.
pub trait Merge<P> {
    /// Takes the next part.
    ///
    /// # Errors
    /// The answer cannot be written; the scan ends.
    fn merge(&mut self, part: P) -> io::Result<()>;

    /// Chunks that were left out.
    fn skipped(&mut self, _chunks: LeftOut) {}
}
