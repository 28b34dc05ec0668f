//! Options of `tercel live`: Falco's `-o key=value`, and the flags that replay has, too.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tercel_format::trace::{Layout, RingLimits};

use super::overrides::OverrideArgs;
use super::read::filter;
use super::redact::RedactionArgs;
use super::rules::SelectionArgs;
use super::values;
use super::write::{CreateArgs, LayoutArgs};
use crate::exit::Failure;
use crate::intent::{Live, Sockets};

/// Options of `tercel live`.
#[derive(Debug, Args)]
#[command(after_help = "\
--redact applies to all that is recorded: the trace of -w, cuts, and what SIGUSR2 and 'tercel dump' write. Alerts are not redacted: rules \
see events as they are. Where an alert shows what is redacted, a replay of its cut shows the replacement.

Signals: HUP reloads rules and configuration, USR1 reopens files (log rotation), USR2 writes the events in memory, INT and TERM end the run.

The filter is a condition in the rule language; rules see only the events for which it holds:
  tercel live -r rules proc.name=nginx")]
pub struct LiveArgs {
    /// Rule files or directories of them, in the order of loading [default: rules_files of the configuration]
    #[arg(long, short, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// A condition in the rule language; rules see only the events for which it holds
    #[arg(value_name = "FILTER")]
    words: Vec<String>,
    /// The filter as an option, instead of words at the end
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "words")]
    filter: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Files of correlations over the alerts, or directories of them: counts, values and sequences of alerts in a time, and which
    /// alerts are printed once (docs/correlations.md) [default: correlations_files of the configuration]
    #[arg(long, value_name = "FILE", help_heading = "Rule selection")]
    correlations: Vec<PathBuf>,
    /// Configuration [default: /etc/tercel/tercel.yaml, if it exists]
    #[arg(short, long, value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// Also record to this trace; replaying it gives the same alerts
    #[arg(short, long, value_name = "FILE", help_heading = "Capture")]
    write: Option<PathBuf>,
    #[command(flatten)]
    create: CreateArgs,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Keep at most this many bytes of each buffer that is read or written
    #[arg(short, long, value_name = "SIZE", value_parser = values::snaplen, help_heading = "Capture")]
    snaplen: Option<u32>,
    /// Keep at most this many bytes of the arguments of a program and of its environment, 1 to 32KiB each [default: 4KiB, as Falco]
    #[arg(long, value_name = "SIZE", value_parser = values::max_args, help_heading = "Capture")]
    max_args: Option<u32>,
    /// Measure how long each system call takes (evt.latency); every call then costs more
    #[arg(long, help_heading = "Capture")]
    latency: bool,
    /// Types of the running kernel, where it does not show them itself: BTF, a vmlinux with it, or an archive of BTFHub
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
    /// Report this often what each process uses: CPU time, memory, page faults (events procinfo; thread.cpu, thread.vmrss)
    #[arg(long, value_name = "INTERVAL", value_parser = values::interval, help_heading = "Capture")]
    resources: Option<Duration>,
    /// Size of the ring buffer of each CPU, 4KiB to 1GiB; a number without a unit is in MiB
    #[arg(long, value_name = "SIZE", value_parser = values::ring, help_heading = "Capture")]
    buffer: Option<u32>,
    /// Keep the newest events in memory, for cuts around alerts (capture.enabled), SIGUSR2 and 'tercel dump'. The limit is a time
    /// (60s), a size (256MiB), or both (60s,256MiB) [default with capture.enabled: what capture_before and capture.ring_size_mb say]
    #[arg(long, value_name = "LIMIT", value_parser = values::ring_limits, help_heading = "Flight recorder")]
    ring: Option<RingLimits>,
    /// Listen on this socket for 'tercel dump' [default: /run/tercel/control.sock, if it can be made]
    #[arg(long, value_name = "PATH", help_heading = "Flight recorder")]
    control: Option<PathBuf>,
    #[command(flatten)]
    redaction: RedactionArgs,
    /// Sign the trace of -w, cuts and dumps with this private SSH key, as 'tercel record --sign' does [default: capture.sign_key]
    #[arg(long, value_name = "KEY", help_heading = "Capture")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    sockets: SocketArgs,
    /// Stop after this time, in seconds or as in 2m30s
    #[arg(
        short = 'M',
        long = "seconds",
        value_name = "DURATION",
        value_parser = values::duration,
        help_heading = "Capture"
    )]
    duration: Option<Duration>,
    /// Stop after rules have seen this many events
    #[arg(short = 'n', value_name = "EVENTS", help_heading = "Capture")]
    limit: Option<u64>,
    /// Print times in UTC instead of the time zone of the host
    #[arg(long, help_heading = "Output")]
    utc: bool,
    /// Write the alerts to this file instead of the outputs of the configuration
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Print no summary and no warnings
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show warnings of the rule files
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

/// Additional sockets of container engines.
#[derive(Debug, Args)]
pub struct SocketArgs {
    /// An additional Docker API socket
    #[arg(long, value_name = "SOCKET", help_heading = "Container engines")]
    docker: Vec<PathBuf>,
    /// An additional socket of containerd, CRI-O or another Kubernetes runtime
    #[arg(long, value_name = "SOCKET", help_heading = "Container engines")]
    cri: Vec<PathBuf>,
}

impl SocketArgs {
    /// The sockets.
    ///
    /// # Errors
    /// Nothing listens at a socket.
    pub fn intent(self) -> Result<Sockets, Failure> {
        for path in self.docker.iter().chain(&self.cri) {
            if let Err(error) = UnixStream::connect(path) {
                let path = path.display();
                return Err(Failure::io(format!("{path}: no container engine listens there: {error}")));
            }
        }
        Ok(self.unchecked())
    }

    /// The sockets, whether something listens there or not.
    pub fn unchecked(self) -> Sockets {
        Sockets { docker: self.docker, cri: self.cri }
    }
}

impl LiveArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Live, Failure> {
        let mut overrides = self.overrides.pairs();
        overrides.extend(self.verbose.then(|| "log_level=debug".to_owned()));
        Ok(Live {
            rules: self.selection.of(self.rules)?,
            correlations: self.correlations,
            filter: filter(&self.words, self.filter, "at the end")?,
            config: self.config,
            overrides,
            write: self.write,
            creation: self.create.intent(),
            layout: self.layout.intent(Layout::Rows),
            snaplen: self.snaplen,
            max_args: self.max_args,
            latency: self.latency,
            btf: self.btf,
            resources: self.resources,
            ring: self.buffer,
            redaction: self.redaction.intent(),
            sign: self.sign,
            flight: self.ring,
            control: self.control,
            sockets: self.sockets.intent()?,
            duration: self.duration,
            limit: self.limit,
            utc: self.utc,
            output: self.output,
            quiet: self.quiet,
            verbose: self.verbose,
        })
    }
}
