//! A linter of rules: loaded rule files enter, findings leave, each with a code, a place, a reason and what to do. Nothing here reads
//! files or captures, and nothing evaluates an event: what is said follows from the rules, from the catalogues of fields and events,
//! and from what values a field can have (`tercel_replay::fields::domain`).
//!
//! Data walks down the list of modules: conditions become trees of checks with their macros open (`tree`), which are judged by what
//! checks say of each other (`facts`, `conditions`), by the values that fields have (`values`), by names that look misspelt
//! (`names`), and as whole rules (`whole`). Comments in the files allow what is meant so (`nolint`); `report` writes the rest.
//!
//! ```
//! use tercel_ruletest::lint::{Code, lint};
//! use tercel_rules::{Loader, Options};
//!
//! let mut loader = Loader::new(Options::default());
//! loader.file(
//!     "rules.yaml",
//!     "- rule: Python
//!   desc: Python starts
//!   condition: evt.type = execve and proc.name = \"python*\"
//!   output: started %proc.cmdline
//!   priority: NOTICE
//!   tags: [host]
//! ",
//! );
//! let findings = lint(&loader)?.expect("valid rules");
//! assert_eq!(findings[0].code, Code::PatternInEquality);
//! assert_eq!(findings[0].place.to_string(), "rules.yaml:3:48");
//! # Ok::<(), tercel_rules::load::TooLarge>(())
//! ```

mod code;

mod tree;

mod facts;

mod found;

mod conditions;

mod values;

mod names;

mod whole;

mod nolint;

pub mod report;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tercel_rules::Loader;
use tercel_rules::load::{Place, TooLarge};

pub use code::{Code, Level};

use found::Found;
use tree::Forest;

/// Something that is wrong with rules.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// The reason.
    pub message: String,
    /// What to do here.
    pub fix: String,
    /// Where.
    pub place: Place,
    /// The rule, macro or list that it is about: `rule 'x'`; empty for none.
    pub item: String,
    /// Whether the loader warns of it, too.
    pub is_warning: bool,
    /// File and line where that begins.
    start: Option<(Arc<str>, usize)>,
}

impl Finding {
    fn new(code: Code, place: Place, message: String, fix: Option<String>) -> Finding {
        let fix = fix.unwrap_or_else(|| code.fix().to_owned());
        Finding { code, message, fix, place, item: String::new(), is_warning: false, start: None }
    }

    fn within(self, item: String, start: &Place) -> Finding {
        Finding { item, start: Some((Arc::clone(&start.file), start.line)), ..self }
    }
}

/// What is wrong with the rules of a loader, by place; `None` if a file has errors.
///
/// # Errors
/// The conditions, macros open, are too large.
pub fn lint(loader: &Loader) -> Result<Option<Vec<Finding>>, TooLarge> {
    loader
        .definitions(|definitions| {
            let forest = Forest::of(definitions)?;
            let files = definitions.files.clone();
            let mut found = Found::new(definitions);
            conditions::look(&forest, &mut found);
            values::look(&forest, &mut found);
            names::look(&forest, &mut found);
            whole::look(&forest, &mut found);
            let mut findings = nolint::apply(&files, found.findings);
            let order = |finding: &Finding| {
                let file = files.iter().position(|(name, _)| **name == *finding.place.file);
                (file, finding.place.line, finding.place.column, finding.code)
            };
            findings.sort_by_key(order);
            findings.dedup_by(|a, b| order(a) == order(b) && a.message == b.message);
            Ok(findings)
        })
        .transpose()
}
