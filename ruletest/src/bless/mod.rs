//! `--bless`: verdicts enter; test files leave with what was got in the place of what was expected. Everything else in a file,
//! comments and layout included, stays as it is. What cannot be written is reported.

mod edits;
mod text;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use similar::TextDiff;
use tercel_rules::files::contents;

use crate::error::{Outcome, RunError};
use crate::failure::Status;
use crate::options::{Options, ParsePoint};
use crate::output::Output;
use crate::suite::{self, Suite};
use crate::verdict::{Run, Verdict};
use text::Edit;

pub(crate) use text::scalar;

/// A file as it shall be.
struct Rewritten {
    path: String,
    before: String,
    after: String,
}

/// Rewrites the files of cases that failed or expect nothing yet; each difference is printed before its file is written.
pub(crate) fn bless(
    run: &Run<'_>,
    suites: &[Suite],
    options: &Options,
    output: &mut Output<'_>,
) -> Result<Outcome, RunError> {
    let mut files = Vec::new();
    let mut notes = Notes::default();
    for suite in suites {
        let of_suite = |verdict: &&Verdict<'_>| verdict.case.document.name == suite.document.name;
        let verdicts: Vec<&Verdict<'_>> = run.verdicts.iter().filter(of_suite).collect();
        rewrite(suite, &verdicts, options.parse_point, &mut files, &mut notes)?;
    }
    for file in &files {
        let diff = TextDiff::from_lines(&file.before, &file.after);
        output.text(&diff.unified_diff().header(&file.path, &file.path).to_string())?;
    }
    for file in &files {
        fs::write(&file.path, &file.after).map_err(RunError::file(&file.path))?;
    }
    for note in notes.by_hand.iter().chain(&notes.warnings) {
        output.warning(note)?;
    }
    broken(run, output)?;
    let judged = |verdict: &&Verdict<'_>| !matches!(verdict.status, Status::Failed(_));
    let outcome = Run::gravest(run.verdicts.iter().filter(judged), &run.broken);
    let (written, left) = (files.len(), notes.by_hand.len());
    output.text(&format!("blessed: {written} written, {left} to be edited by hand\n"))?;
    Ok(if left == 0 { outcome } else { outcome.max(Outcome::Failed) })
}

/// What people have to read.
#[derive(Default)]
struct Notes {
    /// What has to be edited by hand.
    by_hand: Vec<String>,
    /// What was written, but is worth a look.
    warnings: Vec<String>,
}

/// Reports what could not be judged, and so cannot be blessed.
fn broken(run: &Run<'_>, output: &mut Output<'_>) -> Result<(), RunError> {
    for file in &run.broken {
        output.warning(&file.problem.to_string())?;
    }
    for verdict in &run.verdicts {
        if let Status::Broken(_, reason) = &verdict.status {
            output.warning(reason)?;
        }
    }
    Ok(())
}

fn rewrite(
    suite: &Suite,
    verdicts: &[&Verdict<'_>],
    parse_point: ParsePoint,
    files: &mut Vec<Rewritten>,
    notes: &mut Notes,
) -> Result<(), RunError> {
    let mut planned: BTreeMap<usize, Edit> = BTreeMap::new();
    for verdict in verdicts {
        let wanted = edits::of(verdict);
        notes.by_hand.extend(wanted.notes);
        notes.warnings.extend(wanted.warnings);
        for (path, after) in wanted.files {
            let before =
                match contents(&path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(RunError::file(path)(error));
                    }
                    read => read.unwrap_or_default(),
                };
            files.push(Rewritten { path: path.display().to_string(), before, after });
        }
        for edit in wanted.edits {
            let text = &suite.document.text;
            let case = verdict.case;
            let replaced = text.get(edit.span.from..edit.span.to).unwrap_or_default();
            let refused = match planned.get(&edit.span.from) {
                _ if replaced.contains("${") => Some("the value comes from the matrix"),
                Some(other) if *other != edit => {
                    Some("several cases share this place, and their results differ")
                }
                _ => None,
            };
            match refused {
                Some(reason) => notes
                    .by_hand
                    .push(format!("{}:{}: {}: {reason}", case.document.name, case.line, case.name)),
                None => drop(planned.insert(edit.span.from, edit)),
            }
        }
    }
    if planned.is_empty() {
        return Ok(());
    }
    let before = suite.document.text.to_string();
    let after = applied(&before, planned.values());
    let path = suite.document.name.to_string();
    // Whatever the layout was: a file that could be read can be read afterwards.
    if let Err(problem) = suite::read(Path::new(&path), after.as_bytes(), parse_point) {
        notes.by_hand.push(format!("{path}: cannot be rewritten, because it would be invalid: {problem}"));
        return Ok(());
    }
    files.push(Rewritten { path, before, after });
    Ok(())
}

/// A text with its edits, which are in the order of their places.
fn applied<'e>(text: &str, edits: impl DoubleEndedIterator<Item = &'e Edit>) -> String {
    let mut text = text.to_owned();
    for edit in edits.rev() {
        let inside = edit.span.from <= edit.span.to && text.get(edit.span.from..edit.span.to).is_some();
        if inside {
            text.replace_range(edit.span.from..edit.span.to, &edit.text);
        }
    }
    text
}
