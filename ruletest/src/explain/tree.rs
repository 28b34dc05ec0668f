//! The condition of a rule as a tree in one row: a resolved condition enters; which of its parts hold, which terms decided that, and
//! which would have to answer otherwise leave. The answers of the terms come from elsewhere; values are not known here.

use tercel_rules::ast::{Expr, ExprKind, Right};
use tercel_rules::load::{Branch, BranchKind, Named, Place, Term};

/// Kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All below it.
    All,
    /// Any below it.
    Any,
    /// Its contrary.
    Not,
    /// A single check: the position of its term.
    Term(usize),
}

/// A part of the condition. It comes before those below it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) named: Option<Named>,
    pub(crate) place: Place,
    /// It should not hold: an odd number of `not` stands above it.
    pub(crate) is_negated: bool,
    /// The nodes right below.
    pub(crate) below: Vec<usize>,
    /// The node after the last one below it, directly or not.
    pub(crate) end: usize,
}

/// A single check.
#[derive(Debug)]
pub(crate) struct Check {
    /// Its node.
    pub(crate) node: usize,
    /// As it is written.
    pub(crate) written: String,
    /// With the items of lists.
    pub(crate) open: Expr,
    /// Its lists, with their places.
    pub(crate) lists: Vec<(String, Place)>,
    /// Number of values on the right side, if it is a list.
    pub(crate) items: Option<usize>,
}

/// A condition.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The whole condition comes first.
    pub(crate) nodes: Vec<Node>,
    pub(crate) checks: Vec<Check>,
}

/// What terms would have to answer otherwise for an impossible change.
const NEVER: u32 = u32::MAX;

impl Tree {
    /// The tree of a condition.
    pub(crate) fn new(root: &Branch) -> Tree {
        let mut tree = Tree { nodes: Vec::new(), checks: Vec::new() };
        tree.add(root, false);
        tree
    }

    fn add(&mut self, branch: &Branch, is_negated: bool) -> usize {
        let at = self.nodes.len();
        let (kind, below): (Kind, Vec<&Branch>) = match &branch.kind {
            BranchKind::All(members) => (Kind::All, members.iter().collect()),
            BranchKind::Any(members) => (Kind::Any, members.iter().collect()),
            BranchKind::Not(inner) => (Kind::Not, vec![inner]),
            BranchKind::Term(term) => {
                self.checks.push(Check::new(at, term));
                (Kind::Term(self.checks.len() - 1), Vec::new())
            }
        };
        let (named, place) = (branch.named.clone(), branch.place.clone());
        self.nodes.push(Node { kind, named, place, is_negated, below: Vec::new(), end: at + 1 });
        let is_negated = is_negated != (kind == Kind::Not);
        let below: Vec<usize> = below.into_iter().map(|branch| self.add(branch, is_negated)).collect();
        let end = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(at) {
            (node.below, node.end) = (below, end);
        }
        at
    }

    /// Which nodes hold, given the answers of the terms.
    pub(crate) fn holding(&self, answers: &[bool], holding: &mut Vec<bool>) {
        holding.clear();
        holding.resize(self.nodes.len(), false);
        for (at, node) in self.nodes.iter().enumerate().rev() {
            let is = |node: &usize| holding.get(*node).copied().unwrap_or(false);
            let holds = match node.kind {
                Kind::All => node.below.iter().all(is),
                Kind::Any => node.below.iter().any(is),
                Kind::Not => !node.below.iter().any(is),
                Kind::Term(term) => answers.get(term).copied().unwrap_or(false),
            };
            if let Some(place) = holding.get_mut(at) {
                *place = holds;
            }
        }
    }

    /// The smallest set of terms that decided: whatever the others answer, the condition answers the same.
    pub(crate) fn deciding(&self, holding: &[bool]) -> Vec<usize> {
        let is = |node: usize| holding.get(node).copied().unwrap_or(false);
        let mut sizes = vec![0_u32; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate().rev() {
            let size_of = |node: &usize| sizes.get(*node).copied().unwrap_or(NEVER);
            let size = match (node.kind, is(at)) {
                (Kind::Term(_), _) => 1,
                (Kind::All, true) | (Kind::Any, false) | (Kind::Not, _) => {
                    node.below.iter().map(size_of).fold(0, u32::saturating_add)
                }
                (Kind::All, false) | (Kind::Any, true) => {
                    let agreeing = node.below.iter().filter(|below| is(**below) == is(at));
                    agreeing.map(size_of).min().unwrap_or(0)
                }
            };
            if let Some(place) = sizes.get_mut(at) {
                *place = size;
            }
        }
        let size_of = |node: &usize| sizes.get(*node).copied().unwrap_or(NEVER);
        let (mut found, mut open) = (Vec::new(), vec![0]);
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            match (node.kind, is(at)) {
                (Kind::Term(term), _) => found.push(term),
                (Kind::All, true) | (Kind::Any, false) | (Kind::Not, _) => {
                    open.extend(node.below.iter().rev())
                }
                (Kind::All, false) | (Kind::Any, true) => {
                    let agreeing = node.below.iter().filter(|below| is(**below) == is(at));
                    open.extend(agreeing.min_by_key(|below| size_of(below)));
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Per node how many terms at least have to answer otherwise for it to turn.
    pub(crate) fn turns(&self, holding: &[bool], turns: &mut Vec<u32>) {
        turns.clear();
        turns.resize(self.nodes.len(), 1);
        for (at, node) in self.nodes.iter().enumerate().rev() {
            let is = |node: usize| holding.get(node).copied().unwrap_or(false);
            let turn_of = |node: &usize| turns.get(*node).copied().unwrap_or(NEVER);
            let turn = match (node.kind, is(at)) {
                (Kind::Term(_), _) => 1,
                (Kind::All, true) | (Kind::Any, false) | (Kind::Not, _) => {
                    node.below.iter().map(turn_of).min().unwrap_or(NEVER)
                }
                (Kind::All, false) | (Kind::Any, true) => {
                    let opposing = node.below.iter().filter(|below| is(**below) == is(at));
                    opposing.map(turn_of).fold(0, u32::saturating_add)
                }
            };
            if let Some(place) = turns.get_mut(at) {
                *place = turn;
            }
        }
    }

    /// What has to answer otherwise for the condition to turn: terms, and nodes of which several ways are equally short, unless
    /// the first of them is to be `chosen`.
    pub(crate) fn turning(&self, holding: &[bool], turns: &[u32], chosen: bool) -> Vec<usize> {
        let is = |node: usize| holding.get(node).copied().unwrap_or(false);
        let turn_of = |node: &usize| turns.get(*node).copied().unwrap_or(NEVER);
        let (mut found, mut open) = (Vec::new(), vec![0]);
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            match (node.kind, is(at)) {
                (Kind::Term(_), _) => found.push(at),
                (Kind::Not, _) => open.extend(&node.below),
                (Kind::All, false) | (Kind::Any, true) => {
                    open.extend(node.below.iter().rev().filter(|below| is(**below) == is(at)));
                }
                (Kind::All, true) | (Kind::Any, false) => {
                    let least = node.below.iter().map(turn_of).min().unwrap_or(NEVER);
                    let mut ways = node.below.iter().filter(|below| turn_of(below) == least);
                    match (ways.next(), ways.next()) {
                        (Some(way), None) => open.push(*way),
                        (Some(way), Some(_)) if chosen => open.push(*way),
                        _ => found.push(at),
                    }
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// The checks of a node and below it.
    pub(crate) fn checks_of(&self, node: usize) -> &[Check] {
        let end = self.nodes.get(node).map_or(node, |node| node.end);
        let from = self.checks.partition_point(|check| check.node < node);
        let to = self.checks.partition_point(|check| check.node < end);
        self.checks.get(from..to).unwrap_or_default()
    }

    /// The check of a term, by its position.
    pub(crate) fn term_of(&self, node: usize) -> Option<usize> {
        match self.nodes.get(node)?.kind {
            Kind::Term(term) => Some(term),
            Kind::All | Kind::Any | Kind::Not => None,
        }
    }
}

impl Check {
    fn new(node: usize, term: &Term) -> Check {
        let items = match &term.open.kind {
            ExprKind::Binary { right: Right::List(values, _), .. } => Some(values.len()),
            _ => None,
        };
        let (written, lists) = (term.written.to_string(), term.lists.clone());
        Check { node, written, open: term.open.clone(), lists, items }
    }
}
