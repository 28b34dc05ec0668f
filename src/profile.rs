//! `tercel profile`: the intent enters, a report leaves. Everything in between is in the ruletest crate.

use std::io::{self, Write};

use tercel_ruletest::{Extent, ProfileOptions, profile};

use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};
use crate::intent::Profile as Intent;
use crate::{finish, passes, screen};

/// Runs the verb.
pub fn run(intent: &Intent) -> Result<Outcome, Failure> {
    let options = ProfileOptions {
        rules: intent.rules.files.clone(),
        loading: intent.rules.options.clone(),
        matching: intent.matching,
        extent: Extent {
            window: intent.window,
            filter: intent.filter.as_ref().map(|filter| &filter.program),
            settings: intent.settings,
        },
        alone: intent.alone,
    };
    let found =
        passes::read(&intent.traces, intent.jobs, intent.quiet, |captures| profile(&options, captures))?;
    let damaged = passes::ended(&found.captures, intent.verbose);
    let report = match intent.json {
        true => found.json(intent.times),
        false => found.text(intent.rows, intent.times, screen::of_stdout()),
    };
    let mut out = io::stdout().lock();
    finish(out.write_all(report.as_bytes()).and_then(|()| out.flush()))?;
    if !intent.quiet {
        let captures = counted(found.captures.len() as u64, "capture");
        eprintln!("{} in {captures}", counted(found.event_count(), "event"));
    }
    Ok(damaged)
}
