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
const CAPTURES: &str = "alerts do not start captures; use 'tercel live -w FILE' or 'tercel record'";
const NO_LIBRARY: &str = "this program does not use Falco's libraries";

/// Every key: its path, and its use. A path that ends in `.*` stands for all keys below it.
pub const KEYS: &[(&str, Use)] = &[
    ("append_output.*", Used),
    ("base_syscalls.adaptive", Used),
    ("base_syscalls.all", Used),
    ("base_syscalls.custom_set", Used),
    ("base_syscalls.repair", Used),
    ("buffer_format_base64", Used),
    (
        "buffered_outputs",
        Ignored(
            "false",
            "each line is written at once; a queue per output keeps slow outputs from delaying capture",
        ),
    ),
    ("capture.*", Ignored("", CAPTURES)),
    ("capture.default_duration", Ignored("5000", CAPTURES)),
    ("capture.enabled", Ignored("false", CAPTURES)),
    ("capture.max_file_size_mb", Ignored("0", CAPTURES)),
    ("capture.mode", Ignored("rules", CAPTURES)),
    ("capture.path_prefix", Ignored("/tmp/falco", CAPTURES)),
    ("config_files.*", Used),
    ("container_engines.*", Ignored("", "all container engines are queried; --docker and --cri add sockets")),
    ("engine.ebpf.*", Ignored("", OLD)),
    ("engine.gvisor.*", Ignored("", OLD)),
    ("engine.kind", Used),
    ("engine.kmod.buf_size_preset", Ignored("4", ONE_PROBE)),
    ("engine.kmod.drop_failed_exit", Ignored("false", ONE_PROBE)),
    ("engine.modern_ebpf.buf_size_preset", Used),
    ("engine.modern_ebpf.cpus_for_each_buffer", Ignored("2", "every CPU has its own ring buffer")),
    ("engine.modern_ebpf.disable_iterators", Ignored("false", ONE_PROBE)),
    ("engine.modern_ebpf.drop_failed_exit", Ignored("false", "failed calls are evaluated too")),
    ("engine.replay.capture_file", Ignored("", "use 'tercel replay' for captures")),
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
    ("libs_logger.enabled", Ignored("true", NO_LIBRARY)),
    ("libs_logger.severity", Ignored("info", NO_LIBRARY)),
    ("load_plugins", Ignored("[]", PLUGINS)),
    ("log_level", Used),
    ("log_stderr", Used),
    ("log_syslog", Used),
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
    ("output_timeout", Used),
    ("outputs.*", Ignored("", OLD)),
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

/// Whether a row of the table that ends in `.*` covers `path`.
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
mod tests {
    use super::*;

    fn remarks(text: &str) -> (Vec<String>, Vec<String>) {
        let found = check(&Entry::parse("f", text, &mut Vec::new()).expect("a configuration"));
        let texts = |remarks: Vec<Remark>| remarks.iter().map(Remark::to_string).collect();
        (texts(found.warnings), texts(found.ignored))
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
    fn keys_of_old_falcos_are_named_and_not_unknown() {
        let text = "grpc: {enabled: true, threadiness: 0}\ngrpc_output: {enabled: true}\noutputs: {rate: 1}\n\
            engine: {ebpf: {probe: x}}\ncontainer_engines: {docker: {enabled: true}}\n";
        let (unknown, ignored) = remarks(text);
        assert_eq!(unknown, Vec::<String>::new());
        let names: Vec<&str> = ignored.iter().filter_map(|text| text.split([' ', ':']).nth(4)).collect();
        let expected = [
            "grpc.enabled",
            "grpc.threadiness",
            "grpc_output.enabled",
            "outputs.rate",
            "engine.ebpf.probe",
            "container_engines.docker.enabled",
        ];
        assert_eq!(names, expected, "{ignored:?}");
    }

    #[test]
    fn unknown_keys_in_lists_are_named() {
        let text = "append_output: [{match: {prio: x}, extra_outputs: y}]\nrules: [{disable: {rul: a}}]\n";
        let (unknown, ignored) = remarks(text);
        assert_eq!(ignored, Vec::<String>::new());
        assert_eq!(
            unknown,
            [
                "f:1:32: unknown key 'append_output[].match.prio'",
                "f:1:51: unknown key 'append_output[].extra_outputs'; did you mean 'append_output[].extra_output'?",
                "f:2:25: unknown key 'rules[].disable.rul'; did you mean 'rules[].disable.rule'?",
            ]
        );
    }

    #[test]
    fn keys_without_effect_are_named_where_they_ask_for_something() {
        let text = "engine:\n  kind: modern_ebpf\n  kmod:\n    buf_size_preset: 5\nload_plugins: []\nbuffered_outputs: true\nhttp_output:\n  echo: false\nplugins:\n  - name: json\nrules:\n  - enable:\n      tag: x\nappend_output:\n  - extra_fields: [evt.num]\n";
        let (unknown, ignored) = remarks(text);
        assert_eq!(unknown, Vec::<String>::new());
        let starts: Vec<&str> = ignored.iter().filter_map(|text| text.split(" has").next()).collect();
        assert_eq!(
            starts,
            ["f:4:22: engine.kmod.buf_size_preset", "f:6:19: buffered_outputs", "f:10:3: plugins"]
        );
    }

    /// The keys of the falco.yaml that Falco 0.44 installs, and their values there.
    const STOCK: &str = "\
config_files: [/etc/falco/config.d]
watch_config_files: true
rules_files: [/etc/falco/falco_rules.yaml, /etc/falco/falco_rules.local.yaml, /etc/falco/rules.d]
engine: {kind: modern_ebpf, kmod: {buf_size_preset: 4, drop_failed_exit: false}, modern_ebpf: {cpus_for_each_buffer: 2,
  buf_size_preset: 4, drop_failed_exit: false, disable_iterators: false}, replay: {capture_file: ''}}
capture: {enabled: false, path_prefix: /tmp/falco, mode: rules, default_duration: 5000}
load_plugins: []
plugins: [{name: container, library_path: libcontainer.so, init_config: {label_max_len: 100, with_size: false}}]
plugins_hostinfo: true
time_format_iso_8601: false
buffer_format_base64: false
priority: debug
json_output: false
json_include_output_property: true
json_include_message_property: false
json_include_output_fields_property: true
json_include_tags_property: true
buffered_outputs: false
rule_matching: first
outputs_queue: {capacity: 0}
append_output: [{suggested_output: true}]
stdout_output: {enabled: true}
syslog_output: {enabled: true}
file_output: {enabled: false, keep_alive: false, filename: ./events.txt}
http_output: {enabled: false, url: '', user_agent: falcosecurity/falco, insecure: false, ca_cert: '', ca_bundle: '',
  ca_path: /etc/ssl/certs, mtls: false, client_cert: /etc/ssl/certs/client.crt, client_key: /etc/ssl/certs/client.key,
  echo: false, compress_uploads: false, keep_alive: false, max_consecutive_timeouts: 5}
program_output: {enabled: false, keep_alive: false, program: cat}
webserver: {enabled: true, threadiness: 0, listen_port: 8765, listen_address: 0.0.0.0, k8s_healthz_endpoint: /healthz,
  prometheus_metrics_enabled: false, ssl_enabled: false, ssl_certificate: /etc/falco/falco.pem}
log_stderr: true
log_syslog: true
log_level: info
libs_logger: {enabled: true, severity: info}
output_timeout: 2000
syscall_event_timeouts: {max_consecutives: 1000}
syscall_event_drops: {threshold: .1, actions: [log, alert], rate: .03333, max_burst: 1, simulate_drops: false}
metrics: {enabled: false, interval: 1h, output_rule: true, output_file: '', rules_counters_enabled: true,
  resource_utilization_enabled: true, state_counters_enabled: true, kernel_event_counters_enabled: true,
  kernel_event_counters_per_cpu_enabled: false, libbpf_stats_enabled: true, plugins_metrics_enabled: true,
  kernel_iter_event_counters_enabled: true, jemalloc_stats_enabled: false, convert_memory_to_mb: true,
  include_empty_values: false}
base_syscalls: {custom_set: [], repair: false, all: false}
falco_libs: {thread_table_size: 262144, thread_table_auto_purging_interval_s: 300,
  thread_table_auto_purging_thread_timeout_s: 300, snaplen: 80}
";

    #[test]
    fn the_stock_configuration_needs_no_words() {
        assert_eq!(remarks(STOCK), (Vec::new(), Vec::new()));
        let root = Entry::parse("f", STOCK, &mut Vec::new()).expect("a configuration");
        let read = crate::read::config(&root).expect("valid");
        assert_eq!(read.warnings, []);
    }

    /// docs/from-falco.md says of every key what this table says.
    #[test]
    fn the_page_for_falcos_users_lists_every_key() {
        let page = include_str!("../../docs/from-falco.md");
        for (key, what) in KEYS {
            let start = format!("| `{key}` | ");
            let line = page.lines().find(|line| line.starts_with(&start));
            let line = line.unwrap_or_else(|| panic!("{key} is not in docs/from-falco.md"));
            let is_ignored = matches!(what, Ignored(..));
            assert_eq!(line.starts_with(&format!("{start}no effect | ")), is_ignored, "{line}");
        }
    }
}
