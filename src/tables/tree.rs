//! Processes as a tree: rows enter, their order and what is drawn before each leaves.

use std::collections::BTreeMap;

use tercel_analysis::tables::{Cell, Row, TableInfo, children};

/// A row's place in a tree.
#[derive(Debug, PartialEq, Eq)]
pub struct Branch {
    /// Index of the row.
    pub row: usize,
    /// What is drawn before its last column.
    pub lead: String,
}

/// Arranges the rows of the table of processes as a tree: each below the process that started it, or else below its last parent.
/// Children stand in the order of their starts.
pub fn arrange(info: &TableInfo, rows: &[Row]) -> Vec<Branch> {
    walk(&children(info, rows), rows.len())
}

/// Rows in their order, each as far to the right as its `depth`.
pub fn indent(info: &TableInfo, rows: &[Row]) -> Vec<Branch> {
    let depth = info.column("depth").unwrap_or(0);
    let lead = |row: &Row| match row[depth] {
        Cell::Uint(levels) => "  ".repeat(usize::try_from(levels).unwrap_or(DEEP).min(DEEP)),
        _ => String::new(),
    };
    rows.iter().enumerate().map(|(index, row)| Branch { row: index, lead: lead(row) }).collect()
}

/// Goes through the tree from its roots. Rows that are their own ancestors, which only a damaged or made up capture has, come last.
fn walk(children: &BTreeMap<Option<usize>, Vec<usize>>, count: usize) -> Vec<Branch> {
    let mut branches = Vec::with_capacity(count);
    let mut is_shown = vec![false; count];
    let roots = children.get(&None).map(Vec::as_slice).unwrap_or_default();
    let rest = 0..count;
    for root in roots.iter().copied().chain(rest) {
        // The rows to show, with what is drawn before them and before their children.
        let mut stack = vec![(root, String::new(), String::new())];
        while let Some((row, lead, below)) = stack.pop() {
            if std::mem::replace(&mut is_shown[row], true) {
                continue;
            }
            let inner = children.get(&Some(row)).map(Vec::as_slice).unwrap_or_default();
            for (place, child) in inner.iter().enumerate().rev() {
                let is_last = place + 1 == inner.len();
                let (own, further) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                // Deeper than anybody reads, lines only grow.
                let below = if below.chars().count() > 3 * DEEP { String::new() } else { below.clone() };
                stack.push((*child, format!("{below}{own}"), format!("{below}{further}")));
            }
            branches.push(Branch { row, lead });
        }
    }
    branches
}

/// Levels that are drawn; deeper ones begin at the margin again.
const DEEP: usize = 40;

#[cfg(test)]
mod tests {
    use tercel_analysis::tables::Table;

    use super::*;

    fn process(pid: i64, start: u64, parent: (i64, u64), ppid: i64) -> Row {
        let info = Table::Processes.info();
        let time = |ts| if ts == 0 { Cell::Null } else { Cell::Time(ts) };
        let mut row = vec![Cell::Null; info.columns.len()];
        let mut set = |name: &str, cell| row[info.column(name).expect("a column")] = cell;
        set("pid", Cell::Int(pid));
        set("start", time(start));
        set("ppid", Cell::Int(ppid));
        if parent.0 != 0 {
            set("parent_pid", Cell::Int(parent.0));
            set("parent_start", time(parent.1));
        }
        row
    }

    fn drawn(rows: &[Row]) -> Vec<String> {
        let branches = arrange(Table::Processes.info(), rows);
        branches.iter().map(|branch| format!("{}{}", branch.lead, branch.row)).collect()
    }

    #[test]
    fn children_stand_below_who_started_them() {
        let rows = [
            process(1, 0, (0, 0), 0),
            process(20, 100, (1, 0), 1),
            // Its parent ended, and init took it over.
            process(21, 300, (20, 100), 1),
            // The pid of the first child is used again.
            process(20, 400, (1, 0), 1),
            process(22, 500, (20, 400), 20),
            process(23, 600, (0, 0), 20),
        ];
        assert_eq!(drawn(&rows), ["0", "├─ 1", "│  └─ 2", "└─ 3", "   ├─ 4", "   └─ 5"]);
    }

    #[test]
    fn circles_and_depth_end() {
        let circle = [process(1, 5, (2, 5), 2), process(2, 5, (1, 5), 1)];
        assert_eq!(drawn(&circle).len(), 2);
        let chain: Vec<Row> =
            (1..=2000).map(|pid| process(pid, pid as u64, (pid - 1, pid as u64 - 1), pid - 1)).collect();
        let drawn = drawn(&chain);
        assert_eq!(drawn.len(), 2000);
        assert!(drawn.iter().all(|line| line.chars().count() < 3 * DEEP + 16));
    }
}
