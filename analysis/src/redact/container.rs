//! The JSON of containers: environments, labels, mounts, addresses, and whatever else is text in it.

use serde_json::Value;

use super::text::Texts;

/// The redacted JSON. What cannot be read is not let through.
pub(super) fn json(texts: &mut Texts, text: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return b"{}".to_vec() };
    redact(texts, &mut value, Place::Plain);
    value.to_string().into_bytes()
}

/// What a value is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    /// `NAME=value`.
    Variables,
    /// An object whose keys are names of variables.
    Labels,
}

/// The keys of a container, which stay whatever accounts are called (`replay/src/state/container_json.rs`).
const KEYS: [&str; 35] = [
    "container",
    "id",
    "full_id",
    "name",
    "type",
    "image",
    "imageid",
    "imagerepo",
    "imagetag",
    "imagedigest",
    "ip",
    "privileged",
    "Mounts",
    "labels",
    "env",
    "pod_sandbox_id",
    "pod_sandbox_labels",
    "is_pod_sandbox",
    "host_pid",
    "host_network",
    "host_ipc",
    "cni_json",
    "User",
    "created_time",
    "Source",
    "Destination",
    "Mode",
    "RW",
    "Propagation",
    "Healthcheck",
    "LivenessProbe",
    "ReadinessProbe",
    "exe",
    "args",
    "port_mappings",
];

fn lossy(text: Vec<u8>) -> String {
    String::from_utf8_lossy(&text).into_owned()
}

fn redact(texts: &mut Texts, value: &mut Value, place: Place) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            let new = match place {
                Place::Variables => texts.variable(text.as_bytes()),
                // A JSON text in a JSON text: the result of a CNI call.
                Place::Plain | Place::Labels if text.starts_with('{') => json(texts, text.as_bytes()),
                Place::Plain | Place::Labels => texts.path(text.as_bytes()),
            };
            *text = lossy(new);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact(texts, value, place)),
        Value::Object(members) => {
            for (key, mut value) in std::mem::take(members) {
                let value = &mut value;
                let inner = match key.to_ascii_lowercase().as_str() {
                    "env" => Place::Variables,
                    "labels" | "pod_sandbox_labels" | "annotations" => Place::Labels,
                    _ => place,
                };
                match value {
                    Value::String(text) if place == Place::Labels && texts.hides(key.as_bytes()) => {
                        *text = lossy(texts.name(text.as_bytes()));
                    }
                    _ => redact(texts, value, inner),
                }
                // Names of labels may be secret as well.
                let is_own = place != Place::Labels && KEYS.contains(&key.as_str());
                let new = if is_own { key } else { lossy(texts.path(key.as_bytes())) };
                members.insert(new, value.take());
            }
        }
    }
}
