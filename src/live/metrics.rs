//! Metrics: what a run has counted enters, text in the format of Prometheus leaves.

use std::fmt::Write;
use std::fs;

use tercel_capture::Drops;
use tercel_format::record::MachineInfo;
use tercel_rules::program::Program;

use super::falco_metrics;
use tercel_config as config;
use tercel_outputs::Counts;

/// What there is to tell.
pub struct Metrics<'a> {
    /// Seconds since the start.
    pub uptime: f64,
    /// Events taken from the probe.
    pub events: u64,
    /// Events that the rules saw.
    pub evaluated: u64,
    /// What was lost.
    pub drops: &'a Drops,
    /// Lost events per CPU.
    pub cpus: &'a [u64],
    /// Alerts by rule and priority.
    pub alerts: Vec<(&'a str, &'static str, u64)>,
    /// What became of the lines, by output.
    pub outputs: Vec<(&'static str, Counts)>,
    /// Threads in the state.
    pub threads: usize,
    /// File descriptors in the state.
    pub fds: usize,
    /// Rules that run.
    pub rules: usize,
    /// How often rules were reloaded, and how often they were refused.
    pub reloads: (u64, u64),
    /// Containers in the state.
    pub containers: usize,
    /// Priorities whose rules are not served at the moment, because of overload.
    pub shed: usize,
    /// The rules.
    pub program: &'a Program,
    /// The host.
    pub machine: &'a MachineInfo,
    /// When the run began, nanoseconds since the epoch.
    pub started: u64,
    /// When its rules were read, nanoseconds since the epoch.
    pub reloaded: u64,
}

/// The metrics as text.
pub fn text(metrics: &Metrics<'_>, settings: &config::Metrics) -> String {
    let mut page = Page(String::new());
    page.one("tercel_uptime_seconds", "gauge", "Time since the start", metrics.uptime);
    page.one("tercel_events_total", "counter", "Events taken from the probe", metrics.events);
    page.one("tercel_events_evaluated_total", "counter", "Events that the rules saw", metrics.evaluated);
    let drops = metrics.drops;
    let causes = [
        ("ring_full", drops.full),
        ("cpu_busy", drops.busy),
        ("too_large", drops.large),
        ("skipped", drops.skipped),
        ("fault", drops.faults),
    ];
    page.head("tercel_events_lost_total", "counter", "Events lost before they reached the program");
    causes.iter().for_each(|(cause, count)| page.row("tercel_events_lost_total", &[("cause", cause)], count));
    page.head("tercel_events_lost_by_cpu_total", "counter", "Events lost by CPU");
    for (cpu, count) in metrics.cpus.iter().enumerate() {
        page.row("tercel_events_lost_by_cpu_total", &[("cpu", &cpu.to_string())], count);
    }
    page.one("tercel_parameters_cut_total", "counter", "Parameters cut at their limit", drops.cut);
    page.head("tercel_alerts_total", "counter", "Alerts by rule");
    for (rule, priority, count) in &metrics.alerts {
        page.row("tercel_alerts_total", &[("rule", rule), ("priority", priority)], count);
    }
    page.outputs(&metrics.outputs);
    page.one("tercel_threads", "gauge", "Threads in the state", metrics.threads);
    page.one("tercel_fds", "gauge", "File descriptors in the state", metrics.fds);
    page.one("tercel_rules", "gauge", "Rules that run", metrics.rules);
    page.one("tercel_rules_reloads_total", "counter", "Rules reloaded", metrics.reloads.0);
    page.one("tercel_rules_refused_total", "counter", "Rules refused when reloaded", metrics.reloads.1);
    page.one(
        "tercel_shed_priorities",
        "gauge",
        "Priorities whose rules are not served, by overload",
        metrics.shed,
    );
    page.one("tercel_memory_bytes", "gauge", "Resident memory", memory().unwrap_or(0));
    falco_metrics::rows(&mut page, metrics, settings);
    page.0
}

/// A page of metrics.
pub struct Page(pub String);

impl Page {
    /// What a metric is.
    pub fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    /// One value.
    pub fn row(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A metric of one value.
    pub fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.row(name, &[], value);
    }

    fn outputs(&mut self, outputs: &[(&'static str, Counts)]) {
        type Column = (&'static str, &'static str, &'static str, fn(&Counts) -> u64);
        let columns: [Column; 4] = [
            ("tercel_output_sent_total", "counter", "Alerts that the output took", |counts| counts.sent),
            ("tercel_output_lost_total", "counter", "Alerts lost on the way to the output", |counts| {
                counts.lost
            }),
            ("tercel_output_failures_total", "counter", "Tries that failed", |counts| counts.failures),
            ("tercel_output_queue", "gauge", "Alerts that wait for the output", |counts| counts.waiting),
        ];
        for (name, kind, help, column) in columns {
            self.head(name, kind, help);
            outputs.iter().for_each(|(output, counts)| self.row(name, &[("output", output)], column(counts)));
        }
    }
}

/// Resident memory of this process.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page(String::new());
        page.row("x", &[("rule", "a \"b\" \\ c"), ("priority", "Debug")], 3);
        page.one("y", "gauge", "Help", 1.5);
        let expected =
            "x{rule=\"a \\\"b\\\" \\\\ c\",priority=\"Debug\"} 3\n# HELP y Help.\n# TYPE y gauge\ny 1.5\n";
        assert_eq!(page.0, expected);
    }
}
