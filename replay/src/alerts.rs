//! The question that rules ask: which events give alerts, and what their lines are. Blocks enter on any number of threads;
//! lines leave in the order of the captures and of their events, and the counters.

use std::io::{self, Write};

use tercel_format::Block;
use tercel_rules::correlation::Correlations;
use tercel_rules::program::Program;

use crate::alert::{Alert, Formatter, Style};
use crate::correlate::{Marker, Marks, Printer, Totals};
use crate::engine::{Counters, Evaluation, Options, Setup, Sink};
use crate::scan::{LeftOut, Merge, Needs, Outlet, Passed, PieceOrigin, PieceVisitor, Question, Visitor};
use crate::state::{Forgotten, ResumePoint, State};

/// How many bytes of lines are handed over at once.
const LINES: usize = 64 << 10;

/// Rules, and how their alerts are written.
#[derive(Debug)]
pub struct Alerts<'p> {
    setup: Setup<'p>,
    style: Style,
    correlations: Option<&'p Correlations>,
}

/// Lines, and what was counted while they were found.
#[derive(Debug)]
pub enum Found {
    /// Alerts, each line with its end.
    Lines(Vec<u8>),
    /// The same, with what correlations ask of each.
    Marked(Vec<u8>, Marks),
    /// What happened in a piece.
    Counters(Box<Counters>),
}

impl<'p> Alerts<'p> {
    /// Prepares the evaluation of `program`. Rules see only the events that match a rule of `filter`, if there is one.
    pub fn new(program: &'p Program, filter: Option<&Program>, options: Options, style: Style) -> Alerts<'p> {
        Alerts { setup: Setup::new(program, filter, options), style, correlations: None }
    }

    /// Correlates the alerts.
    pub fn correlated(self, correlations: &'p Correlations) -> Alerts<'p> {
        let is_any = !correlations.list.is_empty() || !correlations.once.is_empty();
        Alerts { correlations: is_any.then_some(correlations), ..self }
    }

    /// Writes the lines to `out`.
    pub fn lines_to<'o>(&self, out: &'o mut dyn Write) -> AlertLines<'o>
    where
        'p: 'o,
    {
        AlertLines { out, counters: Counters::new(self.setup.program), printer: self.printer() }
    }

    pub(crate) fn printer(&self) -> Option<Printer<'p>> {
        self.correlations.map(|correlations| Printer::new(correlations, self.setup.program, self.style))
    }

    pub(crate) fn marker(&self) -> Option<Marker> {
        self.correlations.map(|correlations| Marker::new(self.setup.program, correlations, self.style))
    }

    pub(crate) fn setup(&self) -> &Setup<'p> {
        &self.setup
    }

    pub(crate) fn formatter(&self) -> Formatter {
        Formatter::new(self.setup.program, self.style)
    }
}

/// Writes the lines of alerts, and adds up what was counted.
pub struct AlertLines<'o> {
    out: &'o mut dyn Write,
    counters: Counters,
    printer: Option<Printer<'o>>,
}

impl AlertLines<'_> {
    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Nothing follows: windows of correlations that ended before the last event give their alerts.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn finish(&mut self) -> io::Result<Totals> {
        let last = self.counters.span.map(|(_, last)| last);
        self.printer.as_mut().map_or(Ok(Totals::default()), |printer| printer.finish(last, self.out))
    }

    /// What happened.
    pub fn into_counters(self) -> Counters {
        self.counters
    }
}

impl Merge<Found> for AlertLines<'_> {
    fn merge(&mut self, part: Found) -> io::Result<()> {
        match part {
            Found::Lines(lines) => self.out.write_all(&lines),
            Found::Marked(lines, marks) => {
                let Some(printer) = &mut self.printer else { return self.out.write_all(&lines) };
                let mut start = 0;
                for mark in marks.iter() {
                    printer.print(&mark, lines.get(start..mark.line_end).unwrap_or_default(), self.out)?;
                    start = mark.line_end;
                }
                Ok(())
            }
            Found::Counters(counters) => {
                self.counters.add(&counters);
                Ok(())
            }
        }
    }

    fn skipped(&mut self, chunks: LeftOut) {
        self.counters.skipped.add(chunks);
    }
}

/// What a thread keeps from piece to piece.
#[derive(Debug)]
pub struct Worker {
    evaluation: Evaluation,
    formatter: Formatter,
    marker: Option<Marker>,
    /// The capture and its section whose process images the evaluation remembers.
    images: Option<(u64, u64)>,
}

impl Question for Alerts<'_> {
    type Worker = Worker;
    type Part = Found;

    fn worker(&self) -> Worker {
        Worker {
            evaluation: Evaluation::new(&self.setup),
            formatter: self.formatter(),
            marker: self.marker(),
            images: None,
        }
    }

    fn needs(&self) -> Needs<'_> {
        self.setup.needs()
    }

    fn is_divisible(&self) -> bool {
        self.setup.is_divisible()
    }

    fn visit<'a>(
        &'a self,
        worker: &'a mut Worker,
        place: &PieceOrigin<'_>,
        outlet: Outlet<'a, Found>,
    ) -> impl PieceVisitor + 'a {
        let Worker { evaluation, formatter, marker, images } = worker;
        let is_known = place.images.is_some() && *images == place.images;
        *images = place.images;
        evaluation.set_zone(place.origin.zone.as_ref());
        formatter.set_origin(place.origin);
        marker.iter_mut().for_each(|marker| marker.set_origin(place.origin));
        let marker = marker.as_mut();
        let lines = Lines { formatter, marker, outlet, bytes: Vec::new(), marks: Marks::default(), whole: 0 };
        let mut judge = Judge::new(&self.setup, evaluation, lines);
        judge.is_known = is_known;
        judge
    }

    fn is_over(&self, worker: &Worker) -> bool {
        self.setup.is_over(&worker.evaluation)
    }
}

/// Evaluates rules over the blocks of a scan.
pub(crate) struct Judge<'a, 'p, K> {
    setup: &'a Setup<'p>,
    evaluation: &'a mut Evaluation,
    state: State,
    pub(crate) sink: K,
    /// The process images of the state that comes first are those that the evaluation remembers.
    is_known: bool,
    /// What the state had dropped before this piece.
    before: Forgotten,
}

impl<'a, 'p, K: LineSink> Judge<'a, 'p, K> {
    pub(crate) fn new(setup: &'a Setup<'p>, evaluation: &'a mut Evaluation, sink: K) -> Judge<'a, 'p, K> {
        let mut judge = Judge {
            setup,
            evaluation,
            state: State::new(),
            sink,
            is_known: false,
            before: Forgotten::default(),
        };
        judge.start(State::new());
        judge
    }

    fn start(&mut self, mut state: State) {
        if let Some(limit) = self.setup.options.memory {
            state.limit_memory(limit);
        }
        self.before = state.forgotten();
        self.state = state;
    }

    /// Counts what the state gave up for its limit of memory.
    pub(crate) fn count_forgotten(&mut self) {
        let now = self.state.forgotten();
        let before = std::mem::replace(&mut self.before, now);
        self.evaluation.counters.forgotten.add_since(now, before);
    }
}

/// A sink that may be left in the middle of a line.
pub(crate) trait LineSink: Sink {
    /// Takes back what is not a whole line.
    fn truncate(&mut self);
}

impl<K: LineSink> Visitor for Judge<'_, '_, K> {
    type Error = io::Error;

    #[inline]
    fn block(&mut self, block: &Block<'_>) -> io::Result<bool> {
        if let Block::Section(_) = block {
            self.count_forgotten();
            self.before = Forgotten::default();
        }
        self.evaluation.block(self.setup, &mut self.state, block, &mut self.sink)
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> io::Result<()> {
        if !std::mem::take(&mut self.is_known) {
            self.evaluation.forget();
        }
        self.count_forgotten();
        self.start(state);
        Ok(())
    }

    fn state_mut(&mut self) -> Option<&mut State> {
        Some(&mut self.state)
    }

    fn passed(&mut self, events: &Passed) {
        self.evaluation.count_passed(events);
    }

    fn state(&self) -> Option<&State> {
        // After its limit of memory, a state depends on where it started.
        (!self.state.forgotten().is_any()).then_some(&self.state)
    }

    fn panicked(&mut self) -> bool {
        // What it remembers cannot be trusted.
        self.sink.truncate();
        self.evaluation.restart(self.setup);
        self.count_forgotten();
        self.start(State::new());
        true
    }
}

impl PieceVisitor for Judge<'_, '_, Lines<'_>> {
    fn finish(mut self) -> io::Result<()> {
        self.count_forgotten();
        self.sink.send()?;
        let counters = self.evaluation.take_counters(self.setup);
        self.sink.outlet.send(Found::Counters(Box::new(counters)), 0)
    }
}

/// Collects the lines of a piece and hands them over.
struct Lines<'a> {
    formatter: &'a mut Formatter,
    marker: Option<&'a mut Marker>,
    outlet: Outlet<'a, Found>,
    bytes: Vec<u8>,
    marks: Marks,
    /// Length of the lines that are whole.
    whole: usize,
}

impl Lines<'_> {
    fn send(&mut self) -> io::Result<()> {
        self.whole = 0;
        let lines = std::mem::take(&mut self.bytes);
        let marks = std::mem::take(&mut self.marks);
        let size = lines.len() + marks.weight();
        match (lines.is_empty(), marks.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => self.outlet.send(Found::Lines(lines), size),
            (false, false) => self.outlet.send(Found::Marked(lines, marks), size),
        }
    }
}

impl Sink for Lines<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.formatter.push_line(alert, &mut self.bytes);
        self.bytes.push(b'\n');
        if let Some(marker) = &mut self.marker {
            marker.push(alert, self.bytes.len(), &mut self.marks);
        }
        self.whole = self.bytes.len();
        if self.whole >= LINES { self.send() } else { Ok(()) }
    }
}

impl LineSink for Lines<'_> {
    fn truncate(&mut self) {
        self.bytes.truncate(self.whole);
        self.marks.truncate(self.marks.len());
    }
}
