//! The rules of a run: where they are, which of them run, and how they are loaded the first time and again.

use std::path::PathBuf;

use tercel_rules::load::{Loaded, Loader, Options};
use tercel_rules::program::Program;
use tercel_rules::select::Selection;

use super::args::LiveArgs;
use crate::config::Config;
use crate::exit::Failure;
use crate::{inputs, rules};

/// Which rules are to run.
pub struct Plan {
    files: Vec<PathBuf>,
    options: Options,
}

impl Plan {
    /// The rule files of the command line, else those of the configuration; what the command line selects comes behind
    /// what the configuration selects.
    pub fn of(args: &LiveArgs, config: &Config) -> Result<Plan, Failure> {
        let files = if args.rules.is_empty() { config.rules_files.clone() } else { args.rules.clone() };
        if files.is_empty() {
            return Err(Failure::usage(
                "no rules: give them with --rules, or as rules_files in the configuration",
            ));
        }
        let mut options = rules::options(&args.selection)?;
        options.min_priority = options.min_priority.min(config.priority);
        let mut steps = config.selection.clone();
        steps.append(&mut options.selection.steps);
        options.selection = Selection { steps };
        options.append_output = config.append_output.clone();
        Ok(Plan { files, options })
    }

    /// Loads the rules the first time; errors are told with their places and end the run.
    pub fn load(&self, quiet: bool, verbose: bool) -> Result<Program, Failure> {
        rules::program(self.read()?, quiet, verbose)
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

    fn read(&self) -> Result<Loaded, Failure> {
        let mut loader = Loader::new(self.options.clone());
        for file in inputs::rule_files(&self.files)? {
            if !loader.bytes(&file.name, &file.bytes).successful() {
                break;
            }
        }
        Ok(loader.finish())
    }
}
