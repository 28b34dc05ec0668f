//! Plans: what to evaluate on an event of one code, and in which order.
//!
//! The conditions of a program and an event code enter. For the code, checks that have a constant answer are folded away, rules
//! that can no longer be true are dropped, and what is left of the others is arranged so that a part which many rules demand
//! is looked at once, and rules whose part fails are skipped together. Checks have no side effects, so the order does not
//! change the answers; conditions with fields that count their evaluations keep their order (see [`Step`]).

use rustc_hash::FxHashMap;
use tercel_format::catalogue::{EVENTS, EventInfo};
use tercel_rules::fields::Field;
use tercel_rules::program::{Check, CheckId, Node, NodeId, Op, Operand, Program, Source, Test};

use super::fold;
use super::predicate::Predicate;
use crate::fields::{self, Dependency};

/// Conditions and plans of a program.
#[derive(Debug, Default)]
pub struct Plans {
    /// Prepared checks, by their ids.
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

/// Index into [`Plans::terms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TermId(pub u32);

/// A condition or a part of it.
#[derive(Debug)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// What is remembered of its answer.
    pub memory: Recall,
}

/// What a term asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// A check.
    Check(CheckId),
    /// The contrary.
    Not(TermId),
    /// Each of several, at least two.
    All(Box<[TermId]>),
    /// One of several, at least two.
    Any(Box<[TermId]>),
}

/// For how long an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// It is not remembered: nobody else asks.
    No,
    /// For the event.
    Event,
    /// For the process image; the number of its bit.
    Image(u32),
}

/// A condition at one event code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folded {
    Always,
    Never,
    Term(TermId),
}

impl Plans {
    /// The plans of a program's rules of source `syscall`.
    pub fn new(program: &Program) -> Plans {
        let mut predicates: Vec<Predicate> = program.checks.iter().map(Predicate::new).collect();
        let places = assign_places(&mut predicates);
        let mut builder = Builder { program, predicates, terms: Vec::new(), ids: FxHashMap::default() };
        let plans: Vec<Plan> = EVENTS.iter().map(|info| builder.plan(info)).collect();
        let mut image_bits = 0;
        builder.assign_recall(&plans, &mut image_bits);
        let terms = builder.terms.into_iter().map(|draft| draft.term).collect();
        Plans { predicates: builder.predicates, terms, plans, image_bits, places }
    }
}

struct Builder<'p> {
    program: &'p Program,
    predicates: Vec<Predicate>,
    terms: Vec<Draft>,
    ids: FxHashMap<TermKind, TermId>,
}

/// A term with what the arrangement of steps wants to know.
struct Draft {
    term: Term,
    /// Depends on nothing but the process image.
    image: bool,
    /// Rough price of an evaluation.
    cost: u32,
    /// Expected to hold on most events, so that it spares little.
    weak: bool,
}

/// A rule at one event code: what it still demands.
#[derive(Clone)]
struct Demand {
    rule: u32,
    terms: Vec<TermId>,
}

impl Builder<'_> {
    fn plan(&mut self, info: &EventInfo) -> Plan {
        let mut folded = vec![None; self.program.nodes.len()];
        let mut demands = Vec::new();
        let mut ordered = false;
        for (index, rule) in self.program.rules.iter().enumerate() {
            if rule.source != "syscall" || !rule.events.contains(info.code) {
                continue;
            }
            let terms = match self.fold(rule.condition, info, &mut folded) {
                Folded::Never => continue,
                Folded::Always => Vec::new(),
                Folded::Term(id) => self.conjuncts(id),
            };
            ordered |= terms.iter().any(|id| self.is_counting(*id));
            demands.push(Demand { rule: index as u32, terms });
        }
        let mut steps = Vec::new();
        if ordered {
            for demand in demands {
                self.chain(demand.rule, &demand.terms, &mut steps);
            }
        } else {
            self.arrange(demands, &mut steps);
        }
        Plan { steps: steps.into(), ordered }
    }

    /// What is left of a node on events of the code. Nodes refer only to nodes before them, so the depth is bounded by what
    /// the parser of conditions lets through.
    fn fold(&mut self, id: NodeId, info: &EventInfo, folded: &mut [Option<Folded>]) -> Folded {
        let index = id.0 as usize;
        if let Some(known) = folded[index] {
            return known;
        }
        let program = self.program;
        let result = match &program.nodes[index] {
            Node::Check(check) => {
                let at = check.0 as usize;
                match fold::constant(&program.checks[at], &self.predicates[at], info) {
                    Some(true) => Folded::Always,
                    Some(false) => Folded::Never,
                    None => Folded::Term(self.check(*check)),
                }
            }
            Node::Not(inner) => match self.fold(*inner, info, folded) {
                Folded::Always => Folded::Never,
                Folded::Never => Folded::Always,
                Folded::Term(term) => Folded::Term(self.negation(term)),
            },
            Node::And(parts) => self.fold_parts(parts, info, folded, Folded::Always),
            Node::Or(parts) => self.fold_parts(parts, info, folded, Folded::Never),
        };
        folded[index] = Some(result);
        result
    }

    /// Folds the parts of a conjunction (`neutral` is [`Folded::Always`]) or of a disjunction.
    fn fold_parts(
        &mut self,
        parts: &[NodeId],
        info: &EventInfo,
        folded: &mut [Option<Folded>],
        neutral: Folded,
    ) -> Folded {
        let mut terms = Vec::new();
        for part in parts {
            match self.fold(*part, info, folded) {
                Folded::Term(term) => terms.push(term),
                other if other == neutral => {}
                other => return other,
            }
        }
        match self.group(terms, neutral == Folded::Always) {
            Some(term) => Folded::Term(term),
            None => neutral,
        }
    }

    /// All or any of the terms: nested groups of the same kind are opened, repetitions dropped, and what depends on the process
    /// image alone is put together, so that one remembered answer covers it.
    fn group(&mut self, terms: Vec<TermId>, all: bool) -> Option<TermId> {
        let mut flat: Vec<TermId> = Vec::new();
        for term in terms {
            let inner = match &self.terms[term.0 as usize].term.kind {
                TermKind::All(inner) if all => inner.to_vec(),
                TermKind::Any(inner) if !all => inner.to_vec(),
                _ => vec![term],
            };
            inner.into_iter().for_each(|id| {
                if !flat.contains(&id) {
                    flat.push(id)
                }
            });
        }
        let mut image: Vec<TermId> = flat.iter().copied().filter(|id| self.draft(*id).image).collect();
        if image.len() > 1 && image.len() < flat.len() {
            let first = flat.iter().position(|id| *id == image[0])?;
            flat.retain(|id| !image.contains(id));
            image.sort_unstable();
            let together =
                self.intern(if all { TermKind::All(image.into()) } else { TermKind::Any(image.into()) });
            flat.insert(first, together);
        }
        match flat.len() {
            0 => None,
            1 => flat.first().copied(),
            _ => Some(self.intern(if all { TermKind::All(flat.into()) } else { TermKind::Any(flat.into()) })),
        }
    }

    fn check(&mut self, id: CheckId) -> TermId {
        self.intern(TermKind::Check(id))
    }

    fn negation(&mut self, id: TermId) -> TermId {
        match self.draft(id).term.kind {
            TermKind::Not(inner) => inner,
            TermKind::Check(_) | TermKind::All(_) | TermKind::Any(_) => self.intern(TermKind::Not(id)),
        }
    }

    fn intern(&mut self, kind: TermKind) -> TermId {
        if let Some(id) = self.ids.get(&kind) {
            return *id;
        }
        let (image, cost, weak) = match &kind {
            TermKind::Check(check) => {
                let check = &self.program.checks[check.0 as usize];
                (depends_on_image(check), cost(check), is_weak(check))
            }
            TermKind::Not(inner) => {
                (self.draft(*inner).image, self.draft(*inner).cost, !self.draft(*inner).weak)
            }
            TermKind::All(parts) | TermKind::Any(parts) => {
                let parts = || parts.iter().map(|id| self.draft(*id));
                let weak = match &kind {
                    TermKind::All(_) => parts().all(|part| part.weak),
                    _ => parts().any(|part| part.weak),
                };
                (parts().all(|part| part.image), parts().map(|part| part.cost).sum(), weak)
            }
        };
        let id = TermId(self.terms.len() as u32);
        let term = Term { kind: kind.clone(), memory: Recall::No };
        self.terms.push(Draft { term, image, cost, weak });
        self.ids.insert(kind, id);
        id
    }

    fn draft(&self, id: TermId) -> &Draft {
        &self.terms[id.0 as usize]
    }

    fn conjuncts(&self, id: TermId) -> Vec<TermId> {
        let draft = self.draft(id);
        match &draft.term.kind {
            TermKind::All(parts) if !draft.image => parts.to_vec(),
            _ => vec![id],
        }
    }

    fn is_counting(&self, id: TermId) -> bool {
        match &self.draft(id).term.kind {
            TermKind::Check(check) => is_counting(&self.program.checks[check.0 as usize]),
            TermKind::Not(inner) => self.is_counting(*inner),
            TermKind::All(parts) | TermKind::Any(parts) => parts.iter().any(|part| self.is_counting(*part)),
        }
    }

    /// One rule, its terms from left to right.
    fn chain(&self, rule: u32, terms: &[TermId], steps: &mut Vec<Step>) {
        let end = (steps.len() + terms.len() + 1) as u32;
        steps.extend(terms.iter().map(|term| Step::Need(*term, end)));
        steps.push(Step::Found(rule));
    }

    /// Arranges rules as a tree: the term that most of them demand comes first and is followed by these rules without it; a
    /// term that seldom fails comes last.
    fn arrange(&self, mut demands: Vec<Demand>, steps: &mut Vec<Step>) {
        demands.retain(|demand| {
            if demand.terms.is_empty() {
                steps.push(Step::Found(demand.rule));
            }
            !demand.terms.is_empty()
        });
        while let Some(term) = self.most_wanted(&demands) {
            let (mut with, without): (Vec<Demand>, Vec<Demand>) =
                demands.into_iter().partition(|demand| demand.terms.contains(&term));
            with.iter_mut().for_each(|demand| demand.terms.retain(|id| *id != term));
            let at = steps.len();
            steps.push(Step::Need(term, 0));
            self.arrange(with, steps);
            steps[at] = Step::Need(term, steps.len() as u32);
            demands = without;
        }
    }

    fn most_wanted(&self, demands: &[Demand]) -> Option<TermId> {
        let mut counts: FxHashMap<TermId, u32> = FxHashMap::default();
        demands
            .iter()
            .flat_map(|demand| &demand.terms)
            .for_each(|term| *counts.entry(*term).or_default() += 1);
        counts
            .into_iter()
            .min_by_key(|(id, count)| {
                let draft = self.draft(*id);
                (draft.weak, std::cmp::Reverse(*count), draft.cost, *id)
            })
            .map(|(id, _)| id)
    }

    /// Decides what is remembered: of the largest terms that depend on the image alone one bit per image, of others that are
    /// asked for in more than one place the answer for the event.
    fn assign_recall(&mut self, plans: &[Plan], image_bits: &mut usize) {
        let mut uses = vec![0u32; self.terms.len()];
        for plan in plans {
            let mut here = vec![0u32; self.terms.len()];
            plan.steps.iter().for_each(|step| {
                if let Step::Need(id, _) = step {
                    self.count_uses(*id, &mut here);
                }
            });
            uses.iter_mut().zip(here).for_each(|(most, here)| *most = (*most).max(here));
        }
        for (draft, uses) in self.terms.iter_mut().zip(uses) {
            if uses > 0 && draft.image {
                draft.term.memory = Recall::Image(*image_bits as u32);
                *image_bits += 1;
            } else if uses > 1 {
                draft.term.memory = Recall::Event;
            }
        }
    }

    fn count_uses(&self, id: TermId, uses: &mut [u32]) {
        let count = &mut uses[id.0 as usize];
        *count = count.saturating_add(1);
        // The parts of a remembered term are asked once.
        if *count > 1 || self.draft(id).image {
            return;
        }
        match &self.draft(id).term.kind {
            TermKind::Check(_) => {}
            TermKind::Not(inner) => self.count_uses(*inner, uses),
            TermKind::All(parts) | TermKind::Any(parts) => {
                parts.iter().for_each(|part| self.count_uses(*part, uses))
            }
        }
    }
}

/// Gives a place to every operand that several checks ask for; answers how many there are. What depends on the process image is
/// remembered otherwise.
fn assign_places(predicates: &mut [Predicate]) -> usize {
    let mut places: FxHashMap<Operand, (u32, Option<u32>)> = FxHashMap::default();
    for wanted in predicates.iter_mut().filter_map(Predicate::wanted_mut) {
        if !operand_depends_on_image(&wanted.operand) {
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

/// Whether the check looks at the process image alone.
fn depends_on_image(check: &Check) -> bool {
    operands(check).into_iter().all(operand_depends_on_image)
}

fn operand_depends_on_image(operand: &Operand) -> bool {
    match &operand.source {
        Source::Field(field) => fields::dependency(field) == Dependency::Image,
        Source::Text(_) => true,
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().all(operand_depends_on_image),
    }
}

/// Whether a field of the check counts its evaluations or remembers when it was asked before.
fn is_counting(check: &Check) -> bool {
    operands(check).into_iter().any(operand_is_counting)
}

fn operand_is_counting(operand: &Operand) -> bool {
    match &operand.source {
        Source::Field(field) => matches!(
            field.field,
            Field::EvtDeltatime | Field::EvtDeltatimeS | Field::EvtDeltatimeNs | Field::UtilCnt
        ),
        Source::Text(_) => false,
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().any(operand_is_counting),
    }
}

fn operands(check: &Check) -> Vec<&Operand> {
    match &check.test {
        Test::CompareOperand(_, right) | Test::InOperand(right) | Test::IntersectsOperand(right) => {
            vec![&check.left, right]
        }
        Test::Exists
        | Test::Compare(..)
        | Test::Quantified(..)
        | Test::In(_)
        | Test::Intersects(_)
        | Test::Pmatch(_) => vec![&check.left],
    }
}

/// Checks that most events pass.
fn is_weak(check: &Check) -> bool {
    matches!(check.test, Test::Exists | Test::Compare(Op::Ne | Op::Gt | Op::Ge, _))
}

/// A rough price: what it takes to find the value, and to compare it.
fn cost(check: &Check) -> u32 {
    let value = match &check.left.source {
        Source::Field(field) if fields::is_multi(field) => 40,
        Source::Field(field) => match field.field {
            Field::EvtArg | Field::EvtArgs | Field::EvtInfo | Field::EvtAbspath => 20,
            Field::FdName | Field::FdNum | Field::FdTypechar | Field::FdType => 2,
            _ if fields::dependency(field) == Dependency::Image => 1,
            _ => 6,
        },
        Source::Text(_) | Source::List(_) | Source::Transform(..) => 30,
    };
    let question = match &check.test {
        Test::Exists => 0,
        Test::Compare(Op::Regex, _) | Test::Quantified(..) => 10,
        Test::Compare(Op::Contains | Op::IContains | Op::BContains | Op::Glob | Op::IGlob, _) => 4,
        Test::Compare(..) => 1,
        Test::In(_) | Test::Intersects(_) => 2,
        Test::Pmatch(_) => 6,
        Test::CompareOperand(..) | Test::InOperand(_) | Test::IntersectsOperand(_) => 10,
    };
    value + question
}
