//! Options of the verbs that read captures and write one: `tercel convert`, `index`, `recover`, `slice` and `merge`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tercel_recording::Kind;

use super::read::{POINTS, WindowArgs, captures, captures_only, single};
use super::values;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{Convert, Merge, Slice, Write};

/// How a capture is written.
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// Write to this file, or - for standard output
    #[arg(short, long = "write", value_name = "FILE", help_heading = "Writing")]
    write: PathBuf,
    /// Bytes of events after which a chunk of a native trace ends, 4KiB to 64MiB
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "4MiB",
        value_parser = values::chunk,
        help_heading = "Writing"
    )]
    chunk: usize,
    /// Compression level of a native trace: 1 to 19, or max
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "3",
        value_parser = values::level,
        help_heading = "Writing"
    )]
    level: i32,
    /// Bring each chunk to the disk before the next
    #[arg(long, help_heading = "Writing")]
    sync: bool,
    /// Threads that compress [default: one per CPU]
    #[arg(short = 'j', long = "threads", value_name = "THREADS", help_heading = "Writing")]
    threads: Option<usize>,
}

impl WriteArgs {
    /// What is asked for.
    pub fn intent(self, kind: Kind) -> Write {
        let WriteArgs { write: path, chunk, level, sync, threads } = self;
        Write { path, kind, chunk, level, sync, threads }
    }
}

/// Which kind of capture is written.
#[derive(Debug, Args)]
pub struct KindArgs {
    /// What to write
    #[arg(long, value_enum, default_value = "native", help_heading = "Writing")]
    to: Target,
}

impl KindArgs {
    /// What is asked for.
    pub fn intent(&self) -> Kind {
        match self.to {
            Target::Native => Kind::Native,
            Target::Scap => Kind::Scap,
            Target::Gzip => Kind::Gzip,
        }
    }
}

/// Kinds of captures that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A native trace
    Native,
    /// A plain scap capture
    Scap,
    /// A scap capture in gzip
    Gzip,
}

/// Options of `tercel convert` and `recover`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The capture, or - for standard input
    #[arg(value_name = "TRACE")]
    trace: String,
    #[command(flatten)]
    kind: KindArgs,
    #[command(flatten)]
    write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl ConvertArgs {
    /// What is asked for; `salvage` takes captures of which the start is missing.
    ///
    /// # Errors
    /// The capture is not there.
    pub fn intent(self, salvage: bool) -> Result<Convert, Failure> {
        let write = self.write.intent(self.kind.intent());
        let (quiet, verbose) = (self.quiet, self.verbose);
        Ok(Convert { input: one(self.trace)?, write, salvage, quiet, verbose })
    }
}

/// Options of `tercel index`.
#[derive(Debug, Args)]
pub struct IndexArgs {
    /// The capture, or - for standard input
    #[arg(value_name = "TRACE")]
    trace: String,
    #[command(flatten)]
    write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl IndexArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// The capture is not there.
    pub fn intent(self) -> Result<Convert, Failure> {
        let write = self.write.intent(Kind::Native);
        let (quiet, verbose) = (self.quiet, self.verbose);
        Ok(Convert { input: one(self.trace)?, write, salvage: false, quiet, verbose })
    }
}

pub(super) fn one(trace: String) -> Result<Input, Failure> {
    single(captures_only(&[trace])?)
}

/// Options of `tercel slice`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
The slice begins with the state at the start of its window: replaying it gives the alerts that replaying the capture with \
the same window and filter gives, with the same event numbers. Events that the filter leaves out stay in it, marked as \
being there for the state only, where later ones cannot be understood without them.\n\n{POINTS}"))]
pub struct SliceArgs {
    /// A capture, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE [FILTER]", required = true)]
    words: Vec<String>,
    /// The filter, if it does not follow the capture
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl SliceArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// What was typed does not fit together, or names what is not there.
    pub fn intent(self) -> Result<Slice, Failure> {
        let (traces, filter) = captures(&self.words, self.filter)?;
        Ok(Slice {
            window: self.window.intent(&traces, true)?,
            input: single(traces)?,
            filter,
            write: self.write.intent(Kind::Native),
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}

/// Options of `tercel merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each capture stays a section of its own: the same process number means another process in each capture, so that \
events of different captures never share a state. For alerts of several captures in the order of time, replay them \
together with --merge instead.")]
pub struct MergeArgs {
    /// Captures, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    #[command(flatten)]
    kind: KindArgs,
    #[command(flatten)]
    write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl MergeArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// A capture is not there, or cannot be read twice.
    pub fn intent(self) -> Result<Merge, Failure> {
        let traces = captures_only(&self.traces)?;
        if traces.contains(&Input::Stdin) {
            let message = "merge reads captures twice; standard input cannot be one of them";
            return Err(Failure::usage(message));
        }
        let write = self.write.intent(self.kind.intent());
        Ok(Merge { traces, write, quiet: self.quiet, verbose: self.verbose })
    }
}
