//! Plans: what to evaluate on an event of one code, and in which order.
//!
//! The conditions of a program enter. For every event code, rules that cannot be true are dropped, and what is left of the others
//! is arranged so that a part which many rules need is evaluated once, and rules whose part fails are skipped together.
//! Checks have no side effects, so the order does not change the answers; conditions with fields that count their
//! evaluations keep their order (see [`Plan::ordered`]).

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};
use tercel_format::catalogue::{EVENTS, EventInfo};
use tercel_rules::program::{CheckId, Operand, Program};

use super::notes;
use super::predicate::Predicate;
use super::terms::{Folded, Recall, Term, TermId, TermKind, Terms};

/// Conditions and plans of a program.
#[derive(Debug, Default)]
pub struct Plans {
    /// Prepared checks.
    pub(crate) predicates: Vec<Predicate>,
    /// Conditions, shared between rules and event codes.
    pub terms: Vec<Term>,
    plans: Vec<Plan>,
    /// The plan of every event code, as an index into `plans`; most codes share the one without steps.
    by_code: Vec<u32>,
    /// How many terms are remembered per process image.
    pub(crate) image_bits: usize,
    /// How many terms are remembered per file.
    pub(crate) file_bits: usize,
    /// How many values are kept for the event.
    pub places: usize,
    /// The checks of the program that predicates beyond its own ask together.
    pub(crate) joined: FxHashMap<CheckId, Box<[CheckId]>>,
}

/// What to do on an event of one code.
#[derive(Debug, Default)]
pub struct Plan {
    /// Steps; empty if no rule can match.
    pub steps: Box<[PlanStep]>,
    /// Rules are found in load order, so that the first one found is the first one that matches.
    pub ordered: bool,
}

/// A step of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanStep {
    /// Goes on where the term holds, else at the step with this number.
    Need(TermId, u32),
    /// The rule matches.
    Found(u32),
}

/// A rule at one event code: what it still demands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Demand {
    rule: u32,
    terms: Vec<TermId>,
}

impl Plans {
    /// The plans of a program's rules of source `syscall`.
    pub fn new(program: &Program) -> Plans {
        let mut terms = Terms::new(program);
        let mut plans = Vec::new();
        let mut known: FxHashMap<Vec<Demand>, u32> = FxHashMap::default();
        let by_code = EVENTS.iter().map(|info| {
            let demands = demands(program, &mut terms, info);
            *known.entry(demands).or_insert_with_key(|demands| {
                plans.push(Plan::new(&terms, demands.clone()));
                plans.len() as u32 - 1
            })
        });
        let by_code = by_code.collect();
        let places = assign_places(&mut terms.predicates);
        let (image_bits, file_bits) = assign_recall(&mut terms, &plans);
        let Terms { predicates, drafts, joined, .. } = terms;
        let joined = joined.into_iter().map(|(checks, id)| (id, checks)).collect();
        let terms = drafts.into_iter().map(|draft| draft.term).collect();
        Plans { predicates, terms, plans, by_code, image_bits, file_bits, places, joined }
    }

    /// The plan of an event code; `None` if no rule can match.
    #[inline]
    pub fn of(&self, code: u16) -> Option<&Plan> {
        let index = *self.by_code.get(usize::from(code))?;
        self.plans.get(index as usize).filter(|plan| !plan.steps.is_empty())
    }
}

/// What the rules demand of events of one code.
fn demands(program: &Program, terms: &mut Terms<'_>, info: &EventInfo) -> Vec<Demand> {
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
    demands
}

impl Plan {
    fn new(terms: &Terms<'_>, demands: Vec<Demand>) -> Plan {
        let ordered = demands.iter().flat_map(|demand| &demand.terms).any(|id| terms.draft(*id).counting);
        let mut steps = Vec::new();
        if ordered {
            demands.into_iter().for_each(|demand| chain(demand, &mut steps));
        } else {
            arrange(terms, demands, &mut steps);
        }
        Plan { steps: steps.into(), ordered }
    }
}

/// One rule, its terms one after the other.
fn chain(demand: Demand, steps: &mut Vec<PlanStep>) {
    let end = (steps.len() + demand.terms.len() + 1) as u32;
    steps.extend(demand.terms.into_iter().map(|term| PlanStep::Need(term, end)));
    steps.push(PlanStep::Found(demand.rule));
}

/// Arranges rules as a tree: what all of them demand comes first, then groups of those that demand the same, the largest
/// first. A term that seldom fails comes last.
fn arrange(terms: &Terms<'_>, mut demands: Vec<Demand>, steps: &mut Vec<PlanStep>) {
    let order = |id: &TermId| (terms.draft(*id).weak, terms.draft(*id).cost, *id);
    let is_strong = |id: &TermId| !terms.draft(*id).weak;
    // The steps after which nothing of this group comes; where they go on is known at the end.
    let mut open = Vec::new();
    while !demands.is_empty() {
        let strong = demands.iter().flat_map(|demand| &demand.terms).any(is_strong);
        let mut shared = shared_terms(&demands, |id| !strong || is_strong(id));
        let everywhere = shared.iter().filter(|(_, count)| *count == demands.len()).map(|(id, _)| *id);
        let mut everywhere: Vec<TermId> = everywhere.collect();
        if !everywhere.is_empty() {
            everywhere.sort_unstable_by_key(order);
            for term in &everywhere {
                open.push(steps.len());
                steps.push(PlanStep::Need(*term, 0));
            }
            let gone: FxHashSet<TermId> = everywhere.into_iter().collect();
            demands.iter_mut().for_each(|demand| demand.terms.retain(|id| !gone.contains(id)));
            continue;
        }
        shared.sort_unstable_by_key(|(id, count)| (Reverse(*count), order(id)));
        let (group, rest): (Vec<Demand>, Vec<Demand>) = match shared.first() {
            Some((term, _)) => demands.into_iter().partition(|demand| demand.terms.contains(term)),
            None => {
                // Nothing is shared among these: each goes its own way. The others share at most what seldom fails.
                let (own, rest): (Vec<Demand>, Vec<Demand>) =
                    demands.into_iter().partition(|demand| !strong || demand.terms.iter().any(is_strong));
                for mut demand in own {
                    demand.terms.sort_unstable_by_key(order);
                    chain(demand, steps);
                }
                (Vec::new(), rest)
            }
        };
        // The group has fewer rules than this one, since not all of them share the term.
        arrange(terms, group, steps);
        demands = rest;
    }
    let end = steps.len() as u32;
    for at in open {
        if let Some(PlanStep::Need(_, otherwise)) = steps.get_mut(at) {
            *otherwise = end;
        }
    }
}

/// The terms that more than one rule demands, or the only rule there is, with how many do.
fn shared_terms(demands: &[Demand], counts: impl Fn(&TermId) -> bool) -> Vec<(TermId, usize)> {
    let mut found: FxHashMap<TermId, usize> = FxHashMap::default();
    for id in demands.iter().flat_map(|demand| &demand.terms).filter(|id| counts(id)) {
        *found.entry(*id).or_default() += 1;
    }
    let least = demands.len().min(2);
    found.into_iter().filter(|(_, count)| *count >= least).collect()
}

/// Decides what is remembered: of the largest terms that depend on the image alone one bit per image, of others that are asked
/// for in more than one place the answer for the event. Answers how many bits there are.
fn assign_recall(terms: &mut Terms<'_>, plans: &[Plan]) -> (usize, usize) {
    let mut uses = vec![0u32; terms.drafts.len()];
    for plan in plans {
        let mut here = vec![0u32; terms.drafts.len()];
        for step in &plan.steps {
            if let PlanStep::Need(id, _) = step {
                count_uses(terms, *id, &mut here);
            }
        }
        uses.iter_mut().zip(here).for_each(|(most, here)| *most = (*most).max(here));
    }
    let (mut image_bits, mut file_bits) = (0, 0);
    for (draft, uses) in terms.drafts.iter_mut().zip(uses) {
        if uses > 0 && draft.image {
            draft.term.memory = Recall::Image(image_bits);
            image_bits += 1;
        } else if uses > 0 && draft.file {
            draft.term.memory = Recall::File(file_bits);
            file_bits += 1;
        } else if uses > 1 {
            draft.term.memory = Recall::Event;
        }
    }
    (image_bits as usize, file_bits as usize)
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

/// Gives a place to every operand that several checks use; returns their number. What depends on the process image is
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
