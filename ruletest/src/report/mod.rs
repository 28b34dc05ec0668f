//! Reports: a run with its verdicts enters; text, JUnit XML, TAP, JSON and annotations leave, each to its place.

mod columns;
mod covered;
mod github;
mod json;
mod junit;
mod tap;
mod text;

use std::fs;

use crate::coverage::Coverage;
use crate::error::RunError;
use crate::options::{Options, Report, ReportKind, Screen};
use crate::output::Output;
use crate::verdict::Run;

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
