//! The Open Cybersecurity Schema Framework (ocsf/ocsf-schema, `events/findings/detection_finding.json`): each alert creates a
//! Detection Finding. Fields of the output that the schema has no keys for stand under `unmapped`.

use serde_json::{Map, Value, json};
use tercel_rules::fields::Field;
use tercel_rules::program::Priority;

use super::{Finding, Values, as_text, put, technique};

/// Version of the schema.
const VERSION: &str = "1.2.0";
/// The class Detection Finding, and its activity Create.
const CLASS: u32 = 2004;
const CREATE: u32 = 1;

/// Fields whose values stand in the evidence if they are known.
const PLACED: [Field; 18] = [
    Field::ProcName,
    Field::ProcPid,
    Field::ProcExepath,
    Field::ProcCmdline,
    Field::ProcPname,
    Field::ProcPpid,
    Field::ProcPcmdline,
    Field::UserName,
    Field::UserUid,
    Field::FdName,
    Field::FdCip,
    Field::FdCport,
    Field::FdSip,
    Field::FdSport,
    Field::FdL4proto,
    Field::ContainerId,
    Field::ContainerName,
    Field::ContainerImageTag,
];
/// Fields that `time` and `metadata.original_time` stand for.
const TIMES: [Field; 2] = [Field::EvtTime, Field::EvtTimeIso8601];

impl Finding<'_> {
    /// The alert as a Detection Finding.
    pub fn ocsf(&self) -> Value {
        let milliseconds = self.time / 1_000_000;
        let (severity_id, severity) = severity(self.priority);
        let mut finding = Map::new();
        let mut set = |path: &str, value: Value| put(&mut finding, path, Some(value));
        set("activity_id", json!(CREATE));
        set("activity_name", json!("Create"));
        set("category_uid", json!(CLASS / 1000));
        set("category_name", json!("Findings"));
        set("class_uid", json!(CLASS));
        set("class_name", json!("Detection Finding"));
        set("type_uid", json!(CLASS * 100 + CREATE));
        set("type_name", json!("Detection Finding: Create"));
        set("time", json!(milliseconds));
        set("severity_id", json!(severity_id));
        set("severity", json!(severity));
        set("status_id", json!(1));
        set("status", json!("New"));
        set("message", json!(self.message));
        set("metadata.version", json!(VERSION));
        set("metadata.product.name", json!("tercel"));
        set("metadata.product.vendor_name", json!("tercel"));
        set("metadata.product.version", json!(env!("CARGO_PKG_VERSION")));
        set("metadata.profiles", json!(["host"]));
        set("metadata.log_provider", json!(self.source));
        set("metadata.original_time", json!(self.timestamp));
        if let Some(capture) = &self.capture {
            set("metadata.log_name", json!(capture));
        }
        set("device.hostname", json!(self.hostname));
        set("device.type_id", json!(0));
        set("device.type", json!("Unknown"));
        set("finding_info", self.finding_info(milliseconds));
        if let Some(evidence) = evidence(&self.values) {
            set("evidences", json!([evidence]));
        }
        let unmapped = self.unmapped();
        if !unmapped.is_empty() {
            set("unmapped", Value::Object(unmapped));
        }
        Value::Object(finding)
    }

    fn finding_info(&self, milliseconds: u64) -> Value {
        let number = self.number.map_or(String::new(), |number| format!("/{number}"));
        let mut info = json!({
            // The same alert has the same name, however often its capture is replayed.
            "uid": format!("{}/{}{number}/{}", self.hostname, self.time, self.rule),
            "title": self.rule,
            "created_time": milliseconds,
            "types": self.tags,
            "data_sources": [self.source],
            "analytic": {"name": self.rule, "type_id": 1, "type": "Rule"},
        });
        if !self.description.is_empty() {
            info["desc"] = json!(self.description);
        }
        let attacks: Vec<Value> = self.tags.iter().filter_map(|tag| attack(tag)).collect();
        if !attacks.is_empty() {
            info["attacks"] = json!(attacks);
        }
        info
    }

    /// The fields of the output whose values stand nowhere else.
    fn unmapped(&self) -> Map<String, Value> {
        let stands = |name: &str| {
            let has_name = |field: &Field| field.info().name == name;
            TIMES.iter().any(has_name)
                || PLACED.into_iter().find(has_name).is_some_and(|field| self.values.get(field).is_some())
        };
        let fields = self.output_fields.iter().filter(|(name, _)| !stands(name));
        let file = self.capture_file.as_ref().map(|file| ("capture_file".to_owned(), json!(file)));
        fields.map(|(name, value)| (name.clone(), value.clone())).chain(file).collect()
    }
}

/// The severity of a priority: identifier and caption.
fn severity(priority: Priority) -> (u32, &'static str) {
    match priority {
        Priority::Emergency => (6, "Fatal"),
        Priority::Alert | Priority::Critical => (5, "Critical"),
        Priority::Error => (4, "High"),
        Priority::Warning => (3, "Medium"),
        Priority::Notice => (2, "Low"),
        Priority::Informational | Priority::Debug => (1, "Informational"),
    }
}

fn attack(tag: &str) -> Option<Value> {
    let (id, is_sub) = technique(tag)?;
    Some(match id.split_once('.').filter(|_| is_sub) {
        Some((whole, _)) => json!({"technique": {"uid": whole}, "sub_technique": {"uid": id}}),
        None => json!({"technique": {"uid": id}}),
    })
}

/// What the alert is about, if anything is known.
fn evidence(values: &Values) -> Option<Value> {
    let mut evidence = Map::new();
    let get = |field| values.get(field).cloned();
    let text = |field| values.get(field).map(as_text);
    let mut set = |path: &str, value: Option<Value>| put(&mut evidence, path, value);
    set("actor.process.name", get(Field::ProcName));
    set("actor.process.pid", get(Field::ProcPid));
    set("actor.process.cmd_line", get(Field::ProcCmdline));
    set("actor.process.file", values.text(Field::ProcExepath).map(file));
    set("actor.process.parent_process.name", get(Field::ProcPname));
    set("actor.process.parent_process.pid", get(Field::ProcPpid));
    set("actor.process.parent_process.cmd_line", get(Field::ProcPcmdline));
    set("actor.user.name", get(Field::UserName));
    set("actor.user.uid", text(Field::UserUid));
    set("file", values.text(Field::FdName).map(|path| path_of(path, values.text(Field::FdType))));
    for (end, ip, port) in
        [("src_endpoint", Field::FdCip, Field::FdCport), ("dst_endpoint", Field::FdSip, Field::FdSport)]
    {
        if let Some(ip) = get(ip) {
            set(&format!("{end}.ip"), Some(ip));
            set(&format!("{end}.port"), get(port));
        }
    }
    if let Some(protocol) = get(Field::FdL4proto) {
        set("connection_info.protocol_name", Some(protocol));
        set("connection_info.direction_id", Some(json!(0)));
    }
    let is_about_something = !evidence.is_empty();
    container(values, &mut evidence);
    is_about_something.then_some(Value::Object(evidence))
}

fn container(values: &Values, evidence: &mut Map<String, Value>) {
    let Some(id) = values.get(Field::ContainerId) else { return };
    let mut set = |path: &str, field| put(evidence, path, values.get(field).cloned());
    set("container.name", Field::ContainerName);
    set("container.tag", Field::ContainerImageTag);
    if values.get(Field::ContainerImageId).is_some() {
        set("container.image.uid", Field::ContainerImageId);
        set("container.image.name", Field::ContainerImageRepository);
        set("container.image.tag", Field::ContainerImageTag);
    }
    if values.get(Field::K8sPodName).is_some() {
        put(evidence, "container.orchestrator", Some(json!("kubernetes")));
    }
    put(evidence, "container.uid", Some(id.clone()));
}

/// A regular file.
fn file(path: &str) -> Value {
    path_of(path, Some("file"))
}

fn path_of(path: &str, kind: Option<&str>) -> Value {
    let (type_id, kind) = match kind {
        Some("directory") => (2, "Folder"),
        Some("file") => (1, "Regular File"),
        _ => (0, "Unknown"),
    };
    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path);
    json!({"name": name, "path": path, "type_id": type_id, "type": kind})
}
