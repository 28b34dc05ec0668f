//! Why a rule did not fire: failures enter that miss alerts; with them leave the events at which the rule's condition came
//! closest, and the checks that did not hold there, each with its place in the rule files. The captures of such cases are
//! decoded a second time; where everything passes, nothing is.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tercel_replay::fields::{Context, Scratch, render_text};
use tercel_replay::push_message;
use tercel_replay::{Alert, Group, Matching, Member, Options, Settings, Sink};
use tercel_rules::ast::{Expr, ExprKind, Pos};
use tercel_rules::load::{Loader, Parts};
use tercel_rules::output::Template;

use crate::error::RunError;
use crate::failure::Status;
use crate::plan::{Answer, Capture, Evaluation, Plan};
use crate::run;
use crate::sets::{self, Sets};
use crate::suite::{Pattern, Window};
use crate::verdict::Run;

/// Events that are shown of a missing alert.
const EVENTS: usize = 2;

/// Checks that are shown of an event.
const CHECKS: usize = 3;

/// What is shown of an event.
const EVENT: &str = "%evt.type (proc.name=%proc.name proc.cmdline=%proc.cmdline fd.name=%fd.name)";

/// A missing alert.
struct Want<'r> {
    verdict: usize,
    failure: usize,
    rule: usize,
    name: &'r str,
    pattern: &'r Pattern,
    window: Window,
    /// Events at which some rule gave an alert, with the rule.
    spoken: BTreeMap<u64, &'r str>,
}

/// An event that came close.
struct Near {
    /// Checks and values that were not as they should be.
    wrong: usize,
    number: u64,
    shown: String,
    /// Positions of the rule's checks that did not hold.
    failing: Vec<usize>,
}

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
    let mut checks = BTreeMap::new();
    for (_, set, _) in wants.keys() {
        if !checks.contains_key(set) {
            checks.insert(*set, checks_of(sets, *set)?);
        }
    }
    let groups: Vec<_> = wants.iter().collect();
    let explain = |((capture, set, evaluation), wants): &(&(usize, usize, usize), &Vec<Want<'_>>)| {
        let capture = plan.captures.get(*capture)?;
        let evaluation = capture.evaluations.get(*evaluation)?;
        searched(capture, evaluation, wants, checks.get(set)?)
    };
    let pool = run::pool(jobs)?;
    let found: Vec<Option<Vec<Vec<String>>>> = pool.install(|| groups.par_iter().map(explain).collect());
    let targets =
        groups.iter().map(|(_, wants)| wants.iter().map(|want| (want.verdict, want.failure)).collect());
    let targets: Vec<Vec<(usize, usize)>> = targets.collect();
    for (targets, texts) in targets.into_iter().zip(found) {
        for ((verdict, failure), texts) in targets.into_iter().zip(texts.unwrap_or_default()) {
            if let Some(Status::Failed(failures)) =
                run.verdicts.get_mut(verdict).map(|verdict| &mut verdict.status)
                && let Some(failure) = failures.get_mut(failure)
            {
                failure.nearest.extend(texts);
            }
        }
    }
    Ok(())
}

/// Missing alerts by capture, rule set and evaluation.
fn wants<'r>(run: &Run<'r>, plan: &Plan) -> BTreeMap<(usize, usize, usize), Vec<Want<'r>>> {
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
                && let Some(rule) = judge.set.running(name)
            {
                let spoken = judge.alerts.iter().map(|seen| (seen.number, judge.rule_name(seen))).collect();
                let window = verdict.case.window;
                let want = Want { verdict: at, failure, rule, name, pattern, window, spoken };
                wants.entry((seat.capture, *set, seat.evaluation)).or_default().push(want);
            }
        }
    }
    wants
}

/// The checks of a set's rules.
fn checks_of(sets: &mut Sets, set: usize) -> Result<Parts, RunError> {
    let Some(spec) = sets.sets.get(set).map(|set| set.spec.clone()) else { return Ok(Parts::default()) };
    let mut loader = Loader::new(sets::options(&spec));
    for file in sets.files(&spec.files)?.iter() {
        loader.bytes(&file.name, &file.bytes);
    }
    Ok(loader.checks()?)
}

/// What came closest to each missing alert of an evaluation, as text; nothing if that cannot be said.
fn searched(
    capture: &Capture,
    evaluation: &Evaluation,
    wants: &[Want<'_>],
    parts: &Parts,
) -> Option<Vec<Vec<String>>> {
    let mut rules: Vec<usize> = wants.iter().map(|want| want.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let count = |rule: &usize| parts.checks.get(*rule).map_or(0, Vec::len);
    let checks: Vec<(usize, usize)> =
        rules.iter().flat_map(|rule| (0..count(rule)).map(|check| (*rule, check))).collect();
    let conditions = checks.iter().filter_map(|(rule, check)| Some(&parts.checks.get(*rule)?.get(*check)?.1));
    // After all checks comes one that is always true: it shows when an event is complete.
    let always = Expr { kind: ExprKind::And(Vec::new()), pos: Pos::default() };
    let program = tercel_rules::filter::conditions(conditions.chain([&always])).ok()?;
    let options = Options { matching: Matching::All, ..evaluation.options };
    let member = Member { program: &program, filter: evaluation.filter.as_ref(), options };
    let mut sinks = [Search {
        checks: &checks,
        wants,
        near: wants.iter().map(|_| Vec::new()).collect(),
        template: Template::parse(EVENT).ok()?,
        scratch: Scratch::new(Settings::default()),
        holding: Vec::new(),
    }];
    let mut reader = run::open(capture).ok()?;
    run::read(&mut Group::new([member]), &mut reader, &mut sinks).ok()?;
    let [search] = sinks;
    let texts = wants
        .iter()
        .zip(search.near)
        .map(|(want, near)| near.iter().flat_map(|near| near.told(want, parts)).collect());
    Some(texts.collect())
}

/// Looks for the events at which the most checks hold.
struct Search<'s> {
    /// Rule and number of each check, in the order of the program.
    checks: &'s [(usize, usize)],
    wants: &'s [Want<'s>],
    /// Per missing alert what came closest so far, the closest first.
    near: Vec<Vec<Near>>,
    template: Template,
    scratch: Scratch,
    /// Positions of the checks that hold on the event.
    holding: Vec<usize>,
}

impl Search<'_> {
    fn event(&mut self, context: &Context<'_>) {
        let (number, ts, first) = (context.event.num, context.event.ts, context.state.first_ts());
        for (want, near) in self.wants.iter().zip(&mut self.near) {
            if !want.window.contains(number, ts, first) || !want.pattern.window.contains(number, ts, first) {
                continue;
            }
            if want.spoken.get(&number) == Some(&want.name) {
                continue;
            }
            let own = self.checks.iter().enumerate().filter(|(_, (rule, _))| *rule == want.rule);
            let failing = own.filter(|(at, _)| self.holding.binary_search(at).is_err());
            let failing: Vec<usize> = failing.map(|(_, (_, check))| *check).collect();
            let worst = near.last().filter(|_| near.len() == EVENTS).map(|near: &Near| near.wrong);
            if worst.is_some_and(|worst| failing.len() >= worst) {
                continue;
            }
            let differing = want.pattern.fields.iter().filter(|field| {
                let mut value = Vec::new();
                render_text(context, &field.operand, &mut value, &mut self.scratch);
                !field.matcher.holds(&String::from_utf8_lossy(&value))
            });
            let wrong = failing.len() + differing.count();
            if worst.is_some_and(|worst| wrong >= worst) {
                continue;
            }
            let mut shown = Vec::new();
            push_message(context, &self.template, &mut shown, &mut self.scratch);
            let shown = String::from_utf8_lossy(&shown).into_owned();
            let at = near.partition_point(|other| other.wrong <= wrong);
            near.insert(at, Near { wrong, number, shown, failing });
            near.truncate(EVENTS);
        }
    }
}

impl Sink for Search<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        if alert.index < self.checks.len() {
            self.holding.push(alert.index);
            return Ok(());
        }
        self.event(&alert.context);
        self.holding.clear();
        Ok(())
    }
}

impl Near {
    /// The event, and what did not hold there.
    fn told(&self, want: &Want<'_>, parts: &Parts) -> Vec<String> {
        let mut lines = vec![format!("nearest event: #{} {}", self.number, self.shown)];
        if self.failing.is_empty() {
            lines.push(match want.spoken.get(&self.number) {
                Some(other) => {
                    format!("  the condition holds there, but '{other}' comes first and raises the alert")
                }
                None => "  the condition holds there".to_owned(),
            });
            return lines;
        }
        let checks = parts.checks.get(want.rule).map_or(0, Vec::len);
        lines.push(format!("  failed checks of '{}': {} of {checks}", want.name, self.failing.len()));
        for check in self.failing.iter().take(CHECKS) {
            let part = parts.checks.get(want.rule).and_then(|checks| checks.get(*check));
            if let Some(part) = part.and_then(|(part, _)| parts.parts.get(*part)) {
                lines.push(format!("  {}: {}", part.place, shortened(&part.name)));
            }
        }
        if self.failing.len() > CHECKS {
            lines.push(format!("  … and {} more", self.failing.len() - CHECKS));
        }
        lines
    }
}

/// The beginning of a text.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 160;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
