//! What the files define once all of them are read, for those who compare rules: lists, macros and rules with everything that
//! was appended and replaced. Conditions are written in one way, whatever their layout in the file; names of macros and lists
//! stay names in them.

use std::collections::BTreeSet;
use std::mem;

use super::collector::Collector;
use super::compiler::MAX_DEPTH;
use super::context::{Context, Place};
use super::info::{Entry, ExceptionInfo};
use super::{Loader, RuleInfo};
use crate::ast::{Expr, ExprKind, Right};
use crate::lang;

/// Everything that the files define, each kind in the order of its first definitions.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Lists.
    pub lists: Vec<ListContent>,
    /// Macros.
    pub macros: Vec<MacroContent>,
    /// Rules, those that do not run included.
    pub rules: Vec<RuleContent>,
}

/// A list.
#[derive(Debug, Clone)]
pub struct ListContent {
    /// Name.
    pub name: String,
    /// Items as written; one may name another list.
    pub items: Vec<String>,
    /// Where it was defined last.
    pub place: Place,
}

/// A macro.
#[derive(Debug, Clone)]
pub struct MacroContent {
    /// Name.
    pub name: String,
    /// What it stands for.
    pub condition: Stated,
    /// Where it was defined last.
    pub place: Place,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct RuleContent {
    /// What it says beside its condition and its exceptions.
    pub info: RuleInfo,
    /// Its condition, without exceptions.
    pub condition: Stated,
    /// Its exceptions.
    pub exceptions: Vec<ExceptionContent>,
    /// Macros and lists that its condition and its exceptions name, in the order of their names.
    pub uses: Vec<String>,
}

/// An exception of a rule.
#[derive(Debug, Clone)]
pub struct ExceptionContent {
    /// Name.
    pub name: String,
    /// Its fields with their operators: `proc.name in`, `fd.name startswith`.
    pub fields: Vec<String>,
    /// Its values, each a value or a tuple of the fields' values.
    pub values: Vec<String>,
    /// Where it was defined last.
    pub place: Place,
}

/// A condition, written in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The whole.
    pub text: String,
    /// The members of its outermost `and` or `or`; itself if there is neither.
    pub members: Vec<String>,
    /// Macros and lists that it names, in the order of their names.
    pub uses: Vec<String>,
}

impl Loader {
    /// What the files read so far define.
    ///
    /// ```
    /// use tercel_rules::{Loader, Options};
    ///
    /// let mut loader = Loader::new(Options::default());
    /// loader.file("m.yaml", "- macro: shell\n  condition: (proc.name = sh)  and\n    fd.num=1\n");
    /// let macros = loader.contents().macros;
    /// assert_eq!(macros[0].condition.text, "proc.name = sh and fd.num = 1");
    /// ```
    pub fn contents(&self) -> Contents {
        let collector = &self.collector;
        let place = |ctx: &Context| self.place(ctx, None);
        let lists = collector.lists.iter().map(|entry| ListContent {
            name: entry.info.name.clone(),
            items: entry.info.items.clone(),
            place: place(&entry.info.ctx),
        });
        let macros = collector.macros.iter().map(|entry| MacroContent {
            name: entry.info.name.clone(),
            condition: Stated::of(&entry.info.cond.text, collector),
            place: place(&entry.info.ctx),
        });
        let rules = collector.rules.iter().zip(self.rule_infos()).map(|(entry, info)| {
            let condition = Stated::of(&entry.info.cond.text, collector);
            let mut uses: BTreeSet<String> = condition.uses.iter().cloned().collect();
            let exceptions = entry.info.exceptions.iter().map(|exception| {
                uses.extend(lists_of(exception, collector));
                ExceptionContent::of(exception, place(&exception.ctx))
            });
            let exceptions = exceptions.collect();
            RuleContent { info, condition, exceptions, uses: uses.into_iter().collect() }
        });
        Contents { lists: lists.collect(), macros: macros.collect(), rules: rules.collect() }
    }
}

impl Stated {
    fn of(text: &str, collector: &Collector) -> Stated {
        let Ok(tree) = lang::parse(text, MAX_DEPTH) else {
            // A list may stand where only its text makes sense.
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            return Stated { members: vec![text.clone()], text, uses: Vec::new() };
        };
        let tree = flat(tree);
        let mut uses = BTreeSet::new();
        names(&tree, collector, &mut uses);
        let members = match &tree.kind {
            ExprKind::And(members) | ExprKind::Or(members) => {
                members.iter().map(|member| format!("{member:#}")).collect()
            }
            _ => vec![format!("{tree:#}")],
        };
        Stated { text: format!("{tree:#}"), members, uses: uses.into_iter().collect() }
    }
}

/// A tree in which no `and` stands directly in an `and`, and no `or` in an `or`: brackets around them say nothing.
fn flat(mut tree: Expr) -> Expr {
    let is_and = matches!(tree.kind, ExprKind::And(_));
    match &mut tree.kind {
        ExprKind::And(members) | ExprKind::Or(members) => {
            for member in mem::take(members) {
                let member = flat(member);
                match (member.kind, is_and) {
                    (ExprKind::And(inner), true) | (ExprKind::Or(inner), false) => members.extend(inner),
                    (kind, _) => members.push(Expr { kind, pos: member.pos }),
                }
            }
        }
        ExprKind::Not(inner) => {
            let whole = mem::replace(&mut inner.kind, ExprKind::Or(Vec::new()));
            **inner = flat(Expr { kind: whole, pos: inner.pos });
        }
        ExprKind::Macro(_) | ExprKind::Shared(_) | ExprKind::Exists(_) | ExprKind::Binary { .. } => {}
    }
    tree
}

/// Adds the macros and lists that a condition names.
fn names(tree: &Expr, collector: &Collector, found: &mut BTreeSet<String>) {
    match &tree.kind {
        ExprKind::And(members) | ExprKind::Or(members) => {
            members.iter().for_each(|member| names(member, collector, found));
        }
        ExprKind::Not(inner) => names(inner, collector, found),
        ExprKind::Macro(name) => drop(found.insert(name.clone())),
        ExprKind::Binary { right: Right::List(values, _), .. } => {
            let values = values.iter().filter_map(|value| std::str::from_utf8(value).ok());
            found.extend(values.filter(|value| collector.lists.get(value).is_some()).map(str::to_owned));
        }
        ExprKind::Shared(shared) => names(shared, collector, found),
        ExprKind::Binary { .. } | ExprKind::Exists(_) => {}
    }
}

/// The lists that the values of an exception name.
fn lists_of(exception: &ExceptionInfo, collector: &Collector) -> BTreeSet<String> {
    fn visit(entry: &Entry, collector: &Collector, found: &mut BTreeSet<String>) {
        match entry {
            Entry::List(items) => items.iter().for_each(|item| visit(item, collector, found)),
            Entry::Item(text) => {
                let words = text.trim_matches(['(', ')']).split(',').map(str::trim);
                found.extend(words.filter(|word| collector.lists.get(word).is_some()).map(str::to_owned));
            }
        }
    }
    let mut found = BTreeSet::new();
    exception.values.iter().for_each(|value| visit(value, collector, &mut found));
    found
}

impl ExceptionContent {
    fn of(info: &ExceptionInfo, place: Place) -> ExceptionContent {
        let parts = |entry: &Entry| match entry {
            Entry::Item(text) => vec![text.clone()],
            Entry::List(items) => items.iter().map(shown).collect(),
        };
        let fields = parts(&info.fields).into_iter().zip(parts(&info.comps));
        ExceptionContent {
            name: info.name.clone(),
            fields: fields.map(|(field, comp)| format!("{field} {comp}")).collect(),
            values: info.values.iter().map(shown).collect(),
            place,
        }
    }
}

/// A value of an exception, lists in square brackets as in YAML.
fn shown(entry: &Entry) -> String {
    match entry {
        Entry::Item(text) => text.clone(),
        Entry::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn contents(text: &str) -> Contents {
        let mut loader = Loader::new(Options::default());
        let report = loader.file("f.yaml", text);
        assert!(report.successful(), "{report}");
        loader.contents()
    }

    /// The condition of a macro as it is stated.
    #[track_caller]
    fn check(condition: &str, text: &str, members: &[&str]) {
        let head = "- list: shells\n  items: [sh]\n- macro: other\n  condition: proc.name in (shells)\n";
        let found = contents(&format!("{head}- macro: m\n  condition: >\n    {condition}\n"));
        let stated = &found.macros.last().expect("a macro").condition;
        assert_eq!(stated.text, text);
        assert_eq!(stated.members, members);
    }

    #[test]
    fn layout_says_nothing() {
        check("other", "other", &["other"]);
        check("(other  and\n    fd.num=1)", "other and fd.num = 1", &["other", "fd.num = 1"]);
        check(
            "(other and (fd.num=1 and (fd.num=2)))",
            "other and fd.num = 1 and fd.num = 2",
            &["other", "fd.num = 1", "fd.num = 2"],
        );
        check(
            "not (other or proc.name in ('a',\"b c\", sh))",
            "not (other or proc.name in (a, \"b c\", sh))",
            &["not (other or proc.name in (a, \"b c\", sh))"],
        );
        check(
            "proc.name in (a,b,c,d,e,f)",
            "proc.name in (a, b, c, d, e, f)",
            &["proc.name in (a, b, c, d, e, f)"],
        );
    }

    #[test]
    fn names_and_exceptions_of_a_rule() {
        let found = contents(
            "- list: shells\n  items: [sh]\n- list: more\n  items: [zsh]\n- macro: m\n  condition: proc.name in (shells)\n\
             - rule: r\n  desc: d\n  condition: m and evt.type = open\n  output: o\n  priority: INFO\n  exceptions:\n  \
             - {name: e, fields: [proc.name, fd.name], comps: [in, =], values: [[(more), /x], [[a, b], /y]]}\n  - {name: f, fields: fd.name, values: [/z]}\n",
        );
        assert_eq!(found.macros[0].condition.uses, ["shells"]);
        let rule = &found.rules[0];
        assert_eq!(rule.uses, ["m", "more"]);
        assert_eq!(rule.exceptions[0].fields, ["proc.name in", "fd.name ="]);
        assert_eq!(rule.exceptions[0].values, ["[(more), /x]", "[[a, b], /y]"]);
        assert_eq!(
            (&rule.exceptions[1].fields[..], &rule.exceptions[1].values[..]),
            (&["fd.name in".to_owned()][..], &["/z".to_owned()][..])
        );
        assert_eq!(rule.exceptions[1].place.line, 14);
    }
}
