//! Parallel replay: chunks of a capture, each with the state before it, enter in order; workers evaluate them side by side;
//! lines leave in the order of the events. The bytes that leave depend neither on the number of threads nor on where the
//! chunks are cut. Where chunks come from is not known here: [`Scout`] cuts any capture, others may find them cut.

mod batch;
mod gate;
mod order;
mod piece;
mod scout;
mod scouted;
mod shared;
#[cfg(test)]
mod tests;
mod worker;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::{ScopeFifo, ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder, Yield};
use tercel_rules::program::Program;

use crate::alert::{Origin, Style};
use crate::engine::{BlockSource, Counters, Options, ReplayError, Setup};
use crate::state::State;
use order::InOrder;
use worker::{Bench, Done};

pub use batch::Batch;
pub use scout::{CHUNK, Scout};

/// A stretch of a capture that can be evaluated on its own.
#[derive(Debug)]
pub struct Chunk<B> {
    /// The state before the first block.
    pub state: State,
    /// Number of the section that the stretch lies in, or starts. Process images of different sections are numbered alike,
    /// so what is remembered of them holds within one section only.
    pub section: u64,
    /// Number of the first event.
    pub first_event: u64,
    /// How many events there are.
    pub events: u64,
    /// The blocks; no section starts behind the first of them.
    pub blocks: B,
}

/// Where chunks come from.
pub trait ChunkSource {
    /// Why there are no further chunks, and why a chunk ends early.
    type Error;
    /// The blocks of a chunk. What it costs to get at them (decompression, decoding) is best done here, since
    /// that happens in the workers.
    type Blocks: BlockSource<Error = Self::Error>;

    /// The next chunk, `None` at the end.
    ///
    /// # Errors
    /// The source cannot go on. Everything before was delivered.
    fn next_chunk(&mut self) -> Result<Option<Chunk<Self::Blocks>>, Self::Error>;

    /// Takes back the blocks of a chunk that is evaluated, for their memory.
    fn reuse(&mut self, blocks: Self::Blocks) {
        drop(blocks);
    }
}

/// Evaluates a program over captures, one after the other, each on several threads.
#[derive(Debug)]
pub struct Parallel<'p> {
    setup: Setup<'p>,
    style: Style,
    pool: ThreadPool,
    /// What workers bring along, while they do not work.
    benches: Mutex<Vec<Bench>>,
    counters: Counters,
    /// Of the capture that a scout runs through.
    origin: Origin,
}

impl<'p> Parallel<'p> {
    /// Prepares a replay of `program` on `threads` threads, the one that reads the source included. Rules see only the events
    /// that match a rule of `filter`, if there is one. [`can_be_parallel`] tells whether program, filter and options allow it.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(
        program: &'p Program,
        filter: Option<&Program>,
        options: Options,
        style: Style,
        threads: usize,
    ) -> Result<Parallel<'p>, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("replay-{index}"))
            .build()?;
        Ok(Parallel {
            setup: Setup::new(program, filter, options),
            style,
            pool,
            benches: Mutex::default(),
            counters: Counters::new(program),
            origin: Origin::default(),
        })
    }

    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Replays one capture to its end, or to the end of the window, and writes its alerts as lines.
    ///
    /// # Errors
    /// The source or the output failed; or, behind the lines of everything else, a stretch of the capture was not evaluated
    /// because of a defect of this program.
    pub fn run<S>(
        &mut self,
        source: &mut S,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ReplayError<S::Error>>
    where
        S: ChunkSource + Send,
        S::Blocks: Send,
        S::Error: Send,
    {
        let Parallel { setup, style, pool, benches, counters, origin } = self;
        let benches: &Mutex<Vec<Bench>> = benches;
        // Sections of the capture before this one have the same numbers.
        lock(benches).iter_mut().for_each(Bench::forget);
        let stop = AtomicBool::new(false);
        let desk = Desk { setup, style: *style, benches, origin, stop: &stop };
        let ahead = pool.current_num_threads() * CHUNKS_PER_THREAD;
        let mut in_order = InOrder::new(counters, out);
        pool.scope_fifo(|scope| {
            hand_out(scope, desk, source, &mut in_order, ahead);
            stop.store(true, Ordering::Relaxed);
        });
        in_order.finish()
    }
}

/// How many chunks may be on their way per thread: evaluated, waiting for a worker or waiting for an earlier chunk. It
/// bounds the memory, and leaves the workers something to do while the thread that reads evaluates a chunk itself.
const CHUNKS_PER_THREAD: usize = 3;

/// What every worker needs.
#[derive(Clone, Copy)]
struct Desk<'a, 'p> {
    setup: &'a Setup<'p>,
    style: Style,
    benches: &'a Mutex<Vec<Bench>>,
    origin: &'a Origin,
    /// Nobody waits for the chunks that are left.
    stop: &'a AtomicBool,
}

impl<'a> Desk<'a, '_> {
    /// Evaluates a chunk, unless nobody waits for it any more.
    fn work<B: BlockSource>(self, number: u64, chunk: Chunk<B>) -> Option<Done<B>> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let bench = lock(self.benches).pop();
        let mut bench = bench.unwrap_or_else(|| Bench::new(self.setup, self.style));
        bench.set_origin(self.origin);
        let done = bench.evaluate(self.setup, number, chunk);
        if !done.is_defect() {
            lock(self.benches).push(bench);
        }
        Some(done)
    }
}

/// A lock whose owner panicked guards nothing that could be half done: benches are pushed and popped whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Hands chunks out to the workers and takes the results in, until there is nothing left or nothing more is wanted. Runs on a
/// thread of the pool: while enough chunks are on their way it evaluates one itself.
fn hand_out<'s, 'p: 's, S>(
    scope: &ScopeFifo<'s>,
    desk: Desk<'s, 'p>,
    source: &mut S,
    in_order: &mut InOrder<'_, S::Error>,
    ahead: usize,
) where
    S: ChunkSource,
    S::Blocks: Send + 's,
    S::Error: Send + 's,
{
    let (send, receive) = mpsc::channel();
    let (mut number, mut ended) = (0, false);
    while !in_order.is_over() {
        if !ended && in_order.open(number) < ahead {
            match source.next_chunk() {
                Ok(Some(chunk)) => {
                    let (send, this) = (send.clone(), number);
                    number += 1;
                    scope.spawn_fifo(move |_| {
                        if let Some(done) = desk.work(this, chunk) {
                            // Nobody receives only where nobody waits.
                            let _ = send.send(done);
                        }
                    });
                }
                Ok(None) => ended = true,
                Err(error) => {
                    in_order.fail_at(number, error);
                    ended = true;
                }
            }
        } else if in_order.open(number) == 0 {
            return;
        } else if rayon::yield_now() != Some(Yield::Executed) {
            // Every chunk on its way is in another thread's hands, or done.
            let Ok(done) = receive.recv() else { return };
            source.reuse(in_order.take(done));
        }
        while let Ok(done) = receive.try_recv() {
            source.reuse(in_order.take(done));
        }
    }
}

/// Whether a replay can be cut into pieces: the answers of the program and of the filter must not depend on the order of
/// evaluation (`evt.deltatime`, `util.cnt`, `thread.cpu`), and the number of events must not be limited, because the place where
/// the limit is reached depends on all events before.
pub fn can_be_parallel(program: &Program, filter: Option<&Program>, options: &Options) -> bool {
    let ordered = [Some(program), filter].into_iter().flatten().any(crate::eval::depends_on_order);
    !ordered && options.limit.is_none()
}
