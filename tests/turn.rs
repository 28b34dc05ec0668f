//! Whose turn it is: tests that see what all of the host does run alone, all others together.

use std::fs;
use std::io::Read;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tercel_test_support::{recording, require};

static TURN: RwLock<()> = RwLock::new(());

/// The turn of a test that may run beside others.
pub type Shared = RwLockReadGuard<'static, ()>;

/// The turn of a test that runs alone.
pub type Alone = RwLockWriteGuard<'static, ()>;

/// A turn beside others; nothing if recording is impossible, which is said of the check.
pub fn shared(check: &str) -> Option<Shared> {
    require(check, recording())?;
    Some(TURN.read().unwrap_or_else(PoisonError::into_inner))
}

/// A turn alone.
pub fn alone(check: &str) -> Option<Alone> {
    require(check, recording())?;
    Some(TURN.write().unwrap_or_else(PoisonError::into_inner))
}

/// Opened, read and closed files of a storm: more events than rings of a MiB hold, however fast the machine.
pub const ROUNDS: u32 = 300_000;

/// Makes more events than a recorder that is stopped can take.
pub fn storm() {
    for _ in 0..ROUNDS {
        let mut file = fs::File::open("/etc/hostname").expect("a file");
        let _ = file.read(&mut [0; 16]);
    }
}
