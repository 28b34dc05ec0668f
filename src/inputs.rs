//! What the command line names: rule files, captures and a filter. Paths and directories enter, opened readers leave.

use std::path::{Path, PathBuf};

use tercel_rules::files::{self, RuleFile};

use crate::exit::Failure;

/// Reads rule files; a directory stands for those in it.
pub fn rule_files(paths: &[PathBuf]) -> Result<Vec<RuleFile>, Failure> {
    files::read(paths).map_err(Failure::usage)
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
}

/// Bytes of a capture, where they can be known.
pub fn length(input: &Trace) -> Option<u64> {
    match input {
        Trace::Stdin => None,
        Trace::File(path) => {
            path.metadata().ok().filter(|metadata| metadata.is_file()).map(|metadata| metadata.len())
        }
    }
}

/// The one capture that is named.
pub fn single(mut inputs: Vec<Trace>) -> Result<Trace, Failure> {
    match (inputs.pop(), inputs.is_empty()) {
        (Some(input), true) => Ok(input),
        _ => Err(Failure::usage("several captures are named; merge puts them into one")),
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
fn captures_of(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let files = tercel_format::captures_in(directory)
        .map_err(|error| Failure::io(format!("{}: {error}", directory.display())))?;
    if files.is_empty() {
        return Err(Failure::io(format!("{}: no capture (*.scap) in this directory", directory.display())));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_the_captures_are_the_filter() {
        let words: Vec<String> = ["-", "proc.name=cat", "and", "evt.type=openat"].map(String::from).into();
        let (traces, filter) = traces_and_filter(&words).expect("valid");
        assert_eq!(traces, [Trace::Stdin]);
        assert_eq!(filter.as_deref(), Some("proc.name=cat and evt.type=openat"));
        assert!(traces_and_filter(&["no-such-file".to_owned()]).is_err());
    }
}
