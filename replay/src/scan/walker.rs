//! The walk through the chunks of a native trace: chunks that follow each other are one stretch; where some are left out
//! or damaged, keyframes say what the state is after them. How threads share the chunks is not known here.

use tercel_format::record::Section;
use tercel_format::trace::{Chunk, Damage, Loss, Trace, TraceError, Unpacker};
use tercel_format::{Block, Numbering};

use super::columns::{self, Selected};
use super::drain::{Drained, drain};
use super::report::{Defect, Report};
use super::{Advance, Needs, Selection, Visitor, seed};
use crate::state::needs::Topics;
use crate::state::{ResumePoint, State};
use crate::window::Window;

/// Why a walk stopped before its end.
#[derive(Debug)]
pub(super) enum Stop<E> {
    /// The file cannot be read.
    Trace(TraceError),
    /// The visitor cannot go on.
    Visitor(E),
}

/// How many events of a chunk were taken in, and how it ended.
type Done<E> = (u64, Drained<E, Damage>);

/// What the visitor knows of the state, as far as damage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// All of it.
    Exact,
    /// Something is missing in it.
    Inexact,
    /// No keyframe could say it.
    Unknown,
}

/// Goes through chunks of one trace.
#[derive(Debug)]
pub(super) struct Walker<'t> {
    trace: &'t Trace,
    unpacker: Unpacker,
    /// The chunk that the visitor's state has come to.
    ready: Option<usize>,
    known: Known,
    /// The chunk after the last one that was walked, and how many events of the trace lie before it.
    reached: (usize, u64),
    /// Events of damaged chunks since the last block.
    lost: u64,
    /// Lost events in the chunks: according to their descriptors, and to their drop events.
    dropped: (u64, u64),
    /// The chunk and the state that keyframes gave first, and those that the blocks came to in the end.
    pub(super) edges: Edges,
    /// What was found to be damaged.
    pub(super) report: Report,
    window: Window,
    /// Which events of chunks in columns are put together, if not all are.
    selection: Option<&'t Selection>,
    /// What is known of the states in between.
    topics: Topics,
}

/// States at the ends of a walk, each as the chunk after it and its snapshot, where they are known and wanted.
#[derive(Debug, Default)]
pub(super) struct Edges {
    pub(super) wanted: Wanted,
    pub(super) start: Option<(usize, Vec<u8>)>,
    pub(super) end: Option<(usize, Vec<u8>)>,
}

/// At which ends of a walk another one ends or starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    pub(super) start: bool,
    pub(super) end: bool,
}

/// Walks through chunks, and with `cut` through the readable part of the truncated one after them; `false` if nothing
/// further is of interest, or `stop` says so.
pub(super) fn walk<V: Visitor>(
    walker: &mut Walker<'_>,
    chunks: impl Iterator<Item = usize>,
    cut: bool,
    visitor: &mut V,
    advance: Advance<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<bool, Stop<V::Error>> {
    for index in chunks {
        if stop() {
            return Ok(false);
        }
        let more = walker.chunk(index, visitor)?;
        advance(walker.trace.chunks().get(index).map_or(0, Chunk::size));
        if !more {
            return Ok(false);
        }
    }
    walker.note_end(visitor);
    if cut && !stop() { walker.cut(visitor) } else { Ok(true) }
}

impl<'t> Walker<'t> {
    /// At the start of a trace, with nothing known.
    pub(super) fn new(trace: &'t Trace, needs: &Needs<'t>) -> Walker<'t> {
        let is_selected = trace.chunks().iter().any(|chunk| chunk.descriptor.is_columns());
        let selection = needs.selection.filter(|_| is_selected);
        Walker {
            trace,
            unpacker: Unpacker::new(),
            ready: Some(0),
            known: Known::Exact,
            reached: (0, 0),
            lost: 0,
            dropped: (0, 0),
            edges: Edges::default(),
            report: Report::default(),
            window: needs.window,
            selection,
            topics: selection.map_or(Topics::ALL, |selection| selection.topics),
        }
    }

    /// Walks through one chunk. What is damaged in it is left out.
    fn chunk<V: Visitor>(&mut self, index: usize, visitor: &mut V) -> Result<bool, Stop<V::Error>> {
        let Some(chunk) = self.trace.chunks().get(index) else { return Ok(true) };
        let descriptor = &chunk.descriptor;
        self.prepare(index, chunk, visitor)?;
        self.drop_events(index, chunk, visitor);
        self.ready = None;
        let section = self.section_before(index);
        self.report.bytes = self.report.bytes.saturating_add(descriptor.raw_size);
        match self.trace.check_entry(index) {
            Ok(()) => {}
            Err(TraceError::Chunk { damage, .. }) => self.report.differs(chunk, damage),
            Err(error) => return Err(Stop::Trace(error)),
        }
        if let Some(drained) = self.selected(index, chunk, section, visitor)? {
            return self.ended(index, chunk, drained, visitor);
        }
        let drained = match self.unpacker.blocks(self.trace, chunk) {
            Ok(mut blocks) => {
                let drained = drain(&mut blocks, visitor);
                let (listed, count) = blocks.incidents();
                self.report.incidents(descriptor.sequence, listed.to_vec(), count);
                let left_out = blocks.left_out().map(|(_, damage)| damage.clone());
                // What was skipped makes a difference that is reported already.
                if let (0, Drained::End, None) = (count, &drained.1, &left_out) {
                    if let Err(damage) = blocks.compare(descriptor, section) {
                        self.report.differs(chunk, damage);
                    }
                    let (numbering, dropped) = (blocks.numbering(), blocks.dropped());
                    self.dropped.0 = self.dropped.0.saturating_add(descriptor.dropped);
                    self.dropped.1 = self.dropped.1.saturating_add(dropped);
                    self.compare_next(index, chunk, numbering);
                }
                match (drained, left_out) {
                    // What is left out is lost, as the rest of a chunk that breaks off would be.
                    ((done, Drained::End), Some(damage)) => (done, Drained::Source(damage)),
                    (drained, _) => drained,
                }
            }
            Err(TraceError::Chunk { damage, .. }) => {
                if seed::starts_section(self.trace.chunks(), index) {
                    // What follows must not be taken for the section before.
                    visitor.block(&Block::Section(Section::NEWEST)).map_err(Stop::Visitor)?;
                }
                (0, Drained::Source(damage))
            }
            Err(error) => return Err(Stop::Trace(error)),
        };
        self.ended(index, chunk, drained, visitor)
    }

    /// Notes how a chunk ended, of which so many events were taken in.
    fn ended<V: Visitor>(
        &mut self,
        index: usize,
        chunk: &Chunk,
        (done, drained): Done<V::Error>,
        visitor: &mut V,
    ) -> Result<bool, Stop<V::Error>> {
        match drained {
            Drained::End => self.ready = Some(index + 1),
            Drained::Enough => return Ok(false),
            Drained::Source(damage) => self.lose(chunk, damage, done),
            Drained::Visitor(error) => return Err(Stop::Visitor(error)),
            Drained::Panicked(message) => return Ok(self.panicked(chunk, done, message, visitor)),
        }
        Ok(true)
    }

    /// Walks through a chunk in columns and puts together only the events that are needed. `None` if that is not possible: if it has
    /// no columns, has other blocks than events, or is damaged.
    fn selected<V: Visitor>(
        &mut self,
        index: usize,
        chunk: &Chunk,
        section: Option<u64>,
        visitor: &mut V,
    ) -> Result<Option<Done<V::Error>>, Stop<V::Error>> {
        let descriptor = &chunk.descriptor;
        let Some(selection) = self.selection.filter(|_| descriptor.is_columns()) else { return Ok(None) };
        let side = columns::side(&self.window, descriptor);
        let columns = match self.unpacker.columns(self.trace, chunk) {
            Ok(Some(columns)) => columns,
            // What is wrong is said where it is read whole.
            Ok(None) | Err(TraceError::Chunk { .. }) => return Ok(None),
            Err(error) => return Err(Stop::Trace(error)),
        };
        let Ok(Some(mut selected)) = Selected::new(columns, selection, side, descriptor.numbering()) else {
            return Ok(None);
        };
        let drained = selected.drain(visitor);
        if let Drained::End = drained.1 {
            let (numbering, compared) = (selected.numbering, selected.compare(descriptor, section));
            match compared {
                Ok(dropped) => {
                    self.dropped.0 = self.dropped.0.saturating_add(descriptor.dropped);
                    self.dropped.1 = self.dropped.1.saturating_add(dropped);
                }
                Err(damage) => self.report.differs(chunk, damage),
            }
            self.compare_next(index, chunk, numbering);
        }
        Ok(Some(drained))
    }

    /// Walks through what can be read of a last chunk of which the file has the start only.
    fn cut<V: Visitor>(&mut self, visitor: &mut V) -> Result<bool, Stop<V::Error>> {
        let Some(chunk) = self.trace.cut() else { return Ok(true) };
        let part = self.trace.read_cut().map_err(Stop::Trace)?;
        self.report.bytes = self.report.bytes.saturating_add(part.bytes().len() as u64);
        let mut blocks = part.blocks();
        let (done, drained) = drain(&mut blocks, visitor);
        let (listed, count) = blocks.incidents();
        self.report.incidents(chunk.descriptor.sequence, listed.to_vec(), count);
        self.report.rescued = done;
        match drained {
            // That it ends early is said with the trace.
            Drained::End | Drained::Source(_) => Ok(true),
            Drained::Enough => Ok(false),
            Drained::Visitor(error) => Err(Stop::Visitor(error)),
            Drained::Panicked(message) => Ok(self.panicked(chunk, done, message, visitor)),
        }
    }

    /// Makes the visitor's state what it is before a chunk, as far as that can be known.
    fn prepare<V: Visitor>(
        &mut self,
        index: usize,
        chunk: &Chunk,
        visitor: &mut V,
    ) -> Result<(), Stop<V::Error>> {
        let follows = self.ready == Some(index) && seed::follows(self.trace.chunks(), index);
        if seed::starts_section(self.trace.chunks(), index) {
            // The section header that comes first makes the state new.
            self.known = Known::Exact;
            return Ok(());
        }
        let is_better_known = match self.known {
            Known::Exact => false,
            Known::Inexact => seed::has_snapshot(chunk),
            Known::Unknown => true,
        };
        if follows && !is_better_known {
            return Ok(());
        }
        match seed::state_at(self.trace, index, &mut self.report).map_err(Stop::Trace)? {
            Some(found) => {
                self.known = if found.exact { Known::Exact } else { Known::Inexact };
                if found.exact {
                    self.note_start(index, &found.state);
                }
                let numbering = chunk.descriptor.numbering();
                let point = ResumePoint { numbering, ts: chunk.descriptor.first_ts };
                visitor.resume(found.state, point).map_err(Stop::Visitor)
            }
            // What was known at an earlier place is better than nothing, unless that was in another section: then the
            // header of the section is lost.
            None => {
                self.known = Known::Unknown;
                if !follows && !self.is_same_section(index) {
                    visitor.block(&Block::Section(Section::NEWEST)).map_err(Stop::Visitor)?;
                }
                Ok(())
            }
        }
    }

    /// The number of the section that the chunk before belongs to, where it is known. A trace may begin with a snapshot.
    fn section_before(&self, index: usize) -> Option<u64> {
        let chunks = self.trace.chunks();
        match index.checked_sub(1) {
            None => {
                chunks.first().filter(|first| first.is_head() && first.descriptor.sequence == 0).map(|_| 0)
            }
            Some(before) => {
                let before = chunks.get(before).filter(|_| seed::follows(chunks, index));
                before.map(|before| before.descriptor.section)
            }
        }
    }

    /// Compares what the descriptor of the next chunk says of everything before it with a chunk that was read to its end.
    fn compare_next(&mut self, index: usize, chunk: &Chunk, numbering: Numbering) {
        let chunks = self.trace.chunks();
        if let Some(next) = chunks.get(index + 1).filter(|_| seed::follows(chunks, index + 1))
            && let Err(damage) = next.descriptor.continues(&chunk.descriptor, numbering)
        {
            self.report.differs(next, damage);
        }
    }

    /// Compares the lost events that the descriptors of a recording count with those that its drop events report, at the end of a
    /// walk through all of its chunks.
    pub(super) fn compare_dropped(&mut self) {
        let (claimed, found) = self.dropped;
        if self.trace.header().is_recording() && self.report.places() == 0 && claimed != found {
            self.report.counts(Damage::Differs { what: "lost events", claimed, found });
        }
    }

    /// Notes the state at the start of the walk, which keyframes gave.
    fn note_start(&mut self, index: usize, state: &State) {
        if self.edges.wanted.start && self.edges.start.is_none() {
            self.edges.start = state.snapshot_of(self.topics).map(|state| (index, state));
        }
    }

    /// Notes the state at the end of the walk, where nothing is missing in it.
    fn note_end<V: Visitor>(&mut self, visitor: &V) {
        if let (true, Some(next), Known::Exact) = (self.edges.wanted.end, self.ready, self.known) {
            self.edges.end =
                visitor.state().and_then(|state| state.snapshot_of(self.topics)).map(|state| (next, state));
        }
    }

    /// Whether the chunk before is of the same section.
    fn is_same_section(&self, index: usize) -> bool {
        let section = |index: usize| self.trace.chunks().get(index).map(|chunk| chunk.descriptor.section);
        index.checked_sub(1).and_then(section) == section(index)
    }

    /// Says how many events are missing before a chunk. What was left out on purpose is not missing.
    fn drop_events<V: Visitor>(&mut self, index: usize, chunk: &Chunk, visitor: &mut V) {
        let descriptor = &chunk.descriptor;
        let (next, before) = self.reached;
        let missing = if next == index { descriptor.events_before.saturating_sub(before) } else { 0 };
        self.reached = (index + 1, descriptor.events_before.saturating_add(descriptor.events));
        let lost = std::mem::take(&mut self.lost).saturating_add(missing);
        let lost = lost.saturating_add(descriptor.dropped);
        if lost > 0 {
            visitor.dropped(lost);
        }
    }

    /// A chunk cannot be read, or not beyond its first `done` events.
    #[cold]
    fn lose(&mut self, chunk: &Chunk, damage: Damage, done: u64) {
        self.lost = chunk.descriptor.events.saturating_sub(done);
        let loss = Loss { from: chunk.offset, to: chunk.end(), damage, events: Some(self.lost) };
        self.report.lose(chunk.descriptor.sequence, loss);
    }

    /// The visitor panicked in a chunk; `true` if it goes on after it.
    #[cold]
    fn panicked<V: Visitor>(&mut self, chunk: &Chunk, done: u64, message: String, visitor: &mut V) -> bool {
        let (first, last) = chunk.descriptor.numbers();
        // The event that it was about is counted already.
        let evaluated = done.saturating_sub(1);
        self.report.defect.get_or_insert(Defect { first, last, evaluated, message });
        self.known = Known::Unknown;
        visitor.panicked()
    }
}
