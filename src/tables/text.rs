//! A table for people: columns as wide as their cells, numbers to the right, on a terminal no line wider than it.

use std::io::{self, Write};

use console::{Term, measure_text_width, truncate_str};
use tercel_analysis::tables::{Cell, ColumnType, Row, TableInfo, push_text};
use tercel_format::trace::Zone;

use super::tree::Branch;

/// Cells are not wider than this, but for those of the last column.
const WIDEST: usize = 48;

/// How rows are printed.
pub struct Lines<'a> {
    /// Their table.
    pub info: &'a TableInfo,
    /// Columns to show.
    pub columns: &'a [usize],
    /// The zone of times.
    pub zone: Option<&'a Zone>,
}

impl Lines<'_> {
    /// Prints rows with the names of the columns above.
    pub fn print(&self, out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
        self.lines(out, || rows.iter().map(|row| (row, "")))
    }

    /// Prints rows as a tree.
    pub fn print_tree(&self, out: &mut dyn Write, rows: &[Row], branches: &[Branch]) -> io::Result<()> {
        self.lines(out, || branches.iter().map(|branch| (&rows[branch.row], branch.lead.as_str())))
    }

    /// Rows are looked at twice, for the widths and for the lines: the cells of all of them as text would take more than the rows.
    fn lines<'r, I: Iterator<Item = (&'r Row, &'r str)>>(
        &self,
        out: &mut dyn Write,
        rows: impl Fn() -> I,
    ) -> io::Result<()> {
        let head: Vec<String> =
            self.columns.iter().map(|at| self.info.columns[*at].name.to_uppercase()).collect();
        let mut widths: Vec<usize> = head.iter().map(|name| measure_text_width(name).min(WIDEST)).collect();
        let mut text = String::new();
        for (row, _) in rows() {
            for (index, width) in widths.iter_mut().enumerate() {
                text.clear();
                push_text(&row[self.columns[index]], self.zone, &mut text);
                *width = measure_text_width(&text).min(WIDEST).max(*width);
            }
        }
        let widest = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        self.line(out, head, &widths, widest)?;
        for (row, lead) in rows() {
            let mut line: Vec<String> = self.columns.iter().map(|at| self.cell(&row[*at])).collect();
            if let Some(last) = line.last_mut() {
                last.insert_str(0, lead);
            }
            self.line(out, line, &widths, widest)?;
        }
        Ok(())
    }

    fn line(
        &self,
        out: &mut dyn Write,
        line: Vec<String>,
        widths: &[usize],
        widest: Option<usize>,
    ) -> io::Result<()> {
        let mut text = String::new();
        for ((index, cell), width) in line.iter().enumerate().zip(widths) {
            let is_last = index + 1 == line.len();
            let cell = if is_last { cell.as_str().into() } else { shortened(cell, *width) };
            let room = " ".repeat(width.saturating_sub(measure_text_width(&cell)));
            match self.is_number(index) {
                true => text.extend([room.as_str(), &cell]),
                false if is_last => text.push_str(&cell),
                false => text.extend([&*cell, room.as_str()]),
            }
            if !is_last {
                text.push_str("  ");
            }
        }
        let text = text.trim_end();
        writeln!(out, "{}", widest.map_or_else(|| text.into(), |columns| shortened(text, columns)))
    }

    fn cell(&self, cell: &Cell) -> String {
        let mut text = String::new();
        push_text(cell, self.zone, &mut text);
        text
    }

    fn is_number(&self, index: usize) -> bool {
        let ty = self.info.columns[self.columns[index]].ty;
        matches!(
            ty,
            ColumnType::Int | ColumnType::Uint | ColumnType::Count | ColumnType::Bytes | ColumnType::Span
        )
    }
}

/// The text in at most this many columns of a terminal; `…` stands for what is left out.
fn shortened(text: &str, width: usize) -> std::borrow::Cow<'_, str> {
    if measure_text_width(text) <= width { text.into() } else { truncate_str(text, width, "…") }
}
