//! The files of a series that are on the disk: those of earlier runs and of this one enter, the oldest are removed. Only what is known to
//! be of the series is removed: captures of the caller, under the names of the series, that nobody has put another file in the place of.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::geteuid;

use super::SeriesError;
use super::target::is_locked;

/// First bytes of what a recorder writes: a native trace, scap, gzip.
const MAGIC: [&[u8]; 3] = [&[0x5c, 0x2a, 0x4d, 0x18], &[0x0a, 0x0d, 0x0d, 0x0a], &[0x1f, 0x8b]];

/// Device and inode.
type Identity = (u64, u64);

/// Files, oldest first.
#[derive(Debug, Default)]
pub(super) struct Kept {
    files: VecDeque<(PathBuf, Identity)>,
}

impl Kept {
    /// The captures among files of earlier runs, oldest first.
    ///
    /// # Errors
    /// One of them is being written.
    pub(super) fn of_earlier(paths: Vec<PathBuf>) -> Result<Kept, SeriesError> {
        let mut kept = Kept::default();
        for path in paths {
            let Some((file, identity)) = capture(&path) else { continue };
            if is_locked(&file) {
                return Err(SeriesError::Busy(path));
            }
            kept.push(path, identity);
        }
        Ok(kept)
    }

    /// The newest file.
    pub(super) fn push(&mut self, path: PathBuf, identity: Identity) {
        self.files.push_back((path, identity));
    }

    /// Removes the oldest files until only `most` are there.
    pub(super) fn trim(&mut self, most: usize) -> Result<(), SeriesError> {
        while self.files.len() > most {
            let Some((path, identity)) = self.files.pop_front() else { return Ok(()) };
            remove(&path, identity).map_err(|error| SeriesError::Remove { path, error })?;
        }
        Ok(())
    }
}

/// A capture that the caller has written, opened for reading.
fn capture(path: &Path) -> Option<(File, Identity)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(open(path, flags, Mode::empty()).ok()?);
    let found = file.metadata().ok()?;
    if !found.is_file() || found.uid() != geteuid().as_raw() {
        return None;
    }
    let mut head = [0; 4];
    // A file without a byte is what a killed run leaves.
    let length = file.read(&mut head).ok()?;
    let is_capture = length == 0 || MAGIC.iter().any(|magic| head[..length].starts_with(magic));
    is_capture.then(|| (file, (found.dev(), found.ino())))
}

/// Removes a file, unless it is another one by now.
fn remove(path: &Path, identity: Identity) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if (found.dev(), found.ino()) == identity => match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
        // Another program has moved or removed it.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
