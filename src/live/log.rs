//! What is told of the run itself: on standard error, and to the syslog daemon of this host where that is asked for.

use console::style;
use tercel_rules::program::Priority;

use crate::config::{self, Config, Remarks};
use crate::exit::Failure;
use crate::outputs::{Address, Kind, Level, Limits, Message, Outputs, Protocol, Syslog};

/// Where the run tells of itself.
pub struct Log {
    stderr: bool,
    level: Level,
    /// A queue of its own, so that a daemon that hangs holds up nobody.
    syslog: Option<Outputs>,
}

impl Log {
    /// The log that a configuration asks for.
    pub fn new(config: &Config, quiet: bool) -> Result<Log, Failure> {
        let config::Log { stderr, syslog, level } = config.log;
        let address = Address::Local("/dev/log".into());
        let kind = Kind::Syslog(Syslog { address, protocol: Protocol::Rfc3164, hostname: String::new() });
        let syslog = syslog.then(|| Outputs::start(&[kind], Limits { messages: 1024, bytes: 1 << 20 }));
        Ok(Log {
            stderr,
            level: if quiet { Level::Error } else { level },
            syslog: syslog.transpose().map_err(Failure::io)?,
        })
    }

    /// Says what there is to remark on a configuration.
    pub fn remarks(&self, remarks: &Remarks) {
        for remark in remarks.unknown.iter().chain(&remarks.ignored) {
            self.tell(Level::Warning, &remark.to_string());
        }
    }

    /// Says something.
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
            syslog.deliver(Message { line: text.as_bytes().to_vec(), priority });
        }
    }
}
