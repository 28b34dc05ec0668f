//! The summary of a merge: alerts and the statuses of shards enter, text for standard error and JSON leave.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use tercel_format::visible;
use tercel_rules::load::parse_priority;
use tercel_rules::program::Priority;
use tercel_shards::{Plan, Record, Status, date, day};

use super::skew;
use crate::diagnostics::counted;
use crate::exit::Outcome;

/// How many of each kind are listed, unless all are asked for.
const LISTED: usize = 5;

/// What was found while alerts were merged.
pub struct Summary<'p> {
    plan: &'p Plan,
    /// Numbers of the hosts of the files.
    hosts: Vec<u32>,
    names: Vec<&'p str>,
    /// Alerts by rule, host and day.
    counts: BTreeMap<(u32, u32, u32), u64>,
    missing: Vec<(usize, String)>,
    damaged: Vec<String>,
    places: u64,
    events: u64,
    dropped: u64,
    drops: u64,
    alerts: u64,
    /// Alerts that the shards say they have.
    promised: u64,
}

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

impl<'p> Summary<'p> {
    /// Of a plan, of which nothing is known yet.
    pub fn new(plan: &'p Plan) -> Summary<'p> {
        let (mut hosts, mut names): (Vec<u32>, Vec<&str>) = (Vec::new(), Vec::new());
        for file in &plan.files {
            if names.last() != Some(&file.host.as_str()) {
                names.push(&file.host);
            }
            hosts.push(u32::try_from(names.len() - 1).unwrap_or(u32::MAX));
        }
        Summary {
            plan,
            hosts,
            names,
            counts: BTreeMap::new(),
            missing: Vec::new(),
            damaged: Vec::new(),
            places: 0,
            events: 0,
            dropped: 0,
            drops: 0,
            alerts: 0,
            promised: 0,
        }
    }

    /// A shard is not there.
    pub fn missing(&mut self, shard: usize, why: &str) {
        self.missing.push((shard, why.to_owned()));
    }

    /// A shard is done.
    pub fn done(&mut self, status: &Status) {
        for part in &status.parts {
            self.events += part.events;
            self.dropped += part.dropped;
            self.drops += part.drops;
            self.promised += part.alerts;
            self.places += part.damaged;
            let kept = part.troubles.iter().take(LISTED);
            self.damaged.extend(kept.map(|trouble| format!("{}: {trouble}", part.url)));
        }
    }

    /// An alert.
    pub fn alert(&mut self, record: &Record<'_>) {
        let host = self.hosts.get(record.file as usize).copied().unwrap_or(u32::MAX);
        *self.counts.entry((record.rule, host, day(record.time))).or_default() += 1;
        self.alerts += 1;
    }

    fn rule(&self, rule: u32) -> &'p str {
        self.plan.program.get(rule as usize).map_or("", |rule| rule.name.as_str())
    }

    fn host(&self, host: u32) -> &'p str {
        self.names.get(host as usize).copied().unwrap_or_default()
    }

    /// How the run ends.
    pub fn outcome(&self, fail_on: Option<Priority>) -> Outcome {
        let is_reached = |limit: Priority| {
            let priority = |rule: u32| {
                self.plan.program.get(rule as usize).and_then(|rule| parse_priority(&rule.priority))
            };
            self.counts.keys().any(|(rule, _, _)| priority(*rule).is_some_and(|priority| priority <= limit))
        };
        match (self.missing.is_empty(), self.places) {
            (false, _) => Outcome::Io,
            (true, 1..) => Outcome::Damaged,
            (true, 0) if fail_on.is_some_and(is_reached) => Outcome::Reached,
            (true, 0) => Outcome::Done,
        }
    }

    /// The summary for people.
    pub fn text(&self, all: bool) -> String {
        let mut out = String::new();
        let limit = if all { usize::MAX } else { LISTED };
        let shards = self.plan.shards.len();
        line!(out, "Shards: {} of {shards} done", shards - self.missing.len());
        list(&mut out, limit, self.missing.iter().map(|(shard, why)| format!("shard {shard}: {why}")));
        line!(out, "Events read: {}", self.events);
        if self.places > 0 {
            line!(out, "Damaged places skipped: {}", self.places);
            list(&mut out, limit, self.damaged.iter().map(|text| visible(text.as_bytes())));
        }
        if self.drops > 0 {
            line!(out, "Drop events in the captures: {} (events are missing there)", self.drops);
        }
        if self.dropped > 0 {
            line!(out, "Events lost by the recorders: {}", self.dropped);
        }
        let skewed = skew::found(self.plan);
        if !skewed.is_empty() {
            line!(out, "Clocks that disagree (times are as the hosts wrote them): {}", skewed.len());
            list(&mut out, limit, skewed.iter().map(|text| visible(text.as_bytes())));
        }
        line!(out, "Alerts: {}", self.alerts);
        self.ranked(&mut out, "rule", limit.max(100), |(rule, _, _)| self.rule(*rule).to_owned());
        self.ranked(&mut out, "host", limit, |(_, host, _)| self.host(*host).to_owned());
        self.ranked(&mut out, "day", limit.max(31), |(_, _, day)| date(*day));
        out
    }

    fn ranked(&self, out: &mut String, what: &str, limit: usize, key: impl Fn(&(u32, u32, u32)) -> String) {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for (triple, count) in &self.counts {
            *sums.entry(key(triple)).or_default() += count;
        }
        if sums.is_empty() {
            return;
        }
        let mut rows: Vec<(String, u64)> = sums.into_iter().collect();
        if what != "day" {
            rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        }
        line!(out, "Alerts by {what}:");
        for (name, count) in rows.iter().take(limit) {
            line!(out, "  {count:>8}  {}", visible(name.as_bytes()));
        }
        match rows.len().saturating_sub(limit) {
            0 => {}
            rest => {
                line!(out, "            and {} (--summary has all)", counted(rest as u64, what));
            }
        }
    }

    /// The summary for programs.
    pub fn json(&self) -> Value {
        let alerts = self.counts.iter().map(|((rule, host, day), count)| {
            json!({ "rule": self.rule(*rule), "host": self.host(*host), "day": date(*day), "alerts": count })
        });
        let missing = self.missing.iter().map(|(shard, why)| json!({ "shard": shard, "why": why }));
        json!({
            "shards": self.plan.shards.len(),
            "missing": missing.collect::<Vec<_>>(),
            "events": self.events,
            "dropped": self.dropped,
            "drops": self.drops,
            "damaged_places": self.places,
            "damage": self.damaged,
            "clocks": skew::found(self.plan),
            "alerts": self.alerts,
            "counts": alerts.collect::<Vec<_>>(),
        })
    }

    /// Whether the shards have as many alerts as they say.
    pub fn is_whole(&self) -> bool {
        self.alerts == self.promised
    }
}

fn list(out: &mut String, limit: usize, items: impl ExactSizeIterator<Item = String>) {
    let count = items.len();
    for item in items.take(limit) {
        line!(out, "  {item}");
    }
    if count > limit {
        line!(out, "  and {} more (-v lists all)", count - limit);
    }
}
