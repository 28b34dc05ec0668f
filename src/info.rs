//! `tercel info`: what is in a capture. Of a native trace the index tells nearly all of it, and the first chunks the rest;
//! any other capture is read to its end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};
use tercel_format::catalogue::{self, code};
use tercel_format::record::MachineInfo;
use tercel_format::trace::{Header, Loss, Totals, Trace, Unpacker};
use tercel_format::{Block, Compression, Event, Reader};

use crate::capture::{self, Capture};
use crate::cli::InfoArgs;
use crate::convert::length;
use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::progress::Progress;
use crate::verify::hex;

/// What is known of a capture.
#[derive(Default)]
struct Facts {
    name: String,
    kind: &'static str,
    file_bytes: Option<u64>,
    header: Header,
    machine: Option<MachineInfo>,
    /// Processes and threads that existed at the start.
    processes: u64,
    totals: Totals,
    /// What only native traces have.
    native: Option<Native>,
    damage: Vec<String>,
}

struct Native {
    seal: Option<String>,
    indexed: bool,
}

/// Runs the verb.
pub fn run(args: &InfoArgs) -> Result<Outcome, Failure> {
    let (inputs, rest) = inputs::traces_and_filter(&args.traces)?;
    if let Some(word) = rest {
        return Err(Failure::io(format!("{word}: no such file or directory")));
    }
    let mut outcome = Outcome::Done;
    let mut out = io::stdout().lock();
    for (index, input) in inputs.iter().enumerate() {
        let progress = Progress::new(&input.name(), length(input), false);
        let capture = capture::open(input, &progress)?;
        let mut facts = match capture {
            Capture::Native(trace) => of_trace(&trace, input)?,
            Capture::Stream(mut reader) => of_stream(&mut reader, input)?,
        };
        progress.finish();
        facts.name = input.name();
        if !facts.damage.is_empty() {
            outcome = Outcome::Damaged;
        }
        let written = if args.json {
            writeln!(out, "{}", as_json(&facts))
        } else {
            let gap = if index > 0 { "\n" } else { "" };
            write!(out, "{gap}{}", as_text(&facts))
        };
        crate::finish(written)?;
    }
    Ok(outcome)
}

fn of_trace(trace: &Trace, input: &inputs::Trace) -> Result<Facts, Failure> {
    let mut facts = Facts {
        kind: "native trace",
        file_bytes: Some(trace.length()),
        header: trace.header().clone(),
        totals: Totals::of(trace.chunks()),
        native: Some(Native {
            seal: trace.seal().map(|seal| hex(seal)),
            indexed: trace.without_index().is_none(),
        }),
        ..Facts::default()
    };
    facts.damage.extend(trace.without_index().map(ToString::to_string));
    facts.damage.extend(trace.losses().iter().map(Loss::to_string));
    let mut unpacker = Unpacker::new();
    for chunk in trace.chunks().iter().filter(|chunk| chunk.is_head()) {
        match unpacker.blocks(trace, chunk) {
            Ok(mut blocks) => {
                while let Ok(Some(block)) = blocks.next() {
                    facts.metadata(&block);
                }
            }
            Err(error) if error.is_damage() => facts.damage.push(error.to_string()),
            Err(error) => return Err(capture::failure(&input.name(), &error)),
        }
    }
    Ok(facts)
}

fn of_stream(reader: &mut Reader, input: &inputs::Trace) -> Result<Facts, Failure> {
    let kind = match reader.compression() {
        Compression::None => "scap",
        Compression::Gzip => "scap in gzip",
        Compression::Zstd => "scap in zstd",
    };
    let mut facts = Facts { kind, file_bytes: length(input), ..Facts::default() };
    loop {
        match reader.next() {
            Ok(Some(Block::Event(event))) => facts.event(&event),
            Ok(Some(block)) => facts.metadata(&block),
            Ok(None) => break,
            Err(error) if error.is_damage() => {
                facts.damage.push(error.to_string());
                break;
            }
            Err(error) => return Err(Failure::io(format!("{}: {error}", input.name()))),
        }
    }
    facts.damage.extend(reader.incidents().iter().map(ToString::to_string));
    facts.totals.raw_bytes = reader.statistics().bytes;
    facts.totals.sections = reader.statistics().sections;
    Ok(facts)
}

impl Facts {
    fn event(&mut self, event: &Event<'_>) {
        let totals = &mut self.totals;
        totals.events += 1;
        *totals.counts.entry(event.code()).or_default() += 1;
        let (first, last) = totals.span.unwrap_or((event.ts, event.ts));
        totals.span = Some((first.min(event.ts), last.max(event.ts)));
    }

    fn metadata(&mut self, block: &Block<'_>) {
        match block {
            Block::Machine(machine) => {
                if self.header.hostname.is_empty() {
                    self.header.hostname = String::from_utf8_lossy(&machine.hostname).into_owned();
                }
                if self.header.boot_ts == 0 {
                    self.header.boot_ts = machine.boot_ts;
                }
                self.machine.get_or_insert_with(|| machine.clone());
            }
            Block::Processes(processes) => self.processes += processes.len() as u64,
            _ => {}
        }
    }

    fn executed(&self) -> u64 {
        let by = |code| self.totals.count(code);
        by(code::SYSCALL_EXECVE_19_X).saturating_add(by(code::SYSCALL_EXECVEAT_X))
    }

    /// Events per type and direction, most frequent first.
    fn types(&self) -> Vec<(String, u64)> {
        let mut names = BTreeMap::<String, u64>::new();
        for (code, count) in &self.totals.counts {
            let info = catalogue::event(*code);
            let direction = if code & 1 == 0 { ">" } else { "<" };
            let name =
                info.map_or_else(|| format!("type {code}"), |info| format!("{direction} {}", info.name));
            let total = names.entry(name).or_default();
            *total = total.saturating_add(*count);
        }
        let mut types: Vec<(String, u64)> = names.into_iter().collect();
        types.sort_by(|(name, count), (other, more)| more.cmp(count).then(name.cmp(other)));
        types
    }
}

fn as_json(facts: &Facts) -> Value {
    let totals = &facts.totals;
    let time = |ts: Option<u64>| ts.map(iso);
    let mut value = json!({
        "name": facts.name,
        "format": facts.kind,
        "file_bytes": facts.file_bytes,
        "scap_bytes": totals.raw_bytes,
        "hostname": facts.header.hostname,
        "kernel": facts.header.kernel,
        "architecture": facts.header.architecture,
        "boot_time": (facts.header.boot_ts > 0).then(|| iso(facts.header.boot_ts)),
        "time_zone": facts.header.zone.name,
        "command": facts.header.command,
        "filter": facts.header.filter,
        "snaplen": facts.header.snaplen,
        "writer": facts.header.writer,
        "source": facts.header.source,
        "cpus": facts.machine.as_ref().map(|machine| machine.cpus),
        "memory_bytes": facts.machine.as_ref().map(|machine| machine.memory),
        "sections": totals.sections,
        "processes_at_start": facts.processes,
        "programs_executed": facts.executed(),
        "container_events": facts.totals.count(code::CONTAINER_JSON_2_E),
        "first": time(totals.span.map(|span| span.0)),
        "last": time(totals.span.map(|span| span.1)),
        "first_ns": totals.span.map(|span| span.0),
        "last_ns": totals.span.map(|span| span.1),
        "events": totals.events,
        "events_dropped": totals.dropped,
        "drop_events": totals.drops(),
        "events_by_type": facts.types().into_iter().map(|(name, count)| json!([name, count])).collect::<Vec<_>>(),
        "damage": facts.damage,
    });
    if let (Some(native), Some(object)) = (&facts.native, value.as_object_mut()) {
        let chunks = json!({
            "seal": native.seal,
            "indexed": native.indexed,
            "chunks": totals.chunks,
            "data_bytes": totals.data_bytes,
            "keyframe_bytes": totals.keyframe_bytes,
            "descriptor_bytes": totals.descriptor_bytes,
            "deltas": totals.deltas,
            "snapshots": totals.snapshots,
            "state_engine": facts.header.engine,
        });
        object.insert("native".to_owned(), chunks);
    }
    value
}

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $label:expr, $($argument:tt)*) => {
        let _ = std::fmt::Write::write_fmt($out, format_args!("{:<12} {}\n", $label, format_args!($($argument)*)));
    };
}

fn as_text(facts: &Facts) -> String {
    let mut out = String::new();
    line!(&mut out, "File", "{} ({})", facts.name, facts.kind);
    host(&mut out, facts);
    recorder(&mut out, &facts.header);
    sizes(&mut out, facts);
    for damage in &facts.damage {
        line!(&mut out, "Damage", "{damage}");
    }
    let totals = &facts.totals;
    line!(&mut out, "Processes", "{} at the start, {} programs executed", facts.processes, facts.executed());
    if facts.totals.count(code::CONTAINER_JSON_2_E) > 0 {
        line!(&mut out, "Containers", "{} told", facts.totals.count(code::CONTAINER_JSON_2_E));
    }
    if let Some((first, last)) = totals.span {
        let seconds = last.saturating_sub(first) as f64 / 1e9;
        line!(&mut out, "Time", "{} to {} ({seconds:.3} s)", iso(first), iso(last));
    }
    if totals.sections > 1 {
        line!(&mut out, "Sections", "{}", totals.sections);
    }
    line!(&mut out, "Drops", "{} events told as lost, {} drop events", totals.dropped, totals.drops());
    line!(&mut out, "Events", "{}", totals.events);
    for (name, count) in facts.types() {
        let share = count as f64 * 100.0 / totals.events.max(1) as f64;
        line!(&mut out, "", "{count:>12} {share:5.1} %  {name}");
    }
    out
}

fn host(out: &mut String, facts: &Facts) {
    let header = &facts.header;
    let system = [&header.kernel, &header.architecture]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| format!(", {}", visible(text)))
        .collect::<String>();
    let machine = facts
        .machine
        .as_ref()
        .map_or_else(String::new, |machine| format!(", {} CPUs, {} MiB", machine.cpus, machine.memory >> 20));
    let name = if header.hostname.is_empty() { "unknown" } else { &header.hostname };
    line!(out, "Host", "{}{system}{machine}", visible(name));
    if header.boot_ts > 0 {
        line!(out, "Booted", "{}", iso(header.boot_ts));
    }
}

fn recorder(out: &mut String, header: &Header) {
    for (label, text) in [
        ("Zone", &header.zone.name),
        ("Written by", &header.writer),
        ("Command", &header.command.join(" ")),
        ("Filter", &header.filter),
        ("Made from", &header.source),
    ] {
        if !text.is_empty() {
            line!(out, label, "{}", visible(text));
        }
    }
}

fn sizes(out: &mut String, facts: &Facts) {
    let totals = &facts.totals;
    let events = totals.events.max(1) as f64;
    let ratio = |part: u64| part as f64 * 100.0 / totals.raw_bytes.max(1) as f64;
    if let Some(bytes) = facts.file_bytes {
        let each = bytes as f64 / events;
        line!(
            out,
            "Size",
            "{bytes} bytes, {:.1} % of {} bytes of scap, {each:.1} bytes per event",
            ratio(bytes),
            totals.raw_bytes
        );
    }
    let Some(native) = &facts.native else { return };
    line!(out, "Chunks", "{}, their descriptors {} bytes", totals.chunks, totals.descriptor_bytes);
    let share = totals.keyframe_bytes as f64 * 100.0 / facts.file_bytes.unwrap_or(0).max(1) as f64;
    line!(
        out,
        "Keyframes",
        "{} deltas, {} snapshots, {} bytes ({share:.1} % of the file), state engine {}",
        totals.deltas,
        totals.snapshots,
        totals.keyframe_bytes,
        facts.header.engine
    );
    line!(out, "Seal", "{}", native.seal.as_deref().unwrap_or("none: the trace was not closed"));
}

/// Text of a capture, fit for a terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A time in UTC.
fn iso(ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| format!("{ns} ns"), |time| time.to_string())
}
