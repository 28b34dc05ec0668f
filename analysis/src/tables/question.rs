//! The question that gives tables: blocks enter on any number of threads, rows leave.

use std::io;
use std::sync::Arc;

use tercel_format::catalogue::{EventInfo, code};
use tercel_format::trace::Zone;
use tercel_format::{Block, Capture};
use tercel_replay::scan::{
    Advance, Ended, LeftOut, Merge, Needs, Opened, Outlet, Passed, PieceOrigin, PieceVisitor, Question,
    Report, ScanError, Selection, Supply, Threads, Visitor, scan_all,
};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Filter, Origin, Paths, Position, Settings, Window, depends_on_order};
use tercel_rules::program::Program;

use super::alerts::{Judge, Raised};
use super::collector::{Collectors, Row, Table};
use super::dns;
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
    rules: Option<&'f Program>,
    /// What filter and rules see.
    settings: Settings,
    /// Most bytes that rows may take.
    memory: usize,
    /// What is put together of traces in columns; `None`: everything.
    selection: Option<Selection>,
}

impl<'f> Tables<'f> {
    /// Asks for tables over the events of a window that a filter lets pass. `memory` is the limit for the rows, in bytes.
    pub fn new(wanted: &[Table], window: Window, filter: Option<&'f Program>, memory: usize) -> Tables<'f> {
        let settings = Settings::default();
        Tables { wanted: wanted.to_vec(), window, filter, rules: None, settings, memory, selection: None }
            .selecting()
    }

    /// Evaluates rules, for the tables that show alerts. They see the events that the filter lets pass.
    pub fn with_rules(self, rules: Option<&'f Program>) -> Tables<'f> {
        let shows = Table::WITH_ALERTS.iter().any(|table| self.wanted.contains(table));
        Tables { rules: rules.filter(|_| shows), ..self }.selecting()
    }

    /// Whose paths filter and rules see.
    pub fn with_paths(self, paths: Paths) -> Tables<'f> {
        Tables { settings: Settings { paths, ..self.settings }, ..self }
    }

    /// Finds out what has to be put together.
    fn selecting(self) -> Tables<'f> {
        let reads = |info: &EventInfo| {
            let of_tables = self.wanted.iter().filter_map(|table| table.reads(info));
            of_tables.reduce(|one, other| one | other)
        };
        let selection = Selection::of_reader(reads, self.filter, self.rules);
        Tables { selection, ..self }
    }

    /// Asks a capture, on this number of threads. `advance` gets the bytes of it that are done.
    ///
    /// # Errors
    /// The rows take more memory than they may, or threads cannot be started. Whatever is wrong with the capture stands in the answer.
    pub fn ask(&self, capture: Capture, threads: Threads, advance: Advance<'_>) -> io::Result<Answer> {
        let zone = capture.header().map(|header| Arc::new(header.zone.clone()));
        let mut one = One { capture: Some(capture), zone, ended: None };
        let mut collected = Collected {
            host: String::new(),
            collectors: None,
            events: 0,
            counts: Box::new([0; CODES]),
            skipped: LeftOut::default(),
            is_over: false,
            memory: self.memory,
        };
        scan_all(self, &mut one, threads, &mut collected, advance)?;
        let Collected { host, collectors, events, counts, skipped, .. } = collected;
        let (report, error) = one.ended.map(|ended| (ended.report, ended.error)).unwrap_or_default();
        let tables = collectors.unwrap_or_else(|| Collectors::new(&self.wanted)).rows();
        Ok(Answer { tables, host, events, counts, skipped, report, error })
    }
}

/// The tables of a capture.
#[derive(Debug)]
pub struct Answer {
    /// The rows of each table that was asked for, in its order.
    pub tables: Vec<(Table, Vec<Row>)>,
    /// Name of the host; empty where the capture does not say it.
    pub host: String,
    /// Events of the window that the filter let pass.
    pub events: u64,
    /// Events of the window by their codes, whatever the filter says. Without a filter, events that no table looks at are not among them.
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
    /// The local time of its host, for rules.
    zone: Option<Arc<Zone>>,
    ended: Option<Ended>,
}

impl Supply for One {
    fn next(&mut self) -> Option<Opened> {
        let origin = Origin { zone: self.zone.take(), ..Origin::default() };
        self.capture.take().map(|capture| Opened { origin, capture })
    }

    fn ended(&mut self, ended: Ended) {
        self.ended = Some(ended);
    }
}

/// A part of the answer.
#[derive(Debug)]
pub struct Part {
    host: Vec<u8>,
    collectors: Collectors,
    /// Events of the window that the filter let pass.
    events: u64,
    counts: Box<[u64; CODES]>,
    /// The window ends in this piece.
    is_last: bool,
}

/// Puts the parts of the answer together.
struct Collected {
    host: String,
    collectors: Option<Collectors>,
    events: u64,
    counts: Box<[u64; CODES]>,
    skipped: LeftOut,
    /// The end of the window was reached.
    is_over: bool,
    memory: usize,
}

fn too_large(memory: usize) -> io::Error {
    let limit = match memory {
        0..0x400 => format!("{memory} bytes"),
        0x400..0x10_0000 => format!("{} KiB", memory >> 10),
        _ => format!("{} MiB", memory >> 20),
    };
    io::Error::new(
        io::ErrorKind::OutOfMemory,
        format!("the rows take more than {limit} of memory; ask for a window or with a filter"),
    )
}

impl Merge<Part> for Collected {
    fn merge(&mut self, part: Part) -> io::Result<()> {
        self.events += part.events;
        if self.host.is_empty() {
            self.host = String::from_utf8_lossy(&part.host).into_owned();
        }
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

impl<'f> Question for Tables<'f> {
    type Worker = Worker<'f>;
    type Part = Part;

    fn worker(&self) -> Worker<'f> {
        Worker {
            filter: self.filter.map(|filter| Filter::new(filter, self.settings)),
            judge: self.rules.map(|rules| Judge::new(rules, self.settings)),
            raised: Vec::new(),
        }
    }

    fn needs(&self) -> Needs<'_> {
        Needs::span(self.window).selecting(self.selection.as_ref())
    }

    fn is_divisible(&self) -> bool {
        ![self.filter, self.rules].into_iter().flatten().any(depends_on_order)
    }

    fn visit<'a>(
        &'a self,
        worker: &'a mut Worker<'f>,
        place: &PieceOrigin<'_>,
        outlet: Outlet<'a, Part>,
    ) -> impl PieceVisitor + 'a {
        worker.forget();
        worker.judge.iter_mut().for_each(|judge| judge.set_zone(place.origin.zone.as_ref()));
        Piece {
            question: self,
            worker,
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

/// What a thread keeps from piece to piece.
#[derive(Debug)]
pub struct Worker<'f> {
    filter: Option<Filter>,
    judge: Option<Judge<'f>>,
    /// The alerts of the current event.
    raised: Vec<Raised>,
}

impl Worker<'_> {
    /// The numbers of process images begin again.
    fn forget(&mut self) {
        self.filter.iter_mut().for_each(Filter::forget);
        self.judge.iter_mut().for_each(Judge::forget);
    }
}

/// Collects rows over a piece.
struct Piece<'a, 'f> {
    question: &'a Tables<'f>,
    worker: &'a mut Worker<'f>,
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
            self.collectors.end(&Snapshot::new(
                &self.state,
                self.worker.filter.as_mut(),
                self.question.memory,
            ));
        }
    }
}

impl Visitor for Piece<'_, '_> {
    type Error = io::Error;

    fn block(&mut self, block: &Block<'_>) -> io::Result<bool> {
        let Block::Event(event) = block else {
            if let Block::Section(_) = block {
                self.collectors.end(&Snapshot::new(
                    &self.state,
                    self.worker.filter.as_mut(),
                    self.question.memory,
                ));
                self.collectors.settle();
                self.worker.forget();
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
            self.collectors.unseen_end(
                &Snapshot::new(&self.state, self.worker.filter.as_mut(), self.question.memory),
                event,
            );
        }
        let Some(facts) = self.state.apply(event) else { return Ok(true) };
        if position != Position::Inside {
            return Ok(true);
        }
        self.counts[usize::from(event.code()) % CODES] += 1;
        let context = Context { state: &self.state, event, facts: &facts };
        self.collectors.unfiltered(event);
        let message = if self.collectors.wants_messages() { dns::message(&context) } else { None };
        message.iter().for_each(|message| self.collectors.message(message));
        if self.worker.filter.as_mut().is_some_and(|filter| !filter.holds(&context)) {
            return Ok(true);
        }
        self.events += 1;
        let Worker { judge, raised, .. } = &mut *self.worker;
        judge.iter_mut().for_each(|judge| judge.alerts(&context, raised));
        self.collectors.event(&Seen::new(context, message.as_ref(), raised));
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
        self.worker.forget();
        self.state = state;
        Ok(())
    }

    fn state(&self) -> Option<&State> {
        (!self.state.forgotten().is_any()).then_some(&self.state)
    }

    fn state_mut(&mut self) -> Option<&mut State> {
        Some(&mut self.state)
    }

    fn passed(&mut self, events: &Passed) {
        self.events += events.evaluated;
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
        let host = self.state.machine.hostname.clone();
        self.outlet.send(
            Part { host, collectors: self.collectors, events: self.events, counts: self.counts, is_last },
            bytes,
        )
    }
}
