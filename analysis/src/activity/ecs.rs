//! The Elastic Common Schema: documents about processes, files and connections.

use serde_json::{Map, Value, json};

use super::{Activity, file_name, put};
use crate::tables::{Table, iso8601};

/// Version of the schema, as in the alerts.
const VERSION: &str = "9.4.0";

/// The documents of a row: none where nothing happened, several where a file was both created and deleted.
pub fn ecs(activity: &Activity<'_>) -> Vec<Value> {
    match activity.table {
        Table::Executions => vec![process(activity, "start", activity.time("time"))],
        Table::Processes => {
            activity.time("end").map(|end| process(activity, "end", Some(end))).into_iter().collect()
        }
        Table::Files => files(activity),
        Table::Connections => vec![network(activity)],
        _ => Vec::new(),
    }
}

fn document(activity: &Activity<'_>, category: &str, kind: &str, ts: Option<u64>) -> Map<String, Value> {
    let mut document = Map::new();
    put(&mut document, "@timestamp", Some(json!(iso8601(ts.unwrap_or(0)))));
    put(&mut document, "ecs.version", Some(json!(VERSION)));
    put(&mut document, "event.kind", Some(json!("event")));
    put(&mut document, "event.category", Some(json!([category])));
    put(&mut document, "event.type", Some(json!([kind])));
    put(&mut document, "event.dataset", Some(json!(format!("tercel.{category}"))));
    put(&mut document, "host.name", Some(json!(activity.host)));
    put(&mut document, "process.pid", activity.value("pid"));
    put(&mut document, "process.entity_id", activity.identity());
    put(&mut document, "process.name", activity.value("name"));
    put(&mut document, "process.command_line", activity.value("cmdline"));
    put(&mut document, "process.executable", activity.value("exe"));
    put(&mut document, "process.working_directory", activity.value("cwd"));
    put(&mut document, "process.start", activity.value("start"));
    put(&mut document, "process.parent.pid", activity.value("ppid"));
    put(&mut document, "process.parent.name", activity.value("parent"));
    put(&mut document, "user.name", activity.value("user"));
    put(&mut document, "user.id", activity.text("uid"));
    put(&mut document, "container.id", activity.value("container"));
    document
}

fn process(activity: &Activity<'_>, kind: &str, ts: Option<u64>) -> Value {
    let mut document = document(activity, "process", kind, ts);
    put(&mut document, "process.end", activity.value("end"));
    put(&mut document, "process.exit_code", activity.value("exit"));
    Value::Object(document)
}

fn files(activity: &Activity<'_>) -> Vec<Value> {
    const ACTIONS: [(&str, &str); 5] = [
        ("created", "creation"),
        ("reads", "access"),
        ("writes", "change"),
        ("deleted", "deletion"),
        ("changed", "change"),
    ];
    let one = |(_, kind): (&str, &str)| {
        let mut document = document(activity, "file", kind, activity.time("last"));
        let path = activity.value("path");
        let name = path.as_ref().and_then(Value::as_str).map(|path| json!(file_name(path)));
        put(&mut document, "file.path", path);
        put(&mut document, "file.name", name);
        Value::Object(document)
    };
    ACTIONS.into_iter().filter(|(column, _)| activity.count(column) > 0).map(one).collect()
}

fn network(activity: &Activity<'_>) -> Value {
    let mut document = document(activity, "network", "connection", activity.time("last"));
    let is_server = activity.value("role").is_some_and(|role| role == "server");
    let (source, destination) = if is_server { ("remote", "local") } else { ("local", "remote") };
    for (key, end) in [("source", source), ("destination", destination)] {
        put(&mut document, &format!("{key}.ip"), activity.value(&format!("{end}_address")));
        put(&mut document, &format!("{key}.port"), activity.value(&format!("{end}_port")));
        if end == "remote" {
            put(&mut document, &format!("{key}.domain"), activity.value("remote_name"));
        }
        let bytes = if end == "local" { "sent" } else { "received" };
        put(&mut document, &format!("{key}.bytes"), activity.value(bytes));
    }
    put(&mut document, "network.transport", activity.value("protocol"));
    put(&mut document, "network.bytes", activity.value("bytes"));
    put(&mut document, "network.direction", Some(json!(if is_server { "ingress" } else { "egress" })));
    put(&mut document, "event.start", activity.value("first"));
    put(&mut document, "event.end", activity.value("last"));
    Value::Object(document)
}
