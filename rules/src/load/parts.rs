//! What the conditions of running rules are put together from: the checks of their outermost `and`, macros, lists and
//! exceptions, each with its place; and for each the conditions that would be left of the rules without it.
//!
//! A part can matter to what a rule says only if the condition without it answers differently on some event. Which events
//! there are is not known here.

use std::collections::{BTreeSet, HashMap};

use super::collector::Collector;
use super::compiler::{Work, Written};
use super::context::{Context, Place};
use super::exceptions::{Expanded, expand};
use super::failure::{Failure, Spot};
use super::info::RuleInfo;
use super::lists::Lists;
use crate::ast::{Expr, ExprKind};

/// Kinds of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKind {
    /// A member of the outermost `and` of a rule's condition, macros put in.
    Check,
    /// A macro.
    Macro,
    /// A list that has items.
    List,
    /// An exception that has values.
    Exception,
}

/// A part.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its name; of a check, its text.
    pub name: String,
    /// The rule that a check or an exception belongs to, as its position in the program.
    pub rule: Option<usize>,
    /// Where it stands.
    pub place: Place,
}

/// The condition of a rule without a part: a check taken out, a macro that always or never holds, a list without items, a
/// rule without an exception.
#[derive(Debug)]
pub struct Variant {
    /// The part, as its position in [`Parts::parts`].
    pub part: usize,
    /// The rule, as its position in the program.
    pub rule: usize,
    /// What is left of the rule's condition.
    pub condition: Expr,
}

/// Rules divided into parts.
#[derive(Debug, Default)]
pub struct Parts {
    /// All parts of the rules that run. Of macros and lists also those that no rule uses, but
    /// for those of files that only offer them.
    pub parts: Vec<Part>,
    /// The conditions of the rules in the order of the program.
    pub conditions: Vec<Expr>,
    /// Per rule its checks: the part, and what has to hold.
    pub checks: Vec<Vec<(usize, Expr)>>,
    /// Conditions without a part.
    pub variants: Vec<Variant>,
}

/// Checks that all variants together may have. Rules that people write stay far below.
const MOST_CHECKS: usize = 4_000_000;

/// The rules became too large to be divided into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conditions of the rules, each part left out in turn, have more than {MOST_CHECKS} checks")]
pub struct TooLarge;

/// A rule on its way.
struct Taken<'w> {
    info: &'w RuleInfo,
    expanded: Expanded,
    /// Lists put in, macros not.
    tree: Expr,
    /// Macros put in.
    condition: Expr,
    macros: BTreeSet<String>,
}

/// A member of the outermost `and`.
struct Check {
    spot: Option<Spot>,
    condition: Expr,
}

/// Takes the running rules apart; without variants where nothing is to `vary`. What was compiled without errors before cannot fail here.
pub(super) fn take_apart<'w>(
    work: &mut Work<'w>,
    collector: &'w Collector,
    running: &[&str],
    vary: bool,
    place: &dyn Fn(&Context, Option<Spot>) -> Place,
) -> Result<Parts, TooLarge> {
    let trees = macro_trees(work, collector);
    let mut taken = Vec::with_capacity(running.len());
    for name in running {
        let entry = collector.rules.get(name);
        taken.extend(entry.and_then(|entry| take(work, &trees, &entry.info).ok()));
    }
    let conditions = taken.iter().map(|rule| rule.condition.clone()).collect();
    let mut parts = Parts { conditions, ..Parts::default() };
    let mut room = Room { checks: 0 };
    for (at, rule) in taken.iter().enumerate() {
        parts.take_checks(work, &trees, at, rule, place, &mut room)?;
        if vary {
            parts.take_exceptions(work, &trees, at, rule, place, &mut room)?;
        }
    }
    if !vary {
        parts.variants.clear();
        return Ok(parts);
    }
    parts.take_macros(collector, &trees, &taken, place, &mut room)?;
    parts.take_lists(work, collector, &trees, &taken, place, &mut room)?;
    Ok(parts)
}

/// How many checks there are so far.
struct Room {
    checks: usize,
}

impl Room {
    fn take(&mut self, condition: &Expr) -> Result<(), TooLarge> {
        self.checks += size(condition);
        if self.checks > MOST_CHECKS { Err(TooLarge) } else { Ok(()) }
    }
}

fn size(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::And(members) | ExprKind::Or(members) => members.iter().map(size).sum::<usize>() + 1,
        ExprKind::Not(inner) => size(inner),
        ExprKind::Shared(shared) => size(shared),
        ExprKind::Macro(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => 1,
    }
}

/// The trees of all macros, lists put in, macros not.
fn macro_trees(work: &mut Work<'_>, collector: &Collector) -> HashMap<String, Expr> {
    let macros = collector.macros.iter().map(|entry| &entry.info);
    let trees = macros.filter_map(|info| {
        Some((info.name.clone(), work.parse(&Written::alone(&info.cond), &info.cond_ctx).ok()?))
    });
    trees.collect()
}

fn take<'w>(
    work: &mut Work<'_>,
    trees: &HashMap<String, Expr>,
    info: &'w RuleInfo,
) -> Result<Taken<'w>, Failure> {
    let expanded = expand(&info.cond.text, &info.exceptions)?;
    let tree = work.parse(&Written::of_rule(&info.cond, &expanded), &info.cond_ctx)?;
    let mut macros = BTreeSet::new();
    let condition = put_in(&tree, trees, None, &mut macros);
    Ok(Taken { info, expanded, tree, condition, macros })
}

/// A tree with its macros put in, one of them replaced by a constant. The names of those that were met are added.
fn put_in(
    tree: &Expr,
    trees: &HashMap<String, Expr>,
    replaced: Option<(&str, bool)>,
    met: &mut BTreeSet<String>,
) -> Expr {
    let members = |members: &[Expr], met: &mut BTreeSet<String>| {
        members.iter().map(|member| put_in(member, trees, replaced, met)).collect()
    };
    let kind = match &tree.kind {
        ExprKind::And(parts) => ExprKind::And(members(parts, met)),
        ExprKind::Or(parts) => ExprKind::Or(members(parts, met)),
        ExprKind::Not(inner) => ExprKind::Not(Box::new(put_in(inner, trees, replaced, met))),
        ExprKind::Macro(name) => {
            met.insert(name.clone());
            match (replaced, trees.get(name)) {
                (Some((other, holds)), _) if other == name => constant(holds),
                (_, Some(inner)) => return put_in(inner, trees, replaced, met),
                (_, None) => constant(false),
            }
        }
        ExprKind::Shared(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => tree.kind.clone(),
    };
    Expr { kind, pos: tree.pos }
}

/// What always holds, or never.
fn constant(holds: bool) -> ExprKind {
    if holds { ExprKind::And(Vec::new()) } else { ExprKind::Or(Vec::new()) }
}

impl Parts {
    /// Without the parts that stand in no rule's condition and that `unwanted` names.
    pub(super) fn without_idle(mut self, unwanted: &dyn Fn(&Part) -> bool) -> Parts {
        let used: BTreeSet<usize> = self.variants.iter().map(|variant| variant.part).collect();
        let shared = |part: &Part| matches!(part.kind, PartKind::Macro | PartKind::List);
        let keep: Vec<bool> = (self.parts.iter().enumerate())
            .map(|(at, part)| used.contains(&at) || !shared(part) || !unwanted(part))
            .collect();
        let before = keep.iter().scan(0, |count, kept| {
            let now = *count;
            *count += usize::from(*kept);
            Some(now)
        });
        let moved: Vec<usize> = before.collect();
        let moved = |part: usize| moved.get(part).copied().unwrap_or_default();
        self.variants.iter_mut().for_each(|variant| variant.part = moved(variant.part));
        self.checks.iter_mut().flatten().for_each(|(part, _)| *part = moved(*part));
        let mut kept = keep.iter();
        self.parts.retain(|_| kept.next() == Some(&true));
        self
    }

    fn add(&mut self, kind: PartKind, name: String, rule: Option<usize>, place: Place) -> usize {
        self.parts.push(Part { kind, name, rule, place });
        self.parts.len() - 1
    }

    fn vary(&mut self, part: usize, rule: usize, condition: Expr, room: &mut Room) -> Result<(), TooLarge> {
        room.take(&condition)?;
        self.variants.push(Variant { part, rule, condition });
        Ok(())
    }

    fn take_checks(
        &mut self,
        work: &mut Work<'_>,
        trees: &HashMap<String, Expr>,
        at: usize,
        rule: &Taken<'_>,
        place: &dyn Fn(&Context, Option<Spot>) -> Place,
        room: &mut Room,
    ) -> Result<(), TooLarge> {
        let written = Written::of_rule(&rule.info.cond, &rule.expanded);
        let mut checks = Vec::new();
        flatten(work, trees, &rule.tree, false, &written, &mut checks);
        let mut own = Vec::with_capacity(checks.len());
        for number in 0..checks.len() {
            let others = checks.iter().zip(0..).filter(|(_, other)| *other != number);
            let rest = others.map(|(check, _)| check.condition.clone()).collect();
            let Some(check) = checks.get(number) else { continue };
            let place = place(&rule.info.ctx, check.spot.clone());
            let part = self.add(PartKind::Check, check.condition.to_string(), Some(at), place);
            own.push((part, check.condition.clone()));
            let rest = Expr { kind: ExprKind::And(rest), pos: rule.condition.pos };
            self.vary(part, at, rest, room)?;
        }
        self.checks.push(own);
        Ok(())
    }

    fn take_exceptions(
        &mut self,
        work: &mut Work<'_>,
        trees: &HashMap<String, Expr>,
        at: usize,
        rule: &Taken<'_>,
        place: &dyn Fn(&Context, Option<Spot>) -> Place,
        room: &mut Room,
    ) -> Result<(), TooLarge> {
        let info = rule.info;
        for (number, exception) in info.exceptions.iter().enumerate() {
            if exception.values.is_empty() {
                continue;
            }
            let mut others = info.exceptions.clone();
            others.remove(number);
            let Ok(expanded) = expand(&info.cond.text, &others) else { continue };
            let Ok(tree) = work.parse(&Written::of_rule(&info.cond, &expanded), &info.cond_ctx) else {
                continue;
            };
            let part =
                self.add(PartKind::Exception, exception.name.clone(), Some(at), place(&exception.ctx, None));
            self.vary(part, at, put_in(&tree, trees, None, &mut BTreeSet::new()), room)?;
        }
        Ok(())
    }

    fn take_macros(
        &mut self,
        collector: &Collector,
        trees: &HashMap<String, Expr>,
        taken: &[Taken<'_>],
        place: &dyn Fn(&Context, Option<Spot>) -> Place,
        room: &mut Room,
    ) -> Result<(), TooLarge> {
        for info in collector.macros.iter().map(|entry| &entry.info) {
            let part = self.add(PartKind::Macro, info.name.clone(), None, place(&info.ctx, None));
            for (at, rule) in taken.iter().enumerate().filter(|(_, rule)| rule.macros.contains(&info.name)) {
                for holds in [true, false] {
                    let replaced = Some((info.name.as_str(), holds));
                    self.vary(part, at, put_in(&rule.tree, trees, replaced, &mut BTreeSet::new()), room)?;
                }
            }
        }
        Ok(())
    }

    fn take_lists<'w>(
        &mut self,
        work: &mut Work<'w>,
        collector: &'w Collector,
        trees: &HashMap<String, Expr>,
        taken: &[Taken<'_>],
        place: &dyn Fn(&Context, Option<Spot>) -> Place,
        room: &mut Room,
    ) -> Result<(), TooLarge> {
        for info in collector.lists.iter().map(|entry| &entry.info).filter(|info| !info.items.is_empty()) {
            let part = self.add(PartKind::List, info.name.clone(), None, place(&info.ctx, None));
            let whole = work.with_lists(Lists::without(&collector.lists, &info.name));
            let emptied = macro_trees(work, collector);
            for (at, rule) in taken.iter().enumerate() {
                let written = Written::of_rule(&rule.info.cond, &rule.expanded);
                let Ok(tree) = work.parse(&written, &rule.info.cond_ctx) else { continue };
                let differs =
                    |name: &String| emptied.get(name).is_some_and(|tree| trees.get(name) != Some(tree));
                if tree != rule.tree || rule.macros.iter().any(differs) {
                    // Where a macro is no condition without the list, the list cannot be taken out.
                    if rule.macros.iter().all(|name| emptied.contains_key(name)) {
                        self.vary(part, at, put_in(&tree, &emptied, None, &mut BTreeSet::new()), room)?;
                    }
                }
            }
            work.with_lists(whole);
        }
        Ok(())
    }
}

/// The members of the outermost `and` of a tree; `negated` turns an `or` below a `not` into one.
fn flatten(
    work: &mut Work<'_>,
    trees: &HashMap<String, Expr>,
    tree: &Expr,
    negated: bool,
    written: &Written<'_>,
    checks: &mut Vec<Check>,
) {
    match (&tree.kind, negated) {
        (ExprKind::And(members), false) | (ExprKind::Or(members), true) => {
            members.iter().for_each(|member| flatten(work, trees, member, negated, written, checks));
        }
        (ExprKind::Not(inner), _) => flatten(work, trees, inner, !negated, written, checks),
        (ExprKind::Macro(name), _) if work.macro_info(name).is_some() && trees.contains_key(name) => {
            let (Some(info), Some(inner)) = (work.macro_info(name), trees.get(name)) else { return };
            flatten(work, trees, inner, negated, &Written::alone(&info.cond), checks);
        }
        _ => {
            let condition = put_in(tree, trees, None, &mut BTreeSet::new());
            let pos = condition.pos;
            let condition = match negated {
                true => Expr { kind: ExprKind::Not(Box::new(condition)), pos },
                false => condition,
            };
            checks.push(Check { spot: work.spot(written, pos.offset), condition });
        }
    }
}
