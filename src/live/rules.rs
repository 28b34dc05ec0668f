//! The rules of a run: where they are, which of them run, and how they are loaded and reloaded.

use std::path::{Path, PathBuf};

use tercel_config::Config;
use tercel_rules::correlation::Correlations;
use tercel_rules::files::{self, FileError, RuleFile};
use tercel_rules::load::{Loaded, Loader, Options};
use tercel_rules::program::Program;

use crate::configured;
use crate::exit::Failure;
use crate::intent::Live;
use crate::rules;

/// Rules that run, and correlations over their alerts.
pub struct Running {
    /// The rules.
    pub program: Program,
    /// The correlations.
    pub correlations: Correlations,
}

/// Which rules run.
pub struct Plan {
    files: Vec<PathBuf>,
    /// Files of correlations and directories of them.
    correlations: Vec<PathBuf>,
    /// Whether a directory may be empty, as those of a configuration may be.
    may_be_empty: bool,
    options: Options,
}

/// What was found at the path of a rule file or directory.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The rule files that it stands for.
    Files(Vec<RuleFile>),
    /// A directory without a rule file.
    Nothing,
}

impl Plan {
    /// The rule files of the command line, or those of the configuration.
    pub fn of(args: &Live, config: &Config) -> Result<Plan, Failure> {
        let files = Some(args.rules.files.clone()).filter(|files| !files.is_empty());
        let plan = Plan::new(files, args.rules.options.clone(), config)?;
        let correlations = configured::correlations(args.correlations.clone(), config);
        Ok(Plan { correlations, ..plan })
    }

    /// The rule files given, or those of the configuration; the selection of `options` comes after that of the configuration.
    pub fn new(files: Option<Vec<PathBuf>>, options: Options, config: &Config) -> Result<Plan, Failure> {
        let may_be_empty = files.is_none();
        let files = files.unwrap_or_else(|| config.rules_files.clone());
        if files.is_empty() {
            return Err(Failure::usage(
                "no rule files; name them with --rules, or as rules_files in the configuration",
            ));
        }
        let options = configured::loading(options, config);
        let correlations = configured::correlations(Vec::new(), config);
        Ok(Plan { files, correlations, may_be_empty, options })
    }

    /// Loads the rules again.
    ///
    /// # Errors
    /// The rules have errors; one text per error.
    pub fn reload(&self) -> Result<Running, Vec<String>> {
        let loaded = self.read().map_err(|failure| vec![failure.message])?;
        let errors = loaded.reports.iter().flat_map(|report| &report.errors);
        let errors: Vec<String> = errors.map(|error| error.to_string().trim_end().to_owned()).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        if loaded.program.rules.is_empty() {
            return Err(vec!["no rule is selected to run".to_owned()]);
        }
        let correlations = self.correlate(&loaded)?;
        Ok(Running { program: loaded.program, correlations })
    }

    /// What the selection and `append_output` name and no rule has, a sentence each.
    pub fn unmatched(&self, loaded: &Loaded) -> Vec<String> {
        rules::unmatched(&self.options, &loaded.rules)
    }

    /// Reads the correlations for rules that were loaded.
    ///
    /// # Errors
    /// They have errors; one text per error.
    pub fn correlate(&self, loaded: &Loaded) -> Result<Correlations, Vec<String>> {
        rules::correlations(&self.correlations, loaded)
    }

    /// Files and directories of correlations.
    pub fn correlations(&self) -> &[PathBuf] {
        &self.correlations
    }

    /// The files and directories that rules come from.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What was found at each path, in the order of loading.
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

    /// Reads and compiles the rules; their errors are in the reports.
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
