//! `--coverage`: what the cases leave untested. Verdicts and the parts of rules enter; rules that no case shows to fire or to
//! be silent leave, and macros, lists and exceptions that never made a difference.
//!
//! A part made a difference if on some event that rules of a case saw, a rule's condition without the part answers otherwise
//! than the rule's condition. A rule is shown to be silent if a case expects no alert of it, gets none, and some part of the
//! condition made that difference: an event came that near.

mod tally;
mod tracker;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tercel_replay::{Group, Matching, Member, Options, Prepared};
use tercel_rules::load::{Loader, Parts};
use tercel_rules::program::Program;

use crate::error::RunError;
use crate::plan::{Answer, Capture, Plan};
use crate::run;
use crate::sets::{self, Sets};
use crate::suite::{Case, RuleSpec};
use crate::verdict::Run;
use tracker::Tracker;

pub(crate) use tally::{Coverage, Side};

/// Rules of a set, divided into parts.
struct Anatomy {
    parts: Parts,
    /// Rules of one program: first the conditions of the rules, then the variants.
    program: Program,
}

impl Anatomy {
    fn of_all(sets: &mut Sets) -> Result<Vec<Anatomy>, RunError> {
        let specs: Vec<_> = sets.sets.iter().map(|set| set.spec.clone()).collect();
        let anatomy = |spec: &RuleSpec| {
            let mut loader = Loader::new(sets::options(spec));
            for file in sets.files(&spec.files)?.iter() {
                loader.bytes(&file.name, &file.bytes);
            }
            let parts = loader.parts()?;
            let variants = parts.variants.iter().map(|variant| &variant.condition);
            let program = tercel_rules::filter::conditions(parts.conditions.iter().chain(variants));
            Ok(Anatomy { program: program?, parts })
        };
        specs.iter().map(anatomy).collect()
    }
}

/// Measures what the cases of a run cover. Captures are decoded once more for it, `jobs` at a time.
pub(crate) fn measure(
    cases: &[&Case],
    run: &Run<'_>,
    sets: &mut Sets,
    jobs: NonZeroUsize,
) -> Result<Coverage, RunError> {
    // Each window is evaluated on its own, so that it is known what each case shows.
    let plan = Plan::of(cases, sets, false, true);
    let anatomies = Anatomy::of_all(sets)?;
    let pool = run::pool(jobs)?;
    let prepared: Vec<_> = anatomies.iter().map(|anatomy| Prepared::new(&anatomy.program)).collect();
    let track = |capture| track(capture, &anatomies, &prepared);
    let tracked: Vec<Vec<Vec<bool>>> = pool.install(|| plan.captures.par_iter().map(track).collect());
    let mut coverage = Coverage::of(sets, anatomies.iter().map(|anatomy| &anatomy.parts));
    for (verdict, answer) in run.verdicts.iter().zip(&plan.answers) {
        let Answer::Evaluated(seat, set) = answer else { continue };
        let differs = tracked.get(seat.capture).and_then(|capture| capture.get(seat.evaluation));
        if let (Some(differs), Some(anatomy)) = (differs, anatomies.get(*set)) {
            coverage.add(verdict, &anatomy.parts, differs);
        }
    }
    Ok(coverage)
}

/// Per evaluation of a capture, which variants made a difference; nothing if the capture cannot be read, which its cases
/// tell.
fn track(capture: &Capture, anatomies: &[Anatomy], prepared: &[Prepared<'_>]) -> Vec<Vec<bool>> {
    let members = capture.evaluations.iter().filter_map(|evaluation| {
        let options = Options { matching: Matching::All, ..evaluation.options };
        let filter = evaluation.filter.as_ref();
        Some(Member { rules: prepared.get(evaluation.set)?.clone(), filter, options })
    });
    let mut group = Group::new(members);
    let mut trackers: Vec<Tracker<'_>> = capture
        .evaluations
        .iter()
        .filter_map(|evaluation| Some(Tracker::new(&anatomies.get(evaluation.set)?.parts)))
        .collect();
    let read = run::open(capture).and_then(|mut reader| run::read(&mut group, &mut reader, &mut trackers));
    match read {
        Ok(()) => trackers.into_iter().map(Tracker::finish).collect(),
        Err(_) => Vec::new(),
    }
}
