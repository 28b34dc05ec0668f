//! The keys of a configuration, one table: those of Falco 0.44 and a few of our own, and what becomes of each.

use tercel_rules::fields::nearest;

use super::tree::{Entry, Place, Remark, Value};

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It does what its documentation says.
    Used,
    /// It is one of Falco's that has no effect, with the reason. The value is the one that asks for nothing; it needs no words.
    Ignored(&'static str, &'static str),
}

use Use::{Ignored, Used};

const ONE_PROBE: &str =
    "there is one probe; its ring of each CPU is engine.modern_ebpf.buf_size_preset or --buffer";
const PLUGINS: &str = "plugins cannot be loaded; containers are built in";
const METRICS: &str = "metrics leave through webserver.prometheus_metrics_enabled";
const CAPTURES: &str = "alerts start no capture; 'tercel live -w FILE' and 'tercel record' do";
const NO_LIBRARY: &str = "there is no such library in this program";

/// Every key: its path, and its use. A path that ends in `.*` stands for all keys below.
pub const KEYS: &[(&str, Use)] = &[
    ("append_output.*", Used),
    ("base_syscalls.adaptive", Used),
    ("base_syscalls.all", Used),
    ("base_syscalls.custom_set", Used),
    ("base_syscalls.repair", Used),
    (
        "buffer_format_base64",
        Ignored("false", "buffers are shown as text; %evt.buffer with tobase64(…) is not"),
    ),
    (
        "buffered_outputs",
        Ignored(
            "false",
            "lines are written when they are there; a queue per output keeps writing apart from capture",
        ),
    ),
    ("capture.*", Ignored("", CAPTURES)),
    ("capture.default_duration", Ignored("5000", CAPTURES)),
    ("capture.enabled", Ignored("false", CAPTURES)),
    ("capture.mode", Ignored("rules", CAPTURES)),
    ("capture.path_prefix", Ignored("/tmp/falco", CAPTURES)),
    ("config_files.*", Used),
    ("engine.kind", Used),
    ("engine.kmod.*", Ignored("", ONE_PROBE)),
    ("engine.modern_ebpf.buf_size_preset", Used),
    ("engine.modern_ebpf.cpus_for_each_buffer", Ignored("2", "every CPU has a ring of its own")),
    ("engine.modern_ebpf.disable_iterators", Ignored("false", ONE_PROBE)),
    ("engine.modern_ebpf.drop_failed_exit", Ignored("false", "failed calls are evaluated too")),
    ("engine.replay.capture_file", Ignored("", "captures are given to 'tercel replay'")),
    ("falco_libs.snaplen", Used),
    (
        "falco_libs.thread_table_auto_purging_interval_s",
        Ignored("300", "threads that are gone leave the table by themselves"),
    ),
    (
        "falco_libs.thread_table_auto_purging_thread_timeout_s",
        Ignored("300", "threads that are gone leave the table by themselves"),
    ),
    ("falco_libs.thread_table_size", Ignored("262144", "the table holds 262,144 threads")),
    ("file_output.enabled", Used),
    ("file_output.filename", Used),
    ("file_output.keep_alive", Used),
    ("http_output.ca_bundle", Used),
    ("http_output.ca_cert", Used),
    ("http_output.ca_path", Used),
    ("http_output.client_cert", Used),
    ("http_output.client_key", Used),
    ("http_output.compress_uploads", Used),
    ("http_output.echo", Ignored("false", "answers of the server are not shown")),
    ("http_output.enabled", Used),
    ("http_output.insecure", Used),
    ("http_output.keep_alive", Used),
    ("http_output.max_consecutive_timeouts", Used),
    ("http_output.mtls", Used),
    ("http_output.url", Used),
    ("http_output.user_agent", Used),
    ("json_include_message_property", Used),
    ("json_include_output_fields_property", Used),
    ("json_include_output_property", Used),
    ("json_include_tags_property", Used),
    ("json_output", Used),
    ("libs_logger.enabled", Ignored("true", NO_LIBRARY)),
    ("libs_logger.severity", Ignored("info", NO_LIBRARY)),
    ("load_plugins", Ignored("[]", PLUGINS)),
    ("log_level", Used),
    ("log_stderr", Used),
    ("log_syslog", Used),
    ("metrics.*", Ignored("", METRICS)),
    ("metrics.enabled", Ignored("false", METRICS)),
    ("output_timeout", Used),
    ("outputs_queue.capacity", Used),
    ("plugins.*", Ignored("", PLUGINS)),
    ("plugins_hostinfo", Ignored("true", PLUGINS)),
    ("priority", Used),
    ("program_output.enabled", Used),
    ("program_output.keep_alive", Used),
    ("program_output.program", Used),
    ("rule_matching", Used),
    ("rules.*", Used),
    ("rules_file.*", Used),
    ("rules_files.*", Used),
    ("stderr_output.enabled", Used),
    ("stdout_output.enabled", Used),
    ("syscall_event_drops.actions", Used),
    ("syscall_event_drops.max_burst", Used),
    ("syscall_event_drops.rate", Used),
    ("syscall_event_drops.simulate_drops", Used),
    ("syscall_event_drops.threshold", Used),
    (
        "syscall_event_timeouts.max_consecutives",
        Ignored("1000", "a host without events is not taken for a fault"),
    ),
    ("syslog_output.address", Used),
    ("syslog_output.enabled", Used),
    ("syslog_output.protocol", Used),
    ("time_format_iso_8601", Used),
    ("watch_config_files", Used),
    ("webserver.enabled", Used),
    ("webserver.k8s_healthz_endpoint", Used),
    ("webserver.listen_address", Used),
    ("webserver.listen_port", Used),
    ("webserver.prometheus_metrics_enabled", Used),
    ("webserver.ssl_certificate", Ignored("/etc/falco/falco.pem", "the web server speaks http only")),
    ("webserver.ssl_enabled", Ignored("false", "the web server speaks http only")),
    ("webserver.threadiness", Ignored("0", "one thread serves the web server")),
];

/// Remarks on the keys of a configuration: those that nobody knows, and those that have no effect.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Unknown keys.
    pub unknown: Vec<Remark>,
    /// Keys of Falco that have no effect.
    pub ignored: Vec<Remark>,
}

/// Looks at every key.
pub fn check(root: &Entry) -> Remarks {
    let mut remarks = Remarks::default();
    walk(root, "", &mut remarks);
    let extended = root.get("append_output").map(|entry| &entry.value);
    for entry in if let Some(Value::List(entries)) = extended { entries.as_slice() } else { &[] } {
        if let Some(fields) = entry.get("extra_fields") {
            let text =
                "append_output.extra_fields has no effect: outputs can be extended by extra_output only";
            remarks.ignored.push(Remark { place: fields.place.clone(), text: text.to_owned() });
        }
    }
    remarks
}

fn walk(entry: &Entry, path: &str, remarks: &mut Remarks) {
    if let Some((_, what)) = KEYS.iter().find(|(key, _)| *key == path) {
        return note(entry, path, *what, remarks);
    }
    let Value::Map(pairs) = &entry.value else {
        if let Some((_, what)) = KEYS.iter().find(|(key, _)| covers(key, path)) {
            return note(entry, path, *what, remarks);
        }
        return unknown(&entry.place, path, remarks);
    };
    let inside = path.is_empty() || KEYS.iter().any(|(key, _)| is_below(key, path));
    match KEYS.iter().find(|(key, _)| covers(key, path)) {
        Some((_, Used)) => return,
        None if !inside => return unknown(&entry.place, path, remarks),
        _ => {}
    }
    for (key, entry) in pairs {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        walk(entry, &path, remarks);
    }
}

/// Whether a row of the table that ends in `.*` speaks of `path`.
fn covers(key: &str, path: &str) -> bool {
    key.strip_suffix(".*").is_some_and(|key| path == key || is_below(path, key))
}

fn is_below(path: &str, key: &str) -> bool {
    path.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
}

fn note(entry: &Entry, path: &str, what: Use, remarks: &mut Remarks) {
    let Ignored(inert, reason) = what else { return };
    let silent = match &entry.value {
        Value::Null => true,
        Value::Text(text) => text == inert,
        Value::List(items) => items.is_empty(),
        Value::Map(pairs) => pairs.is_empty(),
    };
    if !silent {
        let text = format!("{path} has no effect: {reason}");
        remarks.ignored.push(Remark { place: entry.place.clone(), text });
    }
}

fn unknown(place: &Place, path: &str, remarks: &mut Remarks) {
    let names = KEYS.iter().map(|(key, _)| key.trim_end_matches(".*"));
    let meant = nearest(path, names).map_or(String::new(), |name| format!("; did you mean '{name}'?"));
    remarks.unknown.push(Remark { place: place.clone(), text: format!("unknown key '{path}'{meant}") });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remarks(text: &str) -> (Vec<String>, Vec<String>) {
        let found = check(&Entry::parse("f", text).expect("a configuration"));
        let texts = |remarks: Vec<Remark>| remarks.iter().map(Remark::to_string).collect();
        (texts(found.unknown), texts(found.ignored))
    }

    #[test]
    fn unknown_keys_are_named_with_what_may_be_meant() {
        let (unknown, _) = remarks(
            "json_ouptut: true\nfile_output:\n  filname: x\nzzz: 1\nstdout_output:\n  a:\n    b: 1\n",
        );
        assert_eq!(
            unknown,
            [
                "f:1:14: unknown key 'json_ouptut'; did you mean 'json_output'?",
                "f:3:12: unknown key 'file_output.filname'; did you mean 'file_output.filename'?",
                "f:4:6: unknown key 'zzz'",
                "f:7:5: unknown key 'stdout_output.a'",
            ]
        );
    }

    #[test]
    fn keys_without_effect_are_named_where_they_ask_for_something() {
        let text = "engine:\n  kind: modern_ebpf\n  kmod:\n    buf_size_preset: 4\nload_plugins: []\nbuffered_outputs: true\nhttp_output:\n  echo: false\nplugins:\n  - name: json\nrules:\n  - enable:\n      tag: x\nappend_output:\n  - extra_fields: [x]\n";
        let (unknown, ignored) = remarks(text);
        assert_eq!(unknown, Vec::<String>::new());
        let starts: Vec<&str> = ignored.iter().filter_map(|text| text.split(" has").next()).collect();
        assert_eq!(
            starts,
            [
                "f:4:22: engine.kmod.buf_size_preset",
                "f:6:19: buffered_outputs",
                "f:10:3: plugins",
                "f:15:19: append_output.extra_fields"
            ]
        );
    }
}
