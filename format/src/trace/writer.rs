//! The writer of native traces: blocks enter in their order, chunks leave. A trace is valid at any time up to the last
//! chunk that was written; [`finish`](TraceWriter::finish) adds the index.
//!
//! Keyframes come from the caller. Before each event it asks [`boundary`](TraceWriter::boundary) whether the event starts a
//! chunk, and hands over the state as bytes if one is requested:
//!
//! ```text
//! for block in capture {
//!     match writer.boundary(&block) {
//!         None => {}
//!         Some(Boundary::Start) => state.forget_changes(),
//!         Some(Boundary::Delta) => writer.keyframe(state.changes()),
//!         Some(Boundary::Snapshot) => writer.keyframe(state.everything()),
//!     }
//!     writer.block(&block)?;
//!     state.apply(&block);
//! }
//! writer.finish()?;
//! ```

use std::io;

use super::append::{Appender, Output};
use super::descriptor::Descriptor;
use super::header::{self, Header};
use super::keyframe::Keyframe;
use super::pack::Job;
use super::pipeline::Pipeline;
use super::signature::SignWith;
use super::summary::Summary;
use crate::catalogue::EVENTS;
use crate::catalogue::code::SYSCALL_CLOSE_E;
use crate::event::Event;
use crate::numbering::{Numbering, is_initial};
use crate::record::Block;
use crate::writer::Writer;

/// Smallest and largest chunk that can be requested. A window of the largest size is the most that `zstd -dc` accepts.
pub const CHUNK_LIMITS: (usize, usize) = (4 << 10, 64 << 20);

/// Level with the smallest traces: higher ones save almost nothing within a chunk.
pub const LEVEL_MAX: i32 = 19;

/// How a trace is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Bytes of scap after which a chunk ends, within [`CHUNK_LIMITS`].
    pub chunk: usize,
    /// zstd's level, 1 to [`LEVEL_MAX`].
    pub level: i32,
    /// Threads that compress; with 0 the caller's thread does all work. The bytes of the trace do not depend on it.
    pub threads: usize,
    /// Whether each chunk is synced to disk before the next one is written.
    pub sync: bool,
    /// After how many chunks of a section a keyframe should be a snapshot.
    pub snapshots: u32,
    /// Whether events keep their numbers if others were left out before them; otherwise they are counted again.
    pub numbers: bool,
    /// How the events of a chunk are laid out.
    pub layout: Layout,
    /// Who signs every fourth chunk and the whole trace.
    pub signer: Option<SignWith>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            chunk: 4 << 20,
            level: 3,
            threads: 1,
            sync: false,
            snapshots: 16,
            numbers: false,
            layout: Layout::Rows,
            signer: None,
        }
    }
}

/// How the events of a chunk are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As the blocks of a capture, one after the other: `zstd -dc` of the trace is a scap capture.
    Rows,
    /// Every parameter of every event type is a column of its own: smaller, and readers unpack only what they need.
    Columns,
}

impl Layout {
    /// Version of the format that has it.
    const fn version(self) -> u16 {
        match self {
            Layout::Rows => header::ROWS_VERSION,
            Layout::Columns => header::FORMAT_VERSION,
        }
    }
}

/// What the start of a chunk needs from the state engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// It is the first chunk with events of its section. The blocks before it are its state; no keyframe is needed, but
    /// the next delta counts from here.
    Start,
    /// A delta is due: what changed since the last boundary.
    Delta,
    /// A snapshot is due. A delta would do, too.
    Snapshot,
}

/// Writes a native trace.
pub struct TraceWriter<W: Output + 'static> {
    /// `None` after an error.
    pipeline: Option<Pipeline<W>>,
    options: Options,
    encoder: Writer<Vec<u8>>,
    numbering: Numbering,
    sequence: u64,
    events: u64,
    section: u64,
    /// Chunks with events so far in this section.
    section_chunks: u64,
    /// Bytes of scap in the chunks before the current one.
    ended: u64,
    /// Whether the current chunk is the start of a section.
    is_head: bool,
    /// Whether the next event starts a chunk.
    due: bool,
    descriptor: Descriptor,
    counts: Vec<u32>,
    keyframe: Option<Keyframe>,
    /// Whether the current chunk lacks a keyframe that it should have, so that a later delta has no base.
    gap: bool,
    /// Keyframes that were due and not handed over.
    left_out: u64,
    /// Whether its own drop events say what was lost.
    is_recording: bool,
}

impl<W: Output + 'static> TraceWriter<W> {
    /// Starts a trace.
    ///
    /// # Errors
    /// Those of the output, as for all other methods; and zstd's, if it does not know the level.
    pub fn new(output: W, header: &Header, options: Options) -> io::Result<TraceWriter<W>> {
        let chunk = options.chunk.clamp(CHUNK_LIMITS.0, CHUNK_LIMITS.1);
        let options = Options { chunk, ..options };
        let version = options.layout.version();
        let appender = Appender::new(output, header, version, options.sync)?.signed(options.signer.clone());
        let pipeline = Pipeline::new(appender, &options)?;
        let mut encoder = Writer::new(Vec::new())?;
        // Sections are started by the blocks that say so.
        encoder.output_mut().clear();
        Ok(TraceWriter {
            pipeline: Some(pipeline),
            options,
            encoder,
            numbering: Numbering::default(),
            sequence: 0,
            events: 0,
            section: 0,
            section_chunks: 0,
            ended: 0,
            is_head: true,
            due: false,
            descriptor: Descriptor::new(true, Numbering::default()),
            counts: vec![0; EVENTS.len()],
            keyframe: None,
            gap: false,
            left_out: 0,
            is_recording: header.is_recording(),
        })
    }

    /// Whether writing `block` next would start a chunk with events, and which state is then needed before it.
    #[inline]
    pub fn boundary(&self, block: &Block<'_>) -> Option<Boundary> {
        match block {
            Block::Event(_) if self.is_head => Some(Boundary::Start),
            Block::Event(_) if self.due => Some(self.kind()),
            _ => None,
        }
    }

    /// What keyframe the next chunk with events should have.
    fn kind(&self) -> Boundary {
        let every = u64::from(self.options.snapshots.max(1));
        if self.gap || self.section_chunks.is_multiple_of(every) {
            Boundary::Snapshot
        } else {
            Boundary::Delta
        }
    }

    /// Hands over the state before the next event, which starts a chunk; `None` where it is larger than
    /// [`KEYFRAME_LIMIT`](super::KEYFRAME_LIMIT). The next one that is asked for is a snapshot then.
    ///
    /// # Errors
    /// Those of the output, for the chunk that ends.
    pub fn keyframe(&mut self, keyframe: Option<Keyframe>) -> io::Result<()> {
        self.cut()?;
        self.gap = keyframe.is_none();
        self.left_out += u64::from(self.gap);
        self.keyframe = keyframe;
        Ok(())
    }

    /// Ends the current chunk, whatever its size, and writes it: for recorders that may be killed before the next event.
    ///
    /// # Errors
    /// As for [`block`](TraceWriter::block).
    pub fn flush_chunk(&mut self) -> io::Result<()> {
        if self.descriptor.events > 0 {
            self.end_chunk()?;
            self.start_chunk(false);
            self.due = true;
        }
        Ok(())
    }

    /// As [`flush_chunk`](TraceWriter::flush_chunk), and the next chunk with events begins with a snapshot.
    ///
    /// # Errors
    /// As for [`block`](TraceWriter::block).
    pub fn end_group(&mut self) -> io::Result<()> {
        self.flush_chunk()?;
        self.section_chunks = 0;
        Ok(())
    }

    /// Events written so far.
    pub fn events(&self) -> u64 {
        self.events + self.descriptor.events
    }

    /// Bytes of scap so far.
    pub fn raw_bytes(&self) -> u64 {
        self.ended + self.encoder.output().len() as u64
    }

    /// Notes that `count` events are missing since the last one written. In a recording its drop events say what is missing, and
    /// nothing else counts: so a reader can prove the one by the other.
    pub fn dropped(&mut self, count: u64) {
        if !self.is_recording {
            self.descriptor.dropped = self.descriptor.dropped.saturating_add(count);
        }
    }

    /// How the events written so far are numbered.
    pub fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// Writes a block.
    ///
    /// # Errors
    /// Those of the output, not necessarily for this block. Nothing can be written after an error.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>) -> io::Result<()> {
        match block {
            Block::Event(event) => self.event(event),
            other => self.metadata(other),
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    /// As for [`block`](TraceWriter::block).
    pub fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.section == 0 {
            self.section()?;
        }
        if self.due || self.is_head {
            self.cut()?;
        }
        if !event.initial && self.numbering.initial.is_some() && is_initial(event.code()) {
            self.separator(event)?;
        }
        let jumps = self.options.numbers && !event.initial && event.num != self.numbering.next();
        if jumps {
            self.numbering.jump(event.num);
        }
        self.numbering.event(event.code());
        if let Some(count) = self.counts.get_mut(usize::from(event.code())) {
            *count += 1;
        }
        let descriptor = &mut self.descriptor;
        if descriptor.events == 0 {
            (descriptor.first_ts, descriptor.min_ts, descriptor.max_ts) = (event.ts, event.ts, event.ts);
        }
        descriptor.events += 1;
        if self.is_recording {
            descriptor.dropped = descriptor.dropped.saturating_add(event.lost());
        }
        descriptor.min_ts = descriptor.min_ts.min(event.ts);
        descriptor.max_ts = descriptor.max_ts.max(event.ts);
        if jumps {
            self.encoder.numbered_event(event)?
        } else {
            self.encoder.event(event)?
        }
        self.due = self.encoder.output_mut().len() >= self.options.chunk;
        Ok(())
    }

    /// The meaning of an event depends on whether only events that build the initial state came before it (reference state 1.5). If
    /// the first other event was dropped by the upgrade, an enter event takes its place: every reader of captures drops it, too.
    #[cold]
    fn separator(&mut self, event: &Event<'_>) -> io::Result<()> {
        let (lengths, data) = (8u16.to_le_bytes(), (-1i64).to_le_bytes());
        if let Some(mut entry) = Event::new(SYSCALL_CLOSE_E, &lengths, &data) {
            (entry.ts, entry.tid, entry.cpu) = (event.ts, event.tid, event.cpu);
            self.encoder.event(&entry)?;
            self.numbering.leave_initial();
        }
        Ok(())
    }

    /// Writes any block but an event.
    fn metadata(&mut self, block: &Block<'_>) -> io::Result<()> {
        if let Block::Section(_) = block {
            return self.section();
        }
        if self.section == 0 {
            self.section()?;
        }
        match block {
            Block::Machine(machine) => self.encoder.machine(machine)?,
            Block::Processes(processes) => self.encoder.processes(processes)?,
            Block::Fds(fds) => self.encoder.fds(fds)?,
            Block::Interfaces(interfaces) => self.encoder.interfaces(interfaces)?,
            Block::Accounts(accounts) => self.encoder.accounts(accounts)?,
            Block::State(record) => {
                self.encoder.state(record)?;
                self.numbering.resume(record.sections, record.counted);
            }
            Block::Section(_) | Block::Event(_) => {}
        }
        let is_full = self.encoder.output_mut().len() >= self.options.chunk;
        match (is_full, self.is_head) {
            (true, true) => {
                self.end_chunk()?;
                self.start_chunk(true);
            }
            // Where metadata stands among events, nobody can be asked for a keyframe; the next event ends the chunk, unless
            // that would make it too large.
            (true, false) if self.encoder.output_mut().len() >= CHUNK_LIMITS.1 => {
                self.cut()?;
                self.gap = true;
            }
            (true, false) => self.due = true,
            (false, _) => {}
        }
        Ok(())
    }

    /// Starts a section, and with it a chunk.
    fn section(&mut self) -> io::Result<()> {
        self.end_chunk()?;
        self.section += 1;
        self.section_chunks = 0;
        self.start_chunk(true);
        self.encoder.section()?;
        self.numbering.section();
        Ok(())
    }

    /// Ends the current chunk, so that events start another one.
    fn cut(&mut self) -> io::Result<()> {
        self.end_chunk()?;
        self.start_chunk(false);
        self.section_chunks += 1;
        Ok(())
    }

    fn start_chunk(&mut self, is_head: bool) {
        self.is_head = is_head;
        self.due = false;
        // Events that were lost after the last chunk are counted for this one.
        let dropped = self.descriptor.dropped;
        self.descriptor = Descriptor::new(is_head, self.numbering);
        self.descriptor.dropped = dropped;
        self.descriptor.section = self.section;
        self.descriptor.sequence = self.sequence;
        self.descriptor.events_before = self.events;
    }

    /// Passes on the current chunk, unless it is empty.
    fn end_chunk(&mut self) -> io::Result<()> {
        if self.encoder.output_mut().is_empty() {
            return Ok(());
        }
        let mut descriptor = std::mem::take(&mut self.descriptor);
        descriptor.counts = (0..).zip(&self.counts).filter_map(row).collect();
        self.counts.fill(0);
        let keyframe = self.keyframe.take();
        if let Some(keyframe) = &keyframe {
            descriptor.set_keyframe(keyframe.kind, keyframe.engine, keyframe.state.len() as u64);
        }
        self.sequence += 1;
        self.events += descriptor.events;
        let raw = std::mem::take(self.encoder.output_mut());
        self.ended += raw.len() as u64;
        let Some(pipeline) = &mut self.pipeline else { return Err(failed()) };
        match pipeline.submit(Job { descriptor, raw, keyframe }) {
            Ok(memory) => {
                *self.encoder.output_mut() = memory;
                Ok(())
            }
            Err(error) => Err(self.pipeline.take().map_or_else(failed, |pipeline| pipeline.failure(error))),
        }
    }

    /// Writes the last chunk, the index and the trailer, and returns the output.
    ///
    /// # Errors
    /// As for [`block`](TraceWriter::block).
    pub fn finish(mut self) -> io::Result<(W, Summary)> {
        self.end_chunk()?;
        let (output, summary) = self.pipeline.take().ok_or_else(failed)?.finish()?;
        Ok((output, Summary { keyframes_left_out: self.left_out, ..summary }))
    }
}

impl<W: Output + 'static> std::fmt::Debug for TraceWriter<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TraceWriter")
            .field("sequence", &self.sequence)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// A row of counts, unless nothing was counted.
fn row((code, count): (u16, &u32)) -> Option<(u16, u64)> {
    (*count > 0).then_some((code, u64::from(*count)))
}

fn failed() -> io::Error {
    io::Error::other("writing the trace has failed before")
}
