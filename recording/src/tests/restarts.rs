//! Rotations, restarts, kills and removals with an artificial source: every event is in exactly one file, or counted as lost.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use tercel_format::catalogue::code;
use tercel_format::record::{MachineInfo, Section};
use tercel_format::series::{Creation, Destination, Gone, Names, Rotation, Series};
use tercel_format::writer::EventBuilder;
use tercel_format::{Block, Reader, trace};
use tercel_test_support::{Place, wait};

use super::files;
use crate::{Broken, CaptureWriter, Error, Files, Kind};

/// Events of a file.
const EACH: u64 = 10;

/// Files of a run.
const ROTATIONS: u64 = 25;

/// Runs that follow one another.
const RUNS: usize = 15;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Finished,
    /// The process ends at once; what was written as a chunk is on the disk.
    Killed,
    /// The current file is removed.
    Removed,
    /// The current file gets another name.
    Moved,
    /// The current file becomes empty, and recording goes on.
    Truncated,
}

/// Starts a run in `place`.
fn start(place: &Place, pattern: &str, kind: Kind, keep: Option<usize>) -> Files {
    let path = place.path(pattern);
    let options = trace::Options { threads: 1, ..trace::Options::default() };
    let writer = CaptureWriter::new(Destination::new(&path), kind, options);
    let rotation = Rotation { size: None, age: Some(Duration::from_nanos(EACH)) };
    let mut series = None;
    // The threads of a run that was killed may still have a file open.
    wait("series that nobody writes", || {
        let names = Names::new(&path, TimeZone::UTC, true, keep).expect("a pattern");
        series = Series::new(names, rotation, Creation::default()).ok();
        series.is_some()
    });
    Files::new(writer, series.expect("a series"))
}

/// Gives events with the times from `first` on to a run.
fn feed(files: &mut Files, first: u64, count: u64) {
    files.open(first).expect("a file");
    files.block(&Block::Section(Section::NEWEST)).expect("room on the disk");
    files
        .block(&Block::Machine(MachineInfo { cpus: 1, ..MachineInfo::default() }))
        .expect("room on the disk");
    events(files, first..first + count);
}

/// Gives events with these times to a run.
fn events(files: &mut Files, times: Range<u64>) {
    for ts in times {
        let event = EventBuilder::new(code::SYSCALL_CLOSE_X, ts, 1).push(0).encode().expect("an event");
        files.block(&Block::Event(event.event())).expect("room on the disk");
    }
}

/// The times of the events of a file, which may end early.
fn times(file: &Path) -> Vec<u64> {
    let mut times = Vec::new();
    // A file that has just been created has no header yet.
    let Ok(mut source) = Reader::new(File::open(file).expect("a file")) else { return times };
    while let Ok(Some(block)) = source.next() {
        if let Block::Event(event) = block {
            times.push(event.ts);
        }
    }
    times
}

/// The newest file of a place.
fn newest(place: &Place) -> PathBuf {
    files(place).pop().expect("a file")
}

/// Runs that follow one another; files that were moved away are there, too.
fn check(pattern: &str, kind: Kind) {
    let place = Place::new("restarts");
    let ends = [End::Finished, End::Killed, End::Removed, End::Moved, End::Truncated];
    let (mut next, mut lost) = (1, BTreeSet::new());
    for (run, end) in (0..RUNS).map(|run| (run, ends[run % ends.len()])) {
        let mut files = start(&place, pattern, kind, None);
        // The last file has half of its events.
        let count = ROTATIONS * EACH - EACH / 2;
        feed(&mut files, next, count);
        files.flush_chunk().expect("room on the disk");
        let mut in_last: BTreeSet<u64> = (next + count - EACH / 2..next + count).collect();
        next += count;
        match end {
            End::Finished => {
                files.check().expect("nothing has happened");
                let sums = files.finish().expect("room on the disk");
                assert_eq!((sums.files, sums.finished, sums.events), (ROTATIONS, ROTATIONS, count));
            }
            End::Killed => {
                // The process ends when the chunk is on the disk, which the recorder does not wait for.
                wait("chunk", || times(&newest(&place)).len() as u64 == EACH / 2);
                wait("file before", || files.check().is_ok() && files.sums().finished == ROTATIONS - 1);
                drop(files);
            }
            End::Removed | End::Moved | End::Truncated => {
                let gone = newest(&place);
                let expected = match end {
                    End::Removed => {
                        fs::remove_file(&gone).expect("a file");
                        Gone::Removed
                    }
                    End::Moved => {
                        fs::rename(&gone, place.path(&format!("moved-{run}"))).expect("a file");
                        Gone::Moved
                    }
                    _ => {
                        wait("chunk", || times(&gone).len() as u64 == EACH / 2);
                        File::options()
                            .write(true)
                            .open(&gone)
                            .and_then(|file| file.set_len(0))
                            .expect("a file");
                        events(&mut files, next..next + 1);
                        files.flush_chunk().expect("room on the disk");
                        wait("another chunk", || gone.metadata().is_ok_and(|file| file.len() > 0));
                        in_last.insert(next);
                        next += 1;
                        Gone::Truncated
                    }
                };
                let error = files.check().expect_err("the file is gone");
                assert!(matches!(&error, Error::Gone { gone, .. } if *gone == expected), "{error}");
                let Broken { error, safe } = files.abandon(error);
                assert!(matches!(error, Error::Gone { .. }), "{error}");
                let safe = safe.expect("files");
                let recorded = count - EACH / 2 + in_last.len() as u64;
                let left = if end == End::Moved { 0 } else { in_last.len() as u64 };
                assert_eq!((safe.events, safe.lost), (recorded - left, left), "{end:?}");
                assert_eq!(safe.files, ROTATIONS - u64::from(end != End::Moved));
                if end != End::Moved {
                    lost.extend(in_last);
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    for file in files(&place) {
        for ts in times(&file) {
            assert!(seen.insert(ts), "{ts} is in two files, one of them {}", file.display());
        }
    }
    let missing: BTreeSet<u64> = (1..next).filter(|ts| !seen.contains(ts)).collect();
    assert_eq!(missing, lost, "{pattern}");
    // One in five lost its last file; one that became empty is there.
    assert_eq!(files(&place).len() as u64, RUNS as u64 * ROTATIONS - RUNS as u64 / 5, "{pattern}");
}

#[test]
fn every_event_is_in_one_file_or_told_as_lost() {
    check("t.scap", Kind::Native);
    // All in one hour: every name comes again.
    check("t-%Y%m%d-%H.scap", Kind::Native);
    check("t.scap", Kind::Scap);
}

#[test]
fn the_count_of_files_holds_over_restarts() {
    for (pattern, keep) in [("t.scap", 1), ("t.scap", 4), ("t-%Y.scap", 3)] {
        let place = Place::new("kept");
        place.file("t_000001.txt", "not of the series");
        let mut next = 1;
        for _ in 0..4 {
            let mut run = start(&place, pattern, Kind::Native, Some(keep));
            feed(&mut run, next, 6 * EACH);
            next += 6 * EACH;
            run.finish().expect("room on the disk");
            let mut left = files(&place);
            left.retain(|file| file.extension().is_some_and(|extension| extension == "scap"));
            assert_eq!(left.len(), keep, "{pattern}: {left:?}");
            let times: Vec<u64> = left.iter().flat_map(|file| times(file)).collect();
            let expected: Vec<u64> = (next - keep as u64 * EACH..next).collect();
            assert_eq!(times, expected, "{pattern}");
        }
        assert!(place.path("t_000001.txt").exists());
    }
}

#[test]
fn two_recorders_of_one_series_are_refused() {
    let place = Place::new("two");
    let mut first = start(&place, "t.scap", Kind::Native, Some(2));
    feed(&mut first, 1, EACH);
    let names = Names::new(&place.path("t.scap"), TimeZone::UTC, true, Some(2)).expect("a pattern");
    let rotation = Rotation { size: None, age: Some(Duration::from_nanos(EACH)) };
    let error = Series::new(names, rotation, Creation::default()).expect_err("the first one writes");
    assert!(Error::from(error).is_usage());
    first.finish().expect("room on the disk");
}
