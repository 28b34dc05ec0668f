//! `tercel events`: the events of captures, one line each, as in sysdig. A window and a filter select them, a format says what is
//! printed.

mod host;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_replay::fields::{Scratch, render_json, value};
use tercel_replay::push_message;
use tercel_replay::scan::{Needs, scan};
use tercel_replay::{Context, Filter, Options, Position, Settings, Window};
use tercel_rules::load::unknown_field;
use tercel_rules::output::Template;
use tercel_rules::program::Operand;

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::each_event::{EachEvent, Prints, Reading};
use crate::exit::{Failure, Outcome};
use crate::inputs::paths;
use crate::intent::Events;
use crate::nothing::{self, CODES, Counts};
use crate::target::refuse_overwriting;

/// The default line: that of sysdig.
const PLAIN: &str =
    "*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info";

/// With containers (`-p container`).
const CONTAINER: &str = "*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) %proc.name \
                         (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info";

/// With pods (`-p kubernetes`).
const KUBERNETES: &str = "*%evt.num %evt.outputtime %evt.cpu %k8s.ns.name.%k8s.pod.name (%container.id) %proc.name \
                          (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info";

/// Runs the verb.
pub fn run(args: &Events) -> Result<Outcome, Failure> {
    let settings = Settings { buffers: args.buffers, paths: args.seen_paths, ..Settings::default() };
    let options = Options { from: args.window.from, to: args.window.to, settings, ..Options::default() };
    let filter = args.filter.as_ref().map(|filter| Filter::new(&filter.program, settings));
    let mut each = EachEvent(Printer {
        options,
        reading: Reading { filter, ..Reading::default() },
        silent: Silent::of(&args.format),
        layout: Layout::of(&args.format, args.json)?,
        left: args.limit.unwrap_or(u64::MAX),
        scratch: Scratch::new(options.settings),
        line: Vec::new(),
        out: BufWriter::with_capacity(1 << 16, output(args)?),
        is_reached: false,
        counts: Box::new([0; CODES]),
        without: args.host.map(|_| i64::from(std::process::id())),
    });
    if let Some(host) = &args.host {
        host::run(host, args.quiet, &mut each)?;
        return crate::finish(each.0.out.flush());
    }
    let needs = Needs::span(options.window());
    let outcome = captures::each(&args.traces, args.quiet, |name, mut capture, progress| {
        each.0.reading.is_over = each.0.left == 0;
        let findings = scan(&mut capture, &needs, &mut each, &|bytes| progress.advance(bytes))?;
        let ended = diagnostics::ended(name, &findings.report, findings.error.as_ref(), args.verbose);
        let is_enough = each.0.reading.is_closed || each.0.left == 0;
        Ok((ended, if is_enough { Next::Stop } else { Next::GoOn }))
    })?;
    let written = each.0.out.flush();
    if !args.quiet {
        each.0.silent.warnings(each.0.is_reached).for_each(|text| eprintln!("warning: {text}"));
    }
    let is_part = args.window != Window::default();
    if (is_part || args.filter.is_some()) && !each.0.is_reached && !args.quiet {
        let text = args.filter.as_ref().map(|filter| filter.text.as_str());
        eprintln!("warning: {}", nothing::text(&args.traces, is_part, text, Some(&each.0.counts)));
    }
    crate::finish(written).map(|done| done.max(outcome))
}

fn output(args: &Events) -> Result<Box<dyn Write>, Failure> {
    match &args.output {
        None => {
            refuse_overwriting(Path::new("-"), paths(&args.traces))?;
            Ok(Box::new(io::stdout()))
        }
        Some(path) => refuse_overwriting(path, paths(&args.traces)).and_then(|()| create(path)),
    }
}

fn create(path: &Path) -> Result<Box<dyn Write>, Failure> {
    File::create(path)
        .map(|file| Box::new(file) as Box<dyn Write>)
        .map_err(|error| Failure::io(format!("{}: {error}", path.display())))
}

/// The content of a line.
enum Layout {
    /// Text; unless it is lenient, events that lack one of the values are not printed.
    Text { template: Template, is_lenient: bool },
    /// An object: keys as JSON, and values.
    Json(Vec<(String, Operand)>),
}

impl Layout {
    /// With a leading `*`, missing values print as `<NA>`, as in sysdig.
    fn of(format: &str, is_json: bool) -> Result<Layout, Failure> {
        let format = match format {
            "" => PLAIN,
            "c" | "container" => CONTAINER,
            "k" | "kubernetes" => KUBERNETES,
            other => other,
        };
        let template = Template::parse(format).map_err(|error| {
            let reason = unknown_field(format).unwrap_or_else(|| format!("'{format}': {error}"));
            Failure::usage(format!("--print: {reason}"))
        })?;
        if !is_json {
            return Ok(Layout::Text { template, is_lenient: format.starts_with('*') });
        }
        let mut fields = template.fields;
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        let key = |name: String| serde_json::Value::from(name).to_string();
        Ok(Layout::Json(fields.into_iter().map(|(name, operand)| (key(name), operand)).collect()))
    }

    /// Appends the line of an event; `false` if it is not printed.
    fn push(&self, context: &Context<'_>, line: &mut Vec<u8>, scratch: &mut Scratch) -> bool {
        match self {
            Layout::Text { template, is_lenient } => {
                if !is_lenient && is_lacking(template, context, scratch) {
                    return false;
                }
                push_message(context, template, line, scratch);
            }
            Layout::Json(fields) => {
                line.push(b'{');
                for (index, (key, operand)) in fields.iter().enumerate() {
                    if index > 0 {
                        line.push(b',');
                    }
                    line.extend_from_slice(key.as_bytes());
                    line.push(b':');
                    line.extend_from_slice(render_json(context, operand, scratch).to_string().as_bytes());
                }
                line.push(b'}');
            }
        }
        line.push(b'\n');
        true
    }
}

/// What a format asks for and no event has.
#[derive(Default)]
struct Silent {
    /// It shows how long calls took, and no event said it yet.
    latency: bool,
    /// No line was printed yet.
    lines: bool,
}

impl Silent {
    fn of(format: &str) -> Silent {
        let latency = ["%evt.latency", "%evt.wait_latency"].iter().any(|field| format.contains(field));
        Silent { latency, lines: true }
    }

    fn warnings(&self, is_reached: bool) -> impl Iterator<Item = &'static str> {
        let lines =
            "events match, but each lacks a field of the format: begin it with * to have <NA> printed";
        let latency = "the capture does not say how long calls took, so latencies are 0: 'tercel record --latency' measures it";
        let lines = (self.lines && is_reached).then_some(lines);
        let latency = (self.latency && is_reached && !self.lines).then_some(latency);
        lines.into_iter().chain(latency)
    }
}

/// Fields whose value is the difference from the evaluation before: being asked twice, they say nothing.
const DIFFERENCES: [&str; 3] = ["thread.cpu", "evt.deltatime", "util.cnt"];

/// Whether an event lacks a value of a template.
fn is_lacking(template: &Template, context: &Context<'_>, scratch: &mut Scratch) -> bool {
    template.fields.iter().any(|(name, operand)| {
        let is_once = DIFFERENCES.iter().any(|field| name.starts_with(field));
        match is_once {
            true => name.starts_with("thread.cpu") && context.event.code() != code::PROCINFO_E,
            false => value(context, operand, scratch).is_none(),
        }
    })
}

/// Takes the blocks of captures in and prints events.
struct Printer {
    options: Options,
    reading: Reading,
    silent: Silent,
    layout: Layout,
    /// Lines that may still be printed.
    left: u64,
    scratch: Scratch,
    line: Vec<u8>,
    out: BufWriter<Box<dyn Write>>,
    /// An event lies in the window and matches the filter.
    is_reached: bool,
    /// Events of the window, by their codes.
    counts: Box<Counts>,
    /// A process whose events are not printed: printing would make more of them.
    without: Option<i64>,
}

impl Prints for Printer {
    const WHAT: &'static str = "events";

    fn reading(&mut self) -> &mut Reading {
        &mut self.reading
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let facts = self.reading.state.apply(event);
        let Some(facts) = &facts else { return Ok(()) };
        match self.options.position(event, self.reading.state.first_ts()) {
            Position::Before | Position::Behind => return Ok(()),
            Position::End => {
                self.reading.is_over = true;
                return Ok(());
            }
            Position::Inside => {}
        }
        self.counts[usize::from(event.code()) % CODES] += 1;
        let context = Context { state: &self.reading.state, event, facts };
        if self.without.is_some() && context.process().map(|(_, leader)| leader.pid) == self.without {
            return Ok(());
        }
        if self.reading.filter.as_mut().is_some_and(|filter| !filter.holds(&context)) {
            return Ok(());
        }
        self.is_reached = true;
        self.line.clear();
        if self.layout.push(&context, &mut self.line, &mut self.scratch) {
            self.out.write_all(&self.line)?;
            self.silent.lines = false;
            self.silent.latency &= event.extras().latency().is_none();
            self.left -= 1;
            self.reading.is_over |= self.left == 0;
        }
        Ok(())
    }
}
