//! Processes as a tree: rows enter, their order and what is drawn before each leaves.

use tercel_analysis::tables::{Cell, Row, TableInfo, tree};

/// A row's place in a tree.
#[derive(Debug, PartialEq, Eq)]
pub struct Branch {
    /// Index of the row.
    pub row: usize,
    /// What is drawn before its last column.
    pub lead: String,
}

/// Levels that are drawn; deeper ones begin at the margin again.
const DEEP: usize = 40;

/// Arranges the rows of a table of processes as a tree: each below the process that started it, or else below its last parent.
/// Children stand in the order of their starts.
pub fn arrange(info: &TableInfo, rows: &[Row]) -> Vec<Branch> {
    let places = tree(info, rows);
    let mut branches = Vec::with_capacity(places.len());
    // By level, whether a row that has been drawn stands below the same parent. Rows are drawn from the last to the first.
    let mut follows: Vec<bool> = Vec::new();
    for (row, depth) in places.into_iter().rev() {
        follows.resize(depth + 1, false);
        let margin = (depth / DEEP * DEEP).max(1).min(depth);
        let mut lead: String =
            follows[margin..depth].iter().map(|more| if *more { "│  " } else { "   " }).collect();
        if depth > 0 {
            lead.push_str(if follows[depth] { "├─ " } else { "└─ " });
        }
        follows[depth] = true;
        branches.push(Branch { row, lead });
    }
    branches.reverse();
    branches
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
        let name = |(pid, start): (i64, u64)| Cell::Text(format!("{pid}@{start}").into_bytes().into());
        set("process", name((pid, start)));
        if parent.0 != 0 {
            set("parent_process", name(parent));
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
