//! Options of `tercel shrink`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tercel_recording::Kind;
use tercel_replay::{Matching, Options, Paths, Settings};
use tercel_rules::load;

use super::overrides::PathsName;
use super::write::{USUAL, WriteArgs, one};
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{Rules, Shrink};

const AFTER_HELP: &str = "\
Of the alerts of a rule, or those of one event, the trace keeps the events, and of the state only what the lines need: processes that \
led to them, fds, users, containers. Everything else goes, arguments and environments of other processes first. What may go is tried \
by replays; the file that was written is replayed at the end.

Example:
  tercel shrink -r rules --rule 'Miner started' trace.scap -w s.scap

With --with-test, a test that expects the alerts stands beside the trace, here s.test.yaml, for \
'tercel test'.";

/// Options of `tercel shrink`.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER_HELP,
    override_usage = "tercel shrink [OPTIONS] -r <FILE> --rule <NAME> -w <FILE> <TRACE>"
)]
pub struct ShrinkArgs {
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// The rule whose alerts are to stay
    #[arg(long, value_name = "NAME")]
    rule: String,
    /// Only the alert at the event of this number (%evt.num)
    #[arg(long, value_name = "N")]
    event: Option<u64>,
    /// The capture
    #[arg(value_name = "TRACE")]
    trace: String,
    /// Which of several matching rules raises an alert
    #[arg(long, value_enum, default_value = "first")]
    rule_matching: MatchingName,
    /// Which paths conditions see, as for 'tercel replay' [default: both]
    #[arg(long, value_enum, value_name = "WHOSE")]
    paths: Option<PathsName>,
    #[command(flatten)]
    write: WriteArgs,
    /// Write a test that expects the alerts beside the trace: small.test.yaml beside small.scap
    #[arg(long, help_heading = "Writing")]
    with_test: bool,
    /// Print no summary and no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show warnings of the rule files and every damaged place
    #[arg(short, long)]
    verbose: bool,
}

/// Which of several matching rules raises an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MatchingName {
    /// The first one in the order of loading
    First,
    /// All of them
    All,
}

impl ShrinkArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// The capture does not exist, or cannot be read several times; or no test can stand beside the trace.
    pub fn intent(self) -> Result<Shrink, Failure> {
        let input = one(self.trace)?;
        if input == Input::Stdin {
            return Err(Failure::usage(
                "shrink reads the capture several times; standard input cannot be it",
            ));
        }
        let write = self.write.intent(Kind::Native, USUAL);
        if self.with_test && write.path.as_os_str() == "-" {
            return Err(Failure::usage("--with-test needs a file for the trace: name one with -w"));
        }
        let matching = match self.rule_matching {
            MatchingName::First => Matching::First,
            MatchingName::All => Matching::All,
        };
        let paths = self.paths.map_or(Paths::Both, PathsName::setting);
        Ok(Shrink {
            input,
            rules: Rules { files: self.rules, options: load::Options::default(), tags: Vec::new() },
            rule: self.rule,
            event: self.event,
            options: Options {
                matching,
                settings: Settings { paths, ..Settings::default() },
                ..Options::default()
            },
            test: self.with_test.then(|| write.path.with_extension("test.yaml")),
            write,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
