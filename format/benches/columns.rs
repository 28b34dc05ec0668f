//! Sizes of captures as rows and as columns, and what packing and unpacking take: one line per capture, medians of five in one run.
//!
//!     cargo bench -p tercel-format --bench columns [-- CAPTURE…]
//!
//! The captures are those of the corpus (`TERCEL_CORPUS`, or shared/corpus beside the repository) unless some are named. With
//! `TERCEL_BENCH_LEVEL` the level is another than 3; with `TERCEL_BENCH_COLUMNS=N` the N largest columns follow each line.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tercel_format::trace::{Header, Layout, Options, Trace, TraceWriter, Unpacker};
use tercel_format::{BlockSource, Capture};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs of each measurement, and how often each of them unpacks a capture: the kernel counts the time of a thread in ticks.
const RUNS: usize = 5;
const ROUNDS: usize = 20;

fn main() -> Result<()> {
    let named: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    let captures = if named.is_empty() { corpus() } else { named };
    println!(
        "{:<24} {:>9} {:>7} {:>7} {:>6}  {:>13} {:>13} {:>13} {:>13}",
        "", "events", "rows", "columns", "ratio", "pack", "to rows", "all columns", "lanes"
    );
    println!(
        "{:<24} {:>9} {:>7} {:>7} {:>6}  {:>13} {:>13} {:>13} {:>13}",
        "capture", "", "B/event", "B/event", "", "of rows'", "of zstd's", "of zstd's", "of zstd's"
    );
    for capture in captures {
        measure(&capture)?;
    }
    Ok(())
}

fn measure(path: &Path) -> Result<()> {
    let (rows, packing_rows) = written(path, Layout::Rows)?;
    let (columns, packing_columns) = written(path, Layout::Columns)?;
    let (rows, columns) = (Trace::open(rows)?, Trace::open(columns)?);
    let events: u64 = rows.chunks().iter().map(|chunk| chunk.descriptor.events).sum();
    let size = |trace: &Trace| -> u64 {
        let events = trace.chunks().iter().filter(|chunk| chunk.descriptor.events > 0);
        events.map(|chunk| chunk.descriptor.data_size).sum()
    };
    let (small, large) = (size(&columns), size(&rows));
    let unpacking = rounds(|| all_rows(&rows))?;
    let share = |time: Duration| time.as_secs_f64() / unpacking.as_secs_f64();
    println!(
        "{:<24} {events:>9} {:>7.2} {:>7.2} {:>6.3}  {:>13.2} {:>13.2} {:>13.2} {:>13.2}",
        path.file_stem().unwrap_or_default().to_string_lossy(),
        large as f64 / events as f64,
        small as f64 / events as f64,
        small as f64 / large as f64,
        packing_columns.as_secs_f64() / packing_rows.as_secs_f64(),
        share(rounds(|| all_rows(&columns))?),
        share(rounds(|| all_columns(&columns))?),
        share(rounds(|| lanes(&columns))?),
    );
    if let Some(count) = std::env::var("TERCEL_BENCH_COLUMNS").ok().and_then(|text| text.parse().ok()) {
        largest(&columns, count, events)?;
    }
    Ok(())
}

/// Writes a capture as a native trace without keyframes; returns it and the median of the time that this took, reading included.
fn written(path: &Path, layout: Layout) -> Result<(Vec<u8>, Duration)> {
    let level = std::env::var("TERCEL_BENCH_LEVEL").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let mut bytes = Vec::new();
    let time = median(|| {
        let options = Options { threads: 0, level, layout, ..Options::default() };
        let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options)?;
        match Capture::open(path, &|bytes| bytes)? {
            Capture::Stream(mut reader) => {
                while let Some(block) = reader.next()? {
                    writer.block(&block)?;
                }
            }
            Capture::Native(trace) => {
                let mut unpacker = Unpacker::new();
                for chunk in trace.chunks() {
                    let mut blocks = unpacker.blocks(&trace, chunk)?;
                    while let Some(block) = blocks.next_block().map_err(|damage| damage.to_string())? {
                        writer.block(&block)?;
                    }
                }
            }
        }
        bytes = writer.finish()?.0;
        Ok(())
    })?;
    Ok((bytes, time))
}

fn all_rows(trace: &Trace) -> Result<()> {
    let mut unpacker = Unpacker::new();
    for chunk in trace.chunks().iter().filter(|chunk| chunk.descriptor.events > 0) {
        std::hint::black_box(unpacker.bytes(trace, chunk)?);
    }
    Ok(())
}

fn all_columns(trace: &Trace) -> Result<()> {
    let mut unpacker = Unpacker::new();
    for chunk in trace.chunks() {
        let Some(columns) = unpacker.columns(trace, chunk)? else { continue };
        columns.unpack_times()?;
        columns.unpack_threads()?;
        for kind in 0..columns.kinds().len() {
            for param in 0..=usize::from(columns.kinds()[kind].nparams) {
                columns.unpack(kind, param)?;
            }
        }
        std::hint::black_box(columns.store());
    }
    Ok(())
}

fn lanes(trace: &Trace) -> Result<()> {
    let mut unpacker = Unpacker::new();
    for chunk in trace.chunks() {
        let Some(columns) = unpacker.columns(trace, chunk)? else { continue };
        columns.unpack_times()?;
        columns.unpack_threads()?;
        std::hint::black_box(columns.times());
    }
    Ok(())
}

/// Prints the largest columns.
fn largest(trace: &Trace, count: usize, events: u64) -> Result<()> {
    let mut sums = BTreeMap::<_, (u64, u64, u64)>::new();
    for chunk in 0..trace.chunks().len() {
        for size in trace.column_sizes(chunk)? {
            let sum = sums.entry((size.event, size.name)).or_default();
            *sum = (sum.0 + size.count, sum.1 + size.unpacked, sum.2 + size.packed);
        }
    }
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by_key(|(_, (_, _, packed))| std::cmp::Reverse(*packed));
    for ((event, name), (number, unpacked, packed)) in rows.into_iter().take(count) {
        let event = event.map_or(String::new(), |(code, event)| format!("{event}({code})."));
        println!(
            "    {:<28} {number:>9} {unpacked:>10} {packed:>9} {:>6.2} B/value {:>6.3} B/event",
            format!("{event}{name}"),
            packed as f64 / number.max(1) as f64,
            packed as f64 / events as f64
        );
    }
    Ok(())
}

/// The median time of several rounds.
fn rounds(mut run: impl FnMut() -> Result<()>) -> Result<Duration> {
    median(|| (0..ROUNDS).try_for_each(|_| run()))
}

fn median(mut run: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = cpu_time()?;
        run()?;
        times.push(cpu_time()? - start);
    }
    times.sort();
    Ok(times[RUNS / 2])
}

/// User and system time of this thread; the kernel counts nanoseconds in the first field.
fn cpu_time() -> Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let field = text.split_whitespace().next().ok_or("empty schedstat")?;
    Ok(Duration::from_nanos(field.parse()?))
}

fn corpus() -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = std::env::var_os("TERCEL_CORPUS").map_or_else(beside, PathBuf::from);
    ["build", "container", "attacks", "net", "b1_meta", "lang"]
        .map(|name| corpus.join(format!("captures/{name}.scap")))
        .into_iter()
        .filter(|path| path.is_file())
        .collect()
}
