//! `tercel diff`: the intent enters, a report and an exit code leave. Everything in between is in the ruletest crate.

use std::io::{self, Write};

use tercel_ruletest::{DiffFormat, DiffOptions, Extent, diff};

use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};
use crate::intent::Diff as Intent;
use crate::{finish, passes, screen};

/// Runs the verb.
pub fn run(intent: &Intent) -> Result<Outcome, Failure> {
    let options = DiffOptions {
        old: intent.old.clone(),
        new: intent.new.clone(),
        loading: intent.loading.clone(),
        matching: intent.matching,
        extent: Extent {
            window: intent.window,
            filter: intent.filter.as_ref().map(|filter| &filter.program),
            settings: intent.settings,
        },
        examples: intent.examples,
    };
    let found = passes::read(&intent.traces, intent.jobs, intent.quiet, |captures| diff(&options, captures))?;
    let damaged = passes::ended(&found.captures, intent.verbose);
    let report = found.report(intent.format, screen::of_stdout());
    let mut out = io::stdout().lock();
    finish(out.write_all(report.as_bytes()).and_then(|()| out.flush()))?;
    if !intent.quiet && intent.format == DiffFormat::Text {
        let events = found.captures.iter().map(|ended| ended.events).sum();
        let captures = counted(found.captures.len() as u64, "capture");
        let verdict = if found.differs() { "" } else { "nothing differs: " };
        eprintln!("{verdict}{} in {captures}", counted(events, "event"));
    }
    Ok(damaged.max(if found.differs() { Outcome::Reached } else { Outcome::Done }))
}
