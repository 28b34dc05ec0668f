//! `tercel rules lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tercel_ruletest::lint::report::Form;

use crate::intent::RulesLint;

const LINT_HELP: &str = "\
Codes and what to do about each: docs/lint.md. A comment '# nolint L203: reason'
at the end of a line, or on a line of its own before what it is about, allows
one.

Examples:
  tercel rules lint rules
  tercel rules lint my_rules.yaml --format sarif > rules.sarif";

/// The forms of the report.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LintFormat {
    /// Place, reason, the line with a caret, what to do
    Text,
    /// One JSON object per finding
    Json,
    /// One SARIF 2.1.0 log
    Sarif,
}

/// Arguments of `tercel rules lint`.
#[derive(Debug, Args)]
#[command(after_help = LINT_HELP)]
pub struct LintArgs {
    /// Rule files or directories of them, in the order of loading
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    format: LintFormat,
}

impl LintArgs {
    /// The typed intent.
    pub fn intent(self) -> RulesLint {
        let form = match self.format {
            LintFormat::Text => Form::Text,
            LintFormat::Json => Form::Json,
            LintFormat::Sarif => Form::Sarif,
        };
        RulesLint { files: self.files, form }
    }
}
