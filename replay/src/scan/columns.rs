//! The innermost loop over a chunk in columns: events that somebody looks at are put together from the columns that are unpacked, all
//! others are passed over: for them one look at their kind and one at their thread has to do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tercel_format::catalogue::{EventInfo, code};
use tercel_format::columns::{Columns, Kind};
use tercel_format::extras::Extras;
use tercel_format::trace::{Damage, Descriptor};
use tercel_format::{Block, Event, Numbering};

use super::Visitor;
use super::drain::{Drained, message};
use super::selection::{Selection, Which};
use crate::state::needs;
use crate::window::{Point, Window};

/// Events that were passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// How many.
    pub events: u64,
    /// Of these, those that exist for the state alone.
    pub state_only: u64,
    /// Of these, those that count as evaluated although no rule can match them.
    pub evaluated: u64,
    /// Times of the earliest and the latest one.
    pub span: Option<(u64, u64)>,
}

impl Passed {
    #[inline]
    fn add(&mut self, row: &Row, ts: u64) {
        self.events += 1;
        self.state_only += u64::from(row.state_only);
        self.evaluated += u64::from(row.counts);
        self.span = Some(match self.span {
            Some((first, last)) => (first.min(ts), last.max(ts)),
            None => (ts, ts),
        });
    }
}

/// Where a chunk lies, as far as that is the same for all of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Before the window.
    Before,
    /// In it.
    Inside,
}

/// Where all events of a chunk lie; `None` if that is not the same for all, or is not known.
pub(super) fn side(window: &Window, descriptor: &Descriptor) -> Option<Side> {
    let (first, last) = descriptor.numbers();
    let is_after_start = match window.from {
        None => Some(true),
        Some(Point::Absolute(ts)) => same(descriptor.min_ts >= ts, descriptor.max_ts >= ts),
        Some(Point::Event(number)) => same(first >= number, last >= number),
        Some(Point::Relative(_)) => None,
    };
    let is_before_end = match window.to {
        None => true,
        Some(Point::Absolute(ts)) => descriptor.max_ts < ts,
        Some(Point::Event(number)) => last < number,
        Some(Point::Relative(_)) => false,
    };
    match (is_after_start?, is_before_end) {
        (_, false) => None,
        (true, true) => Some(Side::Inside),
        (false, true) => Some(Side::Before),
    }
}

fn same(one: bool, other: bool) -> Option<bool> {
    (one == other).then_some(one)
}

/// What is done with the items of one kind.
#[derive(Debug, Clone, Copy)]
struct Row {
    kind: Kind,
    info: &'static EventInfo,
    which: Which,
    counts: bool,
    state_only: bool,
    /// See [`needs::goes_on`].
    goes_on: bool,
    /// Options follow the events: numbers of their own, and what the kernel says beside the parameters.
    has_options: bool,
}

/// A chunk in columns on its way to a visitor, with what is needed of it unpacked.
pub(super) struct Selected<'c> {
    columns: &'c Columns,
    rows: Vec<Row>,
    pub(super) numbering: Numbering,
}

impl<'c> Selected<'c> {
    /// Unpacks what `selection` needs. `None` if the chunk has blocks that are no events of a kind.
    ///
    /// # Errors
    /// It is damaged.
    pub(super) fn new(
        columns: &'c mut Columns,
        selection: &Selection,
        side: Side,
        numbering: Numbering,
    ) -> Result<Option<Selected<'c>>, Damage> {
        if columns.kinds().first().is_none_or(|raw| raw.count > 0) {
            return Ok(None);
        }
        columns.unpack_times()?;
        columns.unpack_threads()?;
        let kinds = columns.kinds().to_vec();
        let mut rows = Vec::with_capacity(kinds.len());
        for (index, kind) in kinds.iter().enumerate() {
            let Some(info) = kind.info else {
                // The raw blocks, of which there are none.
                rows.push(row(*kind, &tercel_format::catalogue::EVENTS[0], selection, side));
                continue;
            };
            let row = row(*kind, info, selection, side);
            // What was lost is compared with the descriptor.
            let params = selection.of(info.code).params | u32::from(info.code == code::DROP_E);
            let is_wanted = |param: &usize| params.checked_shr(*param as u32).unwrap_or(0) & 1 == 1;
            (0..usize::from(kind.nparams))
                .filter(is_wanted)
                .try_for_each(|param| columns.unpack(index, param))?;
            columns.unpack_tail(index)?;
            rows.push(row);
        }
        Ok(Some(Selected { columns, rows, numbering }))
    }

    /// Compares the chunk with its descriptor; returns how many events its drop events report as lost.
    pub(super) fn compare(&self, descriptor: &Descriptor, section: Option<u64>) -> Result<u64, Damage> {
        self.columns.compare(descriptor, section)
    }

    /// Lets a visitor take in the events that somebody looks at, and counts all of them.
    pub(super) fn drain<V: Visitor>(&mut self, visitor: &mut V) -> (u64, Drained<V::Error, Damage>) {
        let (mut events, mut passed) = (0, Passed::default());
        // What a panic leaves behind is not used: the visitor starts again, and the chunk is left.
        let caught = catch_unwind(AssertUnwindSafe(|| self.walk(visitor, &mut events, &mut passed)));
        let drained = caught.unwrap_or_else(|panic| Drained::Panicked(message(&*panic)));
        visitor.passed(&passed);
        (events + passed.events, drained)
    }

    fn walk<V: Visitor>(
        &mut self,
        visitor: &mut V,
        events: &mut u64,
        passed: &mut Passed,
    ) -> Drained<V::Error, Damage> {
        let Selected { columns, rows, numbering } = self;
        let (store, ids) = (columns.store(), columns.thread_ids());
        let lanes = columns.times().iter().zip(columns.thread_of()).zip(columns.cpus());
        let mut counts = [0u32; 256];
        // Whether the event before was not passed over.
        let mut is_first = true;
        for (item, ((ts, thread), cpu)) in columns.items().iter().zip(lanes) {
            let Some(row) = rows.get(usize::from(*item)) else { continue };
            let place = counts[usize::from(*item)];
            counts[usize::from(*item)] += 1;
            let tid = ids.get(*thread as usize).copied().unwrap_or(0);
            let mut extras = Extras::default();
            if row.has_options {
                let (number, found) = columns.options(&row.kind, place as usize);
                extras = found;
                number.into_iter().for_each(|number| numbering.jump(number));
            }
            let (num, initial) = numbering.event(row.info.code);
            let event = || {
                let mut event = Event::from_columns(row.info, &row.kind, store, place);
                (event.num, event.ts, event.tid, event.cpu) = (num, *ts, tid, *cpu);
                (event.state_only, event.initial) = (row.state_only, initial);
                event.set_extras(extras);
                event
            };
            let wanted = match row.which {
                Which::Nothing => None,
                Which::All => Some(event()),
                Which::Successful => Some(event()).filter(succeeded),
            };
            let Some(event) = wanted else {
                passed.add(row, *ts);
                if let Some(state) = visitor.state_mut() {
                    if is_first {
                        state.pass_first(row.info, *ts);
                    }
                    if row.goes_on {
                        state.pass_on(tid, *ts);
                    }
                }
                is_first = false;
                continue;
            };
            is_first = true;
            *events += 1;
            match visitor.block(&Block::Event(event)) {
                Ok(true) => {}
                Ok(false) => return Drained::Enough,
                Err(error) => return Drained::Visitor(error),
            }
        }
        Drained::End
    }
}

fn succeeded(event: &Event<'_>) -> bool {
    event.return_value().is_some_and(|result| result >= 0)
}

fn row(kind: Kind, info: &'static EventInfo, selection: &Selection, side: Side) -> Row {
    let choice = selection.of(info.code);
    let counts = choice.counts && side == Side::Inside && !kind.state_only();
    Row {
        kind,
        info,
        which: choice.which,
        counts,
        state_only: kind.state_only(),
        goes_on: needs::goes_on(info),
        has_options: kind.has_tail(),
    }
}
