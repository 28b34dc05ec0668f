//! When a file of a series is followed by another one: how it grows enters, whether the next is due leaves.

use std::time::Duration;

/// When a new file is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// Bytes on the disk; a file also gets at least as much after the state that it begins with, so that a size below that of
    /// the state does not end in a file per event.
    pub size: Option<u64>,
    /// Time since its first event.
    pub age: Option<Duration>,
}

impl Rotation {
    /// Whether there are several files.
    pub fn rotates(&self) -> bool {
        self.size.is_some() || self.age.is_some()
    }
}

/// How far a file has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Growth {
    /// Time of its first event.
    begun: Option<u64>,
    /// Bytes of scap in the state that it begins with.
    head: u64,
}

impl Growth {
    /// An event at `ts` follows; `raw_bytes` says after how many bytes of scap.
    #[inline]
    pub fn event(&mut self, ts: u64, raw_bytes: impl FnOnce() -> u64) {
        if self.begun.is_none() {
            *self = Growth { begun: Some(ts), head: raw_bytes() };
        }
    }

    /// Whether an event at `ts` belongs to another file. `written` says how many bytes this one has on the disk, and how many
    /// of scap.
    #[inline]
    pub fn is_due(&self, rotation: &Rotation, ts: u64, written: impl FnOnce() -> (u64, u64)) -> bool {
        let Some(begun) = self.begun else { return false };
        let is_old = |age| Duration::from_nanos(ts.saturating_sub(begun)) >= age;
        let is_large = |size| {
            let (bytes, raw_bytes) = written();
            bytes >= size && raw_bytes >= 2 * self.head
        };
        rotation.age.is_some_and(is_old) || rotation.size.is_some_and(is_large)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_end_when_they_are_large_or_old() {
        let by_size = Rotation { size: Some(100), age: None };
        let by_age = Rotation { size: None, age: Some(Duration::from_nanos(50)) };
        let mut growth = Growth::default();
        assert!(!growth.is_due(&by_age, 1000, || (1000, 1000)), "a file has at least one event");
        growth.event(10, || 400);
        growth.event(20, || 500);
        for (rotation, ts, written, expected) in [
            (by_size, 1000, (99, 1000), false),
            (by_size, 1000, (100, 799), false),
            (by_size, 1000, (100, 800), true),
            (by_age, 59, (1000, 1000), false),
            (by_age, 60, (0, 0), true),
            (by_age, 0, (0, 0), false),
            (Rotation::default(), 1000, (1000, 1000), false),
        ] {
            assert_eq!(growth.is_due(&rotation, ts, || written), expected, "{rotation:?} {ts} {written:?}");
        }
    }
}
