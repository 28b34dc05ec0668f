//! What a configuration says about rules and lines: the same for live and for replay, so that both print the same.

use std::path::PathBuf;
use std::slice;

use tercel_config::{Config, Lines, Schema, SeenPaths};
use tercel_replay::{Buffers, JsonSchema, Matching, Paths, Settings, Style};
use tercel_rules::files::{self, FileError};
use tercel_rules::load::Options;
use tercel_rules::select::Selection;

use crate::exit::Failure;
use crate::intent::Rules;

/// The rules of the command line, or, if it names none, those of the configuration, whose directories may be empty.
///
/// # Errors
/// There are none.
pub fn rules(given: Rules, config: &Config) -> Result<Rules, Failure> {
    let mut files = given.files;
    if files.is_empty() {
        files = with_files(&config.rules_files);
    }
    if files.is_empty() {
        return Err(Failure::usage("the configuration has no rule files; name them with --rules"));
    }
    Ok(Rules { files, options: loading(given.options, config), tags: given.tags })
}

/// The files of correlations of the command line, or, if it names none, those of the configuration, whose directories may be empty.
pub fn correlations(given: Vec<PathBuf>, config: &Config) -> Vec<PathBuf> {
    if given.is_empty() { with_files(&config.correlations_files) } else { given }
}

/// These paths without directories that have no rule file.
fn with_files(paths: &[PathBuf]) -> Vec<PathBuf> {
    let is_empty = |path| matches!(files::read(slice::from_ref(path)), Err(FileError::Empty(_)));
    paths.iter().filter(|path| !is_empty(*path)).cloned().collect()
}

/// How rules are loaded; the selection of `options`, which is that of the command line, comes after that of the configuration.
pub fn loading(mut options: Options, config: &Config) -> Options {
    options.min_priority = options.min_priority.min(config.priority);
    let mut steps = config.selection.clone();
    steps.append(&mut options.selection.steps);
    options.selection = Selection { steps };
    options.append_output = config.append_output.clone();
    options.static_fields = config.static_fields.clone();
    options
}

/// Which of several matching rules raises an alert.
pub fn matching(config: &Config) -> Matching {
    if config.all_matching { Matching::All } else { Matching::First }
}

/// The form of the lines.
pub fn style(lines: Lines) -> Style {
    let buffers = if lines.base64 { Buffers::Base64 } else { Buffers::Dotted };
    let paths = match lines.paths {
        SeenPaths::Caller => Paths::Caller,
        SeenPaths::Kernel => Paths::Kernel,
        SeenPaths::Both => Paths::Both,
    };
    Style {
        settings: Settings { buffers, paths, ..Settings::default() },
        json: lines.json,
        schema: match lines.schema {
            Schema::Falco => JsonSchema::Falco,
            Schema::Ecs => JsonSchema::Ecs,
            Schema::Ocsf => JsonSchema::Ocsf,
        },
        iso8601: lines.iso8601,
        json_output: lines.output,
        json_tags: lines.tags,
        json_message: lines.message,
        json_fields: lines.fields,
    }
}
