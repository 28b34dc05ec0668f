//! Batches of a scout give the answer of one thread, whatever their size; panics cost what they have to and are named.

use std::io::{self, Write};

use tercel_format::Block;
use tercel_rules::load::{Loader, Options as Load};
use tercel_rules::program::Program;

use super::super::{
    Merge, Needs, Outlet, PieceOrigin, PieceVisitor, Question, ScanError, Threads, Visitor, scan_all,
};
use super::{Shelf, native, open, replayed, shipped, stream, telling};
use crate::alert::Style;
use crate::alerts::Alerts;
use crate::engine::Options;
use crate::state::{ResumePoint, State};
use crate::window::Point;

fn shipped_rules() -> Program {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let entries = std::fs::read_dir(folder).expect("part of the repository");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort_by_key(|path| path.file_stem().map(std::ffi::OsStr::to_owned));
    let mut loader = Loader::new(Load::default());
    for path in paths {
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

#[track_caller]
fn check(program: &Program, options: Options, threads: usize, batch: usize) {
    for path in shipped() {
        let expected = replayed(program, options, Threads::new(1), vec![stream(&path)]);
        let threads = Threads::new(threads).with_batch(batch);
        let found = replayed(program, options, threads, vec![stream(&path)]);
        assert!(found.0 == expected.0, "{threads:?}: other lines");
        assert_eq!(found.1, expected.1, "{threads:?}");
        assert_eq!(found.2.len(), 1);
    }
}

#[test]
fn threads_and_batches_do_not_show() {
    for program in [shipped_rules(), telling("evt.num > 0")] {
        for (threads, batch) in [(2, 50_000), (2, 4001), (7, 999), (7, 1 << 16)] {
            check(&program, Options::default(), threads, batch);
        }
    }
    check(&telling("evt.num > 0"), Options { to: Some(Point::Event(40)), ..Options::default() }, 2, 1);
}

#[test]
fn windows_end_at_the_same_event() {
    let program = telling("evt.num > 0");
    for (from, to) in [(Some(10), Some(50)), (None, Some(1)), (Some(100), None), (Some(1 << 40), None)] {
        let window = Options { from: from.map(Point::Event), to: to.map(Point::Event), ..Options::default() };
        check(&program, window, 2, 700);
    }
    let seconds = |count: u64| Some(Point::Relative(count * 1_000_000_000));
    check(&program, Options { from: seconds(1), to: seconds(3), ..Options::default() }, 2, 700);
}

#[test]
fn values_that_hang_on_the_order_are_found() {
    let divisible = |condition, output, options| {
        Alerts::new(&rule(condition, output), None, options, Style::default()).is_divisible()
    };
    let none = Options::default();
    assert!(!divisible("evt.deltatime > 5", "x", none));
    assert!(!divisible("evt.num > 5", "%util.cnt", none));
    assert!(!divisible("evt.num > 5", "%thread.cpu.user", none));
    assert!(divisible("evt.num > 5", "%evt.reltime", none));
    assert!(!divisible("evt.num > 5", "x", Options { limit: Some(5), ..none }));
}

#[test]
fn what_a_state_gives_up_is_counted() {
    let program = rule("evt.num > 0", "%evt.num");
    let path = super::longest();
    let run = |memory| {
        let options = Options { memory, ..Options::default() };
        replayed(&program, options, Threads::new(1), vec![stream(&path)])
    };
    let (whole, plenty, _) = run(None);
    assert!(!plenty.forgotten.is_any());
    let (lines, counters, _) = run(Some(64 << 10));
    assert!(counters.forgotten.is_any(), "{counters:?}");
    assert_eq!(lines, whole, "events are not given up");
}

/// Which events there are; the program is at fault at one of them.
struct Faulty(u64);

struct Numbers<'a> {
    faulty: u64,
    outlet: Outlet<'a, u64>,
}

impl Question for Faulty {
    type Worker = ();
    type Part = u64;

    fn worker(&self) {}

    fn needs(&self) -> Needs<'_> {
        Needs::ALL
    }

    fn is_divisible(&self) -> bool {
        true
    }

    fn visit<'a>(
        &'a self,
        (): &'a mut (),
        _: &PieceOrigin<'_>,
        outlet: Outlet<'a, u64>,
    ) -> impl PieceVisitor + 'a {
        Numbers { faulty: self.0, outlet }
    }
}

impl Visitor for Numbers<'_> {
    type Error = io::Error;

    fn block(&mut self, block: &Block<'_>) -> io::Result<bool> {
        let Block::Event(event) = block else { return Ok(true) };
        assert!(event.num != self.faulty, "made for the test");
        self.outlet.send(event.num, 8).map(|()| true)
    }

    fn resume(&mut self, _: State, _: ResumePoint) -> io::Result<()> {
        Ok(())
    }

    fn panicked(&mut self) -> bool {
        true
    }
}

impl PieceVisitor for Numbers<'_> {
    fn finish(self) -> io::Result<()> {
        Ok(())
    }
}

impl Merge<u64> for Vec<u64> {
    fn merge(&mut self, number: u64) -> io::Result<()> {
        self.push(number);
        Ok(())
    }
}

/// One policy for panics: chunks, batches and streams, on one thread and on several.
#[test]
fn a_panic_costs_the_rest_of_its_stretch_and_is_named() {
    let path = &shipped()[0];
    let faulty = 120;
    let capture = |is_native| if is_native { open(&native(path, 4 << 10)) } else { stream(path) };
    for (is_native, threads) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
        let numbers = |faulty| {
            let mut shelf = Shelf { captures: vec![capture(is_native)], ended: Vec::new() };
            let mut numbers = Vec::new();
            let threads = Threads::new(threads).with_batch(4 << 10);
            scan_all(&Faulty(faulty), &mut shelf, threads, &mut numbers, &|_| ()).expect("memory");
            (numbers, shelf.ended.pop().expect("one capture").error)
        };
        let (whole, error) = numbers(u64::MAX);
        assert!(error.is_none() && whole.contains(&faulty));
        let (found, error) = numbers(faulty);
        let Some(ScanError::Defect(defect)) = error else { panic!("no defect is named: {error:?}") };
        assert_eq!(defect.message, "made for the test");
        assert!((defect.first..=defect.last).contains(&faulty), "{defect:?}");
        let expected: Vec<u64> =
            whole.into_iter().filter(|number| !(faulty..=defect.last).contains(number)).collect();
        assert_eq!(found, expected, "native: {is_native}, {threads} threads");
    }
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
    let program = telling("evt.num > 0");
    let alerts = Alerts::new(&program, None, Options::default(), Style::default());
    let mut narrow = Narrow(5000);
    let mut merge = alerts.lines_to(&mut narrow);
    let mut shelf = Shelf { captures: vec![stream(&shipped()[0])], ended: Vec::new() };
    let ran = scan_all(&alerts, &mut shelf, Threads::new(2).with_batch(1000), &mut merge, &|_| ());
    assert!(ran.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe));
}
