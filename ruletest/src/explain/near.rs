//! The events at which a condition came closest, grouped by what they missed: events enter one by one, with the answers of the terms;
//! the nearest groups leave, each with its number of events, its first event and the values that were there instead.
//! Memory is bounded: groups that cannot be among the nearest any more are dropped, and of values the first ones are kept.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tercel_replay::fields::Context;
use tercel_rules::ast::ExprKind;

use super::event::Shown;
use super::explainer::{Explainer, Look};
use super::json::place;
use super::label;
use super::tree::{Check, Kind, Tree};
use super::values::Counted;
use crate::report::Paint;
use crate::visible::{shortened, visible};

/// Groups that are kept; events of further ones at the same distance are counted together.
const MOST_GROUPS: usize = 1024;

/// Fields of a part that are listed with their values.
const LISTED: usize = 6;

/// What events of a group have in common, the nearest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Terms, and further demands, that are missed.
    distance: u32,
    /// The event type is among them: such events often have nothing to do with the rule.
    is_of_other_type: bool,
    /// Nodes that are missed.
    missed: Vec<usize>,
    /// What else was asked for and is not so, by its position.
    differing: Vec<usize>,
    /// The rule that raised the alert instead.
    instead: Option<String>,
}

/// Events that miss the same.
#[derive(Debug, Clone)]
struct Group {
    count: u64,
    first: Shown,
    /// The capture of the first.
    capture: usize,
    /// Per node that is missed, the fields that it looks at with their values.
    values: Vec<Vec<(String, Counted)>>,
}

/// The nearest events of a rule.
#[derive(Debug, Default)]
pub(crate) struct Near {
    /// Groups that are wanted.
    wanted: usize,
    groups: BTreeMap<Key, Group>,
    /// Events further away are of no interest.
    limit: Option<u32>,
    /// Events at the limit that found no room.
    crowd: u64,
}

/// What an event misses besides terms.
#[derive(Debug, Default)]
pub(crate) struct Besides {
    /// Demands that it does not meet, by their positions.
    pub(crate) differing: Vec<usize>,
    /// The rule that raised the alert instead.
    pub(crate) instead: Option<String>,
}

impl Near {
    /// Looks for this many groups.
    pub(crate) fn new(wanted: usize) -> Near {
        Near { wanted: wanted.clamp(1, MOST_GROUPS), ..Near::default() }
    }

    /// Whether an event that misses this much is of interest.
    pub(crate) fn wants(&self, distance: u32) -> bool {
        self.limit.is_none_or(|limit| distance <= limit)
    }

    /// Takes an event in.
    pub(crate) fn see(
        &mut self,
        explainer: &mut Explainer,
        cx: &Context<'_>,
        look: &Look,
        besides: Besides,
        capture: usize,
    ) {
        let distance = look.missed.saturating_add(besides.differing.len() as u32);
        if !self.wants(distance) {
            return;
        }
        let missed = explainer.missed();
        let tree = &explainer.rule().tree;
        let is_of_type = |node: &usize| tree.checks_of(*node).iter().any(Check::is_event_type);
        let is_of_other_type = !look.watches || missed.iter().any(is_of_type);
        let Besides { differing, instead } = besides;
        let key = Key { distance, is_of_other_type, missed, differing, instead };
        if !self.groups.contains_key(&key) {
            if self.groups.len() >= MOST_GROUPS {
                self.crowd += 1;
                return;
            }
            let values = vec![Vec::new(); key.missed.len()];
            let group = Group { count: 0, first: explainer.event(cx), capture, values };
            self.groups.insert(key.clone(), group);
            self.narrow();
        }
        let Some(group) = self.groups.get_mut(&key) else { return };
        group.count += 1;
        for (node, fields) in key.missed.iter().zip(&mut group.values) {
            count_values(explainer, cx, look, *node, fields);
        }
    }

    /// Drops what cannot be among the nearest any more.
    fn narrow(&mut self) {
        let Some(distance) = self.groups.keys().nth(self.wanted - 1).map(|key| key.distance) else { return };
        if self.limit.is_none_or(|limit| distance < limit) {
            self.limit = Some(distance);
            self.crowd = 0;
            self.groups.retain(|key, _| key.distance <= distance);
        }
    }

    /// The groups in the order in which they are shown.
    fn shown(&self) -> Vec<(&Key, &Group)> {
        let mut groups: Vec<(&Key, &Group)> = self.groups.iter().collect();
        let order = |(key, group): &(&Key, &Group)| {
            (
                key.distance,
                key.is_of_other_type,
                Reverse(group.like()),
                Reverse(group.count),
                group.capture,
                group.first.number,
            )
        };
        groups.sort_by_key(order);
        groups.truncate(self.wanted);
        groups
    }

    /// Whether no event was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups as lines. `demand` names what else was asked for, `capture` the captures where there are several.
    pub(crate) fn lines(
        &self,
        tree: &Tree,
        rule: &str,
        demand: &dyn Fn(usize) -> String,
        capture: &dyn Fn(usize) -> String,
        paint: &Paint,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, group) in self.shown() {
            let events =
                if group.count == 1 { "1 event".to_owned() } else { format!("{} events", group.count) };
            let verb = if group.count == 1 { "misses" } else { "miss" };
            let what = key.missed.len() + key.differing.len();
            match (&key.instead, what) {
                (Some(other), 0) => lines.push(format!(
                    "{events}: the condition holds, but '{}' comes first and raises the alert",
                    visible(other.as_bytes())
                )),
                (None, 0) if key.distance == 0 => lines.push(format!("{events}: the condition holds")),
                (None, 0) => {
                    lines.push(format!("{events}: '{}' does not look at this type", visible(rule.as_bytes())))
                }
                (_, 1) => lines.push(format!("{} {verb} only", paint.bold(&events))),
                (_, _) => lines.push(format!("{} {verb} {what} terms", paint.bold(&events))),
            }
            for (node, fields) in key.missed.iter().zip(&group.values) {
                let at = tree.nodes.get(*node).map(|node| node.place.to_string()).unwrap_or_default();
                let text = label::missed(tree, *node);
                lines.push(format!("  {}: {}", visible(at.as_bytes()), paint.bad(&shortened(&text, 160))));
                lines.extend(asked(tree, *node).map(|text| format!("    {text}")));
                for (field, values) in fields {
                    lines.push(format!("    {}", values.text(field, fields.len() > 1)));
                }
            }
            lines.extend(key.differing.iter().map(|at| format!("  {}", paint.bad(&demand(*at)))));
            let first = if group.count == 1 { "it is" } else { "the first is" };
            lines.push(format!("  {first} {}{}", capture(group.capture), group.first.line()));
        }
        if self.crowd > 0 {
            lines.push(format!("{} more events miss as much in other ways", self.crowd));
        }
        lines
    }

    /// The groups as JSON.
    pub(crate) fn json(
        &self,
        tree: &Tree,
        demand: &dyn Fn(usize) -> String,
        capture: &dyn Fn(usize) -> Option<String>,
    ) -> Value {
        let group = |(key, group): (&Key, &Group)| {
            let of_node = |(node, fields): (&usize, &Vec<(String, Counted)>)| {
                let mut object = Map::new();
                object.insert("term".to_owned(), label::missed(tree, *node).into());
                if let Some(node) = tree.nodes.get(*node) {
                    place(&node.place, &mut object);
                }
                let values: Map<String, Value> =
                    fields.iter().map(|(field, values)| (field.clone(), values.json())).collect();
                object.insert("had".to_owned(), values.into());
                Value::Object(object)
            };
            let terms: Vec<Value> = key.missed.iter().zip(&group.values).map(of_node).collect();
            let demands: Vec<String> = key.differing.iter().map(|at| demand(*at)).collect();
            let mut object = json!({
                "events": group.count,
                "missed": key.distance,
                "terms": terms,
                "first": group.first.json(),
            });
            if !demands.is_empty() {
                object["expected"] = demands.into();
            }
            if let Some(instead) = &key.instead {
                object["instead"] = instead.as_str().into();
            }
            if let Some(capture) = capture(group.capture) {
                object["capture"] = capture.into();
            }
            object
        };
        self.shown().into_iter().map(group).collect()
    }
}

/// Lists of a term that are named.
const LISTS: usize = 3;

/// What the lists of a term that has to hold contain.
fn asked(tree: &Tree, at: usize) -> Option<String> {
    let node = tree.nodes.get(at).filter(|node| !node.is_negated)?;
    let check = tree.checks.get(match node.kind {
        Kind::Term(term) => term,
        Kind::All | Kind::Any | Kind::Not => return None,
    })?;
    let ExprKind::Binary { right, .. } = &check.open.kind else { return None };
    let lists = check.lists.iter().take(LISTS).map(|(name, place)| format!("{name} at {place}"));
    let lists: Vec<String> = lists.collect();
    let more = check.lists.len().saturating_sub(LISTS);
    let more = if more > 0 { format!(", and {more} more lists") } else { String::new() };
    let text = format!("asks for {right} ({}{more})", lists.join(", "));
    (!lists.is_empty()).then(|| visible(text.as_bytes()))
}

/// Counts the values of the fields that a node looks at.
fn count_values(
    explainer: &mut Explainer,
    cx: &Context<'_>,
    look: &Look,
    node: usize,
    fields: &mut Vec<(String, Counted)>,
) {
    let rule = std::sync::Arc::clone(explainer.rule());
    let checks = rule.tree.checks_of(node);
    let from = rule.tree.checks.partition_point(|check| check.node < node);
    let mut seen: Vec<String> = Vec::new();
    for (term, check) in (from..).zip(checks) {
        for (field, value) in explainer.values(cx, term, look.view) {
            if seen.contains(&field) {
                continue;
            }
            seen.push(field.clone());
            let at = match fields.iter().position(|(known, _)| *known == field) {
                Some(at) => at,
                None if fields.len() < LISTED => {
                    fields.push((field, Counted::default()));
                    fields.len() - 1
                }
                None => continue,
            };
            if let Some((_, counted)) = fields.get_mut(at) {
                counted.add(value, check);
            }
        }
    }
}

impl Group {
    /// Whether a value is like one that the rule asks for.
    fn like(&self) -> bool {
        self.values.iter().flatten().any(|(_, counted)| counted.is_like())
    }
}

impl Check {
    /// Whether it asks for the type of an event.
    fn is_event_type(&self) -> bool {
        let left = match &self.open.kind {
            ExprKind::Binary { left, .. } | ExprKind::Exists(left) => left.to_string(),
            _ => return false,
        };
        matches!(left.as_str(), "evt.type" | "syscall.type" | "evt.dir")
    }
}
