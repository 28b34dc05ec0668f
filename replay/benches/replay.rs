//! How long a replay takes, as a ratio to `zstd -dc` of the same capture, on one thread (design section 5).
//!
//!     cargo bench -p tercel-replay --bench replay
//!
//! Captures and rules are those of the corpus beside the repository or at `TERCEL_CORPUS`, without one those of the repository.
//! `TERCEL_BENCH_CAPTURES` names other captures (separated by colons), `TERCEL_BENCH_EVENTS` the number of events that a
//! capture is brought to by repeating its events (4 million).

mod material;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use material::{Result, captures, corpus, fastest, programs, repeat, zstd_command};
use tercel_format::Reader;
use tercel_replay::{Alert, Options, Replay, Sink};
use tercel_rules::program::Program;

fn main() -> Result<()> {
    let corpus = corpus();
    let events = std::env::var("TERCEL_BENCH_EVENTS").ok().and_then(|text| text.parse().ok());
    let events: u64 = events.unwrap_or(4_000_000);
    let programs = programs(corpus.as_deref())?;
    let folder = std::env::temp_dir().join(format!("tercel-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = captures(corpus.as_deref())
        .iter()
        .try_for_each(|capture| measure_capture(capture, events, &programs, &folder));
    fs::remove_dir_all(&folder)?;
    println!("\naim: at most 3.0 with Falco's stable rules, at most 4.0 with all 93");
    result
}

fn measure_capture(capture: &Path, events: u64, programs: &[(String, Program)], folder: &Path) -> Result<()> {
    let plain = folder.join("repeated.scap");
    let packed = folder.join("repeated.scap.zst");
    let events = repeat(capture, events, &plain)?;
    zstd::stream::copy_encode(File::open(&plain)?, File::create(&packed)?, 3)?;
    let (size, small) = (fs::metadata(&plain)?.len(), fs::metadata(&packed)?.len());
    println!("\n{}: {events} events, {} MB, {} MB zstd -3", capture.display(), size >> 20, small >> 20);
    let library = fastest(|| unpack(&packed))?;
    let unpacking = zstd_command(&packed)?.unwrap_or(library);
    report("zstd -dc", unpacking, unpacking, events);
    report("libzstd alone", library, unpacking, events);
    report("reading", fastest(|| read(&plain))?, unpacking, events);
    for (name, program) in programs {
        report(name, fastest(|| replay(&plain, program))?, unpacking, events);
    }
    Ok(())
}

fn report(name: &str, time: Duration, unpacking: Duration, events: u64) {
    let seconds = time.as_secs_f64();
    let ratio = seconds / unpacking.as_secs_f64();
    println!("{name:<28} {seconds:>6.3} s  {:>5.0} ns/event  {ratio:>5.2}", seconds * 1e9 / events as f64);
}

fn unpack(packed: &Path) -> Result<()> {
    let mut decoder = zstd::stream::read::Decoder::new(File::open(packed)?)?;
    let mut buffer = vec![0; 1 << 17];
    while decoder.read(&mut buffer)? > 0 {}
    Ok(())
}

fn read(plain: &Path) -> Result<()> {
    let mut reader = Reader::new(File::open(plain)?)?;
    while reader.next()?.is_some() {}
    Ok(())
}

fn replay(plain: &Path, program: &Program) -> Result<()> {
    let mut reader = Reader::new(File::open(plain)?)?;
    let mut replay = Replay::new(program, None, Options::default());
    replay.run(&mut reader, &mut Nowhere).map_err(|error| error.to_string())?;
    Ok(())
}

/// Takes alerts and drops them.
struct Nowhere;

impl Sink for Nowhere {
    fn alert(&mut self, _alert: &Alert<'_>) -> io::Result<()> {
        Ok(())
    }
}
