//! The command line as typed: flags and arguments, nothing decided yet. No clap type leaves this file but through
//! [`Cli`] and its subcommands.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Record what the host does into a trace
    Record(Box<crate::record::RecordArgs>),
    /// Evaluate rules over what the host does, as it happens
    Live(Box<crate::live::LiveArgs>),
    /// Evaluate rules over captures and print the alerts
    Replay(Box<ReplayArgs>),
    /// Turn captures of any kind into native traces, or traces into plain captures
    Convert(ConvertArgs),
    /// Write a capture anew as a native trace with an index
    Index(ConvertArgs),
    /// Tell what is in captures; of native traces at once, from their index
    Info(InfoArgs),
    /// Check the digests and the structure of native traces; exit code 3 at the first break
    Verify(VerifyArgs),
    /// Rescue what is readable of a damaged or cut capture into a new trace
    Recover(ConvertArgs),
    /// Write a part of a capture, a window or what a filter says, as a trace of its own
    Slice(SliceArgs),
    /// Put several captures into one trace, in the order of their first events
    Merge(MergeArgs),
    /// Test rules over stored captures; exit code 1 if a case fails
    Test(Box<crate::test::TestArgs>),
    /// Check or list rule files
    Rules {
        /// What to do with them.
        #[command(subcommand)]
        verb: RulesVerb,
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
        verb: ConfigVerb,
    },
    /// List the fields that conditions and outputs can use
    Fields(ListArgs),
    /// Print the events of captures, or list the events that captures can hold
    Events(EventsArgs),
}

/// What `tercel rules` can do.
#[derive(Debug, Subcommand)]
pub enum RulesVerb {
    /// Validate rule files; exit code 2 if one is wrong
    Check {
        /// Rule files or directories of them, in the order of loading
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print Falco's result object (falco_load_results)
        #[arg(long)]
        json: bool,
    },
    /// List the rules of rule files with priority, tags and state
    List {
        /// Rule files or directories of them, in the order of loading
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        selection: SelectionArgs,
        /// One JSON object per rule
        #[arg(long)]
        json: bool,
    },
}

/// What `tercel config` can do.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Validate a configuration and name what has no effect; exit code 2 if a value is wrong
    Check {
        /// The file [default: /etc/tercel/tercel.yaml]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Override a key
        #[arg(short = 'o', value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
}

/// Options of the listing verbs.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only names that contain this text
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// Which of the loaded rules run.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Run only rules that have one of these tags
    #[arg(
        short = 't',
        value_name = "TAG",
        conflicts_with = "disabled_tags",
        help_heading = "Rule selection"
    )]
    pub tags: Vec<String>,
    /// Do not run rules that have one of these tags
    #[arg(short = 'T', value_name = "TAG", help_heading = "Rule selection")]
    pub disabled_tags: Vec<String>,
    /// Do not run rules whose name contains this text
    #[arg(short = 'D', value_name = "SUBSTRING", help_heading = "Rule selection")]
    pub disabled_names: Vec<String>,
    /// Do not run rules less urgent than this (emergency … debug)
    #[arg(
        long,
        short = 'p',
        value_name = "PRIORITY",
        default_value = "debug",
        help_heading = "Rule selection"
    )]
    pub priority: String,
}

/// Which rules of several that match an event raise an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RuleMatching {
    /// The first in the order of loading
    First,
    /// Every one
    All,
}

/// Options of `tercel replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
The filter is a condition in the rule language, written behind the captures; it narrows the events that rules see:
  tercel replay -r rules trace.scap proc.name=nginx and fd.type=ipv4
Points in time are absolute (2026-11-23T13:01:15.5Z, UTC without a zone), relative to the first event (+90s, 2m30s,
500ms) or an event number (#1200).")]
pub struct ReplayArgs {
    /// Rule files or directories of them, in the order of loading
    #[arg(long, short, value_name = "FILE", required = true)]
    pub rules: Vec<PathBuf>,
    /// Captures, directories of them, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    pub traces: Vec<String>,
    /// The filter, when it should not stand behind the captures
    #[arg(long, value_name = "EXPRESSION")]
    pub filter: Option<String>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Which of several matching rules raises an alert
    #[arg(long, value_enum, default_value = "first", help_heading = "Rule selection")]
    pub rule_matching: RuleMatching,
    /// Start at this point; earlier events still build the state
    #[arg(long, value_name = "POINT", help_heading = "Window")]
    pub from: Option<String>,
    /// Stop before this point
    #[arg(long, value_name = "POINT", help_heading = "Window")]
    pub to: Option<String>,
    /// Stop after this many events of the window
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Window")]
    pub limit: Option<u64>,
    /// Evaluate on this many threads; what is printed does not depend on it. Rules with evt.deltatime, util.cnt or
    /// thread.cpu, and -n, need one thread and get it [default: one per CPU; one for a single capture without keyframes]
    #[arg(short, long, value_name = "THREADS")]
    pub jobs: Option<NonZeroUsize>,
    /// Alerts of several captures in the order of time instead of that of the captures. Each capture is evaluated on a
    /// thread of its own
    #[arg(long, conflicts_with_all = ["limit", "jobs"], help_heading = "Output")]
    pub merge: bool,
    /// Alerts bear the name of their capture: before the line, or in JSON under "file"
    #[arg(long, help_heading = "Output")]
    pub with_file: bool,
    /// Alerts as JSON, one object per line, with Falco's keys
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Times in UTC, whatever zone the capture names
    #[arg(long, help_heading = "Output")]
    pub utc: bool,
    /// Times in ISO 8601
    #[arg(long, help_heading = "Output")]
    pub iso8601: bool,
    /// Write the alerts to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Exit with code 1 if an alert is at least this urgent
    #[arg(long, value_name = "PRIORITY", help_heading = "Output")]
    pub fail_on: Option<String>,
    /// No summary, no progress, no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Show warnings of the rule files and every damaged place of the captures
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

const POINTS: &str = "\
The filter is a condition in the rule language, written behind the captures:
  proc.name=nginx and fd.type=ipv4

Points in time are absolute (2026-11-23T13:01:15.5Z, UTC without a zone), relative to the first event (+90s, 2m30s, \
500ms) or an event number (#1200).";

const FORMATS: &str = "\
A format is text with fields behind percent signs, as in the outputs of rules; 'tercel fields' lists them:
  tercel events trace.scap -p '%evt.time %proc.cmdline %fd.name' evt.type=openat

An event that lacks one of the fields is not printed; with * at the start of the format, <NA> stands for it. \
-p container and -p kubernetes are the usual line with the container, and with the pod.";

/// Options of `tercel events`.
#[derive(Debug, Args)]
#[command(after_help = format!("{FORMATS}\n\n{POINTS}"))]
pub struct EventsArgs {
    /// Captures, directories of them, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE… [FILTER]", required_unless_present = "list")]
    pub words: Vec<String>,
    /// The filter, when it should not stand behind the captures
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "list")]
    pub filter: Option<String>,
    /// What to print of an event
    #[arg(
        short = 'p',
        long = "print",
        value_name = "FORMAT",
        default_value = "",
        hide_default_value = true,
        help_heading = "Output"
    )]
    pub format: String,
    /// One JSON object per event, with the fields of the format as keys
    #[arg(short, long, help_heading = "Output")]
    pub json: bool,
    /// Write to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Start at this point
    #[arg(long, value_name = "POINT", help_heading = "Window")]
    pub from: Option<String>,
    /// Stop before this point
    #[arg(long, value_name = "POINT", help_heading = "Window")]
    pub to: Option<String>,
    /// Stop after this many lines
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Window")]
    pub limit: Option<u64>,
    /// List the events that captures can hold, with their parameters; only those whose names contain TEXT
    #[arg(short = 'L', long, help_heading = "Catalogue")]
    pub list: bool,
    /// No progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    pub verbose: bool,
}

/// Options of `tercel slice`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
The slice begins with the state that its window begins with: replaying it gives the alerts that replaying the capture with \
the same window and filter gives, with the same event numbers. Events that the filter leaves out stay in it, marked as \
being there for the state only, where later ones cannot be understood without them.\n\n{POINTS}"))]
pub struct SliceArgs {
    /// A capture, or - for standard input; then, optionally, a filter
    #[arg(value_name = "TRACE [FILTER]", required = true)]
    pub words: Vec<String>,
    /// The filter, when it should not stand behind the capture
    #[arg(long, value_name = "EXPRESSION")]
    pub filter: Option<String>,
    /// Start at this point
    #[arg(long, value_name = "POINT", help_heading = "Window")]
    pub from: Option<String>,
    /// Stop before this point
    #[arg(long, value_name = "POINT", help_heading = "Window")]
    pub to: Option<String>,
    #[command(flatten)]
    pub write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    pub verbose: bool,
}

/// How a capture is written.
#[derive(Debug, Args)]
pub struct WriteArgs {
    /// Write to this file, or - for standard output
    #[arg(short, long = "write", value_name = "FILE", help_heading = "Writing")]
    pub write: PathBuf,
    /// Bytes of events after which a chunk of a native trace ends, 4KiB to 64MiB
    #[arg(long, value_name = "SIZE", default_value = "4MiB", help_heading = "Writing")]
    pub chunk: String,
    /// Compression level of a native trace: 1 to 19, or max
    #[arg(long, value_name = "LEVEL", default_value = "3", help_heading = "Writing")]
    pub level: String,
    /// Bring each chunk to the disk before the next
    #[arg(long, help_heading = "Writing")]
    pub sync: bool,
    /// Threads that compress [default: one per CPU]
    #[arg(short = 'j', long = "threads", value_name = "THREADS", help_heading = "Writing")]
    pub threads: Option<usize>,
}

/// Which kind of capture is written.
#[derive(Debug, Args)]
pub struct KindArgs {
    /// What to write
    #[arg(long, value_enum, default_value = "native", help_heading = "Writing")]
    pub to: Target,
}

/// Kinds of captures that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A native trace
    Native,
    /// A plain scap capture
    Scap,
    /// A scap capture in gzip
    Gzip,
}

/// Options of `tercel convert`, `index` and `recover`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The capture, or - for standard input
    #[arg(value_name = "TRACE")]
    pub trace: String,
    #[command(flatten)]
    pub kind: KindArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    pub verbose: bool,
}

/// Options of `tercel merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each capture stays a section of its own: the processes of two captures cannot be told apart by their numbers, so that
events of different captures never share a state. For alerts of several captures in the order of time, replay them
together instead.")]
pub struct MergeArgs {
    /// Captures, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<String>,
    #[command(flatten)]
    pub kind: KindArgs,
    #[command(flatten)]
    pub write: WriteArgs,
    /// No summary, no progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    pub verbose: bool,
}

/// Options of `tercel info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Captures, directories of them, or - for standard input
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<String>,
    /// One JSON object per capture
    #[arg(long)]
    pub json: bool,
}

/// Options of `tercel verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Native traces, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<String>,
    /// Compare every keyframe with the state that a replay has there
    #[arg(long)]
    pub keyframes: bool,
    /// The seal that the trace must have, as info and verify print it
    #[arg(long, value_name = "HEX")]
    pub seal: Option<String>,
    /// Tell nothing but breaks
    #[arg(short, long)]
    pub quiet: bool,
}
