//! What damage costs: of each capture as a trace of rows and of columns, bits are flipped and ends are cut off, and what can still be read
//! is compared with what was written. One line per capture and layout; a loss that is not reported, or an event that was not written,
//! ends the run with its place.
//!
//!     cargo bench -p tercel-format --bench damage [-- CAPTURE…]
//!
//! The captures are those of the corpus (`TERCEL_CORPUS`, or shared/corpus beside the repository) unless some are named.
//! `TERCEL_BENCH_FLIPS` and `TERCEL_BENCH_CUTS` are 1,000 and 200 otherwise.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tercel_format::trace::{Blocks, Chunk, Header, Layout, Options, Trace, TraceWriter, Unpacker};
use tercel_format::{Block, Capture};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows of a chunk: small enough that captures have several.
const CHUNK: usize = 1 << 20;

fn main() -> Result<()> {
    let named: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    let captures = if named.is_empty() { corpus() } else { named };
    let (flips, cuts) = (number("TERCEL_BENCH_FLIPS", 1000), number("TERCEL_BENCH_CUTS", 200));
    println!(
        "{flips} flips: how many cost no event, and how many events the others cost; {cuts} cuts: what is read of the chunk that is cut"
    );
    println!(
        "{:<40} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "capture", "events", "chunks", "no event", "median", "mean", "largest", "of cuts"
    );
    for capture in captures {
        for layout in [Layout::Rows, Layout::Columns] {
            let bytes = written(&capture, layout)?;
            let name = capture.file_stem().unwrap_or_default().to_string_lossy();
            let line = measure(&bytes, flips, cuts);
            println!(
                "{:<40} {}",
                format!("{name} {layout:?}"),
                line.map_err(|error| format!("{name} {layout:?}: {error}"))?
            );
        }
    }
    Ok(())
}

/// What a whole trace says, by chunks: how often there is an event of which number, and what it is.
struct Known {
    chunks: Vec<Chunk>,
    events: Vec<HashMap<u64, u64>>,
}

fn measure(bytes: &Arc<Vec<u8>>, flips: u64, cuts: u64) -> Result<String> {
    let trace = Trace::open(bytes.clone())?;
    let chunks = trace.chunks().to_vec();
    let events = chunks.iter().map(|chunk| Ok(read(&mut Unpacker::new().blocks(&trace, chunk)?)));
    let known = Known { events: events.collect::<Result<_>>()?, chunks };
    let total: u64 = known.chunks.iter().map(|chunk| chunk.descriptor.events).sum();
    let mut numbers = Numbers(17);
    let mut losses = Vec::new();
    for _ in 0..flips {
        let mut copy = bytes.to_vec();
        let place = numbers.below(copy.len() as u64);
        copy[place as usize] ^= 1 << numbers.below(8);
        losses.push(flip(copy, &known, place).map_err(|error| format!("byte {place}: {error}"))?);
    }
    let (mut rescued, mut of) = (0, 0);
    for _ in 0..cuts {
        let end = known.chunks.last().map_or(0, Chunk::end);
        let place = known.chunks.first().map_or(0, |chunk| chunk.offset) + 1;
        let place = place + numbers.below(end.saturating_sub(place).max(1));
        let (some, all) = cut(&bytes[..place as usize], &known, place)
            .map_err(|error| format!("cut at {place}: {error}"))?;
        (rescued, of) = (rescued + some, of + all);
    }
    losses.sort_unstable();
    let without_event = losses.iter().filter(|loss| **loss == 0).count();
    let costly = &losses[without_event..];
    let median = costly.get(costly.len() / 2).copied().unwrap_or(0);
    let mean = costly.iter().sum::<u64>() / costly.len().max(1) as u64;
    Ok(format!(
        "{total:>9} {:>7} {without_event:>9} {median:>9} {mean:>9} {:>9} {:>8.1}%",
        known.chunks.len(),
        losses.last().copied().unwrap_or(0),
        rescued as f64 * 100.0 / f64::from(of.max(1) as u32),
    ))
}

/// How many events a flipped bit costs. What is wrong with the trace must be reported where something is lost.
fn flip(bytes: Vec<u8>, known: &Known, place: u64) -> Result<u64> {
    let hit = known.chunks.iter().position(|chunk| (chunk.offset..chunk.end()).contains(&place));
    let trace = match Trace::open(bytes) {
        Ok(trace) => trace,
        // The first bytes say that it is a native trace.
        Err(_) if place < 64 => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    // Chunks that the walk does not find have to be named as a loss.
    let mut lost = 0;
    for (index, whole) in known.chunks.iter().enumerate() {
        let found = trace.chunks().iter().find(|chunk| chunk.offset == whole.offset);
        let Some(found) = found else {
            if trace.losses().is_empty() && trace.without_index().is_none() {
                return Err("a chunk is missing, and that is not reported".into());
            }
            lost += whole.descriptor.events;
            continue;
        };
        // All others are the same bytes.
        if hit == Some(index) {
            lost += damaged(&trace, found, &known.events[index], whole.descriptor.events)?;
        }
    }
    Ok(lost)
}

/// How many events of a damaged chunk are lost.
fn damaged(trace: &Trace, chunk: &Chunk, known: &HashMap<u64, u64>, count: u64) -> Result<u64> {
    let mut unpacker = Unpacker::new();
    let Ok(mut blocks) = unpacker.blocks(trace, chunk) else { return Ok(count) };
    let found = read(&mut blocks);
    let told = blocks.left_out().map_or(0, |(events, _)| events);
    let read: u64 = found.values().sum();
    if found.iter().any(|(event, times)| known.get(event).is_none_or(|known| times > known)) {
        return Err("an event that was not written".into());
    }
    if read + told != count {
        return Err(format!("{read} of {count} events are read, and {told} are reported").into());
    }
    Ok(told)
}

/// How many events are read of the chunk that a cut hits, and how many it has.
fn cut(bytes: &[u8], known: &Known, place: u64) -> Result<(u64, u64)> {
    let trace = Trace::open(bytes.to_vec())?;
    let whole = known.chunks.iter().filter(|chunk| chunk.end() <= place).count();
    if trace.chunks().len() != whole {
        return Err(format!("{} of {whole} whole chunks are there", trace.chunks().len()).into());
    }
    let Some(hit) = known.chunks.iter().position(|chunk| (chunk.offset + 1..chunk.end()).contains(&place))
    else {
        return Ok((0, 0));
    };
    if trace.losses().is_empty() && trace.without_index().is_none() {
        return Err("it is not reported".into());
    }
    let Some(_) = trace.cut() else { return Ok((0, known.chunks[hit].descriptor.events)) };
    let part = trace.read_cut()?;
    let found = read(&mut part.blocks());
    if found.iter().any(|(event, times)| known.events[hit].get(event).is_none_or(|known| times > known)) {
        return Err("an event that was not written".into());
    }
    Ok((found.values().sum(), known.chunks[hit].descriptor.events))
}

/// The events of blocks, as far as they can be read; each by what it is, and how often.
fn read(blocks: &mut Blocks<'_>) -> HashMap<u64, u64> {
    let mut found = HashMap::new();
    while let Ok(Some(block)) = blocks.next() {
        let Block::Event(event) = block else { continue };
        let mut hasher = DefaultHasher::new();
        (event.num, event.ts, event.tid, event.code(), event.cpu, event.state_only).hash(&mut hasher);
        (0..event.nparams()).for_each(|index| event.param(index).hash(&mut hasher));
        *found.entry(hasher.finish()).or_default() += 1;
    }
    found
}

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Writes a capture as a native trace without keyframes.
fn written(path: &Path, layout: Layout) -> Result<Arc<Vec<u8>>> {
    let options = Options { threads: 0, layout, chunk: CHUNK, ..Options::default() };
    let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options)?;
    let Capture::Stream(mut reader) = Capture::open(path, &|bytes| bytes)? else {
        return Err("a native trace".into());
    };
    while let Some(block) = reader.next()? {
        writer.block(&block)?;
    }
    Ok(Arc::new(writer.finish()?.0))
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn corpus() -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = std::env::var_os("TERCEL_CORPUS").map_or_else(beside, PathBuf::from);
    let entries = fs::read_dir(corpus.join("captures")).into_iter().flatten().flatten();
    let mut captures: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    captures.sort();
    captures
}
