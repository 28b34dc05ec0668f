//! The Open Cybersecurity Schema Framework (ocsf/ocsf-schema): Process Activity (1007), File System Activity (1001) and Network Activity (4001).

use serde_json::{Map, Value, json};

use super::{Activity, file_name, put};
use crate::tables::Table;

/// Version of the schema, as in the alerts.
const VERSION: &str = "1.2.0";

/// The events of a row: none where nothing happened, several where a file was both created and deleted.
pub fn ocsf(activity: &Activity<'_>) -> Vec<Value> {
    match activity.table {
        Table::Executions => vec![process(activity, 1, "Launch", activity.time("time"))],
        Table::Processes => {
            activity.time("end").map(|end| process(activity, 2, "Terminate", Some(end))).into_iter().collect()
        }
        Table::Files => files(activity),
        Table::Connections => vec![network(activity)],
        _ => Vec::new(),
    }
}

/// What all events have.
fn event(
    activity: &Activity<'_>,
    class: (u32, &str),
    action: (u32, &str),
    ts: Option<u64>,
) -> Map<String, Value> {
    let ((class_uid, class_name), (activity_id, activity_name)) = (class, action);
    let category = class_uid / 1000;
    let mut event = Map::new();
    let mut set = |path: &str, value: Value| put(&mut event, path, Some(value));
    set("activity_id", json!(activity_id));
    set("activity_name", json!(activity_name));
    set("category_uid", json!(category));
    set("category_name", json!(if category == 1 { "System Activity" } else { "Network Activity" }));
    set("class_uid", json!(class_uid));
    set("class_name", json!(class_name));
    set("type_uid", json!(class_uid * 100 + activity_id));
    set("type_name", json!(format!("{class_name}: {activity_name}")));
    set("time", json!(ts.unwrap_or(0) / 1_000_000));
    set("severity_id", json!(1));
    set("severity", json!("Informational"));
    set("metadata.version", json!(VERSION));
    set("metadata.product.name", json!("tercel"));
    set("metadata.product.vendor_name", json!("tercel"));
    set("metadata.product.version", json!(activity.version));
    set("device.hostname", json!(activity.host));
    set("device.type_id", json!(0));
    event
}

/// The process of a row, below this key.
fn of_process(activity: &Activity<'_>, event: &mut Map<String, Value>, key: &str) {
    let mut set = |path: &str, value: Option<Value>| put(event, &format!("{key}.{path}"), value);
    set("pid", activity.value("pid"));
    set("uid", activity.identity());
    set("name", activity.value("name"));
    set("cmd_line", activity.value("cmdline"));
    set("created_time", activity.time("start").map(|ts| json!(ts / 1_000_000)));
    if let Some(Value::String(path)) = activity.value("exe") {
        set("file.name", Some(json!(file_name(&path))));
        set("file.path", Some(json!(path)));
        set("file.type_id", Some(json!(1)));
    }
    set("user.name", activity.value("user"));
    set("user.uid", activity.text("uid"));
    set("container.uid", activity.value("container"));
}

fn process(activity: &Activity<'_>, id: u32, name: &str, ts: Option<u64>) -> Value {
    let mut event = event(activity, (1007, "Process Activity"), (id, name), ts);
    of_process(activity, &mut event, "process");
    put(&mut event, "process.parent_process.pid", activity.value("ppid"));
    put(&mut event, "process.parent_process.name", activity.value("parent"));
    put(&mut event, "actor.process.pid", activity.value("ppid"));
    put(&mut event, "actor.process.name", activity.value("parent"));
    put(&mut event, "exit_code", activity.value("exit"));
    Value::Object(event)
}

fn files(activity: &Activity<'_>) -> Vec<Value> {
    const ACTIONS: [(&str, u32, &str); 5] = [
        ("created", 1, "Create"),
        ("reads", 2, "Read"),
        ("writes", 3, "Update"),
        ("deleted", 4, "Delete"),
        ("changed", 6, "Set Attributes"),
    ];
    let renamed = activity.value("renamed_to");
    let counted = ACTIONS.into_iter().filter(|(column, ..)| activity.count(column) > 0);
    let actions = counted.map(|(column, id, name)| (activity.count(column), id, name));
    let rename = renamed.iter().map(|_| (1, 5, "Rename"));
    let one = |(count, id, name): (u64, u32, &str)| {
        let mut event = event(activity, (1001, "File System Activity"), (id, name), activity.time("last"));
        let path = activity.value("path");
        let name = path.as_ref().and_then(Value::as_str).map(|path| json!(file_name(path)));
        put(&mut event, "file.path", path.clone());
        put(&mut event, "file.name", name);
        put(&mut event, "file.type_id", Some(json!(1)));
        put(&mut event, "count", Some(json!(count)));
        put(&mut event, "start_time", activity.time("first").map(|ts| json!(ts / 1_000_000)));
        put(&mut event, "end_time", activity.time("last").map(|ts| json!(ts / 1_000_000)));
        put(&mut event, "file_result.path", renamed.clone().filter(|_| id == 5));
        of_process(activity, &mut event, "actor.process");
        Value::Object(event)
    };
    actions.chain(rename).map(one).collect()
}

fn network(activity: &Activity<'_>) -> Value {
    let mut event = event(activity, (4001, "Network Activity"), (6, "Traffic"), activity.time("last"));
    let is_server = activity.value("role").is_some_and(|role| role == "server");
    let (source, destination) = if is_server { ("remote", "local") } else { ("local", "remote") };
    for (key, end) in [("src_endpoint", source), ("dst_endpoint", destination)] {
        put(&mut event, &format!("{key}.ip"), activity.value(&format!("{end}_address")));
        put(&mut event, &format!("{key}.port"), activity.value(&format!("{end}_port")));
        if end == "remote" {
            put(&mut event, &format!("{key}.hostname"), activity.value("remote_name"));
        }
    }
    let direction = match activity.value("role").as_ref().and_then(Value::as_str) {
        Some("server") => 1,
        Some("client") => 2,
        _ => 0,
    };
    put(&mut event, "connection_info.direction_id", Some(json!(direction)));
    put(&mut event, "connection_info.protocol_name", activity.value("protocol"));
    put(&mut event, "traffic.bytes_in", activity.value("received"));
    put(&mut event, "traffic.bytes_out", activity.value("sent"));
    put(&mut event, "traffic.bytes", activity.value("bytes"));
    put(&mut event, "start_time", activity.time("first").map(|ts| json!(ts / 1_000_000)));
    put(&mut event, "end_time", activity.time("last").map(|ts| json!(ts / 1_000_000)));
    put(&mut event, "status_detail", activity.value("result"));
    of_process(activity, &mut event, "actor.process");
    Value::Object(event)
}
