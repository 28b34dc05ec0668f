//! Correlations over alerts: files of their own enter, and the rules that run; what to count of their alerts, and what to say, leaves.
//!
//! Falco's loader ignores items that it does not know and warns (`LOAD_UNKNOWN_ITEM`), so these items do not stand in rule files, which
//! both read. Nothing here counts anything.
//!
//! ```
//! use tercel_rules::correlation::{Correlations, Kind};
//! use tercel_rules::{Loader, Options, RuleFile};
//!
//! let mut loader = Loader::new(Options::default());
//! loader.bytes("r.yaml", b"- {rule: Login failed, desc: d, condition: evt.type = openat, output: o, priority: INFO}");
//! let loaded = loader.finish();
//! let text = "\
//! - correlation: Password guessing
//!   type: event_count
//!   rules: [Login failed]
//!   group-by: [user.name]
//!   timespan: 1m
//!   condition: {gte: 5}
//!   output: '%correlation.count failed logins of %user.name'
//!   priority: WARNING
//! ";
//! let file = RuleFile { name: "c.yaml".to_owned(), bytes: text.as_bytes().to_vec() };
//! let read = Correlations::read(&[file], &loaded).expect("valid");
//! assert_eq!(read.list[0].kind, Kind::EventCount);
//! assert_eq!(read.list[0].timespan, 60_000_000_000);
//! ```

mod asked;
mod output;
mod read;
mod span;
#[cfg(test)]
mod tests;

use crate::program::{Operand, Priority};

pub use crate::load::document::Problem;
pub use output::{Output, Own, Part};
pub use span::{longest, parse_span};

/// Correlations and deduplication over the alerts of a program.
#[derive(Debug, Clone, Default)]
pub struct Correlations {
    /// Correlations in the order of the files.
    pub list: Vec<Correlation>,
    /// Which alerts of rules are printed once per group and time.
    pub once: Vec<Once>,
    /// Per rule of the program the values that its alerts have to bring along; none for rules that nothing looks at.
    pub asked: Vec<Vec<Operand>>,
    /// What is worth a remark: rules that do not run.
    pub remarks: Vec<Problem>,
}

/// A correlation.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// Name, unique among correlations and rules.
    pub name: String,
    /// Description; may be empty.
    pub desc: String,
    /// Priority of its alerts.
    pub priority: Priority,
    /// Tags, sorted and without duplicates.
    pub tags: Vec<String>,
    /// What is counted.
    pub kind: Kind,
    /// The rules whose alerts are counted, in the order given.
    pub base: Vec<Base>,
    /// Names of the fields that make a group, as outputs print them.
    pub group: Vec<String>,
    /// Length of the window in nanoseconds.
    pub timespan: u64,
    /// How much there has to be in a window.
    pub condition: Condition,
    /// For how long, in nanoseconds, a group gives no further alert after one; 0: it may at once.
    pub once: u64,
    /// What its alerts say.
    pub output: Output,
}

/// What a correlation counts (Sigma's types).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Alerts.
    EventCount,
    /// Different values of a field.
    ValueCount,
    /// Different rules, in any order.
    Temporal,
    /// All rules, in the order given.
    TemporalOrdered,
}

/// A rule whose alerts count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Its position in the program.
    pub rule: usize,
    /// Positions of the values of the group among those that are asked of the rule.
    pub group: Vec<usize>,
    /// Position of the value that is counted.
    pub value: Option<usize>,
    /// Positions of the values that the output shows of the last alert, in the order of [`Output::fields`].
    pub shown: Vec<usize>,
}

/// How much there has to be, bounds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// At least; 1 or more.
    pub least: u64,
    /// At most: it is known at the end of a window only.
    pub most: Option<u64>,
}

impl Condition {
    /// Whether a count is meant.
    pub fn holds(self, count: u64) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }
}

/// Alerts that are printed once per group and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The rules, each with the positions of the values of the group.
    pub base: Vec<Base>,
    /// For how long, in nanoseconds.
    pub timespan: u64,
}
