//! Alerts about the run itself, in the form of Falco's: a text and fields enter, a line for the outputs leaves.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::{Map, Value, json};
use tercel_outputs::Message;
use tercel_replay::{Finding, JsonSchema, Style, Values};
use tercel_rules::program::Priority;

use crate::record::record;

/// The source of such alerts.
const SOURCE: &str = "internal";

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
    /// The alert as a message in the style of the other alerts, with a record if `needs_record`; times in text are `zone` seconds
    /// ahead of UTC.
    pub fn message(&self, style: &Style, needs_record: bool, hostname: &str, zone: i32) -> Message {
        let time = Timestamp::now();
        let finding = || self.finding(hostname, time);
        let line = match (style.json, style.schema) {
            (false, _) => self.line(time, zone),
            (true, JsonSchema::Falco) => self.json(hostname, time),
            (true, JsonSchema::Ecs) => finding().ecs().to_string(),
            (true, JsonSchema::Ocsf) => finding().ocsf().to_string(),
        };
        let record = needs_record.then(|| record(finding()));
        Message { line: line.into_bytes(), severity: self.priority.severity(), record }
    }

    fn finding(&self, hostname: &str, time: Timestamp) -> Finding<'_> {
        Finding {
            rule: self.rule,
            description: "",
            priority: self.priority,
            tags: &[],
            source: SOURCE,
            time: u64::try_from(time.as_nanosecond()).unwrap_or(0),
            timestamp: iso8601(time),
            number: None,
            hostname: hostname.to_owned(),
            capture: None,
            capture_file: None,
            message: self.text.clone(),
            values: Values::default(),
            output_fields: self.fields.clone(),
        }
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
            "source": SOURCE,
            "time": iso8601(time),
        })
        .to_string()
    }
}

/// The time in ISO 8601, in UTC.
pub(crate) fn iso8601(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

/// The time of day, `zone` seconds ahead of UTC.
pub(crate) fn time_of_day(zone: i32) -> String {
    local(Timestamp::now(), zone).strftime("%H:%M:%S").to_string()
}

fn local(time: Timestamp, zone: i32) -> DateTime {
    Offset::from_seconds(zone).unwrap_or(Offset::UTC).to_datetime(time)
}
