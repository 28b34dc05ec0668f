//! A run with all its verdicts: what every report is made of.

use std::path::PathBuf;

use super::judge::{Judge, Status};
use super::plan::{Place, Plan};
use super::run::{Replayed, Seen};
use super::sets::Sets;
use super::suite::{Case, Problem};
use crate::exit::Outcome;

/// A test file that cannot be read.
#[derive(Debug)]
pub struct BrokenFile {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// A case and how it ended.
pub struct Verdict<'c> {
    /// The case.
    pub case: &'c Case,
    /// How it ended.
    pub status: Status,
    /// The case with its alerts, where a capture was replayed for it.
    pub judge: Option<Judge<'c>>,
}

impl<'c> Verdict<'c> {
    /// The alerts that the case saw, with their rules' names.
    pub fn alerts(&self) -> impl Iterator<Item = (&'c str, &'c Seen)> {
        let judge = self.judge.iter();
        judge.flat_map(|judge| judge.alerts.iter().map(|seen| (judge.rule_name(seen), *seen)))
    }
}

/// All verdicts in the order of the files.
pub struct Run<'c> {
    /// Cases.
    pub verdicts: Vec<Verdict<'c>>,
    /// Files that could not be read.
    pub broken: Vec<BrokenFile>,
    /// What was replayed for them.
    pub work: Work,
}

/// What a run took.
#[derive(Debug, Default, Clone, Copy)]
pub struct Work {
    /// Captures that were decoded, each once.
    pub captures: usize,
    /// Events in them.
    pub events: u64,
    /// Programs that were evaluated over a capture.
    pub evaluations: usize,
    /// Rule sets that were loaded.
    pub sets: usize,
}

/// How many cases ended how.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Not judged, files that could not be read included.
    pub broken: usize,
}

impl<'c> Run<'c> {
    /// Judges all cases.
    pub fn judged(
        cases: &[&'c Case],
        broken: Vec<BrokenFile>,
        plan: &'c Plan,
        replayed: &'c [Replayed],
        sets: &'c Sets,
    ) -> Run<'c> {
        let places = cases.iter().zip(&plan.places);
        let verdicts = places.map(|(case, place)| verdict(case, place, plan, replayed, sets)).collect();
        let work = Work {
            captures: plan.captures.len(),
            events: replayed.iter().map(|one| one.events).sum(),
            evaluations: plan.captures.iter().map(|capture| capture.evaluations.len()).sum(),
            sets: sets.sets.len(),
        };
        Run { verdicts, broken, work }
    }

    /// How many cases ended how.
    pub fn tally(&self) -> Tally {
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
    pub fn outcome(&self) -> Outcome {
        Run::gravest(self.verdicts.iter(), &self.broken)
    }

    /// The gravest of some verdicts.
    pub fn gravest<'v>(verdicts: impl Iterator<Item = &'v Verdict<'v>>, broken: &[BrokenFile]) -> Outcome {
        let files = if broken.is_empty() { Outcome::Done } else { Outcome::Usage };
        let of = |verdict: &Verdict<'_>| match verdict.status {
            Status::Passed => Outcome::Done,
            Status::Failed(_) => Outcome::Reached,
            Status::Broken(outcome, _) => outcome,
        };
        verdicts.map(of).fold(files, Outcome::max)
    }
}

fn verdict<'c>(
    case: &'c Case,
    place: &Place,
    plan: &'c Plan,
    replayed: &'c [Replayed],
    sets: &'c Sets,
) -> Verdict<'c> {
    let broken =
        |outcome, reason: String| Verdict { case, status: Status::Broken(outcome, reason), judge: None };
    let ended =
        |failures: Vec<_>| if failures.is_empty() { Status::Passed } else { Status::Failed(failures) };
    match place {
        Place::Broken(reason) => broken(Outcome::Usage, reason.clone()),
        Place::Loaded(set) => {
            let failures = sets.sets.get(*set).map(|set| super::loading::failures(case, set));
            Verdict { case, status: ended(failures.unwrap_or_default()), judge: None }
        }
        Place::Evaluated(seat, set) => {
            let (Some(capture), Some(one)) = (plan.captures.get(seat.capture), replayed.get(seat.capture))
            else {
                return broken(Outcome::Usage, "the capture was not replayed".to_owned());
            };
            if let Some((outcome, reason)) = &one.trouble {
                let at = case.trace.as_ref().map_or(case.offset, |trace| trace.offset);
                return broken(*outcome, case.problem(at, reason.clone()).to_string());
            }
            let evaluation = capture.evaluations.get(seat.evaluation);
            let (Some(evaluation), Some(alerts), Some(set)) =
                (evaluation, one.alerts.get(seat.evaluation), sets.sets.get(*set))
            else {
                return broken(Outcome::Usage, "the capture was not evaluated".to_owned());
            };
            let judge = Judge::new(case, set, &evaluation.asked, one, alerts);
            Verdict { case, status: ended(judge.failures()), judge: Some(judge) }
        }
    }
}
