//! `tercel test`: test files enter, verdicts on rules leave, as text and as reports that other programs read.
//!
//! Data walks down the list of modules: files become cases (`suite`), cases ask for rule sets (`sets`) and captures (`plan`),
//! each capture is replayed once (`run`), every case is judged by the alerts that it gave (`judge`, `loading`), verdicts
//! become reports (`verdict`, `report`) or new expectations (`bless`). `explain` tells
//! what came closest to an alert that is missing, and `coverage` what the cases leave untested. Nothing here decodes or evaluates; that is the
//! business of the replay crate.

mod args;
mod bless;
mod coverage;
mod explain;
mod judge;
mod loading;
mod plan;
mod report;
mod run;
mod sets;
mod suite;
mod verdict;

use std::fs;
use std::num::NonZeroUsize;

pub use args::TestArgs;

use crate::exit::{Failure, Outcome};
use coverage::Coverage;
use plan::Plan;
use sets::Sets;
use suite::{Case, Suite};
use verdict::{BrokenFile, Run};

/// Runs the verb.
pub fn run(args: &TestArgs) -> Result<Outcome, Failure> {
    let (suites, broken) = suites(args)?;
    let cases = selected(args, &suites);
    if cases.is_empty() && broken.is_empty() {
        return Err(Failure::usage("no case is left to run: --filter fits none"));
    }
    let jobs = args.jobs.map_or_else(cpus, NonZeroUsize::get);
    let mut sets = Sets::default();
    let plan = Plan::of(&cases, &mut sets, args.bless, false);
    let replayed = run::replay(&plan.captures, &sets, jobs)?;
    let loaded = sets.clone();
    let mut run = Run::judged(&cases, broken, &plan, &replayed, &loaded);
    if args.bless {
        return bless::bless(&run, &suites);
    }
    explain::explain(&mut run, &plan, &mut sets, jobs)?;
    let wanted = args.coverage || args.fail_under.is_some();
    let coverage = wanted.then(|| coverage::measure(&cases, &run, &mut sets, jobs)).transpose()?;
    report::write(&run, coverage.as_ref(), args)?;
    let short = |coverage: &Coverage| args.fail_under.is_some_and(|least| !coverage.reaches(least));
    Ok(run.outcome().max(if coverage.as_ref().is_some_and(short) { Outcome::Reached } else { Outcome::Done }))
}

/// Reads all test files; those that are wrong are kept with the reason.
fn suites(args: &TestArgs) -> Result<(Vec<Suite>, Vec<BrokenFile>), Failure> {
    let (mut suites, mut broken) = (Vec::new(), Vec::new());
    for path in suite::test_files(&args.paths)? {
        let bytes = fs::read(&path).map_err(|error| Failure::io(format!("{}: {error}", path.display())))?;
        match suite::read(&path, &bytes) {
            Ok(suite) => suites.push(suite),
            Err(problem) => broken.push(BrokenFile { path, problem }),
        }
    }
    Ok((suites, broken))
}

/// The cases that the filters leave.
fn selected<'s>(args: &TestArgs, suites: &'s [Suite]) -> Vec<&'s Case> {
    let wanted = |case: &&Case| {
        let title = case.title();
        args.filter.is_empty() || args.filter.iter().any(|text| title.contains(text.as_str()))
    };
    suites.iter().flat_map(|suite| &suite.cases).filter(wanted).collect()
}

fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
