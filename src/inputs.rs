//! What the command line names: rule files and captures. Paths and directories enter, opened readers leave.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A rule file with its text.
pub struct RuleFile {
    /// Path as the user gave or would give it.
    pub name: String,
    /// Its bytes; the loader decides whether they are text.
    pub bytes: Vec<u8>,
}

/// Reads rule files in the order given; a directory stands for its `*.yaml` and `*.yml` files in alphabetical order.
/// As in Falco, `X.local.yaml` therefore follows `X.yaml`.
pub fn rule_files(paths: &[PathBuf]) -> Result<Vec<RuleFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let named = if path.is_dir() { rules_of(path)? } else { vec![path.clone()] };
        for path in named {
            let bytes =
                fs::read(&path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            files.push(RuleFile { name: path.display().to_string(), bytes });
        }
    }
    Ok(files)
}

fn rules_of(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = entries(directory, &["yaml", "yml"]).map_err(|error| Failure::usage(error.message))?;
    if files.is_empty() {
        return Err(Failure::usage(format!("{}: no *.yaml file in this directory", directory.display())));
    }
    // By stem, so that "x.local.yaml" comes after the "x.yaml" that it overrides.
    files.sort_by_key(|path| path.file_stem().map(|stem| stem.to_owned()));
    Ok(files)
}

/// A capture to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Trace {
    /// Name for messages.
    pub fn name(&self) -> String {
        match self {
            Trace::Stdin => "<stdin>".to_owned(),
            Trace::File(path) => path.display().to_string(),
        }
    }

    /// Opens it; the length is in bytes, `None` where it cannot be known.
    pub fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
        match self {
            Trace::Stdin => Ok((Box::new(io::stdin()), None)),
            Trace::File(path) => {
                let failed = |error: io::Error| Failure::io(format!("{}: {error}", path.display()));
                let file = File::open(path).map_err(failed)?;
                let metadata = file.metadata().map_err(failed)?;
                Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
            }
        }
    }
}

/// Splits the positional arguments into captures and a filter: captures come first, as long as the words name something
/// that exists; a directory stands for its capture files in alphabetical order.
pub fn traces_and_filter(words: &[String]) -> Result<(Vec<Trace>, Option<String>), Failure> {
    let mut traces = Vec::new();
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        let path = Path::new(word);
        if word == "-" {
            traces.push(Trace::Stdin);
        } else if path.is_dir() {
            traces.extend(captures_of(path)?.into_iter().map(Trace::File));
        } else if path.exists() {
            traces.push(Trace::File(path.to_owned()));
        } else {
            break;
        }
        rest = behind;
    }
    if traces.is_empty() {
        let word = words.first().map_or("", String::as_str);
        return Err(Failure::io(format!("{word}: no such file or directory")));
    }
    let filter = (!rest.is_empty()).then(|| rest.join(" "));
    Ok((traces, filter))
}

/// As [`traces_and_filter`], where the filter may also have been given by an option.
pub fn filter_of(words: &[String], option: Option<&str>) -> Result<(Vec<Trace>, Option<String>), Failure> {
    match (traces_and_filter(words)?, option) {
        ((_, Some(_)), Some(_)) => {
            Err(Failure::usage("give the filter either behind the captures or with --filter, not both"))
        }
        ((traces, None), option) => Ok((traces, option.map(str::to_owned))),
        ((traces, trailing), None) => Ok((traces, trailing)),
    }
}

/// The capture files of a directory in alphabetical order.
pub fn captures_of(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = entries(directory, &["scap", "gz", "zst", "zstd"])?;
    if files.is_empty() {
        return Err(Failure::io(format!("{}: no capture (*.scap) in this directory", directory.display())));
    }
    files.sort();
    Ok(files)
}

/// A path as a user in the working directory would write it: without detours, relative where it lies below. What does not
/// exist stays as it is.
pub fn near(path: &Path) -> PathBuf {
    let Ok(full) = fs::canonicalize(path) else {
        return path.strip_prefix(".").unwrap_or(path).to_owned();
    };
    let below = std::env::current_dir().and_then(fs::canonicalize).ok();
    match below.and_then(|directory| full.strip_prefix(directory).map(Path::to_owned).ok()) {
        Some(below) => below,
        None => full,
    }
}

fn entries(directory: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: io::Error| Failure::io(format!("{}: {error}", directory.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && extensions.contains(&extension.as_str()) {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_files_follow_the_files_that_they_override() {
        let directory = std::env::temp_dir().join(format!("tercel-inputs-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("temporary directory");
        for name in ["a.local.yaml", "a.yaml", "a_more.yaml", "notes.txt"] {
            fs::write(directory.join(name), "[]").expect("temporary file");
        }
        let names: Vec<String> = rules_of(&directory)
            .expect("readable")
            .iter()
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect();
        fs::remove_dir_all(&directory).expect("temporary directory");
        assert_eq!(names, ["a.yaml", "a.local.yaml", "a_more.yaml"]);
    }

    #[test]
    fn words_behind_the_captures_are_the_filter() {
        let words: Vec<String> = ["-", "proc.name=cat", "and", "evt.type=openat"].map(String::from).into();
        let (traces, filter) = traces_and_filter(&words).expect("valid");
        assert_eq!(traces, [Trace::Stdin]);
        assert_eq!(filter.as_deref(), Some("proc.name=cat and evt.type=openat"));
        assert!(traces_and_filter(&["no-such-file".to_owned()]).is_err());
    }
}
