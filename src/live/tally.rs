//! Counts of a run over all sets of rules: they enter whenever one ends; the summary leaves on standard error.

use std::collections::BTreeMap;
use std::time::Duration;

use tercel_capture::Drops;
use tercel_outputs::Counts;
use tercel_replay::Replay;
use tercel_replay::correlate::Totals;
use tercel_replay::state::Forgotten;
use tercel_rules::correlation::Correlations;
use tercel_rules::program::{Priority, Program};

use crate::diagnostics;
use crate::summary::forgotten_text;

/// Counts over all sets of rules that ran.
#[derive(Debug, Default)]
pub struct Tally {
    /// Events taken from the probe.
    pub events: u64,
    /// Events that the rules saw.
    pub evaluated: u64,
    /// Alerts by name and priority of the rule.
    pub alerts: BTreeMap<(String, Priority), u64>,
    /// How often rules were reloaded.
    pub reloads: u64,
    /// How often they were refused.
    pub refused: u64,
    /// What the state gave up for its limit of memory.
    pub forgotten: Forgotten,
    /// Alerts that were not delivered because others of their group were.
    pub held_back: u64,
    /// Groups of correlations that were forgotten because there were too many.
    pub groups_forgotten: u64,
}

impl Tally {
    /// Adds what a set of rules has counted.
    pub fn add(&mut self, replay: &Replay<'_>, program: &Program) {
        let counters = replay.counters();
        self.events += counters.events;
        self.evaluated += counters.evaluated;
        // The state goes on from one set of rules to the next.
        self.forgotten = replay.state().forgotten();
        for (rule, count) in program.rules.iter().zip(&counters.alerts) {
            *self.alerts.entry((rule.name.clone(), rule.priority)).or_default() += count;
        }
    }

    /// Adds what correlations have counted.
    pub fn correlated(&mut self, totals: &Totals, correlations: &Correlations) {
        for (correlation, count) in correlations.list.iter().zip(&totals.alerts) {
            *self.alerts.entry((correlation.name.clone(), correlation.priority)).or_default() += count;
        }
        self.held_back += totals.held_back;
        self.groups_forgotten += totals.forgotten;
    }

    /// Prints the summary on standard error.
    pub fn print(&self, drops: &Drops, outputs: &[(&'static str, Counts)], elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        eprintln!("Events: {} in {seconds:.1} s", self.events);
        if drops.lost() > 0 {
            eprintln!(
                "Events lost: {} ({} ring full, {} above the share of their process, {} skipped by the kernel, {} CPU busy, {} too large, {} other)",
                drops.lost(),
                drops.full,
                drops.throttled,
                drops.skipped,
                drops.busy,
                drops.large,
                drops.faults
            );
        }
        if let Some(text) = forgotten_text(self.forgotten, "") {
            eprintln!("{text}");
        }
        for (name, counts) in outputs.iter().filter(|(_, counts)| counts.lost > 0) {
            eprintln!(
                "{name} output: {} sent, {} lost",
                diagnostics::counted(counts.sent, "alert"),
                counts.lost
            );
        }
        if self.held_back > 0 {
            eprintln!(
                "Alerts that were not delivered because others of their group were: {}",
                self.held_back
            );
        }
        if self.groups_forgotten > 0 {
            let count = self.groups_forgotten;
            eprintln!("Groups of correlations that were forgotten because there were too many: {count}");
        }
        let total: u64 = self.alerts.values().sum();
        eprintln!("Alerts: {total}");
        let mut rules: Vec<_> = self.alerts.iter().filter(|(_, count)| **count > 0).collect();
        rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for ((rule, _), count) in rules {
            eprintln!("  {count:>8}  {rule}");
        }
    }
}
