//! Signals: who sent them, whom they reached, and whom they ended.

use std::mem::size_of;
use std::sync::LazyLock;

use tercel_format::catalogue::code;
use tercel_replay::Settings;
use tercel_replay::fields::{Scratch, render_text};
use tercel_rules::output::Template;
use tercel_rules::program::Operand;

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::{EVENT, LABEL, Label};
use super::seen::Seen;

/// The table of signals.
pub(super) const SIGNALS: TableInfo = TableInfo {
    name: "signals",
    meaning: "Signals that were sent (kill, tkill, tgkill), that arrived (sysdig's captures), and that ended a thread",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 13] = joined(&[
    &EVENT,
    &[column("kind", T::Text, "sent, arrived or ended; of the first two, the process is the sender")],
    &LABEL,
    &[
        column("signal", T::Int, "Its number"),
        column("signal_name", T::Text, "Its name"),
        column("target_pid", T::Int, "Whom it is for; 0 and below stand for groups of processes"),
        column("target", T::Text, "Name of that process, if it is known"),
        column("result", T::Text, "Error of the call, if it failed"),
    ],
]);

/// The signal of an event as text.
static SIGNAL: LazyLock<Option<Operand>> = LazyLock::new(|| {
    let template = Template::parse("%evt.arg.sig").ok()?;
    template.fields.into_iter().next().map(|(_, operand)| operand)
});

/// Collects signals.
#[derive(Debug, Default)]
pub(super) struct Signals {
    rows: Vec<Row>,
}

/// Bytes of a row, without the texts that the state has, too.
const ROW: usize = COLUMNS.len() * size_of::<Cell>();

/// The name of a signal without its number.
fn name(seen: &Seen<'_>) -> Cell {
    let mut text = Vec::new();
    if let Some(operand) = &*SIGNAL {
        render_text(&seen.context, operand, &mut text, &mut Scratch::new(Settings::default()));
    }
    let text = String::from_utf8_lossy(&text);
    let named = text.split(['(', ')']).find(|part| part.starts_with("SIG"));
    named.map_or(Cell::Null, Cell::word)
}

impl Collector for Signals {
    fn event(&mut self, seen: &Seen<'_>) {
        let event = seen.context.event;
        let (kind, sender, target, signal) = match event.code() {
            code::SYSCALL_KILL_X | code::SYSCALL_TKILL_X => ("sent", None, event.int(1), event.int(2)),
            code::SYSCALL_TGKILL_X => ("sent", None, event.int(2), event.int(3)),
            code::SIGNALDELIVER_E => ("arrived", event.int(0), event.int(1), event.int(2)),
            code::PROCEXIT_1_E => match event.int(2).filter(|signal| *signal != 0) {
                Some(signal) => ("ended", None, None, Some(signal)),
                None => return,
            },
            _ => return,
        };
        let state = seen.context.state;
        let cells = |label: Option<Label>| label.map_or_else(Label::unknown, |label| label.cells());
        let label = match sender {
            None => cells(seen.label()),
            Some(pid) => {
                let [_, start, name, container, process] = cells(Label::of_thread(state, pid));
                [Cell::Int(pid), start, name, container, process]
            }
        };
        let [_, _, target_name, ..] = cells(target.and_then(|tid| Label::of_thread(state, tid)));
        let mut row = seen.event_cells().to_vec();
        row.push(Cell::word(kind));
        row.extend(label);
        row.extend([
            signal.map_or(Cell::Null, Cell::Int),
            name(seen),
            target.map_or(Cell::Null, Cell::Int),
            target_name,
            Cell::word(seen.error.unwrap_or_default()),
        ]);
        self.rows.push(row);
    }

    fn merge(&mut self, later: Signals) {
        self.rows.extend(later.rows);
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.rows.len() * ROW
    }
}
