//! A capture of any kind, opened: native traces by their chunks, everything else as a stream. Names enter; blocks leave in
//! their order, with what was lost between them; damage is told on standard error and remembered.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use console::style;
use tercel_format::trace::{Blocks, Chunk, Damage, Loss, Trace, TraceError, Unpacker};
use tercel_format::{Block, Reader};
use tercel_replay::state::{Cut, State};
use tercel_replay::{Options, chunks_of, state_before};

use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::progress::Progress;

/// An open capture.
pub enum Capture {
    /// A native trace.
    Native(Box<Trace>),
    /// Any other, or one that cannot be read by its chunks.
    Stream(Box<Reader>),
}

/// Where blocks of a capture go.
pub trait Sink {
    /// Takes a block.
    fn block(&mut self, block: &Block<'_>) -> Result<(), Failure>;

    /// So many events are missing before the next block.
    fn dropped(&mut self, count: u64);

    /// The state is known here, and the events behind `cut` follow: where a part of a capture begins, and behind a hole in it.
    fn resume(&mut self, state: State, cut: Cut) -> Result<(), Failure> {
        state.export(cut, &mut |block| self.block(block))
    }

    /// Whether no further block is of interest.
    fn is_done(&self) -> bool {
        false
    }
}

/// How much is told of damaged places.
const SHOWN: usize = 3;

/// Opens a capture.
pub fn open(input: &inputs::Trace, progress: &Progress) -> Result<Capture, Failure> {
    if let inputs::Trace::File(path) = input
        && let Some(trace) = native(path)?
    {
        return Ok(Capture::Native(Box::new(trace)));
    }
    stream(input, progress)
}

/// Opens a capture of which the start may be missing.
pub fn salvage(input: &inputs::Trace, progress: &Progress) -> Result<Capture, Failure> {
    let failure = match open(input, progress) {
        Ok(capture) => return Ok(capture),
        Err(failure) => failure,
    };
    let inputs::Trace::File(path) = input else { return Err(failure) };
    match Trace::salvage(file(path)?) {
        Ok(trace) => Ok(Capture::Native(Box::new(trace))),
        Err(_) => Err(failure),
    }
}

/// The native trace in a file; `None` where it has to be read as a stream.
pub fn native(path: &Path) -> Result<Option<Trace>, Failure> {
    if !path.is_file() {
        return Ok(None);
    }
    match Trace::open(file(path)?) {
        Ok(trace) => Ok(Some(trace)),
        Err(TraceError::NotNative | TraceError::Joined { .. }) => Ok(None),
        Err(error) => Err(failure(&path.display().to_string(), &error)),
    }
}

/// Opens a file.
pub fn file(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::io(format!("{}: {error}", path.display())))
}

fn stream(input: &inputs::Trace, progress: &Progress) -> Result<Capture, Failure> {
    let (bytes, _) = input.open()?;
    match Reader::new(progress.watch(bytes)) {
        Ok(reader) => Ok(Capture::Stream(Box::new(reader))),
        Err(error) => {
            let message = format!("{}: {error}", input.name());
            Err(if error.is_damage() { Failure::damaged(message) } else { Failure::io(message) })
        }
    }
}

/// The failure that an error of a trace is.
pub fn failure(name: &str, error: &TraceError) -> Failure {
    let message = format!("{name}: {error}");
    if error.is_damage() { Failure::damaged(message) } else { Failure::io(message) }
}

/// Passes all blocks of a capture on. What is damaged is told, and skipped where that is possible.
pub fn pass(
    capture: &mut Capture,
    name: &str,
    progress: &Progress,
    sink: &mut dyn Sink,
    verbose: bool,
) -> Result<Outcome, Failure> {
    pass_window(capture, &Options::default(), name, progress, sink, verbose)
}

/// As [`pass`], for a sink that looks at a window only: other chunks of a native trace are not read.
pub fn pass_window(
    capture: &mut Capture,
    window: &Options,
    name: &str,
    progress: &Progress,
    sink: &mut dyn Sink,
    verbose: bool,
) -> Result<Outcome, Failure> {
    match capture {
        Capture::Native(trace) => Chunks::new(trace, name, verbose).pass(window, progress, sink),
        Capture::Stream(reader) => pass_stream(reader, name, sink, verbose),
    }
}

fn pass_stream(
    reader: &mut Reader,
    name: &str,
    sink: &mut dyn Sink,
    verbose: bool,
) -> Result<Outcome, Failure> {
    let error = loop {
        match reader.next() {
            Ok(Some(block)) => {
                sink.block(&block)?;
                if sink.is_done() {
                    break None;
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let mut told = Told::new(name, verbose);
    for incident in reader.incidents() {
        told.warn(&format!("{incident} (skipped)"));
    }
    told.count(reader.statistics().incidents);
    match error {
        Some(error) if !error.is_damage() => Err(Failure::io(format!("{name}: {error}"))),
        Some(error) => {
            told.warn(&error.to_string());
            Ok(told.finish())
        }
        None => Ok(told.finish()),
    }
}

/// Passes the chunks of a native trace on.
struct Chunks<'t> {
    trace: &'t Trace,
    told: Told<'t>,
    /// Events of the trace before the place that is reached, lost ones included.
    known: u64,
    /// Events lost since the last block.
    lost: u64,
    /// Whether something is missing before the place that is reached, so that what the sink knows may be wrong.
    is_broken: bool,
}

impl<'t> Chunks<'t> {
    fn new(trace: &'t Trace, name: &'t str, verbose: bool) -> Chunks<'t> {
        let is_broken = trace.chunks().first().is_some_and(|chunk| chunk.descriptor.sequence != 0);
        Chunks { trace, told: Told::new(name, verbose), known: 0, lost: 0, is_broken }
    }

    fn pass(
        mut self,
        window: &Options,
        progress: &Progress,
        sink: &mut dyn Sink,
    ) -> Result<Outcome, Failure> {
        if let Some(damage) = self.trace.without_index() {
            self.told.warn(&damage.to_string());
        }
        for loss in self.trace.losses() {
            self.told.warn(&loss.to_string());
        }
        let part = self.part(window, sink)?;
        let mut unpacker = Unpacker::new();
        for (index, chunk) in self.trace.chunks().iter().enumerate().take(part.end).skip(part.start) {
            if sink.is_done() {
                return Ok(self.told.finish());
            }
            progress.at(chunk.offset);
            let before = chunk.descriptor.events_before;
            self.lost = self.lost.saturating_add(before.saturating_sub(self.known));
            self.known = before.saturating_add(chunk.descriptor.events);
            self.is_broken |= self.lost > 0;
            self.mend(index, chunk, sink)?;
            sink.dropped(std::mem::take(&mut self.lost).saturating_add(chunk.descriptor.dropped));
            let (done, damage) = match unpacker.blocks(self.trace, chunk) {
                Ok(blocks) => self.blocks(blocks, sink)?,
                Err(TraceError::Chunk { damage, .. }) => (0, Some(damage)),
                Err(error) => return Err(failure(self.told.name, &error)),
            };
            if let Some(damage) = damage {
                self.is_broken = true;
                self.lost = chunk.descriptor.events.saturating_sub(done);
                let events = Some(self.lost);
                let loss = Loss { from: chunk.offset, to: chunk.end(), damage, events };
                self.told.warn(&format!("chunk {}: {loss}", chunk.descriptor.sequence));
            }
        }
        if part.end == self.trace.chunks().len() {
            self.cut(sink)?;
        }
        Ok(self.told.finish())
    }

    /// The chunks that a window needs. Where it does not begin with the trace, the sink gets the state before it.
    fn part(&mut self, window: &Options, sink: &mut dyn Sink) -> Result<Range<usize>, Failure> {
        let all = 0..self.trace.chunks().len();
        // What is left of a chunk that is cut off follows from everything before it.
        if (window.from.is_none() && window.to.is_none()) || self.trace.cut().is_some() {
            return Ok(all);
        }
        let failed = |error: TraceError| failure(self.told.name, &error);
        let part = chunks_of(self.trace, window).map_err(failed)?;
        if part.is_empty() {
            return Ok(part);
        }
        let Some(chunk) = self.trace.chunks().get(part.start).filter(|_| window.from.is_some()) else {
            return Ok(0..part.end);
        };
        let Some(state) = state_before(self.trace, part.start).map_err(failed)? else {
            return Ok(0..part.end);
        };
        self.known = chunk.descriptor.events_before;
        self.is_broken = false;
        sink.resume(state, cut_before(chunk))?;
        Ok(part)
    }

    /// Behind a hole, the sink gets the state anew as soon as keyframes tell it.
    fn mend(&mut self, index: usize, chunk: &Chunk, sink: &mut dyn Sink) -> Result<(), Failure> {
        if !self.is_broken {
            return Ok(());
        }
        if chunk.is_head() {
            self.is_broken = false;
            return Ok(());
        }
        let state = state_before(self.trace, index).map_err(|error| failure(self.told.name, &error))?;
        if let Some(state) = state {
            self.is_broken = false;
            sink.resume(state, cut_before(chunk))?;
        }
        Ok(())
    }

    /// Passes on what is left of a chunk that the end of the file cuts off.
    fn cut(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let Some(chunk) = self.trace.cut() else { return Ok(()) };
        let raw = self.trace.read_cut().map_err(|error| failure(self.told.name, &error))?;
        let (done, _) = self.blocks(Blocks::new(&raw, chunk.descriptor.numbering()), sink)?;
        if done > 0 {
            self.told.warn(&format!("{done} of its events could be read before the cut"));
        }
        Ok(())
    }

    /// Passes blocks on until they end or are damaged; tells how many events there were.
    fn blocks(
        &mut self,
        mut blocks: Blocks<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(u64, Option<Damage>), Failure> {
        let mut events = 0;
        let damage = loop {
            match blocks.next() {
                Ok(Some(block)) => {
                    events += u64::from(matches!(block, Block::Event(_)));
                    sink.block(&block)?;
                    if sink.is_done() {
                        break None;
                    }
                }
                Ok(None) => break None,
                Err(damage) => break Some(damage),
            }
        };
        let (incidents, count) = blocks.incidents();
        for incident in incidents {
            self.told.warn(&format!("in a chunk, {incident} (skipped)"));
        }
        self.told.count(count);
        Ok((events, damage))
    }
}

/// The place before the events of a chunk.
fn cut_before(chunk: &Chunk) -> Cut {
    Cut { numbering: chunk.descriptor.numbering(), ts: chunk.descriptor.first_ts }
}

/// What was told of damage.
struct Told<'n> {
    name: &'n str,
    limit: usize,
    shown: usize,
    hidden: u64,
}

impl<'n> Told<'n> {
    fn new(name: &'n str, verbose: bool) -> Told<'n> {
        Told { name, limit: if verbose { usize::MAX } else { SHOWN }, shown: 0, hidden: 0 }
    }

    fn warn(&mut self, message: &str) {
        if self.shown == self.limit {
            self.hidden += 1;
            return;
        }
        self.shown += 1;
        eprintln!("{} {}: {message}", style("warning:").for_stderr().yellow().bold(), self.name);
    }

    /// There were `count` incidents, of which at most a hundred are listed.
    fn count(&mut self, count: u64) {
        self.hidden += count.saturating_sub(100);
    }

    fn finish(self) -> Outcome {
        if self.hidden > 0 {
            let label = style("warning:").for_stderr().yellow().bold();
            eprintln!("{label} {}: {} more damaged places", self.name, self.hidden);
        }
        if self.shown > 0 { Outcome::Damaged } else { Outcome::Done }
    }
}
