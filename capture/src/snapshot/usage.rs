//! What processes have used so far, from `stat` and `status` of /proc (proc(5)).

use tercel_format::extras::Resources;

use super::text::{SHORT, bytes, text};
use super::threads::numbers;
use crate::resources::Usage;

/// Every process with what its threads have used together.
pub(crate) fn all() -> impl Iterator<Item = (i64, Usage)> {
    numbers("/proc").into_iter().filter_map(|pid| Some((pid, usage(pid)?)))
}

fn usage(pid: i64) -> Option<Usage> {
    let mut usage = parse_stat(&bytes(&format!("/proc/{pid}/stat"), SHORT).ok()?)?;
    // Kernel threads have no memory of their own, and no such lines.
    for line in text(&format!("/proc/{pid}/status")).ok()?.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let kb = || value.split_ascii_whitespace().next()?.parse().ok();
        match key {
            "VmSize" => usage.memory.size_kb = kb()?,
            "VmRSS" => usage.memory.rss_kb = kb()?,
            "VmSwap" => usage.memory.swap_kb = kb()?,
            _ => {}
        }
    }
    Some(usage)
}

/// Page faults, CPU time and start.
fn parse_stat(stat: &[u8]) -> Option<Usage> {
    // The name stands in parentheses and may hold any character: the last parenthesis ends it.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |index: usize| fields.get(index)?.parse().ok();
    let memory = Resources { minor_faults: field(7)?, major_faults: field(9)?, ..Resources::default() };
    Some(Usage { started: field(19)?, cpu: [field(11)?, field(12)?], memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_passed_over() {
        let stat = b"7 (a) b (c) S 1 7 7 0 -1 4194560 101 102 103 104 11 12 13 14 20 0 1 0 555 2048 9";
        let found = parse_stat(stat).expect("a line");
        assert_eq!((found.started, found.cpu), (555, [11, 12]));
        assert_eq!((found.memory.minor_faults, found.memory.major_faults), (101, 103));
        for end in 0..stat.len() - 10 {
            assert!(parse_stat(&stat[..end]).is_none_or(|found| found.started < 555), "{end} bytes");
        }
        assert!(parse_stat(b"\xff) \xff").is_none());
    }

    #[test]
    fn this_process_uses_memory() {
        let own = i64::from(std::process::id());
        let (_, usage) = all().find(|(pid, _)| *pid == own).expect("the test runs");
        assert!(usage.memory.size_kb >= usage.memory.rss_kb && usage.memory.rss_kb > 0, "{usage:?}");
        assert!(usage.memory.minor_faults > 0 && usage.started > 0, "{usage:?}");
    }
}
