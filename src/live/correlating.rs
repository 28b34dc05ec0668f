//! Correlations over the alerts of a run: alerts enter as they happen; what is held back, and alerts of correlations, leave for the outputs.

use tercel_live::record;
use tercel_outputs::{Message, Outputs};
use tercel_replay::correlate::{Correlator, Marker, Marks, Raised, Totals};
use tercel_replay::{Alert, Origin, Style};
use tercel_rules::program::Program;

use super::rules::Running;

/// Correlates the alerts of a set of rules.
pub struct Correlating<'p> {
    correlator: Correlator<'p>,
    marker: Marker,
    marks: Marks,
    raised: Vec<Raised>,
    program: &'p Program,
    style: Style,
}

impl<'p> Correlating<'p> {
    /// Of these rules; `None` if nothing is correlated.
    pub fn of(running: &'p Running, style: Style, origin: &Origin) -> Option<Correlating<'p>> {
        let Running { program, correlations } = running;
        if correlations.list.is_empty() && correlations.once.is_empty() {
            return None;
        }
        let mut marker = Marker::new(program, correlations, style);
        marker.set_origin(origin);
        let correlator = Correlator::new(correlations);
        Some(Correlating { correlator, marker, marks: Marks::default(), raised: Vec::new(), program, style })
    }

    /// Time passes to that of an alert: what ended before it is delivered.
    pub fn before(&mut self, alert: &Alert<'_>, outputs: &Outputs) {
        self.correlator.advance(alert.context.event.ts, &mut self.raised);
        self.deliver(outputs);
    }

    /// Takes an alert; `false` if it is not to be delivered itself.
    pub fn see(&mut self, alert: &Alert<'_>) -> bool {
        self.marks.truncate(0);
        self.marker.push(alert, 0, &mut self.marks);
        self.marks.get(0).is_none_or(|mark| self.correlator.see(&mark, &mut self.raised))
    }

    /// Nothing follows after an event of this time.
    pub fn finish(&mut self, last: Option<u64>, outputs: &Outputs) -> &Totals {
        if let Some(last) = last {
            self.correlator.finish(last, &mut self.raised);
        }
        self.deliver(outputs);
        self.correlator.totals()
    }

    /// Delivers alerts of correlations.
    pub fn deliver(&mut self, outputs: &Outputs) {
        for raised in self.raised.drain(..) {
            let (correlations, program, style) = (self.correlator.correlations(), self.program, &self.style);
            let Some(finding) = raised.finding(correlations, program, style) else { continue };
            let mut line = Vec::new();
            raised.push_line(correlations, program, style, &mut line);
            let severity = finding.priority.severity();
            let record = outputs.need_records().then(|| record(finding));
            outputs.deliver(Message { line, severity, record });
        }
    }
}
