//! Where a capture goes: a path enters, an open file leaves that counts what reaches it, and that can be asked whether it is still
//! where it was created.

use std::fmt;
use std::fs::{File, symlink_metadata};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::target::{Creation, TargetError, target};
use super::whole::WholeFile;
use crate::trace::Output;

/// A file, or standard output for `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    path: PathBuf,
    creation: Creation,
    /// Whether the file has its name only once it is whole.
    whole: bool,
}

impl Destination {
    /// The file of this path, which does not exist.
    pub fn new(path: impl Into<PathBuf>) -> Destination {
        Destination { path: path.into(), creation: Creation::default(), whole: false }
    }

    /// The same, created in this way.
    pub fn created(self, creation: Creation) -> Destination {
        Destination { creation, ..self }
    }

    /// A file that has its name only once it is whole, and that replaces no other one.
    pub fn whole(self) -> Destination {
        Destination { whole: true, ..self }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// A file next to it that is named after a time: `trace.scap` becomes `trace-20261129T064400.123456789Z.scap`.
    pub fn beside(&self, time: Timestamp) -> Destination {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let time = time.strftime("%Y%m%dT%H%M%S.%9fZ");
        let name = match self.path.extension() {
            Some(extension) => format!("{stem}-{time}.{}", extension.to_string_lossy()),
            None => format!("{stem}-{time}"),
        };
        // Who writes over a file means that one.
        let creation = Creation { force: false, ..self.creation };
        Destination { path: self.path.with_file_name(name), creation, whole: self.whole }
    }

    /// Whether a file is there that creation would refuse. Creation looks again.
    ///
    /// # Errors
    /// There is one.
    pub fn look(&self) -> Result<(), TargetError> {
        let is_taken = !self.creation.force && self.path.metadata().is_ok_and(|found| found.is_file());
        // The files of descriptors are those that the caller has opened.
        if is_taken && !of_descriptor(&self.path) { Err(TargetError::Exists) } else { Ok(()) }
    }

    /// Creates the file. `count` is added to whenever bytes reach it.
    ///
    /// # Errors
    /// It exists, is locked, has been placed there by another user, or the operating system refuses.
    pub fn create(&self, count: Arc<AtomicU64>) -> Result<Opened, TargetError> {
        if self.path == Path::new("-") {
            return Ok(Opened { output: Box::new(io::stdout()), count, presence: None });
        }
        if self.whole {
            let output = Box::new(WholeFile::create(&self.path, self.creation.mode)?);
            return Ok(Opened { output, count, presence: None });
        }
        let target = target(&self.path, self.creation)?;
        let Some(path) = target.path else {
            return Ok(Opened { output: Box::new(Stream(target.file)), count, presence: None });
        };
        let presence = Presence { path, file: target.file.try_clone()?, count: Arc::clone(&count) };
        Ok(Opened { output: Box::new(target.file), count, presence: Some(presence) })
    }
}

/// Whether a path is that of a descriptor, as `/dev/stdout` is.
fn of_descriptor(path: &Path) -> bool {
    let link = std::fs::read_link(path).unwrap_or_default();
    [path, &link].iter().any(|path| path.starts_with("/proc/self/fd") || path.starts_with("/dev/fd"))
}

/// A file that was created, as long as it is open.
#[derive(Debug)]
pub struct Presence {
    path: PathBuf,
    file: File,
    count: Arc<AtomicU64>,
}

/// What became of a file while it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// It has no name any more.
    #[error("the file was removed while it was written")]
    Removed,
    /// It has another name.
    #[error("the file was moved or replaced while it was written")]
    Moved,
    /// It is shorter than what was written.
    #[error("the file was truncated while it was written")]
    Truncated,
}

impl Presence {
    /// Where the file was created, links followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path by which this process opens the file, whatever its name is now.
    pub fn handle(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()
    }

    /// Device and inode; zeros if they cannot be found out.
    pub fn identity(&self) -> (u64, u64) {
        self.file.metadata().map_or((0, 0), |file| (file.dev(), file.ino()))
    }

    /// Whether the file is where it was created, and whole.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self) -> Result<(), Gone> {
        // Read before the file is looked at: the other way round, it could have grown in between.
        let written = self.count.load(Ordering::Relaxed);
        let Ok(own) = self.file.metadata() else { return Ok(()) };
        let is_there = match symlink_metadata(&self.path) {
            Ok(found) => (found.dev(), found.ino()) == (own.dev(), own.ino()),
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        };
        match is_there {
            true if own.len() < written => Err(Gone::Truncated),
            true => Ok(()),
            false if own.nlink() == 0 => Err(Gone::Removed),
            false => Err(Gone::Moved),
        }
    }
}

/// A pipe, a device, or what the caller had open: nothing of it is reserved or taken back.
struct Stream(File);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Output for Stream {}

/// An open destination.
pub struct Opened {
    output: Box<dyn Output>,
    count: Arc<AtomicU64>,
    presence: Option<Presence>,
}

impl Opened {
    /// What knows whether the file stays where it is; `None` for all but files, and the second time.
    pub fn presence(&mut self) -> Option<Presence> {
        self.presence.take()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Opened").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Write for Opened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.output.write(bytes)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

impl Output for Opened {
    fn sync(&mut self) -> io::Result<()> {
        self.output.sync()
    }

    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        self.output.reserve(offset, length)
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        self.output.take_back(length)
    }

    fn publish(&mut self) -> io::Result<()> {
        self.output.publish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_are_named_after_the_time() {
        let time: Timestamp = "2026-11-29T06:44:00.123456789Z".parse().expect("a time");
        for (path, expected) in [
            ("d/trace.scap", "d/trace-20261129T064400.123456789Z.scap"),
            ("trace", "trace-20261129T064400.123456789Z"),
        ] {
            assert_eq!(Destination::new(path).beside(time).name(), expected);
        }
    }
}
