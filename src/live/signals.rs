//! SIGHUP and SIGUSR1: what they ask for is remembered until somebody looks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGUSR1};
use signal_hook::flag;

/// What signals have asked for.
pub struct Signals {
    reload: Arc<AtomicBool>,
    reopen: Arc<AtomicBool>,
}

impl Signals {
    /// From now on, signals are remembered. SIGHUP no longer ends the run.
    pub fn watch() -> io::Result<Signals> {
        let signals = Signals { reload: Arc::default(), reopen: Arc::default() };
        flag::register(SIGHUP, Arc::clone(&signals.reload))?;
        flag::register(SIGUSR1, Arc::clone(&signals.reopen))?;
        Ok(signals)
    }

    /// Whether rules are to be reloaded; true once per signal.
    pub fn reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }

    /// Whether outputs are to be reopened; true once per signal.
    pub fn reopen(&self) -> bool {
        self.reopen.swap(false, Ordering::Relaxed)
    }
}
