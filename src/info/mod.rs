//! `tercel info`: what is in a capture, as text or JSON.

mod json;
mod text;

use std::io::{self, Write};

use jiff::Timestamp;
use tercel_analysis::summary::Summary;

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::{Input, length};
use crate::intent::Info;

/// Runs the verb.
pub fn run(args: &Info) -> Result<Outcome, Failure> {
    let mut out = io::stdout().lock();
    let mut gap = "";
    captures::each(&args.traces, false, |name, mut capture, progress| {
        let found = Summary::of(&mut capture, length(&Input::File(name.into())));
        progress.finish();
        let summary = match found {
            Ok(summary) => summary,
            Err(error) => {
                let failure = Failure::io(format!("{name}: {error}"));
                return Ok((diagnostics::failed(&failure), Next::GoOn));
            }
        };
        let written = if args.json {
            writeln!(out, "{}", json::of(name, &summary, args.columns))
        } else {
            write!(out, "{gap}{}", text::of(name, &summary, args.columns))
        };
        gap = "\n";
        let is_closed = written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        crate::finish(written)?;
        let outcome = if summary.damage.is_empty() { Outcome::Done } else { Outcome::Damaged };
        Ok((outcome, if is_closed { Next::Stop } else { Next::GoOn }))
    })
}

/// How many columns are printed.
const LARGEST: usize = 20;

/// A time in UTC.
fn iso(ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| format!("{ns} ns"), |time| time.to_string())
}
