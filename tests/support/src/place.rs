//! Temporary directories.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory that is removed after its test.
#[derive(Debug)]
pub struct Place(TempDir);

impl Place {
    /// A new directory; the name is part of its path.
    pub fn new(name: &str) -> Place {
        let prefix = format!("tercel-{name}-");
        Place(tempfile::Builder::new().prefix(&prefix).tempdir().expect("a temporary directory"))
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        self.0.path()
    }

    /// The path of something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The same as text.
    pub fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a temporary file");
        path
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file that was written")
    }
}
