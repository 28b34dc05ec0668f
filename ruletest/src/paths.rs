//! How paths are named in messages and reports.

use std::fs;
use std::path::{Path, PathBuf};

/// A path as a user in the working directory would write it: without detours, relative where it lies below. What does not
/// exist stays as it is; the working directory is `.`.
pub(crate) fn near(path: &Path) -> PathBuf {
    let Ok(full) = fs::canonicalize(path) else {
        return path.strip_prefix(".").unwrap_or(path).to_owned();
    };
    let working = std::env::current_dir().and_then(fs::canonicalize).ok();
    match working.and_then(|directory| full.strip_prefix(directory).map(Path::to_owned).ok()) {
        Some(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Some(below) => below,
        None => full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_working_directory_has_a_name() {
        let working = std::env::current_dir().expect("a working directory");
        for path in [working.as_path(), &working.join("src/.."), Path::new(".")] {
            assert_eq!(near(path), Path::new("."), "{path:?}");
        }
        assert_eq!(near(&working.join("Cargo.toml")), Path::new("Cargo.toml"));
    }
}
