//! Rule sets: which rules a case runs enters, the loaded rules leave, each set loaded once however many cases use it. Errors
//! of rule files are kept with the set, since a case may expect them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tercel_rules::correlation::{Correlations, Problem};
use tercel_rules::files::{self, RuleFile};
use tercel_rules::load::{Loaded, Loader, Options, RuleInfo, RuleState};
use tercel_rules::program::Priority;

use crate::error::RunError;
use crate::suite::RuleSpec;

/// Loaded rules.
#[derive(Debug)]
pub(crate) struct RuleSet {
    /// What the files give.
    pub(crate) loaded: Loaded,
    /// The files that were asked for.
    pub(crate) spec: RuleSpec,
    /// Rules by name, as positions in `loaded.rules`.
    by_name: HashMap<String, usize>,
    /// Correlations over their alerts.
    pub(crate) correlations: Correlations,
    /// Their errors.
    problems: Vec<Problem>,
    /// Running rules by name, as positions in the program; correlations stand after all rules.
    running: HashMap<String, usize>,
}

impl RuleSet {
    fn new(spec: &RuleSpec, files: &[RuleFile], correlations: &[RuleFile]) -> RuleSet {
        let mut loader = Loader::new(options(spec));
        for file in files {
            if !loader.bytes(&file.name, &file.bytes).successful() {
                break;
            }
        }
        let loaded = loader.finish();
        let names = |rules: &mut dyn Iterator<Item = &String>| rules.cloned().zip(0..).collect();
        let by_name = names(&mut loaded.rules.iter().map(|rule| &rule.name));
        let (correlations, problems) = match Correlations::read(correlations, &loaded) {
            Ok(correlations) => (correlations, Vec::new()),
            Err(problems) => (Correlations::default(), problems),
        };
        let correlated = correlations.list.iter().map(|correlation| &correlation.name);
        let rules = loaded.program.rules.iter().map(|rule| &rule.name);
        let running = names(&mut rules.chain(correlated));
        RuleSet { loaded, spec: spec.clone(), by_name, correlations, problems, running }
    }

    /// Whether rules and correlations have no errors.
    pub(crate) fn is_successful(&self) -> bool {
        self.loaded.successful() && self.problems.is_empty()
    }

    /// Rules of the program and correlations: name and priority by position.
    pub(crate) fn fired(&self) -> impl Iterator<Item = (&str, Priority)> {
        let rules = self.loaded.program.rules.iter().map(|rule| (rule.name.as_str(), rule.priority));
        rules.chain(self.correlations.list.iter().map(|one| (one.name.as_str(), one.priority)))
    }

    /// Whether there is a correlation of this name.
    pub(crate) fn is_correlation(&self, name: &str) -> bool {
        self.correlations.list.iter().any(|correlation| correlation.name == name)
    }

    /// What the files say of a rule.
    pub(crate) fn info(&self, rule: &str) -> Option<&RuleInfo> {
        self.loaded.rules.get(*self.by_name.get(rule)?)
    }

    /// The position of a rule in the program, if it runs.
    pub(crate) fn running(&self, rule: &str) -> Option<usize> {
        self.running.get(rule).copied()
    }

    /// Names of all rules.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let rules = self.loaded.rules.iter().map(|rule| rule.name.as_str());
        rules.chain(self.correlations.list.iter().map(|correlation| correlation.name.as_str()))
    }

    /// The errors of the files, each with its place.
    pub(crate) fn errors(&self) -> String {
        let errors = self.loaded.reports.iter().flat_map(|report| &report.errors);
        let problems = self.problems.iter().map(|problem| format!("{problem}\n"));
        errors.map(|error| error.to_string()).chain(problems).collect()
    }
}

/// How a set's files are loaded.
pub(crate) fn options(spec: &RuleSpec) -> Options {
    Options { min_priority: spec.priority, selection: spec.selection.clone(), ..Options::default() }
}

/// Why a rule does not run.
pub(crate) fn idle(state: RuleState) -> &'static str {
    match state {
        RuleState::Enabled => "runs",
        RuleState::Disabled => "is disabled",
        RuleState::BelowPriority => "is below the priority of 'select'",
        RuleState::Skipped => "is skipped: its source, a field or an event type is not supported",
    }
}

/// All rule sets of a run.
#[derive(Default, Clone)]
pub(crate) struct Sets {
    /// A further file of each set, by what the set is without it.
    more: Option<More>,
    /// The sets in the order of their first use.
    pub(crate) sets: Vec<Arc<RuleSet>>,
    files: HashMap<Vec<PathBuf>, Arc<Vec<RuleFile>>>,
}

/// Makes a further file of a set.
pub(crate) type More = Arc<dyn Fn(&Loaded) -> Option<RuleFile> + Send + Sync>;

impl Sets {
    /// No sets yet; each gets a further file.
    pub(crate) fn with(more: More) -> Sets {
        Sets { more: Some(more), ..Sets::default() }
    }

    /// The position of the set of a case; it is loaded where it is new.
    pub(crate) fn of(&mut self, spec: &RuleSpec) -> Result<usize, RunError> {
        if let Some(at) = self.sets.iter().rposition(|set| set.spec == *spec) {
            return Ok(at);
        }
        let files = self.files(&spec.files)?;
        let correlations = self.files(&spec.correlations)?;
        let mut set = RuleSet::new(spec, &files, &correlations);
        if let Some(more) = self.more.as_ref().and_then(|more| more(&set.loaded)) {
            let files: Vec<RuleFile> = files.iter().cloned().chain([more]).collect();
            set = RuleSet::new(spec, &files, &correlations);
        }
        self.sets.push(Arc::new(set));
        Ok(self.sets.len() - 1)
    }

    /// The texts of a set's files, read once.
    pub(crate) fn files(&mut self, paths: &[PathBuf]) -> Result<Arc<Vec<RuleFile>>, RunError> {
        if let Some(files) = self.files.get(paths) {
            return Ok(Arc::clone(files));
        }
        let files = Arc::new(files::read(paths)?);
        self.files.insert(paths.to_vec(), Arc::clone(&files));
        Ok(files)
    }
}
