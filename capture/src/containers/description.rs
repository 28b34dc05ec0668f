//! A container as container events carry it: facts enter, JSON leaves. Readers drop a text that lacks a key or has a value of
//! another type, so every key is written, even if an engine did not report it.

use serde_json::{Map, Value, json};
use tercel_format::ContainerEngine;

/// Entries of one list of a description: mounts, labels, variables, ports. Further ones are left out.
pub(super) const ENTRIES: usize = 4096;

/// What is known of a container.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// Which engine runs it, if that is known.
    pub engine: Option<ContainerEngine>,
    /// The whole id.
    pub id: &'a str,
    pub name: &'a str,
    /// Name of the image as the user wrote it.
    pub image: &'a str,
    /// Digest of the image's configuration, with or without `sha256:`.
    pub image_id: &'a str,
    /// Digest of the image's manifest, if its name does not contain it.
    pub digest: &'a str,
    pub ip: &'a str,
    pub user: String,
    pub privileged: bool,
    /// Which namespaces are the host's.
    pub host_pid: bool,
    pub host_network: bool,
    pub host_ipc: bool,
    pub env: Vec<Value>,
    pub labels: Map<String, Value>,
    pub mounts: Vec<Value>,
    pub ports: Vec<Value>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Of a pod: the id of its sandbox, whether this is the sandbox itself, and its network.
    pub sandbox_id: &'a str,
    pub is_sandbox: bool,
    pub sandbox_labels: Map<String, Value>,
    pub cni: &'a str,
}

impl Facts<'_> {
    /// The text of a container event.
    pub(super) fn json(&self) -> String {
        let (repository, tag, digest) = image_parts(self.image);
        let container = json!({
            "type": self.engine.map_or(ContainerEngine::UNKNOWN, ContainerEngine::number),
            "id": short(self.id),
            "full_id": self.id,
            "name": self.name,
            "image": self.image,
            "imageid": self.image_id.strip_prefix("sha256:").unwrap_or(self.image_id),
            "imagerepo": repository,
            "imagetag": tag,
            "imagedigest": if digest.is_empty() { self.digest } else { digest },
            "ip": self.ip,
            "privileged": self.privileged,
            "host_pid": self.host_pid,
            "host_network": self.host_network,
            "host_ipc": self.host_ipc,
            "User": self.user,
            "env": self.env,
            "labels": self.labels,
            "Mounts": self.mounts,
            "port_mappings": self.ports,
            "created_time": self.created,
            "is_pod_sandbox": self.is_sandbox,
            "pod_sandbox_id": self.sandbox_id,
            "pod_sandbox_labels": self.sandbox_labels,
            "cni_json": self.cni,
        });
        json!({ "container": container }).to_string()
    }
}

/// The part of an id that stands for it.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// The texts of a list.
pub(super) fn texts(list: Option<&Value>) -> Vec<Value> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter(|value| value.is_string()).take(ENTRIES).cloned().collect()
}

/// The texts of an object.
pub(super) fn pairs(object: Option<&Value>) -> Map<String, Value> {
    let pairs = object.and_then(Value::as_object).into_iter().flatten();
    let pairs = pairs.filter(|(_, value)| value.is_string()).take(ENTRIES);
    pairs.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Repository, tag and digest of an image's name.
pub(super) fn image_parts(image: &str) -> (&str, &str, &str) {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    // A colon before the last slash belongs to the port of a registry.
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag, digest),
        _ if name.is_empty() => ("", "", digest),
        _ => (name, if digest.is_empty() { "latest" } else { "" }, digest),
    }
}

/// Seconds since the epoch of `2024-05-06T07:08:09.123Z`; 0 if the text is of another form.
pub(super) fn seconds(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<i64>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return 0 };
    let (Some(hour), Some(minute), Some(second)) = (number(11..13), number(14..16), number(17..19)) else {
        return 0;
    };
    // Days of the Gregorian calendar with the year beginning in March, so that the leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    days * 86_400 + hour * 3600 + minute * 60 + second
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart() {
        for (image, parts) in [
            ("nginx", ("nginx", "latest", "")),
            ("reg:5000/nginx", ("reg:5000/nginx", "latest", "")),
            ("nginx@sha256:ab", ("nginx", "", "sha256:ab")),
            ("a/b:c@sha256:ab", ("a/b", "c", "sha256:ab")),
            ("", ("", "", "")),
        ] {
            assert_eq!(image_parts(image), parts, "{image}");
        }
    }

    #[test]
    fn values_of_other_types_are_left_out() {
        let odd = json!({"a": 1, "b": "c"});
        let facts = Facts { env: texts(Some(&Value::Null)), labels: pairs(Some(&odd)), ..Facts::default() };
        let text = facts.json();
        let container: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(container["container"]["env"], json!([]));
        assert_eq!(container["container"]["labels"], json!({"b": "c"}));
    }

    #[test]
    fn times_become_seconds() {
        for (text, expected) in
            [("2024-05-06T07:08:09.5Z", 1_714_979_289), ("1970-01-01T00:00:00Z", 0), ("soon", 0)]
        {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
