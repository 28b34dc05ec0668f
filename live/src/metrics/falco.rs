//! Metrics under Falco's names: the counters of a run enter; rows for Prometheus and the fields of Falco's snapshots leave.

use std::fs;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tercel_config as config;

use super::counts::Metrics;
use super::page::Page;

/// Jiffies per second, a hundred on every architecture that this program is built for.
const HZ: f64 = 100.0;
/// Nanoseconds per second.
const SECOND: u64 = 1_000_000_000;
/// Falco's name of the engine with a probe of this kind.
const ENGINE: &str = "modern_bpf";

/// The setting that a metric belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Resource,
    State,
    Kernel,
}

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Percent,
    Kib,
}

/// One value with its name in Falco's libraries.
struct Sample {
    group: Group,
    name: &'static str,
    unit: Unit,
    kind: &'static str,
    value: f64,
}

impl Sample {
    fn is_wanted(&self, settings: &config::Metrics) -> bool {
        match self.group {
            Group::Resource => settings.resources,
            Group::State => settings.state,
            Group::Kernel => settings.kernel,
        }
    }

    /// The name in snapshots, and the value.
    fn shown(&self, settings: &config::Metrics) -> (String, Value) {
        let subsystem = if self.group == Group::Kernel { "scap" } else { "falco" };
        match self.unit {
            Unit::Kib if settings.megabytes => {
                let name = self.name.replace("_kb", "_mb");
                (format!("{subsystem}.{name}"), json!(tenths(self.value / 1024.0)))
            }
            Unit::Percent => (format!("{subsystem}.{}", self.name), json!(self.value)),
            Unit::Kib | Unit::Count => (format!("{subsystem}.{}", self.name), json!(self.value as u64)),
        }
    }

    fn row(&self, page: &mut Page) {
        let subsystem = if self.group == Group::Resource { "falco" } else { "scap" };
        let (name, value) = match self.unit {
            Unit::Count => (format!("{}_total", self.name), self.value),
            Unit::Percent => (self.name.replace("_perc", "_ratio"), self.value / 100.0),
            Unit::Kib => (self.name.replace("_kb", "_bytes"), self.value * 1024.0),
        };
        page.one(&format!("falcosecurity_{subsystem}_{name}"), self.kind, HELP, value);
    }
}

const HELP: &str = "As in Falco";

/// Appends the rows for Prometheus.
pub fn rows(page: &mut Page, metrics: &Metrics<'_>, settings: &config::Metrics) {
    let info = |page: &mut Page, name: &str, labels: &[(&str, &str)]| {
        page.head(name, "gauge", HELP);
        page.row(name, labels, 1);
    };
    info(page, "falcosecurity_falco_version_info", &[("version", &version())]);
    info(page, "falcosecurity_scap_engine_name_info", &[("engine_name", ENGINE), ("evt_source", "syscall")]);
    info(page, "falcosecurity_falco_kernel_release_info", &[("kernel_release", &kernel())]);
    info(page, "falcosecurity_evt_hostname_info", &[("hostname", &hostname(metrics))]);
    for (name, kind, value) in [
        ("start_timestamp_nanoseconds", "gauge", metrics.started),
        ("reload_timestamp_nanoseconds", "gauge", metrics.reloaded),
        ("host_boot_timestamp_nanoseconds", "gauge", metrics.machine.boot_ts),
        ("host_num_cpus_total", "gauge", u64::from(metrics.machine.cpus)),
        ("duration_seconds_total", "counter", metrics.uptime as u64),
        ("outputs_queue_num_drops_total", "counter", lost_by_outputs(metrics)),
    ] {
        page.one(&format!("falcosecurity_falco_{name}"), kind, HELP, value);
    }
    if settings.rules {
        matches(page, metrics);
    }
    samples(metrics).iter().filter(|sample| sample.is_wanted(settings)).for_each(|sample| sample.row(page));
    if settings.kernel {
        let name = "falcosecurity_scap_n_drops_buffer_total";
        page.head(name, "counter", HELP);
        page.row(name, &[("dir", "exit"), ("drop", "all")], metrics.drops.full);
    }
    if settings.kernel_by_cpu {
        let name = "falcosecurity_scap_n_drops_cpu_total";
        page.head(name, "counter", HELP);
        for (cpu, count) in metrics.cpus.iter().enumerate() {
            page.row(name, &[("cpu", &cpu.to_string())], count);
        }
    }
}

fn matches(page: &mut Page, metrics: &Metrics<'_>) {
    let name = "falcosecurity_falco_rules_matches_total";
    page.head(name, "counter", HELP);
    for (rule, _, count) in metrics.alerts.iter().filter(|(_, _, count)| *count > 0) {
        let Some(rule) = metrics.program.rules.iter().find(|known| known.name == *rule) else { continue };
        let priority = rule.priority.severity().to_string();
        // Names of labels allow fewer characters than tags.
        let tags: Vec<String> = rule.tags.iter().map(|tag| format!("tag_{}", sanitized(tag))).collect();
        let labels = [("priority", priority.as_str()), ("rule_name", &rule.name), ("source", &rule.source)];
        let labels: Vec<_> =
            labels.into_iter().chain(tags.iter().map(|tag| (tag.as_str(), "true"))).collect();
        page.row(name, &labels, count);
    }
}

/// The counters of the snapshot before this one, and its time.
#[derive(Debug, Default)]
pub struct Before {
    at: u64,
    events: u64,
    seen: u64,
    lost: u64,
}

/// The fields of a snapshot; its counters are stored in `before`.
pub fn fields(metrics: &Metrics<'_>, settings: &config::Metrics, before: &mut Before) -> Map<String, Value> {
    let now = Timestamp::now().as_nanosecond() as u64;
    let (events, lost) = (metrics.events, metrics.drops.lost());
    let seen = events + lost;
    let seconds = if before.at == 0 { 0.0 } else { now.saturating_sub(before.at) as f64 / SECOND as f64 };
    let rate = |count: u64| if seconds > 0.0 { tenths(count as f64 / seconds) } else { 0.0 };
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put("evt.time", json!(now));
    put("evt.hostname", json!(hostname(metrics)));
    put("evt.source", json!("syscall"));
    put("falco.version", json!(version()));
    put("falco.start_ts", json!(metrics.started));
    put("falco.reload_ts", json!(metrics.reloaded));
    put("falco.duration_sec", json!(now.saturating_sub(metrics.started) / SECOND));
    put("falco.kernel_release", json!(kernel()));
    put("falco.host_boot_ts", json!(metrics.machine.boot_ts));
    put("falco.host_num_cpus", json!(metrics.machine.cpus));
    put("falco.outputs_queue_num_drops", json!(lost_by_outputs(metrics)));
    put("falco.num_evts", json!(events));
    put("falco.num_evts_prev", json!(before.events));
    if before.events > 0 && seconds > 0.0 {
        put("falco.evts_rate_sec", json!(rate(events.saturating_sub(before.events))));
    }
    put("scap.engine_name", json!(ENGINE));
    if settings.kernel {
        let (new, dropped) = (seen.saturating_sub(before.seen), lost.saturating_sub(before.lost));
        put("scap.n_evts", json!(seen));
        put("scap.n_evts_prev", json!(before.seen));
        put("scap.evts_rate_sec", json!(rate(new)));
        put("scap.n_drops", json!(lost));
        put("scap.n_drops_prev", json!(before.lost));
        put("scap.evts_drop_rate_sec", json!(rate(dropped)));
        put("scap.n_drops_perc", json!(100.0 * dropped as f64 / new.max(1) as f64));
    }
    let is_shown = |count: u64| count > 0 || settings.empty;
    if settings.kernel && is_shown(metrics.drops.full) {
        put("scap.n_drops_buffer_total", json!(metrics.drops.full));
    }
    if settings.kernel_by_cpu {
        let cpus = metrics.cpus.iter().enumerate().filter(|(_, count)| is_shown(**count));
        cpus.for_each(|(cpu, count)| put(&format!("scap.n_drops_cpu_{cpu}"), json!(count)));
    }
    if settings.rules {
        put("falco.rules.matches_total", json!(metrics.alerts.iter().map(|(.., count)| count).sum::<u64>()));
        for (rule, _, count) in metrics.alerts.iter().filter(|(.., count)| is_shown(*count)) {
            put(&format!("falco.rules.{}", sanitized(rule)), json!(count));
        }
    }
    let samples = samples(metrics);
    let wanted = samples.iter().filter(|sample| sample.is_wanted(settings));
    for sample in wanted.filter(|sample| sample.value != 0.0 || settings.empty) {
        let (key, value) = sample.shown(settings);
        fields.entry(key).or_insert(value);
    }
    *before = Before { at: now, events, seen, lost };
    fields
}

fn samples(metrics: &Metrics<'_>) -> Vec<Sample> {
    let (drops, counter, gauge) = (metrics.drops, "counter", "gauge");
    let kernel = [
        ("n_evts", metrics.events + drops.lost()),
        ("n_drops", drops.lost()),
        ("n_drops_scratch_map", drops.busy),
        ("n_drops_bug", drops.faults),
    ];
    let state =
        [("n_threads", metrics.threads), ("n_fds", metrics.fds), ("n_containers", metrics.containers)];
    let kernel = kernel.map(|(name, value)| (Group::Kernel, name, counter, value as f64));
    let state = state.map(|(name, value)| (Group::State, name, gauge, value as f64));
    let counts = kernel.into_iter().chain(state).map(|(group, name, kind, value)| Sample {
        group,
        name,
        unit: Unit::Count,
        kind,
        value,
    });
    counts.chain(resources(metrics)).collect()
}

/// What this process and its host use; values that cannot be read are left out.
fn resources(metrics: &Metrics<'_>) -> Vec<Sample> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let open_files = fs::read_to_string("/proc/sys/fs/file-nr").unwrap_or_default();
    let free = ["MemFree:", "Buffers:", "Cached:"].map(|key| number(&meminfo, key).unwrap_or(0.0));
    [
        ("cpu_usage_perc", Unit::Percent, own_cpu(metrics.uptime)),
        ("memory_rss_kb", Unit::Kib, number(&status, "VmRSS:")),
        ("memory_vsz_kb", Unit::Kib, number(&status, "VmSize:")),
        ("memory_pss_kb", Unit::Kib, number(&rollup, "Pss:")),
        ("host_cpu_usage_perc", Unit::Percent, host_cpu(&stat)),
        (
            "host_memory_used_kb",
            Unit::Kib,
            number(&meminfo, "MemTotal:").map(|total| total - free.iter().sum::<f64>()),
        ),
        ("host_procs_running", Unit::Count, number(&stat, "procs_running")),
        ("host_open_fds", Unit::Count, open_files.split_whitespace().next().and_then(|n| n.parse().ok())),
    ]
    .into_iter()
    .filter_map(|(name, unit, value)| {
        Some(Sample { group: Group::Resource, name, unit, kind: "gauge", value: value? })
    })
    .collect()
}

/// The number after a key at the start of a line.
fn number(text: &str, key: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Share of a CPU that this process has used since the run began.
fn own_cpu(uptime: f64) -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut numbers = after_name.split_whitespace().skip(11).map(str::parse::<f64>);
    let (user, system) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some(tenths(100.0 * (user + system) / HZ / uptime.max(0.1)))
}

/// Share of their time that all CPUs of the host were busy since it was booted.
fn host_cpu(stat: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let times: Vec<f64> = line.split_whitespace().take(7).map_while(|time| time.parse().ok()).collect();
    let sum: f64 = times.iter().sum();
    Some(tenths(100.0 - times.get(3)? * 100.0 / sum.max(1.0)))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn lost_by_outputs(metrics: &Metrics<'_>) -> u64 {
    metrics.outputs.iter().map(|(_, counts)| counts.lost).sum()
}

fn hostname(metrics: &Metrics<'_>) -> String {
    String::from_utf8_lossy(&metrics.machine.hostname).into_owned()
}

fn kernel() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

fn version() -> String {
    concat!("tercel-", env!("CARGO_PKG_VERSION")).to_owned()
}

/// A name with `_` for characters that metrics do not allow, once for several in a row and not at the end.
fn sanitized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        let is_kept = letter.is_ascii_alphanumeric() || letter == ':';
        if is_kept {
            out.push(letter);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    if out.ends_with('_') {
        out.pop();
    }
    out
}

#[cfg(test)]
pub mod tests {
    use tercel_capture::Drops;
    use tercel_format::record::MachineInfo;
    use tercel_rules::load::{Loader, Options};
    use tercel_rules::program::Program;

    use super::*;

    /// Falco's defaults for keys that the file does not set.
    pub fn settings() -> config::Metrics {
        config::Metrics {
            enabled: true,
            interval: std::time::Duration::from_secs(1),
            output_rule: true,
            output_file: None,
            rules: true,
            resources: true,
            state: true,
            kernel: true,
            kernel_by_cpu: false,
            megabytes: true,
            empty: false,
        }
    }

    /// One rule with tags.
    pub fn program() -> Program {
        let rule = "- rule: Read /etc, or so!\n  desc: x\n  condition: evt.type=open\n  output: x\n  priority: ERROR\n  tags: [T1, a-b]\n";
        let mut loader = Loader::new(Options::default());
        assert!(loader.bytes("rules", rule.as_bytes()).successful());
        loader.finish().program
    }

    /// A run that has seen and lost something.
    pub fn metrics<'a>(program: &'a Program, machine: &'a MachineInfo, drops: &'a Drops) -> Metrics<'a> {
        Metrics {
            uptime: 2.0,
            events: 900,
            evaluated: 800,
            drops,
            cpus: &[100, 0],
            alerts: vec![("Read /etc, or so!", "Error", 3)],
            outputs: Vec::new(),
            threads: 7,
            fds: 8,
            containers: 0,
            rules: 1,
            reloads: (0, 0),
            shed: 0,
            share: None,
            cuts: None,
            program,
            machine,
            started: 5 * SECOND,
            reloaded: 6 * SECOND,
        }
    }

    #[test]
    fn snapshots_have_falcos_fields() {
        let (program, drops) = (program(), Drops { full: 100, ..Drops::default() });
        let machine = MachineInfo { hostname: b"h".to_vec(), cpus: 2, ..MachineInfo::default() };
        let metrics = metrics(&program, &machine, &drops);
        let mut before = Before::default();
        let found = fields(&metrics, &settings(), &mut before);
        for (key, expected) in [
            ("evt.hostname", json!("h")),
            ("falco.version", json!(concat!("tercel-", env!("CARGO_PKG_VERSION")))),
            ("falco.num_evts", json!(900)),
            ("falco.num_evts_prev", json!(0)),
            ("scap.n_evts", json!(1000)),
            ("scap.n_drops", json!(100)),
            ("scap.n_drops_perc", json!(10.0)),
            ("scap.n_drops_buffer_total", json!(100)),
            ("falco.rules.matches_total", json!(3)),
            ("falco.rules.Read_etc_or_so", json!(3)),
            ("falco.n_threads", json!(7)),
        ] {
            assert_eq!(found.get(key), Some(&expected), "{key}: {found:?}");
        }
        assert!(found.contains_key("falco.memory_rss_mb") && !found.contains_key("falco.n_containers"));
        let more = config::Metrics { empty: true, megabytes: false, kernel_by_cpu: true, ..settings() };
        let found = fields(&metrics, &more, &mut before);
        assert!(found.contains_key("falco.memory_rss_kb") && found.contains_key("falco.n_containers"));
        assert_eq!(found["falco.num_evts_prev"], json!(900));
        assert_eq!(found["scap.n_drops_cpu_1"], json!(0));
        let none =
            config::Metrics { rules: false, resources: false, state: false, kernel: false, ..settings() };
        let found = fields(&metrics, &none, &mut before);
        assert!(found.keys().all(|key| !key.contains("rules") && !key.contains("n_evts")), "{found:?}");
    }

    #[test]
    fn prometheus_has_falcos_names() {
        let (program, drops) = (program(), Drops { full: 100, ..Drops::default() });
        let machine = MachineInfo { hostname: b"h".to_vec(), cpus: 2, ..MachineInfo::default() };
        let mut page = Page::default();
        rows(&mut page, &metrics(&program, &machine, &drops), &settings());
        let text = page.into_text();
        for expected in [
            "falcosecurity_evt_hostname_info{hostname=\"h\"} 1\n",
            "falcosecurity_falco_rules_matches_total{priority=\"3\",rule_name=\"Read /etc, or so!\",source=\"syscall\",\
             tag_T1=\"true\",tag_a_b=\"true\"} 3\n",
            "# TYPE falcosecurity_scap_n_evts_total counter\nfalcosecurity_scap_n_evts_total 1000\n",
            "# TYPE falcosecurity_scap_n_threads_total gauge\nfalcosecurity_scap_n_threads_total 7\n",
            "falcosecurity_scap_n_drops_buffer_total{dir=\"exit\",drop=\"all\"} 100\n",
            "falcosecurity_falco_start_timestamp_nanoseconds 5000000000\n",
            "falcosecurity_falco_memory_rss_bytes ",
            "falcosecurity_falco_cpu_usage_ratio ",
        ] {
            assert!(text.contains(expected), "{expected} is not in:\n{text}");
        }
    }
}
