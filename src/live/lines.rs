//! Alerts as lines: an alert enters as it happens, its line and those of correlations leave for the outputs.

use std::io;

use tercel_live::record;
use tercel_outputs::{Message, Outputs};
use tercel_replay::{Alert, Formatter, Sink};

use super::correlating::Correlating;
use super::flight::Flight;

/// Hands alerts to the outputs as lines.
pub struct Lines<'a, 'p> {
    /// Makes the lines.
    pub formatter: &'a mut Formatter,
    /// Where they go.
    pub outputs: &'a Outputs,
    /// The newest events, of which alerts start cuts.
    pub flight: Option<&'a mut Flight>,
    /// Correlations over the alerts.
    pub correlating: Option<&'a mut Correlating<'p>>,
}

impl Sink for Lines<'_, '_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        let is_delivered = self.correlating.as_mut().is_none_or(|correlating| {
            correlating.before(alert, self.outputs);
            correlating.see(alert)
        });
        if is_delivered {
            self.deliver(alert);
        }
        self.correlating.iter_mut().for_each(|correlating| correlating.deliver(self.outputs));
        Ok(())
    }
}

impl Lines<'_, '_> {
    fn deliver(&mut self, alert: &Alert<'_>) {
        if let Some(flight) = &mut self.flight {
            self.formatter.set_cut(flight.alert(alert));
        }
        let mut line = Vec::new();
        self.formatter.push_line(alert, &mut line);
        let record = self.outputs.need_records().then(|| record(self.formatter.finding(alert)));
        self.outputs.deliver(Message { line, severity: alert.rule.priority.severity(), record });
    }
}
