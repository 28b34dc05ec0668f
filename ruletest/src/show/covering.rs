//! The cases of test files that name a rule.

use std::path::PathBuf;

use crate::error::RunError;
use crate::options::{Options, ParsePoint};

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

/// The cases below these paths that name a rule. Test files that cannot be read are left out; `tercel test` reports them.
///
/// # Errors
/// A path does not exist, or there is no test file below it.
pub fn covering(paths: &[PathBuf], rule: &str, point: ParsePoint) -> Result<Vec<Covering>, RunError> {
    let (suites, _) = crate::suites(&Options::new(paths.to_vec(), point))?;
    let cases = suites.iter().flat_map(|suite| &suite.cases);
    let named = cases.flat_map(|case| {
        let expectations = case.expectations.iter().filter(|expectation| expectation.rule == rule);
        expectations.map(move |expectation| Covering {
            file: case.document.name.to_string(),
            line: expectation.line,
            case: case.name.clone(),
            expects: expectation.patterns.iter().map(|pattern| pattern.count.to_string()).collect(),
            is_silent: expectation.patterns.iter().all(|pattern| pattern.count == crate::suite::Count::NONE),
        })
    });
    Ok(named.collect())
}
