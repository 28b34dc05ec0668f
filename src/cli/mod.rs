//! The command line: words enter, one typed intent per run leaves. Text becomes types here, by clap's value parsers
//! (`values`), and nothing below knows clap.

#[cfg(test)]
mod documented;
mod events;
mod inspect;
mod live;
mod read;
mod record;
mod redact;
mod replay;
mod rules;
mod test;
mod values;
mod write;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Failure;
use crate::intent::Intent;

const AFTER_HELP: &str = "\
Exit codes:
  0  ran to the end
  1  --fail-on was reached, or a test failed
  2  usage or rules are wrong
  3  a capture is damaged (everything readable was still processed)
  4  input or output failed";

/// Capture and replay forensics for Linux system calls, with Falco's rule language.
#[derive(Debug, Parser)]
#[command(name = "tercel", version, after_help = AFTER_HELP, max_term_width = 110)]
struct Cli {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Record what the host does into a trace
    Record(Box<record::RecordArgs>),
    /// Evaluate rules over what the host does, as it happens
    Live(Box<live::LiveArgs>),
    /// Evaluate rules over captures and print the alerts
    Replay(Box<replay::ReplayArgs>),
    /// Turn captures of any kind into native traces, or traces into plain captures
    Convert(write::ConvertArgs),
    /// Write a capture again as a native trace with an index
    Index(write::IndexArgs),
    /// Summarize captures (native traces: from the index, at once)
    Info(inspect::InfoArgs),
    /// Check the digests and the structure of native traces; exit code 3 at the first break
    Verify(inspect::VerifyArgs),
    /// Rescue what is readable of a damaged or truncated capture into a new trace
    Recover(write::ConvertArgs),
    /// Write a part of a capture (a window, or what a filter selects) as a trace of its own
    Slice(write::SliceArgs),
    /// Write a capture again without secrets: passwords, buffers, names, addresses
    Redact(redact::RedactArgs),
    /// Put several captures into one trace, in the order of their first events
    Merge(write::MergeArgs),
    /// Test rules over stored captures; exit code 1 if a case fails
    Test(Box<test::TestArgs>),
    /// Check or list rule files
    Rules {
        /// What to do with them.
        #[command(subcommand)]
        verb: rules::RulesVerb,
    },
    /// Write manual pages and completions, for packages
    #[command(hide = true)]
    Assets {
        /// The directory
        directory: PathBuf,
    },
    /// Check a configuration
    Config {
        /// What to do with it.
        #[command(subcommand)]
        verb: rules::ConfigVerb,
    },
    /// List the fields that conditions and outputs can use
    Fields(rules::ListArgs),
    /// Print the events of captures, or list the events that captures can hold
    Events(Box<events::EventsArgs>),
}

/// Reads the words of a command line, the first of which is the program. Help and what clap refuses end the process here, with clap's own words.
///
/// # Errors
/// What was typed does not fit together, or names what is not there.
pub fn parse(words: Vec<OsString>) -> Result<Intent, Failure> {
    match Cli::parse_from(words).verb {
        Verb::Record(args) => args.intent().map(Intent::Record),
        Verb::Live(args) => args.intent().map(Intent::Live),
        Verb::Replay(args) => args.intent().map(Intent::Replay),
        Verb::Convert(args) => args.intent(false).map(Intent::Convert),
        Verb::Index(args) => args.intent().map(Intent::Convert),
        Verb::Info(args) => args.intent().map(Intent::Info),
        Verb::Verify(args) => args.intent().map(Intent::Verify),
        Verb::Recover(args) => args.intent(true).map(Intent::Convert),
        Verb::Slice(args) => args.intent().map(Intent::Slice),
        Verb::Redact(args) => args.intent().map(Intent::Redact),
        Verb::Merge(args) => args.intent().map(Intent::Merge),
        Verb::Test(args) => Ok(Intent::Test(args.intent())),
        Verb::Rules { verb } => verb.intent(),
        Verb::Assets { directory } => Ok(Intent::Assets(directory)),
        Verb::Config { verb } => Ok(verb.intent()),
        Verb::Fields(args) => Ok(Intent::Fields(args.intent())),
        Verb::Events(args) => args.intent(),
    }
}

/// The command line's own definition, for manual pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}
