//! The keys of a configuration, one table: those of Falco 0.44 and a few of our own, and what each does here.

use tercel_rules::fields::nearest;

use crate::tree::{Entry, Place, Remark, Value};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It does what its documentation says.
    Used,
    /// A key of Falco that has no effect, and the reason. The first text is the value that needs no remark.
    Ignored(&'static str, &'static str),
}

use Use::{Ignored, Used};

const ONE_PROBE: &str =
    "there is one probe; engine.modern_ebpf.buf_size_preset or --buffer sets the size of its ring buffers";
const PLUGINS: &str = "plugins cannot be loaded; containers are built in";
const METRICS: &str = "this program has no such metric";
const OLD: &str = "removed from Falco";

/// Every key: its path, and its use. A path that ends in `.*` stands for all keys below it.
pub(crate) const KEYS: &[(&str, Use)] = &[
    ("append_output.*", Used),
    ("base_syscalls.adaptive", Used),
    ("base_syscalls.all", Used),
    ("base_syscalls.custom_set", Used),
    ("base_syscalls.repair", Used),
    ("base_syscalls.shed_below", Used),
    ("buffer_format_base64", Used),
    (
        "buffered_outputs",
        Ignored(
            "false",
            "each line is written at once; a queue per output keeps slow outputs from delaying capture",
        ),
    ),
    ("capture.capture_before", Used),
    ("capture.default_duration", Used),
    ("capture.enabled", Used),
    ("capture.max_file_size_mb", Used),
    ("capture.max_files", Used),
    ("capture.max_per_minute", Used),
    ("capture.max_total_size_mb", Used),
    ("capture.mode", Used),
    ("capture.path_prefix", Used),
    ("capture.ring_size_mb", Used),
    ("capture.sign_key", Used),
    ("config_files.*", Used),
    ("container_engines.*", Ignored("", "all container engines are queried; --docker and --cri add sockets")),
    ("correlations_files.*", Used),
    ("engine.ebpf.*", Ignored("", OLD)),
    ("engine.gvisor.*", Ignored("", OLD)),
    ("engine.kind", Used),
    ("engine.kmod.buf_size_preset", Ignored("4", ONE_PROBE)),
    ("engine.kmod.drop_failed_exit", Ignored("false", ONE_PROBE)),
    ("engine.modern_ebpf.buf_size_preset", Used),
    ("engine.modern_ebpf.cpus_for_each_buffer", Ignored("2", "every CPU has its own ring buffer")),
    ("engine.modern_ebpf.disable_iterators", Ignored("false", ONE_PROBE)),
    ("engine.modern_ebpf.drop_failed_exit", Ignored("false", "failed calls are evaluated too")),
    ("engine.replay.capture_file", Used),
    ("falco_libs.snaplen", Used),
    (
        "falco_libs.thread_table_auto_purging_interval_s",
        Ignored("300", "threads that have ended are removed without a timer"),
    ),
    (
        "falco_libs.thread_table_auto_purging_thread_timeout_s",
        Ignored("300", "threads that have ended are removed without a timer"),
    ),
    ("falco_libs.thread_table_size", Ignored("262144", "the table holds 262,144 threads")),
    ("file_output.enabled", Used),
    ("file_output.filename", Used),
    ("file_output.keep_alive", Used),
    ("grpc.*", Ignored("", OLD)),
    ("grpc_output.*", Ignored("", OLD)),
    ("http_output.ca_bundle", Used),
    ("http_output.ca_cert", Used),
    ("http_output.ca_path", Used),
    ("http_output.client_cert", Used),
    ("http_output.client_key", Used),
    ("http_output.compress_uploads", Used),
    ("http_output.echo", Used),
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
    ("json_schema", Used),
    ("libs_logger.enabled", Used),
    ("libs_logger.severity", Used),
    ("load_plugins", Ignored("[]", PLUGINS)),
    ("log_level", Used),
    ("log_stderr", Used),
    ("log_syslog", Used),
    ("metadata_download.*", Ignored("", OLD)),
    ("metrics.convert_memory_to_mb", Used),
    ("metrics.enabled", Used),
    ("metrics.include_empty_values", Used),
    ("metrics.interval", Used),
    ("metrics.jemalloc_stats_enabled", Ignored("false", METRICS)),
    ("metrics.kernel_event_counters_enabled", Used),
    ("metrics.kernel_event_counters_per_cpu_enabled", Used),
    ("metrics.kernel_iter_event_counters_enabled", Ignored("true", METRICS)),
    ("metrics.libbpf_stats_enabled", Ignored("true", METRICS)),
    ("metrics.output_file", Used),
    ("metrics.output_rule", Used),
    ("metrics.plugins_metrics_enabled", Ignored("true", METRICS)),
    ("metrics.resource_utilization_enabled", Used),
    ("metrics.rules_counters_enabled", Used),
    ("metrics.state_counters_enabled", Used),
    ("modern_bpf.*", Ignored("", OLD)),
    ("otlp_output.enabled", Used),
    ("otlp_output.endpoint", Used),
    ("otlp_output.headers.*", Used),
    ("output_timeout", Used),
    ("outputs.*", Ignored("", OLD)),
    ("outputs_queue.capacity", Used),
    ("outputs_queue.recovery", Ignored("exit", OLD)),
    ("paths", Used),
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
    ("static_fields.*", Used),
    ("stderr_output.enabled", Used),
    ("stdout_output.enabled", Used),
    ("syscall_buf_size_preset", Ignored("", OLD)),
    ("syscall_drop_failed_exit", Ignored("", OLD)),
    ("syscall_event_drops.actions", Used),
    ("syscall_event_drops.max_burst", Used),
    ("syscall_event_drops.rate", Used),
    ("syscall_event_drops.simulate_drops", Used),
    ("syscall_event_drops.threshold", Used),
    ("syscall_event_timeouts.max_consecutives", Used),
    ("syslog_output.address", Used),
    ("syslog_output.enabled", Used),
    ("syslog_output.protocol", Used),
    ("time_format_iso_8601", Used),
    ("watch_config_files", Used),
    ("webserver.enabled", Used),
    ("webserver.k8s_audit_endpoint", Ignored("/k8s-audit", OLD)),
    ("webserver.k8s_healthz_endpoint", Used),
    ("webserver.listen_address", Used),
    ("webserver.listen_port", Used),
    ("webserver.prometheus_metrics_enabled", Used),
    ("webserver.ssl_certificate", Used),
    ("webserver.ssl_enabled", Used),
    ("webserver.threadiness", Ignored("0", "the web server has one thread")),
];

/// Remarks on a configuration: warnings, and keys that have no effect.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Keys that are unknown or given twice, and values of the wrong kind.
    pub warnings: Vec<Remark>,
    /// Keys of Falco that have no effect.
    pub ignored: Vec<Remark>,
}

impl Remarks {
    /// The keys without effect in one line, if there are any.
    pub fn ignored_keys(&self) -> Option<String> {
        let mut keys: Vec<&str> =
            self.ignored.iter().filter_map(|remark| remark.text.split(" has no effect").next()).collect();
        keys.dedup();
        let hint = "('tercel config check' gives the reasons)";
        (!keys.is_empty()).then(|| format!("keys without effect: {} {hint}", keys.join(", ")))
    }
}

/// Looks at every key.
pub fn check(root: &Entry) -> Remarks {
    let mut remarks = Remarks::default();
    walk(root, "", &mut remarks);
    for (list, known) in ENTRIES {
        let Some(Value::List(entries)) = root.get(list).map(|entry| &entry.value) else { continue };
        entries.iter().for_each(|entry| entry_of_list(entry, list, "", known, &mut remarks));
    }
    remarks
}

/// Keys in the entries of lists.
const ENTRIES: [(&str, &[&str]); 2] = [
    (
        "append_output",
        &["extra_fields", "extra_output", "match.rule", "match.source", "match.tags", "suggested_output"],
    ),
    ("rules", &["disable.rule", "disable.tag", "enable.rule", "enable.tag"]),
];

/// Looks at the keys of an entry of a list; `above` is the path of the keys that lead to it.
fn entry_of_list(entry: &Entry, list: &str, above: &str, known: &[&str], remarks: &mut Remarks) {
    let Value::Map(pairs) = &entry.value else { return };
    for (key, entry) in pairs {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        if known.iter().any(|key| is_below(key, &path)) {
            entry_of_list(entry, list, &path, known, remarks);
        } else if !known.contains(&path.as_str()) {
            let meant = nearest(&path, known.iter().copied());
            let meant = meant.map_or(String::new(), |name| format!("; did you mean '{list}[].{name}'?"));
            let text = format!("unknown key '{list}[].{path}'{meant}");
            remarks.warnings.push(Remark { place: entry.place.clone(), text });
        }
    }
}

fn walk(entry: &Entry, path: &str, remarks: &mut Remarks) {
    if let Some((_, what)) = KEYS.iter().find(|(key, _)| *key == path) {
        return note(entry, path, *what, remarks);
    }
    let inside = path.is_empty() || KEYS.iter().any(|(key, _)| is_below(key, path));
    let Value::Map(pairs) = &entry.value else {
        if let Some((_, what)) = KEYS.iter().find(|(key, _)| covers(key, path)) {
            return note(entry, path, *what, remarks);
        }
        return match (inside, &entry.value) {
            (true, Value::Null) => {}
            (true, _) => {
                let text = format!("{path} must be a map of keys; the defaults are used");
                remarks.warnings.push(Remark { place: entry.place.clone(), text });
            }
            (false, _) => unknown(&entry.place, path, remarks),
        };
    };
    match KEYS.iter().find(|(key, _)| covers(key, path)) {
        Some((_, Used)) => return,
        // What is switched off asks for nothing, whatever its other keys say.
        Some((key, Ignored(..))) if is_top(key, path) && is_off(pairs) => return,
        None if !inside => return unknown(&entry.place, path, remarks),
        _ => {}
    }
    for (key, entry) in pairs {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        // A dot in a key is part of its name; only on the command line it separates keys.
        if key.contains('.') {
            let nested = key.replace('.', ":', below it '");
            let text = format!("unknown key '{path}'; write '{nested}:'");
            remarks.warnings.push(Remark { place: entry.place.clone(), text });
            continue;
        }
        walk(entry, &path, remarks);
    }
}

/// Whether a row of the table that ends in `.*` covers `path`.
fn covers(key: &str, path: &str) -> bool {
    key.strip_suffix(".*").is_some_and(|key| path == key || is_below(path, key))
}

fn is_top(key: &str, path: &str) -> bool {
    key.strip_suffix(".*") == Some(path)
}

fn is_off(pairs: &[(String, Entry)]) -> bool {
    pairs.iter().any(|(key, entry)| key == "enabled" && entry.value == Value::Text("false".to_owned()))
}

fn is_below(path: &str, key: &str) -> bool {
    path.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
}

fn note(entry: &Entry, path: &str, what: Use, remarks: &mut Remarks) {
    let Ignored(inert, reason) = what else { return };
    let silent = match &entry.value {
        Value::Null => true,
        Value::Text(text) => text == inert,
        Value::List(items) => items.iter().all(|item| is_container_plugin(path, item)),
        Value::Map(pairs) => pairs.is_empty(),
    };
    if !silent {
        let text = format!("{path} has no effect: {reason}");
        remarks.ignored.push(Remark { place: entry.place.clone(), text });
    }
}

/// Whether an entry loads Falco's plugin for containers; here they are built in.
fn is_container_plugin(path: &str, item: &Entry) -> bool {
    let is_container = |entry: &Entry| entry.value == Value::Text("container".to_owned());
    match path {
        "load_plugins" => is_container(item),
        "plugins" => item.get("name").is_some_and(is_container),
        _ => false,
    }
}

fn unknown(place: &Place, path: &str, remarks: &mut Remarks) {
    let names = KEYS.iter().map(|(key, _)| key.trim_end_matches(".*"));
    let meant = nearest(path, names).map_or(String::new(), |name| format!("; did you mean '{name}'?"));
    remarks.warnings.push(Remark { place: place.clone(), text: format!("unknown key '{path}'{meant}") });
}

#[cfg(test)]
mod tests;
