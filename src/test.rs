//! `tercel test`: the intent enters, reports and an exit code leave. Everything in between is in the ruletest crate.

use std::io;
use std::num::NonZeroUsize;

use tercel_ruletest::{self as ruletest, Options, RunError};

use crate::exit::{Failure, Outcome};
use crate::intent::TestRun;
use crate::{screen, window};

/// Runs the verb.
pub fn run(args: &TestRun) -> Result<Outcome, Failure> {
    ruletest::run(&options(args), &mut io::stdout(), &mut io::stderr()).map(code).map_err(failure)
}

fn options(args: &TestRun) -> Options {
    let cpus = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Options {
        filter: args.filter.clone(),
        jobs: args.jobs.unwrap_or_else(cpus),
        verify: args.verify,
        seen_paths: args.seen_paths,
        bless: args.bless,
        reports: args.reports.clone(),
        coverage: args.coverage,
        fail_under: args.fail_under,
        quiet: args.quiet,
        verbose: args.verbose,
        screen: screen::of_stdout(),
        ..Options::new(args.paths.clone(), window::point)
    }
}

fn code(outcome: ruletest::Outcome) -> Outcome {
    match outcome {
        ruletest::Outcome::Passed => Outcome::Done,
        ruletest::Outcome::Failed => Outcome::Reached,
        ruletest::Outcome::Invalid => Outcome::Usage,
        ruletest::Outcome::Damaged => Outcome::Damaged,
        ruletest::Outcome::Unreadable => Outcome::Io,
    }
}

/// The failure of a run that ended early.
pub fn failure(error: RunError) -> Failure {
    if error.is_usage() { Failure::usage(error) } else { Failure::io(error) }
}
