//! What a recorder does to files, its own and others, through the built binary: nothing is lost without being told. It needs root and BPF.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tercel_test_support::{Missing, Place, Ran, ran, require, skip, tercel, tool, wait};

use crate::turn;

/// Something that does many system calls, until it is dropped.
struct Storm(Child);

impl Storm {
    fn start() -> Storm {
        let script = "while :; do read -r line </proc/self/stat; done";
        Storm(Command::new("bash").args(["-c", script]).spawn().expect("bash"))
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn send(signal: &str, recorder: &Child) {
    let sent = Command::new("kill").args([signal, &recorder.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

fn recorder(arguments: &[&str]) -> Child {
    tercel(&[&["record"], arguments].concat()).stderr(Stdio::piped()).spawn().expect("it runs")
}

fn grown(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 20_000)
}

fn ended(recorder: Child) -> Ran {
    recorder.wait_with_output().expect("it ends").into()
}

fn files(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.directory()).expect("readable");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// First and last number of the events of traces, in the order of their first ones.
fn spans(files: &[PathBuf]) -> Vec<(u64, u64)> {
    let number = |line: &str| line.split(' ').next().and_then(|word| word.parse().ok());
    let span = |file: &PathBuf| {
        let lines = ran(&["events", "-q", "-p", "%evt.num", &file.display().to_string()], 0).out;
        Some((lines.lines().next().and_then(number)?, lines.lines().next_back().and_then(number)?))
    };
    let mut spans: Vec<_> = files.iter().filter_map(span).collect();
    spans.sort();
    spans
}

#[test]
fn names_with_a_time_lose_no_file() {
    let Some(_turn) = turn::shared("keeping::names_with_a_time_lose_no_file") else { return };
    let place = Place::new("day");
    let _storm = Storm::start();
    let pattern = place.name("day-%Y%m.scap");
    let told = ran(&["record", "-w", &pattern, "-G", "0.5", "-M", "4"], 0).err;
    let count: usize = told
        .lines()
        .find_map(|line| line.strip_prefix("Files: "))
        .and_then(|count| count.parse().ok())
        .expect("several files");
    let files = files(&place);
    assert!(count > 4 && files.len() == count, "{told}{files:?}");
    let spans = spans(&files);
    for pair in spans.windows(2) {
        assert_eq!(pair[1].0, pair[0].1 + 1, "events between two files: {spans:?}");
    }
}

#[test]
fn a_restart_goes_on_after_the_newest_file() {
    let Some(_turn) = turn::shared("keeping::a_restart_goes_on_after_the_newest_file") else { return };
    let place = Place::new("restart");
    let _storm = Storm::start();
    let trace = place.name("r.scap");
    let record = |code| ran(&["record", "-q", "-w", &trace, "-G", "0.7", "-W", "2", "-M", "3"], code);
    record(0);
    let first = files(&place);
    assert_eq!(first.len(), 2);
    let mine = place.file("r_000000.txt", "mine");
    record(0);
    let mut second = files(&place);
    second.retain(|file| *file != mine);
    assert!(second.len() == 2 && second.iter().all(|file| *file > first[1]), "{first:?} {second:?}");
    for file in second {
        ran(&["verify", "-q", &file.display().to_string()], 0);
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o7777, 0o600);
    }
}

#[test]
fn an_existing_file_and_one_that_is_written_are_refused() {
    let Some(_turn) = turn::shared("keeping::an_existing_file_and_one_that_is_written_are_refused") else {
        return;
    };
    let place = Place::new("existing");
    let (trace, rules) = (place.name("t.scap"), "rules");
    place.file("t.scap", "kept");
    for arguments in [
        &["record", "-w", &trace, "-M", "1"][..],
        &["record", "--ring", "60s", "-w", &trace, "-M", "1"],
        &["live", "-r", rules, "-w", &trace, "-M", "1"],
    ] {
        let told = ran(arguments, 2).err;
        assert!(told.ends_with(&format!("{trace}: the file exists; --force writes over it\n")), "{told}");
    }
    assert_eq!(place.read("t.scap"), "kept");
    let _storm = Storm::start();
    let first = recorder(&["--force", "-w", &trace]);
    wait("trace", || grown(&place.path("t.scap")));
    for arguments in [
        &["record", "--force", "-w", &trace, "-M", "1"][..],
        &["live", "--force", "-r", rules, "-w", &trace, "-M", "1"],
        &["convert", "--force", "testdata/traces/classic.scap", "-w", &trace],
    ] {
        let told = ran(arguments, 2).err;
        assert!(told.contains("another program is writing this file"), "{told}");
    }
    send("-INT", &first);
    assert_eq!(ended(first).code, 0);
    ran(&["verify", "-q", &trace], 0);
}

#[test]
fn a_file_that_is_removed_moved_or_truncated_ends_the_recording() {
    let Some(_turn) = turn::shared("keeping::a_file_that_is_removed_moved_or_truncated_ends_the_recording")
    else {
        return;
    };
    let place = Place::new("removed");
    let _storm = Storm::start();
    let (path, moved) = (place.path("t.scap"), place.path("moved.scap"));
    for (what, message, left) in [
        ("removed", "the file was removed", "safe: 0 events in 0 files; lost: "),
        ("moved", "the file was moved or replaced", "in 1 file"),
        ("truncated", "the file was truncated", "safe: 0 events in 0 files; lost: "),
    ] {
        let recorder = recorder(&["-w", &place.name("t.scap")]);
        wait("trace", || grown(&path));
        let changed = Instant::now();
        match what {
            "moved" => {
                fs::rename(&path, &moved).expect("a file");
                // Another file of the name is not the trace.
                fs::write(&path, "another").expect("a file");
            }
            "removed" => fs::remove_file(&path).expect("a file"),
            // It grows again, by what the storm does.
            _ => {
                fs::File::options().write(true).open(&path).and_then(|file| file.set_len(0)).expect("a file")
            }
        }
        let ended = ended(recorder);
        assert!(
            ended.code == 4 && ended.err.contains(message) && ended.err.contains(left),
            "{}",
            ended.all()
        );
        // A second, and what a busy machine takes to end the process.
        assert!(changed.elapsed() < Duration::from_secs(10), "{:?}", changed.elapsed());
        if what == "moved" {
            assert_eq!(fs::read(&path).expect("a file"), b"another");
            ran(&["verify", "-q", &moved.display().to_string()], 0);
            fs::remove_file(&path).expect("a file");
        }
    }
}

#[test]
fn live_goes_on_without_a_trace_that_is_removed() {
    let Some(_turn) = turn::shared("keeping::live_goes_on_without_a_trace_that_is_removed") else { return };
    let place = Place::new("live-removed");
    let rule = "- {rule: R, desc: d, condition: evt.type=openat and fd.name endswith after-removal, output: seen, priority: INFO}\n";
    let rules = place.file("r.yaml", rule).display().to_string();
    let (trace, alerts) = (place.path("t.scap"), place.path("alerts"));
    let (trace_name, alerts_name) = (place.name("t.scap"), place.name("alerts"));
    let log = fs::File::create(place.path("log")).expect("a file");
    let live = ["live", "-r", &rules, "-w", &trace_name, "--output", &alerts_name];
    let mut live = tercel(&live).stderr(log).spawn().expect("it runs");
    let _storm = Storm::start();
    wait("trace", || grown(&trace));
    fs::remove_file(&trace).expect("a file");
    wait("message", || {
        place.read("log").contains("the file was removed while it was written; recording ends")
    });
    wait("alert after the file has gone", || {
        let _ = fs::read(place.path("after-removal"));
        fs::read_to_string(&alerts).is_ok_and(|text| text.contains("seen"))
    });
    send("-INT", &live);
    assert_eq!(live.wait().expect("it ends").code(), Some(4), "{}", place.read("log"));
}

#[test]
fn a_full_disk_tells_what_is_safe() {
    let Some(_turn) = turn::shared("keeping::a_full_disk_tells_what_is_safe") else { return };
    let Some(unshare) = require("keeping::a_full_disk_tells_what_is_safe", tool("unshare")) else { return };
    let place = Place::new("full-disk");
    let binary = tercel_test_support::binary().display().to_string();
    // A disk of its own, in a mount namespace that ends with the script.
    let script = format!(
        "mount -t tmpfs -o size=512k tercel-test {place} || exit 99
         cd {place}
         {binary} record --chunk 64KiB -C 128KiB -w t.scap -M 60; code=$?
         sum=0; for file in *.scap; do {binary} verify -q $file || exit 98
         sum=$((sum + $({binary} info --json $file | sed 's/.*\"events\":\\([0-9]*\\).*/\\1/'))); done
         echo $sum; exit $code",
        place = place.directory().display()
    );
    let _storm = Storm::start();
    let ran =
        Ran::from(Command::new(unshare).args(["-m", "sh", "-c", &script]).output().expect("unshare runs"));
    if ran.code == 99 {
        skip(
            "keeping::a_full_disk_tells_what_is_safe",
            &Missing::new("mount", "nothing can be mounted here"),
        );
        return;
    }
    assert!(ran.code == 4 && ran.err.contains("No space left on device"), "{}", ran.all());
    let safe =
        ran.err.lines().find_map(|line| line.strip_prefix("safe: ")?.split(' ').next()?.parse::<u64>().ok());
    assert_eq!(safe, ran.out.trim().parse().ok(), "{}", ran.all());
    assert!(safe > Some(1000), "{}", ran.all());
}

/// On a terminal there is one line, drawn in place; elsewhere there is none in so short a time.
#[test]
fn the_status_line_is_one_line_on_a_terminal() {
    let check = "keeping::the_status_line_is_one_line_on_a_terminal";
    let Some(_turn) = turn::shared(check) else { return };
    let Some(script) = require(check, tool("script")) else { return };
    let place = Place::new("status");
    let _storm = Storm::start();
    let record = |name: &str| {
        format!("{} record -w {} -M 3", tercel_test_support::binary().display(), place.name(name))
    };
    let shown = Command::new(script)
        .args(["-q", "-e", "-c", &format!("stty cols 120; {}", record("t.scap")), "/dev/null"])
        .stdin(Stdio::null())
        .output()
        .expect("script runs");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    let (drawn, summary) = text.split_at(text.find("Events: ").expect("a summary"));
    assert!(!drawn.contains('\n'), "the line is drawn in place: {drawn:?}");
    let lines: Vec<&str> = drawn.split(['\r', '\x1b']).filter(|line| line.contains(" events (")).collect();
    assert!(lines.len() >= 3, "{drawn:?}");
    let last = lines.last().expect("a line");
    for part in ["00:00:0", "/s), ", "% of the scap size), ", " lost"] {
        assert!(last.contains(part), "{part}: {last}");
    }
    assert!(!last.contains(" 0 events (0/s), 0 B"), "{last}");
    assert!(summary.contains("Size: "), "{summary}");
    let plain = Command::new("sh").args(["-c", &record("plain.scap")]).output().expect("sh runs");
    let plain = String::from_utf8_lossy(&plain.stderr).into_owned();
    assert!(plain.starts_with("Events: ") && !plain.contains(['\r', '\x1b']), "{plain:?}");
}
