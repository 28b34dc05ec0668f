//! Annotations of GitHub Actions: a command line per failure, which the runner shows at its file and line.

use std::fmt::Write;

use crate::failure::Status;
use crate::verdict::Run;

/// The report; empty if everything passed.
pub(crate) fn text(run: &Run<'_>) -> String {
    let mut out = String::new();
    for file in &run.broken {
        let line = file.problem.place.line;
        push(&mut out, &file.path.display().to_string(), line, "test file", &file.problem.to_string());
    }
    for verdict in &run.verdicts {
        let case = verdict.case;
        let name = &case.document.name;
        match &verdict.status {
            Status::Passed => {}
            Status::Failed(failures) => {
                for failure in failures {
                    let mut message = failure.message.clone();
                    for text in &failure.nearest {
                        let _ = write!(message, "\n{text}");
                    }
                    push(&mut out, name, failure.line, &case.name, &message);
                }
            }
            Status::Broken(_, reason) => push(&mut out, name, case.line, &case.name, reason),
        }
    }
    out
}

/// How an annotation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// In red; the check fails.
    Error,
    /// In yellow.
    Warning,
    /// In blue.
    Notice,
}

/// An annotation at a line of a file.
pub(crate) struct Annotation<'a> {
    pub(crate) level: Level,
    pub(crate) file: &'a str,
    pub(crate) line: usize,
    pub(crate) title: &'a str,
    pub(crate) message: &'a str,
}

impl Annotation<'_> {
    /// Appends the command line of the runner.
    pub(crate) fn push(&self, out: &mut String) {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let (file, title, message) = (property(self.file), property(self.title), data(self.message));
        let _ = writeln!(out, "::{level} file={file},line={},title={title}::{message}", self.line);
    }
}

fn push(out: &mut String, file: &str, line: usize, title: &str, message: &str) {
    Annotation { level: Level::Error, file, line, title, message }.push(out);
}

/// A text as the runner wants the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as the runner wants a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_runner_would_misread_is_escaped() {
        let mut out = String::new();
        push(&mut out, "a,b.yaml", 3, "50%: odd", "one\ntwo: 100%");
        assert_eq!(out, "::error file=a%2Cb.yaml,line=3,title=50%25%3A odd::one%0Atwo: 100%25\n");
    }
}
