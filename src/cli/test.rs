//! Options of `tercel test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use tercel_ruletest::{Report, ReportKind};

use super::overrides::PathsName;
use crate::intent::TestRun;

const AFTER_HELP: &str = "\
A first test, five lines in first.test.yaml next to the capture:
  rules: my_rules.yaml
  trace: capture.scap
  expect:
    My rule: 1
    My other rule: none

docs/testing.md describes everything that a test file can contain.

Exit codes:
  0  all cases passed
  1  a case failed, or coverage is below --fail-under
  2  usage, a test file or a rule file is wrong
  3  a capture is damaged
  4  input or output failed";

/// Options of `tercel test`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct TestArgs {
    /// Test files, or directories that are searched for *.test.yaml
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Run only cases whose file and name ('FILE: NAME') contain this text; may be given several times
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Read this many captures at a time; the output is the same for any number [default: one per CPU]
    #[arg(short, long, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,
    /// Do not verify native traces ('tercel verify') before they are replayed
    #[arg(long)]
    no_verify: bool,
    /// Which paths conditions see, as for 'tercel replay' [default: both]
    #[arg(long = "paths", value_enum, value_name = "WHOSE")]
    seen_paths: Option<PathsName>,
    /// Replace the expectations in the test files by the actual results; the difference is shown first
    #[arg(long, conflicts_with_all = ["coverage", "fail_under"])]
    bless: bool,
    /// Write a report: text, junit, tap, json or github; may be given several times. The text report goes to standard
    /// output unless another report does
    #[arg(long, value_name = "KIND[:FILE]", value_parser = report, help_heading = "Output")]
    report: Vec<Report>,
    /// Report which rules, macros, lists and exceptions the cases leave untested
    #[arg(long, help_heading = "Coverage")]
    coverage: bool,
    /// Exit with code 1 if fewer than this percentage of the rules are shown to fire, or shown to be silent
    #[arg(long, value_name = "PERCENT", help_heading = "Coverage")]
    fail_under: Option<f64>,
    /// Print no text report and no summary
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every case, every alert and every warning of the rule files
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

impl TestArgs {
    /// The typed intent.
    pub fn intent(self) -> TestRun {
        TestRun {
            paths: self.paths,
            filter: self.filter,
            jobs: self.jobs,
            verify: !self.no_verify,
            seen_paths: self.seen_paths.map(PathsName::setting).unwrap_or_default(),
            bless: self.bless,
            reports: self.report,
            coverage: self.coverage,
            fail_under: self.fail_under,
            quiet: self.quiet,
            verbose: self.verbose,
        }
    }
}

/// Reads `KIND[:FILE]`.
fn report(text: &str) -> Result<Report, String> {
    let (name, file) = match text.split_once(':') {
        Some((_, "")) => return Err("the file is missing after the colon".to_owned()),
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let kind = ReportKind::ALL.into_iter().find(|kind| kind.name() == name);
    let names = ReportKind::ALL.map(ReportKind::name).join(", ");
    kind.map(|kind| Report { kind, file })
        .ok_or_else(|| format!("unknown report '{name}'; the reports are {names}"))
}
