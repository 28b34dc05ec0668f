//! Outputs: lines of alerts enter and leave through standard output, files, syslog, programs and http. Every output has a bounded
//! queue and a thread of its own, so that none of them ever delays its caller. A line is tried again until its output has sent it;
//! only lines that do not fit into a full queue are lost, and counted. Must not know what a line says, rules, or the command line.
//!
//! ```
//! use std::time::Duration;
//! use tercel_outputs::{Kind, Limits, Message, Outputs};
//!
//! let path = std::env::temp_dir().join(format!("tercel-outputs-example-{}", std::process::id()));
//! let outputs = Outputs::start(&[Kind::File { path: path.clone(), keep_open: true }], Limits::default())?;
//! outputs.deliver(Message { line: b"12:00:00: Warning x".to_vec(), severity: 4, record: None });
//! outputs.finish(Duration::from_secs(10));
//! assert_eq!(std::fs::read_to_string(&path)?, "12:00:00: Warning x\n");
//! let (name, counts) = outputs.counts()[0];
//! assert_eq!((name, counts.sent, counts.lost), ("file", 1, 0));
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod channel;
mod error;
mod file;
mod http;
mod notices;
mod otlp;
mod program;
mod queue;
mod syslog;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io};

pub use error::{Reason, StartError};
pub use http::{Http, credentials};
pub use notices::{Level, Notice};
pub use otlp::{Otlp, Record};
pub use queue::Limits;
pub use syslog::{Address, Protocol, Syslog};

use channel::Channel;
use notices::Told;
use worker::Worker;

/// A line to send.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// The line, without a line end.
    pub line: Vec<u8>,
    /// How urgent it is, as syslog counts: from 0, an emergency, to 7, for debugging (RFC 5424, section 6.2.1).
    pub severity: u8,
    /// What the line says, in parts, for outputs that need them ([`Outputs::need_records`]).
    pub record: Option<Record>,
}

impl Message {
    /// Bytes that it takes, approximately.
    fn size(&self) -> usize {
        self.line.len() + self.record.as_ref().map_or(0, Record::size)
    }
}

/// An output as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file that lines are appended to.
    File {
        /// Its path.
        path: PathBuf,
        /// Keep it open between lines.
        keep_open: bool,
    },
    /// A syslog daemon.
    Syslog(Syslog),
    /// A command of the shell that reads lines.
    Program {
        /// The command.
        command: String,
        /// Keep it running between lines, instead of starting it for each.
        keep_running: bool,
    },
    /// A web server.
    Http(Http),
    /// A collector of OpenTelemetry, which gets log records over HTTP.
    Otlp(Otlp),
}

impl Kind {
    /// Name in messages and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Stdout => "stdout",
            Kind::Stderr => "stderr",
            Kind::File { .. } => "file",
            Kind::Syslog(_) => "syslog",
            Kind::Program { .. } => "program",
            Kind::Http(_) => "http",
            Kind::Otlp(_) => "otlp",
        }
    }

    /// Where its lines go, in words.
    pub fn target(&self) -> String {
        match self {
            Kind::Stdout => "standard output".to_owned(),
            Kind::Stderr => "standard error".to_owned(),
            Kind::File { path, .. } => format!("the file {}", path.display()),
            Kind::Syslog(syslog) => format!("syslog at {}", syslog.address),
            Kind::Program { command, .. } => format!("the program {command}"),
            Kind::Http(http) => http.url.clone(),
            Kind::Otlp(otlp) => format!("the OpenTelemetry collector at {}", otlp.http.url),
        }
    }

    /// Why its lines could not be written now; only asked of files, which are opened when there is something to write.
    pub fn obstacle(&self) -> Option<io::Error> {
        let Kind::File { path, .. } = self else { return None };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        match (path.is_dir(), fs::metadata(directory.unwrap_or(Path::new(".")))) {
            (true, _) => Some(io::ErrorKind::IsADirectory.into()),
            (false, Ok(above)) if !above.is_dir() => Some(io::ErrorKind::NotADirectory.into()),
            (false, above) => above.err(),
        }
    }

    /// Checks what it needs at the start, such as keys and certificates.
    ///
    /// # Errors
    /// What is missing or invalid, with the name of the output.
    pub fn check(&self) -> Result<(), StartError> {
        match self {
            Kind::Http(http) => http::Client::new(http).map(drop).map_err(|reason| self.failed(reason)),
            Kind::Otlp(otlp) => otlp::Exporter::new(otlp).map(drop).map_err(|reason| self.failed(reason)),
            Kind::Stdout | Kind::Stderr | Kind::File { .. } | Kind::Syslog(_) | Kind::Program { .. } => {
                Ok(())
            }
        }
    }

    fn failed(&self, reason: impl Into<Reason>) -> StartError {
        StartError { output: self.name(), reason: reason.into() }
    }

    fn open(&self) -> Result<Box<dyn Channel>, Reason> {
        Ok(match self {
            Kind::Stdout => Box::new(file::Stream::stdout()?),
            Kind::Stderr => Box::new(file::Stream::stderr()?),
            Kind::File { path, keep_open } => Box::new(file::File::new(path.clone(), *keep_open)),
            Kind::Syslog(syslog) => Box::new(syslog::Connection::new(syslog.clone())),
            Kind::Program { command, keep_running } => {
                Box::new(program::Program::new(command.clone(), *keep_running))
            }
            Kind::Http(http) => Box::new(http::Client::new(http)?),
            Kind::Otlp(otlp) => Box::new(otlp::Exporter::new(otlp)?),
        })
    }
}

/// Counts of the lines of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Sent by the output.
    pub sent: u64,
    /// Lost: the queue was full, the output refused them, or there was no time left at the end.
    pub lost: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Waiting in the queue.
    pub waiting: u64,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.sent += other.sent;
        self.lost += other.lost;
        self.failures += other.failures;
        self.waiting += other.waiting;
    }
}

/// A running output.
struct Running {
    kind: Kind,
    worker: Worker,
    told: Told,
}

impl Running {
    fn start(kind: &Kind, limits: Limits) -> Result<Running, StartError> {
        let channel = kind.open().map_err(|reason| kind.failed(reason))?;
        let worker = Worker::start(kind.name(), channel, limits).map_err(|error| kind.failed(error))?;
        Ok(Running { kind: kind.clone(), worker, told: Told::default() })
    }
}

/// All outputs of a run.
pub struct Outputs {
    running: Vec<Running>,
    limits: Limits,
    /// Outputs that get no new lines, but may still have lines to send.
    leaving: Vec<Running>,
    /// Counts of outputs that have ended.
    past: BTreeMap<&'static str, Counts>,
}

impl Outputs {
    /// Starts the outputs.
    ///
    /// # Errors
    /// An output is configured wrongly, or a thread cannot be started; the message names the output.
    pub fn start(kinds: &[Kind], limits: Limits) -> Result<Outputs, StartError> {
        let running = kinds.iter().map(|kind| Running::start(kind, limits)).collect::<Result<_, _>>()?;
        Ok(Outputs { running, limits, leaving: Vec::new(), past: BTreeMap::new() })
    }

    /// Sends lines to other outputs from now on. Outputs that are the same stay, with their waiting lines; the others get `patience`
    /// to send their waiting lines.
    ///
    /// # Errors
    /// As for `start`; everything stays as it was.
    pub fn replace(&mut self, kinds: &[Kind], limits: Limits, patience: Duration) -> Result<(), StartError> {
        let same = limits == self.limits;
        let is_new = |kind: &&Kind| !(same && self.running.iter().any(|running| running.kind == **kind));
        let new = kinds.iter().filter(is_new).map(|kind| Running::start(kind, limits));
        let new: Vec<Running> = new.collect::<Result<_, _>>()?;
        let (stay, leave): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.running).into_iter().partition(|old| same && kinds.contains(&old.kind));
        let deadline = Instant::now() + patience;
        leave.iter().for_each(|old| old.worker.close(deadline));
        self.leaving.extend(leave);
        self.running = stay.into_iter().chain(new).collect();
        self.limits = limits;
        Ok(())
    }

    /// Whether an output sends records instead of lines.
    pub fn need_records(&self) -> bool {
        self.running.iter().any(|running| matches!(running.kind, Kind::Otlp(_)))
    }

    /// Gives a line to every output. Never waits.
    pub fn deliver(&self, message: Message) {
        let message = Arc::new(message);
        self.running.iter().for_each(|running| running.worker.push(Arc::clone(&message)));
    }

    /// Reopens files, programs and connections before the next line.
    pub fn reopen(&self) {
        self.running.iter().for_each(|running| running.worker.reopen());
    }

    /// Whether all outputs are closed by their readers.
    pub fn closed(&self) -> bool {
        !self.running.is_empty() && self.running.iter().all(|running| running.worker.closed())
    }

    /// Counts by output.
    pub fn counts(&self) -> Vec<(&'static str, Counts)> {
        let mut all = self.past.clone();
        for Running { worker, .. } in self.running.iter().chain(&self.leaving) {
            all.entry(worker.name()).or_default().add(worker.counts());
        }
        all.into_iter().collect()
    }

    /// Messages about failures since the last call; the same failure is not repeated.
    pub fn notices(&mut self, now: Instant) -> Vec<Notice> {
        let (left, leaving) =
            std::mem::take(&mut self.leaving).into_iter().partition(|old| old.worker.has_ended());
        self.leaving = leaving;
        let mut notices = Vec::new();
        for mut old in left {
            old.worker.wait(now);
            notices.extend(old.told.look(&old.worker, now));
            self.past.entry(old.worker.name()).or_default().add(old.worker.counts());
        }
        let running = self.running.iter_mut();
        notices.extend(running.filter_map(|running| running.told.look(&running.worker, now)));
        notices
    }

    /// Gives the outputs time to send waiting lines. Lines that are left then are counted as lost.
    pub fn finish(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.running.iter().for_each(|running| running.worker.close(deadline));
        self.running.iter().chain(&self.leaving).for_each(|running| running.worker.wait(deadline));
    }
}

#[cfg(test)]
mod tests;
