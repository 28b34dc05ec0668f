//! Containers of real engines: recorded here, replayed after the engine has ended. Needs root, BPF, a static busybox and the
//! engines; what is not there is skipped, and said so.

mod containerd;
mod docker;
mod odd;
mod podman;

use std::fs;
use std::path::PathBuf;

use tercel_test_support::{Place, Ran, busybox, require, tool};

use crate::turn::{self, Shared};

const RULES: &str = "
- rule: ran
  desc: a program ran in a container
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.args contains tercel-marker
  output: RAN %proc.args id=%container.id name=%container.name image=%container.image.repository:%container.image.tag app=%container.label[app] type=%container.type vpid=%proc.vpid pod=%k8s.pod.name/%k8s.ns.name
  priority: INFO
";

/// A root of busybox alone.
fn root(place: &Place) -> PathBuf {
    let root = place.path("root");
    fs::create_dir_all(root.join("bin")).expect("a directory");
    fs::copy("/bin/busybox", root.join("bin/busybox")).expect("busybox");
    root
}

/// Waits for an engine, which writes its log into the place.
fn until(what: &str, place: &Place, mut holds: impl FnMut() -> bool) {
    let log = || fs::read_to_string(place.path("log")).unwrap_or_default();
    let tail = || log().lines().rev().take(20).map(str::to_owned).collect::<Vec<_>>();
    let end = std::time::Instant::now() + tercel_test_support::DEADLINE;
    while !holds() {
        assert!(std::time::Instant::now() < end, "not in time: {what}: {:#?}", tail());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// The turn of a test of an engine; nothing if the test cannot run.
fn turn(engine: &str, tools: &[&str]) -> Option<Shared> {
    let check = format!("containers of {engine}");
    let found = tools.iter().chain(&["tar"]).try_for_each(|name| tool(name).map(drop));
    require(&check, found.and_then(|()| busybox()))?;
    turn::shared(&check)
}

/// The alerts of the recording in a place.
fn replayed(place: &Place) -> String {
    place.file("rules.yaml", RULES);
    tercel(&["replay", "-r", &place.name("rules.yaml"), &place.name("trace.scap")]).out
}

fn tercel(arguments: &[&str]) -> Ran {
    tercel_test_support::tercel(arguments).output().expect("the binary runs").into()
}
