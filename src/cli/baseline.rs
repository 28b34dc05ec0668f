//! Options of `tercel baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::read::{AskArgs, POINTS};
use crate::exit::Failure;
use crate::intent::{Compare, Face, Intent, Learn};

/// The verbs of `tercel baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineVerb {
    /// Learn from quiet captures: executions and their parents, files by directory, peers and listeners of each program
    #[command(after_help = "Example:\n  tercel baseline learn monday.scap tuesday.scap -o base.json")]
    Learn(Box<LearnArgs>),
    /// Show what a capture has and the baseline has not, the rarest first, with the reasons. What belongs together is one row: what many
    /// programs did with one thing, or one program with many
    #[command(after_help = format!("Example:\n  tercel baseline diff base.json today.scap -n 20\n\n{POINTS}"))]
    Diff(Box<DiffArgs>),
}

/// Options of `tercel baseline learn`.
#[derive(Debug, Args)]
pub struct LearnArgs {
    /// Captures, or directories of them; then, optionally, a filter: only the events for which it holds count
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// Write the baseline to this file
    #[arg(short, long, value_name = "FILE", required = true, help_heading = "Output")]
    output: PathBuf,
}

/// Options of `tercel baseline diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The baseline
    #[arg(value_name = "BASELINE")]
    baseline: PathBuf,
    /// Captures, or directories of them; then, optionally, a filter: only the events for which it holds count
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    ask: AskArgs,
    /// Show at most this many rows
    #[arg(short = 'n', value_name = "ROWS", help_heading = "Output")]
    limit: Option<usize>,
    /// Print one JSON object per row
    #[arg(long, conflicts_with = "csv", help_heading = "Output")]
    json: bool,
    /// Print CSV, the names of the columns first
    #[arg(long, help_heading = "Output")]
    csv: bool,
    /// Print times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
}

impl BaselineVerb {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        Ok(match self {
            BaselineVerb::Learn(args) => {
                Intent::Learn(Learn { from: args.ask.intent(&args.words, true)?, output: args.output })
            }
            BaselineVerb::Diff(args) => Intent::Compare(Compare {
                baseline: args.baseline,
                with: args.ask.intent(&args.words, args.utc)?,
                face: match (args.json, args.csv) {
                    (true, _) => Face::Json,
                    (_, true) => Face::Csv,
                    _ => Face::Text,
                },
                limit: args.limit,
                utc: args.utc,
            }),
        })
    }
}
