//! Containers of real engines: recorded here, replayed after the engine has gone. Needs root, BPF, a static busybox and the
//! engines; what is not there is skipped, and said so.

mod containerd;
mod docker;
#[path = "../docker/mod.rs"]
mod engine;
mod odd;
mod podman;
#[path = "../possible/mod.rs"]
mod possible;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const RULES: &str = "
- rule: ran
  desc: a program ran in a container
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.args contains tercel-marker
  output: RAN %proc.args id=%container.id name=%container.name image=%container.image.repository:%container.image.tag app=%container.label[app] type=%container.type vpid=%proc.vpid pod=%k8s.pod.name/%k8s.ns.name
  priority: INFO
";

/// A directory for an engine and everything that it keeps, which goes away with it.
struct Place(PathBuf);

impl Place {
    fn new(engine: &str) -> Place {
        let place = std::env::temp_dir().join(format!("tercel-{engine}-{}", std::process::id()));
        fs::create_dir_all(&place).expect("a temporary directory");
        Place(place)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A root of busybox alone.
    fn root(&self) -> PathBuf {
        let root = self.0.join("root");
        fs::create_dir_all(root.join("bin")).expect("a directory");
        fs::copy("/bin/busybox", root.join("bin/busybox")).expect("busybox");
        root
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits for an engine, which writes its log into the place.
fn until(what: &str, place: &Place, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        let log = || fs::read_to_string(place.path("log")).unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(90), "not before long: {what}: {}", log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Says why a test cannot run here, if it cannot.
fn missing(engine: &str, tools: &[&str]) -> bool {
    let reason = reason(tools);
    if let Some(reason) = &reason {
        eprintln!("SKIPPED: containers of {engine}: {reason}");
    }
    reason.is_some()
}

fn reason(tools: &[&str]) -> Option<String> {
    let runs =
        |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    let missing = tools.iter().chain(&["tar"]).find(|tool| !runs(tool)).map(|tool| format!("no {tool}"));
    let busybox = fs::read("/bin/busybox").unwrap_or_default();
    // A program that needs libraries names their loader near its beginning.
    let head = busybox.get(..2048).unwrap_or_default();
    let is_static = !head.is_empty() && !head.windows(9).any(|bytes| bytes == b"ld-linux-");
    let busybox = (!is_static).then(|| "no static /bin/busybox".to_owned());
    possible::missing().or(missing).or(busybox)
}

/// The alerts of the recording in a place.
fn replayed(place: &Place) -> String {
    fs::write(place.path("rules.yaml"), RULES).expect("a file");
    let replayed = tercel(&["replay", "-r", &place.path("rules.yaml"), &place.path("trace.scap")]);
    String::from_utf8_lossy(&replayed.stdout).into_owned()
}

fn tercel(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tercel"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .output()
        .expect("the binary runs")
}
