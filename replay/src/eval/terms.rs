//! Conditions at single event codes: what is left of them when everything that the code decides is folded away, stored without
//! duplicates over rules and codes. Nodes of a program enter, terms leave.

use rustc_hash::{FxHashMap, FxHashSet};
use tercel_format::catalogue::EventInfo;
use tercel_rules::program::{Check, CheckId, Node, NodeId, Operand, Program};

use super::fold;
use super::notes::Notes;
use super::predicate::Predicate;

/// Index into the terms of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TermId(pub u32);

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
    /// A check, by the index of its predicate.
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
pub(crate) enum Recall {
    /// It is not stored: no other check needs it.
    No,
    /// For the event.
    Event,
    /// For the process image; the number of its bit.
    Image(u32),
    /// For the file that the event is bound to, the number of its bit; for the event if it is bound to none.
    File(u32),
}

/// A condition at one event code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folded {
    /// True on every event of the code.
    Always,
    /// True on none.
    Never,
    /// It depends.
    Term(TermId),
}

/// A term with what the arrangement of steps has to know.
#[derive(Debug)]
pub struct Draft {
    /// The term.
    pub term: Term,
    /// Depends on only the process image.
    pub image: bool,
    /// Depends on only the name and the kind of the fd, where there is one.
    pub(crate) file: bool,
    /// Some field of it counts its evaluations.
    pub counting: bool,
    /// Rough price of an evaluation.
    pub cost: u32,
    /// Expected to hold on most events, so that it spares little.
    pub(crate) weak: bool,
}

/// All terms of a program.
pub(crate) struct Terms<'p> {
    program: &'p Program,
    /// Prepared checks: those of the program, and after them those that were joined.
    pub(crate) predicates: Vec<Predicate>,
    /// The terms, by their ids.
    pub(crate) drafts: Vec<Draft>,
    notes: Vec<Notes>,
    ids: FxHashMap<TermKind, TermId>,
    pub(crate) joined: FxHashMap<Box<[CheckId]>, CheckId>,
}

impl<'p> Terms<'p> {
    /// No terms yet.
    pub fn new(program: &'p Program) -> Terms<'p> {
        Terms {
            program,
            predicates: program.checks.iter().map(Predicate::new).collect(),
            drafts: Vec::new(),
            notes: program.checks.iter().map(Notes::new).collect(),
            ids: FxHashMap::default(),
            joined: FxHashMap::default(),
        }
    }

    /// What is left of a node on events of the code. Nodes refer only to nodes before them, so the depth is bounded by what
    /// the parser of conditions lets through.
    pub fn fold(&mut self, id: NodeId, info: &EventInfo, folded: &mut [Option<Folded>]) -> Folded {
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

    /// All or any of the terms: nested groups of the same kind are opened and repetitions dropped; what depends on the process
    /// image alone is put together, so that one remembered answer covers it, and so are questions about one text.
    fn group(&mut self, terms: Vec<TermId>, all: bool) -> Option<TermId> {
        let mut flat: Vec<TermId> = Vec::new();
        let mut seen = FxHashSet::default();
        for term in terms {
            let inner = match &self.draft(term).term.kind {
                TermKind::All(inner) if all => &inner[..],
                TermKind::Any(inner) if !all => &inner[..],
                _ => &[term],
            };
            flat.extend(inner.iter().copied().filter(|id| seen.insert(*id)));
        }
        self.join_image(&mut flat, all);
        self.join_texts(&mut flat, all);
        match flat.len() {
            0 => None,
            1 => flat.first().copied(),
            _ => Some(self.intern(kind_of(flat, all))),
        }
    }

    /// Puts the terms that depend on the process image together, in the place of the first.
    fn join_image(&mut self, flat: &mut Vec<TermId>, all: bool) {
        let mut image: Vec<TermId> = flat.iter().copied().filter(|id| self.draft(*id).image).collect();
        let first = flat.iter().position(|id| self.draft(*id).image);
        if let Some(first) = first
            && image.len() > 1
            && image.len() < flat.len()
        {
            flat.retain(|id| !self.draft(*id).image);
            image.sort_unstable();
            flat.insert(first, self.intern(kind_of(image, all)));
        }
    }

    /// Puts checks of the same text together, in the place of the first: `a or b` is one check, and so is what `not a and not b`
    /// denies.
    fn join_texts(&mut self, flat: &mut Vec<TermId>, all: bool) {
        let program = self.program;
        let mut groups: FxHashMap<&Operand, Vec<(usize, CheckId)>> = FxHashMap::default();
        for (at, id) in flat.iter().enumerate() {
            if let Some(check) = self.joining(*id, all) {
                groups.entry(&program.checks[check.0 as usize].left).or_default().push((at, check));
            }
        }
        let mut groups: Vec<Vec<(usize, CheckId)>> =
            groups.into_values().filter(|group| group.len() > 1).collect();
        // In the order of the condition, not of the hash table.
        groups.sort_unstable();
        let mut gone = FxHashSet::default();
        for group in groups {
            let mut together = self.join(group.iter().map(|(_, check)| *check).collect());
            if all {
                together = self.negation(together);
            }
            gone.extend(group.iter().skip(1).map(|(at, _)| *at));
            if let Some((first, _)) = group.first() {
                flat[*first] = together;
            }
        }
        let mut at = 0;
        flat.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
    }

    /// The check of a term that can be asked together with others: the term itself in a disjunction, what it denies in a
    /// conjunction.
    fn joining(&self, id: TermId, all: bool) -> Option<CheckId> {
        let check = match &self.draft(id).term.kind {
            TermKind::Check(check) if !all => *check,
            TermKind::Not(inner) if all => match &self.draft(*inner).term.kind {
                TermKind::Check(check) => *check,
                TermKind::Not(_) | TermKind::All(_) | TermKind::Any(_) => return None,
            },
            TermKind::Check(_) | TermKind::Not(_) | TermKind::All(_) | TermKind::Any(_) => return None,
        };
        self.notes[check.0 as usize].joins.then_some(check)
    }

    /// One check for several of the program.
    fn join(&mut self, mut ids: Vec<CheckId>) -> TermId {
        ids.sort_unstable();
        let program = self.program;
        let id = match self.joined.get(&ids[..]) {
            Some(id) => *id,
            None => {
                let id = CheckId(self.predicates.len() as u32);
                let checks: Vec<&Check> = ids.iter().map(|id| &program.checks[id.0 as usize]).collect();
                self.notes.push(Notes::joined(&checks));
                self.predicates.extend(Predicate::of_texts(&checks));
                self.joined.insert(ids.into(), id);
                id
            }
        };
        self.check(id)
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
        let draft = match &kind {
            TermKind::Check(check) => {
                let notes = self.notes[check.0 as usize];
                (notes.image, notes.file, notes.counting, notes.cost, notes.weak)
            }
            TermKind::Not(inner) => {
                let inner = self.draft(*inner);
                (inner.image, inner.file, inner.counting, inner.cost, !inner.weak)
            }
            TermKind::All(parts) | TermKind::Any(parts) => {
                let parts = || parts.iter().map(|id| self.draft(*id));
                let weak = match &kind {
                    TermKind::All(_) => parts().all(|part| part.weak),
                    _ => parts().any(|part| part.weak),
                };
                let cost = parts().map(|part| part.cost).sum();
                let (image, file) = (parts().all(|part| part.image), parts().all(|part| part.file));
                (image, file, parts().any(|part| part.counting), cost, weak)
            }
        };
        let (image, file, counting, cost, weak) = draft;
        let id = TermId(self.drafts.len() as u32);
        let term = Term { kind: kind.clone(), memory: Recall::No };
        self.drafts.push(Draft { term, image, file, counting, cost, weak });
        self.ids.insert(kind, id);
        id
    }

    /// A term with its notes.
    pub fn draft(&self, id: TermId) -> &Draft {
        &self.drafts[id.0 as usize]
    }

    /// The terms of which each has to hold.
    pub(crate) fn conjuncts(&self, id: TermId) -> Vec<TermId> {
        let draft = self.draft(id);
        match &draft.term.kind {
            TermKind::All(parts) if !draft.image => parts.to_vec(),
            _ => vec![id],
        }
    }
}

fn kind_of(parts: Vec<TermId>, all: bool) -> TermKind {
    if all { TermKind::All(parts.into()) } else { TermKind::Any(parts.into()) }
}
