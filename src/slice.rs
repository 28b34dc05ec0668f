//! `tercel slice`: a part of a capture is written as a capture of its own. It begins with the state that the part begins
//! with, and keeps events that were left out where they change what later ones mean, marked as there for the state only:
//! the slice gives the alerts that the capture gives with the same window and filter.

use std::time::Instant;

use tercel_format::catalogue::code;
use tercel_format::trace::Header;
use tercel_format::{Batch, Block, Event, Numbering};
use tercel_replay::scan::{Needs, Visitor, scan};
use tercel_replay::state::{ResumePoint, State, is_hidden};
use tercel_replay::{BlockSource, Context, Filter, Options, Position};

use crate::captures;
use crate::convert::tell;
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::length;
use crate::intent::Slice;
use crate::progress::Progress;
use crate::target::Target;

/// Most memory, in bytes, for events behind the window that count only if others follow that lie inside.
const BEHIND: usize = 16 << 20;

/// Runs the verb.
pub fn run(args: &Slice) -> Result<Outcome, Failure> {
    let input = &args.input;
    let options = Options { from: args.window.from, to: args.window.to, ..Options::default() };
    let mut target = Target::of(&args.write, std::slice::from_ref(input))?;
    target.keep_numbers();
    let length = length(input);
    let progress = Progress::new(&input.name(), length, args.quiet);
    let started = Instant::now();
    let mut capture = captures::open(input, &progress)?;
    let header = capture.header().cloned().unwrap_or_default();
    let filter = both(&header.filter, args.filter.as_ref().map_or("", |filter| filter.text.as_str()));
    target.describe(Header { filter, ..header }, input.name());
    let filter = args.filter.as_ref().map(|filter| Filter::new(&filter.program, options.settings));
    let mut slicer = Slicer::new(target, filter, options);
    let needs = Needs::span(options.window());
    let findings = scan(&mut capture, &needs, &mut slicer, &|bytes| progress.advance(bytes));
    progress.finish();
    let findings = findings?;
    let outcome = diagnostics::ended(&input.name(), &findings.report, findings.error.as_ref(), args.verbose);
    let Slicer { target, counts, .. } = slicer;
    let name = target.name();
    let written = target.finish()?;
    if !args.quiet {
        counts.tell(&name);
        tell(&name, &written, length, started.elapsed().as_secs_f64());
    }
    Ok(outcome)
}

/// Two filters, one of them possibly empty, as one.
fn both(one: &str, other: &str) -> String {
    match (one, other) {
        ("", only) | (only, "") => only.to_owned(),
        (one, other) => format!("({one}) and ({other})"),
    }
}

/// What became of the events of the window.
#[derive(Default)]
struct Counts {
    kept: u64,
    for_state: u64,
    left_out: u64,
}

impl Counts {
    fn tell(&self, name: &str) {
        let Counts { kept, for_state, left_out } = self;
        if *kept == 0 {
            eprintln!("{name}: no event lies in the window and matches the filter");
        }
        eprintln!("{name}: {kept} events kept, {for_state} more for the state only, {left_out} left out");
    }
}

/// Where in a section of the capture the slicer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the window: nothing is written yet.
    Before,
    /// What comes is written.
    Inside,
    /// Nothing more can lie inside.
    Done,
}

/// Takes the blocks of a capture in and writes those of the slice.
struct Slicer {
    target: Target,
    filter: Option<Filter>,
    options: Options,
    stage: Stage,
    state: State,
    sections: u64,
    /// Events behind the window, which are written if one inside follows.
    behind: Batch,
    counts: Counts,
}

impl Slicer {
    fn new(target: Target, filter: Option<Filter>, options: Options) -> Slicer {
        Slicer {
            target,
            filter,
            options,
            stage: Stage::Before,
            state: State::new(),
            sections: 0,
            behind: Batch::default(),
            counts: Counts::default(),
        }
    }

    fn metadata(&mut self, block: &Block<'_>) -> Result<(), Failure> {
        if let Block::Section(_) = block {
            self.sections += 1;
            self.behind.clear();
            self.filter.iter_mut().for_each(Filter::forget);
            // A slice that starts with the capture starts with its own lists.
            self.stage = if self.options.from.is_none() { Stage::Inside } else { Stage::Before };
        }
        self.state.block(block);
        if self.stage == Stage::Inside { self.target.push(block) } else { Ok(()) }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        if event.initial {
            self.state.apply(event);
            return if self.stage == Stage::Inside {
                self.target.push(&Block::Event(*event))
            } else {
                Ok(())
            };
        }
        let position = self.options.position(event, self.state.first_ts_with(event));
        match (position, self.stage) {
            (_, Stage::Done) => Ok(()),
            // What nobody sees does not end a window.
            (Position::End, _) if !is_hidden(event) => {
                self.stage = Stage::Done;
                Ok(())
            }
            (Position::Before, Stage::Before) => {
                self.state.apply(event);
                Ok(())
            }
            (Position::Inside, _) => self.inside(event),
            (Position::Before, Stage::Inside) => {
                let (_, changes) = self.state.apply_noting(event);
                if changes { self.keep_for_state(event) } else { Ok(()) }
            }
            (Position::Behind | Position::End, _) => self.behind(event),
        }
    }

    fn inside(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        if self.stage == Stage::Before {
            self.begin(event)?;
        }
        self.flush_behind()?;
        let (facts, changes) = self.state.apply_noting(event);
        let wanted = match (&mut self.filter, &facts) {
            (None, _) => true,
            (Some(filter), Some(facts)) => filter.holds(&Context { state: &self.state, event, facts }),
            (Some(_), None) => false,
        };
        if wanted {
            self.counts.kept += u64::from(facts.is_some());
            return self.target.push(&Block::Event(*event));
        }
        if changes || matches!(event.code(), code::DROP_E | code::DROP_X) {
            return self.keep_for_state(event);
        }
        self.counts.left_out += 1;
        Ok(())
    }

    /// The window begins before `event`: the state there becomes the start of the slice.
    fn begin(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        self.stage = Stage::Inside;
        let counted = event.num.saturating_sub(1);
        let numbering = Numbering { sections: self.sections, counted, initial: None };
        self.export(ResumePoint { numbering, ts: event.ts })
    }

    fn export(&mut self, point: ResumePoint) -> Result<(), Failure> {
        let target = &mut self.target;
        self.state.export(point, &mut |block| target.push(block))
    }

    fn keep_for_state(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        self.counts.for_state += 1;
        self.target.push(&Block::Event(for_state(event)))
    }

    /// An event behind the window. Events may be a little out of order, so that others that lie inside may follow.
    fn behind(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        let (_, changes) = self.state.apply_noting(event);
        if changes && self.stage == Stage::Inside {
            self.behind.push_event(&for_state(event));
            if self.behind.weight() > BEHIND {
                return self.flush_behind();
            }
        }
        Ok(())
    }

    fn flush_behind(&mut self) -> Result<(), Failure> {
        if self.behind.is_empty() {
            return Ok(());
        }
        let mut batch = std::mem::take(&mut self.behind);
        while let Ok(Some(block)) = batch.next_block() {
            self.counts.for_state += 1;
            self.target.push(&block)?;
        }
        batch.clear();
        self.behind = batch;
        Ok(())
    }
}

/// The event as one that exists for the state only.
fn for_state<'a>(event: &Event<'a>) -> Event<'a> {
    let mut event = *event;
    event.state_only = true;
    event
}

impl Visitor for Slicer {
    type Error = Failure;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Failure> {
        match block {
            Block::Event(event) => self.event(event)?,
            block => self.metadata(block)?,
        }
        Ok(self.stage != Stage::Done)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Failure> {
        self.state = state;
        self.sections = point.numbering.sections;
        self.behind.clear();
        self.filter.iter_mut().for_each(Filter::forget);
        if self.stage == Stage::Inside { self.export(point) } else { Ok(()) }
    }

    fn dropped(&mut self, count: u64) {
        if self.stage == Stage::Inside {
            self.target.drop_events(count);
        }
    }
}
