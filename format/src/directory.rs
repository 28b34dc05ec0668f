//! Directories of captures: a directory enters, its captures leave.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Extensions of captures.
const EXTENSIONS: [&str; 4] = ["scap", "gz", "zst", "zstd"];

/// The captures of a directory in alphabetical order, by their names; empty if there is none.
pub fn captures_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && EXTENSIONS.contains(&extension.as_str()) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
