//! Several captures on one pool of threads: they are cut into pieces, the pieces are handed to the workers in order, and
//! what is found in them is merged in the same order. A native trace is cut by its keyframes; a stream is one piece, or,
//! where it is all there is, the batches of a scout.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::{ScopeFifo, ThreadPoolBuilder};
use tercel_format::trace::Trace;
use tercel_format::{Batch, Capture};

use super::gate::Gate;
use super::ordered::{Open, OrderedOutput};
use super::piece::{Message, Piece, Shared, Work, work};
use super::plan::{Plan, is_keyed};
use super::question::Run;
use super::scout::{BATCH, Scout};
use super::{Opened, Question, Report, ScanError, Supply, scan};
use crate::alert::Origin;
use crate::state::State;

/// How many threads a scan takes, and how large the batches of a scout are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    count: usize,
    batch: usize,
}

impl Threads {
    /// So many threads.
    pub fn new(count: usize) -> Threads {
        Threads { count: count.max(1), batch: BATCH }
    }

    /// With batches of so many bytes of memory, instead of [`BATCH`].
    #[cfg(test)]
    pub(super) fn with_batch(self, batch: usize) -> Threads {
        Threads { batch, ..self }
    }

    /// Whether everything happens on the thread of the caller.
    pub(crate) fn is_one(self) -> bool {
        self.count == 1
    }
}

/// How many pieces may be on their way per thread: worked on, waiting for a worker or waiting for an earlier piece. It
/// bounds the memory, and leaves the workers something to do.
const PIECES_PER_THREAD: usize = 3;

/// Asks captures on several threads.
pub(super) fn side_by_side<Q: Question>(run: Run<'_, Q>, threads: Threads) -> io::Result<()> {
    let Run { question, supply, merge, advance } = run;
    let Some(first) = supply.next() else { return Ok(()) };
    let second = supply.next();
    let is_scouted = second.is_none() && !is_cut(&first.capture);
    // A scout is a thread of its own.
    let workers = threads.count - usize::from(is_scouted);
    let pool = ThreadPoolBuilder::new().num_threads(workers).thread_name(|index| format!("scan-{index}"));
    let pool = pool.build().map_err(io::Error::other)?;
    let (gate, benches) = (Gate::default(), Mutex::default());
    let shared = Shared { question, gate: &gate, advance };
    pool.in_place_scope_fifo(|scope| {
        let (send, receive) = sync_channel(2 * threads.count);
        let mut dispatcher = Dispatcher {
            scope,
            shared,
            workers: &benches,
            threads,
            ahead: (threads.count * PIECES_PER_THREAD) as u64,
            send,
            receive,
            next: 0,
            captures: 0,
            output: OrderedOutput::new(merge, &gate),
            spare: Vec::new(),
        };
        let ran = dispatcher.run([Some(first), second], supply, is_scouted);
        gate.close();
        ran
    })
}

/// Whether keyframes cut a capture into pieces.
fn is_cut(capture: &Capture) -> bool {
    match capture {
        Capture::Native(trace) => is_keyed(trace),
        Capture::Stream(_) => false,
    }
}

/// Hands pieces out, and takes in what comes of them.
pub(super) struct Dispatcher<'d, 'p, Q: Question> {
    scope: &'d ScopeFifo<'p>,
    shared: Shared<'p, Q>,
    /// What workers keep, while they do not work.
    workers: &'p Mutex<Vec<Q::Worker>>,
    threads: Threads,
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

impl<'p, Q: Question> Dispatcher<'_, 'p, Q>
where
    Q::Part: 'p,
    Q::Worker: 'p,
{
    fn run(
        &mut self,
        first: [Option<Opened>; 2],
        supply: &mut dyn Supply,
        is_scouted: bool,
    ) -> io::Result<()> {
        let mut first = first.into_iter().flatten();
        while let Some(Opened { origin, capture }) = first.next().or_else(|| supply.next()) {
            self.captures += 1;
            match capture {
                capture if is_scouted => self.scout(origin, capture, supply)?,
                Capture::Native(trace) => self.trace(&origin, trace, supply)?,
                Capture::Stream(reader) => {
                    let over = self.begin(None, Report::default());
                    self.dispatch(Work::Stream(reader), &origin, None, &over, supply)?;
                    self.output.close(self.next, 0, supply, |_| ());
                }
            }
        }
        while self.output.next < self.next {
            self.receive(supply)?;
        }
        Ok(())
    }

    fn begin(&mut self, capture: Option<Capture>, report: Report) -> Arc<AtomicBool> {
        let over = Arc::new(AtomicBool::new(false));
        self.output.begin(Open { capture, report, error: None, over: over.clone(), end: None });
        over
    }

    /// A native trace, cut by its keyframes.
    fn trace(&mut self, origin: &Origin, trace: Arc<Trace>, supply: &mut dyn Supply) -> io::Result<()> {
        let over = self.begin(Some(Capture::Native(trace.clone())), Report::of(&trace));
        let plan = match Plan::new(&trace, &self.shared.question.needs()) {
            Ok(plan) => plan,
            Err(error) => {
                let failed = |open: &mut Open| open.error = Some(ScanError::Trace(error));
                self.output.close(self.next, 0, supply, failed);
                return Ok(());
            }
        };
        (self.shared.advance)(plan.skipped_bytes);
        let mut runs = plan.runs(&trace, self.threads.count);
        if runs.is_empty() && plan.cut {
            runs.push(0..0);
        }
        let last = runs.len().saturating_sub(1);
        for (index, chunks) in runs.into_iter().enumerate() {
            let cut = plan.cut && index == last;
            let work = Work::Chunks { trace: trace.clone(), chunks, cut };
            self.dispatch(work, origin, None, &over, supply)?;
        }
        self.output.close(self.next, plan.skipped, supply, |_| ());
        Ok(())
    }

    /// A capture without states of its own: a scout runs ahead of the workers, on this thread.
    fn scout(&mut self, origin: Origin, mut capture: Capture, supply: &mut dyn Supply) -> io::Result<()> {
        let over = self.begin(None, Report::default());
        let needs = self.shared.question.needs();
        let (window, size, advance) = (needs.window, self.threads.batch, self.shared.advance);
        let needs = super::Needs { window, extent: super::Extent::All };
        let mut scout = Scout {
            dispatcher: self,
            supply,
            origin,
            over,
            window,
            size,
            state: State::new(),
            section: 0,
            stretch: None,
        };
        let findings = scan(&mut capture, &needs, &mut scout, advance)?;
        scout.flush()?;
        let end = self.next;
        self.output.close(end, findings.skipped, supply, |open| {
            open.capture = Some(capture);
            open.report.add(findings.report);
            open.error = findings.error.or(open.error.take());
        });
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
