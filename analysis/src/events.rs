//! Events as rows: which of them, and which of their fields, is asked enters; rows leave, in order, while captures are read.

use std::io;
use std::sync::LazyLock;

use serde_json::Value;
use tercel_format::catalogue::{EVENTS as TYPES, ParamType, PrintFormat};
use tercel_format::{Block, Capture, Event};
use tercel_replay::fields::{Scratch, render_json};
use tercel_replay::scan::{
    Advance, Ended, LeftOut, Merge, Needs, Opened, Outlet, PieceOrigin, PieceVisitor, Question, Report,
    ScanError, Supply, Threads, Visitor, scan_all,
};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Filter, Origin, Paths, Position, Settings, Window, depends_on_order};
use tercel_rules::fields::{ArgRule, FIELDS, FieldFlags};
use tercel_rules::output::Template;
use tercel_rules::program::{Operand, Program};

/// Rows that are handed over at once.
const BATCH: usize = 1 << 10;

/// More than there are codes of events.
const CODES: usize = 512;

/// A field of events.
#[derive(Debug, Clone)]
pub struct EventField {
    /// Its name, with its argument.
    pub name: String,
    operand: Operand,
}

impl EventField {
    /// The field of this name, with its argument if it takes one; `None` if there is none.
    pub fn of(name: &str) -> Option<EventField> {
        let template = Template::parse(&format!("%{name}")).ok()?;
        match template.fields.as_slice() {
            [(field, operand)] if template.pieces.len() == 1 => {
                Some(EventField { name: field.clone(), operand: operand.clone() })
            }
            _ => None,
        }
    }

    /// All that need no argument.
    pub fn all() -> &'static [EventField] {
        static ALL: LazyLock<Vec<EventField>> = LazyLock::new(|| {
            let usable = FIELDS.iter().filter(|info| {
                info.arg != ArgRule::Required
                    && !info.flags.intersects(FieldFlags::TABLE_ONLY | FieldFlags::DEPRECATED)
            });
            usable.filter_map(|info| EventField::of(info.name)).collect()
        });
        &ALL
    }

    /// Whether its values are the same however the capture is read.
    fn is_of_event(&self) -> bool {
        const COUNTED: [&str; 4] = ["evt.deltatime", "util.cnt", "thread.cpu", "evt.count"];
        !COUNTED.iter().any(|name| self.name.starts_with(name))
    }

    /// What its values are.
    pub fn kind(&self) -> FieldKind {
        use ParamType::*;
        let is_decimal = matches!(self.operand.format, PrintFormat::Dec | PrintFormat::Id);
        match self.operand.ty {
            _ if self.operand.list => FieldKind::Text,
            Bool => FieldKind::Bool,
            Int8 | Int16 | Int32 | Int64 | Fd | Fd32 | Pid | Pid32 if is_decimal => FieldKind::Int,
            Uint8 | Uint16 | Uint32 | Uint64 | Port | Uid | Gid if is_decimal => FieldKind::Uint,
            _ => FieldKind::Text,
        }
    }
}

/// What the values of a field are, for files with typed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Yes or no.
    Bool,
    /// Signed numbers.
    Int,
    /// Unsigned numbers.
    Uint,
    /// Text, or values of several kinds.
    Text,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Nanoseconds since the epoch.
    pub time: u64,
    /// Its number.
    pub number: u64,
    /// Values of the fields that are asked for, in their order.
    pub values: Vec<Value>,
}

/// Asks captures for events.
#[derive(Debug)]
pub struct Events<'p> {
    window: Window,
    /// By codes, whether events of it are wanted; all without.
    types: Option<Box<[bool]>>,
    filter: Option<&'p Program>,
    fields: Vec<EventField>,
    /// What the filter sees.
    settings: Settings,
    is_ordered: bool,
}

/// How reading a capture ended.
#[derive(Debug, Default)]
pub struct EventsRead {
    /// Rows.
    pub rows: u64,
    /// Chunks that were not read.
    pub skipped: LeftOut,
    /// What is damaged.
    pub report: Report,
    /// Why it was not read to its end.
    pub error: Option<ScanError>,
}

impl<'p> Events<'p> {
    /// Asks for these fields of the events in a window that a filter lets pass.
    pub fn new(window: Window, filter: Option<&'p Program>, fields: Vec<EventField>) -> Events<'p> {
        let is_ordered = !fields.iter().all(EventField::is_of_event) || filter.is_some_and(depends_on_order);
        Events { window, types: None, filter, fields, settings: Settings::default(), is_ordered }
    }

    /// Whose paths the filter sees.
    pub fn with_paths(self, paths: Paths) -> Events<'p> {
        Events { settings: Settings { paths, ..self.settings }, ..self }
    }

    /// Only events of these types (`evt.type`).
    pub fn of_types(self, names: &[String]) -> Events<'p> {
        let mut types = vec![false; CODES];
        for info in TYPES.iter().filter(|info| names.iter().any(|name| name == info.name)) {
            types[usize::from(info.code) % CODES] = true;
        }
        // Calls without an event of their own have the name of the call.
        if !names.iter().all(|name| TYPES.iter().any(|info| info.name == name)) {
            types.fill(true);
        }
        Events { types: Some(types.into_boxed_slice()), ..self }
    }

    /// The fields.
    pub fn fields(&self) -> &[EventField] {
        &self.fields
    }

    /// Reads a capture on this number of threads and gives batches of rows to `take`, in order.
    ///
    /// # Errors
    /// Those of `take`, which end the reading; threads cannot be started. Whatever is wrong with the capture stands in the answer.
    pub fn ask(
        &self,
        capture: Capture,
        threads: Threads,
        advance: Advance<'_>,
        take: &mut dyn FnMut(Vec<EventRow>) -> io::Result<()>,
    ) -> io::Result<EventsRead> {
        let mut one = One { capture: Some(capture), ended: None };
        let mut taken = Taken { take, rows: 0, skipped: LeftOut::default() };
        scan_all(self, &mut one, threads, &mut taken, advance)?;
        let Taken { rows, skipped, .. } = taken;
        let (report, error) = one.ended.map(|ended| (ended.report, ended.error)).unwrap_or_default();
        Ok(EventsRead { rows, skipped, report, error })
    }
}

/// The one capture that is read.
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

/// Hands rows on.
struct Taken<'t> {
    take: &'t mut dyn FnMut(Vec<EventRow>) -> io::Result<()>,
    rows: u64,
    skipped: LeftOut,
}

impl Merge<Vec<EventRow>> for Taken<'_> {
    fn merge(&mut self, rows: Vec<EventRow>) -> io::Result<()> {
        self.rows += rows.len() as u64;
        (self.take)(rows)
    }

    fn skipped(&mut self, chunks: LeftOut) {
        self.skipped.add(chunks);
    }
}

/// What a thread keeps from piece to piece.
#[derive(Debug)]
pub struct Worker {
    filter: Option<Filter>,
    scratch: Scratch,
}

impl Question for Events<'_> {
    type Worker = Worker;
    type Part = Vec<EventRow>;

    fn worker(&self) -> Worker {
        let filter = self.filter.map(|filter| Filter::new(filter, self.settings));
        Worker { filter, scratch: Scratch::new(Settings::default()) }
    }

    fn needs(&self) -> Needs<'_> {
        match &self.types {
            Some(types) => Needs::types(self.window, types),
            None => Needs::span(self.window),
        }
    }

    fn is_divisible(&self) -> bool {
        !self.is_ordered
    }

    fn visit<'a>(
        &'a self,
        worker: &'a mut Worker,
        _place: &PieceOrigin<'_>,
        outlet: Outlet<'a, Vec<EventRow>>,
    ) -> impl PieceVisitor + 'a {
        worker.filter.iter_mut().for_each(Filter::forget);
        Piece { question: self, worker, state: State::new(), rows: Vec::new(), outlet }
    }
}

struct Piece<'a> {
    question: &'a Events<'a>,
    worker: &'a mut Worker,
    state: State,
    rows: Vec<EventRow>,
    outlet: Outlet<'a, Vec<EventRow>>,
}

impl Piece<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<bool> {
        let Some(facts) = self.state.apply(event) else { return Ok(true) };
        match self.question.window.position(event, self.state.first_ts()) {
            Position::Before | Position::Behind => return Ok(true),
            Position::End => return Ok(false),
            Position::Inside => {}
        }
        let is_wanted = |types: &[bool]| types[usize::from(event.code()) % CODES];
        if !self.question.types.as_deref().is_none_or(is_wanted) {
            return Ok(true);
        }
        let context = Context { state: &self.state, event, facts: &facts };
        let Worker { filter, scratch } = &mut *self.worker;
        if filter.as_mut().is_some_and(|filter| !filter.holds(&context)) {
            return Ok(true);
        }
        let fields = self.question.fields.iter();
        let values = fields.map(|field| render_json(&context, &field.operand, scratch)).collect();
        self.rows.push(EventRow { time: event.ts, number: event.num, values });
        if self.rows.len() == BATCH {
            self.send()?;
        }
        Ok(true)
    }

    fn send(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let bytes = rows.len() * (64 + self.question.fields.len() * 48);
        if rows.is_empty() { Ok(()) } else { self.outlet.send(rows, bytes) }
    }
}

impl Visitor for Piece<'_> {
    type Error = io::Error;

    fn block(&mut self, block: &Block<'_>) -> io::Result<bool> {
        match block {
            Block::Event(event) => return self.event(event),
            Block::Section(_) => self.worker.filter.iter_mut().for_each(Filter::forget),
            _ => {}
        }
        self.state.block(block);
        Ok(true)
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> io::Result<()> {
        self.worker.filter.iter_mut().for_each(Filter::forget);
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

impl PieceVisitor for Piece<'_> {
    fn finish(mut self) -> io::Result<()> {
        self.send()
    }
}
