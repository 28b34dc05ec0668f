//! Options of `tercel events`.

use std::path::PathBuf;

use clap::Args;
use tercel_replay::Buffers;

use super::read::{POINTS, WindowArgs, captures};
use crate::exit::Failure;
use crate::intent::{Events, Intent, List};

const FORMATS: &str = "\
A format is text with fields after percent signs, as in the outputs of rules; 'tercel fields' lists them:
  tercel events trace.scap -p '%evt.time %proc.cmdline %fd.name'

An event that lacks one of the fields is not printed; with * at the start of the format, <NA> stands for it. \
-p container and -p kubernetes are the usual line with the container, and with the pod.";

/// Options of `tercel events`.
#[derive(Debug, Args)]
#[command(
    after_help = format!("{FORMATS}\n\n{POINTS}"),
    override_usage = "tercel events [OPTIONS] <TRACE… [FILTER]>\n       tercel events --list [--json] [TEXT]"
)]
pub struct EventsArgs {
    /// Captures, directories of them, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE… [FILTER]", required_unless_present = "list")]
    words: Vec<String>,
    /// The filter, if it does not follow the captures
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "list")]
    filter: Option<String>,
    /// What to print of an event
    #[arg(
        short = 'p',
        long = "print",
        value_name = "FORMAT",
        default_value = "",
        hide_default_value = true,
        help_heading = "Output"
    )]
    format: String,
    #[command(flatten)]
    buffers: BufferArgs,
    /// One JSON object per event, with the fields of the format as keys
    #[arg(short, long, help_heading = "Output")]
    json: bool,
    /// Write to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    /// Stop after this many lines
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Window")]
    limit: Option<u64>,
    /// List the events that captures can hold, with their parameters; only those whose names contain TEXT
    #[arg(short = 'L', long, help_heading = "Catalogue")]
    list: bool,
    /// No progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

/// How buffers of reads and writes are shown.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct BufferArgs {
    /// Print buffers as text with their line ends
    #[arg(short = 'A', long = "print-ascii", help_heading = "Buffers")]
    text: bool,
    /// Print buffers in base64
    #[arg(short = 'b', long = "print-base64", help_heading = "Buffers")]
    base64: bool,
    /// Print buffers in hexadecimal
    #[arg(short = 'x', long = "print-hex", help_heading = "Buffers")]
    hex: bool,
    /// Print buffers in hexadecimal, with text beside it
    #[arg(short = 'X', long = "print-hex-ascii", help_heading = "Buffers")]
    hex_text: bool,
}

impl BufferArgs {
    fn intent(&self) -> Buffers {
        match self {
            BufferArgs { text: true, .. } => Buffers::Text,
            BufferArgs { base64: true, .. } => Buffers::Base64,
            BufferArgs { hex: true, .. } => Buffers::Hex,
            BufferArgs { hex_text: true, .. } => Buffers::HexText,
            BufferArgs { .. } => Buffers::Dotted,
        }
    }
}

impl EventsArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// What was typed does not fit together, or names what is not there.
    pub fn intent(self) -> Result<Intent, Failure> {
        if self.list {
            return Ok(Intent::EventTypes(List { text: self.words.into_iter().next(), json: self.json }));
        }
        let (traces, filter) = captures(&self.words, self.filter)?;
        Ok(Intent::Events(Events {
            window: self.window.intent(&traces, true)?,
            traces,
            filter,
            format: self.format,
            buffers: self.buffers.intent(),
            json: self.json,
            output: self.output,
            limit: self.limit,
            quiet: self.quiet,
            verbose: self.verbose,
        }))
    }
}
