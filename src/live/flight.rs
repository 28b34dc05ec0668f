//! The flight recorder of a run: blocks and alerts enter, the cut that contains an alert leaves, and messages about cuts. Requests come by
//! SIGUSR2 and through the control socket.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use tercel_config::Config;
use tercel_format::Block;
use tercel_format::trace::{Cut, Header, RingLimits, RingUsage, SignWith};
use tercel_live::{CutPolicy, InternalAlert};
use tercel_outputs::Level;
use tercel_recording::{CONTROL_SOCKET, Control, CutCounts, CutLimits, CutNews, Cuts, DumpRequest, Error};
use tercel_replay::Alert;
use tercel_replay::state::State;
use tercel_rules::program::Program;

use super::log::Log;
use crate::exit::Failure;
use crate::intent::Live;

/// Keeps the newest events, and writes those around alerts.
pub struct Flight {
    cuts: Cuts,
    policy: CutPolicy,
    requests: Option<Receiver<DumpRequest>>,
    /// The control socket is there as long as this is.
    _control: Option<Control>,
    /// Why nothing more is kept, until that is reported.
    failure: Option<Error>,
    is_broken: bool,
    /// Whether a file is not signed to its end.
    is_unsigned: bool,
}

/// A message about cuts, and the alert about it.
pub type Notice = (Level, String, Option<InternalAlert>);

/// Checks that files can be written where the configuration wants them.
///
/// # Errors
/// The directory cannot be read.
pub fn check(config: &Config) -> Result<(), Failure> {
    let prefix = &config.capture.prefix;
    let directory = prefix.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match config.capture.enabled {
        true => fs::read_dir(directory).map(drop).map_err(|error| {
            Failure::usage(format!("capture.path_prefix: {}: {error}", directory.display()))
        }),
        false => Ok(()),
    }
}

impl Flight {
    /// Starts it if the configuration or the command line asks for it.
    ///
    /// # Errors
    /// The directory of the files cannot be read, or the control socket that the command line names not be made.
    pub fn start(
        args: &Live,
        config: &Config,
        program: &Program,
        (header, signer): (Header, Option<SignWith>),
        log: &Log,
    ) -> Result<Option<Flight>, Failure> {
        let settings = &config.capture;
        if !settings.enabled && args.flight.is_none() {
            return Ok(None);
        }
        let policy = CutPolicy::new(settings);
        let reach = policy.reach(program);
        let ring = args.flight.unwrap_or(RingLimits { bytes: settings.ring, time: 0 });
        let ring = RingLimits { time: ring.time.max(reach), ..ring };
        let limits = CutLimits {
            file_bytes: settings.file_bytes,
            files: settings.files,
            bytes: settings.bytes,
            per_minute: settings.per_minute,
        };
        let (cuts, found) = Cuts::new(header, ring, &settings.prefix, limits)?;
        let cuts = cuts.signed(signer);
        let directory = settings.prefix.parent().unwrap_or(Path::new(""));
        for name in &found.partial {
            let path = directory.join(name);
            let hint = "'tercel recover' reads what is in it";
            log.tell(
                Level::Warning,
                &format!("{}: left over from an interrupted run; {hint}", path.display()),
            );
        }
        if let Some(more @ 1..) = found.partials.checked_sub(found.partial.len() as u64) {
            log.tell(Level::Warning, &format!("{more} more files are left over from interrupted runs"));
        }
        let (control, requests) = control(args.control.as_deref(), log)?.unzip();
        Ok(Some(Flight {
            cuts,
            policy,
            requests,
            _control: control,
            failure: None,
            is_broken: false,
            is_unsigned: false,
        }))
    }

    /// Replaces the header of what is written from now on.
    pub fn set_header(&mut self, header: Header) {
        self.cuts.set_header(header);
    }

    /// Takes a block; `state` is what is known before it.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) {
        if !self.is_broken
            && let Err(error) = self.cuts.block(block, state)
        {
            (self.failure, self.is_broken) = (Some(error), true);
        }
    }

    /// The cut that contains an alert, if there is one.
    pub fn alert(&mut self, alert: &Alert<'_>) -> Option<&Arc<Cut>> {
        if self.is_broken {
            return None;
        }
        let trigger = self.policy.trigger(alert.rule, alert.context.event);
        self.cuts.alert(&trigger).unwrap_or_else(|error| {
            (self.failure, self.is_broken) = (Some(error), true);
            None
        })
    }

    /// Does what is due at `ts`, the time now in nanoseconds since the epoch; `asked` says that a signal has come.
    pub fn look(&mut self, asked: bool, now: Instant, ts: u64) -> Vec<Notice> {
        if asked {
            self.cuts.request(DumpRequest::default(), now);
        }
        while let Some(request) = self.requests.as_ref().and_then(|requests| requests.try_recv().ok()) {
            self.cuts.request(request, now);
        }
        let looked = if self.is_broken { Ok(()) } else { self.cuts.tick(now, ts) };
        self.notices(looked)
    }

    /// Writes the rest.
    pub fn finish(&mut self) -> Vec<Notice> {
        let finished = if self.is_broken { Ok(()) } else { self.cuts.finish() };
        self.notices(finished)
    }

    /// Whether a file is not signed to its end although it should be.
    pub fn is_unsigned(&self) -> bool {
        self.is_unsigned
    }

    /// Counts of cuts, and what is in memory.
    pub fn counts(&self) -> (CutCounts, RingUsage) {
        (self.cuts.counts(), self.cuts.usage())
    }

    fn notices(&mut self, looked: Result<(), Error>) -> Vec<Notice> {
        let policy = &self.policy;
        let is_unsigned = &mut self.is_unsigned;
        let notice = |news| {
            *is_unsigned |= matches!(news, CutNews::Unsigned { .. });
            let (level, text) = policy.message(&news);
            (level, text, policy.alert(&news))
        };
        let mut notices: Vec<Notice> = self.cuts.news().map(notice).collect();
        if let Some(error) = looked.err().or_else(|| self.failure.take()) {
            self.is_broken = true;
            // Those who ask from now on get an error.
            self.requests = None;
            notices.push((Level::Error, format!("{error}; nothing more is kept in memory"), None));
        }
        notices
    }
}

/// The control socket: the one that the command line names, or the usual one if it can be made.
fn control(asked: Option<&Path>, log: &Log) -> Result<Option<(Control, Receiver<DumpRequest>)>, Failure> {
    let path = asked.unwrap_or(Path::new(CONTROL_SOCKET));
    match Control::start(path) {
        Ok(control) => Ok(Some(control)),
        Err(error) if asked.is_some() => Err(Failure::io(format!("{}: {error}", path.display()))),
        Err(error) => {
            log.tell(Level::Warning, &format!("{}: {error}; 'tercel dump' needs --control", path.display()));
            Ok(None)
        }
    }
}
