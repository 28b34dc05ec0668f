//! Options of `tercel follow`.

use std::path::PathBuf;

use clap::Args;
use tercel_replay::fields::Direction;

use super::read::{POINTS, WindowArgs, captures};
use crate::exit::Failure;
use crate::intent::{Follow, Form};

/// Options of `tercel follow`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Of each call as much is shown as the recording kept: 80 bytes, unless 'tercel record -s SIZE' says more. What is missing is \
said where it is missing. Whose data are shown, the filter says: of a connection, of a file, of what a program printed:
  tercel follow trace.scap fd.port=4444
  tercel follow trace.scap fd.name=/etc/cron.d/job
  tercel follow --hex trace.scap 'proc.name=sh and fd.num in (1, 2)'
  tercel follow --raw --written --output job trace.scap fd.name=/tmp/job\n\n{POINTS}"))]
pub struct FollowArgs {
    /// Captures, directories of them, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
    /// Stop after this many calls
    #[arg(short = 'n', value_name = "CALLS", help_heading = "Window")]
    limit: Option<u64>,
    /// Show only what was read or received
    #[arg(long, conflicts_with = "written")]
    read: bool,
    /// Show only what was written or sent
    #[arg(long)]
    written: bool,
    /// Show bytes in hexadecimal, with the text beside
    #[arg(short = 'x', long, conflicts_with = "raw", help_heading = "Output")]
    hex: bool,
    /// Write the bytes and nothing else
    #[arg(long, help_heading = "Output")]
    raw: bool,
    /// Write to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Print times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
    /// Print no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

impl FollowArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Follow, Failure> {
        let (traces, filter) = captures(&self.words, self.filter)?;
        Ok(Follow {
            window: self.window.intent(&traces, self.utc)?,
            traces,
            filter,
            direction: match (self.read, self.written) {
                (true, _) => Some(Direction::In),
                (_, true) => Some(Direction::Out),
                _ => None,
            },
            form: match (self.hex, self.raw) {
                (true, _) => Form::Hex,
                (_, true) => Form::Raw,
                _ => Form::Text,
            },
            output: self.output,
            limit: self.limit,
            utc: self.utc,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
