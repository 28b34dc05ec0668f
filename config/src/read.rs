//! The values of a configuration: a tree enters, the checked structure leaves, or every invalid value with its place.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tercel_outputs::{Level, Limits};
use tercel_rules::fields::StaticFields;
use tercel_rules::files;
use tercel_rules::load::{AppendOutput, ExtraField, parse_priority, unknown_field};
use tercel_rules::output::Template;
use tercel_rules::program::Priority;
use tercel_rules::select::{Matching, SelectionStep};

use crate::captures::capture;
use crate::outputs::outputs;
use crate::reader::Reader;
use crate::settings::{Calls, Config, Drops, Lines, Log, Metrics, Schema, SeenPaths, Web};
use crate::tree::{Entry, Remark, Value};

/// Falco's presets of the size of a ring are powers of two of this, from the first on.
const PRESET: u32 = 512 << 10;

/// Fields that Falco's container plugin suggests for every output (reference language 10.15).
const SUGGESTED: &str = "container_id=%container.id container_name=%container.name \
    container_image_repository=%container.image.repository container_image_tag=%container.image.tag \
    k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name";

/// A configuration and its warnings.
pub struct Read {
    /// The configuration.
    pub config: Config,
    /// Values of the wrong type, for which defaults are used.
    pub warnings: Vec<Remark>,
}

/// Reads the whole configuration.
pub fn config(root: &Entry) -> Result<Read, Vec<Remark>> {
    let mut reader = Reader { root, errors: Vec::new(), warnings: Vec::new() };
    let lines = lines(&mut reader);
    let static_fields = static_fields(&mut reader);
    let config = Config {
        rules_files: existing(named_rules(&mut reader)),
        correlations_files: existing(named_correlations(&mut reader)),
        watch: reader.flag("watch_config_files", true),
        selection: selection(&mut reader),
        priority: priority(&mut reader, "priority", Priority::Debug),
        all_matching: reader.word("rule_matching", &[("first", false), ("all", true)], false),
        append_output: append_output(&mut reader, &static_fields),
        static_fields,
        lines,
        outputs: outputs(&mut reader, lines.json),
        limits: limits(&mut reader),
        patience: Duration::from_millis(reader.number("output_timeout", 2000, 0..=600_000)),
        log: log(&mut reader),
        drops: drops(&mut reader),
        timeouts: reader.number("syscall_event_timeouts.max_consecutives", 1000, 1..=u32::MAX),
        web: web(&mut reader),
        metrics: metrics(&mut reader),
        capture: capture(&mut reader),
        calls: calls(&mut reader),
        snaplen: reader.number("falco_libs.snaplen", 80, 0..=u32::from(u16::MAX)),
        ring: PRESET << reader.number("engine.modern_ebpf.buf_size_preset", 5, 1..=10u32),
        capture_file: capture_file(&mut reader),
    };
    checked_only(&mut reader);
    let Reader { errors, warnings, .. } = reader;
    if errors.is_empty() { Ok(Read { config, warnings }) } else { Err(errors) }
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y")
}

/// Rule files and files of correlations that are named and do not exist: they may be created later.
pub(crate) fn absent_files(root: &Entry) -> Vec<PathBuf> {
    let mut reader = Reader { root, errors: Vec::new(), warnings: Vec::new() };
    let mut paths = named_rules(&mut reader);
    paths.extend(named_correlations(&mut reader));
    paths.retain(|path| files::is_absent(path));
    paths
}

fn named_rules(reader: &mut Reader<'_>) -> Vec<PathBuf> {
    if let (Some(_), Some(entry)) = (reader.root.get("rules_files"), reader.root.get("rules_file")) {
        reader.wrong(
            &entry.place,
            "rules_file and rules_files are the same key; give only one of them".to_owned(),
        );
    }
    let mut paths = reader.texts("rules_files");
    paths.extend(reader.texts("rules_file"));
    paths.into_iter().map(|(path, _)| PathBuf::from(path)).collect()
}

fn named_correlations(reader: &mut Reader<'_>) -> Vec<PathBuf> {
    reader.texts("correlations_files").into_iter().map(|(path, _)| PathBuf::from(path)).collect()
}

/// As in Falco, files that do not exist are left out, such as a local one.
fn existing(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.retain(|path| !files::is_absent(path));
    paths
}

fn selection(reader: &mut Reader<'_>) -> Vec<SelectionStep> {
    let mut steps = Vec::new();
    for entry in reader.list("rules") {
        let before = steps.len();
        let which = [("enable", true), ("disable", false)];
        if let Some((which, enable)) = which.into_iter().find_map(|(key, on)| Some((entry.get(key)?, on))) {
            let text = |key: &str| match which.get(key).map(|entry| &entry.value) {
                Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
                _ => None,
            };
            let rule = text("rule").map(Matching::Wildcard);
            let tag = text("tag").map(|tag| Matching::Tags(BTreeSet::from([tag])));
            steps.extend(rule.into_iter().chain(tag).map(|matching| SelectionStep { enable, matching }));
        }
        if steps.len() == before {
            let text =
                "an entry of rules must be 'enable:' or 'disable:' with 'rule: NAME' or 'tag: TAG' below it";
            reader.wrong(&entry.place, text.to_owned());
        }
    }
    steps
}

fn priority(reader: &mut Reader<'_>, key: &str, default: Priority) -> Priority {
    let Some((text, place)) = reader.text(key) else { return default };
    parse_priority(text).unwrap_or_else(|| {
        let names: Vec<&str> = Priority::ALL.iter().map(|priority| priority.name()).collect();
        reader
            .wrong(place, format!("{key} must be one of {}, not '{text}'", names.join(", ").to_lowercase()));
        default
    })
}

fn append_output(reader: &mut Reader<'_>, statics: &StaticFields) -> Vec<AppendOutput> {
    let mut all = Vec::new();
    for entry in reader.list("append_output") {
        let Value::Map(_) = entry.value else {
            reader.wrong(
                &entry.place,
                "an entry of append_output needs extra_output or suggested_output".to_owned(),
            );
            continue;
        };
        let mut text = |key: &str| match entry.at(key).map(|entry| (&entry.value, &entry.place)) {
            Some((Value::Text(text), _)) => Some(text.clone()),
            None | Some((Value::Null, _)) => None,
            Some((_, place)) => {
                reader.wrong(place, format!("append_output[].{key} must be a single value"));
                None
            }
        };
        let (source, rule) = (text("match.source"), text("match.rule"));
        let extra = text("extra_output").filter(|text| !text.is_empty());
        let suggested = text("suggested_output").is_some_and(|text| is_true(&text));
        if let (Some(extra), Some(at)) = (&extra, entry.get("extra_output"))
            && let Err(error) = Template::parse_with(extra, statics)
        {
            let reason = unknown_field(extra).unwrap_or_else(|| error.to_string());
            reader.wrong(&at.place, format!("append_output[].extra_output: {reason}"));
        }
        if let (true, Err(error)) = (suggested, Template::parse_with(&suggestions(statics), statics)) {
            reader.wrong(&entry.place, format!("append_output[].suggested_output: {error}"));
        }
        let format: Vec<String> = extra.into_iter().chain(suggested.then(|| suggestions(statics))).collect();
        let tags = match entry.at("match.tags").map(|entry| (&entry.value, &entry.place)) {
            Some((Value::List(tags), _)) => tags.iter().filter_map(|entry| tag(reader, entry)).collect(),
            None | Some((Value::Null, _)) => BTreeSet::new(),
            Some((Value::Text(_) | Value::Map(_), place)) => {
                reader.warn(place, "append_output[].match.tags must be a list; it is ignored".to_owned());
                BTreeSet::new()
            }
        };
        let fields = extra_fields(reader, entry, statics);
        if !format.is_empty() || !fields.is_empty() {
            all.push(AppendOutput { format: format.join(" "), fields, source, tags, rule });
        }
    }
    all
}

/// What is suggested for outputs: the fields of the configuration come first, as in Falco.
fn suggestions(statics: &StaticFields) -> String {
    format!("{} {SUGGESTED}", statics.suggested()).trim_start().to_owned()
}

/// The fields that the configuration defines. As in Falco, there are none if one of them is not a string.
fn static_fields(reader: &mut Reader<'_>) -> StaticFields {
    const KEY: &str = "static_fields";
    let mut fields = Vec::new();
    let (pairs, place) = match reader.root.get(KEY).map(|entry| (&entry.value, &entry.place)) {
        None | Some((Value::Null, _)) => return StaticFields::default(),
        Some((Value::Map(pairs), place)) => (pairs, place),
        Some((Value::Text(_) | Value::List(_), place)) => {
            reader.warn(place, format!("{KEY} must be a map of names to strings; an empty one is used"));
            return StaticFields::default();
        }
    };
    for (name, entry) in pairs {
        let Value::Text(text) = &entry.value else {
            reader.warn(&entry.place, format!("{KEY}.{name} must be a string; no static field is defined"));
            return StaticFields::default();
        };
        if !StaticFields::is_name(name) {
            reader.warn(place, format!("'static.{name}' cannot be written in a condition or an output"));
        }
        fields.push((name.clone(), text.clone()));
    }
    fields.into_iter().collect()
}

/// A tag in a list of tags.
fn tag(reader: &mut Reader<'_>, entry: &Entry) -> Option<String> {
    if let Value::Text(tag) = &entry.value {
        return Some(tag.clone());
    }
    reader.wrong(&entry.place, "match.tags must be a list of strings".to_owned());
    None
}

/// The fields that an entry of `append_output` adds: names, and pairs of a key and a text with tokens.
fn extra_fields(reader: &mut Reader<'_>, entry: &Entry, statics: &StaticFields) -> Vec<ExtraField> {
    let mut fields: Vec<ExtraField> = Vec::new();
    let items = match entry.get("extra_fields").map(|entry| (&entry.value, &entry.place)) {
        Some((Value::List(items), _)) => items.as_slice(),
        None | Some((Value::Null, _)) => &[],
        Some((_, place)) => {
            reader.wrong(place, "append_output[].extra_fields must be a list".to_owned());
            &[]
        }
    };
    let mut keys = BTreeSet::new();
    for item in items {
        let field = match &item.value {
            Value::Text(name) => Some(ExtraField::Plain(name.clone())),
            Value::Map(pairs) => match pairs.as_slice() {
                [(key, Entry { value: Value::Text(format), .. })] => {
                    Some(ExtraField::Text(key.clone(), format.clone()))
                }
                _ => None,
            },
            Value::Null | Value::List(_) => None,
        };
        let Some(field) = field else {
            reader.wrong(&item.place, "an extra field must be a name, or 'KEY: TEXT'".to_owned());
            continue;
        };
        let (ExtraField::Plain(key) | ExtraField::Text(key, _)) = &field;
        if !keys.insert(key.clone()) {
            reader.wrong(&item.place, format!("the extra field '{key}' is given twice"));
        } else if let Err(error) = Template::default().add_field(&field, statics) {
            reader.wrong(&item.place, format!("append_output[].extra_fields: {error}"));
        } else {
            fields.push(field);
        }
    }
    fields
}

fn lines(reader: &mut Reader<'_>) -> Lines {
    let schemas = [("falco", Schema::Falco), ("ecs", Schema::Ecs), ("ocsf", Schema::Ocsf)];
    let schema = reader.word("json_schema", &schemas, Schema::Falco);
    let whose = [("caller", SeenPaths::Caller), ("kernel", SeenPaths::Kernel), ("both", SeenPaths::Both)];
    Lines {
        // Whoever asks for another schema asks for JSON.
        json: reader.flag("json_output", false) || schema != Schema::Falco,
        schema,
        iso8601: reader.flag("time_format_iso_8601", false),
        output: reader.flag("json_include_output_property", true),
        message: reader.flag("json_include_message_property", false),
        fields: reader.flag("json_include_output_fields_property", true),
        tags: reader.flag("json_include_tags_property", true),
        base64: reader.flag("buffer_format_base64", false),
        paths: reader.word("paths", &whose, SeenPaths::default()),
    }
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    let default = Limits::default();
    match reader.number("outputs_queue.capacity", 0, 0..=u32::MAX) {
        // Falco's value for no bound; the default bound is used here.
        0 => default,
        messages => Limits { messages: messages as usize, ..default },
    }
}

fn log(reader: &mut Reader<'_>) -> Log {
    let levels = [
        ("emergency", Level::Error),
        ("alert", Level::Error),
        ("critical", Level::Error),
        ("error", Level::Error),
        ("warning", Level::Warning),
        ("notice", Level::Info),
        ("info", Level::Info),
        ("informational", Level::Info),
        ("debug", Level::Debug),
    ];
    Log {
        stderr: reader.flag("log_stderr", true),
        syslog: reader.flag("log_syslog", false),
        level: reader.word("log_level", &levels, Level::Info),
        capture: capture_level(reader),
    }
}

/// The least urgent message about the capture that is logged; the stock configuration has those from `info` up.
fn capture_level(reader: &mut Reader<'_>) -> Option<Level> {
    let levels = [
        ("fatal", Level::Error),
        ("critical", Level::Error),
        ("error", Level::Error),
        ("warning", Level::Warning),
        ("notice", Level::Info),
        ("info", Level::Info),
        ("debug", Level::Debug),
        ("trace", Level::Debug),
    ];
    let level = reader.word("libs_logger.severity", &levels, Level::Info);
    reader.flag("libs_logger.enabled", true).then_some(level)
}

fn drops(reader: &mut Reader<'_>) -> Drops {
    let actions = reader.texts("syscall_event_drops.actions");
    let mut is_ignored = false;
    for (action, place) in &actions {
        if is_ignored && ["log", "alert"].contains(action) {
            reader.wrong(place, format!("the action '{action}' cannot follow 'ignore'"));
        }
        is_ignored |= *action == "ignore";
        if !["ignore", "log", "alert", "exit"].contains(action) {
            reader.wrong(place, format!("an action must be ignore, log, alert or exit, not '{action}'"));
        }
    }
    let is_missing = reader.root.at("syscall_event_drops.actions").is_none();
    let has = |name| actions.iter().any(|(action, _)| *action == name);
    Drops {
        threshold: reader.number("syscall_event_drops.threshold", 0.1, 0.0..=1.0),
        log: is_missing || has("log"),
        alert: is_missing || has("alert"),
        exit: has("exit"),
        rate: reader.number("syscall_event_drops.rate", 0.03333, 0.0..=1e6),
        burst: reader.number("syscall_event_drops.max_burst", 1.0, 0.0..=1e6),
        simulate: reader.flag("syscall_event_drops.simulate_drops", false),
    }
}

fn web(reader: &mut Reader<'_>) -> Option<Web> {
    let enabled = reader.flag("webserver.enabled", false);
    let port = reader.number("webserver.listen_port", 8765, 0..=u32::from(u16::MAX));
    let port = u16::try_from(port).unwrap_or_default();
    let address = match reader.text("webserver.listen_address") {
        None => IpAddr::from([0, 0, 0, 0]),
        Some((text, place)) => text.trim_matches(['[', ']']).parse().unwrap_or_else(|_| {
            reader.wrong(place, format!("webserver.listen_address must be an address, not '{text}'"));
            IpAddr::from([0, 0, 0, 0])
        }),
    };
    let health =
        reader.text("webserver.k8s_healthz_endpoint").map_or("/healthz", |(text, _)| text).to_owned();
    let metrics = reader.flag("webserver.prometheus_metrics_enabled", false);
    let tls = reader.flag("webserver.ssl_enabled", false);
    let certificate =
        reader.text("webserver.ssl_certificate").map_or("/etc/falco/falco.pem", |(text, _)| text);
    let certificate = tls.then(|| PathBuf::from(certificate));
    enabled.then_some(Web { address: SocketAddr::new(address, port), health, metrics, certificate })
}

fn metrics(reader: &mut Reader<'_>) -> Metrics {
    let metrics = Metrics {
        enabled: reader.flag("metrics.enabled", false),
        interval: metrics_interval(reader),
        output_rule: reader.flag("metrics.output_rule", false),
        output_file: reader.text("metrics.output_file").map(|(text, _)| text.into()),
        rules: reader.flag("metrics.rules_counters_enabled", true),
        resources: reader.flag("metrics.resource_utilization_enabled", true),
        state: reader.flag("metrics.state_counters_enabled", true),
        kernel: reader.flag("metrics.kernel_event_counters_enabled", true),
        kernel_by_cpu: reader.flag("metrics.kernel_event_counters_per_cpu_enabled", true),
        megabytes: reader.flag("metrics.convert_memory_to_mb", true),
        empty: reader.flag("metrics.include_empty_values", false),
    };
    let is_served = reader.flag("webserver.prometheus_metrics_enabled", false);
    if let (true, Some(entry)) = (metrics.enabled, reader.root.at("metrics.enabled"))
        && !(metrics.output_rule || metrics.output_file.is_some() || is_served)
    {
        let text =
            "metrics are enabled without output_rule, output_file or webserver.prometheus_metrics_enabled";
        reader.wrong(&entry.place, text.to_owned());
    }
    metrics
}

/// Time between two snapshots, as Prometheus writes it; read only if there are snapshots.
fn metrics_interval(reader: &mut Reader<'_>) -> Duration {
    /// That of the stock configuration.
    const DEFAULT: Duration = Duration::from_secs(3600);
    const LEAST: Duration = Duration::from_millis(100);
    let is_enabled = reader.flag("metrics.enabled", false);
    let Some((text, place)) = reader.text("metrics.interval").filter(|_| is_enabled) else { return DEFAULT };
    prometheus_duration(text).filter(|interval| *interval >= LEAST).unwrap_or_else(|| {
        let text =
            format!("metrics.interval must be a time of at least 100ms, as in 15m or 1h30m, not '{text}'");
        reader.wrong(place, text);
        DEFAULT
    })
}

/// A duration such as `1h30m`: numbers with units, larger ones first.
fn prometheus_duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let (mut rest, mut from, mut sum) = (text.trim(), 0, 0u64);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let end = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let at = UNITS.iter().position(|(name, _)| *name == unit.trim()).filter(|at| *at >= from)?;
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(UNITS[at].1)?)?;
        (rest, from) = (after, at + 1);
    }
    Some(Duration::from_millis(sum))
}

fn calls(reader: &mut Reader<'_>) -> Calls {
    let mut calls = Calls {
        all: reader.flag("base_syscalls.all", false),
        adaptive: reader.flag("base_syscalls.adaptive", true),
        shed_below: priority(reader, "base_syscalls.shed_below", Priority::Warning),
        more: BTreeSet::new(),
        less: BTreeSet::new(),
    };
    // Repairing is the default: the calls that the state of processes needs are always captured.
    reader.flag("base_syscalls.repair", false);
    for (name, place) in reader.texts("base_syscalls.custom_set") {
        let (set, name) = match name.strip_prefix('!') {
            Some(name) => (&mut calls.less, name),
            None => (&mut calls.more, name),
        };
        if tercel_format::catalogue::EVENTS.iter().any(|event| event.name == name) {
            set.insert(name.to_owned());
        } else {
            reader.wrong(place, format!("unknown system call '{name}'; 'tercel events --list' lists them"));
        }
    }
    calls
}

/// Values without effect here that Falco refuses.
fn checked_only(reader: &mut Reader<'_>) {
    let named: Vec<&str> = reader
        .list("plugins")
        .iter()
        .filter_map(|plugin| match plugin.get("name").map(|name| &name.value) {
            Some(Value::Text(name)) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for (name, place) in reader.texts("load_plugins") {
        if !named.contains(&name) {
            reader.wrong(place, format!("load_plugins names '{name}', which plugins does not define"));
        }
    }
}

/// The capture to read instead of the kernel, if the engine is one that reads captures.
fn capture_file(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let file =
        reader.text("engine.replay.capture_file").map(|(text, _)| text).filter(|text| !text.is_empty());
    let (text, place) = reader.text("engine.kind")?;
    match text {
        // Falco has several probes; here there is one.
        "modern_ebpf" | "ebpf" | "kmod" => {}
        "replay" if file.is_some() => return file.map(PathBuf::from),
        "replay" => {
            reader.wrong(place, "engine.kind is replay, and engine.replay.capture_file is not set".to_owned())
        }
        "nodriver" | "gvisor" => {
            reader.wrong(place, format!("engine.kind '{text}' is not supported"));
        }
        _ => reader.wrong(place, format!("engine.kind must be modern_ebpf, kmod or replay, not '{text}'")),
    }
    None
}
