//! The captures of a replay: names enter, open captures leave one by one; the damage of each is printed on standard error after its
//! alert lines.

use std::sync::Arc;

use tercel_format::trace::{Depth, Totals as Sums};
use tercel_format::{Capture, Statistics};
use tercel_replay::Origin;
use tercel_replay::scan::{Ended, Opened, Proof, Supply, verify_trace};

use crate::captures;
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::intent::Replay;
use crate::progress::Progress;
use crate::summary::Totals;

/// Opens captures, and reports on them.
pub struct Captures<'a> {
    inputs: std::slice::Iter<'a, inputs::Input>,
    /// Names of the captures that are open, in their order.
    open: std::collections::VecDeque<String>,
    intent: &'a Replay,
    progress: &'a Progress,
    totals: Totals,
    outcome: Outcome,
}

/// Whether a capture is a native trace with keyframes that this program can use.
pub fn is_keyed(input: &inputs::Input) -> bool {
    let inputs::Input::File(path) = input else { return false };
    // Standard input can be read only once and must not be opened here.
    let opened = path.is_file().then(|| Capture::open(path, &|bytes| bytes));
    matches!(opened, Some(Ok(Capture::Native(trace))) if tercel_replay::scan::is_keyed(&trace))
}

impl<'a> Captures<'a> {
    /// The captures of a replay.
    pub fn new(intent: &'a Replay, progress: &'a Progress) -> Captures<'a> {
        Captures {
            inputs: intent.traces.iter(),
            open: std::collections::VecDeque::new(),
            intent,
            progress,
            totals: Totals::default(),
            outcome: Outcome::Done,
        }
    }

    /// What was read, and the outcome.
    pub fn finish(self) -> (Totals, Outcome) {
        (self.totals, self.outcome)
    }

    /// What lines print of a capture: its name if that is requested, and the local time of the recorded host.
    fn origin(&self, name: &str, capture: &Capture) -> Origin {
        let label = self.intent.with_file.then(|| Arc::from(name));
        let zone = capture.header().filter(|_| !self.intent.utc).map(|header| Arc::new(header.zone.clone()));
        let cut = capture.header().map(|header| &header.cut).filter(|cut| !cut.file.is_empty());
        Origin { label, zone, cut: cut.cloned().map(Arc::new) }
    }

    /// The capture after it was verified. One that fails is read by its events alone.
    fn verified(&mut self, input: &inputs::Input, capture: Capture) -> Capture {
        let name = input.name();
        let failure = match &capture {
            Capture::Native(trace) => match verify_trace(trace, Depth::Contents, &mut |_| ()) {
                Ok(Proof { verdict, .. }) => {
                    verdict.first_break.map(|first| Failure::damaged(format!("{name}: FAILED: {first}")))
                }
                Err(error) => Some(diagnostics::unread(&name, &error)),
            },
            Capture::Stream(_) => Some(Failure::damaged(format!(
                "{name}: not a native trace (or several in one file): it cannot be verified"
            ))),
        };
        let Some(failure) = failure else { return capture };
        self.outcome = self.outcome.max(diagnostics::failed(&failure));
        match (&capture, captures::distrusted(input)) {
            (Capture::Native(_), Some(distrusted)) => distrusted,
            _ => capture,
        }
    }

    fn count(&mut self, ended: &Ended) {
        match &ended.capture {
            Capture::Stream(reader) => self.totals.add(&reader.statistics()),
            Capture::Native(trace) => {
                let sums = Sums::of(trace.chunks());
                self.totals.add(&Statistics {
                    bytes: ended.report.bytes,
                    sections: sums.sections,
                    drops: sums.drops(),
                    incidents: ended.report.count,
                    ..Statistics::default()
                });
                self.totals.dropped = self.totals.dropped.saturating_add(sums.dropped);
            }
        }
    }
}

impl Supply for Captures<'_> {
    fn next(&mut self) -> Option<Opened> {
        for input in self.inputs.by_ref() {
            match captures::open(input, self.progress) {
                Ok(capture) => {
                    let name = input.name();
                    let capture = if self.intent.verify { self.verified(input, capture) } else { capture };
                    let origin = self.origin(&name, &capture);
                    self.open.push_back(name);
                    return Some(Opened { origin, capture });
                }
                Err(failure) => self.outcome = self.outcome.max(diagnostics::failed(&failure)),
            }
        }
        None
    }

    fn ended(&mut self, ended: Ended) {
        let name = self.open.pop_front().unwrap_or_default();
        self.count(&ended);
        let outcome = diagnostics::ended(&name, &ended.report, ended.error.as_ref(), self.intent.verbose);
        self.outcome = self.outcome.max(outcome);
    }
}
