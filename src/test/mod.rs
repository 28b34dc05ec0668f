//! `tercel test`: test files enter, verdicts on rules leave, as text and as reports that other programs read.
//!
//! Data walks down the list of modules: files become cases (`suite`), cases ask for rule sets (`sets`) and captures (`plan`),
//! each capture is replayed once (`run`), every case is judged by the alerts that it gave (`judge`, `loading`), and verdicts
//! become reports (`verdict`, `report`) or new expectations (`bless`). Nothing here decodes or evaluates; that is the
//! business of the replay crate.

mod args;
mod bless;
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
    let run = Run::judged(&cases, broken, &plan, &replayed, &sets);
    if args.bless {
        return bless::bless(&run, &suites);
    }
    report::write(&run, args)?;
    Ok(run.outcome())
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
