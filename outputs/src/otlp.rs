//! OTLP: log records enter and are posted to a collector of OpenTelemetry over HTTP, one request per record, in the JSON encoding
//! (opentelemetry-proto, `logs.proto` and `logs_service.proto`).

use serde_json::{Map, Value, json};

use crate::Message;
use crate::channel::{Channel, Failure};
use crate::error::Reason;
use crate::http::{Client, Http};

/// A collector and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otlp {
    /// The web server, with the path of log records.
    pub http: Http,
    /// Version of this program.
    pub version: String,
    /// Name of this host.
    pub hostname: String,
}

/// What a line says, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// When it happened, in nanoseconds since the epoch; 0 if that is not known.
    pub time: u64,
    /// The severity in the words of the source.
    pub severity_text: String,
    /// The text for people.
    pub body: String,
    /// What else is known.
    pub attributes: Map<String, Value>,
}

impl Record {
    /// Bytes that it takes, approximately.
    pub(crate) fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        let sizes = attributes.map(|(key, value)| key.len() + value.as_str().map_or(16, str::len));
        self.body.len() + sizes.sum::<usize>()
    }
}

/// A client of the collector.
pub(crate) struct Exporter {
    client: Client,
    version: String,
    hostname: String,
}

impl Exporter {
    /// Reads keys and certificates. No connection is made yet.
    pub fn new(settings: &Otlp) -> Result<Exporter, Reason> {
        let Otlp { http, version, hostname } = settings.clone();
        Ok(Exporter { client: Client::new(&http)?, version, hostname })
    }

    fn request(&self, message: &Message) -> Value {
        json!({"resourceLogs": [{
            "resource": {"attributes": [
                attribute("service.name", &json!("tercel")),
                attribute("service.version", &json!(self.version)),
                attribute("host.name", &json!(self.hostname)),
            ]},
            "scopeLogs": [{
                "scope": {"name": "tercel", "version": self.version},
                "logRecords": [log_record(message)],
            }],
        }]})
    }
}

impl Channel for Exporter {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        let answer = self.client.deliver(self.request(message).to_string().as_bytes())?;
        match rejection(&answer) {
            None => Ok(()),
            Some(reason) => Err(Failure::Never(format!("the collector rejects the record: {reason}"))),
        }
    }

    fn reopen(&mut self) {
        self.client.reopen();
    }
}

fn log_record(message: &Message) -> Value {
    let line = || Record { body: String::from_utf8_lossy(&message.line).into_owned(), ..Record::default() };
    let Record { time, severity_text, body, attributes } = message.record.clone().unwrap_or_else(line);
    let attributes: Vec<Value> = attributes
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| attribute(key, value))
        .collect();
    json!({
        // 64-bit numbers are strings in this encoding.
        "timeUnixNano": time.to_string(),
        "severityNumber": severity_number(message.severity),
        "severityText": severity_text,
        "body": {"stringValue": body},
        "attributes": attributes,
    })
}

/// The number of a severity of syslog (OpenTelemetry's log data model, appendix B).
fn severity_number(severity: u8) -> u8 {
    match severity {
        0 => 21,
        1 => 19,
        2 => 18,
        3 => 17,
        4 => 13,
        5 => 10,
        6 => 9,
        _ => 5,
    }
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({"key": key, "value": any_value(value)})
}

fn any_value(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(bool) => json!({"boolValue": bool}),
        Value::Number(number) if number.is_i64() => json!({"intValue": number.to_string()}),
        // What is larger than a signed number can be is kept as a string.
        Value::Number(number) if number.is_u64() => json!({"stringValue": number.to_string()}),
        Value::Number(number) => json!({"doubleValue": number}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(values) => {
            let values: Vec<Value> = values.iter().map(any_value).collect();
            json!({"arrayValue": {"values": values}})
        }
        Value::Object(pairs) => {
            let values: Vec<Value> = pairs.iter().map(|(key, value)| attribute(key, value)).collect();
            json!({"kvlistValue": {"values": values}})
        }
    }
}

/// Why a collector that answered with success has not taken the record, if it has not.
fn rejection(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let partial = answer.get("partialSuccess")?;
    let rejected = match partial.get("rejectedLogRecords")? {
        Value::String(count) => count.parse().ok()?,
        count => count.as_u64()?,
    };
    let reason = partial.get("errorMessage").and_then(Value::as_str).unwrap_or("without a reason");
    (rejected > 0).then(|| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_types_of_the_encoding() {
        for (value, expected) in [
            (json!("a"), json!({"stringValue": "a"})),
            (json!(true), json!({"boolValue": true})),
            (json!(-7), json!({"intValue": "-7"})),
            (json!(u64::MAX), json!({"stringValue": "18446744073709551615"})),
            (json!(0.5), json!({"doubleValue": 0.5})),
            (json!(["a", 1]), json!({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}})),
            (json!({"k": 1}), json!({"kvlistValue": {"values": [{"key": "k", "value": {"intValue": "1"}}]}})),
        ] {
            assert_eq!(any_value(&value), expected);
        }
    }

    #[test]
    fn rejections_are_noticed() {
        for (answer, expected) in [
            ("", None),
            ("{}", None),
            ("{\"partialSuccess\":{}}", None),
            ("{\"partialSuccess\":{\"rejectedLogRecords\":\"0\",\"errorMessage\":\"slow down\"}}", None),
            (
                "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\",\"errorMessage\":\"too old\"}}",
                Some("too old"),
            ),
            ("{\"partialSuccess\":{\"rejectedLogRecords\":2}}", Some("without a reason")),
        ] {
            assert_eq!(rejection(answer.as_bytes()).as_deref(), expected, "{answer}");
        }
    }
}
