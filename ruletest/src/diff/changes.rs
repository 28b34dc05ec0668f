//! Differences of what two sets of rule files define, by content: the definitions of both enter, changes leave, with the rules that
//! each can have an effect on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tercel_rules::load::{
    Contents, ExceptionContent, ListContent, MacroContent, Place, RuleContent, RuleState, Stated,
};
use tercel_rules::program::Capture;

/// What is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A rule.
    Rule,
    /// An exception of a rule.
    Exception,
    /// A macro.
    Macro,
    /// A list.
    List,
}

impl Thing {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Thing::Rule => "rule",
            Thing::Exception => "exception",
            Thing::Macro => "macro",
            Thing::List => "list",
        }
    }
}

/// Something that only one side defines, or that both define in different ways.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it is.
    pub thing: Thing,
    /// Its name.
    pub name: String,
    /// The rule of an exception.
    pub rule: Option<String>,
    /// Where the old rules define it.
    pub before: Option<Place>,
    /// Where the new rules define it.
    pub after: Option<Place>,
    /// What the old rules say and the new ones do not, and the other way round, by keys of the rule language.
    pub parts: Vec<PartChange>,
    /// Rules that run and that it can have an effect on, in load order.
    pub used_by: Vec<String>,
}

/// A part of a definition that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartChange {
    /// The key: `condition`, `items`, `output`, …
    pub key: &'static str,
    /// What is gone.
    pub gone: Vec<String>,
    /// What is new.
    pub new: Vec<String>,
}

impl Change {
    /// What happened to it: `added`, `removed` or `changed`.
    pub fn what(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            (Some(_), Some(_)) => "changed",
        }
    }

    /// What it is, with its name in quotes.
    pub fn title(&self) -> String {
        match &self.rule {
            Some(rule) => format!("{} '{}' of rule '{rule}'", self.thing.name(), self.name),
            None => format!("{} '{}'", self.thing.name(), self.name),
        }
    }

    /// Whether several rules may use it.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.thing, Thing::Macro | Thing::List)
    }

    /// Where it is defined: in the new rules, or in the old ones if it is gone.
    pub fn place(&self) -> Option<&Place> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// All changes: rules with their exceptions, then macros, then lists, each in the order of the old rules and then of the new ones.
pub(super) fn changes(old: &Contents, new: &Contents) -> Vec<Change> {
    let mut found = Vec::new();
    for (name, old, new) in paired(&old.rules, &new.rules, |rule| rule.info.name.as_str()) {
        of_rule(name, old, new, &mut found);
    }
    let effects = [Effects::of(old), Effects::of(new)];
    for (name, old, new) in paired(&old.macros, &new.macros, |macro_| macro_.name.as_str()) {
        let parts = match (old, new) {
            (Some(old), Some(new)) => {
                let parts: Vec<PartChange> = condition(&old.condition, &new.condition).into_iter().collect();
                if parts.is_empty() {
                    continue;
                }
                parts
            }
            _ => Vec::new(),
        };
        let place = |one: Option<&MacroContent>| one.map(|one| one.place.clone());
        found.push(shared(Thing::Macro, name, place(old), place(new), parts, &effects));
    }
    for (name, old, new) in paired(&old.lists, &new.lists, |list| list.name.as_str()) {
        let parts = match (old, new) {
            (Some(old), Some(new)) => {
                let parts: Vec<PartChange> = multiset("items", &old.items, &new.items).into_iter().collect();
                if parts.is_empty() {
                    continue;
                }
                parts
            }
            _ => Vec::new(),
        };
        let place = |one: Option<&ListContent>| one.map(|one| one.place.clone());
        found.push(shared(Thing::List, name, place(old), place(new), parts, &effects));
    }
    found
}

/// Definitions of both sides by name, in the order of the old ones and then of the new ones.
fn paired<'d, T>(
    old: &'d [T],
    new: &'d [T],
    name: impl Fn(&'d T) -> &'d str,
) -> Vec<(&'d str, Option<&'d T>, Option<&'d T>)> {
    let by_name: HashMap<&str, &T> = new.iter().map(|one| (name(one), one)).collect();
    let known: BTreeSet<&str> = old.iter().map(&name).collect();
    let first = old.iter().map(|one| (name(one), Some(one), by_name.get(name(one)).copied()));
    let more = new.iter().filter(|one| !known.contains(name(one))).map(|one| (name(one), None, Some(one)));
    first.chain(more).collect()
}

fn of_rule(name: &str, old: Option<&RuleContent>, new: Option<&RuleContent>, found: &mut Vec<Change>) {
    let place = |one: Option<&RuleContent>| one.map(|one| one.info.place.clone());
    let used_by = vec![name.to_owned()];
    let rule = |parts| Change {
        thing: Thing::Rule,
        name: name.to_owned(),
        rule: None,
        before: place(old),
        after: place(new),
        parts,
        used_by: used_by.clone(),
    };
    let (Some(old), Some(new)) = (old, new) else {
        found.push(rule(Vec::new()));
        return;
    };
    let parts = rule_parts(old, new);
    if !parts.is_empty() {
        found.push(rule(parts));
    }
    for (exception, old, new) in paired(&old.exceptions, &new.exceptions, |one| one.name.as_str()) {
        let parts = match (old, new) {
            (Some(old), Some(new)) => {
                let parts: Vec<PartChange> = exception_parts(old, new);
                if parts.is_empty() {
                    continue;
                }
                parts
            }
            _ => Vec::new(),
        };
        let place = |one: Option<&ExceptionContent>| one.map(|one| one.place.clone());
        found.push(Change {
            thing: Thing::Exception,
            name: exception.to_owned(),
            rule: Some(name.to_owned()),
            before: place(old),
            after: place(new),
            parts,
            used_by: used_by.clone(),
        });
    }
}

fn rule_parts(old: &RuleContent, new: &RuleContent) -> Vec<PartChange> {
    let mut parts: Vec<PartChange> = condition(&old.condition, &new.condition).into_iter().collect();
    let mut value = |key: &'static str, old: String, new: String| {
        if old != new {
            parts.push(PartChange { key, gone: vec![old], new: vec![new] });
        }
    };
    let (before, after) = (&old.info, &new.info);
    value("output", before.output.trim().to_owned(), after.output.trim().to_owned());
    value("priority", before.priority.name().to_owned(), after.priority.name().to_owned());
    value("source", before.source.clone(), after.source.clone());
    value("state", state(before.state).to_owned(), state(after.state).to_owned());
    value("desc", words(&before.desc), words(&after.desc));
    value("capture", cut(before.capture), cut(after.capture));
    let tags = |tags: &BTreeSet<String>| tags.iter().cloned().collect::<Vec<_>>();
    parts.extend(multiset("tags", &tags(&before.tags), &tags(&after.tags)));
    parts
}

/// A text in which blanks and line breaks are all the same.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn state(state: RuleState) -> &'static str {
    match state {
        RuleState::Enabled => "enabled",
        RuleState::Disabled => "disabled",
        RuleState::BelowPriority => "below the minimum priority",
        RuleState::Skipped => "skipped",
    }
}

/// What a rule asks of a flight recorder.
fn cut(capture: Capture) -> String {
    let time =
        |name: &str, time: Option<u32>| time.map_or(String::new(), |time| format!(", {time} ms {name}"));
    let starts = if capture.starts { "yes" } else { "no" };
    format!("{starts}{}{}", time("before", capture.before), time("after", capture.duration))
}

fn exception_parts(old: &ExceptionContent, new: &ExceptionContent) -> Vec<PartChange> {
    if old.fields != new.fields {
        let part =
            |key, gone: &[String], new: &[String]| PartChange { key, gone: gone.to_vec(), new: new.to_vec() };
        return vec![part("fields", &old.fields, &new.fields), part("values", &old.values, &new.values)];
    }
    multiset("values", &old.values, &new.values).into_iter().collect()
}

/// What differs between two conditions: members of their outermost `and` or `or`, or the whole if it is another one.
fn condition(old: &Stated, new: &Stated) -> Option<PartChange> {
    if old.text == new.text {
        return None;
    }
    let parts = multiset("condition", &old.members, &new.members);
    let kept = parts.as_ref().map_or(old.members.len(), |parts| old.members.len() - parts.gone.len());
    let is_same_kind = old.members.len() > 1 && new.members.len() > 1 && kept > 0;
    match parts.filter(|_| is_same_kind) {
        Some(parts) => Some(parts),
        // The same terms in another order or form, or nothing in common.
        None => {
            Some(PartChange { key: "condition", gone: vec![old.text.clone()], new: vec![new.text.clone()] })
        }
    }
}

/// What one side has more often than the other, in the order in which it stands there.
fn multiset(key: &'static str, old: &[String], new: &[String]) -> Option<PartChange> {
    let more = |these: &[String], those: &[String]| {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        those.iter().for_each(|text| *count.entry(text).or_default() += 1);
        let left = these.iter().filter(|text| match count.get_mut(text.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        left.cloned().collect::<Vec<_>>()
    };
    let part = PartChange { key, gone: more(old, new), new: more(new, old) };
    (!part.gone.is_empty() || !part.new.is_empty()).then_some(part)
}

fn shared(
    thing: Thing,
    name: &str,
    before: Option<Place>,
    after: Option<Place>,
    parts: Vec<PartChange>,
    effects: &[Effects<'_>; 2],
) -> Change {
    let [old, new] = effects.each_ref().map(|effects| effects.rules_with(name));
    let gone = old.into_iter().filter(|rule| !new.contains(rule)).map(str::to_owned).collect::<Vec<_>>();
    let used_by = new.iter().map(|rule| (*rule).to_owned()).chain(gone).collect();
    Change { thing, name: name.to_owned(), rule: None, before, after, parts, used_by }
}

/// Which rules that run name what, directly or through macros and lists.
struct Effects<'d> {
    rules: Vec<(&'d str, BTreeSet<&'d str>)>,
}

impl<'d> Effects<'d> {
    fn of(definitions: &'d Contents) -> Effects<'d> {
        let lists: HashMap<&str, &[String]> =
            definitions.lists.iter().map(|list| (list.name.as_str(), list.items.as_slice())).collect();
        let macros: HashMap<&str, &[String]> = definitions
            .macros
            .iter()
            .map(|macro_| (macro_.name.as_str(), macro_.condition.uses.as_slice()))
            .collect();
        let running = definitions.rules.iter().filter(|rule| rule.info.state == RuleState::Enabled);
        let rules = running.map(|rule| {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            let mut open: Vec<&str> = rule.uses.iter().map(String::as_str).collect();
            while let Some(name) = open.pop() {
                let inner = [lists.get(name), macros.get(name)];
                if inner.iter().any(Option::is_some) && seen.insert(name) {
                    open.extend(
                        inner.into_iter().flatten().flat_map(|names| names.iter()).map(String::as_str),
                    );
                }
            }
            (rule.info.name.as_str(), seen)
        });
        Effects { rules: rules.collect() }
    }

    fn rules_with(&self, name: &str) -> Vec<&'d str> {
        self.rules.iter().filter(|(_, names)| names.contains(name)).map(|(rule, _)| *rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_rules::load::{Loader, Options};

    fn contents(text: &str) -> Contents {
        let mut loader = Loader::new(Options::default());
        let report = loader.file("f.yaml", text);
        assert!(report.successful(), "{report}");
        loader.contents()
    }

    const RULES: &str = "\
- list: shells
  items: [sh, bash]
- list: more
  items: [shells, zsh]
- macro: shell
  condition: proc.name in (more) and evt.type = execve
- rule: r
  desc: d
  condition: shell and fd.num = 1
  output: o %proc.name
  priority: NOTICE
  tags: [a, b]
  exceptions:
  - name: e
    fields: [proc.name, fd.name]
    comps: [=, startswith]
    values: [[sh, /x], [bash, /y]]
- rule: other
  desc: d
  condition: evt.type = open
  output: o
  priority: NOTICE
";

    /// Changes after replacing a text of the rules, one a line.
    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        assert!(RULES.contains(from), "{from}");
        let found = changes(&contents(RULES), &contents(&RULES.replacen(from, to, 1)));
        let lines = found.iter().flat_map(|change| {
            let head = format!("{} {} {}", change.title(), change.what(), change.used_by.join(","));
            let parts = change.parts.iter().flat_map(|part| {
                let gone = part.gone.iter().map(|text| format!("{} - {text}", part.key));
                let new = part.new.iter().map(|text| format!("{} + {text}", part.key));
                gone.chain(new).collect::<Vec<_>>()
            });
            [head].into_iter().chain(parts).collect::<Vec<_>>()
        });
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{from} -> {to}");
    }

    #[test]
    fn changes_are_those_of_the_content() {
        check(
            "proc.name in (more) and evt.type = execve",
            "(proc.name in (more)) and\n    evt.type=execve",
            &[],
        );
        check("items: [sh, bash]", "items:\n  - bash\n  - sh", &[]);
        check("tags: [a, b]", "tags: [b, a]", &[]);
        check(
            "items: [sh, bash]",
            "items: [sh, dash]",
            &["list 'shells' changed r", "items - bash", "items + dash"],
        );
        check(
            "evt.type = execve",
            "evt.type in (execve)",
            &["macro 'shell' changed r", "condition - evt.type = execve", "condition + evt.type in (execve)"],
        );
        check(
            "shell and fd.num = 1",
            "fd.num = 1 and shell",
            &["rule 'r' changed r", "condition - shell and fd.num = 1", "condition + fd.num = 1 and shell"],
        );
        check(
            "priority: NOTICE\n  tags",
            "priority: ERROR\n  tags",
            &["rule 'r' changed r", "priority - Notice", "priority + Error"],
        );
        check(
            "[bash, /y]",
            "[bash, /z]",
            &["exception 'e' of rule 'r' changed r", "values - [bash, /y]", "values + [bash, /z]"],
        );
        check(
            "- rule: other",
            "- rule: another",
            &["rule 'other' removed other", "rule 'another' added another"],
        );
        check(
            "- name: e",
            "- name: f",
            &["exception 'e' of rule 'r' removed r", "exception 'f' of rule 'r' added r"],
        );
        check(
            "condition: evt.type = open",
            "condition: evt.type = open\n  enabled: false",
            &["rule 'other' changed other", "state - enabled", "state + disabled"],
        );
    }
}
