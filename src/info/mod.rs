//! `tercel info`: what is in a capture. Of a native trace the index tells nearly all of it, and the first chunks the rest;
//! any other capture is read to its end.

mod json;
mod text;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Write};

use jiff::Timestamp;
use tercel_format::catalogue::{self, code};
use tercel_format::record::{MachineInfo, StateRecord};
use tercel_format::trace::{Chunk, Header, Loss, Totals, Trace, Unpacker};
use tercel_format::{Block, Capture, Event};
use tercel_replay::scan::{Needs, Visitor, infallible, scan};
use tercel_replay::state::{Container, ResumePoint, State};

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs;
use crate::intent::Info;
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
    /// Containers that the capture tells about, by their ids.
    containers: BTreeMap<Vec<u8>, Container>,
    /// Where events were lost.
    gaps: Vec<Gap>,
    /// Chunks that were not searched for containers, because too many tell of some.
    unsearched: u64,
    /// What only native traces have.
    native: Option<Native>,
    damage: Vec<String>,
}

/// A place where events are missing.
struct Gap {
    /// When, nanoseconds since the epoch; the chunk's time where there is a chunk.
    from: u64,
    to: u64,
    /// Events that the recorder says it lost.
    lost: u64,
    /// Events that tell of lost ones.
    told: u64,
}

/// How many gaps are remembered; the sums count all.
const GAPS: usize = 100;

/// How many chunks are searched for containers at most.
const SEARCHED: usize = 256;

struct Native {
    seal: Option<String>,
    indexed: bool,
}

/// Runs the verb.
pub fn run(args: &Info) -> Result<Outcome, Failure> {
    let mut out = io::stdout().lock();
    let mut gap = "";
    captures::each(&args.traces, false, |name, mut capture, progress| {
        let kind = capture.kind();
        let found = match &mut capture {
            Capture::Native(trace) => of_trace(trace, name),
            stream @ Capture::Stream(_) => of_stream(stream, name),
        };
        progress.finish();
        let facts = match found {
            Ok(facts) => Facts { name: name.to_owned(), kind, ..facts },
            Err(failure) => return Ok((diagnostics::failed(&failure), Next::GoOn)),
        };
        let written = if args.json {
            writeln!(out, "{}", json::of(&facts))
        } else {
            write!(out, "{gap}{}", text::of(&facts))
        };
        gap = "\n";
        let is_closed = written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        crate::finish(written)?;
        let outcome = if facts.damage.is_empty() { Outcome::Done } else { Outcome::Damaged };
        Ok((outcome, if is_closed { Next::Stop } else { Next::GoOn }))
    })
}

fn of_trace(trace: &Trace, name: &str) -> Result<Facts, Failure> {
    let mut facts = Facts {
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
    let told = |chunk: &Chunk| CONTAINERS.iter().any(|code| chunk.descriptor.count(*code) > 0);
    let mut searched = 0;
    let mut unpacker = Unpacker::new();
    for chunk in trace.chunks() {
        facts.chunk(chunk);
        let is_sought = told(chunk);
        searched += usize::from(is_sought);
        if is_sought && searched > SEARCHED {
            facts.unsearched += 1;
            continue;
        }
        if !is_sought && !chunk.is_head() {
            continue;
        }
        match unpacker.blocks(trace, chunk) {
            Ok(mut blocks) => {
                while let Ok(Some(block)) = blocks.next() {
                    facts.block(&block);
                }
            }
            Err(error) if error.is_damage() => facts.damage.push(error.to_string()),
            Err(error) => return Err(diagnostics::unread(name, &error)),
        }
    }
    Ok(facts)
}

/// Types of events that tell of containers, among others.
const CONTAINERS: [u16; 2] = [code::CONTAINER_JSON_2_E, code::ASYNCEVENT_E];

fn of_stream(capture: &mut Capture, name: &str) -> Result<Facts, Failure> {
    let file_bytes = inputs::length(&inputs::Input::File(name.into()));
    let mut facts = Facts { file_bytes, ..Facts::default() };
    let findings = infallible(scan(capture, &Needs::ALL, &mut facts, &|_| ()));
    match findings.error {
        Some(error) if !error.is_damage() => return Err(Failure::io(format!("{name}: {error}"))),
        error => facts.damage.extend(error.map(|error| error.to_string())),
    }
    facts.damage.extend(findings.report.troubles.iter().map(ToString::to_string));
    if let Capture::Stream(reader) = capture {
        facts.totals.raw_bytes = reader.statistics().bytes;
        facts.totals.sections = reader.statistics().sections;
    }
    Ok(facts)
}

impl Visitor for Facts {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        if let Block::Event(event) = block {
            self.event(event);
        }
        Facts::block(self, block);
        Ok(true)
    }

    fn resume(&mut self, _: State, _: ResumePoint) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Facts {
    fn event(&mut self, event: &Event<'_>) {
        let totals = &mut self.totals;
        totals.events += 1;
        *totals.counts.entry(event.code()).or_default() += 1;
        let (first, last) = totals.span.unwrap_or((event.ts, event.ts));
        totals.span = Some((first.min(event.ts), last.max(event.ts)));
        if matches!(event.code(), code::DROP_E | code::DROP_X) {
            self.gap(Gap { from: event.ts, to: event.ts, lost: 0, told: 1 });
        }
    }

    /// What the descriptor of a chunk tells, but for the sums.
    fn chunk(&mut self, chunk: &Chunk) {
        let descriptor = &chunk.descriptor;
        let told = descriptor.count(code::DROP_E).saturating_add(descriptor.count(code::DROP_X));
        if descriptor.dropped > 0 || told > 0 {
            let (from, to, lost) = (descriptor.min_ts, descriptor.max_ts, descriptor.dropped);
            self.gap(Gap { from, to, lost, told });
        }
    }

    fn gap(&mut self, gap: Gap) {
        if self.gaps.len() < GAPS {
            self.gaps.push(gap);
        }
    }

    /// What a block tells of the host, its processes and containers.
    fn block(&mut self, block: &Block<'_>) {
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
            Block::State(record) => self.resumed(record),
            Block::Event(event) => {
                if let Some(container) = Container::of(event) {
                    self.containers.insert(container.id.clone(), container);
                }
            }
            Block::Section(_) | Block::Fds(_) | Block::Interfaces(_) | Block::Accounts(_) => {}
        }
    }

    /// A capture that begins in the middle of another knows the containers from there.
    fn resumed(&mut self, record: &StateRecord) {
        let mut state = State::new();
        state.block(&Block::State(record.clone()));
        for container in state.containers.iter().filter(|container| container.id != b"host") {
            self.containers.entry(container.id.clone()).or_insert_with(|| (**container).clone());
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

/// A time in UTC.
fn iso(ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| format!("{ns} ns"), |time| time.to_string())
}
