//! The command line: what the user typed enters, lines and an exit code leave. Everything is connected here and nothing
//! is decided: captures are read by the format crate, rules by the rules crate, and both meet in the replay crate.
#![forbid(unsafe_code)]

/// As in std, but a closed standard error is not a reason to panic: whoever reads it may have seen enough.
macro_rules! eprint {
    ($($text:tt)*) => {
        drop(std::io::Write::write_fmt(&mut std::io::stderr(), format_args!($($text)*)))
    };
}

/// As [`eprint!`], with the end of the line.
macro_rules! eprintln {
    ($($text:tt)*) => {
        eprint!("{}\n", format_args!($($text)*))
    };
}

mod assets;
mod baseline;
mod captures;
mod cli;
mod collect;
mod configured;
mod convert;
mod diagnostics;
mod diff;
mod doctor;
mod dump;
mod each_event;
mod events;
mod exit;
mod explain;
mod export;
mod fleet;
mod follow;
mod habits;
mod host;
mod info;
mod inputs;
mod intent;
mod lint;
mod listing;
mod live;
mod merge;
mod nothing;
mod passes;
mod privileges;
mod profile;
mod progress;
mod record;
mod redact;
mod redaction;
mod replay;
mod report;
mod rules;
mod screen;
mod shrink;
mod sign;
mod slice;
mod snaplen;
mod span;
#[cfg(feature = "sql")]
mod sql;
mod stop;
mod summary;
mod tables;
mod target;
mod test;
mod tune;
mod verify;
mod window;

use std::io::{self, Write};
use std::process::ExitCode;

use exit::{Failure, Outcome};
use intent::{Intent, List};

fn main() -> ExitCode {
    let words = habits::translate(std::env::args_os().collect());
    let outcome = words
        .and_then(cli::parse)
        .and_then(|intent| run(&intent))
        .unwrap_or_else(|failure| diagnostics::failed(&failure));
    outcome.into()
}

fn run(intent: &Intent) -> Result<Outcome, Failure> {
    match intent {
        Intent::Record(intent) => record::run(intent),
        Intent::Live(intent) => live::run(intent),
        Intent::Collect(intent) => collect::run(intent),
        Intent::Replay(intent) => replay::run(intent),
        Intent::Convert(intent) => convert::run(intent),
        Intent::Redact(intent) => redact::run(intent),
        Intent::Info(intent) => info::run(intent),
        Intent::Verify(intent) => verify::run(intent),
        Intent::Sign(intent) => sign::run(intent),
        Intent::Slice(intent) => slice::run(intent),
        Intent::Shrink(intent) => shrink::run(intent),
        Intent::Merge(intent) => merge::run(intent),
        Intent::Dump(intent) => dump::run(intent),
        Intent::Doctor(intent) => doctor::run(intent),
        Intent::Test(intent) => test::run(intent),
        Intent::Diff(intent) => diff::run(intent),
        Intent::Explain(intent) => explain::run(intent),
        Intent::Profile(intent) => profile::run(intent),
        Intent::Tune(intent) => tune::run(intent),
        Intent::RulesCheck(intent) => rules::check(intent),
        Intent::RulesLint(intent) => lint::run(intent),
        Intent::RulesList(intent) => rules::list(intent),
        Intent::RulesShow(intent) => rules::show(intent),
        Intent::ConfigCheck(intent) => live::check(intent.file.as_deref(), &intent.overrides),
        Intent::Follow(intent) => follow::run(intent),
        Intent::Learn(intent) => baseline::learn(intent),
        Intent::Compare(intent) => baseline::compare(intent),
        Intent::Export(intent) => export::run(intent),
        Intent::FleetPlan(intent) => fleet::plan::run(intent),
        Intent::FleetRun(intent) => fleet::run::run(intent),
        Intent::FleetMerge(intent) => fleet::merge::run(intent),
        Intent::Report(intent) => report::run(intent),
        Intent::Sql(intent) => sql(intent),
        Intent::View(intent) => tables::run(intent),
        Intent::TableList => tables::list(),
        Intent::Assets(directory) => assets::run(directory),
        Intent::Fields(intent) => list(intent, listing::check_fields, listing::fields),
        Intent::EventTypes(intent) => list(intent, listing::check_events, listing::events),
        Intent::Events(intent) => events::run(intent),
    }
}

#[cfg(feature = "sql")]
fn sql(intent: &intent::Sql) -> Result<Outcome, Failure> {
    sql::run(intent)
}

#[cfg(not(feature = "sql"))]
fn sql(_: &intent::Sql) -> Result<Outcome, Failure> {
    Err(Failure::usage(
        "this tercel was built without SQL; 'cargo install --features sql' builds it in. 'tercel table' shows the same tables",
    ))
}

fn list(
    intent: &List,
    check: fn(&List) -> Result<(), Failure>,
    print: fn(&mut dyn Write, &List) -> io::Result<()>,
) -> Result<Outcome, Failure> {
    check(intent)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    finish(print(&mut out, intent).and_then(|()| out.flush()))
}

/// A closed pipe is not an error: the reader has seen enough.
fn finish(written: io::Result<()>) -> Result<Outcome, Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io(error)),
        _ => Ok(Outcome::Done),
    }
}
