//! What a table and its columns are called and mean.

use std::mem::size_of;

use super::cell::{Cell, ColumnType};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: ColumnType,
    /// What that means, with the field that says the same of an event.
    pub meaning: &'static str,
}

/// The order in which rows leave. Rows that are equal in it are ordered by their cells from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Small values of this column first; those without a value before all others.
    Ascending(&'static str),
    /// Large values of this column first.
    Descending(&'static str),
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableInfo {
    /// Its name.
    pub name: &'static str,
    /// What its rows are.
    pub meaning: &'static str,
    /// Their order.
    pub order: Order,
    /// Its columns.
    pub columns: &'static [ColumnInfo],
}

impl TableInfo {
    /// The index of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Bytes of the name of a process, with its share of the heap.
const NAME: usize = 64;

/// Bytes that a row of a table takes, without its texts but the name of its process: they are shared with what it was made from.
pub(super) const fn row_bytes(info: &TableInfo) -> usize {
    info.columns.len() * size_of::<Cell>() + 2 * size_of::<Vec<Cell>>() + NAME
}

pub(super) const fn column(name: &'static str, ty: ColumnType, meaning: &'static str) -> ColumnInfo {
    ColumnInfo { name, ty, meaning }
}

/// Columns of several parts one after the other; that there are `N`, the compiler checks.
pub(super) const fn joined<const N: usize>(parts: &[&[ColumnInfo]]) -> [ColumnInfo; N] {
    let mut all = [column("", ColumnType::Bool, ""); N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            all[at] = parts[part][index];
            (at, index) = (at + 1, index + 1);
        }
        part += 1;
    }
    assert!(at == N, "there are fewer columns than the table says");
    all
}
