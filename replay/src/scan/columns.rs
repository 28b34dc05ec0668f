//! The innermost loop over a chunk in columns: events that somebody looks at are put together from the columns that are unpacked, all
//! others are passed over: for them one look at their kind and one at their thread has to do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tercel_format::catalogue::{EVENTS, EventInfo, code};
use tercel_format::columns::{Columns, Kind, Store};
use tercel_format::extras::Extras;
use tercel_format::trace::{Damage, Descriptor};
use tercel_format::{Block, Event, Numbering};

use super::Visitor;
use super::drain::{Drained, message};
use super::selection::{Selection, Which};
use crate::state::{State, needs};
use crate::window::{Point, Window};

/// Events that were passed over, or shown to the state alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// How many.
    pub events: u64,
    /// Of these, those that exist for the state alone.
    pub state_only: u64,
    /// Of these, those that count as evaluated although no rule can match them.
    pub evaluated: u64,
    /// Times of the earliest and the latest one of all events up to the last of them.
    pub span: Option<(u64, u64)>,
}

impl Passed {
    #[inline]
    fn add(&mut self, row: &Row) {
        self.events += 1;
        self.state_only += u64::from(row.state_only);
        self.evaluated += u64::from(row.counts);
    }
}

/// Where the events of a chunk lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// All before the window.
    Before,
    /// All in it.
    Inside,
    /// That is not the same for all, or is not known: each has to be looked at.
    Mixed,
}

/// Where the events of a chunk lie according to its descriptor.
pub(super) fn side(window: &Window, descriptor: &Descriptor) -> Side {
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
    match (is_after_start, is_before_end) {
        (Some(true), true) => Side::Inside,
        (Some(false), true) => Side::Before,
        _ => Side::Mixed,
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
    /// The visitor looks at the events, and not only the state.
    is_looked_at: bool,
    counts: bool,
    state_only: bool,
    /// See [`needs::goes_on`].
    goes_on: bool,
    /// Options follow the events: numbers of their own, and what the kernel says beside the parameters.
    has_options: bool,
    unsettles: Unsettles,
}

/// Of which threads passed events may have an effect again after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsettles {
    /// Of none that they had none of before.
    Nobody,
    /// Of its own.
    Thread,
    /// Of any.
    All,
}

/// A chunk in columns on its way to a visitor, with what is needed of it unpacked.
pub(super) struct Selected<'c> {
    columns: &'c Columns,
    rows: Vec<Row>,
    /// How many items of each kind were walked over.
    counts: [u32; 256],
    /// How many items were walked over.
    walked: usize,
    events: u64,
    passed: Passed,
    settled: Settled,
    pub(super) numbering: Numbering,
}

/// Threads of which it is known that passed events change nothing.
struct Settled {
    /// Of each thread of the chunk, when that was found out.
    since: Vec<u32>,
    /// What was found out before does not count.
    now: u32,
    /// How many threads the state has removed for its limit of memory.
    removed: u64,
}

impl Settled {
    /// Takes note of an event that is passed over.
    #[inline]
    fn pass(&mut self, thread: usize, tid: i64, ts: u64, state: &mut State) {
        let Some(since) = self.since.get_mut(thread) else { return };
        if *since != self.now {
            *since = self.now;
            state.pass_on(tid, ts);
            self.look(state);
        }
    }

    /// Looks whether threads were removed for the limit of memory.
    #[inline]
    fn look(&mut self, state: &State) {
        let removed = state.forgotten().removed;
        if removed != self.removed {
            self.removed = removed;
            self.now += 1;
        }
    }

    /// Takes note of an event that was taken in.
    #[inline]
    fn unsettle(&mut self, unsettles: Unsettles, thread: usize) {
        match unsettles {
            Unsettles::Nobody => {}
            Unsettles::Thread => self.since.get_mut(thread).into_iter().for_each(|since| *since = 0),
            Unsettles::All => self.now += 1,
        }
    }
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
            // Raw blocks there are none.
            let info = kind.info.unwrap_or(&EVENTS[0]);
            rows.push(row(*kind, info, selection, side));
            // What was lost is compared with the descriptor.
            let params = selection.of(info.code).params | u32::from(info.code == code::DROP_E);
            let params = params | if kind.has_tail() { needs::beside_extras(info) } else { 0 };
            let is_wanted = |param: &usize| params.checked_shr(*param as u32).unwrap_or(0) & 1 == 1;
            (0..usize::from(kind.nparams))
                .filter(is_wanted)
                .try_for_each(|param| columns.unpack(index, param))?;
            columns.unpack_tail(index)?;
        }
        let settled = Settled { since: vec![0; columns.thread_ids().len()], now: 1, removed: 0 };
        let (counts, passed) = ([0; 256], Passed::default());
        Ok(Some(Selected { columns, rows, counts, walked: 0, events: 0, passed, settled, numbering }))
    }

    /// Compares the chunk with its descriptor; returns how many events its drop events report as lost.
    pub(super) fn compare(&self, descriptor: &Descriptor, section: Option<u64>) -> Result<u64, Damage> {
        self.columns.compare(descriptor, section)
    }

    /// Lets a visitor take in the events that somebody looks at, and counts all of them.
    pub(super) fn drain<V: Visitor>(&mut self, visitor: &mut V) -> (u64, Drained<V::Error, Damage>) {
        // What a panic leaves behind is not used: the visitor starts again, and the chunk is left.
        let caught = catch_unwind(AssertUnwindSafe(|| self.walk(visitor)));
        let drained = caught.unwrap_or_else(|panic| Drained::Panicked(message(&*panic)));
        let times = self.columns.times().get(..self.walked).unwrap_or_default();
        self.passed.span = times.iter().min().copied().zip(times.iter().max().copied());
        visitor.passed(&self.passed);
        (self.events + self.passed.events, drained)
    }

    fn walk<V: Visitor>(&mut self, visitor: &mut V) -> Drained<V::Error, Damage> {
        let columns = self.columns;
        let (store, ids) = (columns.store(), columns.thread_ids());
        let lanes = columns.times().iter().zip(columns.thread_of()).zip(columns.cpus());
        // Whether the event before was not passed over.
        let mut is_first = true;
        for (item, ((ts, thread), cpu)) in columns.items().iter().zip(lanes) {
            let kind = usize::from(*item);
            let Some(row) = self.rows.get(kind) else { continue };
            let place = self.counts[kind];
            self.counts[kind] = place + 1;
            self.walked += 1;
            let thread = *thread as usize;
            let tid = ids.get(thread).copied().unwrap_or(0);
            let mut extras = Extras::default();
            if row.has_options {
                let (number, found) = columns.options(&row.kind, place as usize);
                extras = found;
                number.into_iter().for_each(|number| self.numbering.jump(number));
            }
            let (num, initial) = self.numbering.event(row.info.code);
            // What the kernel says of an fd counts with any event.
            if extras.is_empty() && row.passes(store, place as usize) {
                self.passed.add(row);
                if let Some(state) = visitor.state_mut() {
                    if is_first {
                        state.pass_first(row.info, *ts);
                        self.settled.look(state);
                    }
                    if row.goes_on {
                        self.settled.pass(thread, tid, *ts, state);
                    }
                }
                is_first = false;
                continue;
            }
            let mut event = Event::from_columns(row.info, &row.kind, store, place);
            (event.num, event.ts, event.tid, event.cpu) = (num, *ts, tid, *cpu);
            (event.state_only, event.initial) = (row.state_only, initial);
            event.set_extras(extras);
            is_first = true;
            self.settled.unsettle(row.unsettles, thread);
            // Events that build the initial state are not shown, others of their types are.
            if !row.is_looked_at
                && !initial
                && let Some(state) = visitor.state_mut()
            {
                self.passed.add(row);
                state.apply(&event);
                continue;
            }
            self.events += 1;
            match visitor.block(&Block::Event(event)) {
                Ok(true) => {}
                Ok(false) => return Drained::Enough,
                Err(error) => return Drained::Visitor(error),
            }
        }
        Drained::End
    }
}

impl Row {
    /// Whether the event in a row is passed over.
    #[inline]
    fn passes(&self, store: &Store, place: usize) -> bool {
        match self.which {
            Which::Nothing => true,
            Which::All => false,
            // As `Event::return_value` reads it.
            Which::Successful if self.kind.nparams == 0 => true,
            Which::Successful => match store.get(self.kind.first as usize, place) {
                Some(bytes @ [.., last]) if matches!(bytes.len(), 4 | 8) => last & 0x80 != 0,
                Some(_) => false,
                None => true,
            },
        }
    }
}

fn row(kind: Kind, info: &'static EventInfo, selection: &Selection, side: Side) -> Row {
    let choice = selection.of(info.code);
    let counts = choice.counts && side == Side::Inside && !kind.state_only();
    // Where windows begin and end every event has its place.
    let which = if side == Side::Mixed { Which::All } else { choice.which };
    let unsettles = match info.code {
        code::SYSCALL_CLONE_20_X
        | code::SYSCALL_FORK_20_X
        | code::SYSCALL_VFORK_20_X
        | code::SYSCALL_CLONE3_X
        | code::SYSCALL_EXECVE_19_X
        | code::SYSCALL_EXECVEAT_X
        | code::PROCEXIT_1_E => Unsettles::All,
        _ if info.is_exit() => Unsettles::Nobody,
        _ => Unsettles::Thread,
    };
    Row {
        kind,
        info,
        which,
        is_looked_at: choice.is_looked_at || side == Side::Mixed,
        counts,
        state_only: kind.state_only(),
        goes_on: needs::goes_on(info),
        has_options: kind.has_tail(),
        unsettles,
    }
}
