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

pub(crate) use discover::test_files;
pub(crate) use document::{Document, Problem};
pub(crate) use expect::{Expectation, FieldMatcher, Pattern};
pub(crate) use load::{LoadExpectation, Wanted};
pub(crate) use matcher::{Count, Matcher};
pub(crate) use read::read;

/// A test file.
#[derive(Debug)]
pub(crate) struct Suite {
    /// Its text.
    pub(crate) document: Arc<Document>,
    /// Its cases, those of a matrix and of several traces each on its own.
    pub(crate) cases: Vec<Case>,
}

/// Which rules of which files run, and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RuleSpec {
    /// Files and directories in the order of loading, as seen from the working directory.
    pub(crate) files: Vec<PathBuf>,
    /// Files of correlations and directories of them.
    pub(crate) correlations: Vec<PathBuf>,
    /// Steps that switch rules on and off.
    pub(crate) selection: Selection,
    /// Less urgent rules are left out.
    pub(crate) priority: Priority,
}

/// Part of a capture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Window {
    /// First point inside.
    pub(crate) from: Option<Point>,
    /// First point after.
    pub(crate) to: Option<Point>,
}

/// A byte range of a test file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte.
    pub(crate) from: usize,
    /// The byte after.
    pub(crate) to: usize,
}

/// A case.
#[derive(Debug)]
pub(crate) struct Case {
    /// The file it stands in.
    pub(crate) document: Arc<Document>,
    /// Where it starts.
    pub(crate) offset: usize,
    /// Line of its start, from 1.
    pub(crate) line: usize,
    /// Its name.
    pub(crate) name: String,
    /// Rules, and where they are named.
    pub(crate) rules: RuleSpec,
    /// Where the rules are named.
    pub(crate) rules_at: usize,
    /// Which of several matching rules give an alert.
    pub(crate) matching: Matching,
    /// The capture; none where only the loading of rules is tested.
    pub(crate) trace: Option<TraceSpec>,
    /// Rules see only events for which this condition holds, and where it stands.
    pub(crate) filter: Option<(String, usize)>,
    /// Rules see only events inside.
    pub(crate) window: Window,
    /// What is expected of each rule.
    pub(crate) expectations: Vec<Expectation>,
    /// Whether rules without an expectation have to be silent.
    pub(crate) others_silent: bool,
    /// All alert lines in order.
    pub(crate) lines: Option<Lines>,
    /// What loading the rules has to say.
    pub(crate) load: LoadExpectation,
    /// Where expectations stand, for those who write them.
    pub(crate) layout: Layout,
}

/// A capture as a case names it.
#[derive(Debug, Clone)]
pub(crate) struct TraceSpec {
    /// The path as seen from the working directory.
    pub(crate) path: PathBuf,
    /// Where it is named.
    pub(crate) offset: usize,
}

/// Lines that are expected, and where they come from.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The lines; nothing if the file that holds them does not exist yet.
    pub(crate) texts: Option<Vec<String>>,
    /// Where they stand in the test file, or where the file is named that holds them.
    pub(crate) span: Span,
    /// The file that holds them.
    pub(crate) file: Option<PathBuf>,
}

/// Where the parts of a case stand in its file.
#[derive(Debug, Default, Clone)]
pub(crate) struct Layout {
    /// The mapping of the case.
    pub(crate) case: Option<Span>,
    /// The value of `expect`.
    pub(crate) expect: Option<Span>,
    /// The value of `silent`.
    pub(crate) silent: Option<Span>,
}

impl Case {
    /// A mistake at a byte of its file.
    pub(crate) fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        self.document.problem_at(offset, message)
    }

    /// File and name, as filters and reports show them.
    pub(crate) fn title(&self) -> String {
        format!("{}: {}", self.document.name, self.name)
    }

    /// Whether it expects nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.expectations.is_empty() && !self.others_silent && self.lines.is_none() && self.load.is_empty()
    }
}
