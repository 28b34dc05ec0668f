//! `tercel tune`: the intent enters, a report, a file of exceptions and an exit code leave. Everything in between is in the ruletest
//! crate.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use tercel_ruletest::{TuneOptions, tune};

use crate::exit::{Failure, Outcome};
use crate::inputs::{paths, rule_files};
use crate::intent::Tune as Intent;
use crate::target::refuse_overwriting;
use crate::{finish, passes, screen, window};

/// Runs the verb.
pub fn run(intent: &Intent) -> Result<Outcome, Failure> {
    if let Some(output) = &intent.output {
        let rules = rule_files(&intent.rules.files)?;
        let rules = rules.iter().map(|file| Path::new(&file.name));
        refuse_overwriting(output, paths(&intent.good).chain(paths(&intent.bad)).chain(rules))?;
        if output.exists() && !intent.force {
            return Err(Failure::usage(format!(
                "{}: the file exists; --force writes over it",
                output.display()
            )));
        }
    }
    if intent.bad.is_empty() && intent.tests.is_empty() && !intent.quiet {
        eprintln!("warning: nothing shows that attacks are still seen: give --bad or --tests");
    }
    let options = TuneOptions {
        rules: intent.rules.files.clone(),
        loading: intent.rules.options.clone(),
        matching: intent.matching,
        settings: intent.settings,
        least: intent.least,
        tests: intent.tests.clone(),
        parse_point: window::point,
    };
    let found = passes::read(&intent.good, intent.jobs, intent.quiet, |good| {
        let bad = passes::read(&intent.bad, intent.jobs, true, |bad| tune(&options, good, bad));
        Ok(bad)
    })??;
    let damaged = passes::ended(&found.captures, intent.verbose);
    if let (Some(output), Some(text)) = (&intent.output, &found.file) {
        write(output, text, intent.force)?;
    }
    let mut out = io::stdout().lock();
    let report = found.text(screen::of_stdout());
    finish(out.write_all(report.as_bytes()).and_then(|()| out.flush()))?;
    if let (Some(output), None, false) = (&intent.output, &found.file, intent.quiet) {
        eprintln!("{}: not written: there is nothing to except", output.display());
    }
    Ok(damaged)
}

fn write(output: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(force).create(force).create_new(!force);
    let written = options.open(output).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::io(format!("{}: {error}", output.display())))
}
