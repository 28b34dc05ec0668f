//! How many rows of each kind there are over time: rows enter, a line of bars per kind leaves.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tercel_analysis::tables::{Cell, Row, TableInfo, push_text};
use tercel_format::trace::Zone;

/// Bars of a line.
const BARS: usize = 60;
/// Heights of a bar.
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Prints a line per kind, and the times at both ends above. Bars of a line are as high as its highest.
pub fn print(out: &mut dyn Write, info: &TableInfo, rows: &[Row], zone: Option<&Zone>) -> io::Result<()> {
    let (Some(time), Some(kind)) = (info.column("time"), info.column("kind")) else { return Ok(()) };
    let times = rows.iter().filter_map(|row| if let Cell::Time(ts) = row[time] { Some(ts) } else { None });
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return Ok(()) };
    let mut kinds: BTreeMap<&Cell, [u64; BARS]> = BTreeMap::new();
    for row in rows {
        if let Cell::Time(ts) = row[time] {
            kinds.entry(&row[kind]).or_insert([0; BARS])[bar(ts, first, last)] += 1;
        }
    }
    let text = |cell: &Cell| {
        let mut text = String::new();
        push_text(cell, zone, &mut text);
        text
    };
    let (from, to) = (text(&Cell::Time(first)), text(&Cell::Time(last)));
    let (from, to) = (from.get(..12).unwrap_or(&from), to.get(..12).unwrap_or(&to));
    writeln!(out, "{:12} {from}{to:>width$}", "", width = BARS - 12)?;
    for (kind, counts) in &kinds {
        let highest = counts.iter().copied().max().unwrap_or(0);
        let bars: String = counts.iter().map(|count| height(*count, highest)).collect();
        writeln!(out, "{:12} {bars} {}", text(kind), counts.iter().sum::<u64>())?;
    }
    writeln!(out)
}

/// The bar that a time belongs to.
fn bar(ts: u64, first: u64, last: u64) -> usize {
    let width = u128::from(last - first) + 1;
    (u128::from(ts.saturating_sub(first)) * BARS as u128 / width) as usize
}

/// Whatever is there is seen.
fn height(count: u64, highest: u64) -> char {
    let most = HEIGHTS.len() as u64 - 1;
    HEIGHTS[count.saturating_mul(most).div_ceil(highest.max(1)).min(most) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_bars() {
        assert_eq!((bar(5, 5, 5), bar(0, 0, 59), bar(59, 0, 59)), (0, 0, 59));
        assert_eq!(bar(u64::MAX, 0, u64::MAX), BARS - 1);
        assert_eq!((height(0, 1000), height(1, 1000), height(1000, 1000)), (' ', '▁', '█'));
    }
}
