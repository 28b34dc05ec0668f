//! `tercel rules lint`: rule files enter, findings leave.

use std::io::{self, Write};

use tercel_rules::load::{Loader, Options};
use tercel_ruletest::lint::{self, Finding, report};

use crate::exit::{Failure, Outcome};
use crate::intent::RulesLint;
use crate::{finish, rules};

/// Prints what is wrong with rules that load.
pub fn run(intent: &RulesLint) -> Result<Outcome, Failure> {
    let loader = rules::whole(&intent.files, Options::default())?;
    let Some(findings) = found(&loader)? else { return Err(rules::refused(loader.reports())) };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let version = env!("CARGO_PKG_VERSION");
    finish(report::write(&findings, intent.form, version, &mut out).and_then(|()| out.flush()))?;
    Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Reached })
}

/// What is wrong with loaded rules; nothing where they have errors.
pub fn found(loader: &Loader) -> Result<Option<Vec<Finding>>, Failure> {
    lint::lint(loader).map_err(Failure::usage)
}
