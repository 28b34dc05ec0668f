//! What to write otherwise: resolved conditions and what their terms cost enter, rewrites leave, that which spares most first. What a
//! rewrite spares is counted in questions, which are the same in every run; it is an estimate, since terms are taken for independent.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use tercel_replay::Costs;
use tercel_rules::ast::{ExprKind, Right};
use tercel_rules::load::{Branch, BranchKind, Named, Place, Resolved, Term};

use super::patterns;
use super::rows::Terms;

/// Event types that a rule may look at before the report asks for fewer.
const MANY_TYPES: usize = 64;

/// A rewrite of less than a thousandth of all questions is not worth a line.
const LEAST: u64 = 1000;

/// Ways to write something otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// A regular expression that matches texts of a list, or with a beginning, an end or a middle.
    Regex,
    /// Several equalities of one field that are one list.
    Set,
    /// A term that seldom holds, after dear ones that often hold.
    Earlier,
    /// A rule without event types.
    EventTypes,
}

impl Rewrite {
    /// A word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Rewrite::Regex => "regex",
            Rewrite::Set => "set",
            Rewrite::Earlier => "order",
            Rewrite::EventTypes => "event types",
        }
    }
}

/// Something to rewrite.
#[derive(Debug, Clone)]
pub struct Advice {
    /// How.
    pub rewrite: Rewrite,
    /// The rule where it stands first.
    pub rule: String,
    /// Where it stands.
    pub place: Place,
    /// What to do, in a sentence.
    pub text: String,
    /// Questions that it is about.
    pub spares: u64,
}

/// All rewrites, that which spares most first.
pub(super) fn advice(resolved: &[Resolved], terms: &Terms, costs: &Costs) -> Vec<Advice> {
    let mut found = Found { terms, list: Vec::new(), known: BTreeSet::new() };
    for (at, rule) in resolved.iter().enumerate() {
        found.branch(rule, &rule.root);
        let events = costs.rules.get(at).map_or(0, |cost| cost.events);
        found.order(rule, events);
        found.event_types(rule, costs.rules.get(at).map_or(0, |cost| cost.cost.asked));
    }
    let all: u64 = costs.codes.iter().map(|code| code.cost.asked).sum();
    let mut list = found.list;
    list.retain(|advice| advice.spares > 0 && advice.spares >= all / LEAST);
    list.sort_by_key(|advice| Reverse(advice.spares));
    list
}

struct Found<'t> {
    terms: &'t Terms,
    list: Vec<Advice>,
    /// What was said, so that a macro of many rules is spoken of once.
    known: BTreeSet<String>,
}

impl Found<'_> {
    fn say(&mut self, rewrite: Rewrite, rule: &Resolved, place: &Place, text: String, spares: u64) {
        if self.known.insert(text.clone()) {
            let (rule, place) = (rule.rule.clone(), place.clone());
            self.list.push(Advice { rewrite, rule, place, text, spares });
        }
    }

    fn asked(&self, term: &Term) -> u64 {
        self.row(term).map_or(0, |row| row.cost.asked)
    }

    fn row(&self, term: &Term) -> Option<&super::TermRow> {
        self.terms.rows.get(*self.terms.by_text.get(&format!("{:#}", term.written))?)
    }

    fn branch(&mut self, rule: &Resolved, branch: &Branch) {
        match &branch.kind {
            BranchKind::Term(term) => self.regex(rule, &branch.place, term),
            BranchKind::Not(inner) => self.branch(rule, inner),
            BranchKind::All(parts) => parts.iter().for_each(|part| self.branch(rule, part)),
            BranchKind::Any(parts) => {
                self.set(rule, branch, parts);
                parts.iter().for_each(|part| self.branch(rule, part));
            }
        }
    }

    /// A regular expression that is none.
    fn regex(&mut self, rule: &Resolved, place: &Place, term: &Term) {
        let ExprKind::Binary { left, op, right: Right::Value(value, _), .. } = &term.written.kind else {
            return;
        };
        let pattern = std::str::from_utf8(value).ok().filter(|_| op == "regex");
        let Some(simpler) = pattern.and_then(patterns::simpler) else { return };
        let values = match simpler.values.as_slice() {
            [value] => value.clone(),
            values => format!("({})", values.join(", ")),
        };
        let text = format!("write '{left} {} {values}' for '{:#}'", simpler.op, term.written);
        self.say(Rewrite::Regex, rule, place, text, self.asked(term));
    }

    /// Equalities of one field, any of which has to hold.
    fn set(&mut self, rule: &Resolved, branch: &Branch, parts: &[Branch]) {
        let equal = |part: &Branch| match &part.kind {
            BranchKind::Term(term) if part.named.is_none() => match &term.written.kind {
                ExprKind::Binary { left, op, right: Right::Value(value, _), .. }
                    if op == "=" || op == "==" =>
                {
                    Some((left.to_string(), String::from_utf8_lossy(value).into_owned(), self.asked(term)))
                }
                _ => None,
            },
            _ => None,
        };
        let equal: Vec<(String, String, u64)> = parts.iter().filter_map(equal).collect();
        let fields: BTreeSet<&str> = equal.iter().map(|(field, _, _)| field.as_str()).collect();
        let mut said = Vec::new();
        for field in fields {
            let own: Vec<&(String, String, u64)> =
                equal.iter().filter(|(name, _, _)| name == field).collect();
            if own.len() > 1 && field != "evt.type" {
                let values: Vec<&str> = own.iter().map(|(_, value, _)| value.as_str()).collect();
                let text = format!(
                    "write '{field} in ({})' for {} comparisons with =",
                    values.join(", "),
                    own.len()
                );
                said.push((text, own.iter().map(|(_, _, asked)| asked).sum()));
            }
        }
        for (text, asked) in said {
            self.say(Rewrite::Set, rule, &branch.place, text, asked);
        }
    }

    /// The members of the outermost `and`, of which Falco asks each until one fails.
    fn order(&mut self, rule: &Resolved, events: u64) {
        let mut members = Vec::new();
        flatten(&rule.root, &mut members);
        let members: Vec<Member<'_>> = members
            .into_iter()
            .map(|branch| self.member(branch))
            .filter(|member| member.cost > 0.0)
            .collect();
        let written = expected(&members);
        let mut best: Vec<&Member<'_>> = members.iter().collect();
        // What fails most per question comes first.
        best.sort_by(|a, b| a.rank().total_cmp(&b.rank()));
        let spared = (written - expected(best.iter().copied())) * events as f64;
        let (Some(first), Some(before)) = (best.first(), members.first()) else { return };
        let is_first = std::ptr::eq(*first, before);
        if is_first || spared < 1.0 || written < 1.5 * expected(best.iter().copied()) {
            return;
        }
        let text = format!(
            "in '{}', ask '{}' (holds {} of the times it is asked) before '{}' ({}); tercel arranges terms by itself, Falco asks them as written",
            rule.rule,
            label(first.branch),
            per_cent(first.holds),
            label(before.branch),
            per_cent(before.holds),
        );
        self.say(Rewrite::Earlier, rule, &first.branch.place, text, spared as u64);
    }

    fn member<'b>(&self, branch: &'b Branch) -> Member<'b> {
        let (cost, holds) = self.estimate(branch);
        Member { branch, cost, holds }
    }

    /// How many questions a branch takes, and how often it holds; (0, 1) where nothing was asked of the events.
    fn estimate(&self, branch: &Branch) -> (f64, f64) {
        match &branch.kind {
            BranchKind::Term(term) => match self.row(term).map(|row| row.cost) {
                Some(cost) if cost.asked > 0 => (1.0, cost.held as f64 / cost.asked as f64),
                _ => (0.0, 1.0),
            },
            BranchKind::Not(inner) => {
                let (cost, holds) = self.estimate(inner);
                (cost, if cost > 0.0 { 1.0 - holds } else { 1.0 })
            }
            BranchKind::All(parts) => parts.iter().fold((0.0, 1.0), |(cost, reached), part| {
                let (more, holds) = self.estimate(part);
                (cost + reached * more, reached * holds)
            }),
            BranchKind::Any(parts) => {
                let asked = parts.iter().map(|part| self.estimate(part)).filter(|(cost, _)| *cost > 0.0);
                let (cost, fails) = asked.fold((0.0, 1.0), |(cost, reached), (more, holds)| {
                    (cost + reached * more, reached * (1.0 - holds))
                });
                (cost, 1.0 - if cost > 0.0 { fails } else { 0.0 })
            }
        }
    }

    /// A rule that looks at nearly everything.
    fn event_types(&mut self, rule: &Resolved, asked: u64) {
        let types = rule.events.len();
        if types > MANY_TYPES {
            let text = format!(
                "in '{}', name event types (evt.type in (…)): it is asked on {types} of them",
                rule.rule
            );
            self.say(Rewrite::EventTypes, rule, &rule.place, text, asked);
        }
    }
}

/// A member of an `and`.
struct Member<'b> {
    branch: &'b Branch,
    /// Questions.
    cost: f64,
    /// How often it holds, from 0 to 1.
    holds: f64,
}

impl Member<'_> {
    /// Questions for each time that it fails.
    fn rank(&self) -> f64 {
        self.cost / (1.0 - self.holds).max(1e-9)
    }
}

/// Questions until one fails.
fn expected<'m>(members: impl IntoIterator<Item = &'m Member<'m>>) -> f64 {
    members
        .into_iter()
        .fold((0.0, 1.0), |(cost, reached), member| (cost + reached * member.cost, reached * member.holds))
        .0
}

/// The members of the outermost `and`; those of macros, too.
fn flatten<'b>(branch: &'b Branch, members: &mut Vec<&'b Branch>) {
    match &branch.kind {
        BranchKind::All(parts) => parts.iter().for_each(|part| flatten(part, members)),
        BranchKind::Any(_) | BranchKind::Not(_) | BranchKind::Term(_) => members.push(branch),
    }
}

/// A branch in a few words.
fn label(branch: &Branch) -> String {
    match (&branch.named, &branch.kind) {
        (Some(Named::Macro(name, _)), _) => name.clone(),
        (Some(Named::Exception(name)), _) => format!("exception {name}"),
        (None, BranchKind::Term(term)) => term.written.to_string(),
        (None, BranchKind::Not(inner)) => format!("not {}", label(inner)),
        (None, BranchKind::Any(parts)) => {
            parts.first().map_or("…".to_owned(), |part| format!("{} or …", label(part)))
        }
        (None, BranchKind::All(parts)) => {
            parts.first().map_or("…".to_owned(), |part| format!("{} and …", label(part)))
        }
    }
}

fn per_cent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
