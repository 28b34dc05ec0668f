//! The counters of a run at one moment.

use tercel_capture::Drops;
use tercel_format::record::MachineInfo;
use tercel_format::trace::RingUsage;
use tercel_outputs::Counts;
use tercel_recording::CutCounts;
use tercel_rules::program::Program;

/// The counters of a run.
pub struct Metrics<'a> {
    /// Seconds since the start.
    pub uptime: f64,
    /// Events taken from the probe.
    pub events: u64,
    /// Events that the rules saw.
    pub evaluated: u64,
    /// Lost events by reason.
    pub drops: &'a Drops,
    /// Lost events per CPU.
    pub cpus: &'a [u64],
    /// Alerts by rule and priority.
    pub alerts: Vec<(&'a str, &'static str, u64)>,
    /// Lines sent, lost and waiting, by output.
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
    /// Priorities whose rules do not get all their events, because of overload.
    pub shed: usize,
    /// Events a second that a process may make of the kinds that make up the load, while there is overload.
    pub share: Option<u32>,
    /// Cuts and the memory that they come from, if there is a flight recorder.
    pub cuts: Option<(CutCounts, RingUsage)>,
    /// The rules.
    pub program: &'a Program,
    /// The host.
    pub machine: &'a MachineInfo,
    /// When the run began, nanoseconds since the epoch.
    pub started: u64,
    /// When its rules were read, nanoseconds since the epoch.
    pub reloaded: u64,
}
