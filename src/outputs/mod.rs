//! Outputs: lines of alerts enter and leave through standard output, files, syslog, programs and http. Every output has a bounded
//! queue and a thread of its own, so that none of them ever holds up whoever delivers. A line is tried again until its
//! output takes it; only what a full queue cannot hold is lost, and counted. Nothing here knows what an alert is about.

mod channel;
mod file;
mod http;
mod notices;
mod program;
mod queue;
mod syslog;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tercel_rules::program::Priority;

pub use http::Http;
pub use notices::{Level, Notice};
pub use queue::Limits;
pub use syslog::{Address, Protocol, Syslog};

use channel::Channel;
use notices::Told;
use worker::Worker;

/// A line on its way.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// The line, without a line end.
    pub line: Vec<u8>,
    /// How urgent it is.
    pub priority: Priority,
}

/// An output as it is asked for.
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
}

impl Kind {
    /// Name for messages and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Stdout => "stdout",
            Kind::Stderr => "stderr",
            Kind::File { .. } => "file",
            Kind::Syslog(_) => "syslog",
            Kind::Program { .. } => "program",
            Kind::Http(_) => "http",
        }
    }

    fn open(&self) -> Result<Box<dyn Channel>, String> {
        Ok(match self {
            Kind::Stdout => Box::new(file::Stream::stdout().map_err(|error| error.to_string())?),
            Kind::Stderr => Box::new(file::Stream::stderr().map_err(|error| error.to_string())?),
            Kind::File { path, keep_open } => Box::new(file::File::new(path.clone(), *keep_open)),
            Kind::Syslog(syslog) => Box::new(syslog::Connection::new(syslog.clone())),
            Kind::Program { command, keep_running } => {
                Box::new(program::Program::new(command.clone(), *keep_running))
            }
            Kind::Http(http) => Box::new(http::Client::new(http)?),
        })
    }
}

/// What became of the lines of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Taken by the output.
    pub sent: u64,
    /// Lost: the queue was full, the output refused them, or time was up at the end.
    pub lost: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Waiting in the queue.
    pub waiting: u64,
}

/// All outputs of a run.
pub struct Outputs {
    workers: Vec<(Worker, Told)>,
}

impl Outputs {
    /// Starts the outputs.
    ///
    /// # Errors
    /// An output is set up wrongly, or a thread cannot be started; the text names the output.
    pub fn start(kinds: &[Kind], limits: Limits) -> Result<Outputs, String> {
        let started = kinds.iter().map(|kind| {
            let failed = |error: String| format!("{} output: {error}", kind.name());
            let channel = kind.open().map_err(failed)?;
            let worker = Worker::start(kind.name(), channel, limits);
            worker.map(|worker| (worker, Told::default())).map_err(|error| failed(error.to_string()))
        });
        Ok(Outputs { workers: started.collect::<Result<_, _>>()? })
    }

    /// Hands a line to every output. Never waits.
    pub fn deliver(&self, message: Message) {
        let message = Arc::new(message);
        self.workers.iter().for_each(|(worker, _)| worker.push(Arc::clone(&message)));
    }

    /// Files are opened anew before the next line, programs and connections too.
    pub fn reopen(&self) {
        self.workers.iter().for_each(|(worker, _)| worker.reopen());
    }

    /// Whether no output can take a line any more, because nobody reads them.
    pub fn closed(&self) -> bool {
        !self.workers.is_empty() && self.workers.iter().all(|(worker, _)| worker.closed())
    }

    /// What became of the lines, by output.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, Counts)> {
        self.workers.iter().map(|(worker, _)| (worker.name(), worker.counts()))
    }

    /// What there is to tell about troubles since the last call; the same trouble is not told again and again.
    pub fn notices(&mut self, now: Instant) -> Vec<Notice> {
        self.workers.iter_mut().filter_map(|(worker, told)| told.look(worker, now)).collect()
    }

    /// Gives the outputs time to send what waits. What is left then is counted as lost.
    pub fn finish(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.workers.iter().for_each(|(worker, _)| worker.close(deadline));
        self.workers.iter().for_each(|(worker, _)| worker.wait(deadline));
    }
}

#[cfg(test)]
mod tests;
