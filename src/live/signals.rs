//! SIGHUP, SIGUSR1 and SIGUSR2: each request is remembered until it is taken.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGUSR1};
use signal_hook::flag;

use crate::stop;

/// What signals request.
pub struct Signals {
    reload: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
    dump: Arc<AtomicBool>,
}

impl Signals {
    /// Installs the handlers; SIGHUP then does not end the run.
    pub fn watch() -> io::Result<Signals> {
        let signals =
            Signals { reload: Arc::default(), reopen: Arc::default(), dump: stop::watch_for_dumps()? };
        flag::register(SIGHUP, Arc::clone(&signals.reload))?;
        flag::register(SIGUSR1, Arc::clone(&signals.reopen))?;
        Ok(signals)
    }

    /// Whether rules have to be reloaded; true once per signal.
    pub fn reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }

    /// Whether the events in memory have to be written; true once per signal.
    pub fn dump(&self) -> bool {
        self.dump.swap(false, Ordering::Relaxed)
    }

    /// Whether outputs have to be reopened; true once per signal.
    pub fn reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::Relaxed)
    }
}
