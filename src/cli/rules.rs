//! The selection of rules, `tercel rules`, `tercel config`, and the options of the verbs that list.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tercel_rules::load::Options;
use tercel_rules::program::Priority;
use tercel_rules::select::Selection;

use super::values;
use crate::exit::Failure;
use crate::intent::{ConfigCheck, Intent, List, Rules, RulesCheck, RulesList, RulesShow};

/// The verbs of `tercel rules`.
#[derive(Debug, Subcommand)]
pub enum RulesVerb {
    /// Validate rule files; exit code 2 if one has errors
    Check {
        /// Rule files or directories of them, in the order of loading
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print Falco's result object (falco_load_results)
        #[arg(long)]
        json: bool,
        /// Report also what 'tercel rules lint' finds; exit code 1 if it finds something
        #[arg(long, conflicts_with = "json")]
        lint: bool,
    },
    /// Find what rules cannot mean: what never matches, values that a field never has, misspelt names; exit code 1 if there is something
    Lint(super::lint::LintArgs),
    /// List the rules of rule files with their priority, tags and state
    #[command(after_help = LIST_HELP)]
    List {
        /// Rule files or directories of them, in the order of loading
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// List only this rule, with its description
        #[arg(long, value_name = "NAME")]
        rule: Option<String>,
        #[command(flatten)]
        selection: SelectionArgs,
        /// Print one JSON object per rule
        #[arg(long)]
        json: bool,
        /// Print a page of Markdown: a table, the MITRE ATT&CK matrix that the tags give, and of each rule what it sees, its false
        /// positives and what to tune
        #[arg(long, conflicts_with_all = ["json", "rule"])]
        markdown: bool,
        /// With --markdown: the cases of these test files, or of those below these directories, that name each rule
        #[arg(long, value_name = "PATH", requires = "markdown")]
        tests: Vec<PathBuf>,
    },
    /// Show a rule as it is after all files: where its parts come from, its condition with macros open, its fields, its tests
    #[command(after_help = SHOW_HELP)]
    Show {
        /// The name of the rule
        #[arg(value_name = "NAME")]
        rule: String,
        /// Rule files or directories of them, in the order of loading
        #[arg(long, short = 'r', required = true, value_name = "FILE")]
        rules: Vec<PathBuf>,
        /// List the cases of these test files, or of those below these directories, that name the rule
        #[arg(long, value_name = "PATH")]
        tests: Vec<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

const LIST_HELP: &str = "\
docs/rules.md, as it stands in the repository:
  tercel rules list rules --markdown --tests testdata/tests";

const SHOW_HELP: &str = "\
A shipped rule, with the cases that test it:
  tercel rules show 'Miner started' --rules rules --tests testdata/tests";

impl RulesVerb {
    /// The typed intent.
    pub fn intent(self) -> Result<Intent, Failure> {
        Ok(match self {
            RulesVerb::Check { files, json, lint } => Intent::RulesCheck(RulesCheck { files, json, lint }),
            RulesVerb::Lint(args) => Intent::RulesLint(args.intent()),
            RulesVerb::List { files, rule, selection, json, markdown, tests } => {
                Intent::RulesList(RulesList { rules: selection.of(files)?, rule, json, markdown, tests })
            }
            RulesVerb::Show { rule, rules, tests, json } => {
                Intent::RulesShow(RulesShow { files: rules, rule, tests, json })
            }
        })
    }
}

/// The verb of `tercel config`.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Validate a configuration and list keys that have no effect; exit code 2 if a value is invalid
    Check {
        /// The configuration file [default: /etc/tercel/tercel.yaml]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Override a key, as in json_output=true
        #[arg(short = 'o', value_name = "KEY=VALUE")]
        overrides: Vec<String>,
    },
}

impl ConfigVerb {
    /// The typed intent.
    pub fn intent(self) -> Intent {
        let ConfigVerb::Check { file, overrides } = self;
        Intent::ConfigCheck(ConfigCheck { file, overrides })
    }
}

/// Options of the listing verbs.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// List only names that contain this text
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

impl ListArgs {
    /// The typed intent.
    pub fn intent(self) -> List {
        List { text: self.text, json: self.json }
    }
}

/// Which of the loaded rules run.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Run only rules that have one of these tags
    #[arg(
        short = 't',
        value_name = "TAG",
        conflicts_with = "disabled_tags",
        help_heading = "Rule selection"
    )]
    tags: Vec<String>,
    /// Do not run rules that have one of these tags
    #[arg(short = 'T', value_name = "TAG", help_heading = "Rule selection")]
    disabled_tags: Vec<String>,
    /// Do not run rules whose name contains this text
    #[arg(short = 'D', value_name = "SUBSTRING", help_heading = "Rule selection")]
    disabled_names: Vec<String>,
    /// Do not run rules less urgent than this (emergency … debug)
    #[arg(
        long,
        short = 'p',
        value_name = "PRIORITY",
        default_value = "debug",
        value_parser = values::priority,
        help_heading = "Rule selection"
    )]
    priority: Priority,
}

impl SelectionArgs {
    /// These files, and which of their rules run.
    ///
    /// # Errors
    /// Flags contradict each other.
    pub fn of(&self, files: Vec<PathBuf>) -> Result<Rules, Failure> {
        let selection = Selection::from_flags(&self.tags, &self.disabled_tags, &self.disabled_names);
        let options = Options {
            min_priority: self.priority,
            selection: selection.map_err(Failure::usage)?,
            ..Options::default()
        };
        Ok(Rules { files, options, tags: self.tags.clone() })
    }

    /// The same as words of a command line.
    pub fn words(&self) -> Vec<String> {
        let lists = [("-t", &self.tags), ("-T", &self.disabled_tags), ("-D", &self.disabled_names)];
        let lists =
            lists.into_iter().flat_map(|(flag, list)| list.iter().map(move |word| format!("{flag}{word}")));
        lists.chain([format!("--priority={}", self.priority.name().to_lowercase())]).collect()
    }
}
