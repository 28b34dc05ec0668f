//! Exceptions for noisy rules: rule files, captures known to be good, captures of attacks and test files enter; the narrowest
//! exceptions that silence the alerts over the good captures leave, as a file of rules and as a report. What they do is proven by
//! replay: no alert over the bad captures, and no test, is lost.
//!
//! Data walks down the list of modules: the values of fields (`fields`) at which rules match are gathered (`gather`), exceptions
//! proposed (`propose`) and written (`write`), and both sets of rules compared over everything (`prove`); what would lose an
//! alert or a test is left out.

mod fields;

mod gather;

mod propose;

mod write;

mod prove;

mod text;

use std::collections::BTreeSet;
use std::path::PathBuf;

use tercel_replay::{Matcher, Matching, Settings};
use tercel_rules::files::{self, RuleFile};
use tercel_rules::load::{Contents, Loaded, Loader, Options as Loading};

use crate::diff::Counts;
use crate::error::RunError;
use crate::options::{ParsePoint, Screen};
use crate::pass::{self, Captures, Ended, Extent};
use gather::{Gathering, Matches};
use propose::{Proposal, Row, propose};

pub use write::{Exception, Value};

/// What to tune.
#[derive(Debug, Clone)]
pub struct TuneOptions {
    /// Rule files and directories of them, in the order of loading.
    pub rules: Vec<PathBuf>,
    /// How they are loaded.
    pub loading: Loading,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// How conditions see values.
    pub settings: Settings,
    /// Alerts over the good captures that make a rule noisy.
    pub least: u64,
    /// Test files and directories of them, of which no case may be lost.
    pub tests: Vec<PathBuf>,
    /// Reads points in captures that test files name.
    pub parse_point: ParsePoint,
}

/// What is proposed, and what it does.
#[derive(Debug)]
pub struct Tuning {
    /// Noisy rules, in load order.
    pub rules: Vec<TunedRule>,
    /// The file of exceptions; `None` if there are none.
    pub file: Option<String>,
    /// Alerts over the good captures before and after.
    pub good: (u64, u64),
    /// Alerts over the bad captures before and after: the same.
    pub bad: (u64, u64),
    /// Cases that pass before and after: the same.
    pub cases: Option<(usize, usize)>,
    /// How the reading of each capture ended: the good ones, and then the bad ones.
    pub captures: Vec<Ended>,
}

/// What is proposed for a rule.
#[derive(Debug)]
pub struct TunedRule {
    /// Its name.
    pub name: String,
    /// Alerts over the good captures before and after.
    pub alerts: (u64, u64),
    /// Alerts of it that come up over the good captures, where another rule was silenced.
    pub uncovered: u64,
    /// Matches over the bad captures.
    pub attacks: u64,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
    /// Why not everything is silenced, in sentences.
    pub remarks: Vec<String>,
}

/// Proposes exceptions.
///
/// # Errors
/// Rules or test files cannot be read, or have errors; threads cannot be started. What is wrong with a capture stands in the answer.
pub fn tune(options: &TuneOptions, good: Captures<'_>, bad: Captures<'_>) -> Result<Tuning, RunError> {
    let files = files::read(&options.rules)?;
    let (loaded, contents) = load(&files, None, &options.loading)?;
    let matcher = Matcher::new(&loaded.program, Matching::All);
    let (matches, mut captures) = gathered(options, &matcher, loaded.program.rules.len(), good)?;
    let (attacks, ended) = gathered(options, &matcher, loaded.program.rules.len(), bad)?;
    captures.extend(ended);
    let mut drafts = drafts(options, &loaded, &contents, &matches, &attacks);
    loop {
        let file = text_of(&drafts, None);
        let extra =
            file.as_deref().map(|text| RuleFile { name: LOCAL.to_owned(), bytes: text.as_bytes().to_vec() });
        let (tuned, _) = load(&files, extra, &options.loading)?;
        let lost = prove::lost_attacks(options, &loaded, &tuned, bad)?;
        if drop_rules(&mut drafts, &lost.rules, "an alert over a bad capture would be lost") {
            continue;
        }
        let cases = prove::lost_cases(options, &drafts, good.jobs)?;
        if drop_rules(&mut drafts, &cases.rules, "a test would fail") {
            continue;
        }
        let counts = prove::counts(options, &loaded, &tuned, good)?;
        return Ok(finished(drafts, file, &counts, &attacks, lost.alerts, cases.passed, captures));
    }
}

/// Name of the proposed file in messages.
const LOCAL: &str = "the proposed exceptions";

/// A rule on its way.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) name: String,
    /// Its position in the program.
    rule: usize,
    pub(super) exceptions: Vec<Exception>,
    remarks: Vec<String>,
}

fn load(
    files: &[RuleFile],
    more: Option<RuleFile>,
    options: &Loading,
) -> Result<(Loaded, Contents), RunError> {
    let mut loader = Loader::new(options.clone());
    for file in files.iter().chain(&more) {
        let report = loader.bytes(&file.name, &file.bytes);
        if !report.successful() {
            return Err(RunError::Rules(report.errors.iter().map(ToString::to_string).collect()));
        }
    }
    let contents = loader.contents();
    Ok((loader.finish(), contents))
}

/// The exceptions of all drafts whose rule is in `known`, as a file.
pub(super) fn text_of(drafts: &[Draft], known: Option<&BTreeSet<&str>>) -> Option<String> {
    let wanted = drafts.iter().filter(|draft| known.is_none_or(|known| known.contains(draft.name.as_str())));
    let rules: Vec<(&str, &[Exception])> = wanted
        .filter(|draft| !draft.exceptions.is_empty())
        .map(|draft| (draft.name.as_str(), draft.exceptions.as_slice()))
        .collect();
    (!rules.is_empty()).then(|| write::file(&rules))
}

fn gathered(
    options: &TuneOptions,
    matcher: &Matcher,
    rules: usize,
    captures: Captures<'_>,
) -> Result<(Vec<Matches>, Vec<Ended>), RunError> {
    let extent = Extent { settings: options.settings, ..Extent::default() };
    let found = pass::pass(
        captures,
        extent,
        &|_, zone| Gathering::new(matcher, options.matching, rules, options.settings, zone),
        &|gathering| gathering.matches,
    )?;
    let (mut sums, mut ended) = (vec![Matches::default(); rules], Vec::new());
    for (matches, end) in found {
        sums.iter_mut().zip(matches).for_each(|(sum, more)| sum.add(more));
        ended.push(end);
    }
    Ok((sums, ended))
}

/// Exceptions for the rules that are noisy, and for those that would come up in their place.
fn drafts(
    options: &TuneOptions,
    loaded: &Loaded,
    contents: &Contents,
    matches: &[Matches],
    attacks: &[Matches],
) -> Vec<Draft> {
    let is_noisy =
        |rule: u32| matches.get(rule as usize).is_some_and(|one| one.raised >= options.least.max(1));
    let lists: BTreeSet<&str> = contents.lists.iter().map(|list| list.name.as_str()).collect();
    let mut drafts = Vec::new();
    for (at, rule) in loaded.program.rules.iter().enumerate() {
        let (Some(own), Some(attacks)) = (matches.get(at), attacks.get(at)) else { continue };
        let good: Vec<_> = own
            .tuples
            .iter()
            .map(|(tuple, count)| {
                let noisy = count.raisers.iter().filter(|(rule, _)| is_noisy(**rule));
                (tuple, noisy.map(|(_, events)| events).sum::<u64>())
            })
            .filter(|(_, events)| *events > 0)
            .collect();
        if good.is_empty() {
            continue;
        }
        let bad: Vec<_> = attacks.tuples.keys().collect();
        let proposal = match own.is_cut || attacks.is_cut {
            true => Proposal::default(),
            false => propose(&good, &bad),
        };
        let definition = contents.rules.iter().find(|one| one.info.name == rule.name);
        let taken = definition.iter().flat_map(|one| &one.exceptions).map(|one| one.name.as_str()).collect();
        let (rows, named): (Vec<Row>, Vec<Row>) =
            proposal.rows.into_iter().partition(|row| !propose::names_a_list(row, &lists));
        let mut remarks = Vec::new();
        let mut remark = |count: u64, why: &str| {
            if count > 0 {
                remarks.push(format!("{count} {why}"));
            }
        };
        remark(proposal.alike, "of the alerts look like attacks in every field");
        remark(proposal.nameless, "of the alerts have no known program");
        remark(named.len() as u64, "of the exceptions would contain the name of a list");
        if own.is_cut || attacks.is_cut {
            remarks.push("its alerts are too various to be described".to_owned());
        }
        let exceptions = write::exceptions(&rows, &taken, &good);
        drafts.push(Draft { name: rule.name.clone(), rule: at, exceptions, remarks });
    }
    drafts
}

/// Takes the exceptions of these rules back; `false` if there are none to take back.
fn drop_rules(drafts: &mut [Draft], rules: &BTreeSet<String>, why: &str) -> bool {
    let mut any = false;
    for draft in drafts.iter_mut().filter(|draft| rules.contains(&draft.name) && !draft.exceptions.is_empty())
    {
        draft.exceptions.clear();
        draft.remarks.push(format!("no exception is left: {why}"));
        any = true;
    }
    any
}

fn finished(
    drafts: Vec<Draft>,
    file: Option<String>,
    counts: &[Counts],
    attacks: &[Matches],
    bad: (u64, u64),
    cases: Option<(usize, usize)>,
    captures: Vec<Ended>,
) -> Tuning {
    use crate::diff::Kind::{Appears, Vanishes};
    let count =
        |counts: &Counts| (counts.same + counts.of(Vanishes).count, counts.same + counts.of(Appears).count);
    let of_rule = |rule: usize| counts.get(rule).map_or((0, 0), &count);
    let good = counts.iter().map(count).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let rules = drafts.into_iter().map(|draft| TunedRule {
        alerts: of_rule(draft.rule),
        uncovered: counts.get(draft.rule).map_or(0, |counts| counts.of(Appears).count),
        attacks: attacks.get(draft.rule).map_or(0, |one| one.tuples.values().map(|count| count.events).sum()),
        name: draft.name,
        exceptions: draft.exceptions,
        remarks: draft.remarks,
    });
    Tuning { rules: rules.collect(), file, good, bad, cases, captures }
}

impl Tuning {
    /// The report for people.
    pub fn text(&self, screen: Screen) -> String {
        text::text(self, screen)
    }
}
