//! `tercel fleet plan`: captures are opened, identified and put in the order of hosts and of time; those of one host are put together in
//! shards, and large ones are divided at their keyframes.

use std::fs::File as Out;
use std::io::{self, BufWriter, Write};
use std::time::UNIX_EPOCH;

use tercel_format::trace::{Chunk, Totals, Trace};
use tercel_format::{Block, Capture, Reader, visible};
use tercel_replay::scan::{Question, seams};
use tercel_replay::{Alerts, Point, Window};
use tercel_shards::{File, Part, Plan, PlannedRule, RuleText, VERSION};

use super::{engine, identity, options, words_of};
use crate::captures;
use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::inputs::{self, Input};
use crate::intent::FleetPlan;
use crate::progress::Progress;
use crate::{finish, rules, target};

/// A file, and where it can be divided: chunks with the bytes of those from there to the next such place.
struct Planned {
    file: File,
    seams: Vec<(usize, u64)>,
}

/// Runs the verb.
pub fn run(intent: &FleetPlan) -> Result<Outcome, Failure> {
    let texts = texts(intent)?;
    let program = rules::load(&intent.judge.rules, intent.quiet, intent.verbose)?;
    let filter = intent.judge.filter.as_ref().map(|filter| &filter.program);
    let alerts = Alerts::new(&program, filter, options(&intent.judge, intent.window), intent.judge.style);
    // After the end of a window by time, what counts depends on events of earlier chunks.
    let is_divisible = alerts.is_divisible() && matches!(intent.window.to, None | Some(Point::Event(_)));
    let (mut planned, left_out, outcome) = look(intent, is_divisible)?;
    planned.sort_by(|a, b| {
        let key =
            |planned: &Planned| (planned.file.host.clone(), planned.file.first, planned.file.url.clone());
        key(a).cmp(&key(b))
    });
    let shards = shards(&planned, intent.shard_size);
    let plan = Plan {
        tercel_fleet_plan: VERSION,
        engine: engine(),
        rules: texts,
        settings: intent.settings.clone(),
        window: words_of(intent.window),
        program: program
            .rules
            .iter()
            .map(|rule| PlannedRule { name: rule.name.clone(), priority: rule.priority.name().to_owned() })
            .collect(),
        files: planned.into_iter().map(|planned| planned.file).collect(),
        shards,
    };
    let written = write(intent, &plan)?;
    if !intent.quiet {
        eprint!("{}", summary(&plan, left_out));
    }
    Ok(outcome.max(written))
}

fn texts(intent: &FleetPlan) -> Result<Vec<RuleText>, Failure> {
    let files = inputs::rule_files(&intent.judge.rules.files)?;
    let text = |file: tercel_rules::files::RuleFile| {
        let digest = blake3::hash(&file.bytes).to_hex().to_string();
        let text = String::from_utf8(file.bytes)
            .map_err(|error| Failure::usage(format!("{}: not UTF-8: {error}", file.name)))?;
        Ok(RuleText { name: file.name, digest, text })
    };
    files.into_iter().map(text).collect()
}

/// Opens all captures; how many lie outside of the window, and whether one could not be opened or is damaged.
fn look(intent: &FleetPlan, is_divisible: bool) -> Result<(Vec<Planned>, u64, Outcome), Failure> {
    let (mut planned, mut left_out, mut outcome) = (Vec::new(), 0, Outcome::Done);
    let progress = Progress::of_all(&intent.traces, intent.quiet);
    for input in &intent.traces {
        match one(input, &progress, is_divisible) {
            Ok(found) if is_outside(&found.file, &intent.window) => left_out += 1,
            Ok(found) => planned.push(found),
            Err(failure) => outcome = outcome.max(diagnostics::failed(&failure)),
        }
    }
    progress.finish();
    Ok((planned, left_out, outcome))
}

/// Looks at one capture.
fn one(input: &Input, progress: &Progress, is_divisible: bool) -> Result<Planned, Failure> {
    let Input::File(path) = input else { return Err(Failure::usage("standard input has no name")) };
    let metadata = path.metadata().map_err(|error| Failure::io(format!("{}: {error}", input.name())))?;
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut capture = captures::open(input, progress)?;
    let digest = identity(input, &capture)?;
    let (host, span, seams) = match &mut capture {
        Capture::Native(trace) => {
            progress.advance(trace.length());
            let divided = if is_divisible { divided(trace) } else { Vec::new() };
            (trace.header().hostname.clone(), Totals::of(trace.chunks()).span, divided)
        }
        Capture::Stream(reader) => {
            let (host, span) = read(reader);
            (host, span, Vec::new())
        }
    };
    let (first, last) = span.unwrap_or_default();
    let file = File {
        url: input.name(),
        host,
        bytes: metadata.len(),
        digest,
        first,
        last,
        modified: modified.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0)),
    };
    Ok(Planned { file, seams })
}

/// Where a trace can be divided.
fn divided(trace: &Trace) -> Vec<(usize, u64)> {
    let chunks = trace.chunks();
    let starts: Vec<usize> = std::iter::once(0).chain(seams(trace)).collect();
    let ends = starts.iter().skip(1).copied().chain([chunks.len()]);
    let bytes =
        |from: usize, to: usize| chunks.get(from..to).unwrap_or_default().iter().map(Chunk::size).sum();
    starts.iter().zip(ends).map(|(from, to)| (*from, bytes(*from, to))).collect()
}

/// Host and times of a capture that has no index. Damage is reported by whoever judges it.
fn read(reader: &mut Reader) -> (String, Option<(u64, u64)>) {
    let (mut host, mut span) = (String::new(), None);
    while let Ok(Some(block)) = reader.next() {
        match block {
            Block::Machine(machine) if host.is_empty() => {
                host = String::from_utf8_lossy(&machine.hostname).into_owned();
            }
            Block::Event(event) if event.ts != 0 && event.ts != u64::MAX => {
                let (first, last) = span.unwrap_or((event.ts, event.ts));
                span = Some((event.ts.min(first), event.ts.max(last)));
            }
            _ => {}
        }
    }
    (host, span)
}

/// Whether no event of a file can lie in a window.
fn is_outside(file: &File, window: &Window) -> bool {
    let is_before = matches!(window.from, Some(Point::Absolute(from)) if file.last < from);
    let is_after = matches!(window.to, Some(Point::Absolute(to)) if file.first >= to);
    file.first != 0 && (is_before || is_after)
}

/// Puts files of one host together until they have the size of a shard, and divides larger ones.
fn shards(planned: &[Planned], size: u64) -> Vec<Vec<Part>> {
    let mut shards: Vec<Vec<Part>> = Vec::new();
    let (mut filled, mut host) = (u64::MAX, None);
    for (index, Planned { file, seams }) in planned.iter().enumerate() {
        let mut add = |from, to, bytes: u64| {
            let part = Part { file: index, from, to };
            match shards.last_mut() {
                Some(shard) if host == Some(&file.host) && filled.saturating_add(bytes) <= size => {
                    shard.push(part)
                }
                _ => {
                    shards.push(vec![part]);
                    filled = 0;
                }
            }
            filled = filled.saturating_add(bytes);
            host = Some(&file.host);
        };
        if file.bytes <= size || seams.is_empty() {
            add(0, None, file.bytes);
            continue;
        }
        let (mut from, mut bytes) = (0, 0);
        for (start, more) in seams {
            if bytes > 0 && bytes + more > size {
                add(from, Some(*start), bytes);
                (from, bytes) = (*start, 0);
            }
            bytes += more;
        }
        add(from, None, bytes);
    }
    shards
}

fn write(intent: &FleetPlan, plan: &Plan) -> Result<Outcome, Failure> {
    let Some(path) = &intent.output else {
        let mut out = BufWriter::new(io::stdout().lock());
        return finish(plan.write(&mut out).and_then(|()| out.flush()));
    };
    let names = plan.rules.iter().map(|rule| std::path::Path::new(&rule.name));
    target::refuse_overwriting(path, inputs::paths(&intent.traces).chain(names))?;
    let failed = |error| Failure::io(format!("{}: {error}", path.display()));
    let mut out = BufWriter::new(Out::create(path).map_err(failed)?);
    plan.write(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    Ok(Outcome::Done)
}

fn summary(plan: &Plan, left_out: u64) -> String {
    let mut hosts: Vec<&str> = plan.files.iter().map(|file| file.host.as_str()).collect();
    hosts.dedup();
    let bytes: u64 = plan.files.iter().map(|file| file.bytes).sum();
    let number = |count: usize, what| counted(count as u64, what);
    let mut text = format!(
        "{} ({:.1} MiB) of {}: {}\n",
        number(plan.files.len(), "capture"),
        bytes as f64 / f64::from(1 << 20),
        number(hosts.len(), "host"),
        number(plan.shards.len(), "shard")
    );
    if left_out > 0 {
        text.push_str(&format!("{} outside of the window left out\n", counted(left_out, "capture")));
    }
    if hosts.contains(&"") {
        text.push_str("Some captures do not name their host; they stand together, without a name\n");
    }
    let odd = hosts.iter().find(|host| visible(host.as_bytes()) != **host);
    if let Some(odd) = odd {
        text.push_str(&format!("A host has a name with control characters: {}\n", visible(odd.as_bytes())));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(host: &str, bytes: u64, seams: &[(usize, u64)]) -> Planned {
        let file = File {
            url: String::new(),
            host: host.to_owned(),
            bytes,
            digest: String::new(),
            first: 5,
            last: 9,
            modified: 0,
        };
        Planned { file, seams: seams.to_vec() }
    }

    #[test]
    fn shards_have_one_host_and_files_are_divided_at_seams() {
        let files = [
            planned("a", 40, &[]),
            planned("a", 60, &[]),
            planned("a", 1, &[]),
            planned("b", 250, &[(0, 60), (4, 30), (9, 100), (12, 60)]),
            planned("b", 300, &[]),
            planned("b", 10, &[]),
        ];
        let part = |file, from, to| Part { file, from, to };
        let expected = vec![
            vec![part(0, 0, None), part(1, 0, None)],
            vec![part(2, 0, None)],
            vec![part(3, 0, Some(9))],
            vec![part(3, 9, Some(12))],
            vec![part(3, 12, None)],
            vec![part(4, 0, None)],
            vec![part(5, 0, None)],
        ];
        assert_eq!(shards(&files, 100), expected);
        assert_eq!(shards(&files, 1_000).len(), 2);
    }

    #[test]
    fn files_outside_of_a_window_are_left_out() {
        let file = planned("a", 1, &[]).file;
        for (from, to, expected) in [
            (None, None, false),
            (Some(9), None, false),
            (Some(10), None, true),
            (None, Some(5), true),
            (None, Some(6), false),
        ] {
            let window = Window { from: from.map(Point::Absolute), to: to.map(Point::Absolute) };
            assert_eq!(is_outside(&file, &window), expected, "{window:?}");
        }
    }
}
