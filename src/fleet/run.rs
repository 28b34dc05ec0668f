//! `tercel fleet run`: one shard of a plan is judged on one thread, and its outputs are put where the merge finds them. The status comes last:
//! a shard whose status is there is done.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tercel_format::Capture;
use tercel_format::trace::Totals as Sums;
use tercel_replay::scan::{Ended, Opened};
use tercel_replay::{Alert, Alerts, Formatter, Origin, Sink, Style};
use tercel_rules::program::Program;
use tercel_shards::{AlertWriter, Part, PartStatus, Place, Record, Status};

use super::days::Days;
use super::{Ready, identity, outputs, place};
use crate::captures;
use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};
use crate::inputs::Input;
use crate::intent::FleetRun;
use crate::progress::Progress;

/// Runs the verb.
pub fn run(intent: &FleetRun) -> Result<Outcome, Failure> {
    let ready = Ready::read(&intent.plan)?;
    let count = ready.plan.shards.len();
    if *intent.shards.end() >= count {
        let text = format!(
            "shard {} is not in the plan, which has {}",
            intent.shards.end(),
            counted(count as u64, "shard")
        );
        return Err(Failure::usage(text));
    }
    let place = place(&intent.out);
    let judge = ready.plan.judge();
    for shard in intent.shards.clone() {
        let name = ready.plan.name(&judge, shard).unwrap_or_default();
        let (status, _) = outputs(&name);
        if intent.skip_done && place.read(&status, 0, 1).is_ok() {
            continue;
        }
        let done = one(&ready, shard, &name, &*place)?;
        if !intent.quiet {
            eprintln!("{}", told(shard, &done));
        }
    }
    Ok(Outcome::Done)
}

fn told(shard: usize, status: &Status) -> String {
    let sum = |of: fn(&PartStatus) -> u64| status.parts.iter().map(of).sum::<u64>();
    let mut text = format!(
        "shard {shard} ({}): {} in {}",
        status.shard,
        counted(sum(|part| part.alerts), "alert"),
        counted(sum(|part| part.events), "event")
    );
    match sum(|part| part.damaged) {
        0 => {}
        damaged => text.push_str(&format!("; {}", counted(damaged, "damaged place"))),
    }
    text
}

/// Runs one shard.
fn one(ready: &Ready, shard: usize, name: &str, place: &dyn Place) -> Result<Status, Failure> {
    let parts = ready.plan.shards.get(shard).map(Vec::as_slice).unwrap_or_default();
    let host = parts.first().and_then(|part| ready.plan.files.get(part.file)).map(|file| file.host.clone());
    let host = host.unwrap_or_default();
    let filter = ready.judge.filter.as_ref().map(|filter| &filter.program);
    let alerts = Alerts::new(&ready.program, filter, ready.options, ready.judge.style);
    let file = tempfile::tempfile().map_err(Failure::io)?;
    let mut lines = Lines::new(&ready.program, ready.judge.style, file, Days::new(name, &host));
    let mut status = Status {
        shard: name.to_owned(),
        host,
        parts: Vec::new(),
        rules: BTreeMap::new(),
        outputs: Vec::new(),
    };
    let mut before = 0;
    for part in parts {
        let mut done = judged(ready, part, &alerts, &mut lines, place)?;
        let end = lines.writer.end_file().map_err(Failure::io)?;
        done.bytes = end - std::mem::replace(&mut before, end);
        status.parts.push(done);
    }
    let counts = ready.program.rules.iter().zip(&lines.counts).filter(|(_, count)| **count > 0);
    status.rules = counts.map(|(rule, count)| (rule.name.clone(), *count)).collect();
    let (status_name, alerts_name) = outputs(name);
    let failed = |error: io::Error| Failure::io(format!("{}: {error}", place.name()));
    status.outputs = lines.days.finish(place).map_err(failed)?;
    let written = lines.writer.finish().and_then(|out| out.into_inner().map_err(io::Error::from));
    place.put(&alerts_name, &mut written.map_err(failed)?).map_err(failed)?;
    let mut file = tempfile::tempfile().map_err(failed)?;
    let json = serde_json::to_string_pretty(&status).map_err(Failure::io)?;
    writeln!(file, "{json}").and_then(|()| place.put(&status_name, &mut file)).map_err(failed)?;
    Ok(status)
}

/// Judges a part of a file.
fn judged(
    ready: &Ready,
    part: &Part,
    alerts: &Alerts<'_>,
    lines: &mut Lines<'_>,
    place: &dyn Place,
) -> Result<PartStatus, Failure> {
    let Some(file) = ready.plan.files.get(part.file) else { return Err(Failure::usage("a part of no file")) };
    let input = Input::File(PathBuf::from(&file.url));
    let capture = captures::open(&input, &Progress::new(&file.url, None, true))?;
    let found = identity(&input, &capture)?;
    if found != file.digest {
        return Err(Failure::io(format!(
            "{}: not what the plan was made of: it has {found}, the plan {}; make a new plan",
            file.url, file.digest
        )));
    }
    let header = capture.header();
    let zone = header.filter(|_| !ready.judge.utc).map(|header| Arc::new(header.zone.clone()));
    let cut = header.map(|header| header.cut.clone()).filter(|cut| !cut.file.is_empty()).map(Arc::new);
    let origin = Origin { label: Some(Arc::from(file.url.as_str())), zone, cut };
    lines.begin(&origin, &file.url);
    let to = part.to.unwrap_or(usize::MAX);
    let range = (part.from > 0 || part.to.is_some()).then_some((part.from, to));
    let judged = alerts.of_one(Opened { origin, capture }, range, lines, &|_| ());
    let (ended, counters) = judged.map_err(|error| Failure::io(format!("{}: {error}", place.name())))?;
    if let Some(error) = ended.error.as_ref().filter(|error| !error.is_damage()) {
        return Err(Failure::io(format!("{}: {error}", file.url)));
    }
    let mut done = status(&file.url, part, &ended);
    done.alerts = counters.alerts.iter().sum();
    done.events = counters.events;
    done.skipped = counters.skipped.chunks;
    Ok(done)
}

fn status(url: &str, part: &Part, ended: &Ended) -> PartStatus {
    let (dropped, drops) = match &ended.capture {
        Capture::Native(trace) => {
            let chunks = trace.chunks();
            let to = part.to.unwrap_or(chunks.len()).min(chunks.len());
            let sums = Sums::of(chunks.get(part.from..to).unwrap_or_default());
            (sums.dropped, sums.drops())
        }
        Capture::Stream(reader) => (0, reader.statistics().drops),
    };
    let report = &ended.report;
    let troubles = report.opening.iter().chain(&report.troubles).map(ToString::to_string);
    PartStatus {
        url: url.to_owned(),
        dropped,
        drops,
        damaged: report.places() + u64::from(ended.error.is_some() && report.places() == 0),
        troubles: troubles.chain(ended.error.as_ref().map(ToString::to_string)).collect(),
        ..PartStatus::default()
    }
}

/// Takes alerts, and writes both forms of their lines.
struct Lines<'p> {
    text: Formatter,
    json: Formatter,
    writer: AlertWriter<BufWriter<File>>,
    days: Days,
    counts: Vec<u64>,
    program: &'p Program,
    url: String,
    buffers: (Vec<u8>, Vec<u8>),
}

impl<'p> Lines<'p> {
    fn new(program: &'p Program, style: Style, file: File, days: Days) -> Lines<'p> {
        Lines {
            text: Formatter::new(program, Style { json: false, ..style }),
            json: Formatter::new(program, Style { json: true, ..style }),
            writer: AlertWriter::new(BufWriter::new(file)),
            days,
            counts: vec![0; program.rules.len()],
            program,
            url: String::new(),
            buffers: (Vec::new(), Vec::new()),
        }
    }

    fn begin(&mut self, origin: &Origin, url: &str) {
        self.text.set_origin(origin);
        self.json.set_origin(origin);
        url.clone_into(&mut self.url);
    }
}

impl Sink for Lines<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        let (text, json) = &mut self.buffers;
        text.clear();
        json.clear();
        self.text.push_line(alert, text);
        self.json.push_line(alert, json);
        if let Some(count) = self.counts.get_mut(alert.index) {
            *count += 1;
        }
        let (time, number) = (alert.context.event.ts, alert.context.event.num);
        let rule = u32::try_from(alert.index).unwrap_or(u32::MAX);
        let record = Record { key: 0, time, number, file: 0, rule, text, json };
        self.days.push(&record, &self.url, self.program)?;
        self.writer.push(&record)
    }
}
