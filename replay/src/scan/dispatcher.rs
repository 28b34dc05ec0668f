//! The dispatcher: it hands pieces out to the workers in order, never too many at once, and takes in what comes of them,
//! which is merged in the same order. How captures are cut into pieces is not known here.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::ScopeFifo;
use tercel_format::{Batch, Capture};

use super::ordered::{Open, OrderedOutput};
use super::piece::{Message, Piece, Shared, Work, work};
use super::threads::Threads;
use super::{LeftOut, Merge, Question, Report, Supply};
use crate::alert::Origin;

/// Hands pieces out, and takes in what comes of them.
pub(super) struct Dispatcher<'d, 'p, Q: Question> {
    scope: &'d ScopeFifo<'p>,
    shared: Shared<'p, Q>,
    /// What workers keep, while they do not work.
    workers: &'p Mutex<Vec<Q::Worker>>,
    /// Most pieces on their way.
    ahead: u64,
    send: SyncSender<Message<Q::Part>>,
    receive: Receiver<Message<Q::Part>>,
    /// Number of the piece that is handed out next.
    next: u64,
    /// How many captures were begun.
    pub(super) captures: u64,
    output: OrderedOutput<'d, Q::Part>,
    /// Batches that are done with, for their memory.
    pub(super) spare: Vec<Batch>,
}

impl<'d, 'p, Q: Question> Dispatcher<'d, 'p, Q>
where
    Q::Part: 'p,
    Q::Worker: 'p,
{
    pub(super) fn new(
        scope: &'d ScopeFifo<'p>,
        shared: Shared<'p, Q>,
        workers: &'p Mutex<Vec<Q::Worker>>,
        merge: &'d mut dyn Merge<Q::Part>,
        threads: Threads,
    ) -> Dispatcher<'d, 'p, Q> {
        let (send, receive) = sync_channel(2 * threads.count);
        Dispatcher {
            scope,
            shared,
            workers,
            ahead: threads.pieces(),
            send,
            receive,
            next: 0,
            captures: 0,
            output: OrderedOutput::new(merge, shared.gate),
            spare: Vec::new(),
        }
    }

    /// A capture is begun. What is answered becomes `true` once nothing further of it is of interest.
    pub(super) fn begin(&mut self, capture: Option<Capture>, report: Report) -> Arc<AtomicBool> {
        self.captures += 1;
        let over = Arc::new(AtomicBool::new(false));
        self.output.begin(Open {
            capture,
            report,
            error: None,
            over: over.clone(),
            end: None,
            reached: None,
        });
        over
    }

    /// All pieces of the capture are handed out; these of its chunks were left out.
    pub(super) fn close(&mut self, skipped: LeftOut, supply: &mut dyn Supply, more: impl FnOnce(&mut Open)) {
        self.output.close(self.next, skipped, supply, more);
    }

    /// Waits for everything that was handed out.
    pub(super) fn finish(&mut self, supply: &mut dyn Supply) -> io::Result<()> {
        while self.output.next < self.next {
            self.receive(supply)?;
        }
        Ok(())
    }

    /// Hands a piece out, once there is room for it.
    pub(super) fn dispatch(
        &mut self,
        todo: Work,
        origin: &Origin,
        images: Option<(u64, u64)>,
        over: &Arc<AtomicBool>,
        supply: &mut dyn Supply,
    ) -> io::Result<()> {
        while self.next - self.output.next >= self.ahead {
            self.receive(supply)?;
        }
        let piece =
            Piece { number: self.next, work: todo, origin: origin.clone(), images, over: over.clone() };
        self.next += 1;
        let (shared, workers, send) = (self.shared, self.workers, self.send.clone());
        self.scope.spawn_fifo(move |_| {
            let worker = lock(workers).pop();
            let mut worker = worker.unwrap_or_else(|| shared.question.worker());
            work(&mut worker, shared, piece, &send);
            lock(workers).push(worker);
        });
        Ok(())
    }

    /// Waits for something that a worker found. The dispatcher has a sender itself, so that there is always one.
    fn receive(&mut self, supply: &mut dyn Supply) -> io::Result<()> {
        let Ok(message) = self.receive.recv() else { return Ok(()) };
        if let Some(mut batch) = self.output.take(message, supply)? {
            batch.clear();
            self.spare.push(batch);
        }
        Ok(())
    }
}

/// A lock whose owner panicked guards nothing that could be half done: workers are pushed and popped whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
