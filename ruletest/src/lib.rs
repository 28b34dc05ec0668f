//! Tests of rules: test files enter, verdicts leave, as text and as reports that other programs read; and what a change of rules does.
//! Must not know the command line.
//!
//! Data walks down the list of modules: files become cases (`suite`), cases ask for rule sets (`sets`) and captures (`plan`),
//! each capture is replayed once (`run`), every case is judged by the alerts that it gave (`judge`, `loading`), verdicts
//! become reports (`verdict`, `report`) or new expectations (`bless`). `missing` finds what came closest to an alert that is
//! missing, and `coverage` what the cases leave untested. `explain` says of any rule and any event why the rule matches or not,
//! `show` what a rule is after all files. `pass` reads captures for questions of other kinds: `diff` compares what two
//! sets of rules say of them, `profile` measures what rules cost, and `tune` proposes exceptions. Nothing here decodes or
//! evaluates; that is the business of the replay crate.
//!
//! ```
//! use tercel_ruletest::{Options, Outcome, run};
//!
//! // Points such as `+90s` are read as the command line reads them; this test file has none.
//! let mut options = Options::new(vec!["../testdata/tests/impact.test.yaml".into()], |text| Err(text.to_owned()));
//! options.filter.push("Miner started".to_owned());
//!
//! let (mut out, mut warnings) = (Vec::new(), Vec::new());
//! let outcome = run(&options, &mut out, &mut warnings)?;
//! assert_eq!(outcome, Outcome::Passed);
//! assert!(String::from_utf8_lossy(&out).starts_with("ok: "));
//! # Ok::<(), tercel_ruletest::RunError>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod options;

mod output;
mod paths;

mod suite;

mod sets;

mod plan;

mod collector;
mod run;

mod pass;
mod visible;

mod failure;
mod judge;
mod loading;

mod verdict;

mod report;

mod bless;

pub mod shrink;

mod coverage;
mod missing;

pub mod explain;
pub mod show;

mod diff;
pub mod lint;
mod profile;
mod tune;

use std::io::Write;

use coverage::Coverage;
use output::Output;
use plan::Plan;
use sets::Sets;
use suite::{Case, Suite};
use tercel_rules::files::contents;
use verdict::{BrokenFile, Run};

pub use diff::{
    Change, Counts, Diff, DiffFormat, DiffOptions, Differing, Example, Kind, PartChange, RevisionError,
    RuleDiff, RuleSource, Thing, diff,
};
pub use error::{Outcome, RunError};
pub use options::{Options, ParsePoint, Report, ReportKind, Screen};
pub use pass::{Captures, Ended, Extent, Unread};
pub use profile::{
    Advice, EventRow, MacroRow, ProfileOptions, Rewrite, RuleRow, RulesProfile, TermRow, profile,
};
pub use tune::{Exception, TuneOptions, TunedRule, Tuning, Value, tune};

/// Runs the cases of test files and prints the reports to `out`, or rewrites the files where [`Options::bless`] says so.
///
/// ```
/// use tercel_ruletest::{RunError, Options, run};
///
/// let options = Options::new(vec!["no-such.test.yaml".into()], |text| Err(text.to_owned()));
/// let error = run(&options, &mut Vec::new(), &mut Vec::new()).unwrap_err();
/// assert!(matches!(error, RunError::NoSuchPath(_)));
/// assert!(error.is_usage());
/// assert_eq!(error.to_string(), "no-such.test.yaml: no such file or directory");
/// ```
pub fn run(options: &Options, out: &mut dyn Write, warnings: &mut dyn Write) -> Result<Outcome, RunError> {
    let output = &mut Output::new(out, warnings);
    let (suites, broken) = suites(options)?;
    let cases = selected(options, &suites);
    if cases.is_empty() && broken.is_empty() {
        return Err(RunError::NoCase);
    }
    report::refuse_overwriting(options, &cases)?;
    let jobs = options.jobs;
    let mut sets = Sets::default();
    let mut plan = Plan::of(&cases, &mut sets, options.bless, false);
    plan.see(options.seen_paths);
    let replayed = run::replay(&plan.captures, &sets, jobs, options.verify)?;
    let loaded = sets.clone();
    let mut run = Run::judged(&cases, broken, &plan, &replayed, &loaded);
    if options.bless {
        return bless::bless(&run, &suites, options, output);
    }
    missing::explain(&mut run, &plan, &mut sets, jobs)?;
    let wanted = options.coverage || options.fail_under.is_some();
    let coverage = wanted.then(|| coverage::measure(&cases, &run, &mut sets, jobs)).transpose()?;
    report::write(&run, coverage.as_ref(), options, output)?;
    let short = |coverage: &Coverage| options.fail_under.is_some_and(|least| !coverage.reaches(least));
    let covered = if coverage.as_ref().is_some_and(short) { Outcome::Failed } else { Outcome::Passed };
    Ok(run.outcome().max(covered))
}

/// Reads all test files; invalid ones are kept with the reason.
fn suites(options: &Options) -> Result<(Vec<Suite>, Vec<BrokenFile>), RunError> {
    let (mut suites, mut broken) = (Vec::new(), Vec::new());
    for path in suite::test_files(&options.paths)? {
        let bytes = contents(&path).map_err(RunError::file(&path))?;
        match suite::read(&path, &bytes, options.parse_point) {
            Ok(suite) => suites.push(suite),
            Err(problem) => broken.push(BrokenFile { path, problem }),
        }
    }
    Ok((suites, broken))
}

/// The cases that the filters leave.
fn selected<'s>(options: &Options, suites: &'s [Suite]) -> Vec<&'s Case> {
    let wanted = |case: &&Case| {
        let title = case.title();
        options.filter.is_empty() || options.filter.iter().any(|text| title.contains(text.as_str()))
    };
    suites.iter().flat_map(|suite| &suite.cases).filter(wanted).collect()
}
