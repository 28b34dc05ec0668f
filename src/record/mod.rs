//! `tercel record`: the probe's events enter, a trace leaves. The probe runs before the host is read, so that no process falls
//! into the gap between the two.

mod scope;
mod trace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget};
use tercel_capture::{Drops, Options, Polled, Source, stop};
use tercel_format::{Block, Event};

use crate::exit::{Failure, Outcome};
use scope::{Keep, Scope};
use trace::Trace;

/// How often the trace is made readable and the status line is drawn.
const STATUS: Duration = Duration::from_millis(500);
/// After how many events the clock is looked at even if there are more.
const BATCH: u64 = 4096;

/// Options of `tercel record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The trace to write; - for standard output
    #[arg(short = 'w', long = "write", value_name = "FILE")]
    pub write: PathBuf,
    /// Bytes of read and written buffers to keep
    #[arg(short = 's', long, value_name = "BYTES", default_value_t = 80)]
    pub snaplen: u32,
    /// Stop after this many seconds
    #[arg(short = 'M', long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// Stop after this many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub count: Option<u64>,
    /// Only this process and what it starts; of others only what the state of processes needs
    #[arg(short = 'p', long = "pid", value_name = "PID")]
    pub pids: Vec<i64>,
    /// With a command: record all processes, not only the command and what it starts
    #[arg(short = 'a', long)]
    pub all: bool,
    /// Size of the ring of each CPU in MiB
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    pub buffer: u32,
    /// Level of compression (zstd); 0 writes a plain scap file
    #[arg(long, value_name = "LEVEL", default_value_t = 3)]
    pub level: i32,
    /// A further socket that speaks Docker's language
    #[arg(long, value_name = "SOCKET")]
    pub docker: Vec<PathBuf>,
    /// No status line and no summary
    #[arg(short, long)]
    pub quiet: bool,
    /// Take system calls from the classic tracepoint whatever the kernel
    #[arg(long, hide = true)]
    pub classic: bool,
    /// A command to run; recording ends when it ends
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Records until something asks to stop.
pub fn run(args: &RecordArgs) -> Result<Outcome, Failure> {
    stop::watch().map_err(Failure::io)?;
    let output = trace::open(&args.write, args.level).map_err(|error| at(args, &error))?;
    let options = Options {
        snaplen: args.snaplen,
        ring: args.buffer.clamp(1, 1024) << 20,
        classic: args.classic,
        wanted: None,
    };
    let mut source = Source::start(&options, &args.docker).map_err(Failure::io)?;
    let mut recorder = Recorder {
        trace: Trace::start(output).map_err(|error| at(args, &error))?,
        scope: if args.pids.is_empty() && (args.command.is_empty() || args.all) {
            Scope::all()
        } else {
            Scope::of(&args.pids)
        },
        left: args.count.unwrap_or(u64::MAX),
        failed: None,
    };
    let child = start(args, &mut recorder.scope)?;
    recorder.record(args, &mut source, child);
    recorder.finish(args, source.drops())
}

/// Starts the command, if there is one, and puts it into the scope.
fn start(args: &RecordArgs, scope: &mut Scope) -> Result<Option<Child>, Failure> {
    let Some((program, arguments)) = args.command.split_first() else { return Ok(None) };
    let child = Command::new(program)
        .args(arguments)
        .spawn()
        .map_err(|error| Failure::usage(format!("{}: {error}", program.to_string_lossy())))?;
    scope.add(i64::from(child.id()));
    Ok(Some(child))
}

struct Recorder {
    trace: Trace,
    scope: Scope,
    /// Events until the limit.
    left: u64,
    failed: Option<std::io::Error>,
}

impl Recorder {
    /// Writes a block where it is wanted.
    fn take(&mut self, block: &Block<'_>) {
        let written = match block {
            Block::Event(event) => self.event(event),
            Block::Processes(processes) => {
                self.scope.found(processes);
                self.trace.block(block)
            }
            block => self.trace.block(block),
        };
        if let Err(error) = written {
            self.failed = Some(error);
        }
    }

    fn event(&mut self, event: &Event<'_>) -> std::io::Result<()> {
        match self.scope.keep(event) {
            Keep::Event => {
                self.left = self.left.saturating_sub(1);
                self.trace.event(event)
            }
            Keep::State => {
                let mut event = *event;
                event.state_only = true;
                self.trace.event(&event)
            }
            Keep::Nothing => Ok(()),
        }
    }

    fn going(&self) -> bool {
        self.left > 0 && self.failed.is_none()
    }

    /// Follows the source until a limit, a signal or the end of the command.
    fn record(&mut self, args: &RecordArgs, source: &mut Source, mut child: Option<Child>) {
        let status = ProgressBar::no_length();
        status.set_draw_target(if args.quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        });
        let end = args.seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let end = end.and_then(|duration| Instant::now().checked_add(duration));
        let mut shown = Instant::now();
        let mut batch = 0;
        while self.going() {
            let idle = match source.poll() {
                Polled::Block(block) => {
                    self.take(&block);
                    batch += 1;
                    false
                }
                Polled::Idle => true,
                Polled::End => break,
            };
            if !idle && batch < BATCH {
                continue;
            }
            batch = 0;
            if child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)))
                || end.is_some_and(|end| Instant::now() >= end)
            {
                source.stop();
            }
            if shown.elapsed() >= STATUS {
                shown = Instant::now();
                if let Err(error) = self.trace.flush() {
                    self.failed = Some(error);
                }
                status.set_message(self.describe(source.drops()));
                status.tick();
            }
            if idle {
                source.wait();
            }
        }
        status.finish_and_clear();
    }

    fn describe(&self, drops: &Drops) -> String {
        let (events, bytes) = (self.trace.events(), self.trace.bytes());
        format!("{events} events, {}, {} lost", HumanBytes(bytes), drops.lost())
    }

    fn finish(self, args: &RecordArgs, drops: &Drops) -> Result<Outcome, Failure> {
        let (events, bytes) = (self.trace.events(), self.trace.bytes());
        let ended = self.trace.finish();
        if let Some(error) = self.failed.or(ended.err()) {
            return Err(at(args, &error));
        }
        if !args.quiet {
            eprintln!("{events} events, {} before compression", HumanBytes(bytes));
            if drops.lost() > 0 {
                eprintln!(
                    "{} events lost: {} ring full, {} program skipped by the kernel, {} CPU busy, {} too large, {} other",
                    drops.lost(),
                    drops.full,
                    drops.skipped,
                    drops.busy,
                    drops.large,
                    drops.faults
                );
            }
            if drops.cut > 0 {
                eprintln!("{} parameters cut at their limit", drops.cut);
            }
        }
        Ok(Outcome::Done)
    }
}

fn at(args: &RecordArgs, error: &std::io::Error) -> Failure {
    Failure::io(format!("{}: {error}", args.write.display()))
}
