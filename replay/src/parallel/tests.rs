//! Parallel replays give the bytes of sequential ones, whatever the number of threads and the size of the chunks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tercel_format::{Block, Error, Reader};
use tercel_rules::load::{Loader, Options as Load};
use tercel_rules::program::Program;

use super::{Batch, Chunk, ChunkSource, Parallel, Scout, can_be_parallel};
use crate::alert::{Alert, Formatter, Style};
use crate::engine::{BlockSource, Counters, Options, Point, Replay, ReplayError, Sink};
use crate::state::State;

fn below(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let entries = std::fs::read_dir(directory).expect("part of the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn shipped_rules() -> Program {
    let mut loader = Loader::new(Load::default());
    for path in below("rules").iter().filter(|path| path.extension().is_some_and(|ext| ext == "yaml")) {
        loader.bytes("rules", &std::fs::read(path).expect("readable"));
    }
    let loaded = loader.finish();
    assert!(loaded.successful());
    loaded.program
}

fn rule(condition: &str, output: &str) -> Program {
    let text = format!(
        "- rule: one\n  desc: a rule\n  condition: {condition}\n  output: \"{output}\"\n  priority: ERROR\n"
    );
    let mut loader = Loader::new(Load::default());
    loader.bytes("one.yaml", text.as_bytes());
    let loaded = loader.finish();
    assert!(loaded.successful(), "{text}");
    loaded.program
}

/// A rule whose line shows state that was built long before.
fn telling() -> Program {
    rule(
        "evt.num > 0",
        "%evt.num %evt.time %evt.type %evt.args %fd.name %proc.cmdline %proc.aname[2] %proc.cwd \
         %proc.nthreads %proc.fdopencount %user.name %container.name %evt.reltime",
    )
}

fn trace(path: &Path) -> Reader {
    Reader::new(std::fs::File::open(path).expect("readable")).expect("a capture")
}

struct Lines(Formatter, Vec<u8>);

impl Sink for Lines {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.0.push_line(alert, &mut self.1);
        self.1.push(b'\n');
        Ok(())
    }
}

fn sequential(program: &Program, options: Options, traces: &[PathBuf]) -> (Vec<u8>, Counters) {
    let mut replay = Replay::new(program, None, options);
    let mut lines = Lines(Formatter::new(program, Style::default()), Vec::new());
    for path in traces {
        replay.run(&mut trace(path), &mut lines).expect("undamaged");
    }
    (lines.1, replay.counters().clone())
}

#[track_caller]
fn check(program: &Program, options: Options, traces: &[PathBuf], threads: usize, chunk: usize) {
    let expected = sequential(program, options, traces);
    let style = Style::default();
    let mut parallel = Parallel::new(program, None, options, style, threads).expect("threads");
    let mut lines = Vec::new();
    for path in traces {
        let mut reader = trace(path);
        parallel.run(&mut Scout::new(&mut reader, options, chunk), &mut lines).expect("undamaged");
    }
    assert!(lines == expected.0, "{threads} threads, chunks of {chunk}: other lines");
    assert_eq!(*parallel.counters(), expected.1, "{threads} threads, chunks of {chunk}");
}

#[test]
fn threads_and_chunks_do_not_show() {
    let traces = below("testdata/traces");
    for program in [shipped_rules(), telling()] {
        assert!(can_be_parallel(&program, None, &Options::default()));
        for (threads, chunk) in [(1, 1 << 20), (2, 50_000), (2, 4001), (7, 999), (7, 1 << 16)] {
            check(&program, Options::default(), &traces, threads, chunk);
        }
        check(&program, Options::default(), &traces[..1], 2, 1);
    }
}

#[test]
fn windows_end_at_the_same_event() {
    let traces = below("testdata/traces");
    let program = telling();
    for (from, to) in [(Some(10), Some(50)), (None, Some(1)), (Some(100), None), (Some(1 << 40), None)] {
        let window = Options { from: from.map(Point::Event), to: to.map(Point::Event), ..Options::default() };
        check(&program, window, &traces, 2, 700);
    }
    let seconds = |count: u64| Some(Point::Relative(count * 1_000_000_000));
    check(&program, Options { from: seconds(1), to: seconds(3), ..Options::default() }, &traces, 2, 700);
}

#[test]
fn values_that_hang_on_the_order_are_found() {
    let ordered = |condition, output| {
        let none = Options::default();
        !can_be_parallel(&rule(condition, output), None, &none)
    };
    assert!(ordered("evt.deltatime > 5", "x"));
    assert!(ordered("evt.num > 5", "%util.cnt"));
    assert!(ordered("evt.num > 5", "%thread.cpu.user"));
    assert!(!ordered("evt.num > 5", "%evt.reltime"));
    let limit = Options { limit: Some(5), ..Options::default() };
    assert!(!can_be_parallel(&rule("evt.num > 5", "x"), None, &limit));
}

/// Chunks of a capture, one of which panics at its fifth block.
struct Faulty<'a> {
    scout: Scout<'a, Reader>,
    faulty: u64,
    handed_out: u64,
}

struct Blocks {
    batch: Batch<Error>,
    left: Option<u32>,
}

impl BlockSource for Blocks {
    type Error = Error;

    fn next_block(&mut self) -> Result<Option<Block<'_>>, Error> {
        if let Some(left) = &mut self.left {
            assert!(*left > 0, "made for the test");
            *left -= 1;
        }
        self.batch.next_block()
    }
}

impl ChunkSource for Faulty<'_> {
    type Error = Error;
    type Blocks = Blocks;

    fn next_chunk(&mut self) -> Result<Option<Chunk<Blocks>>, Error> {
        let Some(chunk) = self.scout.next_chunk()? else { return Ok(None) };
        let Chunk { state, section, first_event, events, blocks } = chunk;
        let left = (self.handed_out == self.faulty).then_some(5);
        self.handed_out += 1;
        Ok(Some(Chunk { state, section, first_event, events, blocks: Blocks { batch: blocks, left } }))
    }
}

#[test]
fn a_panic_costs_the_rest_of_its_chunk_and_is_told() {
    let path = &below("testdata/traces")[0];
    let program = rule("evt.num > 0", "%evt.num");
    let none = Options::default();
    let mut parallel = Parallel::new(&program, None, none, Style::default(), 2).expect("threads");
    let mut reader = trace(path);
    let scout = Scout::new(&mut reader, none, 20_000);
    let mut lines = Vec::new();
    let ran = parallel.run(&mut Faulty { scout, faulty: 3, handed_out: 0 }, &mut lines);
    let Err(ReplayError::Defect(defect)) = ran else { panic!("nothing told") };
    assert_eq!(defect.message, "made for the test");
    assert!(defect.last > defect.first + 5);
    let whole = String::from_utf8(sequential(&program, none, std::slice::from_ref(path)).0).expect("digits");
    let number = |line: &str| line.rsplit(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or(0u64);
    let lost = defect.first + 5..=defect.last;
    let expected: Vec<&str> = whole.lines().filter(|line| !lost.contains(&number(line))).collect();
    assert_eq!(String::from_utf8_lossy(&lines).lines().collect::<Vec<_>>(), expected);
}

/// Takes a few bytes.
struct Narrow(usize);

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_output_ends_the_replay() {
    let program = telling();
    let none = Options::default();
    let mut parallel = Parallel::new(&program, None, none, Style::default(), 2).expect("threads");
    let mut reader = trace(&below("testdata/traces")[0]);
    let ran = parallel.run(&mut Scout::new(&mut reader, none, 1000), &mut Narrow(5000));
    assert!(matches!(ran, Err(ReplayError::Sink(error)) if error.kind() == io::ErrorKind::BrokenPipe));
}

/// Chunks as a trace with keyframes has them: each with what the state changed since the chunk before.
struct Keyframes<'a> {
    scout: Scout<'a, Reader>,
    base: State,
    sum: State,
    section: u64,
}

impl ChunkSource for Keyframes<'_> {
    type Error = Error;
    type Blocks = Batch<Error>;

    fn next_chunk(&mut self) -> Result<Option<Chunk<Batch<Error>>>, Error> {
        let Some(mut chunk) = self.scout.next_chunk()? else { return Ok(None) };
        if chunk.section != self.section {
            (self.base, self.sum, self.section) = (State::new(), State::new(), chunk.section);
        }
        self.sum.apply_delta(&chunk.state.delta(&self.base)).expect("a delta");
        self.base = std::mem::replace(&mut chunk.state, self.sum.clone());
        Ok(Some(chunk))
    }
}

#[test]
fn keyframes_give_the_lines_of_the_whole() {
    for path in below("testdata/traces") {
        for (program, size) in [(shipped_rules(), 3001), (telling(), 1501), (telling(), 20_000)] {
            let none = Options::default();
            let mut parallel = Parallel::new(&program, None, none, Style::default(), 2).expect("threads");
            let mut reader = trace(&path);
            let scout = Scout::new(&mut reader, none, size);
            let mut source = Keyframes { scout, base: State::new(), sum: State::new(), section: 0 };
            let mut lines = Vec::new();
            parallel.run(&mut source, &mut lines).expect("undamaged");
            let expected = sequential(&program, none, std::slice::from_ref(&path));
            assert!(lines == expected.0, "{path:?}, chunks of {size}");
            assert_eq!(*parallel.counters(), expected.1);
        }
    }
}
