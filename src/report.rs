//! `tercel report`: captures are summarized, asked for tables and read around their alerts; one page leaves.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tercel_analysis::report::{self, Reported, Surroundings};
use tercel_analysis::summary::Summary;
use tercel_analysis::tables::Tables;

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, length};
use crate::intent::{Report, ReportForm};
use crate::nothing;
use crate::rules;
use crate::target::refuse_overwriting;

/// Runs the verb.
pub fn run(args: &Report) -> Result<Outcome, Failure> {
    let mut out = output(args)?;
    let asked = &args.asked;
    let program = rules::load(&args.rules, asked.quiet, asked.verbose)?;
    let question = Tables::new(report::TABLES, asked.window, asked.program(), asked.memory())
        .with_paths(asked.seen_paths)
        .with_rules(Some(&program));
    let version = format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let mut made = report::Report::new(version, program.rules.len());
    let mut events = 0;
    // Each capture is opened three times: for its summary, its tables and the events around alerts.
    let mut inputs = asked.traces.iter();
    let outcome = captures::each(&asked.traces, asked.quiet, |name, capture, progress| {
        let input = inputs.by_ref().find(|input| input.name() == name);
        let answer = question.ask(capture, asked.threads(), &|bytes| progress.advance(bytes));
        let answer = answer.map_err(|error| Failure::io(format!("{name}: {error}")))?;
        let ended = diagnostics::ended(name, &answer.report, answer.error.as_ref(), asked.verbose);
        let again = || input.map(|input| captures::open(input, progress)).transpose();
        let summary = again()?.map(|mut capture| Summary::of(&mut capture, input.and_then(length)));
        let summary =
            summary.transpose().map_err(|error| Failure::io(format!("{name}: {error}")))?.unwrap_or_default();
        let around = Surroundings::new(report::surrounded(&answer));
        let found = again()?.map(|mut capture| around.of(&mut capture, &|_| ())).unwrap_or_default();
        let mut damage = summary.damage.clone();
        damage.extend(answer.report.troubles.iter().map(ToString::to_string));
        damage.extend(answer.error.iter().map(ToString::to_string));
        damage.sort();
        damage.dedup();
        events += answer.events;
        made.add(&Reported { name, summary: &summary, answer: &answer, damage, utc: args.utc }, &found);
        Ok((ended, Next::GoOn))
    })?;
    if events == 0 && !asked.quiet {
        let is_part = asked.window != tercel_replay::Window::default();
        let text = asked.filter.as_ref().map(|filter| filter.text.as_str());
        if is_part || text.is_some() {
            eprintln!("warning: {}", nothing::text(&asked.traces, is_part, text, None));
        }
    }
    let text = match args.form {
        ReportForm::Html => report::html(&made),
        ReportForm::Markdown => report::markdown(&made),
        ReportForm::Json => report::json(&made),
    };
    let text = text.map_err(Failure::io)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    crate::finish(written).map(|done| done.max(outcome))
}

fn output(args: &Report) -> Result<Box<dyn Write>, Failure> {
    let rules = inputs::rule_files(&args.rules.files)?;
    let rules = rules.iter().map(|file| Path::new(&file.name));
    let read = inputs::paths(&args.asked.traces).chain(rules);
    match args.output.as_deref().filter(|path| *path != Path::new("-")) {
        None => {
            refuse_overwriting(Path::new("-"), read)?;
            Ok(Box::new(io::stdout()))
        }
        Some(path) => {
            refuse_overwriting(path, read)?;
            let created = File::create(path).map(|file| Box::new(file) as Box<dyn Write>);
            created.map_err(|error| Failure::io(format!("{}: {error}", path.display())))
        }
    }
}
