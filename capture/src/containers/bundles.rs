//! What engines keep on disk for each container: the OCI configuration of its bundle, with the annotations of Kubernetes'
//! runtimes, and the list of containers of the storage that CRI-O and Podman share.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::description::Facts;
use super::engine;

/// How often the directories are looked at. A look costs a listing of each.
const PERIOD: Duration = Duration::from_millis(200);
/// Looks that a new container's configuration is waited for.
const TRIES: u8 = 25;
/// Longest file that is read.
const LONGEST: u64 = 4 << 20;
/// Where containerd keeps bundles, by its own and by other distributions.
const CONTAINERD: [&str; 3] =
    ["/run/containerd", "/run/k3s/containerd", "/var/snap/microk8s/common/run/containerd"];
/// Where CRI-O and Podman keep containers.
const STORAGE: &str = "/var/lib/containers/storage/overlay-containers";
/// Where networks of containers are noted (libcni's cache).
const NETWORKS: &str = "/var/lib/cni/results";
/// Docker's namespace in containerd: its socket tells more.
const DOCKER: &str = "moby";

/// The directories that are looked at, and what was found there.
pub struct Bundles {
    containerd: Vec<PathBuf>,
    storage: PathBuf,
    networks: PathBuf,
    /// Podman itself answers: its containers are left to it.
    podman_answers: bool,
    /// Looks that are left for each bundle; 0: it was told.
    known: HashMap<PathBuf, u8>,
}

impl Bundles {
    /// Those of the host.
    pub fn of_the_host(podman_answers: bool) -> Bundles {
        Bundles {
            containerd: CONTAINERD.iter().map(PathBuf::from).collect(),
            storage: PathBuf::from(STORAGE),
            networks: PathBuf::from(NETWORKS),
            podman_answers,
            known: HashMap::new(),
        }
    }

    /// Describes the containers that are there, and then each that comes, until nobody listens.
    pub fn follow(mut self, sender: &Sender<String>) {
        loop {
            for text in self.look() {
                if sender.send(text).is_err() {
                    return;
                }
            }
            std::thread::sleep(PERIOD);
        }
    }

    /// The containers that are new since the last look.
    fn look(&mut self) -> Vec<String> {
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
        for root in &self.containerd {
            for namespace in children(&root.join("io.containerd.runtime.v2.task")) {
                if namespace.file_name().is_some_and(|name| name != DOCKER) {
                    found.extend(children(&namespace));
                }
            }
        }
        found.extend(children(&self.storage).into_iter().map(|container| container.join("userdata")));
        found
    }

    fn describe(&self, bundle: &Path) -> Option<String> {
        let path = bundle.join("config.json");
        let config = read(&path)?;
        let created = fs::metadata(&path).map_or(0, |file| file.mtime());
        if bundle.starts_with(&self.storage) {
            let id = bundle.parent()?.file_name()?.to_str()?;
            return self.of_storage(id, &config, created);
        }
        let id = bundle.file_name()?.to_str()?;
        Some(self.of_containerd(id, &config, created))
    }

    /// A container of containerd; pods are those of its CRI plugin.
    fn of_containerd(&self, id: &str, config: &Value, created: i64) -> String {
        let note = |key: &str| annotation(config, &format!("io.kubernetes.cri.{key}"));
        let sandbox_id = note("sandbox-id");
        let is_sandbox = note("container-type") == "sandbox";
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
        let name = [note("container-name"), note("sandbox-name"), annotation(config, "nerdctl/name"), id];
        let (cni, ip) = self.network(sandbox_id);
        Facts {
            engine: engine::CONTAINERD,
            id,
            name: name.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            image: note("image-name"),
            ip: &ip,
            labels: Some(&Value::Object(labels)),
            created,
            sandbox_id,
            is_sandbox,
            cni: &cni,
            ..of_config(config)
        }
        .json()
    }

    /// A container of CRI-O or Podman.
    fn of_storage(&self, id: &str, config: &Value, created: i64) -> Option<String> {
        let note = |key: &str| annotation(config, &format!("io.kubernetes.cri-o.{key}"));
        let crio = annotation(config, "io.container.manager") == "cri-o" || !note("ContainerType").is_empty();
        if !crio && self.podman_answers {
            return None;
        }
        let listed = self.listed(id);
        let text = |key: &str| listed.get(key).and_then(Value::as_str).unwrap_or_default();
        let labels: Value = serde_json::from_str(note("Labels")).unwrap_or(json!({}));
        let label = |key: &str| labels.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = [label("io.kubernetes.container.name"), text("metadata-name"), text("name"), id];
        let image = [note("ImageName"), text("image-name")];
        Some(
            Facts {
                engine: if crio { engine::CRIO } else { engine::PODMAN },
                id,
                name: name.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
                image: image.into_iter().find(|image| !image.is_empty()).unwrap_or_default(),
                image_id: text("image-id"),
                ip: note("IP.0"),
                labels: Some(&labels),
                created,
                sandbox_id: note("SandboxID"),
                is_sandbox: note("ContainerType") == "sandbox",
                cni: note("CNIResult"),
                ..of_config(config)
            }
            .json(),
        )
    }

    /// What the storage's list says of a container.
    fn listed(&self, id: &str) -> Value {
        let list = read(&self.storage.join("containers.json")).unwrap_or_default();
        let mut entries = list.as_array().into_iter().flatten();
        let entry = entries.find(|entry| entry.get("id").and_then(Value::as_str) == Some(id));
        let metadata = entry.and_then(|entry| entry.get("metadata")?.as_str());
        metadata.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
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

/// What the configuration itself says, whatever the engine.
fn of_config(config: &Value) -> Facts<'_> {
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
        env: config.pointer("/process/env"),
        mounts: mounts.filter_map(mount).collect(),
        ..Facts::default()
    }
}

/// Whether a container has no namespace of a kind of its own: none is asked for, or the host's.
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

fn annotation<'a>(config: &'a Value, key: &str) -> &'a str {
    config.get("annotations").and_then(|notes| notes.get(key)?.as_str()).unwrap_or_default()
}

/// The entries of a directory; none where there is no such directory.
fn children(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .map_or(Vec::new(), |entries| entries.flatten().map(|entry| entry.path()).collect())
}

/// A file as JSON; `None` where it is not there, not complete or too long.
fn read(path: &Path) -> Option<Value> {
    let mut text = Vec::new();
    let length = fs::File::open(path).ok()?.take(LONGEST + 1).read_to_end(&mut text).ok()?;
    if length as u64 > LONGEST {
        return None;
    }
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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

        fn bundles(&self, podman_answers: bool) -> Bundles {
            Bundles {
                containerd: vec![self.0.join("containerd")],
                storage: self.0.join("storage"),
                networks: self.0.join("cni"),
                podman_answers,
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
            .map(|text| serde_json::from_str::<Value>(text).expect("JSON")["container"].clone())
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
        let mut bundles = host.bundles(false);
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
        // Nothing is told twice; what was not complete is told when it is.
        assert!(look(&mut bundles).is_empty());
        host.write(&format!("{task}/default/half/config.json"), "{}");
        assert_eq!(look(&mut bundles)[0]["name"], json!("half"));
        // What has gone and comes again is told again.
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
        let mut found = look(&mut host.bundles(false));
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
        assert_eq!(look(&mut host.bundles(true)).len(), 1, "Podman tells of its own");
    }
}
