//! `tercel replay`: rules and captures are opened, evaluated one capture after the other, and summed up.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Instant;

use console::style;
use tercel_format::Reader;
use tercel_replay::parallel::CHUNK;
use tercel_replay::{
    Alert, Counters, Formatter, Matching, Options, Parallel, Point, Replay, ReplayError, Scout, Settings,
    Sink, Style, can_be_parallel,
};
use tercel_rules::program::{Priority, Program};

use crate::cli::{ReplayArgs, RuleMatching};
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, Trace};
use crate::progress::Progress;
use crate::rules;
use crate::summary::{self, Totals};
use crate::window;

/// What the arguments ask for, checked.
struct Intent {
    traces: Vec<Trace>,
    filter: Option<Program>,
    options: Options,
    style: Style,
    fail_on: Option<Priority>,
}

impl Intent {
    fn of(args: &ReplayArgs) -> Result<Intent, Failure> {
        let (traces, trailing) = inputs::traces_and_filter(&args.traces)?;
        let filter = match (&args.filter, trailing) {
            (Some(_), Some(_)) => {
                return Err(Failure::usage(
                    "give the filter either behind the captures or with --filter, not both",
                ));
            }
            (Some(text), None) => Some(rules::filter(text)?),
            (None, Some(text)) => Some(rules::filter(&text)?),
            (None, None) => None,
        };
        let settings = Settings::default();
        let options = Options {
            matching: match args.rule_matching {
                RuleMatching::First => Matching::First,
                RuleMatching::All => Matching::All,
            },
            from: point("--from", args.from.as_deref())?,
            to: point("--to", args.to.as_deref())?,
            limit: args.limit,
            settings,
        };
        let style = Style { json: args.json, iso8601: args.iso8601, settings, ..Style::default() };
        let fail_on = args.fail_on.as_deref().map(|text| rules::priority("--fail-on", text)).transpose()?;
        Ok(Intent { traces, filter, options, style, fail_on })
    }
}

fn point(flag: &str, text: Option<&str>) -> Result<Option<Point>, Failure> {
    text.map(|text| window::point(text).map_err(|error| Failure::usage(format!("{flag}: {error}"))))
        .transpose()
}

/// Runs the verb.
pub fn run(args: &ReplayArgs) -> Result<Outcome, Failure> {
    let intent = Intent::of(args)?;
    let program = rules::load(&args.rules, &args.selection, args.quiet, args.verbose)?;
    let mut engine = Engine::new(args, &intent, &program)?;
    let mut out = Out { writer: BufWriter::with_capacity(1 << 16, output(args)?), closed: false };
    let mut totals = Totals::default();
    let mut outcome = Outcome::Done;
    let started = Instant::now();
    for trace in &intent.traces {
        outcome = outcome.max(one(args, trace, &mut engine, &mut out, &mut totals)?);
        if out.closed {
            break;
        }
    }
    let closed = out.finish()?;
    let counters = engine.counters();
    if !args.quiet && !closed {
        eprint!("{}", summary::text(&totals, counters, &program, started.elapsed()));
    }
    let reached = |limit: Priority| counters.priorities[..=limit as usize].iter().any(|count| *count > 0);
    if outcome == Outcome::Done && intent.fail_on.is_some_and(reached) {
        outcome = Outcome::Reached;
    }
    Ok(outcome)
}

/// What evaluates: one thread, or several.
enum Engine<'p> {
    One(Box<Replay<'p>>, Box<Formatter>),
    Several(Box<Parallel<'p>>, Options),
}

impl<'p> Engine<'p> {
    fn new(args: &ReplayArgs, intent: &Intent, program: &'p Program) -> Result<Engine<'p>, Failure> {
        let (filter, options, style) = (intent.filter.as_ref(), intent.options, intent.style);
        let jobs = args.jobs.get();
        if jobs == 1 || !can_be_parallel(program, filter, &options) {
            let replay = Replay::new(program, filter, options);
            return Ok(Engine::One(Box::new(replay), Box::new(Formatter::new(program, style))));
        }
        let parallel = Parallel::new(program, filter, options, style, jobs);
        let parallel = parallel.map_err(|error| Failure::io(format!("cannot start threads: {error}")))?;
        Ok(Engine::Several(Box::new(parallel), options))
    }

    fn run(&mut self, reader: &mut Reader, out: &mut Out) -> Result<(), ReplayError<tercel_format::Error>> {
        match self {
            Engine::One(replay, formatter) => {
                replay.run(reader, &mut Lines { formatter, out, line: Vec::new() })
            }
            Engine::Several(parallel, options) => parallel.run(&mut Scout::new(reader, *options, CHUNK), out),
        }
    }

    fn counters(&self) -> &Counters {
        match self {
            Engine::One(replay, _) => replay.counters(),
            Engine::Several(parallel, _) => parallel.counters(),
        }
    }
}

/// Replays one capture. Damage is told and remembered; everything readable has been processed by then.
fn one(
    args: &ReplayArgs,
    trace: &Trace,
    engine: &mut Engine<'_>,
    out: &mut Out,
    totals: &mut Totals,
) -> Result<Outcome, Failure> {
    let (input, length) = trace.open()?;
    let progress = Progress::new(&trace.name(), length, args.quiet);
    let name = trace.name();
    let mut reader = match Reader::new(progress.watch(input)) {
        Ok(reader) => reader,
        Err(error) => {
            progress.finish();
            return Ok(told(&name, &error));
        }
    };
    let ran = engine.run(&mut reader, out);
    progress.finish();
    totals.add(&reader.statistics());
    let mut outcome = incidents(&name, &reader, args.verbose);
    match ran {
        Ok(()) => {}
        Err(ReplayError::Source(error)) => outcome = outcome.max(told(&name, &error)),
        Err(ReplayError::Sink(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(ReplayError::Sink(error)) => return Err(Failure::io(format!("cannot write alerts: {error}"))),
        Err(ReplayError::Defect(defect)) => {
            eprintln!("{} {name}: {defect}", style("error:").for_stderr().red().bold());
            outcome = outcome.max(Outcome::Damaged);
        }
    }
    Ok(outcome)
}

/// Tells what is wrong with a capture.
fn told(name: &str, error: &tercel_format::Error) -> Outcome {
    eprintln!("{} {name}: {error}", style("error:").for_stderr().red().bold());
    if error.is_damage() { Outcome::Damaged } else { Outcome::Io }
}

/// Tells which places of a capture were damaged and skipped: the first, or all of them.
fn incidents(name: &str, reader: &Reader, verbose: bool) -> Outcome {
    let count = reader.statistics().incidents;
    if count == 0 {
        return Outcome::Done;
    }
    let shown = if verbose { usize::MAX } else { 3 };
    let label = style("warning:").for_stderr().yellow().bold();
    for incident in reader.incidents().iter().take(shown) {
        eprintln!("{label} {name}: {incident} (skipped)");
    }
    let rest = count.saturating_sub(shown.min(reader.incidents().len()) as u64);
    if rest > 0 {
        eprintln!("{label} {name}: {rest} more damaged places skipped");
    }
    Outcome::Damaged
}

fn output(args: &ReplayArgs) -> Result<Box<dyn Write + Send>, Failure> {
    match &args.output {
        None => Ok(Box::new(io::stdout())),
        Some(path) => File::create(path)
            .map(|file| Box::new(file) as Box<dyn Write + Send>)
            .map_err(|error| Failure::io(format!("{}: {error}", path.display()))),
    }
}

/// Where lines go. It notices when nobody reads any more.
struct Out {
    writer: BufWriter<Box<dyn Write + Send>>,
    closed: bool,
}

impl Out {
    /// Writes what is left; `true` where nobody reads any more, which is not an error.
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

/// Writes alerts as lines.
struct Lines<'a> {
    formatter: &'a mut Formatter,
    out: &'a mut Out,
    line: Vec<u8>,
}

impl Sink for Lines<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.line.clear();
        self.formatter.push_line(alert, &mut self.line);
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }
}
