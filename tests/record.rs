//! Recordings through the built binary. They need root and BPF, and say loudly that they are skipped where either is missing.

mod possible;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A directory that goes away with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("tercel-record-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        Place(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tercel(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tercel"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs, compares the exit code, and yields standard output and standard error.
#[track_caller]
fn run(arguments: &[&str], code: i32) -> (String, String) {
    let output = tercel(arguments).output().expect("the binary runs");
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{errors}");
    (out, errors)
}

fn info(trace: &str, code: i32) -> serde_json::Value {
    serde_json::from_str(&run(&["info", "--json", trace], code).0).expect("JSON")
}

/// Lines of events for which the filter holds.
fn events(trace: &str, filter: &str) -> Vec<String> {
    let lines = run(&["events", trace, filter], 0).0;
    lines.lines().map(str::to_owned).collect()
}

/// Whether recording is possible here.
fn possible(test: &str) -> bool {
    let reason = possible::missing();
    if let Some(reason) = &reason {
        eprintln!("SKIPPED: {test}: {reason}");
    }
    reason.is_none()
}

/// Something that does many system calls, until it is dropped.
fn storm() -> Running {
    let script = "while :; do read -r line </proc/self/stat; done";
    Running(Command::new("bash").args(["-c", script]).spawn().expect("bash"))
}

#[test]
fn a_command_is_recorded_with_what_it_starts() {
    if !possible("a_command_is_recorded_with_what_it_starts") {
        return;
    }
    let place = Place::new("command");
    let trace = place.file("t.scap");
    let script = "cat /etc/hostname >/dev/null; exit 7";
    let (_, told) = run(&["record", "-w", &trace, "-s", "200", "--", "sh", "-c", script], 7);
    assert!(told.starts_with("Events: ") && told.contains("Size: "), "{told}");
    run(&["verify", "-q", &trace], 0);
    let opened =
        events(&trace, "evt.type=openat and proc.name=cat and fd.name=/etc/hostname and proc.pname=sh");
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert_eq!(events(&trace, "evt.type=execve and proc.cmdline='cat /etc/hostname'").len(), 1);
    let facts = info(&trace, 0);
    assert_eq!(facts["snaplen"], 200);
    assert_eq!(facts["command"][0], env!("CARGO_BIN_EXE_tercel"));
    for key in ["hostname", "kernel", "architecture", "boot_time"] {
        assert!(facts[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    // The filter, and scap to standard output for other programs; what the command prints is kept apart.
    let options =
        ["record", "-q", "--to", "scap", "-w", "-", "evt.type=execve", "--", "sh", "-c", "ls -d /; :"];
    let output = tercel(&options).output().expect("it runs");
    assert_eq!(output.stdout.get(..4), Some(&[0x0a, 0x0d, 0x0d, 0x0a][..]));
    assert_eq!(text(&output.stderr), "/\n");
    fs::write(&trace, &output.stdout).expect("room on the disk");
    assert_eq!(events(&trace, "proc.cmdline='ls -d /'").len(), 1);
}

#[test]
fn a_filter_narrows_and_keeps_names() {
    if !possible("a_filter_narrows_and_keeps_names") {
        return;
    }
    let place = Place::new("filter");
    let trace = place.file("t.scap");
    let (_, told) = run(
        &[
            "record",
            "-w",
            &trace,
            "proc.name=cat and fd.name=/etc/hostname",
            "--",
            "sh",
            "-c",
            "cat /etc/hostname; ls /",
        ],
        0,
    );
    assert!(told.contains("kept for the state only"), "{told}");
    let shown = events(&trace, "evt.num>0");
    assert!(!shown.is_empty());
    assert_eq!(shown, events(&trace, "proc.name=cat and fd.name=/etc/hostname and proc.pname=sh"));
    assert_eq!(info(&trace, 0)["filter"], "proc.name=cat and fd.name=/etc/hostname");
    let (_, told) = run(&["record", "-w", &trace, "proc.nmae=cat", "--", "true"], 2);
    assert!(told.contains("proc.nmae"), "{told}");
    run(&["record", "-w", &trace, "-p", "4194304000"], 2);
    run(&["record", "-w", &place.file("no/such/directory"), "--", "true"], 4);
}

#[test]
fn the_whole_host_is_recorded_without_the_recorder() {
    if !possible("the_whole_host_is_recorded_without_the_recorder") {
        return;
    }
    let place = Place::new("host");
    let storm = storm();
    let pattern = place.file("%Y-%H%M%S.scap");
    let recorder = tercel(&["record", "-q", "-w", &pattern, "-G", "1", "-W", "2", "-M", "4"]).spawn();
    let mut recorder = Running(recorder.expect("it runs"));
    let own = recorder.0.id();
    assert_eq!(recorder.0.wait().expect("it ends").code(), Some(0));
    let mut files: Vec<_> =
        fs::read_dir(&place.0).expect("readable").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        let name = file.display().to_string();
        run(&["verify", "-q", &name], 0);
        assert!(events(&name, &format!("proc.pid={own}")).is_empty(), "the recorder is in {name}");
        let pid = storm.0.id();
        let seen = events(&name, &format!("proc.pid={pid} and evt.type=openat"));
        assert!(seen.len() > 100, "{name}: {}", seen.len());
        assert_eq!(
            seen.len(),
            events(&name, &format!("proc.pid={pid} and evt.type=openat and proc.name=bash")).len()
        );
    }
}

#[test]
fn signals_end_a_trace_and_kill_leaves_what_was_written() {
    if !possible("signals_end_a_trace_and_kill_leaves_what_was_written") {
        return;
    }
    let place = Place::new("kill");
    let _storm = storm();
    for (signal, code) in [("-INT", 0), ("-TERM", 0), ("-KILL", 3)] {
        let trace = place.file(&format!("t{signal}.scap"));
        let mut recorder = Running(tercel(&["record", "-q", "-w", &trace]).spawn().expect("it runs"));
        let started = Instant::now();
        while fs::metadata(&trace).map_or(0, |file| file.len()) < 100_000
            && started.elapsed() < Duration::from_secs(30)
        {
            std::thread::sleep(Duration::from_millis(100));
        }
        let id = recorder.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        let ended = recorder.0.wait().expect("it ends");
        if signal == "-KILL" {
            assert_eq!(ended.signal(), Some(9));
        } else {
            assert_eq!(ended.code(), Some(0), "{signal}");
        }
        let facts = info(&trace, code);
        assert!(
            facts["events"].as_u64().is_some_and(|events| events > 1000),
            "{signal}: {}",
            facts["events"]
        );
        let lines =
            tercel(&["events", &trace, "proc.name=bash and evt.type=openat"]).output().expect("it runs");
        assert!(text(&lines.stdout).lines().count() > 100, "{signal}: {}", text(&lines.stderr));
    }
}

#[test]
fn a_full_disk_ends_a_recording_with_a_valid_trace() {
    if !possible("a_full_disk_ends_a_recording_with_a_valid_trace") {
        return;
    }
    let place = Place::new("full");
    let disk = place.0.display().to_string();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tercel-test", &disk]).status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: a_full_disk_ends_a_recording_with_a_valid_trace: nothing can be mounted here");
        return;
    }
    let _storm = storm();
    let trace = place.file("t.scap");
    let output =
        tercel(&["record", "--chunk", "256KiB", "-w", &trace, "-M", "60"]).output().expect("it runs");
    let verified = tercel(&["verify", &trace]).output().expect("it runs");
    let found = tercel(&["info", "--json", &trace]).output().expect("it runs");
    assert!(Command::new("umount").arg(&disk).status().expect("umount runs").success());
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("No space left on device"), "{}", text(&output.stderr));
    assert_eq!(verified.status.code(), Some(0), "{}{}", text(&verified.stdout), text(&verified.stderr));
    let facts: serde_json::Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert!(facts["events"].as_u64().is_some_and(|events| events > 1000), "{facts}");
}

/// The recorder is stopped while the rings fill, so that they lose events for certain, and goes on afterwards.
#[test]
fn losses_are_counted_told_and_do_no_harm() {
    if !possible("losses_are_counted_told_and_do_no_harm") {
        return;
    }
    let place = Place::new("losses");
    let trace = place.file("t.scap");
    // Programs that say their own names: whatever else is lost, nobody may be taken for another one.
    let script = "i=0; while [ $i -lt 12 ]; do cp /bin/echo p$i; i=$((i+1)); done
        while :; do for i in 0 1 2 3 4 5 6 7 8 9 10 11; do ./p$i p$i >/dev/null & done; wait; done";
    let mut recorder = tercel(&["record", "--buffer", "1MiB", "-w", &trace]);
    let recorder = recorder.stderr(Stdio::piped()).spawn().expect("it runs");
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &recorder.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    };
    let begun = Instant::now();
    while fs::metadata(&trace).map_or(0, |file| file.len()) == 0 && begun.elapsed() < Duration::from_secs(30)
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    let names = Running(Command::new("sh").args(["-c", script]).current_dir(&place.0).spawn().expect("sh"));
    let storms = [storm(), storm()];
    signal("-STOP");
    std::thread::sleep(Duration::from_secs(2));
    signal("-CONT");
    drop(storms);
    std::thread::sleep(Duration::from_secs(2));
    signal("-INT");
    let output = recorder.wait_with_output().expect("it ends");
    drop(names);
    let told = text(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("Events lost: ") && told.contains(" ring full") && told.contains("  CPU "),
        "{told}"
    );
    let facts = info(&trace, 0);
    assert!(facts["events_dropped"].as_u64() > Some(0) && facts["drop_events"].as_u64() > Some(0), "{facts}");
    let lost: u64 = told
        .lines()
        .find_map(|line| line.strip_prefix("Events lost: ")?.split(' ').next()?.parse().ok())
        .expect("a number");
    assert_eq!(facts["events_dropped"], lost);
    let (_, summary) = run(&["replay", "-r", "rules", &trace], 0);
    assert!(summary.contains("Drops told by the capture"), "{summary}");
    for number in 0..12 {
        let wrong = format!(
            "evt.type=write and evt.buffer=\"p{number}\\n\" and proc.name startswith p and not proc.name=p{number}"
        );
        assert!(events(&trace, &wrong).is_empty(), "{:?}", events(&trace, &wrong));
        let right = format!("evt.type=write and evt.buffer=\"p{number}\\n\" and proc.name=p{number}");
        assert!(!events(&trace, &right).is_empty(), "p{number} is seen whole once nothing is lost");
    }
}

#[test]
fn without_privileges_it_says_what_is_missing() {
    if !possible("without_privileges_it_says_what_is_missing") {
        return;
    }
    let output = Command::new("setpriv")
        .args(["--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--regid=65534", "--clear-groups"])
        .args([env!("CARGO_BIN_EXE_tercel"), "record", "-w", "/dev/null", "--", "true"])
        .output();
    match output {
        Ok(output) => {
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(4), "{told}");
            assert!(told.contains("CAP_BPF"), "{told}");
        }
        Err(error) => eprintln!("SKIPPED: without_privileges_it_says_what_is_missing: setpriv: {error}"),
    }
}

/// The file before the one that cannot be opened is closed, whichever of the two threads is faster.
#[test]
fn files_before_a_full_disk_are_closed() {
    if !possible("files_before_a_full_disk_are_closed") {
        return;
    }
    let place = Place::new("inodes");
    let disk = place.0.display().to_string();
    let options = ["-t", "tmpfs", "-o", "nr_inodes=3", "tercel-test", &disk];
    if !Command::new("mount").args(options).status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: files_before_a_full_disk_are_closed: nothing can be mounted here");
        return;
    }
    let storm = storm();
    let output =
        tercel(&["record", "-G", "0.5", "-M", "60", "-w", &place.file("t.scap")]).output().expect("it runs");
    drop(storm);
    let verified: Vec<_> = [1, 2]
        .map(|number| tercel(&["verify", &place.file(&format!("t_00000{number}.scap"))]).output())
        .into_iter()
        .map(|output| output.expect("it runs"))
        .collect();
    assert!(Command::new("umount").arg(&disk).status().expect("umount runs").success());
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("t_000003.scap: No space left"), "{}", text(&output.stderr));
    for verified in verified {
        assert_eq!(verified.status.code(), Some(0), "{}{}", text(&verified.stdout), text(&verified.stderr));
    }
}

#[test]
fn a_command_that_is_not_there_costs_no_file() {
    let place = Place::new("nosuch");
    let trace = place.file("t.scap");
    fs::write(&trace, "kept").expect("a file");
    let (_, told) = run(&["record", "-w", &trace, "--", "tercel-no-such-command"], 2);
    assert_eq!(told, "error: tercel-no-such-command: no such command\n");
    assert_eq!(fs::read_to_string(&trace).expect("a file"), "kept");
}
