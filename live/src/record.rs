//! Log records: an alert in its parts enters, a record for outputs that do not send lines leaves. Names of attributes are those of
//! OpenTelemetry's semantic conventions where there are any; fields of the output keep theirs.

use serde_json::{Map, json};
use tercel_outputs::Record;
use tercel_replay::Finding;

/// The record of an alert.
pub fn record(finding: Finding<'_>) -> Record {
    let mut attributes = Map::from_iter([
        ("security_rule.name".to_owned(), json!(finding.rule)),
        ("falco.source".to_owned(), json!(finding.source)),
        ("falco.tags".to_owned(), json!(finding.tags)),
    ]);
    if !finding.description.is_empty() {
        attributes.insert("security_rule.description".to_owned(), json!(finding.description));
    }
    if !finding.hostname.is_empty() {
        attributes.insert("evt.hostname".to_owned(), json!(finding.hostname));
    }
    if let Some(file) = finding.capture_file {
        attributes.insert("tercel.capture_file".to_owned(), json!(file));
    }
    attributes.extend(finding.output_fields);
    Record {
        time: finding.time,
        severity_text: finding.priority.name().to_owned(),
        body: finding.message,
        attributes,
    }
}
