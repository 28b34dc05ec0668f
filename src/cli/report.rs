//! Options of `tercel report`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::{POINTS, WindowArgs, captures};
use super::rules::SelectionArgs;
use super::values;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{Report, ReportForm};

/// Options of `tercel report`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
The page needs no other file and no network. Its first screen says what happened; below stand the alerts with their processes, \
the events around them and the values that matched, and tables that can be sorted and searched:
  tercel report trace.scap --rules /etc/tercel -o report.html\n\n{POINTS}"))]
pub struct ReportArgs {
    /// Captures, or directories of them; then, optionally, a filter: only the events for which it holds count
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
    /// The filter as an option, instead of words after the captures
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// Write to this file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value = "html", help_heading = "Output")]
    format: Format,
    /// Show times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
    /// Read on this many threads; the report is the same for any number [default: one per CPU]
    #[arg(short, long, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,
    /// Limit the memory for rows, as in 256MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = values::memory)]
    memory: Option<usize>,
    /// Print no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show warnings of the rule files and every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page
    Html,
    /// Markdown
    Markdown,
    /// JSON
    Json,
}

impl ReportArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Report, Failure> {
        let (traces, filter) = captures(&self.words, self.filter)?;
        if traces.contains(&Input::Stdin) {
            return Err(Failure::usage(
                "a report reads captures more than once; standard input cannot be one of them",
            ));
        }
        Ok(Report {
            rules: self.selection.of(self.rules)?,
            window: self.window.intent(&traces, self.utc)?,
            traces,
            filter,
            form: match self.format {
                Format::Html => ReportForm::Html,
                Format::Markdown => ReportForm::Markdown,
                Format::Json => ReportForm::Json,
            },
            output: self.output,
            utc: self.utc,
            jobs: self.jobs,
            memory: self.memory,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
