//! The question that gives tables: blocks enter on any number of threads, rows leave.

use std::io;

use tercel_format::catalogue::code;
use tercel_format::{Block, Capture};
use tercel_replay::scan::{
    Advance, Ended, LeftOut, Merge, Needs, Opened, Outlet, PieceOrigin, PieceVisitor, Question, Report,
    ScanError, Supply, Threads, Visitor, scan_all,
};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Filter, Origin, Position, Settings, Window, depends_on_order};
use tercel_rules::program::Program;

use super::collector::{Collectors, Row, Table};
use super::seen::Seen;
use super::snapshot::Snapshot;

/// More than there are codes of events.
pub const CODES: usize = 512;

/// How often the memory of a piece is looked at, in events.
const LOOK: u32 = 1 << 14;

/// Asks a capture for tables. It is asked of one capture at a time: another one is another host, or another time.
#[derive(Debug)]
pub struct Tables<'f> {
    wanted: Vec<Table>,
    window: Window,
    filter: Option<&'f Program>,
    /// Most bytes that rows may take.
    memory: usize,
}

impl<'f> Tables<'f> {
    /// Asks for tables over the events of a window that a filter lets pass. `memory` is the limit for the rows, in bytes.
    pub fn new(wanted: &[Table], window: Window, filter: Option<&'f Program>, memory: usize) -> Tables<'f> {
        Tables { wanted: wanted.to_vec(), window, filter, memory }
    }

    /// Asks a capture, on this number of threads. `advance` gets the bytes of it that are done.
    ///
    /// # Errors
    /// The rows take more memory than they may, or threads cannot be started. Whatever is wrong with the capture stands in the answer.
    pub fn ask(&self, capture: Capture, threads: Threads, advance: Advance<'_>) -> io::Result<Answer> {
        let mut one = One { capture: Some(capture), ended: None };
        let mut collected = Collected {
            collectors: None,
            events: 0,
            counts: Box::new([0; CODES]),
            skipped: LeftOut::default(),
            is_over: false,
            memory: self.memory,
        };
        scan_all(self, &mut one, threads, &mut collected, advance)?;
        let Collected { collectors, events, counts, skipped, .. } = collected;
        let (report, error) = one.ended.map(|ended| (ended.report, ended.error)).unwrap_or_default();
        let tables = collectors.unwrap_or_else(|| Collectors::new(&self.wanted)).rows();
        Ok(Answer { tables, events, counts, skipped, report, error })
    }
}

/// The tables of a capture.
#[derive(Debug)]
pub struct Answer {
    /// The rows of each table that was asked for, in its order.
    pub tables: Vec<(Table, Vec<Row>)>,
    /// Events of the window that the filter let pass.
    pub events: u64,
    /// Events of the window by their codes, whatever the filter says.
    pub counts: Box<[u64; CODES]>,
    /// Chunks that were not read, because they lie outside of the window.
    pub skipped: LeftOut,
    /// What is damaged.
    pub report: Report,
    /// Why the capture was not read to its end.
    pub error: Option<ScanError>,
}

/// The one capture that is asked.
struct One {
    capture: Option<Capture>,
    ended: Option<Ended>,
}

impl Supply for One {
    fn next(&mut self) -> Option<Opened> {
        self.capture.take().map(|capture| Opened { origin: Origin::default(), capture })
    }

    fn ended(&mut self, ended: Ended) {
        self.ended = Some(ended);
    }
}

/// A part of the answer.
#[derive(Debug)]
pub struct Part {
    collectors: Collectors,
    /// Events of the window that the filter let pass.
    events: u64,
    counts: Box<[u64; CODES]>,
    /// The window ends in this piece.
    is_last: bool,
}

/// Puts the parts of the answer together.
struct Collected {
    collectors: Option<Collectors>,
    events: u64,
    counts: Box<[u64; CODES]>,
    skipped: LeftOut,
    /// The end of the window was reached.
    is_over: bool,
    memory: usize,
}

fn too_large(memory: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::OutOfMemory,
        format!("the rows take more than {} MiB of memory; ask for a window or with a filter", memory >> 20),
    )
}

impl Merge<Part> for Collected {
    fn merge(&mut self, part: Part) -> io::Result<()> {
        self.events += part.events;
        self.counts.iter_mut().zip(&*part.counts).for_each(|(sum, count)| *sum += count);
        let mut later = part.collectors;
        if self.is_over {
            // Events that come late may still be inside, but the state is that of a later time.
            later.forget();
        }
        let collectors = match self.collectors.take() {
            Some(mut collectors) => {
                collectors.merge(later);
                self.collectors.insert(collectors)
            }
            None => self.collectors.insert(later),
        };
        if part.is_last && !self.is_over {
            self.is_over = true;
            collectors.settle();
        }
        let bytes = collectors.bytes();
        if bytes > self.memory { Err(too_large(self.memory)) } else { Ok(()) }
    }

    fn skipped(&mut self, chunks: LeftOut) {
        self.skipped.add(chunks);
    }
}

impl Question for Tables<'_> {
    type Worker = Option<Filter>;
    type Part = Part;

    fn worker(&self) -> Option<Filter> {
        self.filter.map(|filter| Filter::new(filter, Settings::default()))
    }

    fn needs(&self) -> Needs<'_> {
        Needs::span(self.window)
    }

    fn is_divisible(&self) -> bool {
        !self.filter.is_some_and(depends_on_order)
    }

    fn visit<'a>(
        &'a self,
        worker: &'a mut Option<Filter>,
        _place: &PieceOrigin<'_>,
        outlet: Outlet<'a, Part>,
    ) -> impl PieceVisitor + 'a {
        worker.iter_mut().for_each(Filter::forget);
        Piece {
            question: self,
            filter: worker,
            state: State::new(),
            collectors: Collectors::new(&self.wanted),
            events: 0,
            counts: Box::new([0; CODES]),
            is_over: false,
            look: LOOK,
            outlet,
        }
    }
}

/// Collects rows over a piece.
struct Piece<'a, 'f> {
    question: &'a Tables<'f>,
    filter: &'a mut Option<Filter>,
    state: State,
    collectors: Collectors,
    events: u64,
    counts: Box<[u64; CODES]>,
    /// The window has ended, and what exists then was noted.
    is_over: bool,
    look: u32,
    outlet: Outlet<'a, Part>,
}

impl Piece<'_, '_> {
    /// Notes what exists, at the end of the window or of the piece.
    fn end(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.collectors.end(&Snapshot::new(&self.state, self.filter.as_mut(), self.question.memory));
        }
    }
}

impl Visitor for Piece<'_, '_> {
    type Error = io::Error;

    fn block(&mut self, block: &Block<'_>) -> io::Result<bool> {
        let Block::Event(event) = block else {
            if let Block::Section(_) = block {
                self.collectors.end(&Snapshot::new(&self.state, self.filter.as_mut(), self.question.memory));
                self.collectors.settle();
                self.filter.iter_mut().for_each(Filter::forget);
            }
            self.state.block(block);
            return Ok(true);
        };
        let position = self.question.window.position(event, self.state.first_ts());
        if matches!(position, Position::Behind | Position::End) {
            self.end();
        }
        if position == Position::End {
            return Ok(false);
        }
        if event.state_only && event.code() == code::PROCEXIT_1_E && position == Position::Inside {
            self.collectors
                .unseen_end(&Snapshot::new(&self.state, self.filter.as_mut(), self.question.memory), event);
        }
        let Some(facts) = self.state.apply(event) else { return Ok(true) };
        if position != Position::Inside {
            return Ok(true);
        }
        self.counts[usize::from(event.code()) % CODES] += 1;
        let context = Context { state: &self.state, event, facts: &facts };
        if self.filter.as_mut().is_some_and(|filter| !filter.holds(&context)) {
            return Ok(true);
        }
        self.events += 1;
        self.collectors.event(&Seen::new(context));
        self.look -= 1;
        if self.look == 0 {
            self.look = LOOK;
            if self.collectors.bytes() > self.question.memory {
                return Err(too_large(self.question.memory));
            }
        }
        Ok(true)
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> io::Result<()> {
        self.filter.iter_mut().for_each(Filter::forget);
        self.state = state;
        Ok(())
    }

    fn state(&self) -> Option<&State> {
        (!self.state.forgotten().is_any()).then_some(&self.state)
    }

    fn panicked(&mut self) -> bool {
        self.state = State::new();
        true
    }
}

impl PieceVisitor for Piece<'_, '_> {
    fn finish(mut self) -> io::Result<()> {
        let is_last = self.is_over;
        self.end();
        let bytes = self.collectors.bytes();
        self.outlet.send(
            Part { collectors: self.collectors, events: self.events, counts: self.counts, is_last },
            bytes,
        )
    }
}
