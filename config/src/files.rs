//! The files of a configuration: the first one, those that it names and overrides enter, one tree is made of them and read.

use std::path::{Path, PathBuf};
use std::slice;
use std::{fs, io};

use tercel_rules::files::{contents, is_absent};
use tercel_rules::load::encoding;

use crate::error::Error;
use crate::keys::{self, Remarks};
use crate::read;
use crate::settings::Config;
use crate::tree::{Entry, Place, Remark, Strategy, Value};

/// The default path of the configuration.
pub const DEFAULT_FILE: &str = "/etc/tercel/tercel.yaml";

/// A configuration with remarks on it.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Warnings, and keys that have no effect.
    pub remarks: Remarks,
    /// Files that it was read from.
    pub files: Vec<PathBuf>,
    /// Files that it names and that do not exist: configurations and rule files.
    pub absent: Vec<PathBuf>,
}

/// The configuration of this system, if there is one.
pub fn default_file() -> Option<&'static Path> {
    Some(Path::new(DEFAULT_FILE)).filter(|path| !is_absent(path))
}

/// Reads the configuration: `file`, then the files that it names, then the overrides. Without a file there are only overrides.
///
/// # Errors
/// A file cannot be read, or values are invalid; the message names every place.
pub fn load(file: Option<&Path>, overrides: &[String]) -> Result<Loaded, Error> {
    let (mut files, mut warnings) = (Vec::new(), Vec::new());
    let mut root = match file {
        Some(file) => parse(file, &mut files, &mut warnings)?,
        None => Entry::parse("", "", &mut warnings)?,
    };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for argument in overrides {
        if argument.starts_with("config_files") { &mut first } else { &mut second }.push(argument);
    }
    first.into_iter().try_for_each(|argument| root.set(argument))?;
    let mut absent = Vec::new();
    for (path, strategy) in further(&root, &mut absent)? {
        let entry = parse(&path, &mut files, &mut warnings)?;
        // As in Falco: these files cannot name further files.
        if let Some(inner) = entry.get("config_files") {
            return Err(wrong(
                &inner.place,
                "config_files is allowed only in the first file of a configuration",
            ));
        }
        root.lay(entry, strategy);
    }
    second.into_iter().try_for_each(|argument| root.set(argument))?;
    let mut remarks = keys::check(&root);
    let read::Read { config, warnings: wrong_kinds } = read::config(&root).map_err(Error::Wrong)?;
    warnings.append(&mut remarks.warnings);
    warnings.extend(wrong_kinds);
    remarks.warnings = warnings;
    absent.extend(read::absent_files(&root));
    Ok(Loaded { absent, config, remarks, files })
}

fn parse(file: &Path, files: &mut Vec<PathBuf>, warnings: &mut Vec<Remark>) -> Result<Entry, Error> {
    let bytes = contents(file).map_err(|source| Error::Unreadable { path: file.to_owned(), source })?;
    let text = encoding::text(&bytes).map_err(|_| Error::NotUtf8 { path: file.to_owned() })?;
    files.push(file.to_owned());
    Ok(Entry::parse(&file.display().to_string(), &text, warnings)?)
}

fn wrong(place: &Place, text: &str) -> Error {
    Error::from(Remark { place: place.clone(), text: text.to_owned() })
}

/// The files that `config_files` names and that exist; the others are added to `absent`.
fn further(root: &Entry, absent: &mut Vec<PathBuf>) -> Result<Vec<(PathBuf, Strategy)>, Error> {
    let mut found = Vec::new();
    let Some(entry) = root.get("config_files") else { return Ok(found) };
    let items = match &entry.value {
        Value::List(items) => items.as_slice(),
        // As in Falco, a single value is a list of one.
        Value::Text(_) => slice::from_ref(entry),
        Value::Null | Value::Map(_) => &[],
    };
    for item in items {
        let (path, strategy) = match &item.value {
            Value::Text(path) => (path, Strategy::Append),
            Value::Map(_) => match (item.get("path"), item.get("strategy")) {
                (Some(Entry { value: Value::Text(path), .. }), strategy) => (path, strategy_of(strategy)?),
                _ => return Err(wrong(&item.place, "an entry of config_files needs a path")),
            },
            _ => return Err(wrong(&item.place, "config_files must be a list of paths")),
        };
        let path = Path::new(path);
        if path.is_dir() {
            let mut inside =
                entries(path).map_err(|error| wrong(&item.place, &format!("{}: {error}", path.display())))?;
            inside.retain(|path| path.is_file());
            inside.sort();
            found.extend(inside.into_iter().map(|path| (path, strategy)));
        } else if is_absent(path) {
            absent.push(path.to_owned());
        } else {
            found.push((path.to_owned(), strategy));
        }
    }
    Ok(found)
}

fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect()
}

fn strategy_of(entry: Option<&Entry>) -> Result<Strategy, Error> {
    match entry.map(|entry| (&entry.value, &entry.place)) {
        None => Ok(Strategy::Append),
        Some((Value::Text(text), _)) if text == "append" => Ok(Strategy::Append),
        Some((Value::Text(text), _)) if text == "override" => Ok(Strategy::Override),
        Some((Value::Text(text), _)) if text == "add-only" => Ok(Strategy::AddOnly),
        Some((_, place)) => Err(wrong(place, "a strategy must be append, override or add-only")),
    }
}
