//! Options of the verbs that read captures and write one: `tercel convert`, `index`, `recover`, `slice` and `merge`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tercel_format::series::{Creation, Rotation};
use tercel_format::trace::Layout;
use tercel_recording::Kind;

use super::read::{POINTS, WindowArgs, captures, captures_only, single};
use super::values;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{Convert, Merge, Slice, Write};

/// How files are created.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Write over an existing file
    #[arg(long, help_heading = "Writing")]
    force: bool,
    /// Permissions of the file in octal, whatever the umask
    #[arg(long, value_name = "MODE", default_value = "0600", value_parser = values::mode, help_heading = "Writing")]
    mode: u32,
}

impl CreateArgs {
    /// The typed intent.
    pub fn intent(&self) -> Creation {
        Creation { force: self.force, mode: self.mode }
    }
}

/// How a capture is written.
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// Write to this file, or - for standard output
    #[arg(short, long = "write", value_name = "FILE", help_heading = "Writing")]
    write: PathBuf,
    #[command(flatten)]
    create: CreateArgs,
    /// Size of the chunks of a native trace before compression, 4KiB to 64MiB
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
    #[command(flatten)]
    layout: LayoutArgs,
    /// Sync each chunk to disk before the next one is written
    #[arg(long, help_heading = "Writing")]
    sync: bool,
    /// Compress on this many threads [default: one per CPU]
    #[arg(short = 'j', long = "threads", value_name = "THREADS", help_heading = "Writing")]
    threads: Option<usize>,
    /// Sign the native trace with this private SSH key, every fourth chunk and at the end (see 'tercel sign')
    #[arg(long, value_name = "KEY", help_heading = "Writing")]
    sign: Option<PathBuf>,
}

impl WriteArgs {
    /// The typed intent; a native trace has the layout `usual` unless another is chosen.
    pub fn intent(self, kind: Kind, usual: Layout) -> Write {
        let WriteArgs { write: path, create, chunk, level, layout, sync, threads, sign } = self;
        let (creation, layout) = (create.intent(), layout.intent(usual));
        Write { path, creation, kind, chunk, level, layout, sync, threads, sign }
    }
}

/// The layout that verbs choose that rewrite captures.
pub const USUAL: Layout = Layout::Columns;

/// How the events of a native trace are laid out.
#[derive(Debug, Args)]
pub struct LayoutArgs {
    /// Layout of events in a native trace [default: columns; of what is recorded: rows]
    #[arg(long, value_enum, value_name = "LAYOUT", hide_default_value = true, help_heading = "Writing")]
    layout: Option<LayoutArg>,
}

impl LayoutArgs {
    /// The typed intent: `usual`, unless another is chosen.
    pub fn intent(&self, usual: Layout) -> Layout {
        match self.layout {
            None => usual,
            Some(LayoutArg::Rows) => Layout::Rows,
            Some(LayoutArg::Columns) => Layout::Columns,
        }
    }
}

/// Layouts of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutArg {
    /// One after the other: 'zstd -dc' of the trace is a scap capture
    Rows,
    /// Each parameter by itself: about half the size, and replay unpacks only what it needs
    Columns,
}

/// Which kind of capture is written.
#[derive(Debug, Args)]
pub struct KindArgs {
    /// Kind of capture to write
    #[arg(long, value_enum, default_value = "native", help_heading = "Writing")]
    to: Target,
}

impl KindArgs {
    /// The typed intent.
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
    /// Print no summary and no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl ConvertArgs {
    /// The typed intent; `salvage` accepts captures whose start is missing.
    ///
    /// # Errors
    /// The capture does not exist.
    pub fn intent(self, salvage: bool) -> Result<Convert, Failure> {
        let write = self.write.intent(self.kind.intent(), USUAL);
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
    /// Print no summary and no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl IndexArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// The capture does not exist.
    pub fn intent(self) -> Result<Convert, Failure> {
        let write = self.write.intent(Kind::Native, USUAL);
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
The slice begins with the state at the start of the window: replaying it gives the alerts that replaying the capture with \
the same window and filter gives, with the same event numbers. Events that the filter excludes are kept, marked as \
state only, if later events depend on them.\n\n{POINTS}"))]
pub struct SliceArgs {
    /// A capture, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE [FILTER]", required = true)]
    words: Vec<String>,
    /// The filter as an option, instead of words after the capture
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Stop after this many events
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Window")]
    limit: Option<u64>,
    /// Leave out what the kept events do not depend on: other processes, with their arguments and environments, and other
    /// containers. Processes that led to the kept ones stay, since fields show them. The capture is read twice
    #[arg(long)]
    only: bool,
    /// Start a new file when the current one reaches this size; a number without a unit is in megabytes. Each file is complete on
    /// its own: slice.scap becomes slice_000001.scap and so on
    #[arg(short = 'C', value_name = "SIZE", value_parser = values::file_size, help_heading = "Several files")]
    rotate_size: Option<u64>,
    /// Start a new file after this time since its first event, in seconds or as in 10m; % sequences in the name stand for the time
    /// at which a file starts
    #[arg(short = 'G', value_name = "DURATION", value_parser = values::duration, help_heading = "Several files")]
    rotate_age: Option<Duration>,
    #[command(flatten)]
    write: WriteArgs,
    /// Print no summary and no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl SliceArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Slice, Failure> {
        let (traces, filter) = captures(&self.words, self.filter)?;
        let window = self.window.intent(&traces, true)?;
        let input = single(traces)?;
        if self.only && input == Input::Stdin {
            return Err(Failure::usage("--only reads the capture twice; standard input cannot be it"));
        }
        Ok(Slice {
            window,
            input,
            only: self.only,
            filter,
            write: self.write.intent(Kind::Native, USUAL),
            rotation: Rotation { size: self.rotate_size, age: self.rotate_age },
            limit: self.limit,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}

/// Options of `tercel merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each capture stays a section of its own: a process id means a different process in each capture, so events of different \
captures never share a state. For the alerts of several captures in order of time, use 'tercel replay --merge' \
instead.")]
pub struct MergeArgs {
    /// Captures, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    #[command(flatten)]
    kind: KindArgs,
    #[command(flatten)]
    write: WriteArgs,
    /// Print no summary and no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

impl MergeArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// A capture does not exist, or cannot be read twice.
    pub fn intent(self) -> Result<Merge, Failure> {
        let traces = captures_only(&self.traces)?;
        if traces.contains(&Input::Stdin) {
            let message = "merge reads captures twice; standard input cannot be one of them";
            return Err(Failure::usage(message));
        }
        let write = self.write.intent(self.kind.intent(), USUAL);
        Ok(Merge { traces, write, quiet: self.quiet, verbose: self.verbose })
    }
}
