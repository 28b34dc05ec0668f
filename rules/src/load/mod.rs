//! Rule files: YAML text enters, a program and a report of errors and warnings per file leave (reference language
//! sections 7 and 8).
//!
//! Data walks down the list of modules: a file becomes nodes (`yaml`), which are checked for shape (`schema`) and read
//! (`reader`, `overrides`, `exceptions`, `decode`) into definitions (`info`, `collector`); after each file everything
//! read so far is resolved (`lists`, `macros`) and compiled (`compiler`), as Falco does, so that a file that needs a
//! later one is refused. For those who test rules, `parts` takes them apart; for those who explain them, `resolved`
//! puts everything in. Nothing here knows values, and nothing reads
//! files.

mod collector;
mod compiler;
mod contents;
mod context;
mod decode;
mod definitions;
pub mod document;
pub mod encoding;
mod exceptions;
mod failure;
mod hints;
mod history;
mod info;
mod library;
mod lines;
mod lists;
mod macros;
mod options;
mod origin;
mod overrides;
mod parts;
mod priority;
mod reader;
mod report;
mod resolved;
mod schema;
#[cfg(test)]
mod tests;
mod version;
pub mod yaml;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use collector::Collector;
use compiler::{Compiled, Kept, Work};
use context::{Context, Source};
use failure::{Caution, Failure, Spot};
use reader::Reader;

pub use contents::{Contents, ExceptionContent, ListContent, MacroContent, RuleContent, Stated};
pub use context::{Item, Location, Place};
pub use decode::milliseconds;
pub use definitions::{Definitions, ListDefinition, MacroDefinition, Replaced, RuleDefinition};
pub use history::{Change, ChangeKind, ExceptionParts, RuleParts};
pub use options::{AppendOutput, Options};
pub use parts::{Part, PartKind, Parts, TooLarge, Variant};
pub use priority::parse_priority;
pub use report::{Error, ErrorCode, Finding, Note, Phase, Report, Warning, WarningCode, results_to_json};
pub use resolved::{Branch, BranchKind, Named, Resolved, Term, TooManyParts};
pub use version::Version;

use tercel_format::catalogue::code;

use crate::compile::{self, Compiler};
pub use crate::output::ExtraField;
use crate::program::{Capture, EventSet, Priority, Program, Rule, Template};

/// Errors of a file that are reported.
const MOST_ERRORS: usize = 100;

/// Loads rule files in order.
#[derive(Debug)]
pub struct Loader {
    options: Options,
    collector: Collector,
    sources: HashMap<Arc<str>, Source>,
    compiled: Vec<Compiled>,
    kept: Kept,
    reports: Vec<Report>,
}

/// What all files together give.
#[derive(Debug)]
pub struct Loaded {
    /// The rules that run, in load order; empty if a file has errors.
    pub program: Program,
    /// One report per file, in order.
    pub reports: Vec<Report>,
    /// All rules of all files, those that do not run included.
    pub rules: Vec<RuleInfo>,
}

/// A rule as the files define it.
#[derive(Debug, Clone)]
pub struct RuleInfo {
    /// Name.
    pub name: String,
    /// Description.
    pub desc: String,
    /// Priority.
    pub priority: Priority,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Event source.
    pub source: String,
    /// The condition as written, without exceptions.
    pub condition: String,
    /// The output as written.
    pub output: String,
    /// Whether it runs, or why not.
    pub state: RuleState,
    /// What alerts ask of a flight recorder.
    pub capture: Capture,
    /// Where it was defined first.
    pub place: Place,
}

/// Whether a rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleState {
    /// It runs.
    Enabled,
    /// Its file or the selection switches it off.
    Disabled,
    /// It is less urgent than the threshold.
    BelowPriority,
    /// Its event source, a field or an event type does not exist here.
    Skipped,
}

impl Loader {
    /// A loader without files.
    pub fn new(options: Options) -> Loader {
        Loader {
            collector: Collector::new(options.engine, options.static_fields.clone()),
            options,
            sources: HashMap::new(),
            compiled: Vec::new(),
            kept: Kept::default(),
            reports: Vec::new(),
        }
    }

    /// Loads a file that has been read as bytes, in one of the encodings of YAML; other text is refused at its first wrong byte.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> &Report {
        match encoding::text(bytes) {
            Ok(text) => self.file(name, &text),
            Err(error) => {
                let text = String::from_utf8_lossy(bytes);
                let name = self.add_source(name, &text);
                // Up to the wrong byte nothing was replaced, so its offset holds in the replaced text too.
                let offset = error.valid_up_to();
                let ctx = Context::file(&name);
                let place = Place::of(Arc::clone(&name), &text, offset);
                let mark = yaml::Mark { offset, line: place.line - 1, column: place.column - 1 };
                let failure = Failure::new(
                    ErrorCode::YamlParse,
                    format!("byte {offset} is not UTF-8"),
                    &ctx.with(mark, Item::ValueFor, ""),
                );
                self.report(&name, Default::default(), Err(failure), Vec::new(), 0, Vec::new())
            }
        }
    }

    /// Loads a file's text. After a file with errors the loader goes on, as Falco does when it validates files; to
    /// stop is the caller's choice.
    pub fn file(&mut self, name: &str, text: &str) -> &Report {
        let name = self.add_source(name, text);
        let mut cautions = Vec::new();
        let (checked, read) = self.read(&name, text, &mut cautions);
        let read_cautions = cautions.len();
        let outcome = read.and_then(|()| {
            let sources = &self.sources;
            let source =
                |name: &str| sources.get(name).map(|source| Arc::clone(&source.text)).unwrap_or_default();
            compiler::compile(
                &self.collector,
                &self.options,
                &self.compiled,
                &mut self.kept,
                &source,
                &mut cautions,
            )
        });
        let outcome = outcome.map(|compiled| self.compiled = compiled);
        cautions.retain(|caution| !self.is_offered(caution));
        let further = if outcome.is_err() { self.survey(&name, text) } else { Vec::new() };
        self.report(&name, checked, outcome, cautions, read_cautions, further)
    }

    /// Everything that is wrong with a file besides the first error.
    fn survey(&self, name: &Arc<str>, text: &str) -> Vec<Failure> {
        let mut collector = Collector::new(self.options.engine, self.options.static_fields.clone());
        let (mut cautions, mut failures) = (Vec::new(), Vec::new());
        let mut reader = Reader { collector: &mut collector, cautions: &mut cautions };
        // The files before it, as far as they were read.
        for report in &self.reports {
            let documents = yaml::parse(&self.text(&report.name)).unwrap_or_default();
            let ctx = Context::file(&report.name);
            let _first_error_is_known = documents.iter().try_for_each(|root| reader.document(root, &ctx));
        }
        let documents = yaml::parse(text).unwrap_or_default();
        documents.iter().for_each(|root| reader.survey(root, &Context::file(name), &mut failures));
        let mut failed = HashSet::new();
        failures.retain(|failure| {
            let Some(name) = failure.ctx.item_name() else { return true };
            // What changes an item that could not be read finds none.
            let follows = failure.message.contains("by that name already exists") && failed.contains(&name);
            failed.insert(name);
            !follows
        });
        let source = |name: &str| self.text(name);
        compiler::survey(&collector, &self.options, &source, &mut failed, &mut failures);
        failures.truncate(MOST_ERRORS);
        failures.drain(..failures.len().min(1));
        failures
    }

    /// Whether a caution is about a definition that nothing uses, of a file that only offers definitions.
    fn is_offered(&self, caution: &Caution) -> bool {
        matches!(caution.code, WarningCode::UnusedMacro | WarningCode::UnusedList)
            && self.sources.get(&caution.ctx.name()).is_some_and(|source| source.is_library)
    }

    /// The rules that run, divided into parts; nothing if a file has errors.
    ///
    /// # Errors
    /// The rules are too large for it.
    pub fn parts(&self) -> Result<Parts, TooLarge> {
        self.taken_apart(true)
    }

    /// The checks of the rules that run, without variants.
    ///
    /// # Errors
    /// The rules are too large for it.
    pub fn checks(&self) -> Result<Parts, TooLarge> {
        self.taken_apart(false)
    }

    /// The conditions of rules with everything put in, also of rules that do not run; not of those that are skipped, nor of any if a
    /// file has errors.
    ///
    /// # Errors
    /// The rules are too large for it.
    pub fn resolved(&self, rules: &[&str]) -> Result<Vec<Resolved>, TooManyParts> {
        if !self.reports.iter().all(Report::successful) {
            return Ok(Vec::new());
        }
        let source = |name: &str| self.text(name);
        let mut cautions = Vec::new();
        let mut work = Work::new(&self.collector, &self.options, &[], &source, &mut cautions);
        let place = |ctx: &Context, spot: Option<Spot>| self.place(ctx, spot);
        let mut resolver = resolved::Resolver::new(&mut work, &self.collector, &place);
        let mut found = Vec::with_capacity(rules.len());
        for name in rules {
            let compiled = self.compiled.iter().find(|compiled| compiled.name == *name);
            if let (Some(compiled), Some(entry)) = (compiled, self.collector.rules.get(name)) {
                found.extend(resolver.rule(&entry.info, watched(&compiled.events))?);
            }
        }
        Ok(found)
    }

    fn taken_apart(&self, vary: bool) -> Result<Parts, TooLarge> {
        if !self.reports.iter().all(Report::successful) {
            return Ok(Parts::default());
        }
        let infos = self.rule_infos();
        let enabled: BTreeSet<&str> = infos
            .iter()
            .filter(|rule| rule.state == RuleState::Enabled)
            .map(|rule| rule.name.as_str())
            .collect();
        let names = self.compiled.iter().map(|rule| rule.name.as_str());
        let running: Vec<&str> = names.filter(|name| enabled.contains(name)).collect();
        let source = |name: &str| self.text(name);
        let mut cautions = Vec::new();
        let mut work = Work::new(&self.collector, &self.options, &[], &source, &mut cautions);
        let place = |ctx: &Context, spot: Option<Spot>| self.place(ctx, spot);
        let parts = parts::take_apart(&mut work, &self.collector, &running, vary, &place)?;
        let is_library = |file: &str| self.sources.get(file).is_some_and(|source| source.is_library);
        Ok(parts.without_idle(&|part| is_library(&part.place.file)))
    }

    /// One report per file so far, in order.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// Shows everything that the files define to `look`; nothing if a file has errors.
    ///
    /// ```
    /// use tercel_rules::{Loader, Options};
    ///
    /// let mut loader = Loader::new(Options::default());
    /// loader.file("m.yaml", "- list: shells\n  items: [bash]\n- macro: shell\n  condition: proc.name in (shells)\n");
    /// let shown = loader.definitions(|definitions| definitions.macros[0].tree.to_string());
    /// assert_eq!(shown.as_deref(), Some("proc.name in (bash)"));
    /// ```
    pub fn definitions<R>(&self, look: impl FnOnce(&mut Definitions<'_>) -> R) -> Option<R> {
        if !self.reports.iter().all(Report::successful) {
            return None;
        }
        let infos = self.rule_infos();
        let states = infos.iter().map(|rule| (rule.name.as_str(), rule.state)).collect();
        let source = |name: &str| self.text(name);
        let place = |ctx: &Context, spot: Option<Spot>| self.place(ctx, spot);
        let mut cautions = Vec::new();
        let work = Work::new(&self.collector, &self.options, &[], &source, &mut cautions);
        let mut definitions = Definitions::of(work, &self.collector, &self.compiled, &states, &place);
        definitions.warnings = warnings_of(&self.reports).collect();
        let files = self.reports.iter().filter_map(|report| self.sources.get_key_value(&report.name));
        definitions.files = files.map(|(name, source)| (&**name, &*source.text)).collect();
        Some(look(&mut definitions))
    }

    /// The program of the rules that run, and everything found on the way.
    pub fn finish(mut self) -> Loaded {
        if !self.reports.iter().all(Report::successful) {
            self.compiled.clear();
        }
        let rules = self.rule_infos();
        let running: HashMap<&str, &RuleInfo> = rules
            .iter()
            .filter(|rule| rule.state == RuleState::Enabled)
            .map(|rule| (rule.name.as_str(), rule))
            .collect();
        let mut compiler = Compiler::knowing(&self.kept.forms, &self.options.static_fields);
        let compiled = std::mem::take(&mut self.compiled).into_iter();
        let program_rules = compiled
            .filter_map(|compiled| {
                let info = running.get(compiled.name.as_str())?;
                // Compiled before without error, so nothing is lost here.
                let condition = compiler.condition(&compiled.condition).ok()?;
                Some(program_rule(compiled, condition, info))
            })
            .collect();
        let (nodes, checks) = compiler.into_parts();
        Loaded { program: Program { rules: program_rules, nodes, checks }, reports: self.reports, rules }
    }

    fn add_source(&mut self, name: &str, text: &str) -> Arc<str> {
        let name: Arc<str> = name.into();
        self.sources.insert(Arc::clone(&name), Source::of(text));
        name
    }

    /// Reads a file into the collector: what the structural check says, and the first error.
    fn read(
        &mut self,
        name: &Arc<str>,
        text: &str,
        cautions: &mut Vec<Caution>,
    ) -> ((Vec<String>, Vec<Note>), Result<(), Failure>) {
        let ctx = Context::file(name);
        let refuse = |error: &yaml::YamlError, ctx: &Context| Failure::yaml(ErrorCode::YamlParse, error, ctx);
        let documents = match yaml::parse(text) {
            Ok(documents) => documents,
            Err(error) => {
                let ctx = ctx.with(error.mark, Item::ValueFor, "");
                return (Default::default(), Err(refuse(&error, &ctx)));
            }
        };
        let mut schema = Vec::new();
        for root in &documents {
            match schema::check(root) {
                Ok(lines) => schema.extend(lines),
                Err(schema::BadKey(mark)) => {
                    let error = yaml::YamlError::new(mark, "bad conversion");
                    return (Default::default(), Err(refuse(&error, &ctx)));
                }
            }
        }
        let mut reader = Reader { collector: &mut self.collector, cautions };
        let read = documents.iter().try_for_each(|root| reader.document(root, &ctx));
        let twice = documents.iter().flat_map(|root| schema::repeated_keys(root));
        let notes = twice.map(|(key, mark)| Note {
            place: self.place_at(Arc::clone(name), mark.offset),
            message: format!("key '{key}' is given twice in this item; the first value is used"),
        });
        ((schema, notes.collect()), read)
    }

    fn report(
        &mut self,
        name: &Arc<str>,
        (schema, notes): (Vec<String>, Vec<Note>),
        outcome: Result<(), Failure>,
        cautions: Vec<Caution>,
        read_cautions: usize,
        further: Vec<Failure>,
    ) -> &Report {
        let mut report = Report::new(name);
        report.schema = schema;
        report.notes = notes;
        let failures = self.missing_plugin().into_iter().chain(outcome.err());
        report.errors = failures.map(|failure| self.error(failure)).collect();
        report.further = further.into_iter().map(|failure| self.error(failure)).collect();
        let phase = |at| if at < read_cautions { Phase::Read } else { Phase::Compile };
        let numbered = cautions.into_iter().enumerate();
        report.warnings = numbered.map(|(at, caution)| self.warning(caution, phase(at))).collect();
        let at = self.reports.len();
        self.reports.push(report);
        &self.reports[at]
    }

    /// The first requirement that no plugin satisfies.
    fn missing_plugin(&self) -> Option<Failure> {
        self.collector.plugins.iter().find_map(|requirement| {
            let mut known = requirement.alternatives.iter().filter_map(|wanted| {
                let plugin = self.options.plugins.iter().find(|(name, _)| *name == wanted.name);
                plugin.map(|(name, version)| (wanted, name, *version))
            });
            let message = match known.next() {
                Some((wanted, name, version)) => {
                    if Version::parse(&wanted.version).is_some_and(|wanted| version.satisfies(wanted)) {
                        return None;
                    }
                    let wanted = &wanted.version;
                    format!(
                        "Plugin '{name}' version '{version}' is not compatible with required plugin version '{wanted}'"
                    )
                }
                None => {
                    let wanted = requirement.alternatives.iter();
                    let wanted: Vec<String> =
                        wanted.map(|wanted| format!("{} (>= {})", wanted.name, wanted.version)).collect();
                    format!("Plugin requirement not satisfied, must load one of: {}", wanted.join(", "))
                }
            };
            Some(Failure::invalid(message, &requirement.ctx))
        })
    }

    /// The text of a file that was read.
    pub fn source(&self, file: &str) -> Option<&str> {
        self.sources.get(file).map(|source| &*source.text)
    }

    fn text(&self, file: &str) -> Arc<str> {
        self.sources.get(file).map(|source| Arc::clone(&source.text)).unwrap_or_default()
    }

    fn place(&self, ctx: &Context, spot: Option<Spot>) -> Place {
        let (file, offset) = spot.unwrap_or_else(|| (ctx.name(), ctx.mark_in_file().offset));
        self.place_at(file, offset)
    }

    fn place_at(&self, file: Arc<str>, offset: usize) -> Place {
        match self.sources.get(&file) {
            Some(source) => Place::at(file, source, offset),
            None => Place::of(file, "", offset),
        }
    }

    fn error(&self, failure: Failure) -> Error {
        Finding {
            code: failure.code,
            message: failure.message,
            reason: failure.reason as usize,
            snippet: failure.ctx.snippet(&self.text(&failure.ctx.name())),
            place: self.place(&failure.ctx, failure.spot),
            context: failure.ctx,
            hint: failure.hint,
            phase: Phase::Read,
            deprecated_field: None,
        }
    }

    fn warning(&self, caution: Caution, phase: Phase) -> Warning {
        Finding {
            code: caution.code,
            message: caution.message,
            reason: 0,
            snippet: caution.ctx.snippet(&self.text(&caution.ctx.name())),
            place: self.place(&caution.ctx, caution.spot),
            context: caution.ctx,
            hint: caution.hint,
            phase,
            deprecated_field: caution.deprecated_field,
        }
    }

    fn rule_infos(&self) -> Vec<RuleInfo> {
        let compiled: BTreeSet<&str> = self.compiled.iter().map(|rule| rule.name.as_str()).collect();
        let state = |rule: &info::RuleInfo| {
            if !compiled.contains(rule.name.as_str()) {
                RuleState::Skipped
            } else if rule.priority > self.options.min_priority {
                RuleState::BelowPriority
            } else if self.options.selection.enabled(&rule.name, &rule.tags, rule.enabled) {
                RuleState::Enabled
            } else {
                RuleState::Disabled
            }
        };
        let info = |rule: &info::RuleInfo| RuleInfo {
            name: rule.name.clone(),
            desc: rule.desc.clone(),
            priority: rule.priority,
            tags: rule.tags.clone(),
            source: rule.source.clone(),
            condition: rule.cond.text.clone(),
            output: rule.output.text.clone(),
            state: state(rule),
            capture: Capture {
                starts: rule.capture,
                // 0 is the default, as if the key were missing (reference language 7.8).
                duration: Some(rule.capture_duration).filter(|duration| *duration > 0),
                before: rule.capture_before,
            },
            place: self.place(&rule.ctx, None),
        };
        self.collector.rules.iter().map(|entry| info(&entry.info)).collect()
    }
}

impl Loaded {
    /// Whether every file was loaded.
    pub fn successful(&self) -> bool {
        self.reports.iter().all(Report::successful)
    }

    /// All warnings, each once: what compiling found counts for the last file only, since it was compiled with all that
    /// the others define.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        warnings_of(&self.reports)
    }
}

fn warnings_of(reports: &[Report]) -> impl Iterator<Item = &Warning> {
    let last = reports.len().saturating_sub(1);
    reports.iter().enumerate().flat_map(move |(at, report)| {
        report.warnings.iter().filter(move |warning| warning.phase == Phase::Read || at == last)
    })
}

fn program_rule(compiled: Compiled, condition: compile::Condition, info: &RuleInfo) -> Rule {
    Rule {
        name: compiled.name,
        desc: info.desc.clone(),
        priority: info.priority,
        tags: info.tags.iter().cloned().collect(),
        source: info.source.clone(),
        condition: condition.node,
        output: compiled.output,
        events: watched(&compiled.events),
        capture: info.capture,
    }
}

/// The events that a rule looks at: Falco adds the asynchronous event to every rule (reference language 9.6).
fn watched(events: &EventSet) -> EventSet {
    let mut events = events.clone();
    events.insert(code::ASYNCEVENT_E);
    events
}

/// What may have been meant by the first token of an output or of a format that is not a field: `'%proc.nmae': did you mean
/// '%proc.name'?`; `None` if all are fields.
pub fn unknown_field(output: &str) -> Option<String> {
    Template::parse(output).err().and_then(|error| hints::of_output(output, &error))
}
