//! Options of `tercel report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::{AskArgs, POINTS};
use super::rules::SelectionArgs;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{Report, ReportForm};

/// Options of `tercel report`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
The page needs no other file and no network. Its first screen says what happened; below stand the alerts with their processes, \
the events around them and the values that matched, and tables that can be sorted and searched:
  tercel report trace.scap --rules rules -o report.html\n\n{POINTS}"))]
pub struct ReportArgs {
    /// Captures, or directories of them; then, optionally, a filter: only the events for which it holds count
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    ask: AskArgs,
    /// Write to this file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value = "html", help_heading = "Output")]
    format: Format,
    /// Show times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
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
        let asked = self.ask.intent(&self.words, self.utc)?;
        if asked.traces.contains(&Input::Stdin) {
            return Err(Failure::usage(
                "a report reads captures more than once; standard input cannot be one of them",
            ));
        }
        Ok(Report {
            rules: self.selection.of(self.rules)?,
            asked,
            form: match self.format {
                Format::Html => ReportForm::Html,
                Format::Markdown => ReportForm::Markdown,
                Format::Json => ReportForm::Json,
            },
            output: self.output,
            utc: self.utc,
        })
    }
}
