//! Where events are missing: what recorders say of the events that they lost.

use std::mem::size_of;

use tercel_format::Event;
use tercel_format::catalogue::{EventInfo, code};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, joined};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::process_id::EVENT;
use super::reads::{self, Reads};
use super::seen::Seen;

/// The table of losses.
pub(super) const DROPS: TableInfo = TableInfo {
    name: "drops",
    meaning: "Places where the recorder says that events are missing, whatever the filter; damage of the file is reported apart",
    order: Order::Ascending("time"),
    columns: &COLUMNS,
};

const COLUMNS: [ColumnInfo; 5] = joined(&[
    &EVENT,
    &[
        column("kind", T::Text, "lost (before this event), or sampled (one of ratio is kept from here on)"),
        column("lost", T::Count, "How many events, where the recorder says it"),
        column("ratio", T::Uint, "Of sampled: one of so many is kept"),
    ],
]);

/// Collects losses.
#[derive(Debug, Default)]
pub(super) struct Drops {
    rows: Vec<Row>,
}

impl Collector for Drops {
    fn reads(info: &EventInfo) -> Reads {
        if matches!(info.code, code::DROP_E | code::DROP_X) { reads::ALL } else { None }
    }

    fn event(&mut self, _seen: &Seen<'_>) {}

    fn unfiltered(&mut self, event: &Event<'_>) {
        if !matches!(event.code(), code::DROP_E | code::DROP_X) {
            return;
        }
        // tercel's own recorder reports a count, sysdig's how much it samples.
        let (kind, lost, ratio) = match event.lost() {
            0 => ("sampled", Cell::Null, event.uint(0).map_or(Cell::Null, Cell::Uint)),
            lost => ("lost", Cell::Uint(lost), Cell::Null),
        };
        self.rows.push(vec![Cell::Time(event.ts), Cell::Uint(event.num), Cell::word(kind), lost, ratio]);
    }

    fn merge(&mut self, later: Drops) {
        self.rows.extend(later.rows);
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.rows.len() * COLUMNS.len() * size_of::<Cell>()
    }
}
