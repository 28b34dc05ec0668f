//! From the text of a test file to its cases: keys, defaults of the file, parameters and places.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use tercel_format::captures_in;
use tercel_replay::Matching;
use tercel_rules::files::contents;
use tercel_rules::load::yaml::{self, Node};
use tercel_rules::program::Priority;
use tercel_rules::select::{self, Selection, SelectionStep};

use super::document::{Document, Problem, Read, Table};
use super::expect::{self, Expectation, span};
use super::load::LoadExpectation;
use super::matrix::{self, Row, Scope};
use super::{Case, Layout, Lines, RuleSpec, Span, Suite, TraceSpec, Window};
use crate::options::ParsePoint;
use crate::paths::near;

/// Keys of a case.
pub(crate) const CASE_KEYS: [&str; 15] = [
    "name",
    "rules",
    "correlations",
    "select",
    "rule_matching",
    "trace",
    "filter",
    "from",
    "to",
    "matrix",
    "expect",
    "silent",
    "others",
    "lines",
    "load",
];

/// Keys of a file that apply to all of its cases.
pub(crate) const FILE_KEY: &str = "cases";

/// Keys that say what is expected; they belong to one case.
pub(crate) const EXPECTING_KEYS: [&str; 4] = ["expect", "silent", "lines", "load"];

/// Keys of `select`.
pub(crate) const SELECT_KEYS: [&str; 5] = ["tags", "without_tags", "names", "without_names", "priority"];

/// Reads a test file. The name is the path as messages show it.
pub(crate) fn read(path: &Path, bytes: &[u8], parse_point: ParsePoint) -> Read<Suite> {
    let document = Arc::new(Document::new(path, bytes, parse_point)?);
    let roots = yaml::parse(&document.text).map_err(|error| Problem {
        hint: error.hint(),
        ..document.problem_at(error.place().offset, error.message)
    })?;
    let [root] = roots.as_slice() else {
        return Err(document.problem_at(0, "a test file must contain exactly one YAML document"));
    };
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let cases = File { document: Arc::clone(&document), directory, path: path.to_owned() }.cases(root)?;
    Ok(Suite { document, cases })
}

struct File {
    document: Arc<Document>,
    directory: PathBuf,
    path: PathBuf,
}

impl File {
    fn cases(&self, root: &Rc<Node>) -> Read<Vec<Case>> {
        let keys: Vec<&str> = CASE_KEYS.into_iter().chain([FILE_KEY]).collect();
        let table = self.document.table(root, "a test file", &keys)?;
        let Some(nodes) = table.get(FILE_KEY) else { return self.rows(&[], root, None, root) };
        for (key, key_node, _) in table.pairs() {
            if EXPECTING_KEYS.contains(key) {
                let message = format!("'{key}' must be in a case if the file has 'cases'");
                return Err(self.document.problem(key_node, message));
            }
        }
        let nodes = self.document.list(nodes, FILE_KEY)?;
        if nodes.is_empty() {
            return Err(self.document.problem(root, "the file has no case"));
        }
        let outer = self.matrix(&table)?;
        let mut cases = Vec::new();
        for node in nodes {
            cases.extend(self.rows(&outer, node, Some(root), node)?);
        }
        Ok(cases)
    }

    fn matrix(&self, table: &Table<'_>) -> Read<Vec<Row>> {
        table.get("matrix").map_or(Ok(Vec::new()), |node| matrix::rows(&self.document, node))
    }

    /// One case, or those of its matrix.
    fn rows(&self, outer: &[Row], node: &Rc<Node>, file: Option<&Rc<Node>>, at: &Node) -> Read<Vec<Case>> {
        let table = self.document.table(node, "a case", &CASE_KEYS)?;
        let inner = self.matrix(&table)?;
        let rows = match (outer.is_empty(), inner.is_empty()) {
            (true, true) => vec![Row::new()],
            (true, false) => inner,
            (false, true) => outer.to_vec(),
            (false, false) => matrix::joined(outer, &inner),
        };
        let mut cases = Vec::new();
        for row in &rows {
            let scope = Scope::new(row);
            let node = scope.fill(&self.document, node)?;
            let file = file.map(|file| self.defaults(&scope, file)).transpose()?;
            let named =
                table.get("name").and_then(|name| name.scalar()).is_some_and(|name| name.contains("${"));
            let suffix = Some(scope.shown()).filter(|shown| !named && !shown.is_empty());
            cases.extend(self.case(&node, file.as_deref(), suffix)?);
            if let Some(name) = scope.unused() {
                let place = table.pair("matrix").map_or(at, |(key, _)| key);
                let message = format!("the case does not use the parameter '{name}' (as ${{{name}}})");
                return Err(self.document.problem(place, message));
            }
        }
        Ok(cases)
    }

    /// What the file says for all cases, with a row's values put in.
    fn defaults(&self, scope: &Scope<'_>, root: &Rc<Node>) -> Read<Rc<Node>> {
        let pairs = root.mapping().unwrap_or_default();
        let kept = pairs.iter().filter(|(key, _)| key.scalar() != Some(FILE_KEY)).cloned().collect();
        let node = Node { kind: yaml::NodeKind::Mapping(kept), mark: root.mark, end: root.end };
        scope.fill(&self.document, &Rc::new(node))
    }

    /// A case, once for each of its captures.
    fn case(&self, node: &Rc<Node>, file: Option<&Node>, suffix: Option<String>) -> Read<Vec<Case>> {
        let document = &*self.document;
        let own = document.table(node, "a case", &CASE_KEYS)?;
        let file = file.map(|file| document.table(file, "a test file", &CASE_KEYS)).transpose()?;
        let either = Either { own: &own, file: file.as_ref() };
        let traces = self.traces(&either)?;
        let several = traces.len() > 1;
        let each = traces.into_iter().map(|trace| {
            let mut case = self.one(node, &either, trace)?;
            let mut suffix: Vec<String> = suffix.iter().cloned().collect();
            if several && let Some(trace) = &case.trace {
                suffix.push(trace.path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            }
            if !suffix.is_empty() {
                case.name = format!("{} [{}]", case.name, suffix.join(", "));
            }
            Ok(case)
        });
        each.collect()
    }

    fn one(&self, node: &Node, either: &Either<'_, '_>, trace: Option<TraceSpec>) -> Read<Case> {
        let document = &*self.document;
        let own = either.own;
        let (rules, rules_at) = self.rules(node, either)?;
        let load = own
            .get("load")
            .map_or(Ok(LoadExpectation::default()), |node| LoadExpectation::read(document, node))?;
        let names = [("first", Matching::First), ("all", Matching::All)];
        let matching = either
            .get("rule_matching")
            .map(|node| document.word(node, "rule_matching", &names))
            .transpose()?;
        let silent = [("none", true), ("any", false)];
        let others = either.get("others").map(|node| document.word(node, "others", &silent)).transpose()?;
        let text = |key: &str| {
            either.get(key).map(|node| Ok((document.text(node, key)?.to_owned(), node.mark.offset)))
        };
        let case = Case {
            document: Arc::clone(&self.document),
            offset: node.mark.offset,
            line: node.mark.line + 1,
            name: self.name(own)?,
            rules,
            rules_at,
            matching: matching.unwrap_or_default(),
            trace,
            filter: text("filter").transpose()?,
            window: Window {
                from: either.get("from").map(|node| document.point(node)).transpose()?,
                to: either.get("to").map(|node| document.point(node)).transpose()?,
            },
            expectations: self.expectations(own)?,
            others_silent: others.unwrap_or(false),
            lines: own.get("lines").map(|node| self.lines(node)).transpose()?,
            load,
            layout: Layout {
                case: Some(span(node)),
                expect: own.get("expect").map(|node| span(node)),
                silent: own.get("silent").map(|node| span(node)),
            },
        };
        self.checked(case, node)
    }

    /// Refuses what contradicts itself.
    fn checked(&self, case: Case, node: &Node) -> Read<Case> {
        let refused = !case.load.errors.is_empty();
        let asks_alerts = !case.expectations.is_empty() || case.lines.is_some() || case.others_silent;
        if refused && asks_alerts {
            return Err(self.document.problem(node, "rules that must not load cannot raise alerts"));
        }
        let Window { from, to } = case.window;
        if (tercel_replay::Window { from, to }).is_reversed() {
            return Err(self.document.problem(node, "the window is reversed: 'to' is before 'from'"));
        }
        if case.trace.is_none() && asks_alerts {
            return Err(self.document.problem(node, "the case names no trace"));
        }
        Ok(case)
    }

    fn name(&self, own: &Table<'_>) -> Read<String> {
        match own.get("name") {
            Some(node) => self.document.text(node, "a name").map(str::to_owned),
            None => {
                let name = self.path.file_name().unwrap_or_default().to_string_lossy();
                let stem = name.strip_suffix(".yaml").or(name.strip_suffix(".yml")).unwrap_or(&name);
                Ok(stem.strip_suffix(".test").unwrap_or(stem).to_owned())
            }
        }
    }

    fn path(&self, text: &str) -> PathBuf {
        near(&self.directory.join(text))
    }

    fn rules(&self, case: &Node, either: &Either<'_, '_>) -> Read<(RuleSpec, usize)> {
        let document = &*self.document;
        let Some(node) = either.get("rules") else {
            return Err(document.problem(case, "the case names no rules"));
        };
        let files = document.texts(node, "rules")?;
        let files = files.into_iter().map(|(text, _)| self.path(text)).collect();
        let (selection, priority) = match either.get("select") {
            Some(node) => self.select(node)?,
            None => (Selection::default(), Priority::Debug),
        };
        let correlations = match either.get("correlations") {
            Some(node) => document.texts(node, "correlations")?,
            None => Vec::new(),
        };
        let correlations = correlations.into_iter().map(|(text, _)| self.path(text)).collect();
        Ok((RuleSpec { files, correlations, selection, priority }, node.mark.offset))
    }

    fn select(&self, node: &Node) -> Read<(Selection, Priority)> {
        let document = &*self.document;
        let table = document.table(node, "select", &SELECT_KEYS)?;
        let texts = |key: &str| -> Read<Vec<String>> {
            let Some(node) = table.get(key) else { return Ok(Vec::new()) };
            Ok(document.texts(node, key)?.into_iter().map(|(text, _)| text.to_owned()).collect())
        };
        let flags = Selection::from_flags(&texts("tags")?, &texts("without_tags")?, &texts("without_names")?);
        let mut selection = flags.map_err(|_| {
            document.problem(
                node,
                "tags cannot be used with without_tags or without_names: tags runs only rules with a tag",
            )
        })?;
        let names = texts("names")?;
        if !names.is_empty() && table.get("tags").is_none() {
            selection.steps.insert(0, SelectionStep { enable: false, matching: select::Matching::All });
        }
        let switched_on = names
            .into_iter()
            .map(|name| SelectionStep { enable: true, matching: select::Matching::Wildcard(name) });
        let at = selection.steps.iter().take_while(|step| step.matching == select::Matching::All).count();
        selection.steps.splice(at..at, switched_on);
        let priority = table.get("priority").map(|node| expect::priority(document, node)).transpose()?;
        Ok((selection, priority.unwrap_or(Priority::Debug)))
    }

    /// The captures of a case; one that is absent if there is none.
    fn traces(&self, either: &Either<'_, '_>) -> Read<Vec<Option<TraceSpec>>> {
        let Some(node) = either.get("trace") else { return Ok(vec![None]) };
        let mut traces = Vec::new();
        for (text, at) in self.document.texts(node, "trace")? {
            let path = self.path(text);
            let offset = at.mark.offset;
            if path.is_dir() {
                let refused =
                    |reason: String| self.document.problem(at, format!("{}: {reason}", path.display()));
                let files = captures_in(&path).map_err(|error| refused(error.to_string()))?;
                if files.is_empty() {
                    return Err(refused("no capture (*.scap) in this directory".to_owned()));
                }
                traces.extend(files.into_iter().map(|path| Some(TraceSpec { path, offset })));
            } else {
                traces.push(Some(TraceSpec { path, offset }));
            }
        }
        Ok(traces)
    }

    fn expectations(&self, own: &Table<'_>) -> Read<Vec<Expectation>> {
        let document = &*self.document;
        let mut expectations = Vec::new();
        if let Some(node) = own.get("expect") {
            for (rule, name, value) in document.pairs(node, "expect")? {
                expectations.push(Expectation::read(document, rule, name, value)?);
            }
        }
        let silent = own.get("silent").filter(|node| node.sequence().is_none_or(|rules| !rules.is_empty()));
        if let Some(node) = silent {
            for (rule, name) in document.texts(node, "silent")? {
                if expectations.iter().any(|known| known.rule == rule) {
                    let message = format!("rule '{rule}' already has an expectation");
                    return Err(document.problem(name, message));
                }
                expectations.push(Expectation::silent(rule, name));
            }
        }
        Ok(expectations)
    }

    /// Lines that stand there, or those of the file that is named.
    fn lines(&self, node: &Rc<Node>) -> Read<Lines> {
        let document = &*self.document;
        let span = Span { from: node.mark.offset, to: node.end };
        if let Some(name) = node.scalar() {
            let path = self.path(name);
            let text = contents(&path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
            let texts = match text {
                Ok(text) => Some(text.lines().map(str::to_owned).collect()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(document.problem(node, format!("{}: {error}", path.display()))),
            };
            return Ok(Lines { texts, span, file: Some(path) });
        }
        let items = document.list(node, "lines")?;
        let text = |item: &Rc<Node>| document.text(item, "a line").map(|text| text.trim_end().to_owned());
        Ok(Lines { texts: Some(items.iter().map(text).collect::<Read<_>>()?), span, file: None })
    }
}

/// What a case says, else what its file says.
struct Either<'t, 'n> {
    own: &'t Table<'n>,
    file: Option<&'t Table<'n>>,
}

impl<'n> Either<'_, 'n> {
    fn get(&self, key: &str) -> Option<&'n Rc<Node>> {
        self.own.get(key).or_else(|| self.file.and_then(|file| file.get(key)))
    }
}
