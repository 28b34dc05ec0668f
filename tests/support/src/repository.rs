//! Files that tests read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::Missing;

/// The root of the repository.
pub fn root() -> PathBuf {
    // Two directories up, without the dots that messages would show.
    let support = Path::new(env!("CARGO_MANIFEST_DIR"));
    support.ancestors().nth(2).unwrap_or(support).to_owned()
}

/// The corpus of real captures, which is not part of the repository: `../shared/corpus`, or what `TERCEL_CORPUS` names.
pub fn corpus() -> Result<PathBuf, Missing> {
    let named = std::env::var_os("TERCEL_CORPUS").map(PathBuf::from);
    let path = named.unwrap_or_else(|| root().join("../shared/corpus"));
    if path.join("captures").is_dir() {
        return Ok(path);
    }
    Err(Missing::new("corpus", format!("no corpus at {}; set TERCEL_CORPUS", path.display())))
}

/// The captures of a directory in alphabetical order.
pub fn captures_of(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut captures: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    captures.retain(|path| path.is_file());
    captures.sort();
    captures
}
