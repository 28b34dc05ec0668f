//! The Container Runtime Interface of Kubernetes, which containerd and CRI-O implement: statuses of containers and pods enter,
//! descriptions leave, with the facts that Falco's container plugin takes from them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Map, Value};
use tercel_format::ContainerEngine;
use tokio::time::{sleep, timeout};

use super::description::{ENTRIES, Facts, image_parts};
use super::grpc::{Answers, Client, Failed};
use super::messages::cri::{
    Container, ContainerList, ContainerStatus, ContainersQuestion, Event, Filter, List, Mount,
    NamespaceOptions, Nothing, Pod, PodStatus, StatusQuestion, Version,
};
use super::sender::{Rank, Sender};
use super::{MOST, json, oci};

/// How often an engine that does not report starts is queried for its lists.
const PERIOD: Duration = Duration::from_millis(500);
/// `NamespaceMode` of the host's namespace.
const NODE: i32 = 2;
/// Longest text about a pod's network.
const LONGEST_NETWORK: usize = 4096;

/// A runtime that answers.
pub(super) struct Cri {
    client: Client,
    engine: ContainerEngine,
}

impl Cri {
    /// Asks whether the other end implements this interface.
    pub(super) async fn find(client: &Client) -> Option<Cri> {
        let version: Version = client.ask("runtime.v1.RuntimeService/Version", "", &Nothing {}).await.ok()?;
        let engine = match version.runtime_name.as_str() {
            "containerd" => ContainerEngine::Containerd,
            "cri-o" => ContainerEngine::Crio,
            _ => ContainerEngine::Cri,
        };
        Some(Cri { client: client.clone(), engine })
    }

    /// Describes the containers and pods that there are, and then each that comes, until the runtime does not answer any more.
    pub(super) async fn follow(&self, sender: &Sender) -> Result<(), Failed> {
        let mut events =
            self.client.subscribe("runtime.v1.RuntimeService/GetContainerEvents", "", &Nothing {}).await.ok();
        let mut known = HashSet::new();
        loop {
            let pods: List =
                self.client.ask("runtime.v1.RuntimeService/ListPodSandbox", "", &Nothing {}).await?;
            let containers: List =
                self.client.ask("runtime.v1.RuntimeService/ListContainers", "", &Nothing {}).await?;
            let pods = pods.entries.into_iter().map(|entry| (true, entry.id));
            let containers = containers.entries.into_iter().map(|entry| (false, entry.id));
            let mut present = HashSet::new();
            for (is_pod, id) in pods.chain(containers).take(MOST) {
                if !known.contains(&id) {
                    let described = if is_pod { self.pod(&id).await } else { self.container(&id).await };
                    let Ok(text) = described else { continue };
                    sender.send(Rank::Engine, &id, text);
                }
                present.insert(id);
            }
            // What has gone may come again.
            known = present;
            pause(&mut events).await;
        }
    }

    /// Describes a container.
    pub(super) async fn container(&self, id: &str) -> Result<String, Failed> {
        let question = ContainersQuestion { filter: Some(Filter { id: id.to_owned() }) };
        let list: ContainerList =
            self.client.ask("runtime.v1.RuntimeService/ListContainers", "", &question).await?;
        let entry = list.containers.into_iter().find(|entry| entry.id == id).ok_or(Failed::Silent)?;
        let question = StatusQuestion { id: id.to_owned(), verbose: true };
        let found: ContainerStatus =
            self.client.ask("runtime.v1.RuntimeService/ContainerStatus", "", &question).await?;
        let status = found.status.ok_or(Failed::Silent)?;
        let (pod, pod_info) = self.pod_status(&entry.sandbox_id).await?;
        Ok(of_container(&status, &info(&found.info), &pod, &pod_info, self.engine))
    }

    /// Describes the sandbox of a pod.
    pub(super) async fn pod(&self, id: &str) -> Result<String, Failed> {
        let (pod, info) = self.pod_status(id).await?;
        Ok(of_pod(&pod, &info, self.engine))
    }

    async fn pod_status(&self, id: &str) -> Result<(Pod, Value), Failed> {
        let question = StatusQuestion { id: id.to_owned(), verbose: true };
        let found: PodStatus =
            self.client.ask("runtime.v1.RuntimeService/PodSandboxStatus", "", &question).await?;
        Ok((found.status.ok_or(Failed::Silent)?, info(&found.info)))
    }
}

/// Waits until something may have come.
async fn pause(events: &mut Option<Answers>) {
    let Some(stream) = events else { return sleep(PERIOD).await };
    match timeout(PERIOD, stream.next::<Event>()).await {
        Err(_) | Ok(Ok(Some(_))) => {}
        // The runtime does not report them.
        Ok(Ok(None) | Err(_)) => *events = None,
    }
}

/// What a runtime reports beyond the interface, as JSON by convention.
fn info(info: &HashMap<String, String>) -> Value {
    info.get("info").and_then(|text| json::parse(text.as_bytes()).ok()).unwrap_or_default()
}

fn of_container(
    status: &Container,
    info: &Value,
    pod: &Pod,
    pod_info: &Value,
    engine: ContainerEngine,
) -> String {
    let spec = info.get("runtimeSpec").unwrap_or(&Value::Null);
    let (image, digest) = image(status, spec);
    // containerd reports what was requested, CRI-O the result.
    let asked = info.pointer("/config/envs").and_then(Value::as_array).map(|envs| {
        let pairs =
            envs.iter().filter_map(|env| Some((env.get("key")?.as_str()?, env.get("value")?.as_str()?)));
        pairs.take(ENTRIES).map(|(key, value)| Value::from(format!("{key}={value}"))).collect()
    });
    let user = status.user.as_ref().and_then(|user| user.linux.as_ref()).map(|user| user.uid.to_string());
    let privileged = ["/config/linux/security_context/privileged", "/privileged"];
    // What was asked for is the image's digest where Kubernetes asked.
    let wanted = info.pointer("/config/image/image").and_then(Value::as_str).unwrap_or_default();
    let wanted = if wanted.starts_with("sha256:") { wanted } else { "" };
    let facts = oci::facts(spec);
    let cni = network(pod_info);
    Facts {
        engine: Some(engine),
        id: &status.id,
        name: status.metadata.as_ref().map_or("", |metadata| &metadata.name),
        image: &image,
        image_id: if status.image_id.is_empty() { wanted } else { &status.image_id },
        digest: &digest,
        user: user.unwrap_or(facts.user),
        privileged: privileged.iter().any(|path| info.pointer(path) == Some(&Value::Bool(true))),
        env: asked.unwrap_or(facts.env),
        labels: labels(&status.labels, pod),
        mounts: status.mounts.iter().take(ENTRIES).map(mount).collect(),
        created: status.created / 1_000_000_000,
        ..of_sandbox(pod, &cni)
    }
    .json()
}

fn of_pod(pod: &Pod, info: &Value, engine: ContainerEngine) -> String {
    let spec = info.get("runtimeSpec").unwrap_or(&Value::Null);
    let cni = network(info);
    let image = info.get("image").and_then(Value::as_str);
    Facts {
        engine: Some(engine),
        id: &pod.id,
        name: pod.metadata.as_ref().map_or("", |metadata| &metadata.name),
        image: image.unwrap_or_else(|| oci::annotation(spec, "io.kubernetes.cri-o.ImageName")),
        user: oci::facts(spec).user,
        labels: labels(&pod.labels, pod),
        created: pod.created / 1_000_000_000,
        is_sandbox: true,
        ..of_sandbox(pod, &cni)
    }
    .json()
}

/// What everything in a pod has in common.
fn of_sandbox<'a>(pod: &'a Pod, cni: &'a str) -> Facts<'a> {
    let options = pod.linux.as_ref().and_then(|linux| linux.namespaces.as_ref()?.options.as_ref());
    let is_of_the_host =
        |kind: fn(&NamespaceOptions) -> i32| options.is_some_and(|options| kind(options) == NODE);
    Facts {
        ip: pod.network.as_ref().map_or("", |network| &network.ip),
        host_network: is_of_the_host(|options| options.network),
        host_pid: is_of_the_host(|options| options.pid),
        host_ipc: is_of_the_host(|options| options.ipc),
        sandbox_id: &pod.id,
        sandbox_labels: object(&pod.labels),
        cni,
        ..Facts::default()
    }
}

/// Labels, and those that Falco's fields of Kubernetes are read from.
fn labels(own: &HashMap<String, String>, pod: &Pod) -> Map<String, Value> {
    let mut labels = object(own);
    labels.insert("io.kubernetes.sandbox.id".to_owned(), pod.id.as_str().into());
    if let Some(metadata) = &pod.metadata {
        for (key, value) in
            [("uid", &metadata.uid), ("name", &metadata.name), ("namespace", &metadata.namespace)]
        {
            labels.insert(format!("io.kubernetes.pod.{key}"), value.as_str().into());
        }
    }
    labels
}

fn object(pairs: &HashMap<String, String>) -> Map<String, Value> {
    pairs.iter().take(ENTRIES).map(|(key, value)| (key.clone(), value.as_str().into())).collect()
}

/// Name and digest of a container's image. Its reference is either the digest alone, or a repository with one.
fn image(status: &Container, spec: &Value) -> (String, String) {
    let named = status.image.as_ref().map_or("", |image| image.image.as_str());
    let (repository, digest) = match status.image_ref.find("sha256:") {
        Some(0) => ("", status.image_ref.as_str()),
        Some(at) => (
            status.image_ref.get(..at).and_then(|before| before.strip_suffix('@')).unwrap_or_default(),
            status.image_ref.get(at..).unwrap_or_default(),
        ),
        None => ("", ""),
    };
    let noted =
        ["io.kubernetes.cri.image-name", "io.kubernetes.cri-o.Image", "io.kubernetes.cri-o.ImageName"];
    let name = match (repository, named) {
        ("", name) if name.is_empty() || name.starts_with("sha256") => {
            let mut notes = noted.into_iter().map(|key| oci::annotation(spec, key));
            notes.find(|note| !note.is_empty()).unwrap_or(name).to_owned()
        }
        ("", name) => name.to_owned(),
        (repository, named) => match image_parts(named).1 {
            "" => repository.to_owned(),
            tag => format!("{repository}:{tag}"),
        },
    };
    (name, digest.to_owned())
}

/// A pod's interfaces, as containerd and CRI-O report them.
fn network(info: &Value) -> String {
    let interfaces = info.pointer("/cniResult/interfaces").or(info.pointer("/cniResult/Interfaces"));
    let noted =
        info.get("runtimeSpec").map_or("", |spec| oci::annotation(spec, "io.kubernetes.cri-o.CNIResult"));
    let mut text = interfaces.map_or(noted.to_owned(), Value::to_string);
    text.truncate(text.floor_char_boundary(LONGEST_NETWORK));
    text
}

fn mount(mount: &Mount) -> Value {
    serde_json::json!({
        "Source": mount.host_path,
        "Destination": mount.container_path,
        "Mode": "",
        "RW": !mount.readonly,
        "Propagation": match mount.propagation {
            0 => "private",
            1 => "rslave",
            2 => "rshared",
            _ => "unknown",
        },
    })
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::super::messages::cri::{ContainerMetadata, Image, PodMetadata};
    use super::*;
    use crate::mutation;

    #[test]
    fn any_status_becomes_a_description() {
        let spec = r#"{"config":{"envs":[{"key":"A","value":"1"}],"image":{"image":"sha256:ab"}},"privileged":true,
            "runtimeSpec":{"annotations":{"io.kubernetes.cri-o.CNIResult":"{}"},"mounts":[{"type":"bind","options":["ro"]}]},
            "cniResult":{"Interfaces":{"eth0":{}}}}"#;
        let container = Container {
            id: "\u{e9}".repeat(32),
            metadata: Some(ContainerMetadata { name: "nginx".to_owned() }),
            created: i64::MIN,
            image: Some(Image { image: "reg:5000/nginx:1.2".to_owned() }),
            image_ref: "reg:5000/nginx@sha256:ab".to_owned(),
            mounts: vec![Mount::default()],
            ..Container::default()
        };
        let pod = Pod {
            id: "p".to_owned(),
            metadata: Some(PodMetadata { name: "web".to_owned(), ..PodMetadata::default() }),
            labels: HashMap::from([("tier".to_owned(), "front".to_owned())]),
            ..Pod::default()
        };
        let spec: Value = serde_json::from_str(spec).expect("valid");
        let is_json = |text: String| assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
        mutation::of_json(&spec, 5_000, |info| {
            is_json(of_container(&container, info, &pod, info, ContainerEngine::Cri));
            is_json(of_pod(&pod, info, ContainerEngine::Crio));
        });
        let mut decoded = 0;
        mutation::of_bytes(&[&container.encode_to_vec(), &pod.encode_to_vec()], 20_000, |message| {
            if let (Ok(container), Ok(pod)) = (Container::decode(message), Pod::decode(message)) {
                decoded += 1;
                is_json(of_container(&container, &spec, &pod, &spec, ContainerEngine::Cri));
            }
        });
        assert!(decoded > 100, "{decoded} messages were read");
    }

    #[test]
    fn descriptions_of_many_parts_are_bounded() {
        let pod = Pod {
            labels: (0..100_000).map(|at| (at.to_string(), String::new())).collect(),
            ..Pod::default()
        };
        let container = Container { mounts: vec![Mount::default(); 100_000], ..Container::default() };
        let text = of_container(&container, &Value::Null, &pod, &Value::Null, ContainerEngine::Cri);
        let found: Value = serde_json::from_str(&text).expect("JSON");
        let count = |key: &str| found.pointer(key).map_or(0, |list| list.as_array().map_or(0, Vec::len));
        assert_eq!(count("/container/Mounts"), ENTRIES);
        let labels = found.pointer("/container/pod_sandbox_labels").and_then(Value::as_object);
        assert_eq!(labels.map(Map::len), Some(ENTRIES));
    }
}
