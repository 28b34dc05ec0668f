//! Test files: paths enter, cases leave, each with its rules, its trace and what it expects; or the first mistake with its
//! place. Whether the rules and the trace exist is not known here.

mod discover;
mod document;
mod expect;
mod load;
mod matcher;
mod matrix;
mod read;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use tercel_replay::{Matching, Point};
use tercel_rules::program::Priority;
use tercel_rules::select::Selection;

pub use discover::test_files;
pub use document::{Document, Problem};
pub use expect::{Expectation, FieldMatcher, Pattern};
pub use load::{LoadExpectation, Wanted};
pub use matcher::{Count, Matcher};
pub use read::read;

/// A test file.
#[derive(Debug)]
pub struct Suite {
    /// Its text.
    pub document: Arc<Document>,
    /// Its cases, those of a matrix and of several traces each on its own.
    pub cases: Vec<Case>,
}

/// Which rules of which files run, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSpec {
    /// Files and directories in the order of loading, as seen from the working directory.
    pub files: Vec<PathBuf>,
    /// Steps that switch rules on and off.
    pub selection: Selection,
    /// Less urgent rules are left out.
    pub priority: Priority,
}

/// Part of a capture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Window {
    /// First point inside.
    pub from: Option<Point>,
    /// First point behind.
    pub to: Option<Point>,
}

/// A byte range of a test file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub from: usize,
    /// The byte behind.
    pub to: usize,
}

/// A case.
#[derive(Debug)]
pub struct Case {
    /// The file it stands in.
    pub document: Arc<Document>,
    /// Where it starts.
    pub offset: usize,
    /// Line of its start, from 1.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// Rules, and where they are named.
    pub rules: RuleSpec,
    /// Where the rules are named.
    pub rules_at: usize,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// The capture; none where only the loading of rules is tested.
    pub trace: Option<TraceSpec>,
    /// Rules see only events for which this condition holds, and where it stands.
    pub filter: Option<(String, usize)>,
    /// Rules see only events inside.
    pub window: Window,
    /// What is expected of each rule.
    pub expectations: Vec<Expectation>,
    /// Whether rules without an expectation have to be silent.
    pub others_silent: bool,
    /// All alert lines in order.
    pub lines: Option<Lines>,
    /// What loading the rules has to say.
    pub load: LoadExpectation,
    /// Where expectations stand, for those who write them.
    pub layout: Layout,
}

/// A capture as a case names it.
#[derive(Debug, Clone)]
pub struct TraceSpec {
    /// The path as seen from the working directory.
    pub path: PathBuf,
    /// Where it is named.
    pub offset: usize,
}

/// Lines that are expected, and where they come from.
#[derive(Debug)]
pub struct Lines {
    /// The lines; nothing if the file that holds them does not exist yet.
    pub texts: Option<Vec<String>>,
    /// Where they stand in the test file, or where the file is named that holds them.
    pub span: Span,
    /// The file that holds them.
    pub file: Option<PathBuf>,
}

/// Where the parts of a case stand in its file.
#[derive(Debug, Default, Clone)]
pub struct Layout {
    /// The mapping of the case.
    pub case: Option<Span>,
    /// The value of `expect`.
    pub expect: Option<Span>,
    /// The value of `silent`.
    pub silent: Option<Span>,
}

impl Case {
    /// A mistake at a byte of its file.
    pub fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        self.document.problem_at(offset, message)
    }

    /// File and name, as filters and reports show them.
    pub fn title(&self) -> String {
        format!("{}: {}", self.document.name, self.name)
    }

    /// Whether it expects nothing at all.
    pub fn is_empty(&self) -> bool {
        self.expectations.is_empty() && !self.others_silent && self.lines.is_none() && self.load.is_empty()
    }
}
