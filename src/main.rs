//! The command line: what the user typed enters, lines and an exit code leave. Everything is wired here and nothing is
//! decided: captures are read by the format crate, rules by the rules crate, and both meet in the replay crate.
#![forbid(unsafe_code)]

mod assets;
mod captures;
mod cli;
mod config;
mod convert;
mod diagnostics;
mod events;
mod exit;
mod habits;
mod host;
mod info;
mod inputs;
mod listing;
mod live;
mod merge;
mod outputs;
mod plain;
mod progress;
mod record;
mod replay;
mod rules;
mod slice;
mod summary;
mod target;
mod test;
mod verify;
mod window;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, ConfigVerb, ListArgs, RulesVerb, Verb};
use exit::{Failure, Outcome};

fn main() -> ExitCode {
    let words = habits::translate(std::env::args_os().collect());
    let outcome = words
        .and_then(|words| run(&Cli::parse_from(words)))
        .unwrap_or_else(|failure| diagnostics::failed(&failure));
    outcome.into()
}

fn run(cli: &Cli) -> Result<Outcome, Failure> {
    match &cli.verb {
        Verb::Record(args) => record::run(args),
        Verb::Live(args) => live::run(args),
        Verb::Replay(args) => replay::run(args),
        Verb::Convert(args) => convert::run(args),
        Verb::Index(args) => convert::index(args),
        Verb::Info(args) => info::run(args),
        Verb::Verify(args) => verify::run(args),
        Verb::Recover(args) => convert::recover(args),
        Verb::Slice(args) => slice::run(args),
        Verb::Merge(args) => merge::run(args),
        Verb::Test(args) => test::run(args),
        Verb::Rules { verb: RulesVerb::Check { files, json } } => rules::check(files, *json),
        Verb::Rules { verb: RulesVerb::List { files, selection, json } } => {
            rules::list(files, selection, *json)
        }
        Verb::Config { verb: ConfigVerb::Check { file, overrides } } => {
            live::check(file.as_deref(), overrides)
        }
        Verb::Assets { directory } => assets::run(directory),
        Verb::Fields(args) => list(args, listing::fields),
        Verb::Events(args) if args.list => {
            let text = args.words.first().cloned();
            list(&ListArgs { text, json: args.json }, listing::events)
        }
        Verb::Events(args) => events::run(args),
    }
}

fn list(args: &ListArgs, print: fn(&mut dyn Write, &ListArgs) -> io::Result<()>) -> Result<Outcome, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    finish(print(&mut out, args).and_then(|()| out.flush()))
}

/// A closed pipe is not an error: whoever read the output had enough.
fn finish(written: io::Result<()>) -> Result<Outcome, Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io(error)),
        _ => Ok(Outcome::Done),
    }
}
