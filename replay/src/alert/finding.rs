//! An alert in its parts, for JSON of other schemas than Falco's: a rule, a message and values of fields enter, an object of the
//! Elastic Common Schema ([`ecs`](Finding::ecs)) or of the Open Cybersecurity Schema Framework ([`ocsf`](Finding::ocsf)) leaves.
//! Keys that the schemas require are always there; others only if their value is known.

mod ecs;
mod ocsf;

use serde_json::{Map, Value};
use tercel_rules::fields::Field;
use tercel_rules::program::Priority;

use super::plain;
use crate::fields::{self, Context, Scratch};

/// The form of alerts in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonSchema {
    /// Falco's keys.
    #[default]
    Falco,
    /// Elastic Common Schema.
    Ecs,
    /// Detection Finding of the Open Cybersecurity Schema Framework.
    Ocsf,
}

/// An alert in its parts.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// Name of the rule.
    pub rule: &'a str,
    /// Description of the rule.
    pub description: &'a str,
    /// Priority of the rule.
    pub priority: Priority,
    /// Tags of the rule.
    pub tags: &'a [String],
    /// Source of the event.
    pub source: &'a str,
    /// Time of the event in nanoseconds since the epoch.
    pub time: u64,
    /// The same time in ISO 8601, in UTC.
    pub timestamp: String,
    /// Number of the event, if there is one.
    pub number: Option<u64>,
    /// Name of the host.
    pub hostname: String,
    /// Name of the capture, if lines contain it.
    pub capture: Option<String>,
    /// Name of the cut of a flight recorder that contains the event.
    pub capture_file: Option<String>,
    /// The output without time and priority.
    pub message: String,
    /// What is known about process, user, file, connection and container.
    pub values: Values,
    /// The fields of the output.
    pub output_fields: Map<String, Value>,
}

/// The fields that the schemas have keys for.
const MAPPED: [Field; 27] = [
    Field::EvtType,
    Field::ProcName,
    Field::ProcPid,
    Field::ProcExepath,
    Field::ProcCmdline,
    Field::ProcCwd,
    Field::ProcPname,
    Field::ProcPpid,
    Field::ProcPcmdline,
    Field::UserName,
    Field::UserUid,
    Field::GroupName,
    Field::GroupGid,
    Field::FdType,
    Field::FdName,
    Field::FdCip,
    Field::FdCport,
    Field::FdSip,
    Field::FdSport,
    Field::FdL4proto,
    Field::ContainerId,
    Field::ContainerName,
    Field::ContainerImageRepository,
    Field::ContainerImageTag,
    Field::ContainerImageId,
    Field::K8sNsName,
    Field::K8sPodName,
];

/// Values of the fields that the schemas have keys for, whether or not the output of the rule names them.
#[derive(Debug, Clone, Default)]
pub struct Values(Vec<(Field, Value)>);

impl Values {
    /// The values at an event; missing ones are left out.
    pub(super) fn of(cx: &Context<'_>, scratch: &mut Scratch) -> Values {
        let values = MAPPED.into_iter().map(|field| (field, fields::render_json(cx, &plain(field), scratch)));
        let is_known = |value: &Value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty() && text != "<NA>",
            _ => true,
        };
        let mut values = Values(values.filter(|(_, value)| is_known(value)).collect());
        if !is_path(values.text(Field::FdType), values.text(Field::FdName)) {
            values.0.retain(|(field, _)| *field != Field::FdName);
        }
        if values.text(Field::ContainerId) == Some("host") {
            values.0.retain(|(field, _)| !field.info().name.starts_with("container."));
        }
        values
    }

    fn get(&self, wanted: Field) -> Option<&Value> {
        self.0.iter().find(|(field, _)| *field == wanted).map(|(_, value)| value)
    }

    fn text(&self, field: Field) -> Option<&str> {
        self.get(field)?.as_str()
    }
}

/// Whether the name of an fd is a path. A call that failed has no fd, but the name that it was given.
fn is_path(kind: Option<&str>, name: Option<&str>) -> bool {
    match kind {
        Some(kind) => matches!(kind, "file" | "directory"),
        None => name.is_some_and(|name| name.starts_with('/')),
    }
}

/// Puts a value at a path such as `process.parent.name` of an object of JSON; nothing is put if there is no value.
pub fn put(object: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    let Some(value) = value else { return };
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((key, rest)) => {
            let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, Some(value));
            }
        }
    }
}

/// A value as a string: both schemas have identifiers as strings.
fn as_text(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.as_str()),
        other => Value::from(other.to_string()),
    }
}

/// The technique of MITRE ATT&CK that a tag such as `T1059` or `T1059.004` names, and whether it is a sub-technique.
fn technique(tag: &str) -> Option<(&str, bool)> {
    let rest = tag.strip_prefix('T')?;
    let (number, part) = rest.split_once('.').map_or((rest, None), |(number, part)| (number, Some(part)));
    let are_digits =
        |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_one = are_digits(number, 4) && part.is_none_or(|part| are_digits(part, 3));
    is_one.then_some((tag, part.is_some()))
}

#[cfg(test)]
mod tests;
