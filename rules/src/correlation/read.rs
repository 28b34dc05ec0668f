//! Files of correlations: texts and the rules that run enter; what is to be counted leaves, or every mistake with its place.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::asked::{Asked, operand};
use super::{Base, Condition, Correlation, Correlations, Kind, Once, Output, parse_span};
use crate::fields::suggest;
use crate::files::RuleFile;
use crate::load::document::{Document, Problem, Read, Table};
use crate::load::yaml::{self, Node};
use crate::load::{Loaded, parse_priority};
use crate::nearest::nearest;
use crate::program::Priority;

/// Keys of a correlation.
const CORRELATION_KEYS: [&str; 13] = [
    "correlation",
    "desc",
    "type",
    "rules",
    "group-by",
    "aliases",
    "timespan",
    "condition",
    "once",
    "output",
    "priority",
    "tags",
    "enabled",
];

/// Keys of a deduplication.
const ONCE_KEYS: [&str; 3] = ["once", "per", "in"];

/// Keys of a condition.
const CONDITION_KEYS: [&str; 6] = ["gte", "gt", "lte", "lt", "eq", "field"];

/// Types of correlations.
const KINDS: [(&str, Kind); 4] = [
    ("event_count", Kind::EventCount),
    ("value_count", Kind::ValueCount),
    ("temporal", Kind::Temporal),
    ("temporal_ordered", Kind::TemporalOrdered),
];

/// Largest count that a condition may ask for: so many alerts of one group are remembered.
const MOST: u64 = 1_000_000;

/// Most rules of a correlation, and most fields of a group.
const WIDEST: usize = 64;

impl Correlations {
    /// Reads files for the rules that were loaded.
    ///
    /// # Errors
    /// Every mistake of all files.
    pub fn read(files: &[RuleFile], loaded: &Loaded) -> Result<Correlations, Vec<Problem>> {
        let mut reader = Reader {
            rules: loaded.rules.iter().map(|rule| rule.name.as_str()).collect(),
            running: loaded
                .program
                .rules
                .iter()
                .enumerate()
                .map(|(at, rule)| (rule.name.as_str(), at))
                .collect(),
            asked: Asked::of(loaded.program.rules.len()),
            names: BTreeSet::new(),
            read: Correlations::default(),
        };
        let mut problems = Vec::new();
        files.iter().for_each(|file| reader.file(file, &mut problems));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Correlations { asked: reader.asked.0, ..reader.read })
    }
}

/// What is known while files are read.
struct Reader<'l> {
    /// Names of all rules.
    rules: Vec<&'l str>,
    /// Those that run, with their positions in the program.
    running: HashMap<&'l str, usize>,
    asked: Asked,
    /// Names of correlations.
    names: BTreeSet<String>,
    read: Correlations,
}

/// A rule, the field that an alias means in it, and where that stands.
type PerRule<'d> = (&'d str, &'d str, &'d Node);

/// The fields of a group: name, and per rule another one.
struct Group<'d> {
    fields: Vec<(&'d str, &'d Node)>,
    aliases: Vec<(&'d str, Vec<PerRule<'d>>)>,
}

impl Reader<'_> {
    fn file(&mut self, file: &RuleFile, problems: &mut Vec<Problem>) {
        let document = match Document::new(&file.name, &file.bytes) {
            Ok(document) => document,
            Err(problem) => return problems.push(problem),
        };
        let roots = match yaml::parse(&document.text) {
            Ok(roots) => roots,
            Err(error) => {
                let problem = document.problem_at(error.place().offset, error.message.clone());
                return problems.push(Problem { hint: error.hint(), ..problem });
            }
        };
        for root in roots.iter().filter(|root| !root.is_null()) {
            match document.list(root, "a file of correlations") {
                Ok(items) => {
                    problems.extend(items.iter().filter_map(|item| self.item(&document, item).err()))
                }
                Err(problem) => problems.push(problem),
            }
        }
    }

    fn item(&mut self, document: &Document, item: &Rc<Node>) -> Read<()> {
        let keys = item.mapping().unwrap_or_default().iter().filter_map(|(key, _)| key.scalar());
        let keys: Vec<&str> = keys.collect();
        if keys.contains(&"correlation") {
            return self.correlation(document, item);
        }
        if keys.contains(&"once") {
            return self.once(document, item);
        }
        let message = match keys.iter().find(|key| ["rule", "macro", "list"].contains(*key)) {
            Some(key) => format!("a {key} belongs into a rule file (--rules); this file has correlations"),
            None => "an item must have the key 'correlation' or 'once'".to_owned(),
        };
        let meant = keys.iter().find_map(|key| nearest(key, ["correlation", "once"].into_iter()));
        Err(document.problem(item, message).meant(meant))
    }

    fn correlation(&mut self, document: &Document, item: &Rc<Node>) -> Read<()> {
        let table = document.table(item, "a correlation", &CORRELATION_KEYS)?;
        let name = self.name(document, &table, item)?;
        let kind = document.word(required(document, &table, item, "type")?, "type", &KINDS)?;
        let group = Group::read(document, &table)?;
        let names: Vec<String> = group.fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        let timespan = span(document, required(document, &table, item, "timespan")?, "timespan")?;
        let rules = document.texts(required(document, &table, item, "rules")?, "rules")?;
        let (condition, value) = condition(document, &table, item, kind, rules.len())?;
        let at = required(document, &table, item, "output")?;
        let output = Output::parse(document.text(at, "output")?, &names).map_err(|error| {
            document.problem(at, format!("invalid output: {}", error.message)).meant(error.meant.as_deref())
        })?;
        let priority = priority(document, required(document, &table, item, "priority")?)?;
        let desc = table.get("desc").map_or(Ok(""), |node| document.text(node, "desc"))?.to_owned();
        let tags: BTreeSet<String> = match table.get("tags") {
            Some(node) => document.texts(node, "tags")?.into_iter().map(|(tag, _)| tag.to_owned()).collect(),
            None => BTreeSet::new(),
        };
        let once = table.get("once").map_or(Ok(0), |node| span(document, node, "once"))?;
        let enabled = table
            .get("enabled")
            .map_or(Ok(true), |node| document.word(node, "enabled", &[("true", true), ("false", false)]))?;
        let mut base = self.base(document, &rules, &group, value)?;
        for one in &mut base {
            let shown = output.fields.iter().map(|(_, operand)| self.asked.position(one.rule, operand));
            one.shown = shown.collect();
        }
        self.names.insert(name.clone());
        let needs_all = matches!(kind, Kind::TemporalOrdered)
            || (kind == Kind::Temporal && condition.least as usize > base.len());
        if !enabled || base.is_empty() || (needs_all && base.len() < rules.len()) {
            if enabled {
                let message = format!("'{name}' cannot fire: not all of its rules run");
                self.read.remarks.push(document.problem(item, message));
            }
            return Ok(());
        }
        let tags = tags.into_iter().collect();
        self.read.list.push(Correlation {
            name,
            desc,
            priority,
            tags,
            kind,
            base,
            group: names,
            timespan,
            condition,
            once,
            output,
        });
        Ok(())
    }

    fn once(&mut self, document: &Document, item: &Rc<Node>) -> Read<()> {
        let table = document.table(item, "a deduplication", &ONCE_KEYS)?;
        let rules = document.texts(required(document, &table, item, "once")?, "once")?;
        let fields = match table.get("per") {
            Some(node) => document.texts(node, "per")?,
            None => Vec::new(),
        };
        let group = Group { fields, aliases: Vec::new() };
        let timespan = span(document, required(document, &table, item, "in")?, "in")?;
        let base = self.base(document, &rules, &group, None)?;
        self.read.once.push(Once { base, timespan });
        Ok(())
    }

    fn name(&self, document: &Document, table: &Table<'_>, item: &Node) -> Read<String> {
        let node = required(document, table, item, "correlation")?;
        let name = document.text(node, "correlation")?;
        if self.names.contains(name) {
            return Err(document.problem(node, format!("a correlation '{name}' is already defined")));
        }
        if self.rules.contains(&name) {
            return Err(document.problem(node, format!("'{name}' is the name of a rule; choose another one")));
        }
        Ok(name.to_owned())
    }

    /// The rules that run, with the values that are asked of them.
    fn base(
        &mut self,
        document: &Document,
        rules: &[(&str, &Node)],
        group: &Group<'_>,
        value: Option<(&str, &Node)>,
    ) -> Read<Vec<Base>> {
        if rules.len() > WIDEST {
            return Err(document.problem(rules[WIDEST].1, format!("more than {WIDEST} rules")));
        }
        for (alias, fields) in &group.aliases {
            if let Some((rule, _, node)) =
                fields.iter().find(|(rule, ..)| rules.iter().all(|(known, _)| known != rule))
            {
                let message =
                    format!("the alias '{alias}' names a rule '{rule}' that the correlation does not have");
                return Err(document
                    .problem(node, message)
                    .meant(nearest(rule, rules.iter().map(|(name, _)| *name))));
            }
        }
        let mut base = Vec::new();
        for (name, node) in rules {
            if !self.rules.contains(name) {
                let problem = document.problem(node, format!("unknown rule '{name}'"));
                return Err(problem.meant(nearest(name, self.rules.iter().copied())));
            }
            let rule = self.running.get(name).copied();
            let mut group_at = Vec::new();
            for (field, at) in &group.fields {
                let operand = group.operand(document, name, field, at)?;
                group_at.extend(rule.map(|rule| self.asked.position(rule, &operand)));
            }
            let value = value.map(|(field, at)| group.operand(document, name, field, at)).transpose()?;
            let Some(rule) = rule else {
                self.read.remarks.push(document.problem(node, format!("the rule '{name}' does not run")));
                continue;
            };
            let value = value.map(|operand| self.asked.position(rule, &operand));
            base.push(Base { rule, group: group_at, value, shown: Vec::new() });
        }
        Ok(base)
    }
}

impl<'d> Group<'d> {
    fn read(document: &Document, table: &Table<'d>) -> Read<Group<'d>> {
        let fields = match table.get("group-by") {
            Some(node) => document.texts(node, "group-by")?,
            None => Vec::new(),
        };
        if fields.len() > WIDEST {
            return Err(document.problem(fields[WIDEST].1, format!("more than {WIDEST} fields")));
        }
        let mut aliases = Vec::new();
        if let Some(node) = table.get("aliases") {
            for (alias, _, per_rule) in document.pairs(node, "aliases")? {
                let fields = document.pairs(per_rule, "an alias")?.into_iter();
                let fields =
                    fields.map(|(rule, _, field)| Ok((rule, document.text(field, "a field")?, &**field)));
                aliases.push((alias, fields.collect::<Read<Vec<_>>>()?));
            }
        }
        Ok(Group { fields, aliases })
    }

    /// What a name of the group stands for in the alerts of a rule.
    fn operand(
        &self,
        document: &Document,
        rule: &str,
        name: &str,
        node: &Node,
    ) -> Read<crate::program::Operand> {
        let alias = self.aliases.iter().find(|(alias, _)| *alias == name);
        let (field, node) = match alias {
            None => (name, node),
            Some((alias, fields)) => {
                let found = fields.iter().find(|(of, ..)| *of == rule);
                let Some((_, field, node)) = found else {
                    return Err(document
                        .problem(node, format!("the alias '{alias}' has no field for the rule '{rule}'")));
                };
                (*field, *node)
            }
        };
        operand(field).ok_or_else(|| {
            let aliases = self.aliases.iter().map(|(alias, _)| *alias);
            let meant = suggest(field).or_else(|| nearest(field, aliases));
            document.problem(node, format!("unknown field '{field}'")).meant(meant)
        })
    }
}

/// How much there has to be, and the field whose values are counted.
type Counted<'d> = (Condition, Option<(&'d str, &'d Node)>);

fn condition<'d>(
    document: &Document,
    table: &Table<'d>,
    item: &Node,
    kind: Kind,
    rules: usize,
) -> Read<Counted<'d>> {
    let all = Condition { least: rules as u64, most: None };
    let node = match (table.get("condition"), kind) {
        (Some(node), Kind::TemporalOrdered) => {
            let message = "temporal_ordered has no condition: all rules have to fire, in this order";
            return Err(document.problem(node, message));
        }
        (Some(node), _) => node,
        (None, Kind::Temporal | Kind::TemporalOrdered) => return Ok((all, None)),
        (None, Kind::EventCount | Kind::ValueCount) => {
            let hint = "as in condition: {gte: 10}";
            return Err(document.problem(item, "a correlation that counts needs a condition").hint(hint));
        }
    };
    let keys = document.table(node, "a condition", &CONDITION_KEYS)?;
    let field = keys.get("field").map(|node| Ok((document.text(node, "field")?, &**node))).transpose()?;
    match (kind, field) {
        (Kind::ValueCount, None) => {
            let hint = "as in condition: {field: user.name, gte: 3}";
            return Err(document
                .problem(node, "value_count needs the field whose values are counted")
                .hint(hint));
        }
        (Kind::EventCount | Kind::Temporal, Some((_, node))) => {
            return Err(document.problem(node, "only value_count counts the values of a field"));
        }
        _ => {}
    }
    let (mut least, mut most) = (1, None::<u64>);
    let mut bounds = 0;
    for (key, _, value) in keys.pairs().iter().filter(|(key, ..)| *key != "field") {
        let text = document.text(value, key)?;
        let number = text.parse::<u64>().ok().filter(|number| *number <= MOST).ok_or_else(|| {
            document.problem(value, format!("{key} must be a number from 0 to {MOST}, not '{text}'"))
        })?;
        bounds += 1;
        let below = |most: Option<u64>, number| Some(most.map_or(number, |most| most.min(number)));
        match *key {
            "gte" => least = least.max(number),
            "gt" => least = least.max(number + 1),
            "lte" => most = below(most, number),
            "lt" => most = below(most, number.saturating_sub(1)),
            _ => (least, most) = (least.max(number), below(most, number)),
        }
    }
    if bounds == 0 {
        return Err(document.problem(node, "a condition needs gte, gt, lte, lt or eq"));
    }
    if most.is_some_and(|most| most < least) {
        let message = "the condition never holds: a window begins with an alert, so that there is always one";
        return Err(document.problem(node, message));
    }
    if kind == Kind::Temporal && (most.is_some() || least > rules as u64) {
        let message =
            format!("temporal counts rules that fired: give gte from 1 to {rules}, the number of its rules");
        return Err(document.problem(node, message));
    }
    Ok((Condition { least, most }, field))
}

fn required<'n>(document: &Document, table: &Table<'n>, item: &Node, key: &str) -> Read<&'n Rc<Node>> {
    table.get(key).ok_or_else(|| document.problem(item, format!("the key '{key}' is missing")))
}

fn span(document: &Document, node: &Node, what: &str) -> Read<u64> {
    let text = document.text(node, what)?;
    parse_span(text).ok_or_else(|| {
        let problem = document.problem(node, format!("invalid {what} '{text}'"));
        problem.hint(
            "a length of time is a number with ms, s, m, h, d or w, as in 90s, 5m or 1h30m; at most 366d",
        )
    })
}

fn priority(document: &Document, node: &Node) -> Read<Priority> {
    let text = document.text(node, "priority")?;
    parse_priority(text).ok_or_else(|| {
        let names = Priority::ALL.map(|priority| priority.name().to_lowercase());
        let problem = document
            .problem(node, format!("unknown priority '{text}'; the priorities are {}", names.join(", ")));
        problem.meant(nearest(&text.to_lowercase(), names.iter().map(String::as_str)))
    })
}
