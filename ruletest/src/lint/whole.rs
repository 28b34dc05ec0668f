//! Findings about rules as a whole: tags, outputs, rules that an earlier one hides, what was defined twice, and what the loader warned
//! of.

use std::collections::{HashMap, HashSet};

use tercel_rules::WarningCode;
use tercel_rules::load::{RuleState, Warning};
use tercel_rules::program::{Check, Node, NodeId};

use super::conditions::{fields_of, unset_on, written};
use super::facts;
use super::found::Found;
use super::tree::{Forest, Home};
use super::{Code, Finding};
use tercel_replay::fields::domain;

/// Comparisons of rules with each other.
const MOST_STEPS: usize = 20_000_000;

/// Looks at all rules.
pub(super) fn look(forest: &Forest, found: &mut Found<'_, '_>) {
    warnings(found);
    twice(found);
    tags(found);
    outputs(found);
    shadowed(forest, found);
    refused(forest, found);
}

/// What the loader warned of, where the linter does not say it better.
fn warnings(found: &mut Found<'_, '_>) {
    // That a rule can match on no event is said with the reason.
    let on_none = |warning: &&&Warning| {
        let item = warning.context.item();
        warning.code == WarningCode::NoEvtType
            && found.definitions.rules.iter().any(|rule| {
                rule.events.is_empty() && item.as_deref() == Some(format!("rule '{}'", rule.name).as_str())
            })
    };
    let warnings: Vec<Finding> = found
        .definitions
        .warnings
        .iter()
        .filter(|warning| !on_none(warning))
        .map(|warning| {
            let item = warning.context.item().unwrap_or_default();
            let finding = Finding::new(
                Code::of_warning(warning.code),
                warning.place.clone(),
                warning.explained().to_owned(),
                warning.hint.clone(),
            );
            let finding = finding.within(item, &found.definitions.place_of(&warning.context));
            Finding { is_warning: true, ..finding }
        })
        .collect();
    warnings.into_iter().for_each(|finding| found.add(finding));
}

/// Rules, macros and lists of one name in one file. A later file may replace what an earlier one has.
fn twice(found: &mut Found<'_, '_>) {
    for replaced in found.definitions.replaced() {
        if replaced.first.file != replaced.second.file {
            continue;
        }
        let line = replaced.first.line;
        let same = if replaced.is_same { " with the same content" } else { "" };
        let message =
            format!("{} is defined in line {line} already{same}; only this definition counts", replaced.item);
        let finding = Finding::new(Code::DefinedTwice, replaced.second.clone(), message, None);
        found.add(finding.within(replaced.item, &replaced.second));
    }
}

fn tags(found: &mut Found<'_, '_>) {
    for at in 0..found.definitions.rules.len() {
        if found.definitions.rules.get(at).is_some_and(|rule| !rule.is_tagged) {
            found.at_home(Home::Rule(at), Code::MissingTags, "the rule has no tags".to_owned(), None);
        }
    }
}

/// Fields of outputs that have no value on the events of their rule.
fn outputs(found: &mut Found<'_, '_>) {
    let mut remarks = Vec::new();
    for (at, rule) in found.definitions.rules.iter().enumerate() {
        for (key, operand) in &rule.output.fields {
            let mut fields = Vec::new();
            fields_of(operand, &mut fields);
            for field in fields {
                let place = || found.definitions.place_in_output(rule, &format!("%{key}"));
                if let Some(reason) = domain::is_never_set(field.field) {
                    let message = format!("%{key} has no value on any event: {reason}");
                    remarks.push((Code::FieldNeverSet, at, place(), message));
                } else if let Some(names) = unset_on(field, rule.events) {
                    let message =
                        format!("%{} has no value on {names}: the output always says <NA>", written(field));
                    remarks.push((Code::OutputNotSet, at, place(), message));
                }
            }
        }
    }
    for (code, at, place, message) in remarks {
        found.push(code, Home::Rule(at), place, message, None);
    }
}

/// Conditions of macros that no rule uses and that cannot be compiled.
fn refused(forest: &Forest, found: &mut Found<'_, '_>) {
    for refused in &forest.refused {
        let message = refused.reason.to_string();
        found.at_leaf(forest, Code::InvalidCondition, refused.number, message, None);
    }
}

/// Rules that can raise no alert since an earlier one matches whenever they do.
fn shadowed(forest: &Forest, found: &mut Found<'_, '_>) {
    let first = forest.leaves.len();
    let running = found.definitions.rules.iter().enumerate();
    let running = running.filter(|(_, rule)| rule.state == RuleState::Enabled);
    let parts: Vec<(usize, Parts<'_>)> = running
        .filter_map(|(at, _)| Some((at, Parts::of(forest, forest.program.rules.get(first + at)?.condition))))
        .collect();
    let mut steps = 0;
    let mut remarks = Vec::new();
    for (number, (at, own)) in parts.iter().enumerate() {
        for (other, earlier) in parts.get(..number).unwrap_or_default() {
            steps += own.members.len() * earlier.members.len();
            if steps > MOST_STEPS {
                break;
            }
            if earlier.holds_with(own, forest) {
                let is_same = own.holds_with(earlier, forest);
                remarks.push((*at, *other, is_same));
                break;
            }
        }
    }
    for (at, other, is_same) in remarks {
        let Some(other) = found.definitions.rules.get(other) else { continue };
        let place = found.definitions.place_of_rule(other);
        let why = if is_same { "has the same condition" } else { "matches whenever this one does" };
        let message =
            format!("rule '{}' ({place}) comes first and {why}: this rule raises no alert", other.name);
        found.at_home(Home::Rule(at), Code::Shadowed, message, None);
    }
}

/// What has to hold for a condition to hold.
struct Parts<'f> {
    members: Vec<NodeId>,
    nodes: HashSet<NodeId>,
    /// Comparisons by what they look at.
    checks: HashMap<&'f tercel_rules::program::Operand, Vec<&'f Check>>,
}

impl<'f> Parts<'f> {
    fn of(forest: &'f Forest, condition: NodeId) -> Parts<'f> {
        let members = match forest.program.nodes.get(condition.0 as usize) {
            Some(Node::And(members)) => members.to_vec(),
            _ => vec![condition],
        };
        let mut checks: HashMap<_, Vec<&Check>> = HashMap::new();
        for check in members.iter().filter_map(|member| check(forest, *member)) {
            checks.entry(&check.left).or_default().push(check);
        }
        Parts { nodes: members.iter().copied().collect(), members, checks }
    }

    /// Whether this holds whenever the other does.
    fn holds_with(&self, other: &Parts<'_>, forest: &Forest) -> bool {
        self.members.iter().all(|member| other.says(*member, forest))
    }

    /// Whether a node follows from one of the members.
    fn says(&self, wanted: NodeId, forest: &Forest) -> bool {
        if self.nodes.contains(&wanted) {
            return true;
        }
        match forest.program.nodes.get(wanted.0 as usize) {
            Some(Node::Check(id)) => forest.program.checks.get(id.0 as usize).is_some_and(|wanted| {
                let own = self.checks.get(&wanted.left);
                own.is_some_and(|own| own.iter().any(|check| facts::implies(check, wanted)))
            }),
            // One member of an 'or' is enough.
            Some(Node::Or(members)) => members.iter().any(|member| self.nodes.contains(member)),
            Some(Node::Not(_) | Node::And(_)) | None => false,
        }
    }
}

fn check(forest: &Forest, node: NodeId) -> Option<&Check> {
    match forest.program.nodes.get(node.0 as usize)? {
        Node::Check(id) => forest.program.checks.get(id.0 as usize),
        Node::Not(_) | Node::And(_) | Node::Or(_) => None,
    }
}
