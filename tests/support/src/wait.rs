//! Waiting for something that another process does. Nothing waits for a time that is hoped to suffice.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a machine that has much else to do.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until something holds, and panics where that takes longer than the deadline.
#[track_caller]
pub fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "no {what} within {} s", DEADLINE.as_secs());
        thread::sleep(PAUSE);
    }
}
