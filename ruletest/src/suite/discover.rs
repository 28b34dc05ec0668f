//! Which files are test files: paths enter, files leave in alphabetical order.

use std::fs;
use std::path::{Path, PathBuf};

use tercel_rules::files::is_absent;

use crate::error::RunError;
use crate::paths::near;

/// The test files that paths stand for: a file for itself, a directory for every `*.test.yaml` and `*.test.yml` in it and
/// below it. Hidden directories are left out, and links to directories are not followed.
pub(crate) fn test_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, RunError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            if is_absent(path) {
                return Err(RunError::NoSuchPath(path.clone()));
            }
            files.push(near(path));
            continue;
        }
        let before = files.len();
        search(path, &mut files)?;
        if files.len() == before {
            return Err(RunError::NoTestFile(path.clone()));
        }
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn search(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), RunError> {
    let failed = |error| RunError::file(directory)(error);
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && !name.starts_with('.') {
                open.push(entry.path());
            } else if !kind.is_dir() && (name.ends_with(".test.yaml") || name.ends_with(".test.yml")) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    files.extend(found.iter().map(|file| near(file)));
    Ok(())
}
