//! Tables over the shipped traces: the same rows however they are read, and what rows say.

use std::path::PathBuf;
use std::sync::Arc;

use tercel_format::trace::{Header, Options};
use tercel_format::{BlockSource, Capture, Reader};
use tercel_replay::scan::Threads;
use tercel_replay::state::State;
use tercel_replay::{KeyedWriter, Point, Window};

use super::*;

/// Memory that is never reached.
const ENOUGH: usize = 1 << 30;

const CAPTURES: [&str; 3] =
    ["classic.scap", "interactive-shell-in-container.scap", "shell-spawned-by-server-program.scap"];

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "testdata", "traces", name].iter().collect()
}

fn open(name: &str) -> Capture {
    Capture::open(&path(name), &|bytes| bytes).expect("a capture")
}

/// As a native trace of small chunks, each with a keyframe.
fn native(name: &str) -> Vec<u8> {
    let file = std::fs::File::open(path(name)).expect("a file");
    let mut reader = Reader::new(file).expect("a capture");
    let options = Options { chunk: 16 << 10, threads: 0, snapshots: 4, ..Options::default() };
    let mut writer = KeyedWriter::new(Vec::new(), &Header::default(), options).expect("memory");
    let mut state = State::new();
    while let Some(block) = reader.next_block().expect("undamaged") {
        writer.block(&block, &mut state).expect("memory");
        state.take(&block);
    }
    writer.finish().expect("memory").0
}

fn ask(capture: Capture, threads: usize, window: Window) -> Answer {
    let question = Tables::new(Table::ALL, window, None, ENOUGH);
    let answer = question.ask(capture, Threads::new(threads), &|_| ()).expect("memory");
    assert!(answer.error.is_none(), "{:?}", answer.error);
    answer
}

/// The first row that differs, if one does.
#[track_caller]
fn same(answer: &Answer, expected: &Answer, what: &str) {
    assert_eq!(answer.events, expected.events, "{what}");
    for ((table, rows), (_, others)) in answer.tables.iter().zip(&expected.tables) {
        for (row, other) in rows.iter().zip(others) {
            assert_eq!(row, other, "{what}: {}", table.info().name);
        }
        assert_eq!(rows.len(), others.len(), "{what}: {}", table.info().name);
    }
}

#[test]
fn rows_are_the_same_however_a_capture_is_read() {
    for name in CAPTURES {
        let expected = ask(open(name), 1, Window::default());
        assert!(expected.events > 0);
        let bytes = Arc::new(native(name));
        let opened = |bytes: &Arc<Vec<u8>>| {
            Capture::of_storage(Arc::clone(bytes) as _, &|bytes| bytes).expect("a trace")
        };
        for threads in [1, 2, 7] {
            same(&ask(open(name), threads, Window::default()), &expected, &format!("{name}, {threads}"));
            same(
                &ask(opened(&bytes), threads, Window::default()),
                &expected,
                &format!("{name}, {threads}, native"),
            );
        }
        let window = Window { from: Some(Point::Event(1000)), to: Some(Point::Event(3000)) };
        let moment = Window { from: Some(Point::Event(2000)), to: Some(Point::Event(2000)) };
        for window in [window, moment] {
            let expected = ask(open(name), 1, window);
            for threads in [1, 2, 7] {
                same(
                    &ask(opened(&bytes), threads, window),
                    &expected,
                    &format!("{name}, {threads}, {window:?}"),
                );
            }
        }
    }
}

#[test]
fn cells_are_what_their_columns_hold() {
    for name in CAPTURES {
        for (table, rows) in ask(open(name), 1, Window::default()).tables {
            let info = table.info();
            assert!(
                matches!(info.order, Order::Ascending(name) | Order::Descending(name) if info.column(name).is_some())
            );
            for row in rows {
                assert_eq!(row.len(), info.columns.len(), "{}", info.name);
                for (cell, column) in row.iter().zip(info.columns) {
                    assert!(column.ty.holds(cell), "{}.{}: {cell:?}", info.name, column.name);
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_told() {
    for table in Table::ALL {
        let info = table.info();
        assert_eq!(Table::of_name(info.name), Some(*table));
        for (index, column) in info.columns.iter().enumerate() {
            assert_eq!(info.column(column.name), Some(index), "{}.{}", info.name, column.name);
            assert!(
                !column.meaning.is_empty() && !column.meaning.ends_with('.'),
                "{}.{}",
                info.name,
                column.name
            );
        }
    }
    assert_eq!(Table::of_name("process"), None);
}

/// A fork shares the fds of its parent in the state; rows for all of them are not made before they are refused.
#[test]
fn many_fds_are_refused_before_they_are_rows() {
    let question = Tables::new(&[Table::Fds, Table::Connections], Window::default(), None, 1 << 14);
    let error =
        question.ask(open("classic.scap"), Threads::new(1), &|_| ()).expect_err("16 KiB is too little");
    assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
}

#[test]
fn rows_that_take_too_much_memory_end_the_question() {
    let question = Tables::new(Table::ALL, Window::default(), None, 1 << 10);
    let error =
        question.ask(open("classic.scap"), Threads::new(1), &|_| ()).expect_err("1 KiB is too little");
    assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
}
