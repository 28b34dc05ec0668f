//! Options of `tercel events`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tercel_replay::Buffers;

use super::overrides::PathsName;
use super::read::{POINTS, WindowArgs, captures, filter};
use super::values;
use crate::exit::Failure;
use crate::intent::{Events, Intent, List, OfHost};

const FORMATS: &str = "\
A format is text with fields after percent signs, as in the output of a rule; 'tercel fields' lists the fields:
  tercel events trace.scap -p '%evt.time %proc.cmdline %fd.name'

An event that lacks one of the fields is not printed, unless the format starts with *: then the missing value prints as \
<NA>. -p container and -p kubernetes print the default line with the container or the pod.";

/// Options of `tercel events`.
#[derive(Debug, Args)]
#[command(
    after_help = format!("{FORMATS}\n\n{POINTS}"),
    override_usage = "tercel events [OPTIONS] <TRACE… [FILTER]>\n       tercel events --live [OPTIONS] [FILTER]\n       tercel events --list [--json] [TEXT]"
)]
pub struct EventsArgs {
    /// Captures, directories of them, or - for standard input; then, optionally, a filter. With --live only a filter
    #[arg(value_name = "TRACE… [FILTER]", required_unless_present_any = ["list", "live"])]
    words: Vec<String>,
    /// Print the events of this host as they happen, until -n, -M or Ctrl-C ends it. tercel itself is left out
    #[arg(long, conflicts_with_all = ["list", "from", "to"], help_heading = "This host")]
    live: bool,
    /// With --live: keep at most this many bytes of each buffer
    #[arg(
        short = 's',
        long,
        value_name = "SIZE",
        default_value = "80",
        value_parser = values::snaplen,
        help_heading = "This host"
    )]
    snaplen: u32,
    /// With --live: stop after this time, in seconds or as in 2m30s
    #[arg(
        short = 'M',
        long = "seconds",
        value_name = "DURATION",
        value_parser = values::duration,
        requires = "live",
        help_heading = "This host"
    )]
    duration: Option<Duration>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "list")]
    filter: Option<String>,
    /// What to print for each event, in the format below
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
    /// Which paths the filter sees: those that callers gave, those that the kernel resolved, or both: an event matches with
    /// the ones or with the others. With kernel the kernel's are printed, too [default: both]
    #[arg(long, value_enum, value_name = "WHOSE")]
    paths: Option<PathsName>,
    /// Print one JSON object per event, with the fields of the format as keys
    #[arg(short, long, help_heading = "Output")]
    json: bool,
    /// Write the lines to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    /// Stop after this many lines
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Window")]
    limit: Option<u64>,
    /// List the events that captures can contain, with their parameters; with TEXT, only those whose names contain it
    #[arg(short = 'L', long, help_heading = "Catalogue")]
    list: bool,
    /// Print no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

/// How buffers of reads and writes are printed.
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
    /// Print buffers in hexadecimal and as text, side by side
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
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        if self.list {
            return Ok(Intent::EventTypes(List { text: self.words.into_iter().next(), json: self.json }));
        }
        let (traces, filter) = match self.live {
            true => (Vec::new(), filter(&self.words, self.filter, "after the options")?),
            false => captures(&self.words, self.filter)?,
        };
        Ok(Intent::Events(Events {
            window: self.window.intent(&traces, true)?,
            host: self.live.then_some(OfHost { snaplen: self.snaplen, duration: self.duration }),
            traces,
            filter,
            format: self.format,
            buffers: self.buffers.intent(),
            seen_paths: self.paths.map(PathsName::setting).unwrap_or_default(),
            json: self.json,
            output: self.output,
            limit: self.limit,
            quiet: self.quiet,
            verbose: self.verbose,
        }))
    }
}
