//! Snapshots of metrics: at each interval an alert leaves for the outputs, and a line for the file of snapshots.

use std::time::{Duration, Instant};

use serde_json::json;
use tercel_config as config;
use tercel_outputs::{Kind, Limits, Message, Notice, Outputs, StartError};
use tercel_rules::program::Priority;

use super::counts::Metrics;
use super::falco::{self, Before};
use crate::internal::InternalAlert;

/// Makes snapshots.
pub struct Snapshots {
    settings: config::Metrics,
    file: Option<Outputs>,
    last: Instant,
    before: Before,
    number: u64,
}

impl Snapshots {
    /// The first is due an interval from now.
    ///
    /// # Errors
    /// The thread that writes the file cannot be started.
    pub fn new(settings: &config::Metrics) -> Result<Snapshots, StartError> {
        let path = settings.output_file.clone().filter(|_| settings.enabled);
        let kind = path.map(|path| Kind::File { path, keep_open: true });
        let file = kind.map(|kind| Outputs::start(&[kind], Limits::default())).transpose()?;
        let (settings, last) = (settings.clone(), Instant::now());
        Ok(Snapshots { settings, file, last, before: Before::default(), number: 0 })
    }

    /// Whether one is due.
    pub fn is_due(&self, now: Instant) -> bool {
        let has_output = self.settings.output_rule || self.file.is_some();
        let passed = now.saturating_duration_since(self.last);
        self.settings.enabled && has_output && passed >= self.settings.interval
    }

    /// Makes one; returns the alert if the configuration asks for it.
    pub fn make(&mut self, metrics: &Metrics<'_>, now: Instant) -> Option<InternalAlert> {
        (self.last, self.number) = (now, self.number + 1);
        let fields = falco::fields(metrics, &self.settings, &mut self.before);
        if let Some(file) = &self.file {
            let line = json!({"sample": self.number, "output_fields": fields}).to_string().into_bytes();
            file.deliver(Message { line, severity: Priority::Informational.severity(), record: None });
        }
        self.settings.output_rule.then(|| InternalAlert {
            rule: "Falco internal: metrics snapshot",
            text: "Falco metrics snapshot".to_owned(),
            priority: Priority::Informational,
            fields,
        })
    }

    /// Messages about the file.
    pub fn notices(&mut self, now: Instant) -> Vec<Notice> {
        self.file.as_mut().map_or(Vec::new(), |file| file.notices(now))
    }

    /// Reopens the file.
    pub fn reopen(&self) {
        self.file.iter().for_each(Outputs::reopen);
    }

    /// Gives waiting lines time to be written.
    pub fn finish(&self, patience: Duration) {
        self.file.iter().for_each(|file| file.finish(patience));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tercel_capture::Drops;
    use tercel_format::record::MachineInfo;
    use tercel_replay::Style;

    use super::super::falco::tests::{metrics, program, settings};
    use super::*;

    #[test]
    fn a_snapshot_is_an_alert_and_a_line() {
        let path = std::env::temp_dir().join(format!("tercel-snapshots-{}", std::process::id()));
        let settings = config::Metrics { output_file: Some(path.clone()), ..settings() };
        let mut snapshots = Snapshots::new(&settings).expect("snapshots");
        let now = Instant::now();
        assert!(!snapshots.is_due(now) && snapshots.is_due(now + settings.interval));
        let (program, machine, drops) = (program(), MachineInfo::default(), Drops::default());
        let metrics = metrics(&program, &machine, &drops);
        let json_style = Style { json: true, ..Style::default() };
        for _ in 0..2 {
            let alert = snapshots.make(&metrics, now + settings.interval).expect("an alert");
            let json: Value =
                serde_json::from_slice(&alert.message(&json_style, false, "h", 0).line).expect("JSON");
            assert_eq!(json["rule"], "Falco internal: metrics snapshot");
            assert_eq!((&json["source"], &json["hostname"]), (&json!("internal"), &json!("h")));
            assert_eq!(json["output_fields"]["falco.num_evts"], 900);
        }
        assert!(!snapshots.is_due(now + settings.interval));
        snapshots.finish(Duration::from_secs(20));
        let written = std::fs::read_to_string(&path).expect("a file");
        let lines: Vec<Value> =
            written.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.iter().map(|line| &line["sample"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
        std::fs::remove_file(&path).expect("a file");
        let off = Snapshots::new(&config::Metrics { enabled: false, ..settings }).expect("snapshots");
        assert!(!off.is_due(now + Duration::from_secs(7200)));
    }
}
