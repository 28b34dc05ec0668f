//! Containers of threads, and what is known of them.

use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::writer::Value;

use super::super::{Category, clone_flag};
use super::{Host, clone_params, process, string};

const ID: &str = "e5d8ee2f9b7c4a6e8d1f0b3c5a7e9d2f4b6c8a0e1d3f5b7c9a1e3d5f7b9c1a3e";
const SHORT: &str = "e5d8ee2f9b7c";

fn json(id: &str) -> String {
    format!(
        r#"{{"container":{{"id":"{id}","name":"web","type":0,"image":"nginx","Healthcheck":{{"exe":"curl","args":["-f"]}}}}}}"#
    )
}

fn cgroups() -> Value {
    Value::texts(&[&format!("cpu=/docker/{ID}")])
}

impl Host {
    fn container(&self, tid: i64) -> String {
        string(&self.thread(tid).container)
    }

    fn container_event(&mut self, name: &str, json: &str) -> super::Facts {
        let data = Value::Bytes([json.as_bytes(), &[0]].concat());
        self.event(code::ASYNCEVENT_E, -1, &[("plugin_id", 0.into()), ("name", name.into()), ("data", data)])
    }

    fn contained_child(&mut self, tid: i64, ptid: i64, vpid: i64) {
        let mut params = clone_params(0, tid, tid, ptid, vpid, clone_flag::CHILD_IN_PIDNS).to_vec();
        params.extend([("cgroups", cgroups()), ("vpid", vpid.into())]);
        self.event(code::SYSCALL_CLONE_20_X, tid, &params);
    }
}

#[test]
fn threads_get_their_container_from_their_cgroups() {
    let mut host = Host::new();
    host.list(ProcessRecord {
        cgroups: format!("cpuset=/\0cpu=/docker/{ID}\0").into_bytes(),
        ..process(300, 300, 1, "nginx")
    });
    host.settle();
    assert_eq!((host.container(300), host.container(100)), (SHORT.to_owned(), String::new()));
    // A child has none until an event of its own; the parent's is found again.
    let mut params = clone_params(301, 300, 300, 1, 300, 0).to_vec();
    params.push(("cgroups", cgroups()));
    host.event(code::SYSCALL_CLONE_20_X, 300, &params);
    assert_eq!((host.container(300), host.container(301)), (SHORT.to_owned(), String::new()));
    host.exec(301, "/bin/true");
    assert_eq!(host.container(301), SHORT);
}

#[test]
fn container_events_add_and_remove() {
    let mut host = Host::new();
    let facts = host.container_event("container", &json(SHORT));
    assert_eq!(facts.container.as_ref().map(|container| string(&container.name)).as_deref(), Some("web"));
    assert_eq!(
        host.state.containers.get(SHORT.as_bytes()).map(|c| string(&c.image)).as_deref(),
        Some("nginx")
    );
    let facts = host.container_event("container_removed", &json(SHORT));
    assert!(facts.container.is_some());
    assert!(host.state.containers.get(SHORT.as_bytes()).is_none());
    assert!(host.container_event("other", &json(SHORT)).container.is_none());
    let old = host.event(code::CONTAINER_JSON_2_E, -1, &[("json", json("abc").as_str().into())]);
    assert!(old.container.is_some() && host.state.containers.get(b"abc").is_some());
}

#[test]
fn the_host_is_always_there() {
    let mut host = Host::new();
    host.container_event("container", &json(""));
    host.container_event("container_removed", &json(""));
    assert_eq!(host.state.containers.get(b"").map(|host| string(&host.kind)).as_deref(), Some("host"));
}

#[test]
fn engines_without_metadata_of_their_own_get_an_entry() {
    let mut host = Host::new();
    host.list(ProcessRecord { cgroups: b"cpu=/lxc/box/init.scope\0".to_vec(), ..process(300, 300, 1, "sh") });
    host.settle();
    assert_eq!(host.state.containers.get(b"box").map(|c| string(&c.kind)).as_deref(), Some("lxc"));
}

#[test]
fn health_checks_are_told_from_the_container_itself() {
    let mut host = Host::new();
    host.container_event("container", &json(SHORT));
    host.contained_child(300, 100, 1);
    assert_eq!(host.thread(300).category, Category::Container);
    host.contained_child(301, 300, 7);
    assert_eq!(host.thread(301).category, Category::Container);
    // Not below the first process of the container, and with the command of the check.
    host.contained_child(302, 100, 8);
    assert_eq!(host.thread(302).category, Category::None);
    let check: [(&str, Value); 5] = [
        ("res", 0.into()),
        ("exe", "curl".into()),
        ("args", Value::texts(&["-f"])),
        ("pid", 302.into()),
        ("cgroups", cgroups()),
    ];
    host.event(code::SYSCALL_EXECVE_19_X, 302, &check);
    assert_eq!(host.thread(302).category, Category::Healthcheck);
}
