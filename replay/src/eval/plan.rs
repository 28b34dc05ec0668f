//! Plans: what to evaluate on an event of one code, and in which order.
//!
//! The conditions of a program enter. For every event code, rules that cannot be true are dropped, and what is left of the others
//! is arranged so that a part which many rules demand is looked at once, and rules whose part fails are skipped together.
//! Checks have no side effects, so the order does not change the answers; conditions with fields that count their
//! evaluations keep their order (see [`Plan::ordered`]).

use rustc_hash::FxHashMap;
use tercel_format::catalogue::{EVENTS, EventInfo};
use tercel_rules::program::{Operand, Program};

use super::notes;
use super::predicate::Predicate;
use super::terms::{Folded, Recall, Term, TermId, TermKind, Terms};

/// Conditions and plans of a program.
#[derive(Debug, Default)]
pub struct Plans {
    /// Prepared checks.
    pub predicates: Vec<Predicate>,
    /// Conditions, shared between rules and event codes.
    pub terms: Vec<Term>,
    /// One plan per event code.
    pub plans: Vec<Plan>,
    /// How many terms are remembered per process image.
    pub image_bits: usize,
    /// How many values are kept for the event.
    pub places: usize,
}

/// What to do on an event of one code.
#[derive(Debug, Default)]
pub struct Plan {
    /// Steps; empty where no rule can match.
    pub steps: Box<[Step]>,
    /// Rules are found in load order, so that the first one found is the first one that matches.
    pub ordered: bool,
}

/// A step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Goes on where the term holds, else at the step with this number.
    Need(TermId, u32),
    /// The rule matches.
    Found(u32),
}

/// A rule at one event code: what it still demands.
struct Demand {
    rule: u32,
    terms: Vec<TermId>,
}

impl Plans {
    /// The plans of a program's rules of source `syscall`.
    pub fn new(program: &Program) -> Plans {
        let mut terms = Terms::new(program);
        let plans: Vec<Plan> = EVENTS.iter().map(|info| plan(program, &mut terms, info)).collect();
        let places = assign_places(&mut terms.predicates);
        let image_bits = assign_recall(&mut terms, &plans);
        let Terms { predicates, drafts, .. } = terms;
        let terms = drafts.into_iter().map(|draft| draft.term).collect();
        Plans { predicates, terms, plans, image_bits, places }
    }
}

fn plan(program: &Program, terms: &mut Terms<'_>, info: &EventInfo) -> Plan {
    let mut folded = vec![None; program.nodes.len()];
    let mut demands = Vec::new();
    for (index, rule) in program.rules.iter().enumerate() {
        if rule.source != "syscall" || !rule.events.contains(info.code) {
            continue;
        }
        let terms = match terms.fold(rule.condition, info, &mut folded) {
            Folded::Never => continue,
            Folded::Always => Vec::new(),
            Folded::Term(id) => terms.conjuncts(id),
        };
        demands.push(Demand { rule: index as u32, terms });
    }
    let ordered = demands.iter().flat_map(|demand| &demand.terms).any(|id| terms.draft(*id).counting);
    let mut steps = Vec::new();
    if ordered {
        demands.iter().for_each(|demand| chain(demand, &mut steps));
    } else {
        arrange(terms, demands, &mut steps);
    }
    Plan { steps: steps.into(), ordered }
}

/// One rule, its terms from left to right.
fn chain(demand: &Demand, steps: &mut Vec<Step>) {
    let end = (steps.len() + demand.terms.len() + 1) as u32;
    steps.extend(demand.terms.iter().map(|term| Step::Need(*term, end)));
    steps.push(Step::Found(demand.rule));
}

/// Arranges rules as a tree: the term that most of them demand comes first and is followed by these rules without it; a
/// term that seldom fails comes last.
fn arrange(terms: &Terms<'_>, mut demands: Vec<Demand>, steps: &mut Vec<Step>) {
    demands.retain(|demand| {
        if demand.terms.is_empty() {
            steps.push(Step::Found(demand.rule));
        }
        !demand.terms.is_empty()
    });
    while let Some(term) = most_wanted(terms, &demands) {
        let (mut with, without): (Vec<Demand>, Vec<Demand>) =
            demands.into_iter().partition(|demand| demand.terms.contains(&term));
        with.iter_mut().for_each(|demand| demand.terms.retain(|id| *id != term));
        let at = steps.len();
        steps.push(Step::Need(term, 0));
        arrange(terms, with, steps);
        steps[at] = Step::Need(term, steps.len() as u32);
        demands = without;
    }
}

fn most_wanted(terms: &Terms<'_>, demands: &[Demand]) -> Option<TermId> {
    let mut counts: FxHashMap<TermId, u32> = FxHashMap::default();
    demands.iter().flat_map(|demand| &demand.terms).for_each(|term| *counts.entry(*term).or_default() += 1);
    counts
        .into_iter()
        .min_by_key(|(id, count)| {
            let draft = terms.draft(*id);
            (draft.weak, std::cmp::Reverse(*count), draft.cost, *id)
        })
        .map(|(id, _)| id)
}

/// Decides what is remembered: of the largest terms that depend on the image alone one bit per image, of others that are asked
/// for in more than one place the answer for the event. Answers how many bits there are.
fn assign_recall(terms: &mut Terms<'_>, plans: &[Plan]) -> usize {
    let mut uses = vec![0u32; terms.drafts.len()];
    for plan in plans {
        let mut here = vec![0u32; terms.drafts.len()];
        for step in &plan.steps {
            if let Step::Need(id, _) = step {
                count_uses(terms, *id, &mut here);
            }
        }
        uses.iter_mut().zip(here).for_each(|(most, here)| *most = (*most).max(here));
    }
    let mut image_bits = 0;
    for (draft, uses) in terms.drafts.iter_mut().zip(uses) {
        if uses > 0 && draft.image {
            draft.term.memory = Recall::Image(image_bits);
            image_bits += 1;
        } else if uses > 1 {
            draft.term.memory = Recall::Event;
        }
    }
    image_bits as usize
}

fn count_uses(terms: &Terms<'_>, id: TermId, uses: &mut [u32]) {
    let count = &mut uses[id.0 as usize];
    *count = count.saturating_add(1);
    // The parts of a remembered term are asked once.
    if *count > 1 || terms.draft(id).image {
        return;
    }
    match &terms.draft(id).term.kind {
        TermKind::Check(_) => {}
        TermKind::Not(inner) => count_uses(terms, *inner, uses),
        TermKind::All(parts) | TermKind::Any(parts) => {
            parts.iter().for_each(|part| count_uses(terms, *part, uses));
        }
    }
}

/// Gives a place to every operand that several checks ask for; answers how many there are. What depends on the process image is
/// remembered otherwise.
fn assign_places(predicates: &mut [Predicate]) -> usize {
    let mut places: FxHashMap<Operand, (u32, Option<u32>)> = FxHashMap::default();
    for wanted in predicates.iter_mut().filter_map(Predicate::wanted_mut) {
        if !notes::depends_on_image(&wanted.operand) {
            places.entry(wanted.operand.clone()).or_default().0 += 1;
        }
    }
    let mut next = 0;
    for wanted in predicates.iter_mut().filter_map(Predicate::wanted_mut) {
        if let Some((uses, place)) = places.get_mut(&wanted.operand)
            && *uses > 1
        {
            wanted.place = Some(*place.get_or_insert_with(|| {
                next += 1;
                next - 1
            }));
        }
    }
    next as usize
}
