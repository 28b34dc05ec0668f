//! The captures of a replay: names enter, open captures leave one by one; what is wrong with each is told on standard error
//! when its lines have left.

use std::sync::Arc;

use console::style;
use tercel_format::trace::{Totals as Sums, Trace};
use tercel_format::{Reader, Statistics};
use tercel_replay::{Capture, CaptureError, Ended, Input, Origin, Report, Supply};

use crate::capture;
use crate::cli::ReplayArgs;
use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::progress::Progress;
use crate::summary::Totals;

/// How many damaged places of a capture are told.
const SHOWN: usize = 3;

/// Opens captures, and tells about them.
pub struct Captures<'a> {
    inputs: std::slice::Iter<'a, inputs::Trace>,
    /// Names of the captures that are open, in their order.
    open: std::collections::VecDeque<String>,
    args: &'a ReplayArgs,
    progress: &'a Progress,
    totals: Totals,
    outcome: Outcome,
    /// Why no further captures are opened.
    failure: Option<Failure>,
}

/// Whether a capture is a native trace with keyframes that this program can use.
pub fn is_keyed(input: &inputs::Trace) -> bool {
    let inputs::Trace::File(path) = input else { return false };
    matches!(capture::native(path), Ok(Some(trace)) if tercel_replay::is_keyed(&trace))
}

impl<'a> Captures<'a> {
    /// The captures of a replay.
    pub fn new(inputs: &'a [inputs::Trace], args: &'a ReplayArgs, progress: &'a Progress) -> Captures<'a> {
        Captures {
            inputs: inputs.iter(),
            open: std::collections::VecDeque::new(),
            args,
            progress,
            totals: Totals::default(),
            outcome: Outcome::Done,
            failure: None,
        }
    }

    /// What was read, and how it went.
    pub fn finish(self) -> Result<(Totals, Outcome), Failure> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok((self.totals, self.outcome)),
        }
    }

    /// Opens a capture; `None` where it is none, which is told.
    fn open(&mut self, input: &inputs::Trace) -> Result<Option<Input>, Failure> {
        if let inputs::Trace::File(path) = input
            && let Some(trace) = capture::native(path)?
        {
            return Ok(Some(Input::Native(Arc::new(trace))));
        }
        let (bytes, _) = input.open()?;
        match Reader::new(self.progress.watch(bytes)) {
            Ok(reader) => Ok(Some(Input::Stream(Box::new(reader)))),
            Err(error) => {
                let outcome = if error.is_damage() { Outcome::Damaged } else { Outcome::Io };
                self.fail(&input.name(), &error, outcome);
                Ok(None)
            }
        }
    }

    /// What lines show of a capture: its name where that is asked for, and the times of the host that was recorded.
    fn origin(&self, name: &str, input: &Input) -> Origin {
        let label = self.args.with_file.then(|| Arc::from(name));
        let zone = match input {
            Input::Native(trace) if !self.args.utc => Some(Arc::new(trace.header().zone.clone())),
            Input::Native(_) | Input::Stream(_) => None,
        };
        Origin { label, zone }
    }

    /// Tells what is wrong with a capture.
    fn fail(&mut self, name: &str, error: &dyn std::fmt::Display, outcome: Outcome) {
        eprintln!("{} {name}: {error}", style("error:").for_stderr().red().bold());
        self.outcome = self.outcome.max(outcome);
    }

    /// Tells which of `count` damaged places were skipped: the first, or all that are known.
    fn warn(&mut self, name: &str, places: &[String], count: u64) {
        if count == 0 {
            return;
        }
        let shown = if self.args.verbose { usize::MAX } else { SHOWN };
        let label = style("warning:").for_stderr().yellow().bold();
        for place in places.iter().take(shown) {
            eprintln!("{label} {name}: {place}");
        }
        let rest = count.saturating_sub(shown.min(places.len()) as u64);
        if rest > 0 {
            eprintln!("{label} {name}: {rest} more damaged places");
        }
        self.outcome = self.outcome.max(Outcome::Damaged);
    }

    fn stream_ended(&mut self, name: &str, reader: &Reader) {
        let statistics = reader.statistics();
        self.totals.add(&statistics);
        let places: Vec<String> =
            reader.incidents().iter().map(|incident| format!("{incident} (skipped)")).collect();
        self.warn(name, &places, statistics.incidents);
    }

    fn trace_ended(&mut self, name: &str, trace: &Trace, report: &Report) {
        let sums = Sums::of(trace.chunks());
        self.totals.add(&Statistics {
            bytes: report.bytes,
            sections: sums.sections,
            drops: sums.drops(),
            incidents: report.count,
            ..Statistics::default()
        });
        self.totals.dropped = self.totals.dropped.saturating_add(sums.dropped);
        let whole = trace.without_index().map(ToString::to_string);
        let losses = trace.losses().iter().map(ToString::to_string);
        let troubles = report.troubles.iter().map(ToString::to_string);
        let places: Vec<String> = whole.into_iter().chain(losses).chain(troubles).collect();
        let count = (places.len() as u64).saturating_add(report.count - report.troubles.len() as u64);
        self.warn(name, &places, count);
    }
}

impl Supply for Captures<'_> {
    fn next(&mut self) -> Option<Capture> {
        while self.failure.is_none()
            && let Some(input) = self.inputs.next()
        {
            match self.open(input) {
                Ok(Some(opened)) => {
                    let name = input.name();
                    let origin = self.origin(&name, &opened);
                    self.open.push_back(name);
                    return Some(Capture { origin, input: opened });
                }
                Ok(None) => {}
                Err(failure) => self.failure = Some(failure),
            }
        }
        None
    }

    fn ended(&mut self, Ended { input, report, error }: Ended) {
        let name = self.open.pop_front().unwrap_or_default();
        match &input {
            Input::Native(trace) => self.trace_ended(&name, trace, &report),
            Input::Stream(reader) => self.stream_ended(&name, reader),
        }
        let Some(error) = error else { return };
        let outcome = match &error {
            CaptureError::Trace(error) if !error.is_damage() => Outcome::Io,
            CaptureError::Stream(error) if !error.is_damage() => Outcome::Io,
            CaptureError::Trace(_) | CaptureError::Stream(_) | CaptureError::Defect(_) => Outcome::Damaged,
        };
        self.fail(&name, &error, outcome);
    }
}
