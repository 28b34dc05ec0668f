//! Ctrl-C and SIGTERM: the first one stops a source properly, the second one ends the process as usual.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR2, SIGXFSZ};
use signal_hook::flag;
use tercel_capture::Stopper;

/// Installs handlers: signals that would end the process stop the source of this stopper instead. A file at its size limit is an
/// error of the write, not a signal.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch() -> io::Result<Stopper> {
    watch_for(&[SIGINT, SIGTERM, SIGHUP])
}

/// As [`watch`], but without SIGHUP, which has another meaning elsewhere.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch_without_hangup() -> io::Result<Stopper> {
    watch_for(&[SIGINT, SIGTERM])
}

/// SIGUSR2 requests a trace from a flight recorder: the flag is set once per signal, and the reader resets it. Without this the signal
/// would end the process.
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
        // In this order: at the first signal the flag is not set yet.
        flag::register_conditional_default(*signal, Arc::clone(&asked))?;
        flag::register(*signal, Arc::clone(&asked))?;
    }
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(Stopper::of(asked))
}
