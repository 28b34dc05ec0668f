//! Rows by the names of their columns.

use crate::tables::{Answer, Cell, ProcessId, Row, Table, TableInfo};

use super::visible::visible;

/// The rows of a table.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) info: &'static TableInfo,
    pub(super) rows: &'a [Row],
}

impl<'a> Rows<'a> {
    pub(super) fn of(answer: &'a Answer, table: Table) -> Rows<'a> {
        let rows = answer.tables.iter().find(|(of, _)| *of == table).map_or(&[][..], |(_, rows)| rows);
        Rows { info: table.info(), rows }
    }

    /// The cell of a row in a column.
    pub(super) fn cell(&self, row: &'a Row, column: &str) -> &'a Cell {
        self.info.column(column).map_or(&Cell::Null, |at| &row[at])
    }

    pub(super) fn text(&self, row: &'a Row, column: &str) -> String {
        match self.cell(row, column) {
            Cell::Text(text) => visible(text),
            Cell::Address(address) => address.to_string(),
            Cell::Uint(number) => number.to_string(),
            Cell::Int(number) => number.to_string(),
            _ => String::new(),
        }
    }

    pub(super) fn number(&self, row: &'a Row, column: &str) -> u64 {
        match self.cell(row, column) {
            Cell::Uint(number) | Cell::Time(number) => *number,
            _ => 0,
        }
    }

    /// The process that a row names; `None` if it names none.
    pub(super) fn process(&self, row: &'a Row) -> Option<ProcessId> {
        ProcessId::of_cells(self.cell(row, "pid"), self.cell(row, "start"), self.cell(row, "process"))
    }
}
