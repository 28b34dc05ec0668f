//! What a rule's condition answers at an event, and why: a resolved condition and the context of an event enter, an
//! [`Explanation`] leaves. Every term is a condition of its own that replay evaluates, so nothing is compared here.

use std::sync::Arc;

use tercel_format::trace::Zone;
use tercel_replay::fields::{Context, Scratch, View, render_compared};
use tercel_replay::{Matcher, Matching, Memory, Settings, depends_on_order};
use tercel_rules::ast::{Expr, ExprKind, Right};
use tercel_rules::filter::{NumberedError, conditions};
use tercel_rules::load::Resolved;
use tercel_rules::program::{EventSet, Node as ProgramNode, NodeId, Operand, Program, Test};

use super::event::{Shower, Shown};
use super::explanation::{Explanation, TermValues};
use super::tree::Tree;
use crate::visible::visible;

/// Bytes of a value that are kept.
const LONGEST: usize = 4096;

/// A rule's condition, ready to be explained at events.
#[derive(Debug)]
pub struct Explainer {
    rule: Arc<Explained>,
    matcher: Matcher,
    memory: Memory,
    scratch: Scratch,
    shower: Shower,
    /// Per term the values that it compares.
    operands: Vec<Vec<(String, Operand)>>,
    current: Answers,
    best: Answers,
}

/// What explanations of a rule share.
#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) name: String,
    pub(crate) place: tercel_rules::load::Place,
    pub(crate) tree: Tree,
    pub(crate) events: EventSet,
    /// What it says depends on the events at which it was asked before.
    pub(crate) is_ordered: bool,
}

/// What the terms answer in one view of the paths.
#[derive(Debug, Default)]
struct Answers {
    terms: Vec<bool>,
    holding: Vec<bool>,
    turns: Vec<u32>,
}

/// What a condition answers at an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// The rule looks at events of this type.
    pub(crate) watches: bool,
    /// The condition holds in a view.
    pub(crate) holds: bool,
    /// Terms that would have to answer otherwise.
    pub(crate) missed: u32,
    /// The view in which it holds, or in which the fewest terms are missed.
    pub(crate) view: View,
    /// Views that differ.
    pub(crate) views: usize,
}

impl Look {
    /// Whether it is about the kernel's paths, where those of the caller say something else.
    pub(crate) fn is_by_kernel(&self) -> bool {
        self.views > 1 && self.view != View::default()
    }
}

impl Explainer {
    /// Prepares a condition.
    ///
    /// # Errors
    /// A term cannot be compiled by itself.
    pub fn new(resolved: &Resolved, settings: Settings) -> Result<Explainer, NumberedError> {
        let tree = Tree::new(&resolved.root);
        let program = conditions(tree.checks.iter().map(|check| &check.open))?;
        let matcher = Matcher::new(&program, Matching::All);
        let rules = tree.checks.iter().zip(&program.rules);
        let operands = rules.map(|(check, rule)| operands(&check.open, &program, rule.condition)).collect();
        let memory = matcher.memory(settings);
        let rule = Explained {
            name: resolved.rule.clone(),
            place: resolved.place.clone(),
            is_ordered: depends_on_order(&program),
            events: resolved.events.clone(),
            tree,
        };
        Ok(Explainer {
            rule: Arc::new(rule),
            matcher,
            memory,
            scratch: Scratch::new(settings),
            shower: Shower::new(settings),
            operands,
            current: Answers::default(),
            best: Answers::default(),
        })
    }

    /// Shows and compares times of day in a zone; without one, in that of the settings.
    pub fn set_zone(&mut self, zone: Option<&Arc<Zone>>) {
        self.memory.set_zone(zone);
        self.scratch.zone = zone.cloned();
        self.shower.set_zone(zone);
    }

    /// Forgets what it knows of process images: those of the next event are numbered otherwise.
    pub fn forget(&mut self) {
        self.memory.forget();
    }

    /// Why the condition holds at an event, or does not.
    pub fn at(&mut self, cx: &Context<'_>) -> Explanation {
        let look = self.look(cx);
        self.explained(cx, look)
    }

    /// What the condition answers.
    pub(crate) fn look(&mut self, cx: &Context<'_>) -> Look {
        let Explainer { rule, matcher, memory, current, best, .. } = self;
        let watches = rule.events.contains(cx.event.code());
        let (mut found, mut views) = (None::<(u32, View)>, 0);
        matcher.each_view(cx, memory, &mut |view, terms| {
            views += 1;
            current.judge(&rule.tree, terms);
            let missed = current.missed();
            if found.is_none_or(|(least, _)| missed < least) {
                found = Some((missed, view));
                std::mem::swap(current, best);
            }
        });
        let (missed, view) = found.unwrap_or_default();
        let holds = missed == 0;
        Look { watches, holds: holds && watches, missed: missed.max(u32::from(!watches)), view, views }
    }

    /// The nodes that are missed at the event that was looked at last.
    pub(crate) fn missed(&self) -> Vec<usize> {
        match self.best.missed() {
            0 => Vec::new(),
            _ => self.rule.tree.turning(&self.best.holding, &self.best.turns, false),
        }
    }

    /// The explanation of what was looked at last.
    pub(crate) fn explained(&mut self, cx: &Context<'_>, look: Look) -> Explanation {
        let tree = &self.rule.tree;
        if look.missed == 0 {
            tree.turns(&self.best.holding, &mut self.best.turns);
        }
        let best = &self.best;
        let missed =
            if best.missed() == 0 { Vec::new() } else { tree.turning(&best.holding, &best.turns, false) };
        let turning = tree.turning(&best.holding, &best.turns, true);
        let deciding = tree.deciding(&best.holding);
        let holding = best.holding.clone();
        let rule = Arc::clone(&self.rule);
        let values = (0..self.operands.len()).map(|term| self.values(cx, term, look.view)).collect();
        let turning = turning.into_iter().filter_map(|node| rule.tree.term_of(node)).collect();
        Explanation { event: self.event(cx), rule, look, holding, deciding, missed, turning, values }
    }

    /// What is shown of an event.
    pub(crate) fn event(&mut self, cx: &Context<'_>) -> Shown {
        self.shower.event(cx)
    }

    /// The values of a term at an event, each with its field.
    pub(crate) fn values(&mut self, cx: &Context<'_>, term: usize, view: View) -> TermValues {
        self.scratch.set_view(view);
        let scratch = &mut self.scratch;
        let value = |(key, operand): &(String, Operand)| {
            let mut bytes = Vec::new();
            render_compared(cx, operand, &mut bytes, scratch);
            bytes.truncate(LONGEST);
            (key.clone(), visible(&bytes))
        };
        self.operands.get(term).into_iter().flatten().map(value).collect()
    }

    /// The rule.
    pub(crate) fn rule(&self) -> &Arc<Explained> {
        &self.rule
    }
}

impl Answers {
    fn judge(&mut self, tree: &Tree, terms: &[u32]) {
        self.terms.clear();
        self.terms.resize(tree.checks.len(), false);
        for term in terms {
            if let Some(place) = self.terms.get_mut(*term as usize) {
                *place = true;
            }
        }
        tree.holding(&self.terms, &mut self.holding);
        self.turns.clear();
        if self.holding.first() != Some(&true) {
            tree.turns(&self.holding, &mut self.turns);
        }
    }

    fn missed(&self) -> u32 {
        if self.holding.first() == Some(&true) { 0 } else { self.turns.first().copied().unwrap_or(0) }
    }
}

/// The values that a term looks at, each with its name.
fn operands(term: &Expr, program: &Program, condition: NodeId) -> Vec<(String, Operand)> {
    let names = match &term.kind {
        ExprKind::Exists(left) => vec![left.to_string()],
        ExprKind::Binary { left, right: Right::Term(right), .. } => vec![left.to_string(), right.to_string()],
        ExprKind::Binary { left, .. } => vec![left.to_string()],
        ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::Macro(_) | ExprKind::Shared(_) => {
            Vec::new()
        }
    };
    let mut node = condition;
    let check = loop {
        match program.nodes.get(node.0 as usize) {
            Some(ProgramNode::Check(id)) => break program.checks.get(id.0 as usize),
            Some(ProgramNode::Not(inner)) => node = *inner,
            Some(ProgramNode::And(parts) | ProgramNode::Or(parts)) => match parts.first() {
                Some(first) => node = *first,
                None => break None,
            },
            None => break None,
        }
    };
    let Some(check) = check else { return Vec::new() };
    let right = match &check.test {
        Test::CompareOperand(_, right) | Test::InOperand(right) | Test::IntersectsOperand(right) => {
            Some(right)
        }
        Test::Exists
        | Test::Compare(..)
        | Test::Quantified(..)
        | Test::In(_)
        | Test::Intersects(_)
        | Test::Pmatch(_) => None,
    };
    names.into_iter().zip([Some(&check.left), right].into_iter().flatten().cloned()).collect()
}
