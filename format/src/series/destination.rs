//! Where a capture goes: a path enters, an open file leaves that counts what reaches it.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::trace::Output;

/// A file, or standard output for `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    path: PathBuf,
}

impl Destination {
    /// The file of this path.
    pub fn new(path: impl Into<PathBuf>) -> Destination {
        Destination { path: path.into() }
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
        Destination::new(self.path.with_file_name(name))
    }

    /// Creates the file. `count` is added to whenever bytes reach it.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn create(&self, count: Arc<AtomicU64>) -> io::Result<Opened> {
        let output: Box<dyn Output> = match self.path == Path::new("-") {
            true => Box::new(io::stdout()),
            false => Box::new(File::create(&self.path)?),
        };
        Ok(Opened { output, count })
    }
}

/// An open destination.
pub struct Opened {
    output: Box<dyn Output>,
    count: Arc<AtomicU64>,
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
