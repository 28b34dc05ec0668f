//! An alert of a correlation: what contributed enters, a line of text or JSON leaves, in the form of the alerts of rules.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use tercel_rules::correlation::{Base, Correlation, Correlations, Kind, Own, Part};
use tercel_rules::program::Program;

use super::key;
use super::marks::Mark;
use super::window::Met;
use crate::alert::{Finding, JsonSchema, Style, Values};
use crate::fields::{iso8601, seconds_between};
use crate::state::text::sanitize;

/// Name of the host and of the capture, time and shown values of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Last {
    ts: u64,
    num: u64,
    time: Box<[u8]>,
    hostname: Box<[u8]>,
    label: Box<[u8]>,
    shown: Vec<Box<[u8]>>,
}

impl Last {
    /// What lines need of an alert.
    pub(super) fn of(mark: &Mark<'_>, base: &Base) -> Last {
        Last {
            ts: mark.ts,
            num: mark.num,
            time: mark.time().into(),
            hostname: mark.hostname().into(),
            label: mark.label().into(),
            shown: base.shown.iter().map(|position| mark.value(*position).into()).collect(),
        }
    }

    /// Memory that it takes, in bytes and roughly.
    pub(super) fn weight(&self) -> usize {
        let shown: usize = self.shown.iter().map(|value| size_of::<Box<[u8]>>() + value.len()).sum();
        size_of::<Last>() + self.time.len() + self.hostname.len() + self.label.len() + shown
    }
}

/// An alert of a correlation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// Position of the correlation.
    pub index: usize,
    group: Box<[u8]>,
    met: Met,
    last: Last,
}

impl Raised {
    pub(super) fn new(index: usize, group: &[u8], met: Met, last: Last) -> Raised {
        Raised { index, group: group.into(), met, last }
    }

    /// What was counted, and the numbers of the events that contributed, the last ones.
    pub fn counted(&self) -> (u64, &[u64]) {
        (self.met.count, &self.met.events)
    }

    /// Number of the event of its last alert, and its time in nanoseconds since the epoch.
    pub fn place(&self) -> (u64, u64) {
        (self.last.num, self.last.ts)
    }

    /// The value of a field of its output, a group or something of its own, as outputs print it; `None` if it has no such field.
    pub fn value(&self, correlations: &Correlations, program: &Program, name: &str) -> Option<Vec<u8>> {
        let correlation = correlations.list.get(self.index)?;
        let mut out = Vec::new();
        let own = |name: &str| Own::all().find(|(known, _)| *known == name).map(|(_, own)| own);
        if let Some(own) = name.strip_prefix("correlation.").and_then(own) {
            self.push_own(correlation, program, own, &mut out);
            return Some(out);
        }
        let bare = name.strip_prefix("correlation.").unwrap_or(name);
        if let Some(at) = correlation.group.iter().position(|known| known == bare) {
            out.extend_from_slice(key::values(&self.group).nth(at)?);
            return Some(out);
        }
        let at = correlation.output.fields.iter().position(|(known, _)| known == name)?;
        self.last.shown.get(at).map(|value| value.to_vec())
    }

    /// Appends its line, without a line end.
    pub fn push_line(
        &self,
        correlations: &Correlations,
        program: &Program,
        style: &Style,
        out: &mut Vec<u8>,
    ) {
        let Some(finding) = self.finding(correlations, program, style) else { return };
        let mut line = self.last.time.to_vec();
        line.extend_from_slice(b": ");
        line.extend_from_slice(finding.priority.name().as_bytes());
        line.push(b' ');
        line.extend_from_slice(finding.message.as_bytes());
        if !style.json {
            if !self.last.label.is_empty() {
                out.extend_from_slice(&self.last.label);
                out.extend_from_slice(b": ");
            }
            out.extend_from_slice(&line);
            return;
        }
        let object = match style.schema {
            JsonSchema::Falco => falco(&finding, &text(&line), style),
            JsonSchema::Ecs => finding.ecs(),
            JsonSchema::Ocsf => finding.ocsf(),
        };
        out.extend_from_slice(object.to_string().as_bytes());
    }

    /// The alert in its parts; `None` if the correlation is not one of these.
    pub fn finding<'c>(
        &self,
        correlations: &'c Correlations,
        program: &Program,
        style: &Style,
    ) -> Option<Finding<'c>> {
        let correlation = correlations.list.get(self.index)?;
        let mut timestamp = Vec::new();
        iso8601(&mut timestamp, self.last.ts);
        let timestamp = text(&timestamp);
        let label = text(&self.last.label);
        Some(Finding {
            rule: &correlation.name,
            description: &correlation.desc,
            priority: correlation.priority,
            tags: &correlation.tags,
            source: "syscall",
            time: self.last.ts,
            timestamp: timestamp.strip_suffix("+0000").unwrap_or(&timestamp).to_owned() + "Z",
            number: Some(self.last.num),
            hostname: text(&self.last.hostname),
            capture: (!label.is_empty()).then_some(label),
            capture_file: None,
            message: text(&self.message(correlation, program)),
            values: Values::default(),
            output_fields: self.fields(correlation, program, style),
        })
    }

    fn message(&self, correlation: &Correlation, program: &Program) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &correlation.output.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Own(own) => self.push_own(correlation, program, *own, &mut out),
                Part::Group(at) => {
                    out.extend_from_slice(key::values(&self.group).nth(*at).unwrap_or_default())
                }
                Part::Field(at, width) => {
                    let start = out.len();
                    out.extend_from_slice(self.last.shown.get(*at).map_or(&b"<NA>"[..], |value| value));
                    if let Some(width) = width {
                        out.resize(start + width, b' ');
                    }
                }
            }
        }
        out
    }

    /// Names of the rules that contributed.
    fn rules<'p>(
        &'p self,
        correlation: &'p Correlation,
        program: &'p Program,
    ) -> impl Iterator<Item = &'p str> {
        let bases = self.met.bases.iter().filter_map(|at| correlation.base.get(*at));
        let mut named = Vec::new();
        bases.filter_map(|base| program.rules.get(base.rule)).map(|rule| rule.name.as_str()).filter(
            move |name| {
                let is_new = !named.contains(name);
                named.push(*name);
                is_new
            },
        )
    }

    fn push_own(&self, correlation: &Correlation, program: &Program, own: Own, out: &mut Vec<u8>) {
        let mut list = |items: &mut dyn Iterator<Item = Vec<u8>>| {
            for (count, item) in items.enumerate() {
                if count > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(&item);
            }
        };
        match own {
            Own::Name => sanitize(out, correlation.name.as_bytes()),
            Own::Count => out.extend_from_slice(self.met.count.to_string().as_bytes()),
            Own::Rules => list(&mut self.rules(correlation, program).map(|name| {
                let mut shown = Vec::new();
                sanitize(&mut shown, name.as_bytes());
                shown
            })),
            Own::Values => list(&mut self.met.values.iter().map(|value| value.to_vec())),
            Own::First => iso8601(out, self.met.first),
            Own::Last => iso8601(out, self.met.last),
            Own::Seconds => out.extend_from_slice(seconds_between(self.met.first, self.met.last).as_bytes()),
            Own::Events => list(&mut self.met.events.iter().map(|num| num.to_string().into_bytes())),
            Own::Group => {
                let mut shown = String::new();
                for (name, value) in correlation.group.iter().zip(key::values(&self.group)) {
                    let blank = if shown.is_empty() { "" } else { " " };
                    let _never_fails = write!(shown, "{blank}{name}={}", text(value));
                }
                out.extend_from_slice(shown.as_bytes());
            }
        }
    }

    fn fields(&self, correlation: &Correlation, program: &Program, style: &Style) -> Map<String, Value> {
        let own = |own: Own| {
            let mut out = Vec::new();
            self.push_own(correlation, program, own, &mut out);
            text(&out)
        };
        let time = if style.iso8601 { "evt.time.iso8601" } else { "evt.time" };
        let mut fields = Map::from_iter([
            (time.to_owned(), json!(self.last.ts)),
            ("correlation.count".to_owned(), json!(self.met.count)),
            ("correlation.events".to_owned(), json!(self.met.events)),
            ("correlation.first".to_owned(), json!(own(Own::First))),
            ("correlation.last".to_owned(), json!(own(Own::Last))),
            ("correlation.rules".to_owned(), self.rules(correlation, program).collect()),
        ]);
        if correlation.kind == Kind::ValueCount {
            let values = self.met.values.iter().map(|value| text(value));
            fields.insert("correlation.values".to_owned(), values.collect());
        }
        for (name, value) in correlation.group.iter().zip(key::values(&self.group)) {
            fields.insert(name.clone(), json!(text(value)));
        }
        for ((name, _), value) in correlation.output.fields.iter().zip(&self.last.shown) {
            fields.insert(name.clone(), json!(text(value)));
        }
        fields
    }
}

/// Falco's object; its keys stand in alphabetical order.
fn falco(finding: &Finding<'_>, line: &str, style: &Style) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    if let Some(capture) = &finding.capture {
        put("file", json!(capture));
    }
    put("hostname", json!(finding.hostname));
    if style.json_message {
        put("message", json!(finding.message));
    }
    if style.json_output {
        put("output", json!(line));
    }
    if style.json_fields {
        put("output_fields", json!(finding.output_fields));
    }
    put("priority", json!(finding.priority.name()));
    put("rule", json!(finding.rule));
    put("source", json!(finding.source));
    if style.json_tags {
        put("tags", json!(finding.tags));
    }
    put("time", json!(finding.timestamp));
    Value::Object(object)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
