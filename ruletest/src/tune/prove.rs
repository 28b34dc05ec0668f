//! Proofs: rules without and with the proposed exceptions over captures and tests; what is lost leaves, by the rules whose exceptions
//! are to blame.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tercel_replay::Settings;
use tercel_rules::files::RuleFile;
use tercel_rules::load::Loaded;

use super::{Draft, LOCAL, TuneOptions, text_of};
use crate::diff::{Counts, Kind, Pair, compared};
use crate::error::RunError;
use crate::failure::Status;
use crate::options::Options;
use crate::pass::{Captures, Extent};
use crate::plan::Plan;
use crate::run;
use crate::sets::Sets;
use crate::suite::Case;
use crate::verdict::Run;

/// What would be lost over captures of attacks.
pub(super) struct Lost {
    /// Rules whose alerts vanish.
    pub(super) rules: BTreeSet<String>,
    /// Alerts before and after.
    pub(super) alerts: (u64, u64),
}

/// What would be lost of the tests.
#[derive(Default)]
pub(super) struct Cases {
    /// Rules that cases miss.
    pub(super) rules: BTreeSet<String>,
    /// Cases that pass before and after.
    pub(super) passed: Option<(usize, usize)>,
}

/// By rules of the program, how their alerts over captures differ.
pub(super) fn counts(
    options: &TuneOptions,
    before: &Loaded,
    after: &Loaded,
    captures: Captures<'_>,
) -> Result<Vec<Counts>, RunError> {
    let extent = Extent { settings: options.settings, ..Extent::default() };
    let programs = [&before.program, &after.program];
    let pair = Pair::new(programs, options.matching, options.settings, 0);
    let (found, _) = compared(&pair, extent, captures)?;
    Ok(found.into_iter().map(|(_, counts)| counts).collect())
}

/// Alerts of attacks that the exceptions silence.
pub(super) fn lost_attacks(
    options: &TuneOptions,
    before: &Loaded,
    after: &Loaded,
    captures: Captures<'_>,
) -> Result<Lost, RunError> {
    let counts = counts(options, before, after, captures)?;
    let rules = before.program.rules.iter().zip(&counts);
    let lost = rules.filter(|(_, counts)| counts.of(Kind::Vanishes).count > 0);
    let rules = lost.map(|(rule, _)| rule.name.clone()).collect();
    let sum = |kind: Kind| counts.iter().map(|counts| counts.same + counts.of(kind).count).sum();
    Ok(Lost { rules, alerts: (sum(Kind::Vanishes), sum(Kind::Appears)) })
}

/// Cases that pass without the exceptions and do not with them.
pub(super) fn lost_cases(
    options: &TuneOptions,
    drafts: &[Draft],
    jobs: NonZeroUsize,
) -> Result<Cases, RunError> {
    if options.tests.is_empty() {
        return Ok(Cases::default());
    }
    let tests = Options { jobs, ..Options::new(options.tests.clone(), options.parse_point) };
    let (suites, _) = crate::suites(&tests)?;
    let cases: Vec<&Case> = suites.iter().flat_map(|suite| &suite.cases).collect();
    let before = judged(&cases, Sets::default(), &tests, options.settings)?;
    let names =
        |loaded: &Loaded| -> BTreeSet<String> { loaded.rules.iter().map(|rule| rule.name.clone()).collect() };
    let drafts: Arc<Vec<Draft>> = Arc::new(drafts.to_vec());
    let more = Arc::clone(&drafts);
    let with = move |loaded: &Loaded| {
        let known = names(loaded);
        let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
        let text = text_of(&more, Some(&known))?;
        Some(RuleFile { name: LOCAL.to_owned(), bytes: text.into_bytes() })
    };
    let after = judged(&cases, Sets::with(Arc::new(with)), &tests, options.settings)?;
    let mut lost = Cases::default();
    for (before, after) in before.iter().zip(&after) {
        if before.is_none()
            && let Some(rules) = after
        {
            let named =
                drafts.iter().filter(|draft| rules.contains(&draft.name) && !draft.exceptions.is_empty());
            let mut named: BTreeSet<String> = named.map(|draft| draft.name.clone()).collect();
            if named.is_empty() {
                named = drafts.iter().map(|draft| draft.name.clone()).collect();
            }
            lost.rules.extend(named);
        }
    }
    let passed = |all: &[Option<BTreeSet<String>>]| all.iter().filter(|rules| rules.is_none()).count();
    lost.passed = Some((passed(&before), passed(&after)));
    Ok(lost)
}

/// Per case the rules that it misses; `None` if it passes.
fn judged(
    cases: &[&Case],
    mut sets: Sets,
    tests: &Options,
    settings: Settings,
) -> Result<Vec<Option<BTreeSet<String>>>, RunError> {
    let mut plan = Plan::of(cases, &mut sets, false, false);
    plan.see(settings.paths);
    let replayed = run::replay(&plan.captures, &sets, tests.jobs, false)?;
    let run = Run::judged(cases, Vec::new(), &plan, &replayed, &sets);
    let missed = run.verdicts.iter().map(|verdict| match &verdict.status {
        Status::Passed => None,
        Status::Failed(failures) => {
            Some(failures.iter().filter_map(|failure| failure.rule.clone()).collect())
        }
        Status::Broken(..) => Some(BTreeSet::new()),
    });
    Ok(missed.collect())
}
