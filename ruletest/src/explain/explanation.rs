//! Why a condition holds at an event, or does not: the tree with the answer and the values of each term, and the terms that decided.
//! It keeps what it shows, so that it can be printed when the event is long gone.

use std::sync::Arc;

use tercel_replay::fields::View;

use super::event::{MISSING, Shown};
use super::explainer::{Explained, Look};
use super::tree::Check;
use crate::visible::{shortened, visible};

/// Characters of a value in a short explanation.
const LONGEST: usize = 80;

/// Places of exclusions in a short explanation.
const EXCLUSIONS: usize = 3;

/// Values that a term compares, each with its field or transformer.
pub(crate) type TermValues = Vec<(String, String)>;

/// Why a condition holds at an event, or does not.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The event.
    pub(crate) event: Shown,
    pub(crate) rule: Arc<Explained>,
    pub(crate) look: Look,
    /// Per node whether it holds.
    pub(crate) holding: Vec<bool>,
    /// Terms that decided.
    pub(crate) deciding: Vec<usize>,
    /// Nodes that are missed; none if the condition holds.
    pub(crate) missed: Vec<usize>,
    /// The smallest set of terms that turn the result if they answer otherwise.
    pub(crate) turning: Vec<usize>,
    /// Per term its values.
    pub(crate) values: Vec<TermValues>,
}

impl Explanation {
    /// Whether the rule matches: its condition holds, and it looks at events of this type.
    pub fn holds(&self) -> bool {
        self.look.holds
    }

    /// The event.
    pub fn event(&self) -> &Shown {
        &self.event
    }

    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.values.len()
    }

    /// Positions of the terms that decided: with their answers the result is the same, whatever the others answer.
    pub fn deciding(&self) -> &[usize] {
        &self.deciding
    }

    /// Positions of the terms of the smallest set that turns the result if they answer otherwise.
    pub fn turning(&self) -> &[usize] {
        &self.turning
    }

    /// The answers of the terms.
    pub fn answers(&self) -> Vec<bool> {
        self.rule.tree.checks.iter().map(|check| self.is(check.node)).collect()
    }

    /// What the condition says with other answers of its terms.
    pub fn with_answers(&self, answers: &[bool]) -> bool {
        let mut holding = Vec::new();
        self.rule.tree.holding(answers, &mut holding);
        holding.first().copied().unwrap_or(false)
    }

    /// The values that made the rule match: of the terms that decided and have to hold. Then how many others decided by not
    /// holding. For an event at which it does not match, what is missed.
    pub fn short(&self) -> String {
        if !self.look.watches {
            return format!("the rule does not look at {}", self.event.kind);
        }
        if !self.look.holds {
            let missed: Vec<String> = self.missed.iter().map(|node| self.missed_text(*node)).collect();
            return visible(format!("misses {}", missed.join(" and ")).as_bytes());
        }
        let (mut shown, mut others) = (Vec::<String>::new(), Vec::new());
        for term in &self.deciding {
            let Some(check) = self.rule.tree.checks.get(*term) else { continue };
            if !self.is(check.node) {
                others.push(check.node);
                continue;
            }
            let text = self.matched_text(*term, check);
            if !shown.contains(&text) {
                shown.push(text);
            }
        }
        // Values can be printed as they are, but terms are as the rule file has them.
        let shown = visible(shown.join(", ").as_bytes());
        format!("{shown}{}{}", self.exclusions(&others), self.by_kernel())
    }

    /// How many terms decided by not holding, and where the first of them stand.
    fn exclusions(&self, nodes: &[usize]) -> String {
        let places = nodes.iter().filter_map(|node| self.rule.tree.nodes.get(*node)).map(|node| &node.place);
        let mut shown: Vec<String> = Vec::new();
        for place in places.map(|place| visible(place.to_string().as_bytes())) {
            if !shown.contains(&place) {
                shown.push(place);
            }
        }
        let more = shown.len().saturating_sub(EXCLUSIONS);
        shown.truncate(EXCLUSIONS);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        match nodes.len() {
            0 => String::new(),
            1 => format!("; 1 exclusion does not hold ({})", shown.join(", ")),
            count => format!("; {count} exclusions do not hold ({}{more})", shown.join(", ")),
        }
    }

    /// ` (with the kernel's paths)`, where only those make the rule match.
    pub(crate) fn by_kernel(&self) -> &'static str {
        match (self.look.is_by_kernel(), self.look.view) {
            (true, View::Kernel) => " (with the kernel's paths)",
            (true, View::Inside) => " (with the kernel's paths inside the container)",
            _ => "",
        }
    }

    /// `fd.name=/etc/shadow in (sensitive_file_names)`.
    fn matched_text(&self, term: usize, check: &Check) -> String {
        let values = self.values.get(term).map(Vec::as_slice).unwrap_or_default();
        let Some((field, value)) = values.first() else { return check.written.clone() };
        let rest = check.written.strip_prefix(field.as_str()).unwrap_or_default().trim_start();
        // What the value alone says is left out.
        let is_plain =
            rest.starts_with(['=', '<', '>']) || (rest.starts_with("in (") && check.lists.is_empty());
        let rest = if is_plain { "" } else { rest };
        format!("{field}={} {rest}", shortened(value, LONGEST)).trim_end().to_owned()
    }

    fn missed_text(&self, node: usize) -> String {
        let text = super::label::missed(&self.rule.tree, node);
        let values = self.rule.tree.term_of(node).and_then(|term| self.values.get(term));
        match values.and_then(|values| values.first()) {
            Some((_, value)) => format!("{text} (it is {})", shortened(value, LONGEST)),
            None => text,
        }
    }

    pub(crate) fn is(&self, node: usize) -> bool {
        self.holding.get(node).copied().unwrap_or(false)
    }

    /// Whether a term decided; where the rule does not match, whether it is missed.
    pub(crate) fn matters(&self, term: usize) -> bool {
        if self.missed.is_empty() { self.deciding.binary_search(&term).is_ok() } else { self.is_missed(term) }
    }

    /// Whether a term is one of those that are missed.
    pub(crate) fn is_missed(&self, term: usize) -> bool {
        let Some(check) = self.rule.tree.checks.get(term) else { return false };
        let ends = |node: &usize| self.rule.tree.nodes.get(*node).map_or(*node, |node| node.end);
        self.missed.iter().any(|node| (*node..ends(node)).contains(&check.node))
    }

    /// The value of a term as the tree shows it.
    pub(crate) fn value_text(&self, term: usize) -> String {
        let values = self.values.get(term).map(Vec::as_slice).unwrap_or_default();
        match values {
            [] => MISSING.to_owned(),
            [(_, value)] => quoted(value),
            several => {
                let shown: Vec<String> =
                    several.iter().map(|(field, value)| format!("{field}={}", quoted(value))).collect();
                shown.join(" ")
            }
        }
    }
}

/// A value; in quotes where it would not be seen otherwise.
fn quoted(value: &str) -> String {
    let hides = value.is_empty() || value.starts_with(' ') || value.ends_with(' ');
    if hides { format!("\"{value}\"") } else { value.to_owned() }
}
