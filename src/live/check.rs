//! `tercel config check`: what `tercel live` would do with a configuration, its errors, and keys that have no effect. Everything is
//! read as live reads it, but the probe is not loaded and no output is opened.

use std::io::{self, Write};
use std::path::Path;

use tercel_config::{self as config, DEFAULT_FILE};
use tercel_live::WebServer;
use tercel_rules::load::{Loader, Options};

use super::rules::Plan;
use super::{flight, intent, web_failed};
use crate::exit::{Failure, Outcome};
use crate::finish;
use crate::rules as rule_files;

/// Checks a configuration and prints what live would do.
pub fn run(file: Option<&Path>, overrides: &[String]) -> Result<Outcome, Failure> {
    let loaded = config::load(file.or(config::default_file()), overrides).map_err(Failure::usage)?;
    let mut out = io::stdout().lock();
    let mut remarks = || -> io::Result<()> {
        for remark in &loaded.remarks.warnings {
            writeln!(out, "{}: warning: {}", remark.place, remark.text)?;
        }
        for remark in &loaded.remarks.ignored {
            writeln!(out, "{}: note: {}", remark.place, remark.text)?;
        }
        match loaded.files.as_slice() {
            [] => writeln!(out, "configuration: none ({DEFAULT_FILE} does not exist); the defaults are used"),
            files => files.iter().try_for_each(|file| writeln!(out, "configuration: {}", file.display())),
        }
    };
    finish(remarks())?;
    let config = &loaded.config;
    let kinds = config.kinds();
    kinds.iter().try_for_each(|kind| kind.check()).map_err(Failure::usage)?;
    config.web.as_ref().map_or(Ok(()), WebServer::check).map_err(web_failed)?;
    flight::check(config)?;
    if config.rules_files.is_empty() {
        // The configuration is still valid: rules can be named on the command line of live.
        let none = Loader::new(Options::default()).finish();
        let lines = intent::lines(config, &loaded.absent, &[], &none, &[], &kinds);
        let text = "would exit with code 2 unless --rules names rule files: none of rules_files exists";
        return finish(print(&mut out, &lines).and_then(|()| writeln!(out, "{text}")));
    }
    let plan = Plan::new(None, Options::default(), config)?;
    let rules = plan.read()?;
    let correlations = plan.correlations();
    let lines = intent::lines(config, &loaded.absent, &plan.sources()?, &rules, correlations, &kinds);
    let unmatched = plan.unmatched(&rules);
    let remarks = unmatched.iter().try_for_each(|line| writeln!(out, "warning: {line}"));
    let outcome = finish(remarks.and_then(|()| print(&mut out, &lines)))?;
    let correlations = plan.correlate(&rules);
    rule_files::program(rules, false, false)?;
    let correlations = correlations.map_err(|errors| Failure::usage(errors.join("\n")))?;
    correlations.remarks.iter().for_each(|remark| eprintln!("warning: {remark}"));
    Ok(outcome)
}

fn print(out: &mut dyn Write, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "would {line}"))
}
