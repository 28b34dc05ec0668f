//! The rules of a run: where they are, which of them run, and how they are loaded the first time and again.

use std::path::{Path, PathBuf};

use tercel_config::Config;
use tercel_rules::files::{self, FileError, RuleFile};
use tercel_rules::load::{Loaded, Loader, Options};
use tercel_rules::program::Program;
use tercel_rules::select::Selection;

use crate::exit::Failure;
use crate::intent::Live;

/// Which rules are to run.
pub struct Plan {
    files: Vec<PathBuf>,
    /// Whether a directory of them may be empty, as those of a configuration may.
    may_be_empty: bool,
    options: Options,
}

/// What becomes of a file or directory that rules come from.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The rule files that it stands for.
    Files(Vec<RuleFile>),
    /// A directory without a rule file.
    Nothing,
}

impl Plan {
    /// The rule files of the command line, or else those of the configuration.
    pub fn of(args: &Live, config: &Config) -> Result<Plan, Failure> {
        let files = Some(args.rules.files.clone()).filter(|files| !files.is_empty());
        Plan::new(files, args.rules.options.clone(), config)
    }

    /// The rule files given, or else those of the configuration; what `options` select comes after what the configuration selects.
    pub fn new(files: Option<Vec<PathBuf>>, mut options: Options, config: &Config) -> Result<Plan, Failure> {
        let may_be_empty = files.is_none();
        let files = files.unwrap_or_else(|| config.rules_files.clone());
        if files.is_empty() {
            return Err(Failure::usage(
                "no rules: give them with --rules, or as rules_files in the configuration",
            ));
        }
        options.min_priority = options.min_priority.min(config.priority);
        let mut steps = config.selection.clone();
        steps.append(&mut options.selection.steps);
        options.selection = Selection { steps };
        options.append_output = config.append_output.clone();
        Ok(Plan { files, may_be_empty, options })
    }

    /// Loads the rules again.
    ///
    /// # Errors
    /// What is wrong with them, one text per error.
    pub fn reload(&self) -> Result<Program, Vec<String>> {
        let loaded = self.read().map_err(|failure| vec![failure.message])?;
        let errors = loaded.reports.iter().flat_map(|report| &report.errors);
        let errors: Vec<String> = errors.map(|error| error.to_string().trim_end().to_owned()).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        if loaded.program.rules.is_empty() {
            return Err(vec!["no rule is left to run".to_owned()]);
        }
        Ok(loaded.program)
    }

    /// The files and directories that rules come from.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What becomes of each file and directory, in the order of loading.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn sources(&self) -> Result<Vec<(&Path, Found)>, Failure> {
        let mut sources = Vec::new();
        for path in &self.files {
            let found = match files::read(std::slice::from_ref(path)) {
                Ok(files) => Found::Files(files),
                Err(FileError::Empty(_)) if self.may_be_empty => Found::Nothing,
                Err(error) => return Err(Failure::usage(error)),
            };
            sources.push((path.as_path(), found));
        }
        Ok(sources)
    }

    /// Reads and compiles the rules; what is wrong with them stands in the reports.
    pub fn read(&self) -> Result<Loaded, Failure> {
        let mut loader = Loader::new(self.options.clone());
        'loading: for (_, found) in self.sources()? {
            let Found::Files(files) = found else { continue };
            for file in files {
                if !loader.bytes(&file.name, &file.bytes).successful() {
                    break 'loading;
                }
            }
        }
        Ok(loader.finish())
    }
}
