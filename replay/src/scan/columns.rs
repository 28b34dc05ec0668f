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
    fn add(&mut self, row: &Row, events: u64) {
        self.events += events;
        self.state_only += if row.state_only { events } else { 0 };
        self.evaluated += if row.counts { events } else { 0 };
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
    /// They are calls of close, of which those are looked at that succeeded.
    is_close: bool,
    unsettles: Unsettles,
    /// What happens to each without a look at its parameters.
    way: Way,
}

/// What happens to the items of a kind before anything of them but thread and time is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is looked at.
    Look,
    /// Nothing: it is passed over.
    Pass,
    /// It is passed over, and its thread goes on.
    GoOn,
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
    /// Whether events of a thread that are passed over change nothing.
    #[inline]
    fn is_settled(&self, thread: usize) -> bool {
        self.since.get(thread).is_none_or(|since| *since == self.now)
    }

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
        for (row, count) in self.rows.iter().zip(self.counts).filter(|(row, _)| row.way != Way::Look) {
            self.passed.add(row, u64::from(count));
        }
        let times = self.columns.times().get(..self.walked).unwrap_or_default();
        self.passed.span = times.iter().min().copied().zip(times.iter().max().copied());
        visitor.passed(&self.passed);
        (self.events + self.passed.events, drained)
    }

    fn walk<V: Visitor>(&mut self, visitor: &mut V) -> Drained<V::Error, Damage> {
        let columns = self.columns;
        let ids = columns.thread_ids();
        // A table that every kind is in needs no check of its bounds.
        let mut ways = [Way::Look; 256];
        ways.iter_mut().zip(&self.rows).for_each(|(way, row)| *way = row.way);
        // Whether the event before was not passed over; how many were since the last number was given.
        let (mut is_first, mut unnumbered) = (true, 0);
        let lanes = columns.times().iter().zip(columns.thread_of());
        for (item, (kind, (ts, thread))) in columns.items().iter().zip(lanes).enumerate() {
            let (kind, thread) = (usize::from(*kind), *thread as usize);
            let place = self.counts[kind];
            self.counts[kind] = place + 1;
            let way = ways[kind];
            if way != Way::Look && self.numbering.initial.is_none() {
                unnumbered += 1;
                if is_first || (way == Way::GoOn && !self.settled.is_settled(thread)) {
                    let tid = ids.get(thread).copied().unwrap_or(0);
                    self.pass(kind, Item { thread, tid, ts: *ts }, is_first, visitor);
                    is_first = false;
                }
                continue;
            }
            self.numbering.counted = self.numbering.counted.saturating_add(std::mem::take(&mut unnumbered));
            self.walked = item + 1;
            let tid = ids.get(thread).copied().unwrap_or(0);
            let cpu = columns.cpus().get(item).copied().unwrap_or(0);
            match self.look(kind, place, Item { thread, tid, ts: *ts }, cpu, is_first, visitor) {
                Ok(was_passed) => is_first = !was_passed,
                Err(drained) => return drained,
            }
        }
        self.numbering.counted = self.numbering.counted.saturating_add(unnumbered);
        self.walked = columns.items().len();
        Drained::End
    }

    /// Passes over an event of a kind.
    #[inline]
    fn pass<V: Visitor>(&mut self, kind: usize, item: Item, is_first: bool, visitor: &mut V) {
        let (Some(row), Some(state)) = (self.rows.get(kind), visitor.state_mut()) else { return };
        if is_first {
            state.pass_first(row.info, item.ts);
            self.settled.look(state);
        }
        if row.goes_on {
            self.settled.pass(item.thread, item.tid, item.ts, state);
        }
    }

    /// Looks at the event in row `place` of a kind; answers whether it was passed over.
    #[inline]
    fn look<V: Visitor>(
        &mut self,
        kind: usize,
        place: u32,
        item: Item,
        cpu: u16,
        is_first: bool,
        visitor: &mut V,
    ) -> Result<bool, Drained<V::Error, Damage>> {
        let (columns, store) = (self.columns, self.columns.store());
        let Some(row) = self.rows.get(kind) else { return Ok(false) };
        let mut extras = Extras::default();
        if row.has_options {
            let (number, found) = columns.options(&row.kind, place as usize);
            extras = found;
            number.into_iter().for_each(|number| self.numbering.jump(number));
        }
        let (num, initial) = self.numbering.event(row.info.code);
        // What the kernel says of an fd counts with any event.
        if extras.is_empty() && row.passes(store, place as usize) {
            if row.way == Way::Look {
                self.passed.add(row, 1);
            }
            self.pass(kind, item, is_first, visitor);
            return Ok(true);
        }
        self.settled.unsettle(row.unsettles, item.thread);
        // Events that build the initial state are not shown, others of their types are.
        let is_for_state = !row.is_looked_at && !initial;
        let mut event = Event::from_columns(row.info, &row.kind, store, place);
        (event.num, event.ts, event.tid, event.cpu) = (num, item.ts, item.tid, cpu);
        (event.state_only, event.initial) = (row.state_only, initial);
        event.set_extras(extras);
        if is_for_state && let Some(state) = visitor.state_mut() {
            self.passed.add(row, 1);
            if row.is_close && extras.is_empty() && state.is_running() {
                state.close(item.tid, item.ts, event.int(CLOSED_FD));
            } else {
                state.apply(&event);
            }
            return Ok(false);
        }
        self.events += 1;
        match visitor.block(&Block::Event(event)) {
            Ok(true) => Ok(false),
            Ok(false) => Err(Drained::Enough),
            Err(error) => Err(Drained::Visitor(error)),
        }
    }
}

/// An event's thread, by its place in the chunk and by its id, and its time.
#[derive(Debug, Clone, Copy)]
struct Item {
    thread: usize,
    tid: i64,
    ts: u64,
}

/// The parameter of close that says what is closed.
const CLOSED_FD: usize = 1;

impl Row {
    /// Whether the event in a row is passed over.
    #[inline]
    fn passes(&self, store: &Store, place: usize) -> bool {
        match self.which {
            Which::Nothing => true,
            Which::All => false,
            Which::Effective(outcome) => {
                let nparams = usize::from(self.kind.nparams);
                let param = |index: usize| {
                    (index < nparams).then(|| store.get(self.kind.first as usize + index, place)).flatten()
                };
                !outcome.has_effect(param)
            }
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
    let goes_on = needs::goes_on(info);
    let way = match which {
        Which::Nothing if kind.has_tail() => Way::Look,
        Which::Nothing if goes_on => Way::GoOn,
        Which::Nothing => Way::Pass,
        Which::All | Which::Effective(_) => Way::Look,
    };
    Row {
        kind,
        info,
        which,
        is_looked_at: choice.is_looked_at || side == Side::Mixed,
        counts,
        state_only: kind.state_only(),
        goes_on,
        has_options: kind.has_tail(),
        is_close: info.code == code::SYSCALL_CLOSE_X && matches!(which, Which::Effective(_)),
        unsettles,
        way,
    }
}
