//! Ctrl-C and SIGTERM: the first one asks a source to end properly, the second one ends the process as usual.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR2, SIGXFSZ};
use signal_hook::flag;
use tercel_capture::Stopper;

/// From now on, signals that would end the process stop the source that is given the stopper. A file that may not grow any
/// more is an error of the write, not a signal.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch() -> io::Result<Stopper> {
    watch_for(&[SIGINT, SIGTERM, SIGHUP])
}

/// As [`watch`], but SIGHUP is left to others, who give it another meaning.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch_without_hangup() -> io::Result<Stopper> {
    watch_for(&[SIGINT, SIGTERM])
}

/// SIGUSR2 asks a flight recorder for a trace: true once per signal, for whoever takes it back. Without this the signal would
/// end the process.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch_for_dumps() -> io::Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    flag::register(SIGUSR2, Arc::clone(&asked))?;
    Ok(asked)
}

fn watch_for(signals: &[i32]) -> io::Result<Stopper> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in signals {
        // In this order: the first signal finds nothing asked.
        flag::register_conditional_default(*signal, Arc::clone(&asked))?;
        flag::register(*signal, Arc::clone(&asked))?;
    }
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(Stopper::of(asked))
}
