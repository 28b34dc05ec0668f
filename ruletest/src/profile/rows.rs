//! From what an evaluation asked to what is written in the files: costs of checks and resolved conditions enter; terms, macros and
//! rules with their places and shares leave. A check that several terms share is divided among them, and so are checks of one text that
//! replay asks together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use tercel_replay::{Cost, Costs};
use tercel_rules::load::{Branch, BranchKind, Named, Place, Resolved, Term};
use tercel_rules::program::{Check, CheckId, Program};

use super::shares::shares;

/// A term of conditions, wherever it stands.
#[derive(Debug, Clone)]
pub struct TermRow {
    /// As it is written, lists by their names.
    pub text: String,
    /// Where it stands first.
    pub place: Place,
    /// Macros that contain it.
    pub macros: Vec<String>,
    /// Rules that contain it.
    pub rules: usize,
    /// Times that it was asked, and that it held. Where it is asked together with others, those of all of them.
    pub cost: Cost,
    /// Whether it is asked together with other terms about the same text.
    pub is_joined: bool,
    /// Share of the time, in tenths of a per cent.
    pub share: u32,
}

/// A macro.
#[derive(Debug, Clone)]
pub struct MacroRow {
    /// Its name.
    pub name: String,
    /// Where it is used first.
    pub place: Place,
    /// Terms in it, those of macros in it included.
    pub terms: usize,
    /// Rules that use it.
    pub rules: usize,
    /// Sums over its terms.
    pub cost: Cost,
    /// Share of the time, in tenths of a per cent. Macros contain each other, so their shares do not add up.
    pub share: u32,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct RuleRow {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub place: Option<Place>,
    /// Events of types on which it can fire.
    pub events: u64,
    /// Beside the other rules.
    pub cost: Cost,
    /// Share of the time beside the other rules, in tenths of a per cent.
    pub share: u32,
    /// By itself, where that was measured.
    pub alone: Option<Cost>,
    /// Share of the sum of times that the rules take by themselves, in tenths of a per cent.
    pub share_alone: u32,
}

/// All terms of the rules, each once, with what they cost.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// In the order of the rules.
    pub(super) rows: Vec<TermRow>,
    /// By text.
    pub(super) by_text: HashMap<String, usize>,
    macros: BTreeMap<String, MacroRow>,
    /// Macros and rules of each term, and terms of each macro.
    of_macro: BTreeMap<String, BTreeSet<usize>>,
}

impl Terms {
    pub(super) fn new(resolved: &[Resolved], program: &Program, costs: &Costs) -> Terms {
        let mut terms = Terms::default();
        let mut checks: Vec<Vec<CheckId>> = Vec::new();
        let known = Known::new(program);
        for rule in resolved {
            let mut seen = Seen::default();
            terms.branch(&rule.root, &mut Vec::new(), &known, &mut checks, &mut seen);
            seen.terms.iter().for_each(|term| terms.rows[*term].rules += 1);
            for name in &seen.macros {
                terms.macros.get_mut(name).into_iter().for_each(|row| row.rules += 1);
            }
        }
        terms.charge(&checks, costs);
        terms
    }

    fn branch(
        &mut self,
        branch: &Branch,
        inside: &mut Vec<String>,
        known: &Known<'_>,
        checks: &mut Vec<Vec<CheckId>>,
        seen: &mut Seen,
    ) {
        let named = match &branch.named {
            Some(Named::Macro(name, _)) => Some(name.clone()),
            Some(Named::Exception(_)) | None => None,
        };
        if let Some(name) = &named {
            let row = MacroRow {
                name: name.clone(),
                place: branch.place.clone(),
                terms: 0,
                rules: 0,
                cost: Cost::default(),
                share: 0,
            };
            self.macros.entry(name.clone()).or_insert(row);
            seen.macros.insert(name.clone());
            inside.push(name.clone());
        }
        match &branch.kind {
            BranchKind::All(parts) | BranchKind::Any(parts) => {
                parts.iter().for_each(|part| self.branch(part, inside, known, checks, seen));
            }
            BranchKind::Not(part) => self.branch(part, inside, known, checks, seen),
            BranchKind::Term(term) => self.term(term, &branch.place, inside, known, checks, seen),
        }
        if named.is_some() {
            inside.pop();
        }
    }

    fn term(
        &mut self,
        term: &Term,
        place: &Place,
        inside: &[String],
        known: &Known<'_>,
        checks: &mut Vec<Vec<CheckId>>,
        seen: &mut Seen,
    ) {
        let text = format!("{:#}", term.written);
        let at = match self.by_text.get(&text) {
            Some(at) => *at,
            None => {
                let compiled = tercel_rules::filter::conditions([&term.open].into_iter());
                let own = compiled.map(|program| program.checks).unwrap_or_default();
                checks.push(own.iter().filter_map(|check| known.id(check)).collect());
                self.rows.push(TermRow {
                    text: text.clone(),
                    place: place.clone(),
                    macros: Vec::new(),
                    rules: 0,
                    cost: Cost::default(),
                    is_joined: false,
                    share: 0,
                });
                self.by_text.insert(text, self.rows.len() - 1);
                self.rows.len() - 1
            }
        };
        seen.terms.insert(at);
        for name in inside {
            self.of_macro.entry(name.clone()).or_default().insert(at);
            let row = &mut self.rows[at];
            if !row.macros.contains(name) {
                row.macros.push(name.clone());
            }
        }
    }

    /// Gives the terms what their checks cost.
    fn charge(&mut self, checks: &[Vec<CheckId>], costs: &Costs) {
        let mut users: HashMap<CheckId, Vec<usize>> = HashMap::new();
        for (term, own) in checks.iter().enumerate() {
            own.iter().for_each(|check| users.entry(*check).or_default().push(term));
        }
        for joint in &costs.checks {
            let mut terms: Vec<usize> =
                joint.checks.iter().filter_map(|check| users.get(check)).flatten().copied().collect();
            terms.sort_unstable();
            terms.dedup();
            let count = terms.len().max(1) as u64;
            for (number, term) in terms.into_iter().enumerate() {
                let row = &mut self.rows[term];
                row.cost.asked += joint.cost.asked;
                row.cost.held += joint.cost.held;
                // What does not divide goes to the first, so that nothing is lost.
                let rest = if number == 0 { joint.cost.time % count } else { 0 };
                row.cost.time = row.cost.time.saturating_add(joint.cost.time / count + rest);
                row.is_joined |= joint.checks.len() > 1;
            }
        }
        let times: Vec<u64> = self.rows.iter().map(|row| row.cost.time).collect();
        self.rows.iter_mut().zip(shares(&times)).for_each(|(row, share)| row.share = share);
    }

    /// The macros, in the order of their names.
    pub(super) fn macros(&self) -> Vec<MacroRow> {
        let mut macros: Vec<MacroRow> = self.macros.values().cloned().collect();
        for row in &mut macros {
            let terms = self.of_macro.get(&row.name).into_iter().flatten();
            for term in terms.filter_map(|term| self.rows.get(*term)) {
                row.terms += 1;
                row.cost.asked += term.cost.asked;
                row.cost.held += term.cost.held;
                row.cost.time = row.cost.time.saturating_add(term.cost.time);
                row.share += term.share;
            }
        }
        macros
    }
}

/// The checks of a program by their content.
struct Known<'p> {
    program: &'p Program,
    /// Positions by the hash of the check.
    by_hash: HashMap<u64, Vec<CheckId>>,
}

impl<'p> Known<'p> {
    fn new(program: &'p Program) -> Known<'p> {
        let mut by_hash: HashMap<u64, Vec<CheckId>> = HashMap::new();
        for (check, at) in program.checks.iter().zip(0..) {
            by_hash.entry(hash(check)).or_default().push(CheckId(at));
        }
        Known { program, by_hash }
    }

    fn id(&self, check: &Check) -> Option<CheckId> {
        let same = |id: &&CheckId| self.program.checks.get(id.0 as usize) == Some(check);
        self.by_hash.get(&hash(check))?.iter().find(same).copied()
    }
}

fn hash(check: &Check) -> u64 {
    let mut hasher = DefaultHasher::new();
    check.hash(&mut hasher);
    hasher.finish()
}

/// What one rule contains.
#[derive(Default)]
struct Seen {
    terms: BTreeSet<usize>,
    macros: BTreeSet<String>,
}
