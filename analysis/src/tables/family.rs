//! Who started whom: rows of the table of processes enter, the children of each, or all of them as a tree, leave.

use std::collections::{BTreeMap, HashMap};

use super::catalogue::TableInfo;
use super::cell::Cell;
use super::collector::Row;

/// The children of each row of the table of processes by its index, in the order of their starts; under `None` those of which no
/// parent has a row. A process stands below the one that started it, or else below its last parent. A made up capture can have rows
/// that are their own ancestors, which stand under no `None`.
pub fn children(info: &TableInfo, rows: &[Row]) -> BTreeMap<Option<usize>, Vec<usize>> {
    let at = |name: &str| info.column(name).unwrap_or(0);
    let (pid, start, ppid) = (at("pid"), at("start"), at("ppid"));
    let (process, parent_process) = (at("process"), at("parent_process"));
    let indexed = || rows.iter().enumerate();
    let by_name: HashMap<&Cell, usize> = indexed().map(|(index, row)| (&row[process], index)).collect();
    let by_id: BTreeMap<(&Cell, &Cell), usize> =
        indexed().map(|(index, row)| ((&row[pid], &row[start]), index)).collect();
    // The last process of a pid that was started before its child.
    let by_pid = |row: &Row| {
        let older = by_id.range((&row[ppid], &Cell::Null)..=(&row[ppid], &row[start]));
        older.map(|(_, index)| *index).next_back()
    };
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let parent = by_name.get(&row[parent_process]).copied().or_else(|| by_pid(row));
        children.entry(parent.filter(|parent| *parent != index)).or_default().push(index);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|index| (&rows[*index][start], &rows[*index][pid]));
    }
    children
}

/// Rows of a table of processes as a tree: the index and the depth of each, in the order in which a tree is read. Rows that are their
/// own ancestors, which only a damaged or made up capture has, come last.
pub fn tree(info: &TableInfo, rows: &[Row]) -> Vec<(usize, usize)> {
    let children = children(info, rows);
    let below = |row: Option<usize>| children.get(&row).map(Vec::as_slice).unwrap_or_default();
    let (mut read, mut is_read) = (Vec::with_capacity(rows.len()), vec![false; rows.len()]);
    for root in below(None).iter().copied().chain(0..rows.len()) {
        let mut stack = vec![(root, 0)];
        while let Some((row, depth)) = stack.pop() {
            if !std::mem::replace(&mut is_read[row], true) {
                read.push((row, depth));
                stack.extend(below(Some(row)).iter().rev().map(|child| (*child, depth + 1)));
            }
        }
    }
    read
}
