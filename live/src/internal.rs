//! Alerts about the run itself, in the form of Falco's: a text and fields enter, a line for the outputs leaves.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};
use tercel_outputs::Message;
use tercel_rules::program::Priority;

/// An alert that comes from no rule file.
#[derive(Debug, Clone, PartialEq)]
pub struct InternalAlert {
    /// Name of the rule in the alert.
    pub rule: &'static str,
    /// What happened.
    pub text: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Numbers and texts.
    pub fields: Map<String, Value>,
}

impl InternalAlert {
    /// The alert as a line; times in text are `zone` seconds ahead of UTC.
    pub fn message(&self, json: bool, hostname: &str, zone: i32) -> Message {
        let time = Timestamp::now();
        let line = if json { self.json(hostname, time) } else { self.line(time, zone) };
        Message { line: line.into_bytes(), severity: self.priority.severity() }
    }

    fn line(&self, time: Timestamp, zone: i32) -> String {
        let fields: Vec<String> = self.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let (time, priority) = (local(time, zone).strftime("%H:%M:%S.%9f"), self.priority.name());
        format!("{time}: {priority} {} ({})", self.text, fields.join(" "))
    }

    fn json(&self, hostname: &str, time: Timestamp) -> String {
        json!({
            "hostname": hostname,
            "output": self.text,
            "output_fields": self.fields,
            "priority": self.priority.name(),
            "rule": self.rule,
            "source": "internal",
            "time": time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
        })
        .to_string()
    }
}

/// The time of day, `zone` seconds ahead of UTC.
pub fn time_of_day(zone: i32) -> String {
    local(Timestamp::now(), zone).strftime("%H:%M:%S").to_string()
}

fn local(time: Timestamp, zone: i32) -> DateTime {
    Offset::from_seconds(zone).unwrap_or(Offset::UTC).to_datetime(time)
}
