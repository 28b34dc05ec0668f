//! A run with all its verdicts: what every report is made of.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Outcome;
use crate::failure::Status;
use crate::judge::Judge;
use crate::plan::{Answer, Plan};
use crate::run::{Replayed, Seen};
use crate::sets::Sets;
use crate::suite::{Case, Problem};

/// A test file that cannot be read.
#[derive(Debug)]
pub(crate) struct BrokenFile {
    /// The file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) problem: Problem,
}

/// A case and how it ended.
pub(crate) struct Verdict<'c> {
    /// The case.
    pub(crate) case: &'c Case,
    /// How it ended.
    pub(crate) status: Status,
    /// The case with its alerts, where a capture was replayed for it.
    pub(crate) judge: Option<Judge<'c>>,
    /// Its share of the time that reading its capture took.
    pub(crate) took: Duration,
}

impl<'c> Verdict<'c> {
    /// The alerts that the case saw, with their rules' names.
    pub(crate) fn alerts(&self) -> impl Iterator<Item = (&'c str, &'c Seen)> {
        let judge = self.judge.iter();
        judge.flat_map(|judge| judge.alerts.iter().map(|seen| (judge.rule_name(seen), *seen)))
    }
}

/// All verdicts in the order of the files.
pub(crate) struct Run<'c> {
    /// Cases.
    pub(crate) verdicts: Vec<Verdict<'c>>,
    /// Files that could not be read.
    pub(crate) broken: Vec<BrokenFile>,
    /// What was replayed for them.
    pub(crate) work: Work,
}

/// What a run took.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Work {
    /// Captures that were decoded, each once.
    pub(crate) captures: usize,
    /// Events in them.
    pub(crate) events: u64,
    /// Programs that were evaluated over a capture.
    pub(crate) evaluations: usize,
    /// Rule sets that were loaded.
    pub(crate) sets: usize,
}

/// How many cases ended how.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    /// As expected.
    pub(crate) passed: usize,
    /// Not as expected.
    pub(crate) failed: usize,
    /// Not judged, files that could not be read included.
    pub(crate) broken: usize,
}

impl<'c> Run<'c> {
    /// Judges all cases.
    pub(crate) fn judged(
        cases: &[&'c Case],
        broken: Vec<BrokenFile>,
        plan: &'c Plan,
        replayed: &'c [Replayed],
        sets: &'c Sets,
    ) -> Run<'c> {
        let answers = cases.iter().zip(&plan.answers);
        let shares = shares(plan, replayed);
        let took = |answer: &Answer| match answer {
            Answer::Evaluated(seat, _) => shares.get(seat.capture).copied().unwrap_or_default(),
            Answer::Loaded(_) | Answer::Broken(_) => Duration::ZERO,
        };
        let verdicts = answers
            .map(|(case, answer)| Verdict {
                took: took(answer),
                ..verdict(case, answer, plan, replayed, sets)
            })
            .collect();
        let work = Work {
            captures: plan.captures.len(),
            events: replayed.iter().map(|one| one.events).sum(),
            evaluations: plan.captures.iter().map(|capture| capture.evaluations.len()).sum(),
            sets: sets.sets.len(),
        };
        Run { verdicts, broken, work }
    }

    /// How many cases ended how.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally { broken: self.broken.len(), ..Tally::default() };
        for verdict in &self.verdicts {
            match verdict.status {
                Status::Passed => tally.passed += 1,
                Status::Failed(_) => tally.failed += 1,
                Status::Broken(..) => tally.broken += 1,
            }
        }
        tally
    }

    /// The exit code: the gravest of all verdicts.
    pub(crate) fn outcome(&self) -> Outcome {
        Run::gravest(self.verdicts.iter(), &self.broken)
    }

    /// The gravest of some verdicts.
    pub(crate) fn gravest<'v>(
        verdicts: impl Iterator<Item = &'v Verdict<'v>>,
        broken: &[BrokenFile],
    ) -> Outcome {
        let files = if broken.is_empty() { Outcome::Passed } else { Outcome::Invalid };
        let of = |verdict: &Verdict<'_>| match verdict.status {
            Status::Passed => Outcome::Passed,
            Status::Failed(_) => Outcome::Failed,
            Status::Broken(outcome, _) => outcome,
        };
        verdicts.map(of).fold(files, Outcome::max)
    }
}

/// Per capture, what reading it took, divided by the cases that it was read for.
fn shares(plan: &Plan, replayed: &[Replayed]) -> Vec<Duration> {
    let mut cases = vec![0_u32; replayed.len()];
    for answer in &plan.answers {
        if let Answer::Evaluated(seat, _) = answer
            && let Some(count) = cases.get_mut(seat.capture)
        {
            *count += 1;
        }
    }
    replayed.iter().zip(cases).map(|(one, cases)| one.took / cases.max(1)).collect()
}

fn verdict<'c>(
    case: &'c Case,
    answer: &Answer,
    plan: &'c Plan,
    replayed: &'c [Replayed],
    sets: &'c Sets,
) -> Verdict<'c> {
    let broken = |outcome, reason: String| Verdict {
        case,
        status: Status::Broken(outcome, reason),
        judge: None,
        took: Duration::ZERO,
    };
    let ended =
        |failures: Vec<_>| if failures.is_empty() { Status::Passed } else { Status::Failed(failures) };
    match answer {
        Answer::Broken(reason) => broken(Outcome::Invalid, reason.to_string()),
        Answer::Loaded(set) => {
            let failures = sets.sets.get(*set).map(|set| crate::loading::failures(case, set));
            Verdict { case, status: ended(failures.unwrap_or_default()), judge: None, took: Duration::ZERO }
        }
        Answer::Evaluated(seat, set) => {
            let (Some(capture), Some(one)) = (plan.captures.get(seat.capture), replayed.get(seat.capture))
            else {
                return broken(Outcome::Invalid, "the capture was not replayed".to_owned());
            };
            if let Some(error) = &one.error {
                let at = case.trace.as_ref().map_or(case.offset, |trace| trace.offset);
                let message = format!("{}: {error}", capture.path.display());
                return broken(error.outcome(), case.problem(at, message).to_string());
            }
            let evaluation = capture.evaluations.get(seat.evaluation);
            let (Some(evaluation), Some(alerts), Some(set)) =
                (evaluation, one.alerts.get(seat.evaluation), sets.sets.get(*set))
            else {
                return broken(Outcome::Invalid, "the capture was not evaluated".to_owned());
            };
            let judge = Judge::new(case, set, &evaluation.asked, one, alerts);
            Verdict { case, status: ended(judge.failures()), judge: Some(judge), took: Duration::ZERO }
        }
    }
}
