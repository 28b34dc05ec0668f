//! The report for people: what failed with expected and got side by side, then the sums.

use std::fmt::Write;

use super::columns::{Paint, side_by_side};
use super::covered;
use crate::coverage::Coverage;
use crate::failure::{Failure, Status};
use crate::options::{Options, Screen};
use crate::verdict::{Run, Verdict};

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// The report; where it is to be verbose, with cases that passed, and every alert.
pub(crate) fn text(run: &Run<'_>, coverage: Option<&Coverage>, options: &Options, screen: Screen) -> String {
    let verbose = options.verbose;
    let paint = Paint::new(screen);
    let mut out = String::new();
    for file in &run.broken {
        line!(out, "{} {}", paint.bad("ERROR"), file.problem);
    }
    for verdict in &run.verdicts {
        one(&mut out, verdict, verbose, &paint, screen.columns);
    }
    let covered = coverage.map(|coverage| covered::text(coverage, verbose, options.fail_under));
    out.push_str(covered.as_deref().unwrap_or_default());
    sums(&mut out, run, verbose, &paint);
    out
}

fn one(out: &mut String, verdict: &Verdict<'_>, verbose: bool, paint: &Paint, columns: usize) {
    let case = verdict.case;
    let title = format!("{}:{}: {}", case.document.name, case.line, case.name);
    match &verdict.status {
        Status::Passed if verbose => {
            line!(out, "{} {title}", paint.good("ok"));
        }
        Status::Passed => {}
        Status::Failed(failures) => {
            line!(out, "{} {}", paint.bad("FAIL"), paint.bold(&title));
            failures.iter().for_each(|failure| failed(out, verdict, failure, paint, columns));
        }
        Status::Broken(_, reason) => {
            line!(out, "{} {}", paint.bad("ERROR"), paint.bold(&title));
            reason.lines().for_each(|text| {
                line!(out, "  {text}");
            });
        }
    }
    if verbose {
        for (rule, seen) in verdict.alerts() {
            line!(out, "     {rule}: {}", seen.shown());
        }
    }
}

fn failed(out: &mut String, verdict: &Verdict<'_>, failure: &Failure, paint: &Paint, columns: usize) {
    line!(out, "  {}:{}: {}", verdict.case.document.name, failure.line, failure.message);
    out.push_str(&side_by_side(&failure.rows, "    ", paint, columns));
    for text in &failure.nearest {
        line!(out, "    {text}");
    }
    if let (Some(rule), Some(place)) = (&failure.rule, &failure.rule_at) {
        line!(out, "    {place}: rule '{rule}' is defined here");
    }
}

fn sums(out: &mut String, run: &Run<'_>, verbose: bool, paint: &Paint) {
    let tally = run.tally();
    let count = tally.passed + tally.failed + tally.broken;
    let cases = if count == 1 { "case" } else { "cases" };
    let verdict = if tally.passed == count { paint.good("ok") } else { paint.bad("FAILED") };
    line!(
        out,
        "{verdict}: {count} {cases}, {} passed, {} failed, {} with errors",
        tally.passed,
        tally.failed,
        tally.broken
    );
    if verbose {
        let work = run.work;
        line!(
            out,
            "captures decoded: {} ({} events); evaluations: {}; rule sets loaded: {}",
            work.captures,
            work.events,
            work.evaluations,
            work.sets
        );
    }
}
