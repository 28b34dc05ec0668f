//! The alerts of an evaluation as cases see them: alerts enter in the order of the events, those that are printed leave, and those of
//! correlations.

use std::io;

use tercel_replay::correlate::{Correlator, Marker, Marks, Raised};
use tercel_replay::fields::{Scratch, render_text};
use tercel_replay::{Alert, Formatter, Settings, Sink, Style};
use tercel_rules::program::Operand;

use crate::plan::Evaluation;
use crate::run::Seen;
use crate::sets::{RuleSet, Sets};

/// Bytes that the alerts of one evaluation may take.
const MOST_BYTES: usize = 256 << 20;

/// How lines look.
const STYLE: fn() -> Style = || Style { iso8601: true, ..Style::default() };

/// Keeps alerts.
pub(crate) struct Collector<'p> {
    set: &'p RuleSet,
    formatter: Formatter,
    scratch: Scratch,
    /// Per rule and correlation the values that are asked.
    asked: &'p [Vec<(String, Operand)>],
    correlating: Option<Correlating<'p>>,
    seen: Vec<Seen>,
    bytes: usize,
}

struct Correlating<'p> {
    correlator: Correlator<'p>,
    marker: Marker,
    marks: Marks,
    raised: Vec<Raised>,
}

impl<'p> Correlating<'p> {
    fn of(set: &'p RuleSet) -> Option<Correlating<'p>> {
        let correlations = &set.correlations;
        (!correlations.list.is_empty() || !correlations.once.is_empty()).then(|| Correlating {
            correlator: Correlator::new(correlations),
            marker: Marker::new(&set.loaded.program, correlations, STYLE()),
            marks: Marks::default(),
            raised: Vec::new(),
        })
    }
}

impl<'p> Collector<'p> {
    /// Keeps the alerts of an evaluation.
    pub(crate) fn new(evaluation: &'p Evaluation, sets: &'p Sets) -> Option<Collector<'p>> {
        let set = sets.sets.get(evaluation.set)?;
        Some(Collector {
            set,
            formatter: Formatter::new(&set.loaded.program, STYLE()),
            scratch: Scratch::new(Settings::default()),
            asked: &evaluation.asked,
            correlating: Correlating::of(set),
            seen: Vec::new(),
            bytes: 0,
        })
    }

    /// The alerts; `last` is the time of the last event.
    pub(crate) fn finish(mut self, last: Option<u64>) -> io::Result<Vec<Seen>> {
        if let (Some(correlating), Some(last)) = (&mut self.correlating, last) {
            correlating.correlator.finish(last, &mut correlating.raised);
        }
        self.keep_raised()?;
        Ok(self.seen)
    }

    fn keep(&mut self, seen: Seen) -> io::Result<()> {
        self.bytes +=
            size_of::<Seen>() + seen.line.len() + seen.values.iter().map(String::len).sum::<usize>();
        if self.bytes > MOST_BYTES {
            let message = format!(
                "the alerts take more than {} MiB: select fewer rules, or a window",
                MOST_BYTES >> 20
            );
            return Err(io::Error::other(message));
        }
        self.seen.push(seen);
        Ok(())
    }

    /// Keeps the alerts of correlations.
    fn keep_raised(&mut self) -> io::Result<()> {
        let Some(correlating) = &mut self.correlating else { return Ok(()) };
        let raised = std::mem::take(&mut correlating.raised);
        let (correlations, program) = (&self.set.correlations, &self.set.loaded.program);
        for raised in raised {
            let mut line = Vec::new();
            raised.push_line(correlations, program, &STYLE(), &mut line);
            let rule = program.rules.len() + raised.index;
            let asked = self.asked.get(rule).into_iter().flatten();
            let value =
                |name: &str| raised.value(correlations, program, name).unwrap_or_else(|| b"<NA>".to_vec());
            let values = asked.map(|(name, _)| String::from_utf8_lossy(&value(name)).into_owned()).collect();
            let (number, ts) = raised.place();
            let line = String::from_utf8_lossy(&line).into_owned();
            self.keep(Seen { rule, number, ts, line, values })?;
        }
        Ok(())
    }
}

impl Sink for Collector<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        let event = alert.context.event;
        if let Some(correlating) = &mut self.correlating {
            correlating.correlator.advance(event.ts, &mut correlating.raised);
        }
        self.keep_raised()?;
        let is_printed = self.correlating.as_mut().is_none_or(|correlating| {
            correlating.marks.truncate(0);
            correlating.marker.push(alert, 0, &mut correlating.marks);
            let mark = correlating.marks.get(0);
            mark.is_none_or(|mark| correlating.correlator.see(&mark, &mut correlating.raised))
        });
        if is_printed {
            let mut line = Vec::new();
            self.formatter.push_line(alert, &mut line);
            let mut values = Vec::new();
            for (_, operand) in self.asked.get(alert.index).into_iter().flatten() {
                let mut value = Vec::new();
                render_text(&alert.context, operand, &mut value, &mut self.scratch);
                values.push(String::from_utf8_lossy(&value).into_owned());
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            self.keep(Seen { rule: alert.index, number: event.num, ts: event.ts, line, values })?;
        }
        self.keep_raised()
    }
}
