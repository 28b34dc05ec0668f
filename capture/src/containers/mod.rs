//! Metadata of containers: answers of engines enter, the JSON of container events leaves (reference state 11.9). Docker and
//! Podman are asked at their sockets, containerd and CRI-O at theirs by gRPC; where none of them answers, what they keep on
//! disk for each container is read. Threads of their own do all of it, so that capture never waits.

mod bundles;
mod containerd;
mod cri;
mod description;
mod docker;
mod grpc;
mod json;
mod messages;
mod oci;
mod sender;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bundles::Bundles;
use containerd::Containerd;
use cri::Cri;
use grpc::{Client, Failed};
use sender::{Receiver, Sender};

/// After how long an engine that does not answer is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// How long to wait for further descriptions at a time.
const PAUSE: Duration = Duration::from_millis(20);

/// Containers of one list of an engine that are looked at; later ones are described when they start.
const MOST: usize = 1 << 14;

/// Where container engines listen.
#[derive(Debug, Clone)]
pub struct Engines {
    /// Docker API sockets: of Docker, and of Podman.
    pub docker: Vec<PathBuf>,
    /// Sockets of containerd, of CRI-O, and of others with Kubernetes' container runtime interface.
    pub cri: Vec<PathBuf>,
    /// What each thread that asks them does first, as giving up rights that only attaching the probe needs.
    pub first: fn(),
}

impl Default for Engines {
    fn default() -> Engines {
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect();
        Engines {
            docker: paths(&["/var/run/docker.sock", bundles::PODMAN_SOCKET]),
            cri: paths(&[
                bundles::CONTAINERD_SOCKET,
                bundles::K3S_SOCKET,
                bundles::MICROK8S_SOCKET,
                bundles::CRIO_SOCKET,
                "/run/host-containerd/containerd.sock",
            ]),
            first: || (),
        }
    }
}

impl Engines {
    /// Those of the host, and further ones.
    ///
    /// ```
    /// use tercel_capture::Engines;
    ///
    /// let engines = Engines::and(&["/run/user/1000/docker.sock".into()], &[]);
    /// assert_eq!(engines.docker.len(), Engines::default().docker.len() + 1);
    /// assert_eq!(engines.cri, Engines::default().cri);
    /// ```
    pub fn and(docker: &[PathBuf], cri: &[PathBuf]) -> Engines {
        let mut engines = Engines::default();
        engines.docker.extend_from_slice(docker);
        engines.cri.extend_from_slice(cri);
        engines
    }

    /// Gives the descriptions of containers, as their events carry them, to `take` until it has enough (`false`) or `patience` is
    /// over. Engines that do not answer by then are left out.
    pub fn describe(&self, patience: Duration, mut take: impl FnMut(&str) -> bool) {
        let (mut containers, start) = (Containers::watch(self), Instant::now());
        while start.elapsed() < patience {
            match containers.news() {
                Some(description) if !take(&description) => return,
                Some(_) => {}
                None => std::thread::sleep(PAUSE),
            }
        }
    }
}

/// The sockets at which an engine answers now.
#[derive(Clone, Default)]
struct Answering(Arc<Mutex<HashSet<PathBuf>>>);

impl Answering {
    fn set(&self, socket: &Path, answers: bool) {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers {
            sockets.insert(socket.to_owned())
        } else {
            sockets.remove(socket)
        };
    }

    fn has(&self, socket: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(Path::new(socket))
    }
}

/// The descriptions from the engines.
pub(crate) struct Containers {
    receiver: Receiver,
}

impl Containers {
    /// Starts to follow the engines, those that are there and those that come.
    pub(crate) fn watch(engines: &Engines) -> Containers {
        let (sender, receiver) = Receiver::new();
        let answering = Answering::default();
        let first = engines.first;
        let spawn = |follow: Box<dyn FnOnce() + Send>| {
            std::thread::spawn(move || {
                first();
                follow();
            });
        };
        for path in once_each(&engines.docker) {
            let (sender, answering) = (sender.clone(), answering.clone());
            spawn(Box::new(move || follow_docker(&path, &sender, &answering)));
        }
        let cri = once_each(&engines.cri);
        let told = (sender.clone(), answering.clone());
        spawn(Box::new(move || follow_grpc(&cri, &told.0, &told.1)));
        spawn(Box::new(move || Bundles::of_the_host(answering).follow(&sender)));
        Containers { receiver }
    }

    /// The next description of a container that is news, if there is one now.
    pub(crate) fn news(&mut self) -> Option<String> {
        self.receiver.next()
    }
}

/// Any bytes as what an engine answers: its JSON, and the configuration of a container on disk.
#[cfg(fuzzing)]
pub fn any_answer(bytes: &[u8]) {
    let Ok(found) = json::parse(bytes) else { return };
    let is_json = |text: String| assert!(json::parse(text.as_bytes()).is_ok(), "{text}");
    is_json(docker::any_answer(&found));
    is_json(oci::facts(&found).json());
    is_json(oci::of_containerd("0123456789abcdef", &found).json());
}

/// Without those that lead to the same place by another name.
fn once_each(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    paths.iter().filter(|path| seen.insert(real(path))).cloned().collect()
}

/// Follows an engine with a Docker API socket, and again when it comes back.
fn follow_docker(path: &Path, sender: &Sender, answering: &Answering) {
    while sender.is_heard() {
        docker::follow(path, sender, &|answers| answering.set(path, answers));
        answering.set(path, false);
        std::thread::sleep(RETRY);
    }
}

/// Follows all engines that answer by gRPC, on one thread.
fn follow_grpc(paths: &[PathBuf], sender: &Sender, answering: &Answering) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        for path in paths {
            let (path, sender, answering) = (path.clone(), sender.clone(), answering.clone());
            tokio::spawn(async move {
                loop {
                    // Whatever the reason is, the engine may answer later.
                    let _ = follow_socket(&path, &sender, &answering).await;
                    answering.set(&path, false);
                    tokio::time::sleep(RETRY).await;
                }
            });
        }
        while sender.is_heard() {
            tokio::time::sleep(RETRY).await;
        }
    });
}

/// Follows the gRPC engine at a socket until it does not answer any more.
async fn follow_socket(path: &Path, sender: &Sender, answering: &Answering) -> Result<(), Failed> {
    let client = Client::connect(path).await?;
    let cri = Cri::find(&client).await;
    // containerd reports its pods as they start, so it is followed even if the pods' own interface answers.
    let found = Containerd::find(&client).await;
    answering.set(path, cri.is_some() || found.is_some());
    match (found, cri) {
        (Some(containerd), cri) => containerd.follow(cri.as_ref(), sender).await,
        (None, Some(cri)) => cri.follow(sender).await,
        (None, None) => Err(Failed::Silent),
    }
}
