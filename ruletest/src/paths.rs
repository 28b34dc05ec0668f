//! How paths are named in messages and reports.

use std::fs;
use std::path::{Path, PathBuf};

/// A path as a user in the working directory would write it: without detours, relative where it lies below. What does not
/// exist stays as it is.
pub(crate) fn near(path: &Path) -> PathBuf {
    let Ok(full) = fs::canonicalize(path) else {
        return path.strip_prefix(".").unwrap_or(path).to_owned();
    };
    let working = std::env::current_dir().and_then(fs::canonicalize).ok();
    match working.and_then(|directory| full.strip_prefix(directory).map(Path::to_owned).ok()) {
        Some(below) => below,
        None => full,
    }
}
