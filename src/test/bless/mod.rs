//! `--bless`: verdicts enter; test files leave with what was got in the place of what was expected. Everything else in a file,
//! comments and layout included, stays as it is. What cannot be written so is told.

mod edits;
mod text;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use similar::TextDiff;

use super::judge::Status;
use super::suite::{self, Suite};
use super::verdict::{Run, Verdict};
use crate::exit::{Failure, Outcome};
use edits::Edit;

/// A file as it shall be.
struct Rewritten {
    path: String,
    before: String,
    after: String,
}

/// Rewrites the files of cases that failed or expect nothing yet; each difference is printed before its file is written.
pub fn bless(run: &Run<'_>, suites: &[Suite]) -> Result<Outcome, Failure> {
    let mut files = Vec::new();
    let mut notes = Vec::new();
    for suite in suites {
        let of_suite = |verdict: &&Verdict<'_>| verdict.case.document.name == suite.document.name;
        let verdicts: Vec<&Verdict<'_>> = run.verdicts.iter().filter(of_suite).collect();
        rewrite(suite, &verdicts, &mut files, &mut notes)?;
    }
    for file in &files {
        let diff = TextDiff::from_lines(&file.before, &file.after);
        print!("{}", diff.unified_diff().header(&file.path, &file.path));
    }
    for file in &files {
        fs::write(&file.path, &file.after).map_err(|error| Failure::io(format!("{}: {error}", file.path)))?;
    }
    for note in &notes {
        eprintln!("{note}");
    }
    broken(run);
    let judged = |verdict: &&Verdict<'_>| !matches!(verdict.status, Status::Failed(_));
    let outcome = Run::gravest(run.verdicts.iter().filter(judged), &run.broken);
    println!("blessed: {} written, {} left to be done by hand", files.len(), notes.len());
    Ok(if notes.is_empty() { outcome } else { outcome.max(Outcome::Reached) })
}

/// Tells what could not be judged, and so cannot be blessed.
fn broken(run: &Run<'_>) {
    for file in &run.broken {
        eprintln!("{}", file.problem);
    }
    for verdict in &run.verdicts {
        if let Status::Broken(_, reason) = &verdict.status {
            eprintln!("{reason}");
        }
    }
}

fn rewrite(
    suite: &Suite,
    verdicts: &[&Verdict<'_>],
    files: &mut Vec<Rewritten>,
    notes: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut planned: BTreeMap<usize, Edit> = BTreeMap::new();
    for verdict in verdicts {
        let wanted = edits::of(verdict);
        notes.extend(wanted.notes);
        for (path, after) in wanted.files {
            let before = fs::read_to_string(&path).unwrap_or_default();
            files.push(Rewritten { path: path.display().to_string(), before, after });
        }
        for edit in wanted.edits {
            let text = &suite.document.text;
            let case = verdict.case;
            let replaced = text.get(edit.span.from..edit.span.to).unwrap_or_default();
            let refused = match planned.get(&edit.span.from) {
                _ if replaced.contains("${") => Some("the value comes from the matrix"),
                Some(other) if *other != edit => {
                    Some("several cases share the place, and got different things")
                }
                _ => None,
            };
            match refused {
                Some(reason) => {
                    notes.push(format!("{}:{}: {}: {reason}", case.document.name, case.line, case.name))
                }
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
    if let Err(problem) = suite::read(Path::new(&path), after.as_bytes()) {
        notes.push(format!("{path}: cannot be rewritten, since it would not be readable: {problem}"));
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
