//! What engines keep on disk for each container: the OCI configuration of its bundle, with the annotations of Kubernetes'
//! runtimes, and the list of containers of the storage that CRI-O and Podman share.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tercel_format::ContainerEngine;

use super::description::{Facts, pairs};
use super::sender::{Rank, Sender};
use super::{Answering, MOST, json, oci};

/// How often the directories are looked at. A look costs a listing of each.
const PERIOD: Duration = Duration::from_millis(50);
/// What engines that are asked are ahead of the first look.
const HEAD_START: Duration = Duration::from_millis(50);
/// Looks that a new container's configuration is waited for.
const TRIES: u8 = 100;
/// Longest file that is read.
const LONGEST: u64 = 4 << 20;
/// Where containerd and CRI-O listen, by their own and by other distributions.
pub(super) const CONTAINERD_SOCKET: &str = "/run/containerd/containerd.sock";
pub(super) const K3S_SOCKET: &str = "/run/k3s/containerd/containerd.sock";
pub(super) const MICROK8S_SOCKET: &str = "/var/snap/microk8s/common/run/containerd.sock";
pub(super) const CRIO_SOCKET: &str = "/run/crio/crio.sock";
pub(super) const PODMAN_SOCKET: &str = "/run/podman/podman.sock";
/// Where containerd keeps bundles, and the socket that provides more.
const CONTAINERD: [(&str, &str); 3] = [
    ("/run/containerd", CONTAINERD_SOCKET),
    ("/run/k3s/containerd", K3S_SOCKET),
    ("/var/snap/microk8s/common/run/containerd", MICROK8S_SOCKET),
];
/// Where CRI-O and Podman keep containers.
const STORAGE: &str = "/var/lib/containers/storage/overlay-containers";
/// Where networks of containers are noted (libcni's cache).
const NETWORKS: &str = "/var/lib/cni/results";
/// Docker's namespace in containerd: its socket provides more.
const DOCKER: &str = "moby";

/// The directories that are looked at, and what was found there.
pub(super) struct Bundles {
    containerd: Vec<(PathBuf, &'static str)>,
    storage: PathBuf,
    networks: PathBuf,
    /// The engines that answer: their containers are left to them.
    answering: Answering,
    /// Remaining checks for each bundle; 0: it was sent.
    known: HashMap<PathBuf, u8>,
}

impl Bundles {
    /// Those of the host.
    pub(super) fn of_the_host(answering: Answering) -> Bundles {
        Bundles {
            containerd: CONTAINERD.iter().map(|(place, socket)| (PathBuf::from(place), *socket)).collect(),
            storage: PathBuf::from(STORAGE),
            networks: PathBuf::from(NETWORKS),
            answering,
            known: HashMap::new(),
        }
    }

    /// Describes the containers that are there, and then each that comes, until nobody listens.
    pub(super) fn follow(mut self, sender: &Sender) {
        // Engines that are there answer first.
        std::thread::sleep(HEAD_START);
        while sender.is_heard() {
            for (id, text) in self.look() {
                sender.send(Rank::Disk, &id, text);
            }
            std::thread::sleep(PERIOD);
        }
    }

    /// The containers that are new since the last look.
    fn look(&mut self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut present = HashMap::new();
        for bundle in self.bundles() {
            let left = self.known.get(&bundle).copied().unwrap_or(TRIES);
            let described = if left == 0 { None } else { self.describe(&bundle) };
            let left = if described.is_some() { 0 } else { left.saturating_sub(1) };
            found.extend(described);
            present.insert(bundle, left);
        }
        // What has gone may come again.
        self.known = present;
        found
    }

    /// Directories that hold a config.json, or will.
    fn bundles(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for (root, socket) in &self.containerd {
            if self.answering.has(socket) {
                continue;
            }
            for namespace in children(&root.join("io.containerd.runtime.v2.task")) {
                if namespace.file_name().is_some_and(|name| name != DOCKER) {
                    found.extend(children(&namespace));
                }
            }
        }
        found.extend(children(&self.storage).into_iter().map(|container| container.join("userdata")));
        found.truncate(MOST);
        found
    }

    /// The id of a container and its description.
    fn describe(&self, bundle: &Path) -> Option<(String, String)> {
        let path = bundle.join("config.json");
        let config = read(&path)?;
        let created = fs::metadata(&path).map_or(0, |file| file.mtime());
        if bundle.starts_with(&self.storage) {
            let id = bundle.parent()?.file_name()?.to_str()?;
            return Some((id.to_owned(), self.of_storage(id, &config, created)?));
        }
        let id = bundle.file_name()?.to_str()?;
        Some((id.to_owned(), self.of_containerd(id, &config, created)))
    }

    /// A container of containerd; pods are those of its CRI plugin.
    fn of_containerd(&self, id: &str, config: &Value, created: i64) -> String {
        let facts = oci::of_containerd(id, config);
        let (cni, ip) = self.network(facts.sandbox_id);
        Facts { ip: &ip, cni: &cni, created, ..facts }.json()
    }

    /// A container of CRI-O or Podman.
    fn of_storage(&self, id: &str, config: &Value, created: i64) -> Option<String> {
        let note = |key: &str| oci::annotation(config, &format!("io.kubernetes.cri-o.{key}"));
        let crio =
            oci::annotation(config, "io.container.manager") == "cri-o" || !note("ContainerType").is_empty();
        // Podman's service provides more, but only after the container runs.
        if crio && self.answering.has(CRIO_SOCKET) {
            return None;
        }
        let listed = self.listed(id);
        let text = |key: &str| listed.get(key).and_then(Value::as_str).unwrap_or_default();
        let labels: Value = json::parse(note("Labels").as_bytes()).unwrap_or_default();
        let label = |key: &str| labels.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = [label("io.kubernetes.container.name"), text("metadata-name"), text("name"), id];
        let image = [note("ImageName"), text("image-name")];
        Some(
            Facts {
                engine: Some(if crio { ContainerEngine::Crio } else { ContainerEngine::Podman }),
                id,
                name: name.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
                image: image.into_iter().find(|image| !image.is_empty()).unwrap_or_default(),
                image_id: text("image-id"),
                ip: note("IP.0"),
                labels: pairs(Some(&labels)),
                created,
                sandbox_id: note("SandboxID"),
                is_sandbox: note("ContainerType") == "sandbox",
                cni: note("CNIResult"),
                ..oci::facts(config)
            }
            .json(),
        )
    }

    /// What the storage's lists say of a container: the one of what lasts, and the one of what a start of the host ends.
    fn listed(&self, id: &str) -> Value {
        let lists = ["containers.json", "volatile-containers.json"].map(|name| {
            let text = bytes(&self.storage.join(name))?;
            serde_json::from_slice::<Vec<Listed>>(&text).ok()
        });
        let entry = lists.into_iter().flatten().flatten().find(|entry| entry.id == id);
        entry.and_then(|entry| json::parse(entry.metadata.as_bytes()).ok()).unwrap_or_default()
    }

    /// The network of a pod's sandbox and its first address.
    fn network(&self, sandbox: &str) -> (String, String) {
        if sandbox.is_empty() {
            return (String::new(), String::new());
        }
        let noted = children(&self.networks)
            .into_iter()
            .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(sandbox)));
        let cache = noted.and_then(|path| read(&path)).unwrap_or_default();
        let Some(result) = cache.get("result") else { return (String::new(), String::new()) };
        let address = result.pointer("/ips/0/address").and_then(Value::as_str).unwrap_or_default();
        (result.to_string(), address.split('/').next().unwrap_or_default().to_owned())
    }
}

/// An entry of the storage's lists.
#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    id: String,
    /// JSON in a text.
    #[serde(default)]
    metadata: String,
}

/// The entries of a directory; none if there is no such directory.
fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.flatten().take(MOST).map(|entry| entry.path()).collect()
}

/// A file as JSON; `None` if it is not there, not complete or too long.
fn read(path: &Path) -> Option<Value> {
    json::parse(&bytes(path)?).ok()
}

/// What a file holds; `None` if it is missing, not a regular file (a pipe that nobody writes to, say) or too long.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    let file = fs::File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    if !file.metadata().is_ok_and(|file| file.is_file()) {
        return None;
    }
    let mut text = Vec::new();
    let length = file.take(LONGEST + 1).read_to_end(&mut text).ok()?;
    (length as u64 <= LONGEST).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mutation;

    const POD: &str = r#"{"annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-id":"feed",
        "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-uid":"u-1",
        "io.kubernetes.cri.container-name":"nginx","io.kubernetes.cri.image-name":"reg:5000/nginx:1.2"},
        "process":{"env":["A=1"]},"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/proc/1/ns/net"}],
        "resources":{"devices":[{"allow":true,"access":"rwm"}]}},
        "mounts":[{"type":"proc","source":"proc","destination":"/proc","options":[]},
            {"type":"bind","source":"/s","destination":"/d","options":["rbind","rprivate","ro"]}]}"#;
    const CRIO: &str = r#"{"annotations":{"io.container.manager":"cri-o","io.kubernetes.cri-o.ContainerType":"sandbox",
        "io.kubernetes.cri-o.ImageName":"pause:3","io.kubernetes.cri-o.SandboxID":"beef","io.kubernetes.cri-o.IP.0":"10.1.2.3",
        "io.kubernetes.cri-o.Labels":"{\"io.kubernetes.pod.name\":\"db-0\",\"io.kubernetes.container.name\":\"POD\"}"}}"#;

    /// A directory that looks like a host's.
    struct Host(PathBuf);

    impl Host {
        fn new(name: &str) -> Host {
            let root = std::env::temp_dir().join(format!("tercel-bundles-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&root);
            fs::create_dir_all(&root).expect("a temporary directory");
            Host(root)
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }

        fn bundles(&self) -> Bundles {
            Bundles {
                containerd: vec![(self.0.join("containerd"), CONTAINERD_SOCKET)],
                storage: self.0.join("storage"),
                networks: self.0.join("cni"),
                answering: Answering::default(),
                known: HashMap::new(),
            }
        }
    }

    impl Drop for Host {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn look(bundles: &mut Bundles) -> Vec<Value> {
        let texts = bundles.look();
        texts
            .iter()
            .map(|(_, text)| serde_json::from_str::<Value>(text).expect("JSON")["container"].clone())
            .collect()
    }

    #[test]
    fn pods_of_containerd() {
        let host = Host::new("containerd");
        let task = "containerd/io.containerd.runtime.v2.task";
        host.write(&format!("{task}/k8s.io/0123456789abcdef/config.json"), POD);
        host.write(&format!("{task}/moby/fedcba/config.json"), POD);
        host.write(&format!("{task}/default/half/config.json"), "{\"annot");
        host.write("cni/net-feed-eth0", r#"{"result":{"ips":[{"address":"10.0.0.7/24"}]}}"#);
        let mut bundles = host.bundles();
        let found = look(&mut bundles);
        assert_eq!(found.len(), 1, "Docker's is left to Docker, and one is not complete");
        for (key, value) in [
            ("type", json!(7)),
            ("id", json!("0123456789ab")),
            ("name", json!("nginx")),
            ("imagerepo", json!("reg:5000/nginx")),
            ("imagetag", json!("1.2")),
            ("ip", json!("10.0.0.7")),
            ("privileged", json!(true)),
            ("host_pid", json!(false)),
            ("host_ipc", json!(true)),
            ("pod_sandbox_id", json!("feed")),
            ("is_pod_sandbox", json!(false)),
            ("env", json!(["A=1"])),
            ("cni_json", json!(r#"{"ips":[{"address":"10.0.0.7/24"}]}"#)),
            (
                "labels",
                json!({"io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop",
                    "io.kubernetes.pod.uid": "u-1", "io.kubernetes.container.name": "nginx"}),
            ),
            (
                "Mounts",
                json!([{"Source": "/s", "Destination": "/d", "Mode": "", "RW": false, "Propagation": "rprivate"}]),
            ),
        ] {
            assert_eq!(found[0][key], value, "{key}");
        }
        // Nothing is sent twice; an incomplete description is sent when it is complete.
        assert!(look(&mut bundles).is_empty());
        host.write(&format!("{task}/default/half/config.json"), "{}");
        assert_eq!(look(&mut bundles)[0]["name"], json!("half"));
        // A container that disappears and comes back is sent again.
        fs::remove_dir_all(host.0.join(task).join("default")).expect("a directory");
        assert!(look(&mut bundles).is_empty());
        host.write(&format!("{task}/default/half/config.json"), "{}");
        assert_eq!(look(&mut bundles).len(), 1);
    }

    #[test]
    fn containers_of_the_shared_storage() {
        let host = Host::new("storage");
        host.write("storage/beefbeefbeefbeef/userdata/config.json", CRIO);
        host.write(
            "storage/cafecafecafecafe/userdata/config.json",
            r#"{"annotations":{"io.container.manager":"libpod"}}"#,
        );
        host.write(
            "storage/containers.json",
            r#"[{"id":"cafecafecafecafe","metadata":"{\"name\":\"shop\",\"image-name\":\"docker.io/library/redis:7\",\"image-id\":\"77\"}"}]"#,
        );
        let mut found = look(&mut host.bundles());
        found.sort_by_key(|container| container["type"].as_u64());
        for (index, key, value) in [
            (0, "type", json!(8)),
            (0, "name", json!("POD")),
            (0, "ip", json!("10.1.2.3")),
            (0, "is_pod_sandbox", json!(true)),
            (1, "type", json!(11)),
            (1, "name", json!("shop")),
            (1, "image", json!("docker.io/library/redis:7")),
            (1, "imageid", json!("77")),
        ] {
            assert_eq!(found[index][key], value, "{key}");
        }
        let mut bundles = host.bundles();
        bundles.answering.set(Path::new(CRIO_SOCKET), true);
        assert_eq!(look(&mut bundles).len(), 1, "CRI-O tells of its own");
    }

    #[test]
    fn any_configuration_becomes_a_description() {
        let host = Host::new("any");
        let bundles = host.bundles();
        for sample in [POD, CRIO] {
            let sample: Value = serde_json::from_str(sample).expect("valid");
            mutation::of_json(&sample, 5_000, |config| {
                let text = bundles.of_containerd("0123456789abcdef", config, 0);
                assert!(serde_json::from_str::<Value>(&text).is_ok(), "{config}");
                let text = bundles
                    .of_storage("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", config, 0)
                    .expect("a text");
                assert!(serde_json::from_str::<Value>(&text).is_ok(), "{config}");
            });
        }
    }

    #[test]
    fn configurations_that_are_none() {
        let host = Host::new("odd");
        let task = "containerd/io.containerd.runtime.v2.task/default";
        for (name, text) in [
            ("nested", "[".repeat(200_000)),
            ("long", format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST as usize))),
            ("wide", format!("[{}]", vec!["{}"; 100_000].join(","))),
        ] {
            host.write(&format!("{task}/{name}/config.json"), &text);
        }
        let pipe = host.0.join(task).join("pipe/config.json");
        fs::create_dir_all(pipe.parent().expect("a directory")).expect("a directory");
        let path = std::ffi::CString::new(pipe.to_str().expect("text")).expect("a path");
        // SAFETY: the path ends in a NUL.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
        // A directory where a file should be.
        fs::create_dir_all(host.0.join(task).join("directory/config.json")).expect("a directory");
        let mut bundles = host.bundles();
        assert_eq!(bundles.bundles().len(), 5);
        assert!(look(&mut bundles).is_empty());
    }
}
