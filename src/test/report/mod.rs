//! Reports: a run with its verdicts enters; text, JUnit XML, TAP, JSON and annotations leave, each to its place.

mod columns;
mod covered;
mod github;
mod json;
mod junit;
mod tap;
mod text;

use std::fs;
use std::io::{self, Write};

use super::args::{Kind, ReportTo, TestArgs};
use super::coverage::Coverage;
use super::verdict::Run;
use crate::exit::Failure;
use crate::finish;

/// Writes all reports that were asked for; the text goes to standard output where no other report does.
pub fn write(run: &Run<'_>, coverage: Option<&Coverage>, args: &TestArgs) -> Result<(), Failure> {
    let mut reports = args.report.clone();
    if !args.quiet && reports.iter().all(|report| report.file.is_some()) {
        reports.push(ReportTo { kind: Kind::Text, file: None });
    }
    for report in &reports {
        let to_terminal = report.file.is_none();
        let content = match report.kind {
            Kind::Text => text::text(run, coverage, args, to_terminal),
            Kind::Junit => junit::xml(run)?,
            Kind::Tap => tap::text(run),
            Kind::Json => json::text(run, coverage, args.verbose),
            Kind::Github => github::text(run),
        };
        match &report.file {
            Some(path) => fs::write(path, content)
                .map_err(|error| Failure::io(format!("{}: {error}", path.display())))?,
            None => {
                let mut out = io::stdout().lock();
                finish(out.write_all(content.as_bytes()).and_then(|()| out.flush()))?;
            }
        }
    }
    Ok(())
}
