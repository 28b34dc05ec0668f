//! Rows that are equal in some columns become one: what is counted is summed, of times the outer ones stay, and anything else only
//! where all agree.

use std::collections::BTreeMap;

use super::catalogue::TableInfo;
use super::cell::{Cell, ColumnType};
use super::collector::Row;

/// Groups the rows of a table by columns. The rows leave in the order of these.
///
/// ```
/// use tercel_analysis::tables::{Cell, Table, group};
///
/// let info = Table::Syscalls.info();
/// let row = |name: &str, calls| {
///     let mut row = vec![Cell::Null; info.columns.len()];
///     (row[0], row[1], row[2]) = (Cell::Text(b"openat"[..].into()), Cell::Text(name.as_bytes().into()), Cell::Uint(calls));
///     row
/// };
/// let grouped = group(info, vec![row("cat", 2), row("sh", 3)], &[0]);
/// assert_eq!(grouped.len(), 1);
/// assert_eq!(grouped[0][..3], [Cell::Text(b"openat"[..].into()), Cell::Null, Cell::Uint(5)]);
/// ```
pub fn group(info: &TableInfo, rows: Vec<Row>, by: &[usize]) -> Vec<Row> {
    let mut groups: BTreeMap<Vec<Cell>, Row> = BTreeMap::new();
    for row in rows {
        let key = by.iter().map(|at| row[*at].clone()).collect();
        match groups.get_mut(&key) {
            Some(group) => add(info, group, row),
            None => {
                groups.insert(key, row);
            }
        }
    }
    groups.into_values().collect()
}

fn add(info: &TableInfo, group: &mut Row, row: Row) {
    for ((sum, cell), column) in group.iter_mut().zip(row).zip(info.columns) {
        *sum = match (column.ty, std::mem::replace(sum, Cell::Null), cell) {
            (ColumnType::Count | ColumnType::Bytes, Cell::Uint(one), Cell::Uint(other)) => {
                Cell::Uint(one.saturating_add(other))
            }
            (ColumnType::Time, Cell::Time(one), Cell::Time(other)) if column.name == "last" => {
                Cell::Time(one.max(other))
            }
            (ColumnType::Time, Cell::Time(one), Cell::Time(other)) if column.name == "first" => {
                Cell::Time(one.min(other))
            }
            (ColumnType::Time, Cell::Null, cell) | (ColumnType::Time, cell, Cell::Null)
                if ["first", "last"].contains(&column.name) =>
            {
                cell
            }
            (_, one, other) if one == other => one,
            _ => Cell::Null,
        };
    }
}
