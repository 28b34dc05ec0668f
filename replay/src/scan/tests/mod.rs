//! Scans give the same answer for any number of threads, any cut and any layout of the same capture.

mod columns;
mod native;
mod pieces;
mod ring;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tercel_format::trace::{Header, Layout, Options as Packing, Trace};
use tercel_format::{Capture, Reader};
use tercel_rules::load::{Loader, Options as Load};
use tercel_rules::program::Program;

use super::{Ended, Opened, Supply, Threads, scan_all};
use crate::alert::{Origin, Style};
use crate::alerts::Alerts;
use crate::engine::{Counters, Options};
use crate::keyed::KeyedWriter;
use crate::state::State;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces");
    let entries = std::fs::read_dir(folder).expect("part of the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths
}

fn longest() -> PathBuf {
    let length = |path: &PathBuf| path.metadata().map_or(0, |file| file.len());
    shipped().into_iter().max_by_key(length).expect("a trace")
}

/// A rule whose line shows state that was built long before.
fn telling(condition: &str) -> Program {
    let text = format!(
        "- rule: one\n  desc: a rule\n  condition: {condition}\n  priority: ERROR\n  output: >\n    %evt.num %evt.time \
         %evt.type %evt.args %fd.name %proc.cmdline %proc.aname[2] %proc.cwd %proc.nthreads %proc.fdopencount %user.name \
         %container.name %evt.reltime\n"
    );
    let mut loader = Loader::new(Load::default());
    loader.bytes("one.yaml", text.as_bytes());
    let loaded = loader.finish();
    assert!(loaded.successful(), "{text}");
    loaded.program
}

fn reader(path: &Path) -> Reader {
    Reader::new(std::fs::File::open(path).expect("readable")).expect("a capture")
}

/// A capture as a native trace of chunks of `chunk` bytes.
fn native(path: &Path, chunk: usize) -> Vec<u8> {
    native_in(Layout::Rows, path, chunk)
}

/// The same in a layout.
fn native_in(layout: Layout, path: &Path, chunk: usize) -> Vec<u8> {
    let packing = Packing { chunk, threads: 0, snapshots: 4, layout, ..Packing::default() };
    let mut writer = KeyedWriter::new(Vec::new(), &Header::default(), packing).expect("memory");
    let (mut state, mut reader) = (State::new(), reader(path));
    // A few captures of the corpus end early.
    while let Ok(Some(block)) = reader.next() {
        writer.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    writer.finish().expect("memory").0
}

fn open(bytes: &[u8]) -> Capture {
    Capture::Native(Arc::new(Trace::open(bytes.to_vec()).expect("a trace")))
}

fn stream(path: &Path) -> Capture {
    Capture::Stream(Box::new(reader(path)))
}

/// Hands captures out, and keeps what is said of them.
#[derive(Default)]
struct Shelf {
    captures: Vec<Capture>,
    ended: Vec<Ended>,
}

impl Supply for Shelf {
    fn next(&mut self) -> Option<Opened> {
        let label = Some(Arc::from(format!("capture {}", self.captures.len())));
        (!self.captures.is_empty()).then(|| Opened {
            origin: Origin { label, zone: None, cut: None },
            capture: self.captures.remove(0),
        })
    }

    fn ended(&mut self, ended: Ended) {
        self.ended.push(ended);
    }
}

/// The lines, the counters and the reports, on `jobs` threads.
fn replayed(
    program: &Program,
    options: Options,
    threads: Threads,
    captures: Vec<Capture>,
) -> (String, Counters, Vec<Ended>) {
    let mut shelf = Shelf { captures, ended: Vec::new() };
    let (alerts, mut lines) = (Alerts::new(program, None, options, Style::default()), Vec::new());
    let mut merge = alerts.lines_to(&mut lines);
    scan_all(&alerts, &mut shelf, threads, &mut merge, &|_| ()).expect("memory");
    let counters = merge.into_counters();
    (String::from_utf8_lossy(&lines).into_owned(), counters, shelf.ended)
}
