//! What is needed of a trace: its descriptors, a window and the types of events that count enter, ranges of chunks leave.
//! A chunk is left out where the window or the types of its events say that it is not needed; the keyframes make up for
//! its events.

use std::collections::BTreeMap;
use std::ops::Range;

use tercel_format::Block;
use tercel_format::catalogue::EventSource;
use tercel_format::trace::{Chunk, Descriptor, Trace, TraceError, Unpacker};

use super::report::Report;
use super::{LeftOut, Selection, seed};
use crate::state::STATE_VERSION;
use crate::window::{DISORDER, Point, Window};

/// Most chunks that one worker takes at once: it bounds how long the others wait for the last one.
const RUN: usize = 16;

/// Into how many runs per thread a trace is cut at least, if it has the chunks for it.
const RUNS_PER_THREAD: usize = 4;

/// Which chunks are needed inside of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent<'a> {
    /// Every chunk of the trace, also outside of the window.
    All,
    /// All from the first to the last chunk of the window.
    Span,
    /// Those that may hold an event of the window of a type that counts; by event codes, `true` if it does.
    Types(&'a [bool]),
}

/// What is needed of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs<'a> {
    /// The window; the visitor decides of each event.
    pub window: Window,
    /// The chunks.
    pub(crate) extent: Extent<'a>,
    /// Which events of chunks in columns are put together, if not all are.
    pub(crate) selection: Option<&'a Selection>,
    /// Only these chunks of a native trace, the first and the one after the last.
    pub(crate) part: Option<(usize, usize)>,
}

impl<'a> Needs<'a> {
    /// The same, but of chunks in columns only these events and parameters. The visitor has a [`state_mut`](super::Visitor::state_mut).
    #[must_use]
    pub fn selecting(self, selection: Option<&'a Selection>) -> Needs<'a> {
        Needs { selection, ..self }
    }

    /// The same, but only of the chunks from `part.0` on that stand before `part.1`, which are two of the [`seams`], or the ends of the
    /// trace. Streams have no chunks, and are read to their end.
    #[must_use]
    pub fn within(self, part: Option<(usize, usize)>) -> Needs<'a> {
        Needs { part, ..self }
    }
}

impl Needs<'_> {
    /// Everything.
    pub const ALL: Needs<'static> =
        Needs { window: Window { from: None, to: None }, extent: Extent::All, selection: None, part: None };

    /// All of a window.
    pub fn span(window: Window) -> Needs<'static> {
        Needs { window, extent: Extent::Span, selection: None, part: None }
    }

    /// The events of a window that are of types that count, by event codes.
    pub fn types(window: Window, types: &[bool]) -> Needs<'_> {
        Needs { window, extent: Extent::Types(types), selection: None, part: None }
    }
}

/// Ranges of chunks to evaluate, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plan {
    /// The chunks; nothing is left out inside of a range.
    pub(super) ranges: Vec<Range<usize>>,
    /// Whether what is there of a chunk that the file cuts off is needed, too. It follows the last chunk.
    pub(super) cut: bool,
    /// The chunks that are left out.
    pub(super) skipped: LeftOut,
    /// Bytes that they take in the file.
    pub(super) skipped_bytes: u64,
}

impl Plan {
    /// What is needed of a trace.
    pub(super) fn new(trace: &Trace, needs: &Needs<'_>) -> Result<Plan, TraceError> {
        let chunks = trace.chunks();
        let all = || descriptors(trace);
        let window = &needs.window;
        let mut needed = vec![true; all().count()];
        match needs.extent {
            _ if trace.is_distrusted() => {}
            Extent::All => {}
            Extent::Span => {
                let mut inside = inside(trace, window)?;
                if !inside.contains(&true) {
                    before_gap(trace, window, &mut inside)?;
                }
                span(window, &inside, &mut needed);
            }
            Extent::Types(types) => {
                let counts = |code: u16| types.get(usize::from(code)).copied().unwrap_or(false);
                let bases = bases(trace, window)?;
                for ((needed, descriptor), next) in needed.iter_mut().zip(all()).zip(next_numbers(trace)) {
                    let is_watched = || descriptor.counts.iter().any(|(code, _)| counts(*code));
                    // A descriptor that contradicts itself hides nothing.
                    *needed = !descriptor.is_consistent()
                        || (is_inside(window, descriptor, next, &bases) && is_watched());
                }
                let last = needed.iter().rposition(|needed| *needed).unwrap_or(0);
                for (needed, descriptor) in needed.iter_mut().zip(all()).take(last) {
                    *needed |= may_end(window, descriptor, &bases);
                }
            }
        }
        if let Some((from, to)) = needs.part {
            let outside = |index: &usize| *index < from || *index >= to;
            (0..needed.len()).filter(outside).for_each(|index| needed[index] = false);
        }
        let cut = needed.len() > chunks.len() && needed.pop().unwrap_or(false);
        complete(trace, &mut needed, cut);
        let left_out = || chunks.iter().zip(&needed).filter(|(_, needed)| !**needed).map(|(chunk, _)| chunk);
        Ok(Plan {
            ranges: ranges(&needed),
            cut,
            skipped: LeftOut {
                chunks: left_out().count() as u64,
                events: left_out().map(|chunk| chunk.descriptor.events).fold(0, u64::saturating_add),
            },
            skipped_bytes: left_out().map(Chunk::size).fold(0, u64::saturating_add),
        })
    }

    /// The ranges, cut into pieces for `threads` threads: large ones first, small ones at the end, so that all threads are
    /// done at about the same time. Each piece starts where the state is available.
    pub(super) fn runs(&self, trace: &Trace, threads: usize) -> Vec<Range<usize>> {
        let mut left: usize = self.ranges.iter().map(ExactSizeIterator::len).sum();
        let mut runs = Vec::new();
        for range in &self.ranges {
            let mut start = range.start;
            while start < range.end {
                let length = (left / (threads * RUNS_PER_THREAD)).clamp(1, RUN);
                let end = (start + length..range.end).find(|end| can_start(trace, *end));
                let end = end.unwrap_or(range.end);
                runs.push(start..end);
                left -= end - start;
                start = end;
            }
        }
        runs
    }
}

/// Whether a trace has keyframes of this state engine, according to its descriptors.
pub fn is_keyed(trace: &Trace) -> bool {
    let keyed =
        |chunk: &Chunk| chunk.descriptor.keyframe().is_some() && chunk.descriptor.engine == STATE_VERSION;
    trace.chunks().iter().any(keyed)
}

/// The chunks before which a trace can be divided: what follows is read without any chunk before, and gives the same. A trace whose index
/// is missing, or of which something is lost, has none.
pub fn seams(trace: &Trace) -> Vec<usize> {
    if trace.is_distrusted() || trace.without_index().is_some() || !trace.losses().is_empty() {
        return Vec::new();
    }
    let chunks = trace.chunks();
    let is_seam = |index: &usize| {
        let is_behind_head = chunks.get(index - 1).is_some_and(Chunk::is_head);
        seed::starts_section(chunks, *index) || (!is_behind_head && can_start(trace, *index))
    };
    (1..chunks.len()).filter(is_seam).collect()
}

/// The descriptors of all chunks, and of the truncated one after them.
fn descriptors(trace: &Trace) -> impl Iterator<Item = &Descriptor> {
    trace.chunks().iter().chain(trace.cut()).map(|chunk| &chunk.descriptor)
}

/// Of each chunk, the number of the last event before the next one.
fn next_numbers(trace: &Trace) -> impl Iterator<Item = u64> {
    descriptors(trace).skip(1).map(|next| next.numbering().counted).chain([u64::MAX])
}

/// Of each chunk, whether it may hold events of a window.
fn inside(trace: &Trace, window: &Window) -> Result<Vec<bool>, TraceError> {
    let bases = bases(trace, window)?;
    let chunks = descriptors(trace).zip(next_numbers(trace));
    Ok(chunks.map(|(descriptor, next)| is_inside(window, descriptor, next, &bases)).collect())
}

/// A window that lies between two chunks has no event, but a state: that after the chunk before.
fn before_gap(trace: &Trace, window: &Window, needed: &mut [bool]) -> Result<(), TraceError> {
    let before = inside(trace, &Window { from: None, to: window.from.or(window.to) })?;
    if let Some(last) = before.iter().rposition(|inside| *inside) {
        needed[last] = true;
    }
    Ok(())
}

/// All from the first to the last chunk inside; a window without a start begins with the trace.
fn span(window: &Window, inside: &[bool], needed: &mut [bool]) {
    if window.is_open() {
        return;
    }
    let first = if window.from.is_none() { Some(0) } else { inside.iter().position(|inside| *inside) };
    let last = inside.iter().rposition(|inside| *inside);
    for (index, needed) in needed.iter_mut().enumerate() {
        *needed = first.is_some_and(|first| index >= first) && last.is_some_and(|last| index <= last);
    }
}

/// Whether the state before a chunk is available without the chunk before.
fn can_start(trace: &Trace, index: usize) -> bool {
    seed::starts_section(trace.chunks(), index) || trace.path(index, STATE_VERSION).is_some()
}

/// Moves the start of every range to a place where the state is available, and adds the heads of chunks that are read.
fn complete(trace: &Trace, needed: &mut [bool], cut: bool) {
    let mut follows = cut;
    for index in (0..needed.len()).rev() {
        if needed[index] || follows {
            needed[index] = true;
            let is_behind_head = index.checked_sub(1).and_then(|before| trace.chunks().get(before));
            follows = !can_start(trace, index)
                || (!seed::starts_section(trace.chunks(), index)
                    && is_behind_head.is_some_and(Chunk::is_head));
        }
    }
}

fn ranges(needed: &[bool]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (index, _) in needed.iter().enumerate().filter(|(_, needed)| **needed) {
        match ranges.last_mut() {
            Some(range) if range.end == index => range.end += 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}

/// Times of the first events of the sections, from which relative points count.
type Bases = BTreeMap<u64, u64>;

/// Whether events of a chunk may lie in the window. `next` is the number of the last event before the next chunk.
fn is_inside(window: &Window, chunk: &Descriptor, next: u64, bases: &Bases) -> bool {
    if chunk.events == 0 {
        return false;
    }
    let first = chunk.numbering().counted.saturating_add(1);
    let distance = |ts: u64| bases.get(&chunk.section).map(|base| ts.saturating_sub(*base));
    let is_before = match window.from {
        None => false,
        Some(Point::Absolute(ts)) => chunk.max_ts < ts,
        Some(Point::Relative(ns)) => distance(chunk.max_ts).is_some_and(|distance| distance < ns),
        // The last number is at most that before the next chunk, or what the number of events allows.
        Some(Point::Event(number)) => next.max(chunk.numbers().1) < number,
    };
    let is_behind = match window.to {
        None => false,
        Some(Point::Absolute(ts)) => chunk.min_ts >= ts,
        Some(Point::Relative(ns)) => distance(chunk.min_ts).is_some_and(|distance| distance >= ns),
        Some(Point::Event(number)) => first >= number,
    };
    !is_before && !is_behind
}

/// Whether the window may be found to be over for good in a chunk, so that nothing after it counts.
fn may_end(window: &Window, chunk: &Descriptor, bases: &Bases) -> bool {
    match window.to {
        Some(Point::Absolute(ts)) => chunk.max_ts >= ts.saturating_add(DISORDER),
        Some(Point::Relative(ns)) => {
            let base = bases.get(&chunk.section).copied().unwrap_or(0);
            chunk.max_ts.saturating_sub(base) >= ns.saturating_add(DISORDER)
        }
        // Numbers ascend: what is after such a chunk is not needed anyway.
        Some(Point::Event(_)) | None => false,
    }
}

/// The bases of the sections, if the window needs them and they are available.
fn bases(trace: &Trace, window: &Window) -> Result<Bases, TraceError> {
    let relative = [window.from, window.to].iter().any(|point| matches!(point, Some(Point::Relative(_))));
    let mut bases = Bases::new();
    if !relative {
        return Ok(bases);
    }
    let chunks = trace.chunks();
    let mut tried = None;
    for (index, chunk) in chunks.iter().enumerate().filter(|(_, chunk)| chunk.descriptor.events > 0) {
        let section = chunk.descriptor.section;
        if tried.replace(section) == Some(section) {
            continue;
        }
        // If the start of the section is lost, the rest of it gives no base.
        let Some(found) = seed::state_at(trace, index, &mut Report::default())? else { continue };
        let mut base = Some(found.state.first_ts()).filter(|base| *base != 0);
        let mut rest = chunks.iter().skip(index).take_while(|chunk| chunk.descriptor.section == section);
        while base.is_none()
            && let Some(chunk) = rest.next()
        {
            base = first_ts(trace, chunk)?;
        }
        bases.extend(base.map(|base| (section, base)));
    }
    Ok(bases)
}

/// The time of the first event of a chunk from which times count (reference state 1.10).
fn first_ts(trace: &Trace, chunk: &Chunk) -> Result<Option<u64>, TraceError> {
    let mut unpacker = Unpacker::new();
    let mut blocks = match unpacker.blocks(trace, chunk) {
        Ok(blocks) => blocks,
        Err(TraceError::Chunk { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    while let Ok(Some(block)) = blocks.next() {
        if let Block::Event(event) = block
            && !event.info.source.contains(EventSource::METAEVENT)
        {
            return Ok(Some(event.ts));
        }
    }
    Ok(None)
}
