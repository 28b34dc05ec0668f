//! The OCI configuration of a container, which every engine makes for the program that starts it: JSON enters, facts leave. The
//! annotations are those of containerd's plugin for Kubernetes.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::{Map, Value, json};
use tercel_format::ContainerEngine;

use super::description::{ENTRIES, Facts, short, texts};

/// What the configuration itself says, whatever the engine.
pub(super) fn facts(config: &Value) -> Facts<'_> {
    let mounts = config.pointer("/mounts").and_then(Value::as_array).into_iter().flatten();
    let masked = config.pointer("/linux/maskedPaths").and_then(Value::as_array);
    let devices = config.pointer("/linux/resources/devices").and_then(Value::as_array).into_iter().flatten();
    let mut every_device =
        devices.filter(|device| device.get("type").is_none() && device.get("major").is_none());
    let allowed = every_device.next_back().and_then(|device| device.get("allow")?.as_bool());
    Facts {
        // A privileged container has every device and sees all of /proc.
        privileged: allowed == Some(true) && masked.is_none_or(Vec::is_empty),
        host_pid: is_of_the_host(config, "pid"),
        host_network: is_of_the_host(config, "network"),
        host_ipc: is_of_the_host(config, "ipc"),
        user: config
            .pointer("/process/user/uid")
            .and_then(Value::as_u64)
            .map_or(String::new(), |id| id.to_string()),
        env: texts(config.pointer("/process/env")),
        mounts: mounts.filter_map(mount).take(ENTRIES).collect(),
        ..Facts::default()
    }
}

/// What the configuration of a container of containerd says, the annotations of its plugin for Kubernetes included.
pub(super) fn of_containerd<'a>(id: &'a str, config: &'a Value) -> Facts<'a> {
    let note = |key: &str| annotation(config, &format!("io.kubernetes.cri.{key}"));
    let mut labels = Map::new();
    for (label, key) in [
        ("io.kubernetes.pod.name", "sandbox-name"),
        ("io.kubernetes.pod.namespace", "sandbox-namespace"),
        ("io.kubernetes.pod.uid", "sandbox-uid"),
        ("io.kubernetes.container.name", "container-name"),
    ] {
        if !note(key).is_empty() {
            labels.insert(label.to_owned(), note(key).into());
        }
    }
    let name = [note("container-name"), note("sandbox-name"), annotation(config, "nerdctl/name"), short(id)];
    Facts {
        engine: Some(ContainerEngine::Containerd),
        id,
        name: name.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        image: note("image-name"),
        labels,
        sandbox_id: note("sandbox-id"),
        is_sandbox: note("container-type") == "sandbox",
        ..facts(config)
    }
}

/// Whether a container has no namespace of a kind of its own: none is requested, or the host's.
fn is_of_the_host(config: &Value, kind: &str) -> bool {
    let list = config.pointer("/linux/namespaces").and_then(Value::as_array).into_iter().flatten();
    let mut list = list.filter(|namespace| namespace.get("type").and_then(Value::as_str) == Some(kind));
    let Some(namespace) = list.next() else { return true };
    let Some(path) = namespace.get("path").and_then(Value::as_str).filter(|path| !path.is_empty()) else {
        return false;
    };
    let host = format!("/proc/1/ns/{}", if kind == "network" { "net" } else { kind });
    let inode = |path: &str| fs::metadata(path).map(|file| file.ino()).ok();
    inode(path).is_some_and(|found| inode(&host) == Some(found))
}

/// A directory of the host that is bound into the container.
fn mount(mount: &Value) -> Option<Value> {
    let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default();
    let options: Vec<&str> = mount.get("options")?.as_array()?.iter().filter_map(Value::as_str).collect();
    if text("type") != "bind" {
        return None;
    }
    let propagation = options.iter().find(|option| {
        option.ends_with("private") || option.ends_with("shared") || option.ends_with("slave")
    });
    Some(json!({
        "Source": text("source"),
        "Destination": text("destination"),
        "Mode": "",
        "RW": !options.contains(&"ro"),
        "Propagation": propagation.copied().unwrap_or_default(),
    }))
}

/// An annotation; empty if it is not there.
pub(super) fn annotation<'a>(config: &'a Value, key: &str) -> &'a str {
    config.get("annotations").and_then(|notes| notes.get(key)?.as_str()).unwrap_or_default()
}
