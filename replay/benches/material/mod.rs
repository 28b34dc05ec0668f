//! What the benchmarks share: captures of any length, rules, and the time that something takes.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tercel_format::block::{BlockKind, HEADER, Header};
use tercel_rules::load::Loader;
use tercel_rules::program::Program;

/// Runs of each measurement; the fastest counts.
const RUNS: usize = 5;

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The least CPU time of several runs.
pub fn fastest(mut run: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let start = cpu_time()?;
        run()?;
        least = least.min(cpu_time()? - start);
    }
    Ok(least)
}

/// User and system time of this thread; the kernel counts nanoseconds in the first field.
pub fn cpu_time() -> Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let field = text.split_whitespace().next().ok_or("empty schedstat")?;
    Ok(Duration::from_nanos(field.parse()?))
}

/// CPU time of `zstd -dc`, on average; `None` if there is no such program. The kernel reports the time of children in
/// hundredths of a second, so that single runs would be too short to measure.
pub fn zstd_command(packed: &Path) -> Result<Option<Duration>> {
    let before = children_time()?;
    for _ in 0..RUNS {
        let status = Command::new("zstd").arg("-dcq").arg(packed).stdout(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("zstd -dc: {status}").into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some((children_time()? - before) / RUNS as u32))
}

/// User and system time of children that have ended: fields 16 and 17 of the process's status.
fn children_time() -> Result<Duration> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let (_, behind_name) = text.rsplit_once(')').ok_or("odd stat")?;
    let mut ticks = 0;
    for field in behind_name.split_whitespace().skip(13).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// The corpus, if there is one.
pub fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let path = std::env::var_os("TERCEL_CORPUS").map_or_else(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

pub fn captures(corpus: Option<&Path>) -> Vec<PathBuf> {
    if let Some(paths) = std::env::var_os("TERCEL_BENCH_CAPTURES") {
        return std::env::split_paths(&paths).collect();
    }
    match corpus {
        Some(corpus) => ["build", "net"].map(|name| corpus.join(format!("captures/{name}.scap"))).into(),
        None => files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces"), "scap"),
    }
}

/// The files of a folder with an extension, in alphabetical order of their stems, so that `x.local.yaml` follows `x.yaml`.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort_by_key(|path| path.file_stem().map(|stem| stem.to_owned()));
    files
}

/// Sets of rules by their names.
pub fn programs(corpus: Option<&Path>) -> Result<Vec<(String, Program)>> {
    let mut sets = vec![("no rules", Vec::new())];
    match corpus {
        Some(corpus) => {
            let file = |name: &str| corpus.join("rules").join(name);
            let stable = vec![file("falco_rules.yaml")];
            let mut all = stable.clone();
            for name in
                ["falco-incubating_rules.yaml", "falco-sandbox_rules.yaml", "enable_disabled_rules.yaml"]
            {
                all.push(file(name));
            }
            sets.extend([("stable rules", stable), ("all rules", all)]);
        }
        None => {
            sets.push((
                "shipped rules",
                files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"), "yaml"),
            ));
        }
    }
    let mut programs = Vec::new();
    for (name, files) in sets {
        let mut loader = Loader::new(tercel_rules::load::Options::default());
        for file in &files {
            loader.bytes(&file.display().to_string(), &fs::read(file)?);
        }
        let loaded = loader.finish();
        if !loaded.successful() {
            return Err(format!("the {name} do not load").into());
        }
        programs.push((format!("{name} ({})", loaded.program.rules.len()), loaded.program));
    }
    Ok(programs)
}

/// Writes a plain capture with the metadata of another and its events over and over, each time later; answers how many
/// events it has.
pub fn repeat(capture: &Path, wanted: u64, out: &Path) -> Result<u64> {
    let bytes = unpacked(fs::read(capture)?)?;
    let (mut metadata, mut events, mut stamps) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = &bytes[..];
    while let Some(header) = Header::read(rest) {
        let Some((block, behind)) = rest.split_at_checked(header.length as usize) else { break };
        match BlockKind::of(header.code) {
            BlockKind::Event(layout) => {
                // Before the time stand the number of the CPU and, in some blocks, flags.
                stamps.push(events.len() + HEADER + 2 + if layout.flags { 4 } else { 0 });
                events.extend_from_slice(block);
            }
            _ if stamps.is_empty() => metadata.extend_from_slice(block),
            // A second section would start afresh.
            _ => break,
        }
        rest = behind;
    }
    let times: Vec<u64> = stamps.iter().map(|at| time(&events, *at)).collect();
    let span = times.iter().max().zip(times.iter().min()).map_or(0, |(last, first)| last - first + 1);
    let rounds = wanted.div_ceil(stamps.len().max(1) as u64).max(1);
    let mut file = File::create(out)?;
    io::Write::write_all(&mut file, &metadata)?;
    for round in 0..rounds {
        for (at, time) in stamps.iter().zip(&times) {
            events[*at..*at + 8].copy_from_slice(&(time + round * span).to_le_bytes());
        }
        io::Write::write_all(&mut file, &events)?;
    }
    Ok(rounds * stamps.len() as u64)
}

fn time(events: &[u8], at: usize) -> u64 {
    events.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match bytes.get(..4) {
        Some([0x1f, 0x8b, ..]) => {
            flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out)?;
        }
        Some([0x28, 0xb5, 0x2f, 0xfd]) => out = zstd::stream::decode_all(&bytes[..])?,
        _ => out = bytes,
    }
    Ok(out)
}
