//! The summary after a replay: counters enter, text for standard error leaves.

use std::fmt::Write;
use std::time::Duration;

use tercel_format::Statistics;
use tercel_replay::Counters;
use tercel_replay::correlate::Totals as Correlated;
use tercel_replay::scan::LeftOut;
use tercel_replay::state::Forgotten;
use tercel_rules::correlation::Correlations;
use tercel_rules::program::{Priority, Program};

use crate::diagnostics::counted;

/// What was read from all captures together.
#[derive(Debug, Default)]
pub struct Totals {
    /// What the readers counted.
    pub statistics: Statistics,
    /// Events that the recorders of native traces report as lost.
    pub dropped: u64,
    /// Captures read.
    pub captures: usize,
}

impl Totals {
    /// Adds the counts of one capture.
    pub fn add(&mut self, one: &Statistics) {
        let all = &mut self.statistics;
        self.captures += 1;
        all.bytes += one.bytes;
        all.sections += one.sections;
        all.event_blocks += one.event_blocks;
        all.events += one.events;
        all.upgraded_away += one.upgraded_away;
        all.unknown_events += one.unknown_events;
        all.unknown_blocks += one.unknown_blocks;
        all.drops += one.drops;
        all.incidents += one.incidents;
        all.forgotten_enters += one.forgotten_enters;
    }
}

/// What a state gave up for its limit of memory, which `option` sets; `None` where that was nothing.
pub fn forgotten_text(forgotten: Forgotten, option: &str) -> Option<String> {
    let Forgotten { stripped, removed, entries } = forgotten;
    forgotten.is_any().then(|| {
        let mut text = format!(
            "Memory limit of the state reached{option}: fds, arguments and environments dropped {stripped} times, \
             threads dropped {removed} times; fields may be missing"
        );
        if entries > 0 {
            let _ = write!(text, "; users, groups and containers dropped: {entries}");
        }
        text
    })
}

/// What was left out unread, or only verified; `None` where that was nothing.
pub fn left_out_text(left_out: LeftOut, verified: bool) -> Option<String> {
    let LeftOut { chunks, events } = left_out;
    let (chunks, events) = (counted(chunks, "chunk"), counted(events, "event"));
    let proof = match (verified, left_out.chunks) {
        (true, _) => "verified before",
        (false, 1) => "'tercel verify' proves it",
        (false, _) => "'tercel verify' proves them",
    };
    let whose = if left_out.chunks == 1 { "its descriptor" } else { "their descriptors" };
    let text = format!("{chunks} left out by {whose} ({events}); {proof}");
    (left_out.chunks > 0).then_some(text)
}

/// The summary as text, a line per fact; lines about things that did not happen are left out.
pub fn text(
    totals: &Totals,
    counters: &Counters,
    program: &Program,
    verified: bool,
    elapsed: Duration,
) -> String {
    let mut out = String::new();
    read(&mut out, totals, counters, verified, elapsed);
    alerts(&mut out, counters, program);
    out
}

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// What correlations gave, and what was held back or forgotten.
pub fn of_correlations(totals: &Correlated, correlations: &Correlations) -> String {
    let mut out = String::new();
    let sum: u64 = totals.alerts.iter().sum();
    if sum > 0 {
        line!(out, "Alerts of correlations: {sum}");
    }
    for (correlation, count) in correlations.list.iter().zip(&totals.alerts).filter(|(_, count)| **count > 0)
    {
        line!(out, "  {count:>8}  {}", correlation.name);
    }
    if totals.held_back > 0 {
        line!(out, "Alerts that were not printed because others of their group were: {}", totals.held_back);
    }
    if totals.forgotten > 0 {
        line!(
            out,
            "Groups of correlations that were forgotten because there were too many: {}; alerts may be missing",
            totals.forgotten
        );
    }
    out
}

fn read(out: &mut String, totals: &Totals, counters: &Counters, verified: bool, elapsed: Duration) {
    let statistics = &totals.statistics;
    let seconds = elapsed.as_secs_f64().max(1e-9);
    line!(
        out,
        "Events read: {} ({:.2} s, {:.2} M events/s, {:.0} MiB/s of scap)",
        counters.events,
        seconds,
        counters.events as f64 / seconds / 1e6,
        statistics.bytes as f64 / seconds / (1 << 20) as f64,
    );
    if counters.evaluated != counters.events {
        line!(out, "Events evaluated: {}", counters.evaluated);
    }
    if let Some(text) = left_out_text(counters.skipped, verified) {
        line!(out, "{text}");
    }
    for (count, what) in [
        (counters.state_only, "used for the state only"),
        (statistics.unknown_events, "skipped, of types newer than this program knows"),
    ] {
        if count > 0 {
            line!(out, "Events {what}: {count}");
        }
    }
    if statistics.unknown_blocks > 0 {
        line!(out, "Blocks skipped, of types newer than this program knows: {}", statistics.unknown_blocks);
    }
    if statistics.forgotten_enters > 0 {
        line!(out, "Enter events dropped before their exit event: {}", statistics.forgotten_enters);
    }
    if let Some(text) = forgotten_text(counters.forgotten, " (--state-memory)") {
        line!(out, "{text}");
    }
    if statistics.incidents > 0 {
        line!(out, "Damaged places skipped: {}", statistics.incidents);
    }
    if statistics.drops > 0 {
        line!(out, "Drop events in the capture: {} (events are missing there)", statistics.drops);
    }
    if totals.dropped > 0 {
        line!(out, "Events lost by the recorder: {}", totals.dropped);
    }
}

fn alerts(out: &mut String, counters: &Counters, program: &Program) {
    line!(out, "Alerts: {}", counters.alerts.iter().sum::<u64>());
    for (priority, count) in Priority::ALL.iter().zip(counters.priorities) {
        if count > 0 {
            line!(out, "  {:<14} {count}", priority.name());
        }
    }
    let mut rules: Vec<_> =
        program.rules.iter().zip(&counters.alerts).filter(|(_, count)| **count > 0).collect();
    if rules.is_empty() {
        return;
    }
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    line!(out, "Alerts by rule:");
    for (rule, count) in rules {
        line!(out, "  {count:>8}  {}", rule.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_gave_something_up_says_so() {
        assert_eq!(forgotten_text(Forgotten::default(), ""), None);
        let text = forgotten_text(Forgotten { stripped: 3, removed: 1, entries: 0 }, "")
            .expect("something was given up");
        assert!(text.contains("dropped 3 times, threads dropped 1 times;"), "{text}");
        let text = forgotten_text(Forgotten { entries: 7, ..Forgotten::default() }, "").expect("the same");
        assert!(text.contains("; users, groups and containers dropped: 7"), "{text}");
    }
}
