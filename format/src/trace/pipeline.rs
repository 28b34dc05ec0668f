//! Chunks on their way to the file: complete chunks enter in order; worker threads compress several at once; one thread
//! appends them in the same order. At most two chunks more than there are workers are in work, so that memory is
//! bounded, and the caller waits when the disk is too slow.

use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::append::{Appender, Output};
use super::pack::{Job, Packed, Packer};
use super::summary::Summary;
use super::writer::Options;

/// A chunk to compress, and where the result goes.
type Task = (Job, SyncSender<io::Result<Packed>>);

/// How chunks get into a file.
pub(super) enum Pipeline<W: Output> {
    /// The caller's thread does all work.
    Inline(Box<(Packer, Appender<W>)>),
    /// Compression and output have threads of their own.
    Threads(Threads<W>),
}

/// The threads of a pipeline. They end when their channels close.
pub(super) struct Threads<W: Output> {
    tasks: SyncSender<Task>,
    order: SyncSender<Receiver<io::Result<Packed>>>,
    used: Receiver<Vec<u8>>,
    appender: JoinHandle<io::Result<Appender<W>>>,
}

impl<W: Output + 'static> Pipeline<W> {
    /// A pipeline with as many workers as the options say, or without any for 0.
    pub(super) fn new(appender: Appender<W>, options: &Options) -> io::Result<Pipeline<W>> {
        let threads = options.threads;
        let packer = Packer::new(options)?;
        if threads == 0 {
            return Ok(Pipeline::Inline(Box::new((packer, appender))));
        }
        let (tasks, waiting) = sync_channel::<Task>(threads);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut packers = vec![packer];
        for _ in 1..threads {
            packers.push(Packer::new(options)?);
        }
        for packer in packers {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name("compress".to_owned())
                .spawn(move || compress(packer, &waiting))?;
        }
        let (order, results) = sync_channel(threads);
        let (recycle, used) = channel();
        let appender = std::thread::Builder::new()
            .name("append".to_owned())
            .spawn(move || append(appender, &results, &recycle))?;
        Ok(Pipeline::Threads(Threads { tasks, order, used, appender }))
    }

    /// Takes a chunk, and returns empty memory for the next one. Waits while too many are in work.
    pub(super) fn submit(&mut self, job: Job) -> io::Result<Vec<u8>> {
        match self {
            Pipeline::Inline(parts) => {
                let (packer, appender) = &mut **parts;
                let packed = packer.pack(job)?;
                appender.append(&packed)?;
                Ok(emptied(packed.raw))
            }
            Pipeline::Threads(threads) => {
                let (sender, result) = sync_channel(1);
                threads.order.send(result).map_err(|_| broken())?;
                threads.tasks.send((job, sender)).map_err(|_| broken())?;
                Ok(emptied(threads.used.try_recv().unwrap_or_default()))
            }
        }
    }

    /// Waits for all chunks and closes the trace.
    pub(super) fn finish(self) -> io::Result<(W, Summary)> {
        match self {
            Pipeline::Inline(parts) => parts.1.finish(),
            Pipeline::Threads(threads) => threads.join()?.finish(),
        }
    }

    /// Why no further chunk is accepted, once [`submit`](Pipeline::submit) has failed.
    pub(super) fn failure(self, error: io::Error) -> io::Error {
        match self {
            Pipeline::Inline(_) => error,
            Pipeline::Threads(threads) => threads.join().err().unwrap_or(error),
        }
    }
}

impl<W: Output> Threads<W> {
    fn join(self) -> io::Result<Appender<W>> {
        drop(self.tasks);
        drop(self.order);
        self.appender.join().unwrap_or_else(|_| Err(broken()))
    }
}

/// The work of a compressing thread.
fn compress(mut packer: Packer, waiting: &Mutex<Receiver<Task>>) {
    loop {
        let task = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((job, result)) = task else { return };
        // If the result is not received, the appender has failed and reported it.
        let _ = result.send(packer.pack(job));
    }
}

/// The work of the appending thread. It ends with the first error; then the channel of its orders closes.
fn append<W: Output>(
    mut appender: Appender<W>,
    results: &Receiver<Receiver<io::Result<Packed>>>,
    recycle: &Sender<Vec<u8>>,
) -> io::Result<Appender<W>> {
    while let Ok(result) = results.recv() {
        let packed = result.recv().map_err(|_| broken())??;
        appender.append(&packed)?;
        // The memory is not needed after the last chunk.
        let _ = recycle.send(packed.raw);
    }
    Ok(appender)
}

fn emptied(mut memory: Vec<u8>) -> Vec<u8> {
    memory.clear();
    memory
}

/// The error until that of the failed thread is known.
fn broken() -> io::Error {
    io::Error::other("a writing thread has ended unexpectedly")
}
