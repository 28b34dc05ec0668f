//! What a verb writes: the arguments are checked, a writer of captures leaves. Whether an output may be written is decided here, for all
//! verbs.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use tercel_format::series::{Destination, TargetError, is_same_file};
use tercel_format::trace::{Options, SignWith};
use tercel_recording::{CaptureWriter, Kind};

use crate::exit::Failure;
use crate::inputs::{Input, paths};
use crate::intent::Write;
use crate::sign::read_key;

/// Most threads that compress.
const THREADS: usize = 64;

/// Refuses to write to `output` if it is one of the files that are read or written besides, by whatever name: captures, rules,
/// configurations, other outputs.
///
/// # Errors
/// It is one of them.
pub fn refuse_overwriting<'a>(
    output: &Path,
    others: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Failure> {
    match others.into_iter().find(|other| is_same_file(output, other)) {
        Some(input) => {
            let (output, input) = (output.display(), input.display());
            Err(Failure::usage(format!("{output}: the output would overwrite the input {input}")))
        }
        None => Ok(()),
    }
}

/// The failure of a file that cannot be created.
pub fn refused(name: &str, error: &TargetError) -> Failure {
    match error {
        TargetError::Exists => Failure::usage(format!("{name}: the file exists; --force writes over it")),
        TargetError::Busy => Failure::usage(format!("{name}: {error}")),
        TargetError::Link(_) | TargetError::Foreign(_) | TargetError::Io(_) => {
            Failure::io(format!("{name}: {error}"))
        }
    }
}

/// A writer for what was asked for. The file must not be one of `inputs`, and must not exist unless that is wanted.
///
/// # Errors
/// It is, it does, or it is a terminal.
pub fn writer(intent: &Write, inputs: &[Input]) -> Result<CaptureWriter, Failure> {
    let writer = writer_of_series(intent, inputs)?;
    let destination = writer.destination();
    destination.look().map_err(|error| refused(&destination.name(), &error))?;
    Ok(writer)
}

/// Who signs what is written.
fn signer(intent: &Write) -> Result<Option<SignWith>, Failure> {
    let Some(key) = &intent.sign else { return Ok(None) };
    refuse_overwriting(&intent.path, [key.as_path()])?;
    if intent.kind != Kind::Native {
        return Err(Failure::usage("--sign signs native traces only"));
    }
    signer_of(key).map(Some)
}

/// Who signs with the key of a file.
///
/// # Errors
/// It cannot sign.
pub fn signer_of(key: &Path) -> Result<SignWith, Failure> {
    Ok(SignWith(Arc::new(read_key(key)?)))
}

/// As [`writer`], for a file that stands for others, which have names of their own.
///
/// # Errors
/// It is one of `inputs`, or a terminal.
pub fn writer_of_series(intent: &Write, inputs: &[Input]) -> Result<CaptureWriter, Failure> {
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
        layout: intent.layout,
        sync: intent.sync,
        signer: signer(intent)?,
        ..Options::default()
    };
    let destination = Destination::new(&intent.path).created(intent.creation);
    Ok(CaptureWriter::new(destination, intent.kind, options))
}
