//! Rule files as users name them: paths and directories enter, texts leave in the order of loading.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest file of rules, tests, policies and the like that is read. Devices have no end.
const LONGEST: u64 = 128 << 20;

/// A rule file with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Path as the user gave or would give it.
    pub name: String,
    /// Its bytes; the loader decides whether they are text.
    pub bytes: Vec<u8>,
}

/// Why rule files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file or directory cannot be read.
    #[error("{}: {source}", .path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory holds no rule file.
    #[error("{}: no *.yaml file in this directory", .0.display())]
    Empty(PathBuf),
}

/// Reads rule files in the order given; a directory stands for its `*.yaml` and `*.yml` files in alphabetical order.
/// As in Falco, `X.local.yaml` therefore follows `X.yaml`.
pub fn read(paths: &[PathBuf]) -> Result<Vec<RuleFile>, FileError> {
    let mut files = Vec::new();
    for path in paths {
        let named = if path.is_dir() { in_directory(path)? } else { vec![path.clone()] };
        for path in named {
            let name = path.display().to_string();
            let bytes = contents(&path).map_err(|source| FileError::Unreadable { path, source })?;
            files.push(RuleFile { name, bytes });
        }
    }
    Ok(files)
}

/// Whether there is nothing at a path. What cannot be reached may be there: reading it says why it cannot.
pub fn is_absent(path: &Path) -> bool {
    path.metadata()
        .is_err_and(|error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
}

/// What is in a file that people write.
///
/// # Errors
/// It cannot be read, or has more than 128 MiB.
pub fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LONGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {} MiB", LONGEST >> 20))),
        false => Ok(bytes),
    }
}

/// The rule files of a directory.
fn in_directory(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = |source| FileError::Unreadable { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(FileError::Empty(directory.to_owned()));
    }
    // By stem, so that "x.local.yaml" comes after the "x.yaml" that it overrides.
    files.sort_by_key(|path| path.file_stem().map(|stem| stem.to_owned()));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused() {
        let error = contents(Path::new("/dev/zero")).expect_err("too large");
        assert_eq!(error.to_string(), "more than 128 MiB");
        assert!(read(&["/dev/zero".into()]).is_err());
    }

    #[test]
    fn local_files_follow_the_files_that_they_override() {
        let directory = std::env::temp_dir().join(format!("tercel-rule-files-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("temporary directory");
        assert!(matches!(in_directory(&directory), Err(FileError::Empty(_))));
        for name in ["a.local.yaml", "a.yaml", "a_more.yaml", "notes.txt"] {
            fs::write(directory.join(name), "[]").expect("temporary file");
        }
        let names: Vec<String> = in_directory(&directory)
            .expect("readable")
            .iter()
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect();
        fs::remove_dir_all(&directory).expect("temporary directory");
        assert_eq!(names, ["a.yaml", "a.local.yaml", "a_more.yaml"]);
    }
}
