//! The Elastic Common Schema (elastic/ecs, `generated/ecs/ecs_flat.yml`): one document per alert. The fields of the output stand
//! under `falco.output_fields`, outside of the schema.

use serde_json::{Map, Value, json};
use tercel_rules::fields::Field;

use super::{Finding, as_text, put, technique};

/// Version of the schema.
const VERSION: &str = "9.4.0";

/// The form of a value in the schema.
#[derive(Clone, Copy)]
enum Form {
    Plain,
    /// A string, even if the value is a number.
    Text,
    /// A list of one.
    List,
}

/// Where the value of a field goes.
const PATHS: [(Field, &str, Form); 25] = [
    (Field::EvtType, "event.action", Form::Plain),
    (Field::ProcName, "process.name", Form::Plain),
    (Field::ProcPid, "process.pid", Form::Plain),
    (Field::ProcExepath, "process.executable", Form::Plain),
    (Field::ProcCmdline, "process.command_line", Form::Plain),
    (Field::ProcCwd, "process.working_directory", Form::Plain),
    (Field::ProcPname, "process.parent.name", Form::Plain),
    (Field::ProcPpid, "process.parent.pid", Form::Plain),
    (Field::ProcPcmdline, "process.parent.command_line", Form::Plain),
    (Field::UserName, "user.name", Form::Plain),
    (Field::UserUid, "user.id", Form::Text),
    (Field::GroupName, "group.name", Form::Plain),
    (Field::GroupGid, "group.id", Form::Text),
    (Field::FdName, "file.path", Form::Plain),
    (Field::FdCip, "source.ip", Form::Plain),
    (Field::FdCport, "source.port", Form::Plain),
    (Field::FdSip, "destination.ip", Form::Plain),
    (Field::FdSport, "destination.port", Form::Plain),
    (Field::FdL4proto, "network.transport", Form::Plain),
    (Field::ContainerId, "container.id", Form::Plain),
    (Field::ContainerName, "container.name", Form::Plain),
    (Field::ContainerImageRepository, "container.image.name", Form::Plain),
    (Field::ContainerImageTag, "container.image.tag", Form::List),
    (Field::K8sNsName, "orchestrator.namespace", Form::Plain),
    (Field::K8sPodName, "orchestrator.resource.name", Form::Plain),
];

impl Finding<'_> {
    /// The alert as a document of the Elastic Common Schema.
    pub fn ecs(&self) -> Value {
        let severity = self.priority.severity();
        let mut document = Map::new();
        let mut set = |path: &str, value: Value| put(&mut document, path, Some(value));
        set("@timestamp", json!(self.timestamp));
        set("ecs.version", json!(VERSION));
        set("event.kind", json!("alert"));
        set("event.category", json!([self.category()]));
        set("event.type", json!(["info"]));
        set("event.module", json!("tercel"));
        set("event.dataset", json!("tercel.alert"));
        set("event.provider", json!(self.source));
        set("event.severity", json!(severity));
        set("log.level", json!(self.priority.name().to_lowercase()));
        set("log.syslog.severity.code", json!(severity));
        set("message", json!(self.message));
        set("rule.name", json!(self.rule));
        set("tags", json!(self.tags));
        set("falco.output_fields", Value::Object(self.output_fields.clone()));
        if !self.description.is_empty() {
            set("rule.description", json!(self.description));
        }
        if !self.hostname.is_empty() {
            set("host.name", json!(self.hostname));
            set("host.hostname", json!(self.hostname));
        }
        if let Some(capture) = &self.capture {
            set("log.file.path", json!(capture));
        }
        if let Some(file) = &self.capture_file {
            set("tercel.capture_file", json!(file));
        }
        for (field, path, form) in PATHS {
            let Some(value) = self.values.get(field) else { continue };
            let value = match form {
                Form::Plain => value.clone(),
                Form::Text => as_text(value),
                Form::List => json!([value]),
            };
            set(path, value);
        }
        if self.values.get(Field::K8sPodName).is_some() {
            set("orchestrator.type", json!("kubernetes"));
            set("orchestrator.resource.type", json!("pod"));
        }
        self.threat(&mut document);
        Value::Object(document)
    }

    /// The techniques that the tags of the rule name.
    fn threat(&self, document: &mut Map<String, Value>) {
        let found: Vec<(&str, bool)> = self.tags.iter().filter_map(|tag| technique(tag)).collect();
        if found.is_empty() {
            return;
        }
        let ids = |of_sub: bool| -> Vec<&str> {
            found.iter().filter(|(_, is_sub)| *is_sub == of_sub).map(|(id, _)| *id).collect()
        };
        put(document, "threat.framework", Some(json!("MITRE ATT&CK")));
        for (path, ids) in
            [("threat.technique.id", ids(false)), ("threat.technique.subtechnique.id", ids(true))]
        {
            put(document, path, (!ids.is_empty()).then(|| json!(ids)));
        }
    }

    fn category(&self) -> &'static str {
        let is_known = |field| self.values.get(field).is_some();
        if is_known(Field::FdName) {
            "file"
        } else if is_known(Field::FdSip) {
            "network"
        } else if is_known(Field::ProcPid) {
            "process"
        } else {
            "host"
        }
    }
}
