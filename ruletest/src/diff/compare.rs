//! Two programs over the events of a capture: what each says of an event enters, what differs leaves as counts and first examples
//! per rule. Nothing is kept of alerts that are the same.

use std::collections::HashMap;
use std::sync::Arc;

use tercel_format::trace::Zone;
use tercel_replay::{Alert, Context, Formatter, Matcher, Matching, Memory, Origin, Settings, Style};
use tercel_rules::load::Resolved;
use tercel_rules::program::{Program, Rule};

use crate::explain::Explainer;
use crate::pass::Look;

/// Bytes of an example's line that are kept.
const LINE: usize = 8 << 10;

/// How an alert of one side differs from those of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Only the new rules raise it.
    Appears,
    /// Only the old rules raise it.
    Vanishes,
    /// Both raise it, with different priorities.
    Priority,
    /// Both raise it, with the same priority and different texts.
    Text,
}

impl Kind {
    /// All of them, in the order of reports.
    pub const ALL: [Kind; 4] = [Kind::Appears, Kind::Vanishes, Kind::Priority, Kind::Text];
}

/// An alert that differs.
#[derive(Debug, Clone)]
pub struct Example {
    /// The capture, as its position.
    pub capture: usize,
    /// Number of the event.
    pub number: u64,
    /// The line that the old rules give.
    pub before: Option<String>,
    /// The line that the new rules give.
    pub after: Option<String>,
    /// The rule that raises an alert at this event on the side that has none of this rule.
    pub instead: Option<String>,
    /// Why only one side raises it, of the first alert of a kind: what the event misses by the rules that do not, or, where they have no
    /// such rule, what made it match by the others.
    pub why: Option<String>,
}

/// Alerts of one kind.
#[derive(Debug, Clone, Default)]
pub struct Differing {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// What differs in the alerts of a rule.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// By [`Kind`].
    pub kinds: [Differing; 4],
    /// Alerts that are the same.
    pub same: u64,
}

impl Counts {
    /// Alerts of a kind.
    pub fn of(&self, kind: Kind) -> &Differing {
        &self.kinds[kind as usize]
    }

    /// Whether anything differs.
    pub fn differ(&self) -> bool {
        self.kinds.iter().any(|differing| differing.count > 0)
    }

    /// Adds what was found in a later capture.
    pub(super) fn add(&mut self, later: Counts, most: usize) {
        self.same += later.same;
        for (kind, later) in self.kinds.iter_mut().zip(later.kinds) {
            kind.count += later.count;
            for mut example in later.examples.into_iter().take(most.saturating_sub(kind.examples.len())) {
                example.why.take_if(|_| !kind.examples.is_empty());
                kind.examples.push(example);
            }
        }
    }
}

/// Two programs, and which rule of one is which of the other.
#[derive(Debug)]
pub(crate) struct Pair<'p> {
    programs: [&'p Program; 2],
    matchers: [Matcher; 2],
    /// Per rule of the old program its position among all rules.
    pub(super) names: Vec<&'p str>,
    /// Per side and rule of its program, the position of its name in `names`.
    numbers: [Vec<usize>; 2],
    /// Per name, whether the alerts of both sides are the same wherever both are raised.
    alike: Vec<bool>,
    /// Per side and name the condition, for explanations.
    conditions: [Vec<Option<Resolved>>; 2],
    settings: Settings,
    /// How many examples are kept.
    pub(super) most: usize,
}

impl<'p> Pair<'p> {
    pub(crate) fn new(
        programs: [&'p Program; 2],
        matching: Matching,
        settings: Settings,
        most: usize,
    ) -> Pair<'p> {
        let mut names: Vec<&str> = Vec::new();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        let mut number = |rule: &'p Rule| {
            *by_name.entry(&rule.name).or_insert_with(|| {
                names.push(&rule.name);
                names.len() - 1
            })
        };
        let numbers = programs.map(|program| program.rules.iter().map(&mut number).collect::<Vec<usize>>());
        let rule = |side: usize, name: usize| {
            let at = numbers[side].iter().position(|number| *number == name)?;
            programs[side].rules.get(at)
        };
        let alike = (0..names.len()).map(|name| match (rule(0, name), rule(1, name)) {
            (Some(old), Some(new)) => old.priority == new.priority && old.output == new.output,
            _ => false,
        });
        let alike = alike.collect();
        let conditions = [(); 2].map(|()| vec![None; names.len()]);
        let matchers = programs.map(|program| Matcher::new(program, matching));
        Pair { programs, matchers, names, numbers, alike, conditions, settings, most }
    }

    /// Has differences explained by the conditions of both sides.
    pub(super) fn explain(&mut self, conditions: [Vec<Resolved>; 2]) {
        for (seats, conditions) in self.conditions.iter_mut().zip(conditions) {
            for condition in conditions {
                if let Some(name) = self.names.iter().position(|name| *name == condition.rule) {
                    seats[name] = Some(condition);
                }
            }
        }
    }

    pub(super) fn look(&self, capture: usize, zone: Option<&Arc<Zone>>) -> Comparing<'_, 'p> {
        let style = Style { iso8601: true, settings: self.settings, ..Style::default() };
        let origin = Origin { zone: zone.cloned(), ..Origin::default() };
        let sides = [0, 1].map(|side| {
            let mut memory = self.matchers[side].memory(self.settings);
            memory.set_zone(zone);
            let mut formatter = Formatter::new(self.programs[side], style);
            formatter.set_origin(&origin);
            Side { memory, formatter, raised: Vec::new() }
        });
        Comparing {
            pair: self,
            capture,
            zone: zone.cloned(),
            sides,
            explainers: HashMap::new(),
            counts: vec![Counts::default(); self.names.len()],
        }
    }
}

/// What one side brings along.
struct Side {
    memory: Memory,
    formatter: Formatter,
    raised: Vec<Raised>,
}

/// An alert of the current event.
#[derive(Debug, Clone, Copy)]
struct Raised {
    /// Position of the rule in its program.
    rule: usize,
    /// Position of its name.
    name: usize,
    by_kernel: bool,
}

/// Compares the alerts of a capture.
pub(super) struct Comparing<'c, 'p> {
    pair: &'c Pair<'p>,
    capture: usize,
    zone: Option<Arc<Zone>>,
    sides: [Side; 2],
    /// By side and name, made when they are first needed; `None` if a term cannot be asked by itself.
    explainers: HashMap<(usize, usize), Option<Explainer>>,
    /// By names.
    pub(super) counts: Vec<Counts>,
}

impl Comparing<'_, '_> {
    fn line(&mut self, side: usize, raised: Raised, cx: &Context<'_>) -> String {
        let Some(rule) = self.pair.programs[side].rules.get(raised.rule) else { return String::new() };
        let alert = Alert { rule, index: raised.rule, context: *cx, by_kernel: raised.by_kernel };
        let mut line = Vec::new();
        self.sides[side].formatter.push_line(&alert, &mut line);
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Compares what both sides say of an event.
    fn settle(&mut self, old: &[Raised], new: &[Raised], cx: &Context<'_>) {
        let twin =
            |one: &Raised, others: &[Raised]| others.iter().find(|other| other.name == one.name).copied();
        for one in old {
            match twin(one, new) {
                Some(other) => self.both(*one, other, cx),
                None => self.one(0, *one, new.iter().find(|other| twin(other, old).is_none()), cx),
            }
        }
        for one in new.iter().filter(|one| twin(one, old).is_none()) {
            self.one(1, *one, old.iter().find(|other| twin(other, new).is_none()), cx);
        }
    }

    /// Both sides raise an alert of the rule.
    fn both(&mut self, old: Raised, new: Raised, cx: &Context<'_>) {
        if self.pair.alike[old.name] && old.by_kernel == new.by_kernel {
            self.counts[old.name].same += 1;
            return;
        }
        let lines = (self.line(0, old, cx), self.line(1, new, cx));
        let priority = |side: usize, raised: Raised| {
            self.pair.programs[side].rules.get(raised.rule).map(|rule| rule.priority)
        };
        if lines.0 == lines.1 {
            self.counts[old.name].same += 1;
            return;
        }
        let kind = if priority(0, old) == priority(1, new) { Kind::Text } else { Kind::Priority };
        let example = Example { before: Some(lines.0), after: Some(lines.1), ..self.example(cx) };
        self.note(old.name, kind, example);
    }

    /// Only one side raises an alert of the rule; the other may raise one of another rule that this one does not.
    fn one(&mut self, side: usize, raised: Raised, instead: Option<&Raised>, cx: &Context<'_>) {
        let kind = if side == 0 { Kind::Vanishes } else { Kind::Appears };
        let differing = &mut self.counts[raised.name].kinds[kind as usize];
        if differing.examples.len() >= self.pair.most {
            differing.count += 1;
            return;
        }
        let is_first = differing.examples.is_empty();
        let line = Some(self.line(side, raised, cx));
        let (before, after) = if side == 0 { (line, None) } else { (None, line) };
        let instead = instead.and_then(|other| self.pair.names.get(other.name));
        let instead = instead.map(|name| (*name).to_owned());
        let why = if is_first { self.why(side, raised.name, cx) } else { None };
        self.note(raised.name, kind, Example { before, after, instead, why, ..self.example(cx) });
    }

    /// Why only this side raises an alert of the rule. If the condition of the other side holds, too, another rule came first there, or the
    /// rule does not run.
    fn why(&mut self, side: usize, name: usize, cx: &Context<'_>) -> Option<String> {
        let other = 1 - side;
        let asked = if self.pair.conditions[other][name].is_some() { other } else { side };
        let explainer = self.explainers.entry((asked, name)).or_insert_with(|| {
            let condition = self.pair.conditions[asked][name].as_ref()?;
            let mut explainer = Explainer::new(condition, self.pair.settings).ok()?;
            explainer.set_zone(self.zone.as_ref());
            Some(explainer)
        });
        let explanation = explainer.as_mut()?.at(cx);
        let rules = ["the old rules", "the new rules"][asked];
        match (explanation.holds(), asked == side) {
            (false, false) => Some(format!("by {rules} the event {}", explanation.short())),
            (true, true) => Some(format!("{rules} match by {}", explanation.short())),
            _ => None,
        }
    }

    fn example(&self, cx: &Context<'_>) -> Example {
        let (capture, number) = (self.capture, cx.event.num);
        Example { capture, number, before: None, after: None, instead: None, why: None }
    }

    fn note(&mut self, name: usize, kind: Kind, example: Example) {
        let differing = &mut self.counts[name].kinds[kind as usize];
        differing.count += 1;
        if differing.examples.len() < self.pair.most {
            let Example { before, after, why, .. } = example;
            let [before, after, why] = [before, after, why].map(|text| text.map(shortened));
            differing.examples.push(Example { before, after, why, ..example });
        }
    }
}

impl Look for Comparing<'_, '_> {
    fn event(&mut self, cx: &Context<'_>) {
        let code = cx.event.code();
        if !self.pair.matchers.iter().any(|matcher| matcher.watches(code)) {
            return;
        }
        for (side, seat) in self.sides.iter_mut().enumerate() {
            let (found, by_kernel) = self.pair.matchers[side].found(cx, &mut seat.memory);
            let raised = found.iter().map(|rule| Raised {
                rule: *rule as usize,
                name: self.pair.numbers[side][*rule as usize],
                by_kernel: by_kernel.contains(rule),
            });
            seat.raised.clear();
            seat.raised.extend(raised);
        }
        let [old, new] = [0, 1].map(|side| std::mem::take(&mut self.sides[side].raised));
        self.settle(&old, &new, cx);
        (self.sides[0].raised, self.sides[1].raised) = (old, new);
    }

    fn forget(&mut self) {
        self.sides.iter_mut().for_each(|side| side.memory.forget());
        self.explainers.values_mut().flatten().for_each(Explainer::forget);
    }
}

/// At most so much of a line.
fn shortened(mut line: String) -> String {
    if line.len() > LINE {
        line.truncate(line.floor_char_boundary(LINE));
        line.push('…');
    }
    line
}
