//! What a run is asked to do, checked and typed, with nothing left of how it was typed: one structure per verb. The command line
//! makes them (`cli`), the verbs take them.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tercel_format::trace::RingLimits;
use tercel_recording::Kind;
use tercel_replay::{Buffers, Options, Style, Window};
use tercel_rules::load::Options as Loading;
use tercel_rules::program::{Priority, Program};
use tercel_ruletest as ruletest;

use crate::inputs::Input;

/// What to do.
pub enum Intent {
    /// `tercel record`
    Record(Record),
    /// `tercel live`
    Live(Live),
    /// `tercel replay`
    Replay(Replay),
    /// `tercel convert`, `index` and `recover`
    Convert(Convert),
    /// `tercel redact`
    Redact(Redact),
    /// `tercel info`
    Info(Info),
    /// `tercel verify`
    Verify(Verify),
    /// `tercel slice`
    Slice(Slice),
    /// `tercel merge`
    Merge(Merge),
    /// `tercel test`
    Test(TestRun),
    /// `tercel rules check`
    RulesCheck(RulesCheck),
    /// `tercel rules list`
    RulesList(RulesList),
    /// `tercel config check`
    ConfigCheck(ConfigCheck),
    /// `tercel fields`
    Fields(List),
    /// `tercel events --list`
    EventTypes(List),
    /// `tercel events`
    Events(Events),
    /// `tercel assets`, below this directory
    Assets(PathBuf),
}

/// A filter: its text for headers, and what it was compiled to.
pub struct Filter {
    /// As it was written.
    pub text: String,
    /// A program of one rule.
    pub program: Program,
}

/// Rules and which of them run.
pub struct Rules {
    /// Rule files and directories of them, in the order of loading.
    pub files: Vec<PathBuf>,
    /// How they are loaded.
    pub options: Loading,
    /// Only rules of these tags, where there are any.
    pub tags: Vec<String>,
}

/// How and where a capture is written.
#[derive(Debug, Clone)]
pub struct Write {
    /// The file; `-` is standard output.
    pub path: PathBuf,
    /// What is written.
    pub kind: Kind,
    /// Bytes of events after which a chunk of a native trace ends.
    pub chunk: usize,
    /// Level of compression of a native trace.
    pub level: i32,
    /// Bring each chunk to the disk before the next.
    pub sync: bool,
    /// Threads that compress; one per CPU unless given.
    pub threads: Option<usize>,
}

/// What `tercel record` does.
pub struct Record {
    /// Where the trace goes.
    pub write: Write,
    /// Bytes of read and written buffers to keep.
    pub snaplen: u32,
    /// Only these processes and what they start.
    pub pids: Vec<i64>,
    /// Only these containers.
    pub containers: Vec<String>,
    /// The whole host, although there is a command.
    pub all: bool,
    /// Only events for which it holds.
    pub filter: Option<Filter>,
    /// Container engines.
    pub sockets: Sockets,
    /// How long.
    pub duration: Option<Duration>,
    /// How many events.
    pub count: Option<u64>,
    /// Another file when one has this many bytes.
    pub rotate_size: Option<u64>,
    /// Another file after this time.
    pub rotate_age: Option<Duration>,
    /// Only so many files are kept.
    pub rotate_count: Option<usize>,
    /// Only so much of the newest events is kept, in memory, and written at the end.
    pub flight: Option<RingLimits>,
    /// What is kept in memory is written only where the command failed.
    pub only_failures: bool,
    /// Bytes of the ring of each CPU.
    pub ring: u32,
    /// No status line and no summary.
    pub quiet: bool,
    /// Report what the recording begins with.
    pub verbose: bool,
    /// Take system calls from the classic tracepoint whatever the kernel.
    pub classic: bool,
    /// The command that is recorded.
    pub command: Vec<OsString>,
}

/// Further sockets of container engines.
#[derive(Debug, Clone, Default)]
pub struct Sockets {
    /// Of the Docker API.
    pub docker: Vec<PathBuf>,
    /// Of the CRI.
    pub cri: Vec<PathBuf>,
}

/// What `tercel live` does.
pub struct Live {
    /// Rules; without files those of the configuration.
    pub rules: Rules,
    /// Narrows the events that rules see.
    pub filter: Option<Filter>,
    /// The configuration.
    pub config: Option<PathBuf>,
    /// Overrides of the configuration, flags that stand for one included.
    pub overrides: Vec<String>,
    /// Record into this file at the same time.
    pub write: Option<PathBuf>,
    /// Bytes of read and written buffers to keep.
    pub snaplen: Option<u32>,
    /// Bytes of the ring of each CPU.
    pub ring: Option<u32>,
    /// Container engines.
    pub sockets: Sockets,
    /// How long.
    pub duration: Option<Duration>,
    /// How many events rules see.
    pub limit: Option<u64>,
    /// Times in UTC.
    pub utc: bool,
    /// Alerts go into this file.
    pub output: Option<PathBuf>,
    /// No summary and no warnings.
    pub quiet: bool,
    /// Show warnings of the rule files.
    pub verbose: bool,
}

/// What `tercel replay` does.
pub struct Replay {
    /// Rules.
    pub rules: Rules,
    /// Captures.
    pub traces: Vec<Input>,
    /// Narrows the events that rules see.
    pub filter: Option<Filter>,
    /// How rules are evaluated, and over which window.
    pub options: Options,
    /// How lines look.
    pub style: Style,
    /// Threads.
    pub jobs: Option<NonZeroUsize>,
    /// Alerts of several captures in the order of time.
    pub merge: bool,
    /// Alerts bear the name of their capture.
    pub with_file: bool,
    /// Times in UTC.
    pub utc: bool,
    /// Alerts go into this file.
    pub output: Option<PathBuf>,
    /// An alert of this urgency fails the run.
    pub fail_on: Option<Priority>,
    /// No summary, no progress, no warnings.
    pub quiet: bool,
    /// Show warnings of the rule files and every damaged place.
    pub verbose: bool,
}

/// What `tercel events` does.
pub struct Events {
    /// Captures.
    pub traces: Vec<Input>,
    /// Which events.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// What is printed of an event.
    pub format: String,
    /// How buffers are shown.
    pub buffers: Buffers,
    /// As JSON.
    pub json: bool,
    /// Lines go into this file.
    pub output: Option<PathBuf>,
    /// How many lines.
    pub limit: Option<u64>,
    /// No progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel slice` does.
pub struct Slice {
    /// The capture.
    pub input: Input,
    /// Which events.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// Where the slice goes.
    pub write: Write,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel convert`, `index` and `recover` do.
pub struct Convert {
    /// The capture.
    pub input: Input,
    /// Where it goes.
    pub write: Write,
    /// Its start may be missing.
    pub salvage: bool,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel redact` does.
pub struct Redact {
    /// The capture.
    pub input: Input,
    /// Where it goes.
    pub write: Write,
    /// The policy; the shipped one unless given.
    pub policy: Option<PathBuf>,
    /// A file with the key; a random one unless given.
    pub key: Option<PathBuf>,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel merge` does.
pub struct Merge {
    /// The captures, files all of them.
    pub traces: Vec<Input>,
    /// Where they go.
    pub write: Write,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel info` does.
pub struct Info {
    /// Captures.
    pub traces: Vec<Input>,
    /// One JSON object per capture.
    pub json: bool,
}

/// What `tercel verify` does.
pub struct Verify {
    /// Native traces.
    pub traces: Vec<Input>,
    /// Compare every keyframe with the state that a replay has there.
    pub keyframes: bool,
    /// The seal that the trace must have.
    pub seal: Option<String>,
    /// Print only breaks.
    pub quiet: bool,
}

/// What `tercel test` does.
pub struct TestRun {
    /// Test files, and directories that are searched for them.
    pub paths: Vec<PathBuf>,
    /// Only cases whose file and name contain one of these texts.
    pub filter: Vec<String>,
    /// Captures that are read at a time.
    pub jobs: Option<NonZeroUsize>,
    /// Write what was got into the test files.
    pub bless: bool,
    /// Reports.
    pub reports: Vec<ruletest::Report>,
    /// Report what the cases leave untested.
    pub coverage: bool,
    /// Least share of the rules that must be shown to fire, or to be silent.
    pub fail_under: Option<f64>,
    /// No text report, no summary.
    pub quiet: bool,
    /// Show every case, every alert and every warning.
    pub verbose: bool,
}

/// What `tercel rules check` does.
pub struct RulesCheck {
    /// Rule files.
    pub files: Vec<PathBuf>,
    /// Print Falco's result object.
    pub json: bool,
}

/// What `tercel rules list` does.
pub struct RulesList {
    /// The rules.
    pub rules: Rules,
    /// Only the one of this name, with its description.
    pub rule: Option<String>,
    /// One JSON object per rule.
    pub json: bool,
}

/// What `tercel config check` does.
pub struct ConfigCheck {
    /// The file.
    pub file: Option<PathBuf>,
    /// Overrides of its keys.
    pub overrides: Vec<String>,
}

/// What is listed of a catalogue.
pub struct List {
    /// Only names that contain this text.
    pub text: Option<String>,
    /// One JSON object per line.
    pub json: bool,
}
