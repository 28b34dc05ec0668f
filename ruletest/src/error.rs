//! How a run ends: with an [`Outcome`], or early with a [`RunError`].

use std::io;
use std::path::PathBuf;

use tercel_rules::files::FileError;
use tercel_rules::filter::NumberedError;
use tercel_rules::load::{TooLarge, TooManyParts};

use crate::diff::RevisionError;

/// How a run that came to its end ended, the gravest verdict of all. Later ones are graver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every case passed.
    Passed,
    /// A case failed, coverage is too low, or something has to be edited by hand.
    Failed,
    /// A test file or a rule file is invalid.
    Invalid,
    /// A capture is damaged.
    Damaged,
    /// A capture cannot be read.
    Unreadable,
}

/// Why a run ended before it had a verdict.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A path that was asked for does not exist.
    #[error("{}: no such file or directory", .0.display())]
    NoSuchPath(PathBuf),
    /// A directory holds no test file.
    #[error("{}: no *.test.yaml in this directory or below it", .0.display())]
    NoTestFile(PathBuf),
    /// The filters leave no case.
    #[error("no case to run: --filter matches no file and name")]
    NoCase,
    /// A rule file cannot be read.
    #[error(transparent)]
    RuleFile(#[from] FileError),
    /// A rule file cannot be read at a revision.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// Rules have errors, which are printed with their places.
    #[error("the rules have errors\n{}", .0.trim_end())]
    Rules(String),
    /// Rules cannot be divided into parts for `--coverage`.
    #[error("the rules cannot be divided into parts: {0}")]
    TooLarge(#[from] TooLarge),
    /// Rules cannot be taken apart to explain a missing alert.
    #[error(transparent)]
    TooManyParts(#[from] TooManyParts),
    /// A part of the rules cannot be compiled by itself.
    #[error("the rules cannot be divided into parts: {0}")]
    Part(#[from] NumberedError),
    /// A report would be written over what is read.
    #[error("{}: the report would overwrite the input {}", .report.display(), .input.display())]
    Overwrites {
        /// The file of the report.
        report: PathBuf,
        /// A test file, a rule file or a capture.
        input: PathBuf,
    },
    /// A file or directory cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Threads cannot be started.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The JUnit report cannot be made.
    #[error("cannot write JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// The output does not take what was printed.
    #[error("cannot print: {0}")]
    Output(io::Error),
}

impl RunError {
    /// Whether the user asked for something wrong; otherwise input or output failed.
    pub fn is_usage(&self) -> bool {
        match self {
            RunError::NoSuchPath(_)
            | RunError::NoTestFile(_)
            | RunError::NoCase
            | RunError::RuleFile(_)
            | RunError::Revision(_)
            | RunError::Rules(_)
            | RunError::Overwrites { .. }
            | RunError::TooLarge(_)
            | RunError::TooManyParts(_)
            | RunError::Part(_) => true,
            RunError::File { .. } | RunError::Threads(_) | RunError::Junit(_) | RunError::Output(_) => false,
        }
    }

    /// A failure of reading or writing a file.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> RunError {
        let path = path.into();
        move |source| RunError::File { path, source }
    }
}
