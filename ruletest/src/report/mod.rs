//! Reports: a run with its verdicts enters; text, JUnit XML, TAP, JSON and annotations leave, each to its place.

mod columns;
mod covered;
mod github;
mod json;
mod junit;
mod tap;
mod text;

pub(crate) use columns::Paint;
pub(crate) use github::{Annotation, Level};

use std::fs;
use std::path::Path;

use tercel_format::series::is_same_file;
use tercel_rules::files;

use crate::coverage::Coverage;
use crate::error::RunError;
use crate::options::{Options, Report, ReportKind, Screen};
use crate::output::Output;
use crate::suite::Case;
use crate::verdict::Run;

/// Refuses reports that would be written over what is read: test files, rules, captures, lines. Rule files that cannot be read have an
/// error of their own.
pub(crate) fn refuse_overwriting(options: &Options, cases: &[&Case]) -> Result<(), RunError> {
    for report in options.reports.iter().filter_map(|report| report.file.as_deref()) {
        for case in cases {
            let rules = files::read(&case.rules.files).unwrap_or_default();
            let rules = rules.iter().map(|file| Path::new(&file.name));
            let trace = case.trace.iter().map(|trace| trace.path.as_path());
            let lines = case.lines.iter().filter_map(|lines| lines.file.as_deref());
            let read = trace.chain(lines).chain([Path::new(&*case.document.name)]).chain(rules);
            if let Some(input) = read.into_iter().find(|input| is_same_file(report, input)) {
                return Err(RunError::Overwrites { report: report.to_owned(), input: input.to_owned() });
            }
        }
    }
    Ok(())
}

/// Writes all reports that were asked for; the text is printed where no other report is.
pub(crate) fn write(
    run: &Run<'_>,
    coverage: Option<&Coverage>,
    options: &Options,
    output: &mut Output<'_>,
) -> Result<(), RunError> {
    let mut reports = options.reports.clone();
    if !options.quiet && reports.iter().all(|report| report.file.is_some()) {
        reports.push(Report { kind: ReportKind::Text, file: None });
    }
    for report in &reports {
        let screen = if report.file.is_none() { options.screen } else { Screen::default() };
        let content = match report.kind {
            ReportKind::Text => text::text(run, coverage, options, screen),
            ReportKind::Junit => junit::xml(run)?,
            ReportKind::Tap => tap::text(run),
            ReportKind::Json => json::text(run, coverage, options.verbose),
            ReportKind::Github => github::text(run),
        };
        match &report.file {
            Some(path) => fs::write(path, content).map_err(RunError::file(path))?,
            None => output.text(&content)?,
        }
    }
    Ok(())
}
