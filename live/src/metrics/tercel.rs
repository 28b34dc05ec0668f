//! Metrics under names of this program: the counters of a run enter, rows for Prometheus leave.

use std::fs;

use tercel_format::trace::RingUsage;
use tercel_outputs::Counts;
use tercel_recording::CutCounts;

use super::counts::Metrics;
use super::page::Page;

/// Appends the rows.
pub fn rows(page: &mut Page, metrics: &Metrics<'_>) {
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
        ("throttled", drops.throttled),
    ];
    page.head("tercel_events_lost_total", "counter", "Events lost before they reached the program");
    causes.iter().for_each(|(cause, count)| page.row("tercel_events_lost_total", &[("cause", cause)], count));
    page.head("tercel_events_lost_by_cpu_total", "counter", "Events lost by CPU");
    for (cpu, count) in metrics.cpus.iter().enumerate() {
        page.row("tercel_events_lost_by_cpu_total", &[("cpu", &cpu.to_string())], count);
    }
    page.one("tercel_parameters_cut_total", "counter", "Parameters truncated at their limit", drops.cut);
    page.head("tercel_alerts_total", "counter", "Alerts by rule");
    for (rule, priority, count) in &metrics.alerts {
        page.row("tercel_alerts_total", &[("rule", rule), ("priority", priority)], count);
    }
    outputs(page, &metrics.outputs);
    page.one("tercel_threads", "gauge", "Threads in the state", metrics.threads);
    page.one("tercel_fds", "gauge", "File descriptors in the state", metrics.fds);
    page.one("tercel_rules", "gauge", "Rules that run", metrics.rules);
    page.one("tercel_rules_reloads_total", "counter", "Reloads of rules", metrics.reloads.0);
    page.one(
        "tercel_rules_refused_total",
        "counter",
        "Reloads of rules that were refused",
        metrics.reloads.1,
    );
    page.one(
        "tercel_shed_priorities",
        "gauge",
        "Priorities whose rules do not get all their events, because of overload",
        metrics.shed,
    );
    page.one(
        "tercel_shed_share",
        "gauge",
        "Events a second that a process may make of the kinds that make up the load; 0: as many as it likes",
        metrics.share.unwrap_or(0),
    );
    if let Some((cuts, ring)) = &metrics.cuts {
        flight(page, cuts, ring);
    }
    page.one("tercel_memory_bytes", "gauge", "Resident memory", memory().unwrap_or(0));
}

fn flight(page: &mut Page, cuts: &CutCounts, ring: &RingUsage) {
    let seconds = ring.span.1.saturating_sub(ring.span.0) as f64 / 1e9;
    page.one("tercel_ring_bytes", "gauge", "Compressed events in memory", ring.bytes);
    page.one("tercel_ring_seconds", "gauge", "Time from the oldest event in memory to the newest", seconds);
    page.one(
        "tercel_cuts_total",
        "counter",
        "Cuts around alerts and by request that were written",
        cuts.files,
    );
    page.one("tercel_cut_bytes_total", "counter", "Bytes of these files", cuts.bytes);
    page.one("tercel_cuts_failed_total", "counter", "Cuts that could not be written", cuts.failed);
    page.one(
        "tercel_cuts_refused_total",
        "counter",
        "Alerts without a cut, because of a limit",
        cuts.refused,
    );
    page.one(
        "tercel_cut_events_lost_total",
        "counter",
        "Events that cuts lack, written too slowly",
        cuts.lost,
    );
}

fn outputs(page: &mut Page, outputs: &[(&'static str, Counts)]) {
    type Column = (&'static str, &'static str, &'static str, fn(&Counts) -> u64);
    let columns: [Column; 4] = [
        ("tercel_output_sent_total", "counter", "Alerts sent by the output", |counts| counts.sent),
        ("tercel_output_lost_total", "counter", "Alerts lost before the output sent them", |counts| {
            counts.lost
        }),
        ("tercel_output_failures_total", "counter", "Attempts that failed", |counts| counts.failures),
        ("tercel_output_queue", "gauge", "Alerts that wait for the output", |counts| counts.waiting),
    ];
    for (name, kind, help, column) in columns {
        page.head(name, kind, help);
        outputs.iter().for_each(|(output, counts)| page.row(name, &[("output", output)], column(counts)));
    }
}

/// Resident memory of this process.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}
