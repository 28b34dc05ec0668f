//! From cases to work: cases and loaded rules enter; captures leave, each with the evaluations that its cases need. Cases that
//! ask the same rules about the same capture share an evaluation. A case that cannot run is reported with its place.

use std::collections::HashMap;
use std::path::PathBuf;

use tercel_replay::depends_on_order;
use tercel_replay::{Matching, Options, Paths};
use tercel_rules::fields::nearest;
use tercel_rules::files::is_absent;
use tercel_rules::program::{Operand, Program};

use crate::sets::{RuleSet, Sets, idle};
use crate::suite::{Case, Problem, Window};

/// A capture and what is asked of it.
pub(crate) struct Capture {
    /// The file.
    pub(crate) path: PathBuf,
    /// Evaluations, side by side.
    pub(crate) evaluations: Vec<Evaluation>,
}

/// One program over one capture.
pub(crate) struct Evaluation {
    /// Position of the rule set.
    pub(crate) set: usize,
    /// Rules see only events that match it.
    pub(crate) filter: Option<Program>,
    /// How rules are evaluated.
    pub(crate) options: Options,
    /// Per rule the fields whose values the cases look at.
    pub(crate) asked: Vec<Vec<(String, Operand)>>,
}

/// Where a case finds its alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Position of the capture.
    pub(crate) capture: usize,
    /// Position of the evaluation in it.
    pub(crate) evaluation: usize,
}

/// How a case is answered.
pub(crate) enum Answer {
    /// By the alerts of an evaluation, with these rules.
    Evaluated(Seat, usize),
    /// By loading the rules alone.
    Loaded(usize),
    /// Not at all.
    Broken(Unanswerable),
}

/// Why a case cannot be answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswerable {
    /// Something in the test file is wrong.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The rules have errors.
    #[error("{problem}\n{errors}")]
    Rules {
        /// Where the test file asks for them.
        problem: Box<Problem>,
        /// The errors, as `tercel rules` prints them.
        errors: String,
    },
    /// The rules were not loaded.
    #[error("no such rule set")]
    NoRuleSet,
}

impl From<Problem> for Unanswerable {
    fn from(problem: Problem) -> Unanswerable {
        Unanswerable::Problem(Box::new(problem))
    }
}

/// What makes two evaluations of a capture the same.
#[derive(PartialEq)]
struct Key {
    set: usize,
    matching: Matching,
    filter: Option<String>,
    /// Only where what rules say hangs on where the evaluation starts, or where windows have to be distinguished.
    window: Option<Window>,
}

/// The work of all cases.
#[derive(Default)]
pub(crate) struct Plan {
    /// Captures, each once.
    pub(crate) captures: Vec<Capture>,
    /// Per case how it is answered.
    pub(crate) answers: Vec<Answer>,
    by_path: HashMap<PathBuf, usize>,
    keys: Vec<Vec<Key>>,
}

impl Plan {
    /// Plans all cases. `bless` accepts cases that expect nothing yet; `apart` gives every window an evaluation of its own.
    pub(crate) fn of(cases: &[&Case], sets: &mut Sets, bless: bool, apart: bool) -> Plan {
        let mut plan = Plan::default();
        for case in cases {
            let answer = plan.answer(case, sets, bless, apart).unwrap_or_else(Answer::Broken);
            plan.answers.push(answer);
        }
        plan
    }

    fn answer(
        &mut self,
        case: &Case,
        sets: &mut Sets,
        bless: bool,
        apart: bool,
    ) -> Result<Answer, Unanswerable> {
        let at = sets.of(&case.rules);
        let at = at.map_err(|failure| case.problem(case.rules_at, failure.to_string()))?;
        let Some(set) = sets.sets.get(at) else { return Err(Unanswerable::NoRuleSet) };
        if !case.load.errors.is_empty() {
            return Ok(Answer::Loaded(at));
        }
        if !set.is_successful() {
            let problem = Box::new(case.problem(case.rules_at, "the rules have errors"));
            let errors = set.errors().trim_end().to_owned();
            return Err(Unanswerable::Rules { problem, errors });
        }
        checked(case, set, bless)?;
        let Some(trace) = &case.trace else { return Ok(Answer::Loaded(at)) };
        if !trace.path.is_file() {
            let reason = match trace.path.metadata() {
                Ok(_) => "not a regular file".to_owned(),
                Err(_) if is_absent(&trace.path) => "no such file".to_owned(),
                Err(error) => error.to_string(),
            };
            let message = format!("{}: {reason}", trace.path.display());
            return Err(case.problem(trace.offset, message).into());
        }
        let filter = case.filter.as_ref().map(|(text, offset)| {
            let compiled = tercel_rules::filter::filter(text);
            compiled.map_err(|error| case.problem(*offset, format!("invalid filter: {error}")))
        });
        let filter = filter.transpose()?;
        let program = &set.loaded.program;
        // What a correlation counts depends on where the window begins.
        let apart = apart
            || !set.correlations.list.is_empty()
            || depends_on_order(program)
            || filter.as_ref().is_some_and(depends_on_order);
        let key = Key {
            set: at,
            matching: case.matching,
            filter: case.filter.as_ref().map(|(text, _)| text.clone()),
            window: apart.then_some(case.window),
        };
        let capture = self.capture(&trace.path);
        let evaluation = self.evaluation(capture, key, filter, set.fired().count());
        self.ask(capture, evaluation, case, set);
        Ok(Answer::Evaluated(Seat { capture, evaluation }, at))
    }

    fn capture(&mut self, path: &PathBuf) -> usize {
        if let Some(at) = self.by_path.get(path) {
            return *at;
        }
        self.by_path.insert(path.clone(), self.captures.len());
        self.captures.push(Capture { path: path.clone(), evaluations: Vec::new() });
        self.keys.push(Vec::new());
        self.captures.len() - 1
    }

    fn evaluation(&mut self, capture: usize, key: Key, filter: Option<Program>, rules: usize) -> usize {
        let (keys, evaluations) = (&mut self.keys[capture], &mut self.captures[capture].evaluations);
        if let Some(at) = keys.iter().rposition(|known| *known == key) {
            return at;
        }
        let window = key.window.unwrap_or_default();
        let options =
            Options { matching: key.matching, from: window.from, to: window.to, ..Options::default() };
        evaluations.push(Evaluation { set: key.set, filter, options, asked: vec![Vec::new(); rules] });
        keys.push(key);
        evaluations.len() - 1
    }

    /// Sets whose paths conditions see.
    pub(crate) fn see(&mut self, paths: Paths) {
        for evaluation in self.captures.iter_mut().flat_map(|capture| &mut capture.evaluations) {
            evaluation.options.settings.paths = paths;
        }
    }

    /// Asks for the values of the fields that a case looks at.
    fn ask(&mut self, capture: usize, evaluation: usize, case: &Case, set: &RuleSet) {
        let asked = &mut self.captures[capture].evaluations[evaluation].asked;
        for expectation in &case.expectations {
            let Some(fields) = set.running(&expectation.rule).and_then(|rule| asked.get_mut(rule)) else {
                continue;
            };
            for field in expectation.patterns.iter().flat_map(|pattern| &pattern.fields) {
                if fields.iter().all(|(known, _)| *known != field.key) {
                    fields.push((field.key.clone(), field.operand.clone()));
                }
            }
        }
    }
}

/// Refuses a case that cannot prove what it says.
fn checked(case: &Case, set: &RuleSet, bless: bool) -> Result<(), Problem> {
    if case.is_empty() && !bless {
        let problem = case.problem(case.offset, format!("the case '{}' expects nothing", case.name));
        return Err(problem.hint("--bless writes the actual results"));
    }
    for expectation in &case.expectations {
        let rule = &expectation.rule;
        if set.is_correlation(rule) {
            continue;
        }
        let Some(info) = set.info(rule) else {
            let problem = case.problem(expectation.offset, format!("unknown rule '{rule}'"));
            return Err(problem.meant(nearest(rule, set.names())));
        };
        if set.running(rule).is_none() {
            let message = format!("rule '{rule}' {}, so that its silence proves nothing", idle(info.state));
            return Err(case.problem(expectation.offset, message));
        }
    }
    if let Some(lines) = &case.lines
        && lines.texts.is_none()
        && !bless
    {
        let file = lines.file.as_deref().unwrap_or_else(|| "".as_ref()).display();
        let problem = case.problem(lines.span.from, format!("{file}: no such file"));
        return Err(problem.hint("--bless writes the file"));
    }
    Ok(())
}
