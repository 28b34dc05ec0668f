//! How a case ended, and what was not as expected.

use crate::error::Outcome;

/// How a case ended.
#[derive(Debug)]
pub(crate) enum Status {
    /// Everything was as expected.
    Passed,
    /// Something was not.
    Failed(Vec<Failure>),
    /// It could not be judged: exit code and reason.
    Broken(Outcome, String),
}

/// Something that was not as expected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failure {
    /// Line of the test file, from 1.
    pub(crate) line: usize,
    /// The rule that it is about.
    pub(crate) rule: Option<String>,
    /// Where the rule is defined.
    pub(crate) rule_at: Option<String>,
    /// What is wrong, in a line.
    pub(crate) message: String,
    /// Expected and got, row by row.
    pub(crate) rows: Vec<Row>,
    /// Alerts that are nearest to what is missing, and events at which the rule came closest.
    pub(crate) nearest: Vec<String>,
    /// Those events, as JSON.
    pub(crate) near: serde_json::Value,
    /// Where alerts are missing: the position of the expectation in its case, and of the pattern in it.
    pub(crate) missing: Option<(usize, usize)>,
}

/// A row of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// What was expected here.
    pub(crate) expected: Option<String>,
    /// What was got here.
    pub(crate) got: Option<String>,
    /// Whether one is as good as the other.
    pub(crate) same: bool,
}
