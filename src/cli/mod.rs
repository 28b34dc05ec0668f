//! The command line: words enter, one typed intent per run leaves. Text becomes types here, by clap's value parsers
//! (`values`), and nothing below knows clap.

mod baseline;
mod collect;
mod diff;
mod doctor;
#[cfg(test)]
mod documented;
mod dump;
mod events;
mod examples;
mod explain;
mod export;
mod fleet;
mod follow;
#[cfg(test)]
mod help;
mod inspect;
mod lint;
mod live;
mod overrides;
mod profile;
mod read;
mod record;
mod redact;
mod replay;
mod report;
mod rules;
mod shrink;
mod sql;
mod tables;
mod test;
mod tune;
mod values;
mod write;

pub use fleet::judge as fleet_judge;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

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
    /// Record the system calls of this host to a trace
    Record(Box<record::RecordArgs>),
    /// Evaluate rules over the system calls of this host, as they happen
    Live(Box<live::LiveArgs>),
    /// Collect all in one file, without a plan: a trace, what the host offers, rules, alerts, a report, checksums
    Collect(Box<collect::CollectArgs>),
    /// Evaluate rules over captures and print the alerts
    Replay(Box<replay::ReplayArgs>),
    /// Convert a capture of any kind to a native trace, or a trace to a plain capture
    Convert(write::ConvertArgs),
    /// Rewrite a capture as a native trace with an index
    Index(write::IndexArgs),
    /// Summarize captures (native traces: from the index, at once)
    Info(inspect::InfoArgs),
    /// Check digests, structure, contents and keyframes of native traces; exit code 3 if one is damaged
    Verify(inspect::VerifyArgs),
    /// Sign native traces with an SSH key
    Sign(inspect::SignArgs),
    /// Write what is readable of a damaged or truncated capture to a new trace
    Recover(write::ConvertArgs),
    /// Write part of a capture (a window, or what a filter selects) to a new trace
    Slice(write::SliceArgs),
    /// Rewrite a capture without secrets: passwords, buffers, names, addresses
    Redact(redact::RedactArgs),
    /// Write the smallest trace that still gives the alerts of a rule, ready as a test
    Shrink(Box<shrink::ShrinkArgs>),
    /// Join several captures in one trace, in the order of their first events
    Merge(write::MergeArgs),
    /// Write the events that a running recorder keeps in memory
    Dump(dump::DumpArgs),
    /// Check what a recording of this host would lack, and how to mend it
    Doctor(doctor::DoctorArgs),
    /// Show the data of connections, files, pipes and terminals, as far as they were captured
    Follow(Box<follow::FollowArgs>),
    /// Write a report on captures: one page with alerts, processes, connections and files
    Report(Box<report::ReportArgs>),
    /// Learn what programs do in quiet captures, and show what is new in another
    Baseline {
        /// What to do.
        #[command(subcommand)]
        verb: baseline::BaselineVerb,
    },
    /// Write events or tables for other programs: Parquet, JSON lines, CSV, or the schemas OCSF and ECS
    Export(Box<export::ExportArgs>),
    /// Answer SQL queries about captures (in builds with the feature sql)
    Sql(sql::SqlArgs),
    /// Show the processes of a capture as a tree
    Ps(Box<tables::PsArgs>),
    /// Show what happened in order of time: executions, rights, first connections, changes of the system
    Timeline(Box<tables::TimelineArgs>),
    /// Show what people did: shells, commands and directories below them, logins, changes of the user
    Users(Box<tables::PlainArgs>),
    /// Show what processes did with files
    Files(Box<tables::PlainArgs>),
    /// Show connections, or the sockets that wait for some
    Net(Box<tables::NetArgs>),
    /// Show the fds that are open at the end, or at a moment
    Fds(Box<tables::PlainArgs>),
    /// Show containers and what happened in them
    Containers(Box<tables::PlainArgs>),
    /// Show what there is most of: processes, files, connections, containers, calls, errors
    Top(Box<tables::TopArgs>),
    /// Show a table, or list the tables and their columns
    Table(Box<tables::TableArgs>),
    /// Judge thousands of captures in shards that any scheduler runs: plan, run, merge
    Fleet {
        /// What to do.
        #[command(subcommand)]
        verb: fleet::FleetVerb,
    },
    /// Test rules over stored captures; exit code 1 if a case fails
    Test(Box<test::TestArgs>),
    /// Show what a change of rules does: which alerts over captures appear, vanish or change
    Diff(Box<diff::DiffArgs>),
    /// Show why a rule fired or did not: the terms of its condition, with the values of an event
    Explain(Box<explain::ExplainArgs>),
    /// Show what rules cost: how often terms, macros and rules are asked, their shares of the time, and what to rewrite
    Profile(Box<profile::ProfileArgs>),
    /// Propose exceptions that silence the alerts over good captures, and lose no alert over bad ones
    Tune(Box<tune::TuneArgs>),
    /// Check rule files, or list their rules
    Rules {
        /// What to do with them.
        #[command(subcommand)]
        verb: rules::RulesVerb,
    },
    /// Write man pages and shell completions, for packages
    #[command(hide = true)]
    Assets {
        /// Write below this directory
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

/// Reads the words of a command line, the first of which is the program. Help, and usage that clap refuses, end the process here
/// with clap's own message.
///
/// # Errors
/// Arguments contradict each other, or name something that does not exist.
pub fn parse(words: Vec<OsString>) -> Result<Intent, Failure> {
    let matches = command().try_get_matches_from(words).unwrap_or_else(|error| without_dashes(error).exit());
    let found = Cli::from_arg_matches(&matches).map_err(Failure::usage)?;
    match found.verb {
        Verb::Record(args) => args.intent().map(Intent::Record),
        Verb::Live(args) => args.intent().map(Intent::Live),
        Verb::Collect(args) => args.intent().map(Intent::Collect),
        Verb::Replay(args) => args.intent().map(Intent::Replay),
        Verb::Convert(args) => args.intent(false).map(Intent::Convert),
        Verb::Index(args) => args.intent().map(Intent::Convert),
        Verb::Info(args) => args.intent().map(Intent::Info),
        Verb::Verify(args) => args.intent().map(Intent::Verify),
        Verb::Sign(args) => args.intent().map(Intent::Sign),
        Verb::Recover(args) => args.intent(true).map(Intent::Convert),
        Verb::Slice(args) => args.intent().map(Intent::Slice),
        Verb::Redact(args) => args.intent().map(Intent::Redact),
        Verb::Shrink(args) => args.intent().map(Intent::Shrink),
        Verb::Merge(args) => args.intent().map(Intent::Merge),
        Verb::Dump(args) => Ok(Intent::Dump(args.intent())),
        Verb::Doctor(args) => Ok(Intent::Doctor(args.intent())),
        Verb::Follow(args) => args.intent().map(Intent::Follow),
        Verb::Report(args) => args.intent().map(Intent::Report),
        Verb::Baseline { verb } => verb.intent(),
        Verb::Export(args) => args.intent().map(Intent::Export),
        Verb::Sql(args) => args.intent().map(Intent::Sql),
        Verb::Ps(args) => args.intent(),
        Verb::Timeline(args) => args.intent(),
        Verb::Users(args) => args.users(),
        Verb::Files(args) => args.files(),
        Verb::Net(args) => args.intent(),
        Verb::Fds(args) => args.fds(),
        Verb::Containers(args) => args.containers(),
        Verb::Top(args) => args.intent(),
        Verb::Table(args) => args.intent(),
        Verb::Fleet { verb } => verb.intent(),
        Verb::Test(args) => Ok(Intent::Test(args.intent())),
        Verb::Diff(args) => args.intent().map(Intent::Diff),
        Verb::Explain(args) => args.intent().map(Intent::Explain),
        Verb::Profile(args) => args.intent().map(Intent::Profile),
        Verb::Tune(args) => args.intent().map(Intent::Tune),
        Verb::Rules { verb } => verb.intent(),
        Verb::Assets { directory } => Ok(Intent::Assets(directory)),
        Verb::Config { verb } => Ok(verb.intent()),
        Verb::Fields(args) => Ok(Intent::Fields(args.intent())),
        Verb::Events(args) => args.intent(),
    }
}

/// The error without the advice to write `--` before an unknown flag, which would make a filter or a capture of it.
fn without_dashes(mut error: clap::Error) -> clap::Error {
    let is_advice = |text: &StyledStr| text.to_string().contains("as a value, use");
    if let Some(ContextValue::StyledStrs(tips)) = error.remove(ContextKind::Suggested) {
        let kept: Vec<StyledStr> = tips.into_iter().filter(|tip| !is_advice(tip)).collect();
        if !kept.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(kept));
        }
    }
    error
}

/// The definition of the command line, for man pages and completions.
pub fn command() -> clap::Command {
    examples::add(Cli::command())
}
