//! What a native trace gives, in rows and in columns: time against `zstd -dc` of the rows, threads, windows, rare events. And what it takes
//! to restore a large state from a keyframe, against decompressing the keyframe.
//!
//!     cargo bench -p tercel-replay --bench native
//!
//! Captures, rules and their variables are those of the bench `replay`; `TERCEL_BENCH_EVENTS` is 5 million here.
//! With `TERCEL_BENCH_KEEP=FOLDER` the traces stay there, for measurements from outside:
//!
//!     /usr/bin/time -v tercel replay -j2 -r RULES FOLDER/build.native.scap

mod material;

use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use material::{Result, captures, corpus, cpu_time, fastest, programs, repeat, zstd_command};
use tercel_format::catalogue::code;
use tercel_format::record::{FdDetail, FdList, FdRecord, ProcessRecord};
use tercel_format::trace::{Header, Layout, Options as Packing, Trace};
use tercel_format::{Block, Capture, Event, Reader};
use tercel_replay::scan::{Ended, Opened, Supply, Threads, scan_all};
use tercel_replay::state::State;
use tercel_replay::{Alerts, Counters, KeyedWriter, Options, Origin, Point, Style};
use tercel_rules::load::Loader;
use tercel_rules::program::Program;

fn main() -> Result<()> {
    let corpus = corpus();
    let events = std::env::var("TERCEL_BENCH_EVENTS").ok().and_then(|text| text.parse().ok());
    let events: u64 = events.unwrap_or(5_000_000);
    let programs = programs(corpus.as_deref())?;
    let kept = std::env::var_os("TERCEL_BENCH_KEEP").map(PathBuf::from);
    let scratch = std::env::temp_dir().join(format!("tercel-bench-{}", std::process::id()));
    let folder = kept.as_deref().unwrap_or(&scratch);
    fs::create_dir_all(folder)?;
    restoring("200,000 different fds", true)?;
    restoring("200,000 fds, shared", false)?;
    let result = captures(corpus.as_deref())
        .iter()
        .try_for_each(|capture| measure(capture, events, &programs, folder));
    if kept.is_none() {
        fs::remove_dir_all(folder)?;
    }
    println!("\naims: columns on one thread at most 1.0 (stable) and 1.25 (all) times zstd -dc of the rows,");
    println!("      rows at most 2.0 and 2.5; two threads 1.9 times as fast as one,");
    println!("      a window of 1 % and an event type in 1 % of the chunks at most 2 % of the whole");
    result
}

fn measure(capture: &Path, events: u64, programs: &[(String, Program)], folder: &Path) -> Result<()> {
    let stem = capture.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let plain = folder.join(format!("{stem}.plain.scap"));
    let path = folder.join(format!("{stem}.native.scap"));
    let columns_path = folder.join(format!("{stem}.columns.scap"));
    let events = repeat(capture, events, &plain)?;
    let start = cpu_time()?;
    convert(&plain, &path, Layout::Rows)?;
    let converting = cpu_time()? - start;
    convert(&plain, &columns_path, Layout::Columns)?;
    let (raw, size) = (fs::metadata(&plain)?.len(), fs::metadata(&path)?.len());
    fs::remove_file(&plain)?;
    let trace = Arc::new(Trace::open(File::open(&path)?)?);
    let chunks = trace.chunks().len();
    println!("\n{stem}: {events} events, {} MB, native {} MB in {chunks} chunks", raw >> 20, size >> 20);
    println!("converting, one thread: {:.0} MB/s", raw as f64 / 1e6 / converting.as_secs_f64());
    let unpacking = zstd_command(&path)?.unwrap_or(Duration::from_secs(1));
    println!("{:<28} {:>6.3} s CPU", "zstd -dc of the rows", unpacking.as_secs_f64());
    let columns = Arc::new(Trace::open(File::open(&columns_path)?)?);
    let columns_size = fs::metadata(&columns_path)?.len();
    println!("columns {} MB, {:.2} of the rows", columns_size >> 20, columns_size as f64 / size as f64);
    layout("rows", &trace, events, programs, unpacking)?;
    layout("columns", &columns, events, programs, unpacking)
}

/// What one layout of a capture gives.
fn layout(
    layout: &str,
    trace: &Arc<Trace>,
    events: u64,
    programs: &[(String, Program)],
    unpacking: Duration,
) -> Result<()> {
    // Without rules no chunk is read at all.
    for (name, program) in programs.iter().skip(1) {
        let one = fastest(|| one(trace, program, Options::default()).map(|_| ()))?;
        let (wall_one, _) = several(trace, program, Options::default(), 1)?;
        let (wall_two, _) = several(trace, program, Options::default(), 2)?;
        let name = format!("{layout}, {name}");
        println!(
            "{name:<28} {:>6.3} s CPU, {:>4.0} ns/event, {:>5.2} x zstd -dc; -j2 {:>5.2} times as fast as -j1",
            one.as_secs_f64(),
            one.as_secs_f64() * 1e9 / events as f64,
            one.as_secs_f64() / unpacking.as_secs_f64(),
            wall_one.as_secs_f64() / wall_two.as_secs_f64(),
        );
    }
    let Some((name, program)) = programs.last() else { return Ok(()) };
    let whole = fastest(|| one(trace, program, Options::default()).map(|_| ()))?;
    let part = |what: &str, program: &Program, options: Options| -> Result<()> {
        let mut counters = Counters::default();
        let time = fastest(|| {
            counters = one(trace, program, options)?;
            Ok(())
        })?;
        let share = time.as_secs_f64() * 100.0 / whole.as_secs_f64();
        println!(
            "{layout}, {what:<20} {:>6.1} ms CPU, {share:>5.2} % of {name}; {} events left out",
            time.as_secs_f64() * 1e3,
            counters.skipped.events
        );
        Ok(())
    };
    for start in [0, events / 3, events * 9 / 10] {
        let (from, to) = (Some(Point::Event(start)), Some(Point::Event(start + events / 100)));
        part(&format!("1 % from event {start}"), program, Options { from, to, ..Options::default() })?;
    }
    part("a type in 1 % of the chunks", &rare()?, Options::default())
}

/// Number of events between two of a rare type: about one per hundred chunks.
const RARE: u64 = 4_500_000;

/// Writes a capture as a native trace, with events of a rare type between the others.
fn convert(plain: &Path, path: &Path, layout: Layout) -> Result<()> {
    let packing = Packing { threads: 0, layout, ..Packing::default() };
    let mut writer = KeyedWriter::new(File::create(path)?, &Header::default(), packing)?;
    let mut reader = Reader::new(File::open(plain)?)?;
    let (mut state, mut count) = (State::new(), 0u64);
    while let Some(block) = reader.next()? {
        if let Block::Event(event) = &block {
            count += 1;
            if count % RARE == RARE / 2
                && let Some(mut rare) = Event::new(code::SYSCALL_USERFAULTFD_X, &[], &[])
            {
                (rare.ts, rare.tid) = (event.ts, event.tid);
                let rare = Block::Event(rare);
                writer.block(&rare, &mut state)?;
                state.take(&rare);
            }
        }
        writer.block(&block, &mut state)?;
        state.take(&block);
    }
    writer.finish()?;
    Ok(())
}

fn rare() -> Result<Program> {
    let mut loader = Loader::new(tercel_rules::load::Options::default());
    let rule =
        "- rule: rare\n  desc: rare\n  condition: evt.type = userfaultfd\n  output: x\n  priority: INFO\n";
    loader.bytes("rare.yaml", rule.as_bytes());
    Ok(loader.finish().program)
}

/// One capture.
struct Single(Option<Arc<Trace>>);

impl Supply for Single {
    fn next(&mut self) -> Option<Opened> {
        self.0.take().map(|trace| Opened { origin: Origin::default(), capture: Capture::Native(trace) })
    }

    fn ended(&mut self, _: Ended) {}
}

fn one(trace: &Arc<Trace>, program: &Program, options: Options) -> Result<Counters> {
    asked(trace, program, options, 1)
}

fn asked(trace: &Arc<Trace>, program: &Program, options: Options, threads: usize) -> Result<Counters> {
    let alerts = Alerts::new(program, None, options, Style::default());
    let (mut single, mut nowhere) = (Single(Some(trace.clone())), io::sink());
    let mut lines = alerts.lines_to(&mut nowhere);
    scan_all(&alerts, &mut single, Threads::new(threads), &mut lines, &|_| ())?;
    Ok(lines.into_counters())
}

/// Processes, and fds of each, in a large state.
const PROCESSES: i64 = 2000;
const FDS: i64 = 100;

fn restoring(what: &str, differ: bool) -> Result<()> {
    let bytes = large_state(differ).snapshot().ok_or("too large for a keyframe")?;
    let packed = zstd::bulk::compress(&bytes, 3)?;
    let unpacking = fastest(|| {
        black_box(zstd::bulk::decompress(&packed, bytes.len())?);
        Ok(())
    })?;
    let restoring = fastest(|| {
        black_box(State::restore(black_box(&bytes))?);
        Ok(())
    })?;
    println!(
        "restoring {what}: {} KiB, {:.2} ms CPU, {:.2} x zstd -dc",
        bytes.len() >> 10,
        restoring.as_secs_f64() * 1e3,
        restoring.as_secs_f64() / unpacking.as_secs_f64(),
    );
    Ok(())
}

/// A state of many processes, whose fds are all different, or the same in each.
fn large_state(differ: bool) -> State {
    let mut state = State::new();
    for tid in 1000..1000 + PROCESSES {
        let name = format!("worker{tid}").into_bytes();
        let record = ProcessRecord {
            tid,
            pid: tid,
            ptid: 1,
            vtid: tid,
            vpid: tid,
            comm: name.clone(),
            exe: name,
            cwd: b"/".to_vec(),
            root: b"/".to_vec(),
            ..ProcessRecord::default()
        };
        state.block(&Block::Processes(vec![record]));
        let owner = if differ { tid } else { 0 };
        let fds = (0..FDS).map(|fd| {
            let name = format!("/var/lib/worker/{owner}/file{fd}").into_bytes();
            FdRecord { fd, ino: 1, kind: 16, detail: FdDetail::File { flags: 1, name, dev: 5 } }
        });
        state.block(&Block::Fds(FdList { tid, fds: fds.collect() }));
    }
    state
}

/// The smallest wall-clock time of several runs on `jobs` threads.
fn several(
    trace: &Arc<Trace>,
    program: &Program,
    options: Options,
    threads: usize,
) -> Result<(Duration, Counters)> {
    let (mut least, mut counters) = (Duration::MAX, Counters::default());
    for _ in 0..3 {
        let start = Instant::now();
        counters = asked(trace, program, options, threads)?;
        least = least.min(start.elapsed());
    }
    Ok((least, counters))
}
