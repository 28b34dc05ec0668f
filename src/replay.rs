//! `tercel replay`: rules and captures are opened and evaluated, and a summary is printed.

mod supply;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tercel_replay::Alerts;
use tercel_replay::correlate::Totals;
use tercel_replay::scan::{Threads, scan_all};
use tercel_rules::program::Priority;

use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::intent::Replay as Intent;
use crate::nothing;
use crate::progress::Progress;
use crate::rules;
use crate::summary;
use crate::target;
use supply::Captures;

/// Runs the verb.
pub fn run(intent: &Intent) -> Result<Outcome, Failure> {
    let (program, correlations) =
        rules::load_correlated(&intent.rules, &intent.correlations, intent.quiet, intent.verbose)?;
    let filter = intent.filter.as_ref().map(|filter| &filter.program);
    let alerts = Alerts::new(&program, filter, intent.options, intent.style).correlated(&correlations);
    let mut out = Out { writer: BufWriter::with_capacity(1 << 16, output(intent)?), closed: false };
    let started = Instant::now();
    let progress = Progress::of_all(&intent.traces, intent.quiet);
    let mut captures = Captures::new(intent, &progress);
    let advance = |bytes| progress.advance(bytes);
    let (counted, ran) = if intent.merge {
        let ran = alerts.by_time(&mut captures, &mut out, &advance);
        ran.map_or_else(|error| (None, Err(error)), |counted| (Some(counted), Ok(())))
    } else {
        let threads = Threads::new(jobs(intent));
        let mut lines = alerts.lines_to(&mut out);
        let ran = scan_all(&alerts, &mut captures, threads, &mut lines, &advance);
        let finished = ran.and_then(|()| lines.finish());
        let (totals, ran) =
            finished.map_or_else(|error| (Totals::default(), Err(error)), |totals| (totals, Ok(())));
        (Some((lines.into_counters(), totals)), ran)
    };
    progress.finish();
    match ran {
        Err(error) if !out.closed => return Err(Failure::io(format!("cannot write alerts: {error}"))),
        Ok(()) | Err(_) => {}
    }
    let closed = out.finish()?;
    let (totals, mut outcome) = captures.finish();
    let (counters, correlated) = counted.unwrap_or_default();
    let is_part = intent.options.from.is_some() || intent.options.to.is_some();
    if (is_part || filter.is_some()) && counters.evaluated == 0 && !intent.quiet {
        let text = intent.filter.as_ref().map(|filter| filter.text.as_str());
        eprintln!("warning: {}", nothing::text(&intent.traces, is_part, text, None));
    }
    if !intent.quiet && !closed {
        eprint!("{}", summary::text(&totals, &counters, &program, intent.verify, started.elapsed()));
        eprint!("{}", summary::of_correlations(&correlated, &correlations));
    }
    let reached = |limit: Priority| {
        let fired = correlations.list.iter().zip(&correlated.alerts).filter(|(_, count)| **count > 0);
        counters.priorities[..=limit as usize].iter().any(|count| *count > 0)
            || fired.into_iter().any(|(correlation, _)| correlation.priority <= limit)
    };
    if outcome == Outcome::Done && intent.fail_on.is_some_and(reached) {
        outcome = Outcome::Reached;
    }
    Ok(outcome)
}

/// How many threads to use. A single capture without keyframes gains little from more than one, and they cost a second pass over its
/// events.
fn jobs(intent: &Intent) -> usize {
    match (intent.jobs, intent.traces.as_slice()) {
        (Some(jobs), _) => jobs.get(),
        (None, [trace]) if !supply::is_keyed(trace) => 1,
        (None, _) => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
    }
}

fn output(intent: &Intent) -> Result<Box<dyn Write + Send>, Failure> {
    match &intent.output {
        None => {
            target::refuse_overwriting(Path::new("-"), inputs::paths(&intent.traces))?;
            Ok(Box::new(io::stdout()))
        }
        Some(path) => {
            let rules = inputs::rule_files(&[&intent.rules.files[..], &intent.correlations].concat())?;
            let rules = rules.iter().map(|file| Path::new(&file.name));
            let read = rules.chain(intent.configuration.iter().map(PathBuf::as_path));
            target::refuse_overwriting(path, inputs::paths(&intent.traces).chain(read))?;
            let created = File::create(path).map(|file| Box::new(file) as Box<dyn Write + Send>);
            created.map_err(|error| Failure::io(format!("{}: {error}", path.display())))
        }
    }
}

/// Where lines go. It notices when the reader closes the output.
struct Out {
    writer: BufWriter<Box<dyn Write + Send>>,
    closed: bool,
}

impl Out {
    /// Writes the rest; `true` if the reader has closed the output, which is not an error.
    fn finish(mut self) -> Result<bool, Failure> {
        match self.flush() {
            Err(error) if !self.closed => Err(Failure::io(format!("cannot write alerts: {error}"))),
            Ok(()) | Err(_) => Ok(self.closed),
        }
    }

    fn noticed<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.closed |= written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes);
        self.noticed(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.writer.flush();
        self.noticed(flushed)
    }
}
