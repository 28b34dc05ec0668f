//! Containers: what the capture says about each, and which thread runs in which (reference state 11).

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_format::cgroups::{self, Bare};
use tercel_format::until_nul;

use super::budget::of_container;
use super::container_json;
use super::keyframe::list::bounded;
use super::{Category, Facts, Slot, State, Text, Thread};

/// Most containers that are remembered; further ones stay without metadata.
pub(super) const MAX_CONTAINERS: usize = 1 << 16;
/// Most labels, mounts, variables and arguments, and most probes, that are read of one; what an event can tell is less.
const MAX_ENTRIES: usize = 1 << 16;
const MAX_PROBES: usize = 16;
/// Lists of cgroups whose container is remembered.
const MAX_CGROUPS: usize = 1 << 12;
/// Longer lists are not remembered; those of containers have less than 2 KiB.
const LONG_CGROUPS: usize = 1 << 12;
/// Longest chain of parents that is searched for the first process of a container.
const MAX_ANCESTORS: usize = 1024;

/// What is known of a container (reference state 11.9). Text that the metadata lacks is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Container {
    /// Short id, at most 12 characters; `host` for the host.
    #[serde(with = "super::bytes")]
    pub id: Vec<u8>,
    /// Id as the engine has it.
    #[serde(with = "super::bytes")]
    pub full_id: Vec<u8>,
    /// Name.
    #[serde(with = "super::bytes")]
    pub name: Vec<u8>,
    /// Word for the engine (`container.type`), for example `docker`; empty if it is not known.
    #[serde(with = "super::bytes")]
    pub kind: Vec<u8>,
    /// Image name with tag.
    #[serde(with = "super::bytes")]
    pub image: Vec<u8>,
    /// Image id.
    #[serde(with = "super::bytes")]
    pub image_id: Vec<u8>,
    /// Image repository.
    #[serde(with = "super::bytes")]
    pub(crate) image_repo: Vec<u8>,
    /// Image tag.
    #[serde(with = "super::bytes")]
    pub(crate) image_tag: Vec<u8>,
    /// Image digest.
    #[serde(with = "super::bytes")]
    pub(crate) image_digest: Vec<u8>,
    /// Address, if it has one of its own.
    pub ip: Option<IpAddr>,
    /// The address as it was written.
    #[serde(with = "super::bytes")]
    pub(crate) ip_text: Vec<u8>,
    /// Runs privileged.
    pub privileged: bool,
    /// Mounts.
    #[serde(deserialize_with = "bounded::<_, _, MAX_ENTRIES>")]
    pub mounts: Vec<Mount>,
    /// Labels.
    #[serde(deserialize_with = "bounded::<_, _, MAX_ENTRIES>")]
    pub labels: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Environment, `NAME=value`.
    #[serde(deserialize_with = "bounded::<_, _, MAX_ENTRIES>")]
    pub env: Vec<Vec<u8>>,
    /// Commands by which the engine checks the container.
    #[serde(deserialize_with = "bounded::<_, _, MAX_PROBES>")]
    pub probes: Vec<Probe>,
    /// Id of the pod's sandbox.
    #[serde(with = "super::bytes")]
    pub pod_sandbox_id: Vec<u8>,
    /// Labels of the pod's sandbox.
    #[serde(deserialize_with = "bounded::<_, _, MAX_ENTRIES>")]
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
    #[serde(with = "super::bytes")]
    pub cni_json: Vec<u8>,
    /// User that the image requests.
    #[serde(with = "super::bytes")]
    pub user: Vec<u8>,
    /// When it was created, seconds since the epoch.
    pub created_time: i64,
}

/// One mount of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mount {
    /// Path on the host.
    #[serde(with = "super::bytes")]
    pub source: Vec<u8>,
    /// Path in the container.
    #[serde(with = "super::bytes")]
    pub destination: Vec<u8>,
    /// Mode, as the engine words it.
    #[serde(with = "super::bytes")]
    pub mode: Vec<u8>,
    /// Writable.
    pub rdwr: bool,
    /// Propagation, as the engine words it.
    #[serde(with = "super::bytes")]
    pub propagation: Vec<u8>,
}

/// A command by which an engine checks a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What it checks: [`Category::Healthcheck`], [`Category::LivenessProbe`] or [`Category::ReadinessProbe`].
    pub category: Category,
    /// argv\[0\].
    #[serde(with = "super::bytes")]
    pub exe: Vec<u8>,
    /// argv\[1..\].
    #[serde(deserialize_with = "bounded::<_, _, MAX_ENTRIES>")]
    pub args: Vec<Vec<u8>>,
}

impl Container {
    /// The container that an event describes, started or removed; `None` for all other events.
    pub fn of(event: &Event<'_>) -> Option<Container> {
        let text = match event.code() {
            code::CONTAINER_JSON_2_E => event.param(0)?,
            code::ASYNCEVENT_E if matches!(event.text(1)?, b"container" | b"container_removed") => {
                event.param(2)?
            }
            _ => return None,
        };
        container_json::parse(until_nul(text))
    }

    fn host() -> Container {
        let host = b"host".to_vec();
        Container {
            id: host.clone(),
            full_id: host.clone(),
            name: host.clone(),
            kind: host,
            ..Container::default()
        }
    }

    fn bare(id: &[u8], engine: Bare) -> Container {
        let kind: &[u8] = match engine {
            Bare::Lxc => b"lxc",
            Bare::LibvirtLxc => b"libvirt-lxc",
            Bare::Bpm => b"bpm",
        };
        Container { id: id.to_vec(), kind: kind.to_vec(), ..Container::default() }
    }
}

/// The containers that the capture has described so far, and the host.
#[derive(Debug, Clone)]
pub struct Containers {
    pub(super) by_id: BTreeMap<Text, Arc<Container>>,
    /// Container ids of lists of cgroups that were seen.
    by_cgroups: HashMap<Text, (Text, Option<Bare>)>,
}

impl Default for Containers {
    fn default() -> Containers {
        let host = (Text::default(), Arc::new(Container::host()));
        Containers { by_id: BTreeMap::from([host]), by_cgroups: HashMap::new() }
    }
}

impl Containers {
    /// The container of a thread's id; the host for the empty id.
    pub fn get(&self, id: &[u8]) -> Option<&Arc<Container>> {
        self.by_id.get(id)
    }

    /// All containers and the host, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Container>> {
        self.by_id.values()
    }

    /// Adds a container or replaces what is known of it. Without an id it would take the place of the host.
    fn add(&mut self, container: Arc<Container>) {
        if container.id.is_empty() {
            return;
        }
        if self.by_id.len() < MAX_CONTAINERS || self.by_id.contains_key(container.id.as_slice()) {
            self.by_id.insert(container.id.as_slice().into(), container);
        }
    }

    fn remove(&mut self, id: &[u8]) {
        if !id.is_empty() {
            self.by_id.remove(id);
        }
    }

    /// The container id of a list of cgroups, empty for the host.
    fn id_of(&mut self, cgroups: &Text) -> (Text, Option<Bare>) {
        if let Some(known) = self.by_cgroups.get(cgroups) {
            return known.clone();
        }
        let found = match cgroups::container(cgroups) {
            Some(hit) => {
                let shared = self.by_id.get_key_value(hit.id).map(|(id, _)| id.clone());
                (shared.unwrap_or_else(|| hit.id.into()), hit.bare)
            }
            None => (Text::default(), None),
        };
        if cgroups.len() > LONG_CGROUPS {
            return found;
        }
        if self.by_cgroups.len() >= MAX_CGROUPS {
            self.by_cgroups.clear();
        }
        self.by_cgroups.insert(cgroups.clone(), found.clone());
        found
    }
}

impl State {
    /// Finds out which container a thread runs in (reference state 11.1).
    pub(super) fn find_container(&mut self, slot: Slot) {
        let thread = self.threads.get(slot);
        let (id, bare) = self.containers.id_of(&thread.cgroups);
        if let Some(engine) = bare {
            self.containers.add(Arc::new(Container::bare(&id, engine)));
        }
        if *self.threads.get(slot).container != *id {
            self.threads.get_mut(slot).container = id.clone();
        }
        if !id.is_empty()
            && let Some(container) = self.containers.get(&id)
            && let Some(category) = self.category(slot, container)
        {
            self.threads.get_mut(slot).category = category;
        }
    }

    /// What a process is to its container; `None` leaves it as it is.
    fn category(&self, slot: Slot, container: &Container) -> Option<Category> {
        let thread = self.threads.get(slot);
        if thread.vpid == 1 {
            return Some(Category::Container);
        }
        let parent = self.threads.by_tid(thread.ptid);
        if let Some(inherited) = parent.map(|parent| self.threads.get(parent).category)
            && inherited != Category::None
        {
            return Some(inherited);
        }
        let probe = container.probes.iter().find(|probe| runs(thread, probe))?;
        let mut ancestor = parent;
        for _ in 0..MAX_ANCESTORS {
            let Some(parent) = ancestor.map(|ancestor| self.threads.get(ancestor)) else { break };
            if parent.vpid == 1 && !parent.container.is_empty() {
                return None;
            }
            ancestor = self.threads.by_tid(parent.ptid);
        }
        Some(probe.category)
    }

    /// A container event of old captures: always an addition.
    pub(super) fn on_container_json(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let Some(container) = Container::of(event).map(Arc::new) else { return };
        self.threads.grow(of_container(&container));
        self.containers.add(container.clone());
        facts.container = Some(container);
    }

    /// An asynchronous event: containers come and go by it (reference state 11.9).
    pub(super) fn on_async(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let added = match event.text(1) {
            Some(b"container") => true,
            Some(b"container_removed") => false,
            Some(_) | None => return,
        };
        let Some(container) = Container::of(event).map(Arc::new) else { return };
        if added {
            self.threads.grow(of_container(&container));
            self.containers.add(container.clone());
        } else {
            self.containers.remove(&container.id);
            self.accounts.of_containers.remove(container.id.as_slice());
        }
        facts.container = Some(container);
    }
}

/// Whether a thread runs a probe's command. Empty arguments of the thread do not count.
fn runs(thread: &Thread, probe: &Probe) -> bool {
    let args = thread.image.args.split(|byte| *byte == 0).filter(|arg| !arg.is_empty());
    *thread.image.exe == *probe.exe && args.eq(probe.args.iter().map(Vec::as_slice))
}
