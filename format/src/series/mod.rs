//! The files that captures are written into, one or a series of them: a pattern of names and a rotation enter; destinations
//! leave, one after the other, and files that have become too old are removed. What is written into a file is not known here.

mod destination;
mod kept;
mod names;
mod rotation;
mod target;
mod whole;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use kept::Kept;

pub use destination::{Destination, Gone, Opened, Presence};
pub use names::{Names, PatternError};
pub use rotation::{Growth, Rotation};
pub use target::{Creation, TargetError, is_same_file};
pub use whole::{Directory, WholeFile};

/// Why there is no next file.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// It has no name.
    #[error("{0}")]
    Name(#[from] PatternError),
    /// A file that has become too old cannot be removed.
    #[error("{}: {error}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another program writes files of these names.
    #[error("{}: another program is writing this file, and those that follow it", .0.display())]
    Busy(PathBuf),
}

/// Files that follow one another.
///
/// ```
/// use jiff::tz::TimeZone;
/// use tercel_format::series::{Creation, Names, Rotation, Series};
///
/// let rotation = Rotation { size: Some(1 << 20), age: None };
/// let names = Names::new("no/such/trace.scap".as_ref(), TimeZone::UTC, rotation.rotates(), None)?;
/// let mut series = Series::new(names, rotation, Creation::default())?;
/// assert_eq!(series.next(0)?.name(), "no/such/trace_000001.scap");
/// series.event(5, || 0);
/// assert!(!series.is_due(6, || (100, 100)));
/// assert!(series.is_due(6, || (2 << 20, 9 << 20)));
/// # Ok::<(), tercel_format::series::SeriesError>(())
/// ```
#[derive(Debug)]
pub struct Series {
    names: Names,
    rotation: Rotation,
    creation: Creation,
    growth: Growth,
    kept: Kept,
}

impl Series {
    /// Files of these names, each followed by another one when the rotation says so. Where several follow one another, none is written
    /// over; files that an earlier run has left count among those that are kept.
    ///
    /// # Errors
    /// Another program writes such a series.
    pub fn new(names: Names, rotation: Rotation, creation: Creation) -> Result<Series, SeriesError> {
        let creation = Creation { force: creation.force && !rotation.rotates(), ..creation };
        let kept = Kept::of_earlier(names.earlier())?;
        Ok(Series { names, rotation, creation, growth: Growth::default(), kept })
    }

    /// Whether there are several files.
    pub fn rotates(&self) -> bool {
        self.rotation.rotates()
    }

    /// The next file, which starts at `ts`.
    ///
    /// # Errors
    /// It has no name.
    pub fn next(&mut self, ts: u64) -> Result<Destination, SeriesError> {
        self.growth = Growth::default();
        Ok(Destination::new(self.names.next(ts)?).created(self.creation))
    }

    /// The next file cannot be created because there is one of its name: the name after it is another one.
    pub fn taken(&mut self) {
        self.names.taken();
    }

    /// The next file has been created.
    pub fn created(&mut self, presence: &Presence) {
        if self.rotates() {
            self.kept.push(presence.path().to_owned(), presence.identity());
        }
    }

    /// Removes the oldest files if there are too many, but none of the `open` newest.
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn trim(&mut self, open: usize) -> Result<(), SeriesError> {
        self.kept.trim(self.names.keep().max(open))
    }

    /// An event at `ts` goes into the current file; `raw_bytes` says after how many bytes of scap.
    #[inline]
    pub fn event(&mut self, ts: u64, raw_bytes: impl FnOnce() -> u64) {
        self.growth.event(ts, raw_bytes);
    }

    /// Whether an event at `ts` belongs to another file. `written` says how many bytes the current one has on the disk, and
    /// how many of scap.
    #[inline]
    pub fn is_due(&self, ts: u64, written: impl FnOnce() -> (u64, u64)) -> bool {
        self.growth.is_due(&self.rotation, ts, written)
    }
}
