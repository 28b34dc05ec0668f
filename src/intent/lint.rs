//! What `tercel rules lint` does.

use std::path::PathBuf;

use tercel_ruletest::lint::report::Form;

/// What `tercel rules lint` does.
pub struct RulesLint {
    /// Rule files.
    pub files: Vec<PathBuf>,
    /// The form of the report.
    pub form: Form,
}
