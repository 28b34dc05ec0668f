//! Field values against Falco's: every row of the corpus' field dumps has to be what tercel finds at the same event, cell
//! by cell as JSON. Prints a row per capture and a row per field that differs, with examples.
//!
//! The corpus is not part of the repository: it is looked for in `../shared/corpus` next to the workspace or in
//! `$TERCEL_CORPUS`; without it the check is skipped. `$TERCEL_CAPTURE` picks captures by a part
//! of their name.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::ExitCode;

use flate2::bufread::GzDecoder;
use serde_json::{Map, Value as Json};
use tercel_format::catalogue::ParamInfo;
use tercel_format::{Block, Event, Reader};
use tercel_replay::fields::{Context, Scratch, render_json};
use tercel_replay::state::State;
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::Operand;
use tercel_test_support::{captures_of, corpus, require};

/// Share of cells that have to be equal, differences of the known classes left out.
const WANTED: f64 = 0.999;

/// Examples that are shown of a field.
const EXAMPLES: usize = 4;

/// A path relative to the working directory.
const AT_FDCWD: i64 = -100;

/// The kinds of dumps.
const DUMPS: [&str; 2] = ["falcofields", "containerfields"];

fn main() -> ExitCode {
    let Some(corpus) = require("fields of events of the corpus", corpus()) else { return ExitCode::SUCCESS };
    let wanted = std::env::var("TERCEL_CAPTURE").unwrap_or_default();
    let mut captures = captures_of(&corpus.join("captures"));
    captures.retain(|path| path.to_string_lossy().contains(&wanted));
    let mut total = Tally::default();
    for capture in captures {
        match compare(&corpus, &capture) {
            Ok(Some(tally)) => {
                println!(
                    "{:50} {}",
                    capture.file_stem().unwrap_or_default().to_string_lossy(),
                    tally.summary()
                );
                total.add(tally);
            }
            Ok(None) => {}
            Err(error) => {
                println!("{}: {error}", capture.display());
                return ExitCode::FAILURE;
            }
        }
    }
    total.print();
    ExitCode::from(u8::from(total.share() < WANTED))
}

/// The rows of one dump, in order of their events.
struct Dump {
    lines: Lines<BufReader<GzDecoder<BufReader<File>>>>,
    next: Option<(u64, Map<String, Json>)>,
}

impl Dump {
    fn open(path: &Path) -> std::io::Result<Dump> {
        let file = BufReader::new(File::open(path)?);
        let mut dump = Dump { lines: BufReader::new(GzDecoder::new(file)).lines(), next: None };
        dump.advance();
        Ok(dump)
    }

    fn advance(&mut self) {
        self.next = self.lines.by_ref().map_while(Result::ok).find_map(|line| {
            let row: Json = serde_json::from_str(&line).ok()?;
            let Some(Json::Object(fields)) = row.get("output_fields") else { return None };
            Some((fields.get("evt.num")?.as_u64()?, fields.clone()))
        });
    }
}

/// Compares the dumps of a capture with what tercel finds; `None` if there is no dump.
fn compare(corpus: &Path, capture: &Path) -> Result<Option<Tally>, Box<dyn std::error::Error>> {
    let name = capture.file_stem().unwrap_or_default().to_string_lossy();
    let paths = DUMPS.map(|kind| corpus.join(format!("fields/{name}.{kind}.jsonl.gz")));
    let mut dumps: Vec<Dump> = paths.iter().flat_map(|path| Dump::open(path)).collect();
    if dumps.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader::new(File::open(capture)?)?;
    let (mut state, mut scratch) = (State::new(), Scratch::default());
    let (mut templates, mut tally) = (HashMap::new(), Tally::default());
    while dumps.iter().any(|dump| dump.next.is_some()) {
        let event = match reader.next()? {
            None => break,
            Some(Block::Event(event)) => event,
            Some(block) => {
                state.block(&block);
                continue;
            }
        };
        let facts = state.apply(&event);
        for dump in &mut dumps {
            while dump.next.as_ref().is_some_and(|(number, _)| *number < event.num) {
                tally.lost += 1;
                dump.advance();
            }
            let (Some((number, row)), Some(facts)) = (&dump.next, &facts) else { continue };
            if *number == event.num {
                let cx = Context { state: &state, event: &event, facts };
                let rebound = rebinds(&event, row);
                tally.rows += 1;
                for (key, expected) in row {
                    let template: &Option<Template> = templates
                        .entry(key.clone())
                        .or_insert_with(|| Template::parse(&format!("%{key}")).ok());
                    let ours = template
                        .as_ref()
                        .and_then(operand)
                        .map_or(Json::Null, |operand| render_json(&cx, operand, &mut scratch));
                    tally.cell(&name, event.num, key, expected, &ours, rebound);
                }
                dump.advance();
            }
        }
    }
    tally.lost += dumps.iter().filter(|dump| dump.next.is_some()).count();
    Ok(Some(tally))
}

fn operand(template: &Template) -> Option<&Operand> {
    template.pieces.iter().find_map(|piece| match piece {
        Piece::Value { operand, .. } => Some(operand),
        Piece::Text(_) => None,
    })
}

/// Counts of cells.
#[derive(Default)]
struct Tally {
    rows: usize,
    lost: usize,
    cells: usize,
    known: BTreeMap<&'static str, usize>,
    fields: BTreeMap<String, (usize, usize, Vec<String>)>,
}

impl Tally {
    fn cell(&mut self, capture: &str, event: u64, key: &str, expected: &Json, ours: &Json, rebound: bool) {
        self.cells += 1;
        let (cells, different, examples) = self.fields.entry(key.to_owned()).or_default();
        *cells += 1;
        if expected == ours {
            return;
        }
        if let Some(class) = class(key, expected, ours, rebound) {
            *self.known.entry(class).or_default() += 1;
            return;
        }
        *different += 1;
        if examples.len() < EXAMPLES {
            examples.push(format!("{capture}:{event} Falco {expected} tercel {ours}"));
        }
    }

    fn add(&mut self, other: Tally) {
        self.rows += other.rows;
        self.lost += other.lost;
        self.cells += other.cells;
        for (class, count) in other.known {
            *self.known.entry(class).or_default() += count;
        }
        for (key, (cells, different, examples)) in other.fields {
            let field = self.fields.entry(key).or_default();
            field.0 += cells;
            field.1 += different;
            field.2.extend(examples.into_iter().take(EXAMPLES.saturating_sub(field.2.len())));
        }
    }

    fn different(&self) -> usize {
        self.fields.values().map(|(_, different, _)| different).sum()
    }

    fn share(&self) -> f64 {
        1.0 - self.different() as f64 / (self.cells.max(1)) as f64
    }

    fn summary(&self) -> String {
        let known: usize = self.known.values().sum();
        format!(
            "rows {:6} lost {:4} cells {:8} known {known:5} different {:6} equal {:.4} %",
            self.rows,
            self.lost,
            self.cells,
            self.different(),
            100.0 * self.share()
        )
    }

    fn print(&self) {
        println!("{:50} {}", "all", self.summary());
        for (class, count) in &self.known {
            println!("known: {class}: {count}");
        }
        for (key, (cells, different, examples)) in self.fields.iter().filter(|(_, field)| field.1 > 0) {
            println!("{key}: {different} of {cells}");
            examples
                .iter()
                .for_each(|example| println!("    {}", example.chars().take(400).collect::<String>()));
        }
    }
}

/// Whether the reference's `evt.abspath` makes the directory of the call the event's fd, for every field that comes after
/// it in the dump.
fn rebinds(event: &Event<'_>, row: &Map<String, Json>) -> bool {
    let directory = |name: &&ParamInfo| name.name.ends_with("dirfd") || name.name == "olddir";
    let params = event.info.params;
    let Some(index) = params.iter().position(|param| directory(&param)) else { return false };
    let relative = event.text(index + 1).is_some_and(|path| !path.starts_with(b"/"));
    row.get("evt.abspath").is_some_and(Json::is_string) && relative && event.int(index) != Some(AT_FDCWD)
}

/// The class of differences that a cell belongs to, where the reference shows something that no capture holds.
fn class(key: &str, expected: &Json, ours: &Json, rebound: bool) -> Option<&'static str> {
    if rebound && (key.starts_with("fd.") || key.starts_with("fs.path.")) {
        return Some("fields behind evt.abspath: the reference shows the call's directory as the event's fd");
    }
    let (expected, ours) = (expected.as_str()?, ours.as_str()?);
    if key == "evt.buffer" && ours == "NULL" && (ours.starts_with(expected) || expected.starts_with(ours)) {
        return Some("evt.buffer of an empty read: the reference shows its own left-over memory");
    }
    None
}
