//! Why a rule did not fire: failures enter that miss alerts; with them leave the events at which the rule's condition came closest,
//! grouped by what they missed, with the values that they had instead. The captures of such cases are decoded a second time; where
//! everything passes, nothing is.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::num::NonZeroUsize;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::Value;
use tercel_format::{Block, Event};
use tercel_replay::fields::{Scratch, render_text};
use tercel_replay::scan::{Needs, Visitor, scan};
use tercel_replay::state::{ResumePoint, State};
use tercel_replay::{Context, Filter, Position, Settings};
use tercel_rules::load::{Loader, Resolved};

use crate::error::RunError;
use crate::explain::{Besides, Explainer, Near};
use crate::failure::Status;
use crate::plan::{Answer, Capture, Evaluation, Plan};
use crate::report::Paint;
use crate::run;
use crate::sets::{self, Sets};
use crate::suite::{Pattern, Window};
use crate::verdict::Run;
use crate::visible::visible;

/// Groups of events that are shown of a missing alert.
const GROUPS: usize = 2;

/// A missing alert.
struct Want<'r> {
    verdict: usize,
    failure: usize,
    name: &'r str,
    pattern: &'r Pattern,
    window: Window,
    /// Events at which some rule gave an alert, with the rule.
    spoken: BTreeMap<u64, &'r str>,
}

/// What came closest to a missing alert, as lines and as JSON.
type Told = (Vec<String>, Value);

/// Captures, rule sets and evaluations, by their positions.
type Seat = (usize, usize, usize);

/// Adds to the failures that miss alerts what came closest to them.
pub(crate) fn explain(
    run: &mut Run<'_>,
    plan: &Plan,
    sets: &mut Sets,
    jobs: NonZeroUsize,
) -> Result<(), RunError> {
    let wants = wants(run, plan);
    if wants.is_empty() {
        return Ok(());
    }
    let mut conditions = BTreeMap::new();
    for ((_, set, _), wants) in &wants {
        let known: &mut BTreeMap<String, Resolved> = conditions.entry(*set).or_default();
        let mut names: Vec<&str> = wants.iter().map(|want| want.name).collect();
        names.retain(|name| !known.contains_key(*name));
        names.dedup();
        known.extend(resolved(sets, *set, &names)?.into_iter().map(|rule| (rule.rule.clone(), rule)));
    }
    let groups: Vec<_> = wants.iter().collect();
    let explain = |((capture, set, evaluation), wants): &(&Seat, &Vec<Want<'_>>)| {
        let capture = plan.captures.get(*capture)?;
        let evaluation = capture.evaluations.get(*evaluation)?;
        searched(capture, evaluation, wants, conditions.get(set)?)
    };
    let pool = run::pool(jobs)?;
    let found: Vec<Option<Vec<Told>>> = pool.install(|| groups.par_iter().map(explain).collect());
    let targets =
        groups.iter().map(|(_, wants)| wants.iter().map(|want| (want.verdict, want.failure)).collect());
    let targets: Vec<Vec<(usize, usize)>> = targets.collect();
    for (targets, told) in targets.into_iter().zip(found) {
        for ((verdict, failure), (lines, near)) in targets.into_iter().zip(told.unwrap_or_default()) {
            if let Some(Status::Failed(failures)) =
                run.verdicts.get_mut(verdict).map(|verdict| &mut verdict.status)
                && let Some(failure) = failures.get_mut(failure)
            {
                failure.nearest.extend(lines);
                failure.near = near;
            }
        }
    }
    Ok(())
}

/// Missing alerts by capture, rule set and evaluation.
fn wants<'r>(run: &Run<'r>, plan: &Plan) -> BTreeMap<Seat, Vec<Want<'r>>> {
    let mut wants: BTreeMap<_, Vec<Want<'r>>> = BTreeMap::new();
    for (at, (verdict, answer)) in run.verdicts.iter().zip(&plan.answers).enumerate() {
        let (Status::Failed(failures), Some(judge), Answer::Evaluated(seat, set)) =
            (&verdict.status, &verdict.judge, answer)
        else {
            continue;
        };
        for (failure, (expectation, pattern)) in
            failures.iter().enumerate().filter_map(|(at, failure)| Some((at, failure.missing?)))
        {
            let expectation = verdict.case.expectations.get(expectation);
            let pattern = expectation.and_then(|expectation| expectation.patterns.get(pattern));
            let name = expectation.map(|expectation| expectation.rule.as_str());
            if let (Some(pattern), Some(name)) = (pattern, name)
                && judge.set.running(name).is_some()
            {
                let spoken = judge.alerts.iter().map(|seen| (seen.number, judge.rule_name(seen))).collect();
                let window = verdict.case.window;
                let want = Want { verdict: at, failure, name, pattern, window, spoken };
                wants.entry((seat.capture, *set, seat.evaluation)).or_default().push(want);
            }
        }
    }
    wants
}

/// The conditions of rules of a set.
fn resolved(sets: &mut Sets, set: usize, rules: &[&str]) -> Result<Vec<Resolved>, RunError> {
    let Some(spec) = sets.sets.get(set).map(|set| set.spec.clone()) else { return Ok(Vec::new()) };
    let mut loader = Loader::new(sets::options(&spec));
    for file in sets.files(&spec.files)?.iter() {
        loader.bytes(&file.name, &file.bytes);
    }
    Ok(loader.resolved(rules)?)
}

/// What came closest to each missing alert of an evaluation; nothing if that cannot be said.
fn searched(
    capture: &Capture,
    evaluation: &Evaluation,
    wants: &[Want<'_>],
    conditions: &BTreeMap<String, Resolved>,
) -> Option<Vec<Told>> {
    let settings = evaluation.options.settings;
    let seeker = |want| Seeker::new(want, conditions, settings);
    let mut search = Search {
        seekers: wants.iter().map(seeker).collect::<Option<_>>()?,
        filter: evaluation.filter.as_ref().map(|filter| Filter::new(filter, settings)),
        evaluation,
        state: State::new(),
        scratch: Scratch::new(settings),
    };
    let mut reader = run::open(capture).ok()?;
    let Ok(_) = scan(&mut reader, &Needs::ALL, &mut search, &|_| ());
    Some(search.seekers.iter().map(Seeker::told).collect())
}

/// Looks for the events that are nearest to missing alerts.
struct Search<'s> {
    seekers: Vec<Seeker<'s>>,
    filter: Option<Filter>,
    evaluation: &'s Evaluation,
    state: State,
    scratch: Scratch,
}

/// Looks for those of one missing alert.
struct Seeker<'s> {
    want: &'s Want<'s>,
    explainer: Explainer,
    near: Near,
}

impl<'s> Seeker<'s> {
    fn new(
        want: &'s Want<'s>,
        conditions: &BTreeMap<String, Resolved>,
        settings: Settings,
    ) -> Option<Seeker<'s>> {
        let explainer = Explainer::new(conditions.get(want.name)?, settings).ok()?;
        Some(Seeker { want, explainer, near: Near::new(GROUPS) })
    }

    fn event(&mut self, cx: &Context<'_>, scratch: &mut Scratch) {
        let Seeker { want, explainer, near } = self;
        let (number, ts, first) = (cx.event.num, cx.event.ts, cx.state.first_ts());
        if !want.window.contains(number, ts, first) || !want.pattern.window.contains(number, ts, first) {
            return;
        }
        let spoken = want.spoken.get(&number).copied();
        if spoken == Some(want.name) {
            return;
        }
        let look = explainer.look(cx);
        if !near.wants(look.missed) {
            return;
        }
        let mut differs = |field: &crate::suite::FieldMatcher| {
            let mut value = Vec::new();
            render_text(cx, &field.operand, &mut value, scratch);
            !field.matcher.holds(&String::from_utf8_lossy(&value))
        };
        let fields = want.pattern.fields.iter().enumerate();
        let differing = fields.filter(|(_, field)| differs(field)).map(|(at, _)| at).collect();
        let instead = spoken.filter(|_| look.holds).map(str::to_owned);
        near.see(explainer, cx, &look, Besides { differing, instead }, 0);
    }

    /// What came closest.
    fn told(&self) -> Told {
        let demand = |at: usize| {
            let field = self.want.pattern.fields.get(at);
            field.map_or_else(String::new, |field| {
                visible(format!("{}: {}", field.key, field.matcher).as_bytes())
            })
        };
        let rule = self.explainer.rule();
        let lines = self.near.lines(&rule.tree, &rule.name, &demand, &|_| String::new(), &Paint::plain());
        let nearest =
            (!lines.is_empty()).then(|| format!("nearest events to '{}':", visible(rule.name.as_bytes())));
        let lines = nearest.into_iter().chain(lines.into_iter().map(|line| format!("  {line}")));
        (lines.collect(), self.near.json(&rule.tree, &demand, &|_| None))
    }
}

impl Search<'_> {
    /// One event; `false` if no further one is of interest.
    fn event(&mut self, event: &Event<'_>) -> bool {
        let facts = self.state.apply(event);
        match self.evaluation.options.position(event, self.state.first_ts()) {
            Position::Before | Position::Behind => return true,
            Position::End => return false,
            Position::Inside => {}
        }
        let Some(facts) = facts.as_ref().filter(|_| !event.state_only) else { return true };
        let cx = Context { state: &self.state, event, facts };
        if self.filter.as_mut().is_none_or(|filter| filter.holds(&cx)) {
            self.seekers.iter_mut().for_each(|seeker| seeker.event(&cx, &mut self.scratch));
        }
        true
    }

    fn forget(&mut self) {
        self.filter.iter_mut().for_each(Filter::forget);
        self.seekers.iter_mut().for_each(|seeker| seeker.explainer.forget());
    }
}

impl Visitor for Search<'_> {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        match block {
            Block::Event(event) => Ok(self.event(event)),
            block => {
                if let Block::Section(_) = block {
                    self.forget();
                }
                self.state.block(block);
                Ok(true)
            }
        }
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> Result<(), Infallible> {
        self.forget();
        self.state = state;
        Ok(())
    }
}
