//! Captures for the verbs about rules that read several at a time: what was named on the command line enters, captures that the
//! ruletest crate opens leave; the damage that it found is printed.

use std::io;
use std::num::NonZeroUsize;

use tercel_format::{Capture, OpenError};
use tercel_ruletest::{Captures, Ended, RunError};

use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::Input;
use crate::progress::Progress;
use crate::test;

/// Has `work` read captures, `jobs` at a time, one per CPU unless given.
pub fn read<T>(
    inputs: &[Input],
    jobs: Option<NonZeroUsize>,
    quiet: bool,
    work: impl FnOnce(Captures<'_>) -> Result<T, RunError>,
) -> Result<T, Failure> {
    let progress = Progress::of_all(inputs, quiet);
    let names: Vec<String> = inputs.iter().map(Input::name).collect();
    let open = |at: usize| open(inputs.get(at), &progress);
    let advance = |bytes| progress.advance(bytes);
    let cpus = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let jobs = jobs.unwrap_or_else(cpus);
    let done = work(Captures { names: &names, open: &open, advance: &advance, jobs });
    progress.finish();
    done.map_err(test::failure)
}

fn open(input: Option<&Input>, progress: &Progress) -> Result<Capture, OpenError> {
    let watch = |bytes| progress.watch(bytes);
    match input {
        Some(Input::File(path)) => Capture::open(path, &watch),
        Some(Input::Stdin) | None => Capture::of_stream(progress.watch(Box::new(io::stdin()))),
    }
}

/// Prints what is wrong with captures, and returns the gravest outcome.
pub fn ended(captures: &[Ended], verbose: bool) -> Outcome {
    let outcomes = captures.iter().map(|ended| {
        let damaged = diagnostics::damaged(&ended.name, &ended.report, verbose);
        let failed = ended.error.as_ref().map(|error| {
            let message = format!("{}: {error}", ended.name);
            let failure = if error.is_damage() { Failure::damaged(message) } else { Failure::io(message) };
            diagnostics::failed(&failure)
        });
        damaged.max(failed.unwrap_or(Outcome::Done))
    });
    outcomes.max().unwrap_or(Outcome::Done)
}
