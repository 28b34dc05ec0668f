//! The cases of test files that name a rule.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::RunError;
use crate::options::{Options, ParsePoint};
use crate::suite::Count;

/// A case that names a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covering {
    /// The test file.
    pub file: String,
    /// Line of the expectation, from 1.
    pub line: usize,
    /// Name of the case.
    pub case: String,
    /// The counts of alerts that it expects.
    pub expects: Vec<String>,
    /// It expects that the rule is silent.
    pub is_silent: bool,
}

/// The cases of test files, by the rules that they name.
#[derive(Debug, Default)]
pub struct Coverings(BTreeMap<String, Vec<Covering>>);

impl Coverings {
    /// The cases below these paths. Test files that cannot be read are left out; `tercel test` reports them.
    ///
    /// # Errors
    /// A path does not exist, or there is no test file below it.
    pub fn read(paths: &[PathBuf], point: ParsePoint) -> Result<Coverings, RunError> {
        let (suites, _) = crate::suites(&Options::new(paths.to_vec(), point))?;
        let mut coverings = Coverings::default();
        for case in suites.iter().flat_map(|suite| &suite.cases) {
            for expectation in &case.expectations {
                let counts = || expectation.patterns.iter().map(|pattern| &pattern.count);
                coverings.0.entry(expectation.rule.clone()).or_default().push(Covering {
                    file: case.document.name.to_string(),
                    line: expectation.line,
                    case: case.name.clone(),
                    expects: counts().map(ToString::to_string).collect(),
                    is_silent: counts().all(|count| *count == Count::NONE),
                });
            }
        }
        Ok(coverings)
    }

    /// The cases that name a rule.
    pub fn of(&self, rule: &str) -> &[Covering] {
        self.0.get(rule).map_or(&[], Vec::as_slice)
    }
}
