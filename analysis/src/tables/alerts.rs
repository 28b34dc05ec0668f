//! Alerts: rules and events enter, what the rules say of them leaves as rows, and as lines of the timeline.

use std::mem::size_of;
use std::sync::Arc;

use tercel_format::catalogue::{EventInfo, code};
use tercel_format::trace::Zone;
use tercel_replay::state::Text;
use tercel_replay::{Alert, Context, Formatter, Matcher, Matching, Memory, Origin, Settings, Style};
use tercel_rules::program::{Priority, Program};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{EVENT, LABEL, Label};
use super::reads::{self, Reads};
use super::seen::Seen;

/// The table of alerts.
pub(super) const ALERTS: TableInfo = TableInfo {
    name: "alerts",
    meaning: "Alerts of the rules that are given, in order of time",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 14] = joined(&[
    &EVENT,
    &[
        column("severity", T::Uint, "Priority as a number: 0 is the most urgent, 7 the least"),
        column("priority", T::Text, "Priority of the rule"),
        column("rule", T::Text, "Name of the rule"),
        column("tags", T::Text, "Tags of the rule, with a comma between"),
    ],
    &LABEL,
    &[
        column("type", T::Text, "Type of the event (evt.type)"),
        column("message", T::Text, "The output of the rule"),
        column("fields", T::Text, "The fields of the output with their values, a JSON object"),
    ],
]);

/// An alert.
#[derive(Debug, Clone)]
pub(super) struct Raised {
    pub(super) priority: Priority,
    pub(super) rule: Text,
    tags: Text,
    pub(super) message: Text,
    fields: Text,
}

/// Evaluates rules.
#[derive(Debug)]
pub(super) struct Judge<'p> {
    program: &'p Program,
    matcher: Matcher,
    memory: Memory,
    formatter: Formatter,
}

impl<'p> Judge<'p> {
    pub(super) fn new(program: &'p Program, settings: Settings) -> Judge<'p> {
        let matcher = Matcher::new(program, Matching::default());
        let memory = matcher.memory(settings);
        Judge { program, matcher, memory, formatter: Formatter::new(program, Style::default()) }
    }

    /// Rules see times of day in this zone.
    pub(super) fn set_zone(&mut self, zone: Option<&Arc<Zone>>) {
        self.memory.set_zone(zone);
        self.formatter.set_origin(&Origin { zone: zone.cloned(), ..Origin::default() });
    }

    /// The numbers of process images begin again.
    pub(super) fn forget(&mut self) {
        self.memory.forget();
    }

    /// The alerts of an event.
    pub(super) fn alerts(&mut self, context: &Context<'_>, raised: &mut Vec<Raised>) {
        raised.clear();
        let (found, by_kernel) = self.matcher.found(context, &mut self.memory);
        for number in found {
            let (index, by_kernel) = (*number as usize, by_kernel.contains(number));
            let Some(rule) = self.program.rules.get(index) else { continue };
            let finding = self.formatter.finding(&Alert { rule, index, context: *context, by_kernel });
            raised.push(Raised {
                priority: rule.priority,
                rule: rule.name.as_bytes().into(),
                tags: rule.tags.join(",").into_bytes().into(),
                message: finding.message.into_bytes().into(),
                fields: serde_json::Value::Object(finding.output_fields).to_string().into_bytes().into(),
            });
        }
    }
}

/// Collects alerts.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    rows: Vec<Row>,
    bytes: usize,
}

impl Collector for Alerts {
    // Whatever the rules look at is there besides.
    fn reads(info: &EventInfo) -> Reads {
        if info.code == code::GENERIC_X { reads::ALL } else { None }
    }

    fn event(&mut self, seen: &Seen<'_>) {
        for raised in seen.alerts {
            self.bytes += COLUMNS.len() * size_of::<Cell>() + raised.message.len() + raised.fields.len();
            let mut row = seen.event_cells().to_vec();
            row.extend([
                Cell::Uint(raised.priority as u64),
                Cell::word(raised.priority.name()),
                Cell::text(&raised.rule),
                Cell::text(&raised.tags),
            ]);
            row.extend(seen.label().map_or_else(Label::unknown, |label| label.cells()));
            row.extend([
                Cell::word(seen.context.type_name()),
                Cell::text(&raised.message),
                Cell::text(&raised.fields),
            ]);
            self.rows.push(row);
        }
    }

    fn merge(&mut self, later: Alerts) {
        self.rows.extend(later.rows);
        self.bytes += later.bytes;
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
