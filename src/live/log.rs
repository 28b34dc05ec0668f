//! Messages about the run itself: on standard error, and to the syslog daemon of this host if the configuration asks for it.

use std::time::Duration;

use console::style;
use tercel_config::{self as config, Config, Remarks};
use tercel_outputs::{Address, Kind, Level, Limits, Message, Outputs, Protocol, Syslog};
use tercel_rules::program::Priority;

use crate::exit::Failure;

/// How long messages for a daemon that does not answer may delay the start.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where messages about the run go.
pub struct Log {
    stderr: bool,
    level: Level,
    /// As `level`, for messages about the capture.
    capture: Option<Level>,
    /// A queue of its own, so that a daemon that hangs delays nothing else.
    syslog: Option<Outputs>,
}

/// The syslog daemon of this host, if the configuration asks for it.
fn daemon(config: &Config) -> Result<Option<Outputs>, Failure> {
    let kind = Kind::Syslog(Syslog {
        address: Address::Local("/dev/log".into()),
        protocol: Protocol::Rfc3164,
        hostname: String::new(),
    });
    let limits = Limits { messages: 1024, bytes: 1 << 20 };
    config.log.syslog.then(|| Outputs::start(&[kind], limits)).transpose().map_err(Failure::io)
}

impl Log {
    /// The log that a configuration asks for.
    pub fn new(config: &Config, quiet: bool) -> Result<Log, Failure> {
        let config::Log { stderr, level, capture, .. } = config.log;
        Ok(Log { stderr, capture, level: if quiet { Level::Error } else { level }, syslog: daemon(config)? })
    }

    /// Sends to the daemon from another thread, which keeps the capabilities that the caller has now.
    pub fn renew(&mut self, config: &Config) -> Result<(), Failure> {
        if let Some(before) = self.syslog.take() {
            before.finish(PATIENCE);
            self.syslog = daemon(config)?;
        }
        Ok(())
    }

    /// Reports the remarks on a configuration; keys without effect in one line.
    pub fn remarks(&self, remarks: &Remarks) {
        for remark in &remarks.warnings {
            self.tell(Level::Warning, &remark.to_string());
        }
        if let Some(line) = remarks.ignored_keys() {
            self.tell(Level::Warning, &line);
        }
    }

    /// Logs a message about the capture from the kernel.
    pub fn tell_of_capture(&self, level: Level, text: &str) {
        if self.capture.is_some_and(|least| level <= least) {
            self.tell(level, text);
        }
    }

    /// Logs a message.
    pub fn tell(&self, level: Level, text: &str) {
        if level > self.level {
            return;
        }
        if self.stderr {
            match level {
                Level::Error => eprintln!("{} {text}", style("error:").for_stderr().red().bold()),
                Level::Warning => eprintln!("{} {text}", style("warning:").for_stderr().yellow().bold()),
                Level::Info | Level::Debug => eprintln!("{text}"),
            }
        }
        if let Some(syslog) = &self.syslog {
            let priority = match level {
                Level::Error => Priority::Error,
                Level::Warning => Priority::Warning,
                Level::Info => Priority::Informational,
                Level::Debug => Priority::Debug,
            };
            let line = text.as_bytes().to_vec();
            syslog.deliver(Message { line, severity: priority.severity(), record: None });
        }
    }
}
