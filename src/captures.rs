//! The captures that a verb reads: what was named on the command line enters, open captures leave one by one. A bad one
//! does not keep the others from being read; its error is printed, and shows in the exit code.

use std::fs::File;
use std::io;
use std::sync::Arc;

use tercel_format::Capture;
use tercel_format::trace::Trace;

use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, length};
use crate::progress::Progress;

/// Opens a capture.
pub fn open(input: &inputs::Input, progress: &Progress) -> Result<Capture, Failure> {
    let watch = |bytes| progress.watch(bytes);
    let opened = match input {
        inputs::Input::Stdin => Capture::of_stream(progress.watch(Box::new(io::stdin()))),
        inputs::Input::File(path) => Capture::open(path, &watch),
    };
    opened.map_err(|error| diagnostics::unopened(&input.name(), &error))
}

/// Opens a capture of which the start may be missing.
pub fn salvage(input: &inputs::Input, progress: &Progress) -> Result<Capture, Failure> {
    let inputs::Input::File(path) = input else { return open(input, progress) };
    let watch = |bytes| progress.watch(bytes);
    Capture::salvage(path, &watch).map_err(|error| diagnostics::unopened(&input.name(), &error))
}

/// Opens a native trace of which only the blocks count, because it has failed verification; `None` if that is not possible.
pub fn distrusted(input: &inputs::Input) -> Option<Capture> {
    let inputs::Input::File(path) = input else { return None };
    let salvaged = File::open(path).ok().and_then(|file| Trace::salvage(file).ok());
    salvaged.map(|trace| Capture::Native(Arc::new(trace.distrusted())))
}

/// Opens captures one by one. `work` gets each in turn and returns its outcome; failures of `work` are not those of the capture and
/// end the run.
pub fn each(
    inputs: &[inputs::Input],
    quiet: bool,
    mut work: impl FnMut(&str, Capture, &Progress) -> Result<(Outcome, Next), Failure>,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Done;
    for input in inputs {
        let name = input.name();
        let progress = Progress::new(&name, length(input), quiet);
        let done = match open(input, &progress) {
            Ok(capture) => work(&name, capture, &progress),
            Err(failure) => Ok((diagnostics::failed(&failure), Next::GoOn)),
        };
        progress.finish();
        let (one, next) = done?;
        outcome = outcome.max(one);
        if next == Next::Stop {
            break;
        }
    }
    Ok(outcome)
}

/// Whether to open the next capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Open it.
    GoOn,
    /// The output is closed.
    Stop,
}
