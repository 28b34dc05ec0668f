//! Who started whom: rows of the table of processes enter, the children of each leave.

use std::collections::BTreeMap;

use super::catalogue::TableInfo;
use super::cell::Cell;
use super::collector::Row;

/// The children of each row of the table of processes by its index, in the order of their starts; under `None` those of which no
/// parent has a row. A process stands below the one that started it, or else below its last parent. A made up capture can have rows
/// that are their own ancestors, which stand under no `None`.
pub fn children(info: &TableInfo, rows: &[Row]) -> BTreeMap<Option<usize>, Vec<usize>> {
    let at = |name: &str| info.column(name).unwrap_or(0);
    let (pid, start, ppid) = (at("pid"), at("start"), at("ppid"));
    let parents = (at("parent_pid"), at("parent_start"));
    let by_id: BTreeMap<(&Cell, &Cell), usize> =
        rows.iter().enumerate().map(|(index, row)| ((&row[pid], &row[start]), index)).collect();
    // The last process of a pid that was started before its child.
    let by_pid = |row: &Row| {
        let older = by_id.range((&row[ppid], &Cell::Null)..=(&row[ppid], &row[start]));
        older.map(|(_, index)| *index).next_back()
    };
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let parent = by_id.get(&(&row[parents.0], &row[parents.1])).copied().or_else(|| by_pid(row));
        children.entry(parent.filter(|parent| *parent != index)).or_default().push(index);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|index| (&rows[*index][start], &rows[*index][pid]));
    }
    children
}
