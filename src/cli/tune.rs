//! Options of `tercel tune`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use tercel_replay::Settings;
use tercel_rules::files::is_absent;

use super::overrides::{PathsName, RuleMatching};
use super::read::captures_only;
use super::rules::SelectionArgs;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::Tune;

const AFTER_HELP: &str = "\
Example:
  tercel tune -r rules --good quiet.scap --bad attacks -w my.local.yaml

Captures are read several times, so they have to be files. Review the exceptions before you load them: a capture that is \
taken for good by mistake silences an attack.";

/// Options of `tercel tune`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct TuneArgs {
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// Captures, or directories of them, of which every alert is noise
    #[arg(long, value_name = "TRACE", required = true, num_args = 1..)]
    good: Vec<String>,
    /// Captures, or directories of them, of which no alert may be lost
    #[arg(long, value_name = "TRACE", num_args = 1..)]
    bad: Vec<String>,
    /// Test files, or directories that are searched for *.test.yaml, of which no case may be lost
    #[arg(long, value_name = "PATH", num_args = 1..)]
    tests: Vec<PathBuf>,
    /// Tune only rules that raise at least this many alerts over the good captures
    #[arg(long, value_name = "ALERTS", default_value = "1")]
    at_least: u64,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Which of several matching rules raises an alert
    #[arg(long, value_enum, default_value = "first", help_heading = "Rule selection")]
    rule_matching: RuleMatching,
    /// Which paths conditions see, as for 'tercel replay' [default: both]
    #[arg(long = "paths", value_enum, value_name = "WHOSE", help_heading = "Rule selection")]
    seen_paths: Option<PathsName>,
    /// Read this many captures at a time; the output is the same for any number [default: one per CPU]
    #[arg(short, long, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,
    /// Write the exceptions to this file, to be loaded after the rules; without it, only the report is printed
    #[arg(short = 'w', long = "write", value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long, requires = "output", help_heading = "Output")]
    force: bool,
    /// Print no progress and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

impl TuneArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Tune, Failure> {
        let good = files(&self.good)?;
        let bad = if self.bad.is_empty() { Vec::new() } else { files(&self.bad)? };
        if let Some(missing) = self.tests.iter().find(|path| is_absent(Path::new(path))) {
            return Err(Failure::usage(format!("{}: no such file or directory", missing.display())));
        }
        Ok(Tune {
            rules: self.selection.of(self.rules)?,
            matching: self.rule_matching.setting(),
            settings: Settings {
                paths: self.seen_paths.map(PathsName::setting).unwrap_or_default(),
                ..Settings::default()
            },
            good,
            bad,
            tests: self.tests,
            least: self.at_least,
            output: self.output,
            force: self.force,
            jobs: self.jobs,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}

/// Captures that can be read again.
fn files(words: &[String]) -> Result<Vec<Input>, Failure> {
    let inputs = captures_only(words)?;
    match inputs.contains(&Input::Stdin) {
        true => Err(Failure::usage("standard input can be read only once; write it to a file first")),
        false => Ok(inputs),
    }
}
