//! `tercel record`: what the host does leaves as a trace. The arguments are checked here and the parts are wired; blocks come
//! from the source of the capture crate, as they would come from a file.

mod command;
mod files;
mod names;
mod recorder;
mod scope;
mod status;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::tz::TimeZone;
use tercel_capture::{Engines, Options, Source, stop};

use crate::cli::{KindArgs, WriteArgs};
use crate::exit::{Failure, Outcome};
use crate::target::Target;
use crate::{host, rules, target};
use command::Command;
use files::{Files, Rotation};
use names::Names;
use recorder::{Limits, Recorder};
use scope::Scope;
use status::{Lost, Status};

/// Smallest and largest ring of a CPU.
const RING_LIMITS: RangeInclusive<u64> = 4 << 10..=1 << 30;

/// Options of `tercel record`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without -p, --container or a command, the whole host is recorded. The filter is a condition in the rule language, written
behind the options and before the command; it is evaluated after the state of processes, so that names are right:
  tercel record -w trace.scap -M 60 fd.type=ipv4 or evt.type=execve
Events of others that change the state of processes are kept for the state only.
With -C or -G there are several files, each complete on its own: trace.scap becomes trace_000001.scap, trace_000002.scap
and so on, and % sequences in the name stand for the time at which a file starts, as in trace-%Y%m%d-%H%M%S.scap.
The exit code is that of the command, if there was one and it was recorded; else as everywhere.")]
pub struct RecordArgs {
    #[command(flatten)]
    pub write: WriteArgs,
    #[command(flatten)]
    pub kind: KindArgs,
    /// Bytes of read and written buffers to keep
    #[arg(short = 's', long, value_name = "BYTES", default_value_t = 80, help_heading = "What to record")]
    pub snaplen: u32,
    /// Only this process and what it starts; recording ends with the last of them
    #[arg(short = 'p', long = "pid", value_name = "PID", help_heading = "What to record")]
    pub pids: Vec<i64>,
    /// Only this container, by its id, the start of its id, or its name
    #[arg(long = "container", value_name = "ID", help_heading = "What to record")]
    pub containers: Vec<String>,
    /// With a command: record the whole host, not only the command and what it starts
    #[arg(short = 'a', long, help_heading = "What to record")]
    pub all: bool,
    /// Only events for which this condition holds
    #[arg(value_name = "FILTER", help_heading = "What to record")]
    pub words: Vec<String>,
    /// The filter, when it should not stand behind the options
    #[arg(long, value_name = "EXPRESSION", help_heading = "What to record")]
    pub filter: Option<String>,
    /// A further socket that speaks Docker's language
    #[arg(long, value_name = "SOCKET", help_heading = "What to record")]
    pub docker: Vec<PathBuf>,
    /// A further socket of containerd, CRI-O or another runtime of Kubernetes
    #[arg(long, value_name = "SOCKET", help_heading = "What to record")]
    pub cri: Vec<PathBuf>,
    /// Stop after this many seconds
    #[arg(short = 'M', long, value_name = "SECONDS", help_heading = "When to stop")]
    pub seconds: Option<f64>,
    /// Stop after this many events
    #[arg(short = 'n', long, value_name = "COUNT", help_heading = "When to stop")]
    pub count: Option<u64>,
    /// Start another file when one has become this large; a number alone counts megabytes
    #[arg(short = 'C', value_name = "SIZE", help_heading = "Rotation")]
    pub rotate_size: Option<String>,
    /// Start another file after this many seconds
    #[arg(short = 'G', value_name = "SECONDS", help_heading = "Rotation")]
    pub rotate_seconds: Option<f64>,
    /// Keep the newest files only, so many of them
    #[arg(short = 'W', value_name = "COUNT", help_heading = "Rotation")]
    pub rotate_count: Option<usize>,
    /// Size of the ring of each CPU, 4KiB to 1GiB, rounded up to a power of two
    #[arg(long, value_name = "SIZE", default_value = "16MiB")]
    pub buffer: String,
    /// No status line and no summary
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Tell what the recording begins with
    #[arg(short, long)]
    pub verbose: bool,
    /// Take system calls from the classic tracepoint whatever the kernel
    #[arg(long, hide = true)]
    pub classic: bool,
    /// A command to run; recording ends when it ends
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Records until something asks to stop.
pub fn run(args: &RecordArgs) -> Result<Outcome, Failure> {
    let program = filter(args)?.as_deref().map(rules::filter).transpose()?;
    let limits =
        Limits { count: args.count, seconds: args.seconds.map(|count| seconds("-M", count)).transpose()? };
    let scope = scope(args)?.filtered(program.as_ref());
    let (names, rotation) = files(args)?;
    let mut target = Target::of(&args.write, args.kind.to, &[])?;
    let options = options(args)?;
    command::check(&args.command)?;
    stop::watch().map_err(Failure::io)?;
    let asked = Instant::now();
    let engines = Engines::and(&args.docker, &args.cri);
    let mut source = Source::start(&options, &engines).map_err(Failure::io)?;
    let filter = filter(args)?.unwrap_or_default();
    target.describe(host::header(source.machine(), &filter, options.snaplen), String::new());
    let mut recorder = Recorder::new(scope, Files::new(target, names, rotation), limits);
    let found = recorder.begin(&mut source)?;
    if args.verbose {
        eprint!("{}", status::beginning(source.machine(), &options, &found, asked.elapsed()));
    }
    let mut command = match Command::start(&args.command, args.write.write == Path::new("-")) {
        Ok(command) => command,
        Err(failure) => {
            recorder.finish()?;
            return Err(failure);
        }
    };
    recorder.add(command.pid());
    // The terminal belongs to the command, if there is one.
    let mut status = Status::new(args.quiet || !args.command.is_empty());
    let followed = recorder.follow(&mut source, &mut command, &mut status);
    let elapsed = status.finish();
    while !command.end() {
        source.wait();
    }
    // What was recorded before something failed is closed, too.
    let finished = recorder.finish();
    followed?;
    let (counts, sums) = finished?;
    if !args.quiet {
        let lost = Lost { drops: source.drops(), by_cpu: source.drops_by_cpu() };
        eprint!("{}", status::summary(&counts, &sums, &lost, elapsed));
    }
    Ok(command.outcome())
}

fn filter(args: &RecordArgs) -> Result<Option<String>, Failure> {
    let words = (!args.words.is_empty()).then(|| args.words.join(" "));
    match (&args.filter, words) {
        (Some(_), Some(_)) => {
            Err(Failure::usage("give the filter either behind the options or with --filter, not both"))
        }
        (filter, words) => Ok(filter.clone().or(words)),
    }
}

fn options(args: &RecordArgs) -> Result<Options, Failure> {
    let ring = target::bytes(&args.buffer, 1).filter(|ring| RING_LIMITS.contains(ring));
    let ring = ring
        .ok_or_else(|| Failure::usage(format!("--buffer: '{}' is no size from 4KiB to 1GiB", args.buffer)))?;
    Ok(Options {
        snaplen: args.snaplen.min(Options::MAX_SNAPLEN),
        ring: ring as u32,
        classic: args.classic,
        wanted: None,
    })
}

/// What is recorded: everything, unless processes, containers or a command are named.
fn scope(args: &RecordArgs) -> Result<Scope, Failure> {
    if let Some(pid) = args.pids.iter().find(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
        return Err(Failure::usage(format!("-p: there is no process {pid}")));
    }
    let scope = Scope::default().of_containers(&args.containers);
    let has_command = !args.command.is_empty() && !args.all;
    Ok(if has_command || !args.pids.is_empty() { scope.of_processes(&args.pids) } else { scope })
}

/// Where it goes.
fn files(args: &RecordArgs) -> Result<(Names, Rotation), Failure> {
    let size = |text: &String| {
        let bytes = target::bytes(text, 1_000_000).filter(|bytes| *bytes > 0);
        bytes.ok_or_else(|| Failure::usage(format!("-C: '{text}' is no size, as 100 (megabytes) or 64MiB")))
    };
    let rotation = Rotation {
        size: args.rotate_size.as_ref().map(size).transpose()?,
        age: args.rotate_seconds.map(|count| seconds("-G", count)).transpose()?,
    };
    let path = &args.write.write;
    if rotation.rotates() && path == Path::new("-") {
        return Err(Failure::usage("-C and -G need files; standard output is one stream"));
    }
    if !rotation.rotates() && args.rotate_count.is_some() {
        return Err(Failure::usage("-W counts the files of -C or -G"));
    }
    if args.rotate_count == Some(0) {
        return Err(Failure::usage("-W: no file would be kept"));
    }
    let names = Names::new(path, TimeZone::system(), rotation.rotates(), args.rotate_count);
    Ok((names.map_err(Failure::usage)?, rotation))
}

fn seconds(flag: &str, count: f64) -> Result<Duration, Failure> {
    let duration = Duration::try_from_secs_f64(count).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| Failure::usage(format!("{flag}: '{count}' is no number of seconds")))
}
