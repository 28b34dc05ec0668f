//! Containers: their metadata, as the container plugin puts it into a capture, and the processes that start in them.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::rc::Rc;

use tercel_format::catalogue::code;
use tercel_format::writer::Value;

use crate::host::Recorder;
use crate::process::{Process, inode};
use crate::program::Program;

/// A container as the recorder knows it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) ip: Ipv4Addr,
    pub(crate) privileged: bool,
    pub(crate) next_pid: i64,
}

/// A container that is described and then started.
#[derive(Debug, Clone)]
pub struct Container {
    recorder: Rc<RefCell<Recorder>>,
    name: String,
    image: String,
    privileged: bool,
    mounts: Vec<(String, String)>,
    labels: Vec<(String, String)>,
}

/// A container that runs.
#[derive(Debug, Clone)]
pub struct Running {
    shim: Process,
    place: usize,
}

impl Container {
    pub(crate) fn new(recorder: Rc<RefCell<Recorder>>, name: &str, image: &str) -> Container {
        Container {
            recorder,
            name: name.to_owned(),
            image: image.to_owned(),
            privileged: false,
            mounts: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Gives it every right.
    pub fn privileged(mut self) -> Container {
        self.privileged = true;
        self
    }

    /// Shows it a directory or file of the host.
    pub fn mount(mut self, source: &str, destination: &str) -> Container {
        self.mounts.push((source.to_owned(), destination.to_owned()));
        self
    }

    /// Makes it part of a pod.
    pub fn pod(mut self, namespace: &str, pod: &str) -> Container {
        self.labels.push(("io.kubernetes.pod.name".to_owned(), pod.to_owned()));
        self.labels.push(("io.kubernetes.pod.namespace".to_owned(), namespace.to_owned()));
        self
    }

    /// Starts it: a child of `shim` becomes its first process, the metadata arrive, and the process runs `program`.
    pub fn start(self, shim: &Process, program: impl Into<Program>) -> (Running, Process) {
        let mut recorder = self.recorder.borrow_mut();
        let place = recorder.places.len();
        let id = identifier(&self.name);
        let ip = Ipv4Addr::new(172, 17, 0, place as u8 + 2);
        let json = self.metadata(&id, ip);
        recorder.places.push(Place { id, ip, privileged: self.privileged, next_pid: 1 });
        drop(recorder);
        let running = Running { shim: shim.clone(), place };
        let first = shim.fork_into(Some(place));
        self.recorder.borrow_mut().event(code::ASYNCEVENT_E, -1, |event| {
            event.set("plugin_id", 0).set("name", "container").set("data", Value::Text(json.into_bytes()))
        });
        first.exec(program);
        (running, first)
    }

    /// The JSON text of the container plugin (reference state 11.9).
    fn metadata(&self, id: &str, ip: Ipv4Addr) -> String {
        let (repository, tag) = self.image.rsplit_once(':').unwrap_or((&self.image, "latest"));
        let mut mounts = String::new();
        for (source, destination) in &self.mounts {
            let comma = if mounts.is_empty() { "" } else { "," };
            let _ = write!(
                mounts,
                r#"{comma}{{"Destination":"{destination}","Mode":"","Propagation":"rprivate","RW":true,"Source":"{source}"}}"#
            );
        }
        let labels: Vec<String> =
            self.labels.iter().map(|(key, value)| format!(r#""{key}":"{value}""#)).collect();
        format!(
            concat!(
                r#"{{"container":{{"type":0,"id":"{short}","full_id":"{id}","name":"{name}","image":"{image}","#,
                r#""imagerepo":"{repository}","imagetag":"{tag}","imageid":"{image_id}","imagedigest":"sha256:{image_id}","#,
                r#""ip":"{ip}","privileged":{privileged},"host_pid":false,"host_network":false,"#,
                r#""host_ipc":false,"Mounts":[{mounts}],"labels":{{{labels}}},"port_mappings":[],"env":[],"User":"","#,
                r#""cni_json":"","is_pod_sandbox":false,"pod_sandbox_id":"","pod_sandbox_labels":null,"#,
                r#""created_time":1768469000,"size":-1,"lookup_state":1}}}}"#
            ),
            short = id.get(..12).unwrap_or(id),
            id = id,
            name = self.name,
            image = self.image,
            repository = repository,
            tag = tag,
            image_id = identifier(&self.image),
            ip = ip,
            privileged = self.privileged,
            mounts = mounts,
            labels = labels.join(","),
        )
    }
}

impl Running {
    /// Runs another program in it, as `docker exec` does.
    pub fn exec(&self, program: impl Into<Program>) -> Process {
        let process = self.shim.fork_into(Some(self.place));
        process.exec(program);
        process
    }
}

/// Sixty-four hexadecimal digits for a name, always the same ones.
fn identifier(name: &str) -> String {
    let mut digits = String::new();
    for round in 0..8 {
        let _ = write!(
            digits,
            "{:08x}",
            inode(&format!("{name}{round}")).wrapping_mul(2_654_435_761) & 0xffff_ffff
        );
    }
    digits
}
