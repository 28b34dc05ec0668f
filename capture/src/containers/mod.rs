//! Metadata of containers: what engines tell enters, JSON as container events carry it leaves (reference state 11.9). Docker and
//! Podman are asked at their sockets. containerd, CRI-O and Podman without a service are read from what they keep on disk for
//! each container, which needs no gRPC and works while the engine does not answer. Threads of their own do all of it, so that
//! capture never waits.

mod bundles;
mod description;
mod docker;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use bundles::Bundles;

/// Numbers of engines (reference state 11.10).
mod engine {
    pub const DOCKER: u32 = 0;
    pub const CONTAINERD: u32 = 7;
    pub const CRIO: u32 = 8;
    pub const PODMAN: u32 = 11;
}

/// Where engines of Docker's language listen.
const SOCKETS: [(&str, u32); 3] = [
    ("/var/run/docker.sock", engine::DOCKER),
    ("/run/docker.sock", engine::DOCKER),
    ("/run/podman/podman.sock", engine::PODMAN),
];

/// What the engines tell.
pub struct Containers {
    receiver: Receiver<String>,
}

impl Containers {
    /// Starts to follow the engines that are there, and those at further sockets of Docker's kind.
    pub fn watch(further: &[PathBuf]) -> Containers {
        let (sender, receiver) = channel();
        let known = SOCKETS.iter().map(|(path, engine)| (PathBuf::from(path), *engine));
        let mut seen = Vec::new();
        let mut podman_answers = false;
        for (path, engine) in known.chain(further.iter().map(|path| (path.clone(), engine::DOCKER))) {
            let Ok(path) = path.canonicalize() else { continue };
            if seen.contains(&path) {
                continue;
            }
            podman_answers |= engine == engine::PODMAN;
            seen.push(path.clone());
            let sender = sender.clone();
            std::thread::spawn(move || docker::follow(&path, engine, &sender));
        }
        std::thread::spawn(move || Bundles::of_the_host(podman_answers).follow(&sender));
        Containers { receiver }
    }

    /// The next description of a container, if there is one now.
    pub fn next(&self) -> Option<String> {
        self.receiver.try_recv().ok()
    }
}
