//! The files that captures are written into, one or a series of them: a pattern of names and a rotation enter; destinations
//! leave, one after the other, and files that have become too old are removed. What is written into a file is not known here.

mod destination;
mod names;
mod rotation;

use std::fs;
use std::io;
use std::path::PathBuf;

pub use destination::{Destination, Opened};
pub use names::{Names, PatternError};
pub use rotation::{Growth, Rotation};

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
}

/// Files that follow one another.
///
/// ```
/// use jiff::tz::TimeZone;
/// use tercel_format::series::{Names, Rotation, Series};
///
/// let rotation = Rotation { size: Some(1 << 20), age: None };
/// let names = Names::new("trace.scap".as_ref(), TimeZone::UTC, rotation.rotates(), None)?;
/// let mut series = Series::new(names, rotation);
/// assert_eq!(series.next(0)?.name(), "trace_000001.scap");
/// series.event(5, || 0);
/// assert!(!series.is_due(6, || (100, 100)));
/// assert!(series.is_due(6, || (2 << 20, 9 << 20)));
/// # Ok::<(), tercel_format::series::SeriesError>(())
/// ```
#[derive(Debug)]
pub struct Series {
    names: Names,
    rotation: Rotation,
    growth: Growth,
}

impl Series {
    /// Files of these names, each followed by another one when the rotation says so.
    pub fn new(names: Names, rotation: Rotation) -> Series {
        Series { names, rotation, growth: Growth::default() }
    }

    /// Whether there are several files.
    pub fn rotates(&self) -> bool {
        self.rotation.rotates()
    }

    /// The next file, which starts at `ts`. The oldest one is removed if there are too many.
    ///
    /// # Errors
    /// It has no name, or the oldest one cannot be removed.
    pub fn next(&mut self, ts: u64) -> Result<Destination, SeriesError> {
        let (path, oldest) = self.names.next(ts)?;
        if let Some(oldest) = oldest {
            remove(oldest)?;
        }
        self.growth = Growth::default();
        Ok(Destination::new(path))
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

/// Removes a file of this series that has become too old.
fn remove(path: PathBuf) -> Result<(), SeriesError> {
    match fs::remove_file(&path) {
        // Another program has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|error| SeriesError::Remove { path, error }),
    }
}
