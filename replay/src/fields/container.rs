//! Fields of the container and the pod that an event happened in (reference state 11.11 to 11.13).

use std::collections::BTreeMap;

use tercel_rules::fields::{Arg, ContainerField as C};

use super::composed::{composed, since};
use super::{Context, Nature, Scratch, Value};
use crate::state::{Container, Mount};

/// Length of a short container id.
const SHORT_ID: usize = 12;

/// The deprecated fields: the reference's plugin has no value for them either.
macro_rules! deprecated {
    () => {
        C::ContainerHealthcheck
            | C::ContainerLivenessProbe
            | C::ContainerReadinessProbe
            | C::ProcIsContainerHealthcheck
            | C::ProcIsContainerLivenessProbe
            | C::ProcIsContainerReadinessProbe
            | C::K8sRcName
            | C::K8sRcId
            | C::K8sRcLabel
            | C::K8sRcLabels
            | C::K8sSvcName
            | C::K8sSvcId
            | C::K8sSvcLabel
            | C::K8sSvcLabels
            | C::K8sNsId
            | C::K8sNsLabel
            | C::K8sNsLabels
            | C::K8sRsName
            | C::K8sRsId
            | C::K8sRsLabel
            | C::K8sRsLabels
            | C::K8sDeploymentName
            | C::K8sDeploymentId
            | C::K8sDeploymentLabel
            | C::K8sDeploymentLabels
    };
}

/// Whose fields are asked for.
enum Whose<'a> {
    /// A container that the capture describes.
    Known(&'a Container),
    /// One of which only the id is known.
    Id(&'a [u8]),
    /// None: the host.
    Host,
}

/// The value of a field of the classes `container` and `k8s`.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    field: C,
    arg: &'a Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    if field == C::ContainerStartTs || field == C::ContainerDuration {
        let start = start(cx)?;
        return Some(if field == C::ContainerStartTs { Value::Uint(start) } else { since(cx, start) });
    }
    let whose = whose(cx)?;
    if field == C::ContainerIsProven {
        return match whose {
            Whose::Host => None,
            Whose::Id(_) => Some(Value::Bool(false)),
            // What is made of a cgroup's name alone has no full id.
            Whose::Known(container) => Some(Value::Bool(!container.full_id.is_empty())),
        };
    }
    match whose {
        Whose::Host => of_host(field),
        Whose::Id(id) => (field == C::ContainerId).then_some(Value::Text(id)),
        Whose::Known(container) => of_container(cx, container, field, arg, scratch),
    }
}

/// The row of a field of the classes `container` and `k8s`.
pub(super) fn nature(field: C) -> Nature {
    match field {
        C::ContainerId
        | C::ContainerFullId
        | C::ContainerName
        | C::ContainerImage
        | C::ContainerImageId
        | C::ContainerType
        | C::ContainerPrivileged
        | C::ContainerMounts
        | C::ContainerMount
        | C::ContainerMountSource
        | C::ContainerMountDest
        | C::ContainerMountMode
        | C::ContainerMountRdwr
        | C::ContainerMountPropagation
        | C::ContainerImageRepository
        | C::ContainerImageTag
        | C::ContainerImageDigest
        | C::ContainerStartTs
        | C::ContainerDuration
        | C::ContainerIp
        | C::ContainerCniJson
        | C::ContainerHostPid
        | C::ContainerHostNetwork
        | C::ContainerHostIpc
        | C::ContainerLabel
        | C::ContainerLabels
        | C::ContainerIsProven
        | C::K8sPodName
        | C::K8sNsName
        | C::K8sPodId
        | C::K8sPodUid
        | C::K8sPodSandboxId
        | C::K8sPodFullSandboxId
        | C::K8sPodLabel
        | C::K8sPodLabels
        | C::K8sPodIp
        | C::K8sPodCniJson
        | deprecated!() => Nature::EVENT,
    }
}

/// The container that the event describes, or that of the thread with the event's id. The container is in the table by then,
/// unless it was removed.
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
fn of_host<'a>(field: C) -> Option<Value<'a>> {
    match field {
        C::ContainerId | C::ContainerFullId | C::ContainerName | C::ContainerType => {
            Some(Value::Text(b"host"))
        }
        C::ContainerPrivileged | C::ContainerHostPid | C::ContainerHostNetwork | C::ContainerHostIpc => {
            Some(Value::Bool(false))
        }
        C::ContainerImage
        | C::ContainerImageId
        | C::ContainerImageRepository
        | C::ContainerImageTag
        | C::ContainerImageDigest
        | C::ContainerIp
        | C::ContainerCniJson
        | C::ContainerMounts
        | C::ContainerLabels
        | C::K8sPodSandboxId
        | C::K8sPodFullSandboxId
        | C::K8sPodLabels
        | C::K8sPodIp
        | C::K8sPodCniJson => Some(Value::Text(b"")),
        C::ContainerMount
        | C::ContainerMountSource
        | C::ContainerMountDest
        | C::ContainerMountMode
        | C::ContainerMountRdwr
        | C::ContainerMountPropagation
        | C::ContainerStartTs
        | C::ContainerDuration
        | C::ContainerIsProven
        | C::ContainerLabel
        | C::K8sPodName
        | C::K8sNsName
        | C::K8sPodId
        | C::K8sPodUid
        | C::K8sPodLabel
        | deprecated!() => None,
    }
}

/// The fields of a container that the capture describes.
fn of_container<'a>(
    cx: &Context<'a>,
    container: &'a Container,
    field: C,
    arg: &'a Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let text = |text: &'a [u8]| Some(Value::Text(text));
    let label = |name: &[u8]| container.labels.get(name).map(|label| Value::Text(label));
    match field {
        C::ContainerId => text(&container.id),
        C::ContainerFullId => text(&container.full_id),
        C::ContainerName => text(&container.name),
        C::ContainerType => text(&container.kind),
        C::ContainerImage => text(&container.image),
        C::ContainerImageId => text(&container.image_id),
        C::ContainerImageRepository => text(&container.image_repo),
        C::ContainerImageTag => text(&container.image_tag),
        C::ContainerImageDigest => text(&container.image_digest),
        C::ContainerCniJson => text(&container.cni_json),
        C::ContainerPrivileged => Some(Value::Bool(container.privileged)),
        C::ContainerHostPid => Some(Value::Bool(container.host_pid)),
        C::ContainerHostNetwork => Some(Value::Bool(container.host_network)),
        C::ContainerHostIpc => Some(Value::Bool(container.host_ipc)),
        C::ContainerIp => Some(address(container, scratch)),
        C::ContainerMounts => composed(scratch, |out| push_mounts(out, &container.mounts)),
        C::ContainerMount => {
            let mount = find_mount(container, |mount| &mount.source, arg, scratch)?;
            composed(scratch, |out| push_mount(out, mount))
        }
        C::ContainerMountSource => {
            text(&find_mount(container, |mount| &mount.destination, arg, scratch)?.source)
        }
        C::ContainerMountDest => {
            text(&find_mount(container, |mount| &mount.source, arg, scratch)?.destination)
        }
        C::ContainerMountMode => text(&find_mount(container, |mount| &mount.source, arg, scratch)?.mode),
        C::ContainerMountRdwr => text(writable(find_mount(container, |mount| &mount.source, arg, scratch)?)),
        C::ContainerMountPropagation => {
            text(&find_mount(container, |mount| &mount.source, arg, scratch)?.propagation)
        }
        C::ContainerLabel => text(container.labels.get(key(arg)?)?),
        C::ContainerLabels => composed(scratch, |out| push_labels(out, &container.labels)),
        C::K8sPodName => label(b"io.kubernetes.pod.name"),
        C::K8sNsName => label(b"io.kubernetes.pod.namespace"),
        C::K8sPodId | C::K8sPodUid => label(b"io.kubernetes.pod.uid"),
        C::K8sPodFullSandboxId => text(&container.pod_sandbox_id),
        C::K8sPodSandboxId => text(short(&container.pod_sandbox_id)),
        C::K8sPodLabel => Pod::of(cx, container).label(key(arg)?).map(Value::Text),
        C::K8sPodLabels => Pod::of(cx, container).labels(scratch),
        C::K8sPodIp => Pod::of(cx, container).ip(scratch),
        C::K8sPodCniJson => Pod::of(cx, container).cni_json().map(Value::Text),
        // Answered before.
        C::ContainerStartTs | C::ContainerDuration | C::ContainerIsProven => None,
        deprecated!() => None,
    }
}

/// The key that a field was given.
fn key(arg: &Arg) -> Option<&[u8]> {
    match arg {
        Arg::Key(key) => Some(key.as_bytes()),
        Arg::None | Arg::Index(_) => None,
    }
}

fn short(id: &[u8]) -> &[u8] {
    id.get(..SHORT_ID).unwrap_or(id)
}

fn push_mounts(out: &mut Vec<u8>, mounts: &[Mount]) {
    for (index, mount) in mounts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_mount(out, mount);
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

/// The mount of an index, or the first of which a pattern is found in the `searched` part.
fn find_mount<'a>(
    container: &'a Container,
    searched: fn(&Mount) -> &[u8],
    arg: &Arg,
    scratch: &mut Scratch,
) -> Option<&'a Mount> {
    match arg {
        Arg::Index(index) => container.mounts.get(usize::try_from(*index).ok()?),
        Arg::Key(key) => {
            let pattern = scratch.memory.pattern(key)?;
            container.mounts.iter().find(|mount| pattern.is_match(searched(mount)))
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

/// A container's pod: what the fields of the pod look at is the sandbox container where this one does not know its CNI
/// result, else this one.
struct Pod<'a> {
    container: &'a Container,
    sandbox: Option<&'a Container>,
    /// The container knows its CNI result.
    knows: bool,
}

impl<'a> Pod<'a> {
    fn of(cx: &Context<'a>, container: &'a Container) -> Pod<'a> {
        let knows = !container.cni_json.is_empty();
        let sandbox = cx.state.containers.get(short(&container.pod_sandbox_id)).filter(|_| !knows);
        Pod { container, sandbox: sandbox.map(|sandbox| &**sandbox), knows }
    }

    /// Without a sandbox the reference looks up the empty id, which is the host's.
    fn is_nowhere(&self) -> bool {
        !self.knows && self.container.pod_sandbox_id.is_empty()
    }

    fn label(&self, key: &[u8]) -> Option<&'a [u8]> {
        let of_sandbox = self.sandbox.and_then(|sandbox| sandbox.pod_sandbox_labels.get(key));
        of_sandbox.or_else(|| self.container.pod_sandbox_labels.get(key)).map(|label| &**label)
    }

    fn labels<'s>(&self, scratch: &'s mut Scratch) -> Option<Value<'s>> {
        if self.is_nowhere() {
            return Some(Value::Text(b""));
        }
        let labels = &self.sandbox.unwrap_or(self.container).pod_sandbox_labels;
        composed(scratch, |out| push_labels(out, labels))
    }

    fn ip<'s>(&self, scratch: &'s mut Scratch) -> Option<Value<'s>> {
        if self.is_nowhere() { Some(Value::Text(b"")) } else { Some(address(self.network()?, scratch)) }
    }

    fn cni_json(&self) -> Option<&'a [u8]> {
        if self.is_nowhere() { Some(b"") } else { self.network().map(|container| &*container.cni_json) }
    }

    /// The container that has the pod's network.
    fn network(&self) -> Option<&'a Container> {
        if self.knows { Some(self.container) } else { self.sandbox }
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
