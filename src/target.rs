//! What a verb writes with `-w`: the arguments are checked, a writer of captures leaves.

use std::io::{self, IsTerminal};

use tercel_format::series::Destination;
use tercel_format::trace::Options;
use tercel_recording::CaptureWriter;

use crate::exit::Failure;
use crate::inputs::{Input, paths, refuse_overwriting};
use crate::intent::Write;

/// Most threads that compress.
const THREADS: usize = 64;

/// A writer for what was asked for. The file must not be one of `inputs`.
///
/// # Errors
/// It is, or it is a terminal.
pub fn writer(intent: &Write, inputs: &[Input]) -> Result<CaptureWriter, Failure> {
    refuse_overwriting(&intent.path, paths(inputs))?;
    if intent.path.as_os_str() == "-" && io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a capture cannot be written to a terminal; write it to a file or a pipe",
        ));
    }
    let threads = intent
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |count| count.get()))
        .clamp(1, THREADS);
    let options = Options {
        chunk: intent.chunk,
        level: intent.level,
        threads,
        sync: intent.sync,
        ..Options::default()
    };
    Ok(CaptureWriter::new(Destination::new(&intent.path), intent.kind, options))
}
