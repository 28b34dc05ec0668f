//! Ctrl-C and SIGTERM: the first one asks the recorder to end properly, the second one ends it as usual.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

extern "C" fn remember(signal: libc::c_int) {
    if ASKED.swap(true, Ordering::Relaxed) {
        // SAFETY: both calls are allowed in signal handlers.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
}

/// From now on, signals that would end the process are remembered. A file that may not grow any more is an error of the write, not
/// a signal.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch() -> io::Result<()> {
    watch_for(&[libc::SIGINT, libc::SIGTERM, libc::SIGHUP])
}

/// As [`watch`], but SIGHUP is left to others, who give it another meaning.
///
/// # Errors
/// Those of sigaction(2).
pub fn watch_without_hangup() -> io::Result<()> {
    watch_for(&[libc::SIGINT, libc::SIGTERM])
}

fn watch_for(signals: &[libc::c_int]) -> io::Result<()> {
    for &signal in signals {
        let handler = remember as extern "C" fn(libc::c_int);
        // SAFETY: the handler only touches an atomic and calls functions that are allowed there.
        let previous = unsafe { libc::signal(signal, handler as libc::sighandler_t) };
        if previous == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    Ok(())
}

/// Whether somebody asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
