//! The test file that stands beside a small trace: names of files and alerts enter, its text leaves.

use std::path::{Component, Path, PathBuf};

use tercel_replay::Matching;

use super::{Ask, Shrunk};
use crate::bless::scalar;

/// What a test file names.
#[derive(Debug, Clone, Copy)]
pub struct TestFile<'a> {
    /// Where it is to stand.
    pub path: &'a Path,
    /// The rule files and directories, in the order of loading.
    pub rules: &'a [PathBuf],
    /// The small trace.
    pub trace: &'a Path,
    /// Only alerts of the rule are in the trace, so that all lines can be expected.
    pub is_alone: bool,
}

impl TestFile<'_> {
    /// Its text: one case, which expects the alert lines of a trace.
    pub fn text(&self, ask: &Ask<'_>, shrunk: &Shrunk) -> String {
        let directory = self.path.parent().unwrap_or_else(|| Path::new(""));
        let named = |path: &PathBuf| scalar(&beside(directory, path).display().to_string());
        let rules: Vec<String> = self.rules.iter().map(named).collect();
        let rules = match rules.as_slice() {
            [one] => one.clone(),
            all => format!("[{}]", all.join(", ")),
        };
        let mut text = format!("rules: {rules}\n");
        if ask.options.matching == Matching::All {
            text.push_str("rule_matching: all\n");
        }
        let trace = beside(directory, self.trace).display().to_string();
        text.push_str(&format!("trace: {}\n", scalar(&trace)));
        text.push_str(&format!("expect:\n  {}: {}\n", scalar(ask.rule), shrunk.alerts()));
        if self.is_alone {
            text.push_str("lines:\n");
            for line in &shrunk.lines {
                let line = String::from_utf8_lossy(&line.text);
                text.push_str(&format!("  - {}\n", scalar(line.trim_end())));
            }
        }
        text
    }
}

/// A path as seen from a directory. Relative ones stay so where both can be resolved.
fn beside(directory: &Path, path: &Path) -> PathBuf {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let (Ok(from), Ok(to)) = (directory.canonicalize(), path.canonicalize()) else { return path.to_owned() };
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}
