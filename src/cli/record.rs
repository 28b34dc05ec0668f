//! Options of `tercel record`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tercel_format::trace::{Layout, RingLimits};

use super::live::SocketArgs;
use super::read::filter;
use super::redact::RedactionArgs;
use super::values;
use super::write::{KindArgs, WriteArgs};
use crate::exit::Failure;
use crate::intent::{FollowFrom, Record};

/// Options of `tercel record`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without -p, --name, --container or a command, the whole host is recorded. The filter is a condition in the rule language, \
written after the options and before the command; it is evaluated after the state of processes, so that names are \
right:
  tercel record -w trace.scap -M 60 fd.type=ipv4 or evt.type=execve

A command or a process is recorded with everything that it starts, however it does that: threads, daemons, containers. \
What it asks others to start (dockerd, systemd) is not its descendant; --container records that.
  tercel record -w trace.scap --until-idle -- service-script start
  tercel record -w trace.scap --name nginx

Events of other processes that change the state are recorded too, marked as state only: they supply the values of \
fields and raise no alerts.

With -C or -G the recording is split into several files, each complete on its own: trace.scap becomes \
trace_000001.scap, trace_000002.scap and so on. % sequences in the name stand for the time at which a file starts, as \
in trace-%Y%m%d-%H%M%S.scap.

The exit code is that of the recorded command, if there is one; otherwise as in 'tercel --help'.")]
pub struct RecordArgs {
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    kind: KindArgs,
    /// Keep at most this many bytes of each buffer that is read or written
    #[arg(
        short = 's',
        long,
        value_name = "SIZE",
        default_value = "80",
        value_parser = values::snaplen,
        help_heading = "What to record"
    )]
    snaplen: u32,
    /// Keep at most this many bytes of the arguments of a program and of its environment, 1 to 32KiB each [default: 4KiB, as Falco]
    #[arg(long, value_name = "SIZE", value_parser = values::max_args, help_heading = "What to record")]
    max_args: Option<u32>,
    /// Record how long each system call took (evt.latency); every call then costs more
    #[arg(long, help_heading = "What to record")]
    latency: bool,
    /// Types of the running kernel, where it does not show them itself: BTF, a vmlinux with it, or an archive of BTFHub
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
    /// Report this often what each process uses: CPU time, memory, page faults (events procinfo; thread.cpu, thread.vmrss)
    #[arg(long, value_name = "INTERVAL", value_parser = values::interval, help_heading = "What to record")]
    resources: Option<Duration>,
    /// Record only this process and its descendants; recording ends when the last of them ends. Can be given several times
    #[arg(short = 'p', long = "pid", value_name = "PID", help_heading = "What to record")]
    pids: Vec<i64>,
    /// As -p, for all processes that have this name, or whose executable has it, when recording starts
    #[arg(long = "name", value_name = "NAME", help_heading = "What to record")]
    names: Vec<String>,
    /// What belongs to the command, to -p and to --name [default: descendants]
    #[arg(long, value_enum, value_name = "WHAT", hide_default_value = true, help_heading = "What to record")]
    follow: Option<Follow>,
    /// Record only this container, which has to run: its id, the start of its id, or its name
    #[arg(long = "container", value_name = "ID", help_heading = "What to record")]
    containers: Vec<String>,
    /// With a command: record the whole host, not only the command and its descendants
    #[arg(short = 'a', long, help_heading = "What to record")]
    all: bool,
    /// Record only events for which this condition holds
    #[arg(value_name = "FILTER", help_heading = "What to record")]
    words: Vec<String>,
    /// The filter as an option, instead of words after the options
    #[arg(long, value_name = "EXPRESSION", help_heading = "What to record")]
    filter: Option<String>,
    #[command(flatten)]
    redaction: RedactionArgs,
    #[command(flatten)]
    sockets: SocketArgs,
    /// With a command: stop when the last process that it started has ended, not when the command ends
    #[arg(long, conflicts_with_all = ["all", "containers"], help_heading = "When to stop")]
    until_idle: bool,
    /// Stop after this time, in seconds or as in 2m30s
    #[arg(
        short = 'M',
        long = "seconds",
        value_name = "DURATION",
        value_parser = values::duration,
        help_heading = "When to stop"
    )]
    duration: Option<Duration>,
    /// Stop after this many events
    #[arg(short = 'n', long, value_name = "COUNT", help_heading = "When to stop")]
    count: Option<u64>,
    /// Start a new file when the current one reaches this size; a number without a unit is in megabytes
    #[arg(short = 'C', value_name = "SIZE", value_parser = values::file_size, help_heading = "Rotation")]
    rotate_size: Option<u64>,
    /// Start a new file after this time, in seconds or as in 10m
    #[arg(short = 'G', value_name = "DURATION", value_parser = values::duration, help_heading = "Rotation")]
    rotate_age: Option<Duration>,
    /// Keep only the newest COUNT files; older ones are deleted, also those of earlier recordings under this name
    #[arg(short = 'W', value_name = "COUNT", help_heading = "Rotation")]
    rotate_count: Option<usize>,
    /// Keep only the newest events, in memory, and write them at the end. The limit is a time (60s), a size (256MiB), or
    /// both (60s,256MiB). SIGUSR2 writes the events that are in memory to another file, named after the time
    #[arg(
        long,
        value_name = "LIMIT",
        value_parser = values::ring_limits,
        conflicts_with_all = ["rotate_size", "rotate_age"],
        help_heading = "Flight recorder"
    )]
    ring: Option<RingLimits>,
    /// With --ring and a command: write the trace always, or only if the command failed
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t = KeepOn::End,
        requires = "ring",
        help_heading = "Flight recorder"
    )]
    keep_on: KeepOn,
    /// With --ring: listen on this socket for 'tercel dump'
    #[arg(long, value_name = "PATH", requires = "ring", help_heading = "Flight recorder")]
    control: Option<PathBuf>,
    /// Size of the ring buffer of each CPU, 4KiB to 1GiB, rounded up to a power of two; a number without a unit is in MiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = values::ring)]
    buffer: u32,
    /// Print no status line and no summary
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Print the processes, files and settings that the recording begins with
    #[arg(short, long)]
    verbose: bool,
    /// Use the classic tracepoint of system calls on every kernel
    #[arg(long, hide = true)]
    classic: bool,
    /// A command to run; recording ends when it ends, unless --until-idle is given
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What belongs to a process that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Follow {
    /// Only the process itself, with all its threads and whatever it executes
    Command,
    /// Also every process that it starts, directly or not
    Descendants,
    /// Also the other processes of its session, as the shell that it was started from and its jobs, and what they start
    Session,
}

impl Follow {
    fn intent(self) -> FollowFrom {
        match self {
            Follow::Command => FollowFrom::Alone,
            Follow::Descendants => FollowFrom::Descendants,
            Follow::Session => FollowFrom::Session,
        }
    }
}

/// When the events in memory are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeepOn {
    /// At the end
    End,
    /// At the end, if the command failed
    Fail,
}

impl RecordArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Record, Failure> {
        let write = self.write.intent(self.kind.intent(), Layout::Rows);
        let rotates = self.rotate_size.is_some() || self.rotate_age.is_some();
        if rotates && write.path == Path::new("-") {
            return Err(Failure::usage("-C and -G write several files; standard output cannot be split"));
        }
        if !rotates && self.rotate_count.is_some() {
            return Err(Failure::usage("-W needs -C or -G"));
        }
        if self.rotate_count == Some(0) {
            return Err(Failure::usage("-W 0 would keep no file; give 1 or more"));
        }
        let has_processes = !self.pids.is_empty() || !self.names.is_empty();
        if self.follow.is_some() && !has_processes && (self.command.is_empty() || self.all) {
            return Err(Failure::usage(
                "--follow needs a command, -p or --name; otherwise the whole host is recorded",
            ));
        }
        if self.until_idle && !has_processes && self.command.is_empty() {
            return Err(Failure::usage("--until-idle needs a command, -p or --name"));
        }
        if self.keep_on == KeepOn::Fail && self.command.is_empty() {
            return Err(Failure::usage("--keep-on fail needs a command after --"));
        }
        Ok(Record {
            write,
            snaplen: self.snaplen,
            max_args: self.max_args,
            pids: self.pids,
            names: self.names,
            follow: self.follow.map_or(FollowFrom::Descendants, Follow::intent),
            until_idle: self.until_idle,
            containers: self.containers,
            all: self.all,
            filter: filter(&self.words, self.filter, "after the options")?,
            redaction: self.redaction.intent(),
            sockets: self.sockets.intent()?,
            duration: self.duration,
            count: self.count,
            rotate_size: self.rotate_size,
            rotate_age: self.rotate_age,
            rotate_count: self.rotate_count,
            flight: self.ring,
            control: self.control,
            only_failures: self.keep_on == KeepOn::Fail,
            ring: self.buffer,
            quiet: self.quiet,
            verbose: self.verbose,
            classic: self.classic,
            latency: self.latency,
            btf: self.btf,
            resources: self.resources,
            command: self.command,
        })
    }
}
