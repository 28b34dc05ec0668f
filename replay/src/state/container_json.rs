//! Container metadata as the recorder wrote it: JSON text enters, a [`Container`] leaves. Text that is not of the expected form
//! is dropped whole, as the reference does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tercel_format::ContainerEngine;

use super::{Category, Container, Mount, Probe};

const PROBES: [(&str, Category); 3] = [
    ("Healthcheck", Category::Healthcheck),
    ("LivenessProbe", Category::LivenessProbe),
    ("ReadinessProbe", Category::ReadinessProbe),
];

/// The text that [`parse`] reads as `container`.
pub(super) fn text(container: &Container) -> Vec<u8> {
    let of = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
    let engine = ContainerEngine::of_name(&container.kind);
    let mounts = container.mounts.iter().map(|mount| {
        json!({
            "Source": of(&mount.source), "Destination": of(&mount.destination), "Mode": of(&mount.mode),
            "RW": mount.rdwr, "Propagation": of(&mount.propagation),
        })
    });
    let labels = |pairs: &BTreeMap<Vec<u8>, Vec<u8>>| -> Map<String, Value> {
        pairs.iter().map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), of(value))).collect()
    };
    let mut object = json!({
        "id": of(&container.id),
        "full_id": of(&container.full_id),
        "name": of(&container.name),
        "type": engine.map_or(ContainerEngine::UNKNOWN, ContainerEngine::number),
        "image": of(&container.image),
        "imageid": of(&container.image_id),
        "imagerepo": of(&container.image_repo),
        "imagetag": of(&container.image_tag),
        "imagedigest": of(&container.image_digest),
        "ip": of(&container.ip_text),
        "privileged": container.privileged,
        "Mounts": mounts.collect::<Vec<_>>(),
        "labels": labels(&container.labels),
        "env": container.env.iter().map(|text| of(text)).collect::<Vec<_>>(),
        "pod_sandbox_id": of(&container.pod_sandbox_id),
        "pod_sandbox_labels": labels(&container.pod_sandbox_labels),
        "is_pod_sandbox": container.is_pod_sandbox,
        "host_pid": container.host_pid,
        "host_network": container.host_network,
        "host_ipc": container.host_ipc,
        "cni_json": of(&container.cni_json),
        "User": of(&container.user),
        "created_time": container.created_time,
    });
    for probe in &container.probes {
        if let Some((key, _)) = PROBES.iter().find(|(_, category)| *category == probe.category) {
            let args: Vec<Value> = probe.args.iter().map(|text| of(text)).collect();
            object[*key] = json!({ "exe": of(&probe.exe), "args": args });
        }
    }
    json!({ "container": object }).to_string().into_bytes()
}

/// Reads the text of a container event.
pub(super) fn parse(text: &[u8]) -> Option<Container> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let object = value.get("container")?.as_object()?;
    let ip_text = string(object, "ip")?;
    let engine = number(object, "type", ContainerEngine::UNKNOWN.into())?;
    let engine = ContainerEngine::of_number(engine as u64);
    Some(Container {
        id: string(object, "id")?,
        full_id: string(object, "full_id")?,
        name: string(object, "name")?,
        kind: engine.map_or("", ContainerEngine::name).into(),
        image: string(object, "image")?,
        image_id: string(object, "imageid")?,
        image_repo: string(object, "imagerepo")?,
        image_tag: string(object, "imagetag")?,
        image_digest: string(object, "imagedigest")?,
        ip: str::from_utf8(&ip_text).ok().and_then(|text| text.parse().ok()),
        ip_text,
        privileged: boolean(object, "privileged")?,
        mounts: list(object, "Mounts", mount)?,
        labels: pairs(object, "labels")?,
        env: list(object, "env", text_of)?,
        probes: probes(object)?,
        pod_sandbox_id: string(object, "pod_sandbox_id")?,
        pod_sandbox_labels: pairs(object, "pod_sandbox_labels")?,
        is_pod_sandbox: boolean(object, "is_pod_sandbox")?,
        host_pid: boolean(object, "host_pid")?,
        host_network: boolean(object, "host_network")?,
        host_ipc: boolean(object, "host_ipc")?,
        cni_json: string(object, "cni_json")?,
        user: string(object, "User")?,
        created_time: number(object, "created_time", 0)?,
    })
}

/// Text of a key, empty if it is missing; `None` for another type.
fn string(object: &Map<String, Value>, key: &str) -> Option<Vec<u8>> {
    object.get(key).map_or(Some(Vec::new()), text_of)
}

fn text_of(value: &Value) -> Option<Vec<u8>> {
    value.as_str().map(|text| text.as_bytes().to_vec())
}

fn boolean(object: &Map<String, Value>, key: &str) -> Option<bool> {
    object.get(key).map_or(Some(false), Value::as_bool)
}

fn number(object: &Map<String, Value>, key: &str, missing: i64) -> Option<i64> {
    object.get(key).map_or(Some(missing), |value| value.as_i64().or_else(|| value.as_f64().map(|v| v as i64)))
}

/// A list of a key, empty if it is missing or null.
fn list<T>(object: &Map<String, Value>, key: &str, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match object.get(key) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(item).collect(),
    }
}

/// Names and values of a key, empty if it is missing or null.
fn pairs(object: &Map<String, Value>, key: &str) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    match object.get(key) {
        None | Some(Value::Null) => Some(BTreeMap::new()),
        Some(value) => value
            .as_object()?
            .iter()
            .map(|(name, value)| Some((name.as_bytes().to_vec(), text_of(value)?)))
            .collect(),
    }
}

fn mount(value: &Value) -> Option<Mount> {
    let object = value.as_object()?;
    Some(Mount {
        source: string(object, "Source")?,
        destination: string(object, "Destination")?,
        mode: string(object, "Mode")?,
        rdwr: boolean(object, "RW")?,
        propagation: string(object, "Propagation")?,
    })
}

fn probes(object: &Map<String, Value>) -> Option<Vec<Probe>> {
    PROBES
        .iter()
        .filter_map(|(key, category)| Some((object.get(*key)?, *category)))
        .map(|(value, category)| {
            let object = value.as_object()?;
            Some(Probe { category, exe: string(object, "exe")?, args: list(object, "args", text_of)? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_whole() {
        let text =
            br#"{"container":{"id":"0123456789ab","full_id":"0123","name":"web","type":0,"image":"nginx:1",
            "imagerepo":"nginx","imagetag":"1","ip":"172.17.0.2","privileged":true,"labels":{"a":"b"},
            "pod_sandbox_labels":null,"env":["A=1"],"created_time":1700000000,
            "Mounts":[{"Source":"/s","Destination":"/d","Mode":"ro","RW":false,"Propagation":"rprivate"}],
            "Healthcheck":{"exe":"curl","args":["-f","x"]}}}"#;
        let container = parse(text).expect("valid");
        assert_eq!(
            (container.id.as_slice(), container.kind.as_slice()),
            (&b"0123456789ab"[..], &b"docker"[..])
        );
        assert_eq!(container.ip.map(|ip| ip.to_string()).as_deref(), Some("172.17.0.2"));
        assert_eq!(container.mounts[0].destination, b"/d");
        assert_eq!(container.labels.get(&b"a"[..]).map(Vec::as_slice), Some(&b"b"[..]));
        assert_eq!(container.probes[0].category, Category::Healthcheck);
        assert!(container.privileged && container.pod_sandbox_labels.is_empty());
        assert_eq!(parse(&super::text(&container)), Some(container));
    }

    #[test]
    fn text_of_another_form_is_dropped() {
        for text in [
            &b""[..],
            b"{",
            b"[]",
            b"{\"id\":\"x\"}",
            b"{\"container\":{\"id\":1}}",
            b"{\"container\":{\"labels\":[]}}",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
