//! The options of a run, independent of the form of the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use tercel_replay::{Paths, Point};

/// Reads a point in a capture, as `from` and `to` of a test file name it; the error is a sentence for people.
pub type ParsePoint = fn(&str) -> Result<Point, String>;

/// What to run and what to report.
#[derive(Debug, Clone)]
pub struct Options {
    /// Test files, and directories that are searched for `*.test.yaml`.
    pub paths: Vec<PathBuf>,
    /// Only cases whose `FILE: NAME` contains one of these texts; all cases if there is none.
    pub filter: Vec<String>,
    /// Captures that are read at a time. No verdict depends on it.
    pub jobs: NonZeroUsize,
    /// Verify native traces before they are replayed.
    pub verify: bool,
    /// Whose paths conditions see.
    pub seen_paths: Paths,
    /// Write the actual results into the test files, in place of a verdict.
    pub bless: bool,
    /// Reports to write.
    pub reports: Vec<Report>,
    /// Measure what the cases leave untested.
    pub coverage: bool,
    /// The run fails if a smaller percentage of the rules is shown to fire, or shown to be silent.
    pub fail_under: Option<f64>,
    /// No text report unless it is requested.
    pub quiet: bool,
    /// Report every case, alert and warning.
    pub verbose: bool,
    /// How text is printed.
    pub screen: Screen,
    /// How points in captures are read.
    pub parse_point: ParsePoint,
}

impl Options {
    /// Runs the test files below the paths on one thread, and prints the text report without colours.
    pub fn new(paths: Vec<PathBuf>, parse_point: ParsePoint) -> Options {
        Options {
            paths,
            filter: Vec::new(),
            jobs: NonZeroUsize::MIN,
            verify: true,
            seen_paths: Paths::default(),
            bless: false,
            reports: Vec::new(),
            coverage: false,
            fail_under: None,
            quiet: false,
            verbose: false,
            screen: Screen::default(),
            parse_point,
        }
    }
}

/// Where the text report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// With colours.
    pub colours: bool,
    /// Columns of text.
    pub columns: usize,
}

impl Default for Screen {
    /// No terminal: no colours, and 120 columns.
    fn default() -> Screen {
        Screen { colours: false, columns: 120 }
    }
}

/// A report and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its kind.
    pub kind: ReportKind,
    /// The file; the output of the run without one.
    pub file: Option<PathBuf>,
}

/// Kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// For people.
    Text,
    /// JUnit XML.
    Junit,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// One JSON object.
    Json,
    /// Annotations of GitHub Actions.
    Github,
}

impl ReportKind {
    /// All kinds, in the order in which help lists them.
    pub const ALL: [ReportKind; 5] =
        [ReportKind::Text, ReportKind::Junit, ReportKind::Tap, ReportKind::Json, ReportKind::Github];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ReportKind::Text => "text",
            ReportKind::Junit => "junit",
            ReportKind::Tap => "tap",
            ReportKind::Json => "json",
            ReportKind::Github => "github",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ReportKind;

    #[test]
    fn reports_have_their_names() {
        let names = ReportKind::ALL.map(ReportKind::name);
        assert_eq!(names, ["text", "junit", "tap", "json", "github"]);
    }
}
