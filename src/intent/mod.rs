//! What a run has to do, checked and typed, independent of the form of the command line: one structure per verb. `cli` makes them, the
//! verbs take them.

mod collect;
mod diff;
mod doctor;
mod explain;
mod fleet;
mod lint;
mod profile;
mod questions;
mod replay;
mod shrink;
mod tune;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tercel_format::series::{Creation, Rotation};
use tercel_format::trace::{Depth, Layout, RingLimits};
use tercel_recording::Kind;
use tercel_replay::{Buffers, Paths, Window};
use tercel_rules::load::Options as Loading;
use tercel_rules::program::Program;
use tercel_ruletest as ruletest;

use crate::inputs::Input;

pub use collect::Collect;
pub use diff::Diff;
pub use doctor::Doctor;
pub use explain::*;
pub use fleet::*;
pub use lint::RulesLint;
pub use profile::Profile;
pub use questions::*;
pub use replay::Replay;
pub use shrink::Shrink;
pub use tune::Tune;

/// What to do.
pub enum Intent {
    /// `tercel record`
    Record(Record),
    /// `tercel live`
    Live(Live),
    /// `tercel collect`
    Collect(Collect),
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
    /// `tercel sign`
    Sign(Sign),
    /// `tercel fleet plan`
    FleetPlan(FleetPlan),
    /// `tercel fleet run`
    FleetRun(FleetRun),
    /// `tercel fleet merge`
    FleetMerge(FleetMerge),
    /// `tercel slice`
    Slice(Slice),
    /// `tercel shrink`
    Shrink(Shrink),
    /// `tercel merge`
    Merge(Merge),
    /// `tercel dump`
    Dump(Dump),
    /// `tercel doctor`
    Doctor(Doctor),
    /// `tercel test`
    Test(TestRun),
    /// `tercel diff`
    Diff(Diff),
    /// `tercel explain`
    Explain(Explain),
    /// `tercel profile`
    Profile(Profile),
    /// `tercel tune`
    Tune(Tune),
    /// `tercel rules check`
    RulesCheck(RulesCheck),
    /// `tercel rules lint`
    RulesLint(RulesLint),
    /// `tercel rules list`
    RulesList(RulesList),
    /// `tercel rules show`
    RulesShow(RulesShow),
    /// `tercel config check`
    ConfigCheck(ConfigCheck),
    /// `tercel fields`
    Fields(List),
    /// `tercel events --list`
    EventTypes(List),
    /// `tercel events`
    Events(Events),
    /// `tercel follow`
    Follow(Follow),
    /// `tercel baseline learn`
    Learn(Learn),
    /// `tercel baseline diff`
    Compare(Compare),
    /// `tercel export`
    Export(Export),
    /// `tercel sql`
    Sql(Sql),
    /// `tercel report`
    Report(Report),
    /// `tercel ps`, `timeline`, `users`, `files`, `net`, `fds`, `containers`, `top` and `table`
    View(View),
    /// `tercel table` without a name
    TableList,
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
#[derive(Clone)]
pub struct Rules {
    /// Rule files and directories of them, in the order of loading.
    pub files: Vec<PathBuf>,
    /// How they are loaded.
    pub options: Loading,
    /// Only rules of these tags, if there are any.
    pub tags: Vec<String>,
}

/// How and where a capture is written.
#[derive(Debug, Clone)]
pub struct Write {
    /// The file; `-` is standard output.
    pub path: PathBuf,
    /// How it is created.
    pub creation: Creation,
    /// What is written.
    pub kind: Kind,
    /// Bytes of events after which a chunk of a native trace ends.
    pub chunk: usize,
    /// Level of compression of a native trace.
    pub level: i32,
    /// How the events of a native trace are laid out.
    pub layout: Layout,
    /// Sync each chunk to disk before the next one is written.
    pub sync: bool,
    /// Number of threads that compress; one per CPU unless given.
    pub threads: Option<usize>,
    /// A file with the key that signs.
    pub sign: Option<PathBuf>,
}

/// What belongs to a command or a process that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowFrom {
    /// Nothing else.
    Alone,
    /// What it starts, directly or not.
    Descendants,
    /// The other processes of its session, and what all of them start.
    Session,
}

/// What is redacted.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    /// The policy; the shipped one unless given.
    pub policy: Option<PathBuf>,
    /// A file with the key; a random one unless given.
    pub key: Option<PathBuf>,
}

/// What `tercel record` does.
pub struct Record {
    /// Where the trace goes.
    pub write: Write,
    /// Largest number of bytes to keep of each buffer.
    pub snaplen: u32,
    /// Largest number of bytes to keep of arguments and environment.
    pub max_args: Option<u32>,
    /// Only these processes and what `follow` says.
    pub pids: Vec<i64>,
    /// Only processes of these names and what `follow` says.
    pub names: Vec<String>,
    /// What belongs to the command and to those processes.
    pub follow: FollowFrom,
    /// With a command: record until the last process has ended.
    pub until_idle: bool,
    /// Only these containers.
    pub containers: Vec<String>,
    /// The whole host, even with a command.
    pub all: bool,
    /// Only events for which it holds.
    pub filter: Option<Filter>,
    /// What is redacted before it is written.
    pub redaction: Option<Redaction>,
    /// Container engines.
    pub sockets: Sockets,
    /// How long.
    pub duration: Option<Duration>,
    /// How many events.
    pub count: Option<u64>,
    /// Start a new file at this many bytes.
    pub rotate_size: Option<u64>,
    /// Start a new file after this time.
    pub rotate_age: Option<Duration>,
    /// Keep only this many files.
    pub rotate_count: Option<usize>,
    /// Keep only the newest events, within these limits, in memory, and write them at the end.
    pub flight: Option<RingLimits>,
    /// The control socket, if there is one.
    pub control: Option<PathBuf>,
    /// Write the events in memory only if the command failed.
    pub only_failures: bool,
    /// Bytes of the ring of each CPU.
    pub ring: u32,
    /// No status line and no summary.
    pub quiet: bool,
    /// Report what the recording begins with.
    pub verbose: bool,
    /// Use the classic tracepoint of system calls on every kernel.
    pub classic: bool,
    /// Record how long calls took.
    pub latency: bool,
    /// The kernel's types, or a directory with them.
    pub btf: Option<PathBuf>,
    /// How often to report what processes use.
    pub resources: Option<Duration>,
    /// The command that is recorded.
    pub command: Vec<OsString>,
}

/// Additional sockets of container engines.
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
    /// Files of correlations over their alerts.
    pub correlations: Vec<PathBuf>,
    /// Rules see only events for which it holds.
    pub filter: Option<Filter>,
    /// The configuration.
    pub config: Option<PathBuf>,
    /// Overrides of the configuration, flags that stand for one included.
    pub overrides: Vec<String>,
    /// Record into this file at the same time.
    pub write: Option<PathBuf>,
    /// How that file is created.
    pub creation: Creation,
    /// How its events are laid out.
    pub layout: Layout,
    /// What is redacted before it is written.
    pub redaction: Option<Redaction>,
    /// The file with the key that signs what is recorded.
    pub sign: Option<PathBuf>,
    /// Largest number of bytes to keep of each buffer.
    pub snaplen: Option<u32>,
    /// Largest number of bytes to keep of arguments and environment.
    pub max_args: Option<u32>,
    /// Measure how long calls take.
    pub latency: bool,
    /// The kernel's types, or a directory with them.
    pub btf: Option<PathBuf>,
    /// How often to report what processes use.
    pub resources: Option<Duration>,
    /// Bytes of the ring of each CPU.
    pub ring: Option<u32>,
    /// Keep the newest events, within these limits, in memory.
    pub flight: Option<RingLimits>,
    /// The control socket; the usual one unless given.
    pub control: Option<PathBuf>,
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

/// Events of this host instead of captures.
#[derive(Debug, Clone, Copy)]
pub struct OfHost {
    /// Largest number of bytes to keep of each buffer.
    pub snaplen: u32,
    /// How long.
    pub duration: Option<Duration>,
}

/// What `tercel events` does.
pub struct Events {
    /// Captures.
    pub traces: Vec<Input>,
    /// Of this host; there are no captures then.
    pub host: Option<OfHost>,
    /// Which events.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// What is printed of an event.
    pub format: String,
    /// How buffers are shown.
    pub buffers: Buffers,
    /// Whose paths the filter sees.
    pub seen_paths: Paths,
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
    /// Without the state of processes that these events do not depend on.
    pub only: bool,
    /// When another file is started.
    pub rotation: Rotation,
    /// How many events.
    pub limit: Option<u64>,
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
    /// Whether its start may be missing.
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
    /// What is redacted.
    pub redaction: Redaction,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel merge` does.
pub struct Merge {
    /// The captures, all of them files.
    pub traces: Vec<Input>,
    /// Where they go.
    pub write: Write,
    /// No summary, no progress.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// What `tercel dump` does.
pub struct Dump {
    /// The control socket.
    pub socket: PathBuf,
    /// Only the events of this time before now.
    pub before: Option<Duration>,
}

/// What `tercel info` does.
pub struct Info {
    /// Captures.
    pub traces: Vec<Input>,
    /// One JSON object per capture.
    pub json: bool,
    /// The largest columns, too.
    pub columns: bool,
}

/// What `tercel verify` does.
pub struct Verify {
    /// Native traces.
    pub traces: Vec<Input>,
    /// How much is verified.
    pub depth: Depth,
    /// The seal that the trace must have.
    pub seal: Option<String>,
    /// A file with those one of whom must have signed.
    pub allowed_signers: Option<PathBuf>,
    /// Where the signed statement goes, and next to it its signature.
    pub export: Option<PathBuf>,
    /// Print only failures.
    pub quiet: bool,
}

/// What `tercel sign` does.
pub struct Sign {
    /// A file with the key.
    pub key: PathBuf,
    /// Native traces.
    pub traces: Vec<Input>,
    /// Print only failures.
    pub quiet: bool,
}

/// What `tercel test` does.
pub struct TestRun {
    /// Test files, and directories that are searched for them.
    pub paths: Vec<PathBuf>,
    /// Only cases whose file and name contain one of these texts.
    pub filter: Vec<String>,
    /// How many captures are read at a time.
    pub jobs: Option<NonZeroUsize>,
    /// Verify native traces before they are replayed.
    pub verify: bool,
    /// Whose paths conditions see.
    pub seen_paths: Paths,
    /// Write the actual results into the test files.
    pub bless: bool,
    /// Reports.
    pub reports: Vec<ruletest::Report>,
    /// Report what the cases leave untested.
    pub coverage: bool,
    /// Smallest percentage of the rules that must be shown to fire, or to be silent.
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
    /// Report also what the linter finds.
    pub lint: bool,
}

/// What `tercel rules list` does.
pub struct RulesList {
    /// The rules.
    pub rules: Rules,
    /// Only the one of this name, with its description.
    pub rule: Option<String>,
    /// One JSON object per rule.
    pub json: bool,
    /// Markdown.
    pub markdown: bool,
    /// Test files, and directories of them, for the Markdown.
    pub tests: Vec<PathBuf>,
}

/// What `tercel rules show` does.
pub struct RulesShow {
    /// Rule files.
    pub files: Vec<PathBuf>,
    /// The rule.
    pub rule: String,
    /// Test files, and directories of them.
    pub tests: Vec<PathBuf>,
    /// As JSON.
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
