//! The story in short: alerts enter; which rules said what in order of time, where it came from, and what those processes did leave.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use tercel_rules::program::Priority;

use crate::tables::{Answer, ProcessId, Row, Table};

use super::family::{Family, Marks};
use super::plots;
use super::rows::Rows;
use super::visible::shortened;
use super::{Clock, counted, size, techniques};

/// Most lines of the story, and of each list beside it.
const MOMENTS: usize = 14;
const LISTED: usize = 8;
/// Most bars of a plot.
const BARS: usize = 12;

/// Directories whose files belong to the system.
const SYSTEM: [&str; 10] = [
    "/etc/",
    "/usr/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/lib64/",
    "/boot/",
    "/root/",
    "/var/spool/cron/",
    "/opt/",
];

/// The story of a capture.
#[derive(Debug, Serialize)]
pub(super) struct Story {
    /// Alerts in all.
    alerts: usize,
    /// A sentence.
    summary: String,
    /// Alerts by priority, the most urgent first.
    priorities: Vec<Count>,
    /// The most urgent rules in the order of their first alerts.
    moments: Vec<Moment>,
    /// Rules that have no line there.
    left: usize,
    /// The processes that the alerts stem from.
    origins: Vec<Item>,
    /// What the processes with alerts did.
    connected: Vec<Item>,
    wrote: Vec<Item>,
    deleted: Vec<Item>,
    ran: Vec<Item>,
    by_rule: Vec<Count>,
    by_technique: Vec<Count>,
    by_container: Vec<Count>,
    #[serde(skip)]
    over_time: String,
}

/// A rule with its alerts.
#[derive(Debug, Serialize)]
struct Moment {
    #[serde(skip)]
    severity: u64,
    #[serde(skip)]
    first: u64,
    class: usize,
    time: String,
    priority: String,
    rule: String,
    count: u64,
    processes: usize,
    who: String,
    message: String,
    techniques: Vec<String>,
    /// Number of the event of the first alert.
    number: u64,
}

/// A number of alerts.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    name: String,
    note: &'static str,
    count: u64,
    class: usize,
    #[serde(skip)]
    bar: String,
}

/// A line of a list.
#[derive(Debug, Serialize)]
struct Item {
    text: String,
    note: String,
}

/// The alerts of each process.
pub(super) fn marks(answer: &Answer) -> Marks {
    let alerts = Rows::of(answer, Table::Alerts);
    let mut marks = Marks::new();
    for row in alerts.rows {
        let Some(process) = alerts.process(row) else { continue };
        let severity = alerts.number(row, "severity");
        let mark = marks.entry(process).or_insert((0, severity));
        *mark = (mark.0 + 1, mark.1.min(severity));
    }
    marks
}

impl Story {
    pub(super) fn of(
        answer: &Answer,
        family: &Family<'_>,
        marks: &Marks,
        span: (u64, u64),
        clock: &Clock,
    ) -> Story {
        let alerts = Rows::of(answer, Table::Alerts);
        let (moments, left) = moments(alerts, clock);
        let priorities = priorities(alerts);
        let times: Vec<(u64, u64)> = alerts
            .rows
            .iter()
            .map(|row| (alerts.number(row, "time"), alerts.number(row, "severity")))
            .collect();
        let first = times.iter().map(|(ts, _)| *ts).min().unwrap_or(span.0).min(span.0);
        let last = times.iter().map(|(ts, _)| *ts).max().unwrap_or(span.1).max(span.1);
        let origins = origins(family, marks);
        let summary = sentence(alerts.rows.len(), &priorities, marks.len(), moments.len() + left, &origins);
        Story {
            alerts: alerts.rows.len(),
            summary,
            priorities,
            moments,
            left,
            origins,
            connected: connected(answer, marks),
            wrote: files(answer, marks, |rows, row| {
                rows.number(row, "written") + rows.number(row, "created") + rows.number(row, "changed") > 0
            }),
            deleted: files(answer, marks, |rows, row| rows.number(row, "deleted") > 0),
            ran: ran(answer, marks),
            by_rule: counts(alerts, |row| vec![alerts.text(row, "rule")]),
            by_technique: counts(alerts, |row| techniques::of_tags(&alerts.text(row, "tags"))),
            by_container: counts(alerts, |row| match alerts.text(row, "container") {
                container if container.is_empty() => vec!["host".to_owned()],
                container => vec![container],
            }),
            over_time: plots::over_time(&times, first, last, |ts| clock.time(ts)),
        }
    }

    /// What is no text: the plot, and the bars of the lists.
    pub(super) fn plots(&self) -> serde_json::Value {
        let bars = |counts: &[Count]| counts.iter().map(|count| count.bar.clone()).collect::<Vec<_>>();
        serde_json::json!({
            "over_time": self.over_time,
            "by_rule": bars(&self.by_rule),
            "by_technique": bars(&self.by_technique),
            "by_container": bars(&self.by_container),
        })
    }
}

fn sentence(alerts: usize, priorities: &[Count], processes: usize, rules: usize, origins: &[Item]) -> String {
    let Some(worst) = priorities.first().filter(|_| alerts > 0) else {
        return "No rule gave an alert.".to_owned();
    };
    let origin = origins.first().map_or(String::new(), |origin| format!(" Most stem from {}.", origin.text));
    format!(
        "{} of {} about {}; {} of priority {}.{origin}",
        counted(alerts as u64, "alert"),
        counted(rules as u64, "rule"),
        counted(processes as u64, "process"),
        worst.count,
        worst.name
    )
}

fn priorities(alerts: Rows<'_>) -> Vec<Count> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for row in alerts.rows {
        *counts.entry(alerts.number(row, "severity")).or_default() += 1;
    }
    let name = |severity: u64| Priority::ALL.get(severity as usize).map_or("", |priority| priority.name());
    counts
        .into_iter()
        .map(|(severity, count)| Count {
            name: name(severity).to_owned(),
            note: "",
            count,
            class: plots::class(severity),
            bar: String::new(),
        })
        .collect()
}

/// The most urgent rules with their alerts, in the order of the first, and how many rules are left.
fn moments(alerts: Rows<'_>, clock: &Clock) -> (Vec<Moment>, usize) {
    let mut by_rule: BTreeMap<String, (Moment, BTreeSet<Option<ProcessId>>)> = BTreeMap::new();
    for row in alerts.rows {
        let (rule, process) = (alerts.text(row, "rule"), alerts.process(row));
        let (moment, processes) = by_rule.entry(rule).or_insert_with_key(|rule| {
            let (first, severity) = (alerts.number(row, "time"), alerts.number(row, "severity"));
            let moment = Moment {
                severity,
                first,
                class: plots::class(severity),
                time: clock.time(first),
                priority: alerts.text(row, "priority"),
                rule: rule.clone(),
                count: 0,
                processes: 0,
                who: format!("{} ({})", alerts.text(row, "name"), alerts.text(row, "pid")),
                message: shortened(in_brackets(&alerts.text(row, "message")), 400),
                techniques: techniques::of_tags(&alerts.text(row, "tags")),
                number: alerts.number(row, "number"),
            };
            (moment, BTreeSet::new())
        });
        moment.count += 1;
        processes.insert(process);
        moment.processes = processes.len();
    }
    let mut moments: Vec<Moment> = by_rule.into_values().map(|(moment, _)| moment).collect();
    moments.sort_by_key(|moment| (moment.severity, moment.first, moment.number));
    let left = moments.len().saturating_sub(MOMENTS);
    moments.truncate(MOMENTS);
    moments.sort_by_key(|moment| (moment.first, moment.number));
    (moments, left)
}

/// Most outputs say what the rule is called, and then values in brackets: these are what the name does not say.
fn in_brackets(message: &str) -> &str {
    let inner = message.split_once(" (").filter(|(name, _)| name.len() < 100).map(|(_, values)| values);
    inner.map_or(message, |values| values.strip_suffix(')').unwrap_or(values))
}

/// The processes, started in the capture, that those with alerts stem from, those with most alerts first.
fn origins(family: &Family<'_>, marks: &Marks) -> Vec<Item> {
    let mut counts: HashMap<usize, (u64, u64)> = HashMap::new();
    for (id, (count, _)) in marks {
        let Some(origin) = family.origin(*id) else { continue };
        let sums = counts.entry(origin).or_default();
        *sums = (sums.0 + count, sums.1 + 1);
    }
    let mut counts: Vec<(usize, (u64, u64))> = counts.into_iter().collect();
    counts.sort_by_key(|(origin, (alerts, _))| (std::cmp::Reverse(*alerts), *origin));
    let item = |(origin, (alerts, processes)): (usize, (u64, u64))| {
        let user = family.text(origin, "login_user");
        let user = if user.is_empty() { family.text(origin, "user") } else { user };
        let by = if user.is_empty() { String::new() } else { format!(", user {user}") };
        Item {
            text: format!("{} ({})", shortened(&family.cmdline(origin), 80), family.text(origin, "pid")),
            note: format!("{} of {}{by}", counted(alerts, "alert"), counted(processes, "process")),
        }
    };
    counts.into_iter().take(LISTED).map(item).collect()
}

/// Sums by text, the largest first.
fn largest(sums: BTreeMap<String, (u64, String)>) -> Vec<Item> {
    let mut sums: Vec<(String, (u64, String))> = sums.into_iter().collect();
    sums.sort_by(|(one, (count, _)), (other, (more, _))| more.cmp(count).then(one.cmp(other)));
    sums.into_iter()
        .take(LISTED)
        .map(|(text, (_, note))| Item { text: shortened(&text, 120), note })
        .collect()
}

fn is_marked(rows: Rows<'_>, row: &Row, marks: &Marks) -> bool {
    rows.process(row).is_some_and(|id| marks.contains_key(&id))
}

fn connected(answer: &Answer, marks: &Marks) -> Vec<Item> {
    let rows = Rows::of(answer, Table::Connections);
    let mut sums: BTreeMap<String, (u64, u64, BTreeSet<String>)> = BTreeMap::new();
    for row in
        rows.rows.iter().filter(|row| is_marked(rows, row, marks) && rows.text(row, "role") != "server")
    {
        let (address, port) = (rows.text(row, "remote_address"), rows.text(row, "remote_port"));
        if address.is_empty() || port == "0" {
            continue;
        }
        let name = rows.text(row, "remote_name");
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        let address = if address.contains(':') { format!("[{address}]") } else { address };
        let sum = sums.entry(format!("{} {address}:{port}{name}", rows.text(row, "protocol"))).or_default();
        sum.0 += rows.number(row, "received");
        sum.1 += rows.number(row, "sent");
        sum.2.insert(rows.text(row, "name"));
    }
    let item = |(text, (received, sent, names)): (String, (u64, u64, BTreeSet<String>))| {
        let names: Vec<String> = names.into_iter().take(3).collect();
        (
            text,
            (
                received + sent + 1,
                format!("{} out, {} in, by {}", size(sent), size(received), names.join(", ")),
            ),
        )
    };
    largest(sums.into_iter().map(item).collect())
}

/// Files that processes with alerts changed: those that alerts name first, then those of the system.
fn files<'a>(answer: &'a Answer, marks: &Marks, is_meant: impl Fn(Rows<'a>, &'a Row) -> bool) -> Vec<Item> {
    let alerts = Rows::of(answer, Table::Alerts);
    let named: Vec<String> = alerts.rows.iter().map(|row| alerts.text(row, "fields")).collect();
    let named: BTreeSet<&str> = named.iter().flat_map(|fields| fields.split('"')).collect();
    let rows = Rows::of(answer, Table::Files);
    let mut sums: BTreeMap<String, (u64, BTreeSet<String>)> = BTreeMap::new();
    for row in rows.rows.iter().filter(|row| is_marked(rows, row, marks) && is_meant(rows, row)) {
        let path = rows.text(row, "path");
        let is_of_system =
            SYSTEM.iter().any(|directory| path.starts_with(directory)) || path.contains("/.ssh/");
        let weight = if named.contains(path.as_str()) { 1 << 40 } else { u64::from(is_of_system) << 20 | 1 };
        let sum = sums.entry(path).or_default();
        sum.0 += weight;
        sum.1.insert(rows.text(row, "name"));
    }
    let item = |(text, (weight, names)): (String, (u64, BTreeSet<String>))| {
        let names: Vec<String> = names.into_iter().take(3).collect();
        (text, (weight, format!("by {}", names.join(", "))))
    };
    largest(sums.into_iter().map(item).collect())
}

/// Programs that processes with alerts ran.
fn ran(answer: &Answer, marks: &Marks) -> Vec<Item> {
    let rows = Rows::of(answer, Table::Executions);
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows.rows.iter().filter(|row| is_marked(rows, row, marks)) {
        *sums.entry(rows.text(row, "exe")).or_default() += 1;
    }
    let item = |(text, count): (String, u64)| (text, (count, format!("{count}×")));
    largest(sums.into_iter().map(item).collect())
}

/// Alerts by a text, the most frequent first.
fn counts<'a>(alerts: Rows<'a>, texts: impl Fn(&'a Row) -> Vec<String>) -> Vec<Count> {
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in alerts.rows {
        let severity = alerts.number(row, "severity");
        for text in texts(row) {
            let sum = counts.entry(text).or_insert((0, severity));
            *sum = (sum.0 + 1, sum.1.min(severity));
        }
    }
    let mut counts: Vec<(String, (u64, u64))> = counts.into_iter().collect();
    counts.sort_by(|(one, (count, _)), (other, (more, _))| more.cmp(count).then(one.cmp(other)));
    let longest = counts.first().map_or(0, |(_, (count, _))| *count);
    counts
        .into_iter()
        .take(BARS)
        .map(|(name, (count, severity))| Count {
            note: techniques::name(&name),
            bar: plots::bar(count, longest, plots::class(severity)),
            class: plots::class(severity),
            name,
            count,
        })
        .collect()
}
