//! What can never hold, and what always does: a condition is walked with the checks that hold around each part of it. Trees enter,
//! findings leave. A part of a macro is judged by the macro alone, since it stands in many rules.

use tercel_format::catalogue::EVENTS;
use tercel_replay::fields::domain;
use tercel_rules::fields::{Field, FieldRef};
use tercel_rules::program::{EventSet, Literal, Op, Operand, Source, Test};

use super::Code;
use super::facts;
use super::found::Found;
use super::tree::{Forest, Home, Leaf, Tree};

/// Checks that are kept in mind.
const MOST_FACTS: usize = 256;

/// Checks of an `or` that are compared with each other.
const MOST_ALTERNATIVES: usize = 64;

/// Names of events that are listed.
const SHOWN_EVENTS: usize = 4;

/// What became of a part of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    /// It can hold.
    Open,
    /// It cannot.
    Never(Blame),
}

/// Why something cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blame {
    /// These two checks exclude each other.
    Pair((usize, bool), (usize, bool)),
    /// The check has a list without items.
    Empty(usize),
    /// The check asks for the entry of a system call.
    Entry(usize),
}

/// The walk through one definition.
struct Walk<'f, 'd, 'w> {
    forest: &'f Forest,
    found: &'f mut Found<'d, 'w>,
    home: Home,
    /// Checks that hold, or fail, wherever the part that is looked at matters.
    facts: Vec<(usize, bool)>,
    /// Only the answer is of interest.
    is_quiet: bool,
}

/// Looks at all definitions.
pub(super) fn look(forest: &Forest, found: &mut Found<'_, '_>) {
    let macros = (0..found.definitions.macros.len()).map(Home::Macro);
    let rules = (0..found.definitions.rules.len()).map(Home::Rule);
    for home in macros.chain(rules) {
        let tree = forest.open(home);
        let mut walk = Walk { forest, found, home, facts: Vec::new(), is_quiet: false };
        if let Truth::Never(blame) = walk.part(&tree, &EventSet::all()) {
            walk.never(blame);
        }
    }
    for at in 0..found.definitions.rules.len() {
        exceptions(forest, found, at);
    }
}

/// Exceptions that their rule's condition excludes.
fn exceptions(forest: &Forest, found: &mut Found<'_, '_>, at: usize) {
    let count = found.definitions.rules.get(at).map_or(0, |rule| rule.exceptions.len());
    let Some((condition, exceptions)) = forest.parted(at, count).filter(|_| count > 0) else { return };
    let mut walk = Walk { forest, found, home: Home::Rule(at), facts: Vec::new(), is_quiet: true };
    walk.gather(&condition);
    let facts = walk.facts.len();
    let events = forest.events(&condition);
    for (number, exception) in exceptions.iter().enumerate() {
        let values = match exception {
            Tree::Or(values, _) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            walk.facts.truncate(facts);
            if let Truth::Never(Blame::Pair(first, second)) = walk.part(value, &events) {
                walk.unused_exception(at, number, first, second);
            }
        }
    }
}

impl Walk<'_, '_, '_> {
    /// Adds the checks that have to hold for a tree to hold.
    fn gather(&mut self, tree: &Tree) {
        match tree {
            Tree::And(members) => members.iter().for_each(|member| self.gather(member)),
            Tree::Leaf(at, holds) if self.facts.len() < MOST_FACTS => self.facts.push((*at, *holds)),
            Tree::Leaf(..) | Tree::Or(..) => {}
        }
    }

    fn part(&mut self, tree: &Tree, events: &EventSet) -> Truth {
        match tree {
            Tree::And(members) => self.all(members, events),
            Tree::Or(members, is_written) => self.any(members, *is_written, events),
            Tree::Leaf(..) => self.all(std::slice::from_ref(tree), events),
        }
    }

    fn all(&mut self, members: &[Tree], events: &EventSet) -> Truth {
        let before = self.facts.len();
        let (mut leaves, mut alternatives) = (Vec::new(), Vec::new());
        flatten(members, &mut leaves, &mut alternatives);
        let own = members.iter().map(|member| self.forest.events(member));
        let events = own.fold(events.clone(), |set, own| set.intersection(&own));
        let mut truth = Truth::Open;
        for (at, holds) in leaves {
            let of_leaf = self.leaf(at, holds);
            self.fields(at, &events);
            truth = first_never(truth, of_leaf);
        }
        for (members, is_written) in alternatives {
            let of_any = self.any(members, is_written, &events);
            truth = first_never(truth, of_any);
        }
        self.facts.truncate(before);
        truth
    }

    fn any(&mut self, members: &[Tree], is_written: bool, events: &EventSet) -> Truth {
        let before = self.facts.len();
        let mut dead = Vec::new();
        for member in members {
            if let Truth::Never(blame) = self.part(member, events) {
                dead.push(blame);
            }
            self.facts.truncate(before);
        }
        self.exhausted(members);
        match dead.first() {
            Some(blame) if dead.len() == members.len() => return Truth::Never(*blame),
            _ => {}
        }
        if is_written {
            dead.into_iter().for_each(|blame| self.dead(blame));
        }
        Truth::Open
    }

    fn leaf(&mut self, at: usize, holds: bool) -> Truth {
        let Some(leaf) = self.forest.leaves.get(at) else { return Truth::Open };
        if is_switch(leaf) {
            return Truth::Open;
        }
        if holds && has_no_value(leaf) {
            return Truth::Never(Blame::Empty(at));
        }
        if holds && asks_for_entry(leaf) {
            return Truth::Never(Blame::Entry(at));
        }
        let excludes = |(other, other_holds): &&(usize, bool)| {
            self.forest.leaves.get(*other).is_some_and(|other| {
                let is_same = other.node == leaf.node && *other_holds != holds && is_steady(leaf);
                is_same
                    || other
                        .check
                        .as_ref()
                        .zip(leaf.check.as_ref())
                        .is_some_and(|(other, own)| facts::exclude((other, *other_holds), (own, holds)))
            })
        };
        if let Some(other) = self.facts.iter().find(excludes) {
            return Truth::Never(Blame::Pair(*other, (at, holds)));
        }
        if self.facts.len() < MOST_FACTS {
            self.facts.push((at, holds));
        }
        Truth::Open
    }

    fn is_own(&self, at: usize) -> bool {
        self.forest.leaves.get(at).is_some_and(|leaf| leaf.home == self.home)
    }

    fn shown(&self, (at, holds): (usize, bool)) -> String {
        let text = self.forest.leaves.get(at).map(|leaf| leaf.expr.to_string()).unwrap_or_default();
        if holds { format!("'{text}'") } else { format!("'not {text}'") }
    }

    /// The whole definition never holds.
    fn never(&mut self, blame: Blame) {
        let what = match self.home {
            Home::Rule(_) => "the rule never matches",
            Home::Macro(_) => "the macro never holds",
        };
        let (code, at, why) = match blame {
            Blame::Pair(first, second) => {
                // What is wrong within a macro is said there.
                let home = |(at, _): (usize, bool)| self.forest.leaves.get(at).map(|leaf| leaf.home);
                if home(first) == home(second) && !self.is_own(second.0) {
                    return;
                }
                let at = if self.is_own(second.0) { second.0 } else { first.0 };
                let why = format!("{} and {} exclude each other", self.shown(first), self.shown(second));
                (Code::NeverMatches, at, why)
            }
            Blame::Empty(at) => {
                (Code::EmptyList, at, format!("the list of {} has no items", self.shown((at, true))))
            }
            Blame::Entry(at) => {
                (Code::NeverMatches, at, format!("no event is an entry, as {} asks", self.shown((at, true))))
            }
        };
        // A macro whose list has no items is a place for those of a site.
        if code == Code::EmptyList && matches!(self.home, Home::Macro(_)) {
            return;
        }
        match self.is_own(at) {
            true => self.found.at_leaf(self.forest, code, at, format!("{why}: {what}"), None),
            false => self.found.at_home(self.home, code, format!("{why}: {what}"), None),
        }
    }

    /// One side of an `or` never holds.
    fn dead(&mut self, blame: Blame) {
        let Blame::Pair(first, second) = blame else { return };
        if self.is_quiet || !second.1 || !self.is_own(first.0) || !self.is_own(second.0) {
            return;
        }
        let (check, other) = (self.shown(second), self.shown(first));
        let message = format!("{check} never holds here: {other} excludes it");
        self.found.at_leaf(self.forest, Code::DeadAlternative, second.0, message, None);
    }

    fn unused_exception(&mut self, rule: usize, number: usize, first: (usize, bool), second: (usize, bool)) {
        let rule = self.found.definitions.rules.get(rule);
        let Some((name, _)) = rule.and_then(|rule| rule.exceptions.get(number)) else { return };
        let (check, other) = (self.shown(second), self.shown(first));
        let message = format!("exception '{name}' never applies where {check}: {other} excludes it");
        self.found.at_leaf(self.forest, Code::UnusedException, second.0, message, None);
    }

    /// Two sides of an `or` of which one always holds.
    fn exhausted(&mut self, members: &[Tree]) {
        if self.is_quiet {
            return;
        }
        let leaves: Vec<(usize, bool)> = members
            .iter()
            .filter_map(|member| if let Tree::Leaf(at, holds) = member { Some((*at, *holds)) } else { None })
            .take(MOST_ALTERNATIVES)
            .collect();
        for (number, second) in leaves.iter().enumerate() {
            let Some(own) = self.forest.leaves.get(second.0).filter(|_| self.is_own(second.0)) else {
                continue;
            };
            let together =
                |first: &&(usize, bool)| {
                    self.forest.leaves.get(first.0).is_some_and(|other| {
                        let is_same = other.node == own.node && first.1 != second.1 && is_steady(own);
                        is_same
                            || other.check.as_ref().zip(own.check.as_ref()).is_some_and(|(other, check)| {
                                facts::exhaust((other, first.1), (check, second.1))
                            })
                    })
                };
            let first = leaves.get(..number).unwrap_or_default().iter().find(together);
            if let Some(first) = first.filter(|first| self.is_own(first.0)) {
                let (first, second_text) = (self.shown(*first), self.shown(*second));
                let message = format!("one of {first} and {second_text} holds whatever the value is");
                self.found.at_leaf(self.forest, Code::AlwaysHolds, second.0, message, None);
                return;
            }
        }
    }

    /// Fields that have no value on the events for which the check is asked.
    fn fields(&mut self, at: usize, events: &EventSet) {
        let Some(leaf) = self.forest.leaves.get(at).filter(|leaf| leaf.home == self.home && !self.is_quiet)
        else {
            return;
        };
        let Some(check) = leaf.check.as_ref().filter(|check| check.test != Test::Exists) else { return };
        let mut fields = Vec::new();
        fields_of(&check.left, &mut fields);
        for field in fields {
            let name = field.field.info().name;
            if let Some(reason) = domain::is_never_set(field.field) {
                let message = format!("{name} has no value on any event: {reason}");
                self.found.at_leaf(self.forest, Code::FieldNeverSet, at, message, None);
            } else if let Some(names) = unset_on(field, events) {
                let (shown, verb) = (self.shown((at, true)), "never holds");
                let message = format!("{} has no value on {names}: {shown} {verb}", written(field));
                self.found.at_leaf(self.forest, Code::FieldNotSet, at, message, None);
            }
        }
    }
}

/// The names of these events, if the field has a value on none of them.
pub(super) fn unset_on(field: &FieldRef, events: &EventSet) -> Option<String> {
    let current = EVENTS.iter().filter(|info| events.contains(info.code) && domain::is_current(info));
    let mut names: Vec<&str> = Vec::new();
    for info in current {
        if domain::is_set_on(field, info) {
            return None;
        }
        names.push(info.name);
    }
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN_EVENTS);
    names.truncate(SHOWN_EVENTS);
    let more = if more > 0 { format!(" and {more} more event types") } else { String::new() };
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

/// A field as conditions write it.
pub(super) fn written(field: &FieldRef) -> String {
    use tercel_rules::fields::Arg;
    let name = field.field.info().name;
    match (&field.arg, field.field) {
        (Arg::None, _) => name.to_owned(),
        (Arg::Key(key), Field::EvtArg | Field::EvtRawarg | Field::EvtAbspath | Field::EvtTypeIs) => {
            format!("{name}.{key}")
        }
        (Arg::Key(key), _) => format!("{name}[{key}]"),
        (Arg::Index(index), _) => format!("{name}[{index}]"),
    }
}

/// The fields that a value is made of.
pub(super) fn fields_of<'o>(operand: &'o Operand, fields: &mut Vec<&'o FieldRef>) {
    match &operand.source {
        Source::Field(field) => fields.push(field),
        Source::Text(_) => {}
        Source::List(operands) | Source::Transform(_, operands) => {
            operands.iter().for_each(|operand| fields_of(operand, fields));
        }
    }
}

fn first_never(first: Truth, second: Truth) -> Truth {
    if first == Truth::Open { second } else { first }
}

/// Checks and alternatives of an `and` with those of the `and`s inside it.
fn flatten<'t>(
    members: &'t [Tree],
    leaves: &mut Vec<(usize, bool)>,
    alternatives: &mut Vec<(&'t [Tree], bool)>,
) {
    for member in members {
        match member {
            Tree::And(members) => flatten(members, leaves, alternatives),
            Tree::Or(members, is_written) => alternatives.push((members, *is_written)),
            Tree::Leaf(at, holds) => leaves.push((*at, *holds)),
        }
    }
}

/// Rule files write `evt.num = 0` to turn something off, and `evt.num >= 0` to turn it on.
fn is_switch(leaf: &Leaf) -> bool {
    let is_number = leaf.field().is_some_and(|field| field.field == Field::EvtNum);
    is_number && leaf.check.as_ref().is_some_and(|check| check.test.of_event_number().is_some())
}

/// Whether asking twice on one event gives the same answer.
fn is_steady(leaf: &Leaf) -> bool {
    let mut fields = Vec::new();
    if let Some(check) = &leaf.check {
        fields_of(&check.left, &mut fields);
    }
    fields.iter().all(|field| domain::is_steady(field))
}

fn has_no_value(leaf: &Leaf) -> bool {
    leaf.check.as_ref().is_some_and(|check| match &check.test {
        Test::In(values) | Test::Intersects(values) => values.is_empty(),
        Test::Pmatch(paths) => paths.is_empty(),
        _ => false,
    })
}

fn asks_for_entry(leaf: &Leaf) -> bool {
    let is_direction = leaf.field().is_some_and(|field| field.field == Field::EvtDir);
    is_direction
        && leaf.check.as_ref().is_some_and(|check| match &check.test {
            Test::Compare(Op::Eq, Literal::Bytes(text)) => **text == *b">",
            _ => false,
        })
}
