//! Containers: what the capture tells about each (reference state 11).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::Text;

/// What is known of a container (reference state 11.9). Text that the metadata lacks is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Container {
    /// Short id, at most 12 characters.
    pub id: Vec<u8>,
    /// Id as the engine has it.
    pub full_id: Vec<u8>,
    /// Name.
    pub name: Vec<u8>,
    /// Word for the engine (`container.type`), for example `docker`.
    pub kind: Vec<u8>,
    /// Image name with tag.
    pub image: Vec<u8>,
    /// Image id.
    pub image_id: Vec<u8>,
    /// Image repository.
    pub image_repo: Vec<u8>,
    /// Image tag.
    pub image_tag: Vec<u8>,
    /// Image digest.
    pub image_digest: Vec<u8>,
    /// Address, if it has one of its own.
    pub ip: Option<IpAddr>,
    /// Runs privileged.
    pub privileged: bool,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// Labels.
    pub labels: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Environment, `NAME=value`.
    pub env: Vec<Vec<u8>>,
    /// Id of the pod's sandbox.
    pub pod_sandbox_id: Vec<u8>,
    /// Labels of the pod's sandbox.
    pub pod_sandbox_labels: BTreeMap<Vec<u8>, Vec<u8>>,
    /// It is itself a pod's sandbox.
    pub is_pod_sandbox: bool,
    /// Shares the host's pid namespace.
    pub host_pid: bool,
    /// Shares the host's network namespace.
    pub host_network: bool,
    /// Shares the host's IPC namespace.
    pub host_ipc: bool,
    /// Result of the CNI call, JSON.
    pub cni_json: Vec<u8>,
    /// User that the image asks for.
    pub user: Vec<u8>,
}

/// One mount of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    /// Path on the host.
    pub source: Vec<u8>,
    /// Path in the container.
    pub destination: Vec<u8>,
    /// Mode, as the engine words it.
    pub mode: Vec<u8>,
    /// Writable.
    pub rdwr: bool,
    /// Propagation, as the engine words it.
    pub propagation: Vec<u8>,
}

/// The containers that the capture told about so far.
#[derive(Debug, Clone, Default)]
pub struct Containers {
    by_id: BTreeMap<Text, Arc<Container>>,
}

impl Containers {
    /// The container of an id.
    pub fn get(&self, id: &[u8]) -> Option<&Arc<Container>> {
        self.by_id.get(id)
    }

    /// All containers, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Container>> {
        self.by_id.values()
    }
}
