//! What rules look at of the events of a capture: programs enter, a selection of event types and of their parameters leaves.

use rustc_hash::FxHashSet;
use tercel_format::catalogue::{EVENTS, EventInfo};
use tercel_rules::fields::FieldRef;
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::{Node, Operand, Program, Rule, Source};

use crate::eval::{depends_on_order, operands};
use crate::fields;
use crate::scan::{Selection, Wish};
use crate::state::needs::Topics;

/// The programs whose answers are of interest.
#[derive(Clone, Copy)]
pub(super) struct Programs<'p> {
    pub(super) rules: &'p Program,
    pub(super) filter: Option<&'p Program>,
}

/// What the programs look at. `watches` says whether a rule can match an event of a code, `passes` whether one can pass the filter.
pub(super) fn selection(
    programs: Programs<'_>,
    watches: impl Fn(u16) -> bool,
    passes: impl Fn(u16) -> bool,
) -> Selection {
    let Programs { rules, filter } = programs;
    let looked_at = |program| looked_at(program);
    let (of_rules, of_filter) = (looked_at(rules), filter.map(looked_at));
    let all = of_rules.iter().chain(of_filter.iter().flatten());
    Selection::new(topics(all), |code| {
        let filtered = of_filter.as_ref().filter(|_| passes(code));
        let rules = Some(&of_rules).filter(|_| watches(code) && passes(code));
        // Without a filter all events count as evaluated; with one, it has to be asked.
        let counts = filter.is_none();
        let looked_at = rules.into_iter().chain(filtered).flatten();
        let of_code = looked_at.filter(|(rule, _)| rule.events.contains(code)).flat_map(|(_, fields)| fields);
        let info = EVENTS.get(usize::from(code));
        let is_looked_at = rules.is_some() || filtered.is_some();
        let params =
            info.filter(|_| is_looked_at).map(|info| fields::parameters_read(of_code.copied(), info));
        Wish { params, counts }
    })
}

impl Selection {
    /// For somebody who looks at events himself, and evaluates a filter and rules over them. `params` says which parameters of a type he
    /// looks at, as bits, and `None` where he does not look at its events; the result and the fd are always there. What the filter and the
    /// rules look at is added: with a filter every type is looked at, since it has to be asked. `None` if answers depend on the order of
    /// evaluation: then everything is needed.
    pub fn of_reader(
        params: impl Fn(&EventInfo) -> Option<u32>,
        filter: Option<&Program>,
        rules: Option<&Program>,
    ) -> Option<Selection> {
        if filter.into_iter().chain(rules).any(depends_on_order) {
            return None;
        }
        let (of_filter, of_rules) = (filter.map(looked_at), rules.map(looked_at));
        let programs = || of_filter.iter().chain(&of_rules).flatten();
        let selection = Selection::new(topics(programs()), |code| {
            let of_code = || programs().filter(|(rule, _)| rule.events.contains(code));
            let info = EVENTS.get(usize::from(code));
            let own = info.and_then(&params);
            let is_looked_at = own.is_some() || filter.is_some() || of_code().next().is_some();
            let params = info.filter(|_| is_looked_at).map(|info| {
                let fields = of_code().flat_map(|(_, fields)| fields).copied();
                own.unwrap_or(0) | fields::parameters_read(fields, info)
            });
            Wish { params, counts: true }
        });
        Some(selection)
    }
}

/// The parts of the state that the fields of some rules show.
fn topics<'a, 'p: 'a>(rules: impl Iterator<Item = &'a (&'p Rule, FxHashSet<&'p FieldRef>)>) -> Topics {
    let fields = rules.flat_map(|(_, fields)| fields);
    fields.fold(Topics::default(), |topics, field| topics.with(fields::topics_of(field.field)))
}

/// The rules for system calls, each with the fields that it looks at.
fn looked_at(program: &Program) -> Vec<(&Rule, FxHashSet<&FieldRef>)> {
    let rules = program.rules.iter().filter(|rule| rule.source == "syscall");
    rules.map(|rule| (rule, fields_of(program, rule))).collect()
}

/// The fields of a rule: those of its condition and of its output.
fn fields_of<'p>(program: &'p Program, rule: &'p Rule) -> FxHashSet<&'p FieldRef> {
    let mut found = FxHashSet::default();
    let (mut seen, mut open) = (FxHashSet::default(), vec![rule.condition]);
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match program.nodes.get(id.0 as usize) {
            Some(Node::Check(check)) => {
                let check = program.checks.get(check.0 as usize);
                check.into_iter().flat_map(operands).for_each(|operand| add(operand, &mut found));
            }
            Some(Node::Not(inner)) => open.push(*inner),
            Some(Node::And(parts) | Node::Or(parts)) => open.extend(parts.iter().copied()),
            None => {}
        }
    }
    of_template(&rule.output, &mut found);
    found
}

fn of_template<'p>(template: &'p Template, found: &mut FxHashSet<&'p FieldRef>) {
    for piece in &template.pieces {
        if let Piece::Value { operand, .. } = piece {
            add(operand, found);
        }
    }
    template.fields.iter().for_each(|(_, operand)| add(operand, found));
    template.texts.iter().for_each(|(_, template)| of_template(template, found));
}

fn add<'p>(operand: &'p Operand, found: &mut FxHashSet<&'p FieldRef>) {
    match &operand.source {
        Source::Field(field) => drop(found.insert(field)),
        Source::Text(_) => {}
        Source::List(parts) | Source::Transform(_, parts) => parts.iter().for_each(|part| add(part, found)),
    }
}
