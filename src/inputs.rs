//! What the command line names: rule files, captures and a filter. Paths and directories enter, opened readers leave.

use std::io;
use std::path::{Path, PathBuf};

use tercel_rules::files::{self, RuleFile};

use crate::exit::Failure;

/// Reads rule files; a directory stands for those in it.
pub fn rule_files(paths: &[PathBuf]) -> Result<Vec<RuleFile>, Failure> {
    files::read(paths).map_err(Failure::usage)
}

/// Extensions of captures.
const EXTENSIONS: [&str; 4] = ["scap", "gz", "zst", "zstd"];

/// A capture to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// Name in messages.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin => "<stdin>".to_owned(),
            Input::File(path) => path.display().to_string(),
        }
    }
}

/// Bytes of a capture, if they are known.
pub fn length(input: &Input) -> Option<u64> {
    match input {
        Input::Stdin => None,
        Input::File(path) => {
            path.metadata().ok().filter(|metadata| metadata.is_file()).map(|metadata| metadata.len())
        }
    }
}

/// The paths of captures; standard input is `-`.
pub fn paths(captures: &[Input]) -> impl Iterator<Item = &Path> {
    captures.iter().map(|capture| match capture {
        Input::Stdin => Path::new("-"),
        Input::File(path) => path.as_path(),
    })
}

/// Splits positional arguments into captures and the words after them: captures come first, as long as the words name
/// something that exists; a directory stands for its capture files in alphabetical order.
///
/// # Errors
/// The first word names nothing that exists and can be read.
pub fn traces_and_rest(words: &[String]) -> Result<(Vec<Input>, &[String]), Failure> {
    let mut traces = Vec::new();
    let mut rest = words;
    while let Some((word, others)) = rest.split_first() {
        let path = Path::new(word);
        match path.metadata() {
            _ if word == "-" => traces.push(Input::Stdin),
            Ok(found) if found.is_dir() => traces.extend(captures_of(path)?.into_iter().map(Input::File)),
            Ok(_) => traces.push(Input::File(path.to_owned())),
            // The words of a filter are not paths, unless a file has such a name.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(missing(word)),
            Err(_) => break,
        }
        rest = others;
    }
    if traces.is_empty() {
        return Err(missing(words.first().map_or("", String::as_str)));
    }
    Ok((traces, rest))
}

/// Why a capture of this name cannot be read.
pub fn missing(word: &str) -> Failure {
    match Path::new(word).metadata() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Failure::io(format!("{word}: permission denied"))
        }
        Ok(_) | Err(_) => Failure::io(format!("{word}: no such file or directory")),
    }
}

/// Whether a word looks like the name of a capture: a path, or a name with the extension of one.
pub fn looks_like_path(word: &str) -> bool {
    let has_name = |extension: &&str| word.strip_suffix(extension).is_some_and(|name| name.ends_with('.'));
    let is_path = word.starts_with('/') || word.starts_with("./") || EXTENSIONS.iter().any(has_name);
    is_path && !is_term(word)
}

/// Whether the first word of an invalid filter was meant as a capture: it looks like one, or cannot begin a filter, since fields
/// have a dot and filters have no macros.
pub fn begins_no_filter(word: &str) -> bool {
    looks_like_path(word) || !is_term(word) && (word.contains('/') || !word.contains('.') && word != "not")
}

fn is_term(word: &str) -> bool {
    word.contains(['=', '<', '>', '(', ')', '"', '\'', ' '])
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
    fn captures_come_first() {
        let words: Vec<String> = ["-", "proc.name=cat", "and", "evt.type=openat"].map(String::from).into();
        let (traces, rest) = traces_and_rest(&words).expect("valid");
        assert_eq!((traces, rest), (vec![Input::Stdin], &words[1..]));
        assert!(traces_and_rest(&["no-such-file".to_owned()]).is_err());
    }

    #[test]
    fn names_of_captures_are_told_from_conditions() {
        for (word, expected) in [
            ("b.scap", true),
            ("dir/b.scap.gz", true),
            ("/root/x", true),
            ("./b", true),
            ("proc.name=b.scap", false),
            ("proc.name", false),
            ("and", false),
            ("scap", false),
        ] {
            assert_eq!(looks_like_path(word), expected, "{word}");
        }
    }
}
