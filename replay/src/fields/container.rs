//! Fields of the container and the pod that an event happened in (reference state 11.11 to 11.13).

use std::collections::BTreeMap;

use tercel_rules::fields::{Arg, Field, FieldRef};

use super::process::since;
use super::{Context, Scratch, Value};
use crate::state::{Container, Mount};

/// Length of a short container id.
const SHORT_ID: usize = 12;

/// Whose fields are asked for.
enum Whose<'a> {
    /// A container that the capture tells about.
    Known(&'a Container),
    /// One of which only the id is known.
    Id(&'a [u8]),
    /// None: the host.
    Host,
}

/// The value of a field of the classes `container` and `k8s`.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    field: &'a FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    match field.field {
        Field::ContainerStartTs => return start(cx).map(Value::Uint),
        Field::ContainerDuration => return start(cx).map(|start| since(cx, start)),
        _ => {}
    }
    match whose(cx)? {
        Whose::Host => of_host(field.field),
        Whose::Id(id) => (field.field == Field::ContainerId).then_some(Value::Text(id)),
        Whose::Known(container) => match field.field {
            Field::K8sPodLabel | Field::K8sPodLabels | Field::K8sPodIp | Field::K8sPodCniJson => {
                pod(cx, container, field, scratch)
            }
            _ => match of_container(container, field.field) {
                None => composed(container, field, scratch),
                value => value,
            },
        },
    }
}

/// The container that the event tells about, else that of the thread with the event's id. The copy of a container that
/// an event tells about is in the table by then, except for one that was removed.
fn whose<'a>(cx: &Context<'a>) -> Option<Whose<'a>> {
    if let Some(container) = &cx.facts.container {
        return Some(Whose::Known(container));
    }
    let thread = cx.thread()?;
    if thread.container.is_empty() {
        return Some(Whose::Host);
    }
    Some(match cx.state.containers.get(&thread.container) {
        Some(container) => Whose::Known(container),
        None => Whose::Id(&thread.container),
    })
}

/// Start of the pid namespace of the thread; events about containers have no thread here.
fn start(cx: &Context<'_>) -> Option<u64> {
    if cx.facts.container.is_some() {
        return None;
    }
    cx.thread().map(|thread| thread.pidns_init_start_ts).filter(|start| *start != 0)
}

/// The host has a name and an id, `host`; what else a container has is there, but empty.
fn of_host<'a>(field: Field) -> Option<Value<'a>> {
    match field {
        Field::ContainerId | Field::ContainerFullId | Field::ContainerName | Field::ContainerType => {
            Some(Value::Text(b"host"))
        }
        Field::ContainerPrivileged
        | Field::ContainerHostPid
        | Field::ContainerHostNetwork
        | Field::ContainerHostIpc => Some(Value::Bool(false)),
        Field::ContainerImage
        | Field::ContainerImageId
        | Field::ContainerImageRepository
        | Field::ContainerImageTag
        | Field::ContainerImageDigest
        | Field::ContainerIp
        | Field::ContainerCniJson
        | Field::ContainerMounts
        | Field::ContainerLabels
        | Field::K8sPodSandboxId
        | Field::K8sPodFullSandboxId
        | Field::K8sPodLabels
        | Field::K8sPodIp
        | Field::K8sPodCniJson => Some(Value::Text(b"")),
        _ => None,
    }
}

/// Fields that a container has as they are.
fn of_container(container: &Container, field: Field) -> Option<Value<'_>> {
    let label = |name: &[u8]| container.labels.get(name).map(|label| Value::Text(label));
    let text: &[u8] = match field {
        Field::ContainerId => &container.id,
        Field::ContainerFullId => &container.full_id,
        Field::ContainerName => &container.name,
        Field::ContainerType => &container.kind,
        Field::ContainerImage => &container.image,
        Field::ContainerImageId => &container.image_id,
        Field::ContainerImageRepository => &container.image_repo,
        Field::ContainerImageTag => &container.image_tag,
        Field::ContainerImageDigest => &container.image_digest,
        Field::ContainerCniJson => &container.cni_json,
        Field::K8sPodFullSandboxId => &container.pod_sandbox_id,
        Field::K8sPodSandboxId => short(&container.pod_sandbox_id),
        Field::ContainerPrivileged => return Some(Value::Bool(container.privileged)),
        Field::ContainerHostPid => return Some(Value::Bool(container.host_pid)),
        Field::ContainerHostNetwork => return Some(Value::Bool(container.host_network)),
        Field::ContainerHostIpc => return Some(Value::Bool(container.host_ipc)),
        Field::K8sPodName => return label(b"io.kubernetes.pod.name"),
        Field::K8sNsName => return label(b"io.kubernetes.pod.namespace"),
        Field::K8sPodId | Field::K8sPodUid => return label(b"io.kubernetes.pod.uid"),
        _ => return None,
    };
    Some(Value::Text(text))
}

fn short(id: &[u8]) -> &[u8] {
    id.get(..SHORT_ID).unwrap_or(id)
}

/// Mounts, labels and the address.
fn composed<'a>(
    container: &'a Container,
    field: &'a FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    match (field.field, &field.arg) {
        (Field::ContainerMounts, _) => {
            scratch.text.clear();
            for (index, mount) in container.mounts.iter().enumerate() {
                if index > 0 {
                    scratch.text.push(b',');
                }
                push_mount(&mut scratch.text, mount);
            }
            Value::text(&scratch.text)
        }
        (Field::ContainerMount, arg) => {
            let mount = find_mount(container, field.field, arg, scratch)?;
            scratch.text.clear();
            push_mount(&mut scratch.text, mount);
            Value::text(&scratch.text)
        }
        (
            Field::ContainerMountSource
            | Field::ContainerMountDest
            | Field::ContainerMountMode
            | Field::ContainerMountRdwr
            | Field::ContainerMountPropagation,
            arg,
        ) => {
            let mount = find_mount(container, field.field, arg, scratch)?;
            Some(Value::Text(part_of_mount(mount, field.field)))
        }
        (Field::ContainerLabel, Arg::Key(key)) => Some(Value::Text(container.labels.get(key.as_bytes())?)),
        (Field::ContainerLabels, _) => {
            scratch.text.clear();
            push_labels(&mut scratch.text, &container.labels);
            Value::text(&scratch.text)
        }
        (Field::ContainerIp, _) => Some(address(container, scratch)),
        _ => None,
    }
}

fn part_of_mount(mount: &Mount, field: Field) -> &[u8] {
    match field {
        Field::ContainerMountSource => &mount.source,
        Field::ContainerMountDest => &mount.destination,
        Field::ContainerMountMode => &mount.mode,
        Field::ContainerMountRdwr => writable(mount),
        _ => &mount.propagation,
    }
}

fn writable(mount: &Mount) -> &'static [u8] {
    if mount.rdwr { b"true" } else { b"false" }
}

fn push_mount(out: &mut Vec<u8>, mount: &Mount) {
    let parts = [&mount.source[..], &mount.destination, &mount.mode, writable(mount), &mount.propagation];
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push(b':');
        }
        out.extend_from_slice(part);
    }
}

/// The mount of an index, or the first whose source (destination for `container.mount.source`) a pattern is found in.
fn find_mount<'a>(
    container: &'a Container,
    field: Field,
    arg: &Arg,
    scratch: &mut Scratch,
) -> Option<&'a Mount> {
    match arg {
        Arg::Index(index) => container.mounts.get(usize::try_from(*index).ok()?),
        Arg::Key(key) => {
            let pattern = scratch.memory.pattern(key)?;
            container.mounts.iter().find(|mount| match field {
                Field::ContainerMountSource => pattern.is_match(&mount.destination),
                _ => pattern.is_match(&mount.source),
            })
        }
        Arg::None => None,
    }
}

/// Appends labels as `key:value` with a comma and a space between, annotations and Kubernetes' own left out.
fn push_labels(out: &mut Vec<u8>, labels: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let start = out.len();
    for (key, label) in labels {
        if key.starts_with(b"annotation.") || key.starts_with(b"io.kubernetes.") {
            continue;
        }
        if out.len() > start {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(key);
        if !label.is_empty() {
            out.push(b':');
            out.extend_from_slice(label);
        }
    }
}

fn address<'a>(container: &Container, scratch: &'a mut Scratch) -> Value<'a> {
    scratch.text.clear();
    if let Some(ip) = container.ip {
        put!(scratch.text, "{ip}");
    }
    Value::Text(&scratch.text)
}

/// Fields of the pod: of the sandbox container where this one does not know its CNI result, else of this one.
fn pod<'a>(
    cx: &Context<'a>,
    container: &'a Container,
    field: &'a FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let knows = !container.cni_json.is_empty();
    let sandbox = cx.state.containers.get(short(&container.pod_sandbox_id)).filter(|_| !knows);
    let sandbox: Option<&Container> = sandbox.map(|sandbox| &**sandbox);
    // Without a sandbox the reference looks up the empty id, which is the host's.
    let nowhere = !knows && container.pod_sandbox_id.is_empty();
    match (field.field, &field.arg) {
        (Field::K8sPodLabel, Arg::Key(key)) => {
            let of_sandbox = sandbox.and_then(|sandbox| sandbox.pod_sandbox_labels.get(key.as_bytes()));
            let label = of_sandbox.or_else(|| container.pod_sandbox_labels.get(key.as_bytes()))?;
            Some(Value::Text(label))
        }
        (Field::K8sPodLabels | Field::K8sPodIp | Field::K8sPodCniJson, _) if nowhere => {
            Some(Value::Text(b""))
        }
        (Field::K8sPodLabels, _) => {
            scratch.text.clear();
            push_labels(&mut scratch.text, &sandbox.unwrap_or(container).pod_sandbox_labels);
            Value::text(&scratch.text)
        }
        (Field::K8sPodIp, _) => Some(address(if knows { container } else { sandbox? }, scratch)),
        (Field::K8sPodCniJson, _) => Some(Value::Text(&(if knows { container } else { sandbox? }).cni_json)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_joined_without_internal_ones() {
        let labels = [("app", "web"), ("bare", ""), ("annotation.x", "1"), ("io.kubernetes.pod.name", "p")];
        let labels = labels.iter().map(|(key, label)| (key.as_bytes().to_vec(), label.as_bytes().to_vec()));
        let mut out = Vec::new();
        push_labels(&mut out, &labels.collect());
        assert_eq!(out, b"app:web, bare");
    }

    #[test]
    fn mounts_have_five_parts() {
        let mount = Mount {
            source: b"/src".to_vec(),
            destination: b"/dst".to_vec(),
            mode: b"ro".to_vec(),
            rdwr: false,
            propagation: b"rprivate".to_vec(),
        };
        let mut out = Vec::new();
        push_mount(&mut out, &mount);
        assert_eq!(out, b"/src:/dst:ro:false:rprivate");
    }
}
