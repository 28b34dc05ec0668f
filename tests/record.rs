//! Recordings through the built binary. They need root and BPF.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use tercel_test_support::{Missing, Place, binary, ran, require, skip, tercel, tool, wait};

use crate::turn;

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs, compares the exit code, and yields standard output and standard error.
#[track_caller]
fn run(arguments: &[&str], code: i32) -> (String, String) {
    let ran = ran(arguments, code);
    (ran.out, ran.err)
}

fn info(trace: &str, code: i32) -> serde_json::Value {
    serde_json::from_str(&run(&["info", "--json", trace], code).0).expect("JSON")
}

/// Lines of events for which the filter holds.
fn events(trace: &str, filter: &str) -> Vec<String> {
    let lines = run(&["events", trace, filter], 0).0;
    lines.lines().map(str::to_owned).collect()
}

/// Something that does many system calls, until it is dropped.
fn storm() -> Running {
    let script = "while :; do read -r line </proc/self/stat; done";
    Running(Command::new("bash").args(["-c", script]).spawn().expect("bash"))
}

#[test]
fn a_command_is_recorded_with_what_it_starts() {
    let Some(_turn) = turn::shared("record::a_command_is_recorded_with_what_it_starts") else { return };
    let place = Place::new("command");
    let trace = place.name("t.scap");
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
    assert_eq!(facts["command"][0], binary().display().to_string());
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

/// A shell saves the descriptor that it redirects, and restores it: without a name of the saved one, the next write would count as one to
/// the file.
#[test]
fn descriptors_that_a_command_inherits_have_names() {
    let Some(_turn) = turn::shared("record::descriptors_that_a_command_inherits_have_names") else { return };
    let place = Place::new("inherited");
    let [trace, piped, file, out, err] =
        ["t.scap", "p.scap", "file", "out", "err"].map(|name| place.name(name));
    let input = place.file("in", "input\n").display().to_string();
    let binary = binary().display().to_string();
    let record = |options: &str, trace: &str| {
        let script = format!("echo x > {file}; echo y; read line <&7");
        let line =
            format!("exec {binary} record -q {options} -- sh -c '{script}' 7<{input} 2>{err} >{trace}");
        assert!(Command::new("sh").args(["-c", &line]).status().expect("sh").success());
    };
    let count = |trace: &str, filter: &str| events(trace, &format!("proc.name=sh and {filter}")).len();
    record(&format!("-w {trace}"), &out);
    let from = "proc.pname=tercel and evt.type=execve and evt.res=SUCCESS and proc.aname[2] exists";
    record("-w -", &piped);
    for (trace, output) in [(&trace, &out), (&piped, &err)] {
        assert_eq!(
            count(trace, &format!("evt.type=write and fd.name={file}")),
            1,
            "{:?}",
            events(trace, "evt.type=write")
        );
        assert_eq!(count(trace, &format!("evt.type=write and fd.num=1 and fd.name={output}")), 1);
        assert_eq!(
            count(trace, &format!("evt.type=read and fd.num=0 and fd.name={input}")),
            6,
            "byte by byte"
        );
        assert_eq!(count(trace, from), 1, "{:?}", events(trace, "evt.type=execve"));
        for (path, written) in [(&file, 2), (output, 2)] {
            let rows =
                run(&["files", "-q", "--json", trace, &format!("proc.name=sh and fd.name={path}")], 0).0;
            let row: serde_json::Value = serde_json::from_str(&rows).expect("one row");
            assert_eq!((&row["writes"], &row["written"]), (&1.into(), &written.into()), "{row}");
        }
    }
}

#[test]
fn what_processes_use_is_reported() {
    let Some(_turn) = turn::shared("record::what_processes_use_is_reported") else { return };
    let (place, storm) = (Place::new("resources"), storm());
    let (trace, pid) = (place.name("t.scap"), storm.0.id());
    let filter = format!("evt.type=procinfo and proc.pid={pid}");
    run(&["record", "-q", "--resources", "100ms", "-n", "20", "-w", &trace, &filter], 0);
    run(&["verify", "-q", "--keyframes", &trace], 0);
    let format = "*%proc.name %thread.cpu %thread.vmrss %thread.pfminor";
    let (told, _) = run(&["events", &trace, "-p", format, "evt.type=procinfo"], 0);
    let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split(' ').collect()).collect();
    let number = |text: &str| text.parse::<f64>().unwrap_or_else(|_| panic!("{text} of {told}"));
    assert_eq!(rows.len(), 20, "{told}");
    assert!(rows.iter().all(|row| row[0] == "bash" && number(row[2]) > 100.0), "{told}");
    assert!(rows.iter().any(|row| number(row[1]) > 0.0), "{told}");
    assert!(rows.windows(2).all(|pair| number(pair[0][3]) <= number(pair[1][3])), "{told}");
    // The tables have it, too.
    let columns = ["--columns", "cpu_user,cpu_system", "--json"];
    let (told, _) = run(&[&["table", "processes", &trace][..], &columns, &[&filter]].concat(), 0);
    let row: serde_json::Value = serde_json::from_str(&told).expect("one row");
    let used = |column: &str| row[column].as_f64().unwrap_or_else(|| panic!("{told}"));
    assert!(used("cpu_user") + used("cpu_system") > 0.0, "{told}");
    // How it was recorded stands in the trace.
    let facts = info(&trace, 0);
    assert!(
        facts["coverage"].as_str().is_some_and(|text| text.starts_with("Hooks: trace points")),
        "{facts}"
    );
}

#[test]
fn the_newest_events_are_kept_until_somebody_wants_them() {
    let Some(_turn) = turn::shared("record::the_newest_events_are_kept_until_somebody_wants_them") else {
        return;
    };
    let place = Place::new("ring");
    let trace = place.name("t.scap");
    // The command asks for what is there, and goes on when it has been written.
    let dumps = trace.replace("t.scap", "t-*.scap");
    let script = format!(
        "cat /etc/hostname >/dev/null; kill -USR2 $PPID; until ls {dumps} >/dev/null 2>&1; do :; done; \
         cat /etc/passwd >/dev/null; exit 7"
    );
    let ring = ["record", "--ring", "10m,64MiB", "--keep-on", "fail", "-w"];
    let (_, told) = run(&[&ring[..], &[&trace, "--", "sh", "-c", &script]].concat(), 7);
    assert!(told.contains("writing the events in memory") && told.contains("Files: 2"), "{told}");
    let folder = std::path::Path::new(&trace).parent().expect("a folder");
    let names = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path());
    let dump = names.map(|path| path.display().to_string()).find(|name| name.contains("t-")).expect("a dump");
    let reads = |trace: &str, file: &str| {
        run(&["verify", "-q", "--keyframes", trace], 0);
        events(trace, &format!("evt.type=openat and proc.pname=sh and fd.name={file}")).len()
    };
    assert_eq!((reads(&dump, "/etc/hostname"), reads(&dump, "/etc/passwd")), (1, 0));
    assert_eq!((reads(&trace, "/etc/hostname"), reads(&trace, "/etc/passwd")), (1, 1));
    // A command that succeeds leaves nothing.
    let quiet = place.name("quiet.scap");
    run(&[&ring[..], &[&quiet, "--", "true"]].concat(), 0);
    assert!(!std::path::Path::new(&quiet).exists());
}

#[test]
fn a_filter_narrows_and_keeps_names() {
    let Some(_turn) = turn::shared("record::a_filter_narrows_and_keeps_names") else { return };
    let place = Place::new("filter");
    let trace = place.name("t.scap");
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
    assert!(told.contains("recorded as state only"), "{told}");
    let shown = events(&trace, "evt.num>0");
    assert!(!shown.is_empty());
    assert_eq!(shown, events(&trace, "proc.name=cat and fd.name=/etc/hostname and proc.pname=sh"));
    assert_eq!(info(&trace, 0)["filter"], "proc.name=cat and fd.name=/etc/hostname");
    let (_, told) = run(&["record", "-w", &trace, "proc.nmae=cat", "--", "true"], 2);
    assert!(told.contains("proc.nmae"), "{told}");
    run(&["record", "-w", &trace, "-p", "4194304000"], 2);
    run(&["record", "-w", &place.name("no/such/directory"), "--", "true"], 4);
}

#[test]
fn the_whole_host_is_recorded_without_the_recorder() {
    let Some(_turn) = turn::shared("record::the_whole_host_is_recorded_without_the_recorder") else { return };
    let place = Place::new("host");
    let storm = storm();
    let pattern = place.name("%Y-%H%M%S.scap");
    let recorder = tercel(&["record", "-q", "-w", &pattern, "-G", "1", "-W", "2", "-M", "4"]).spawn();
    let mut recorder = Running(recorder.expect("it runs"));
    let own = recorder.0.id();
    assert_eq!(recorder.0.wait().expect("it ends").code(), Some(0));
    let mut files: Vec<_> = fs::read_dir(place.directory())
        .expect("readable")
        .map(|entry| entry.expect("entry").path())
        .collect();
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
    let Some(_turn) = turn::shared("record::signals_end_a_trace_and_kill_leaves_what_was_written") else {
        return;
    };
    let place = Place::new("kill");
    let _storm = storm();
    for (signal, code) in [("-INT", 0), ("-TERM", 0), ("-KILL", 3)] {
        let trace = place.name(&format!("t{signal}.scap"));
        let mut recorder = Running(tercel(&["record", "-q", "-w", &trace]).spawn().expect("it runs"));
        wait("trace of 100 kB", || fs::metadata(&trace).is_ok_and(|file| file.len() >= 100_000));
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

/// Every file of a rotated recording proves itself, and one that was being written proves what is there.
#[test]
fn signed_recordings_prove_what_is_there() {
    let Some(keygen) = require("signed recordings", tool("ssh-keygen")) else { return };
    let Some(_turn) = turn::shared("record::signed_recordings_prove_what_is_there") else { return };
    let place = Place::new("signed-recordings");
    let key = place.name("key");
    let made = Command::new(keygen).args(["-q", "-N", "", "-t", "ed25519", "-f", &key]).status();
    assert!(made.expect("ssh-keygen runs").success());
    let allowed = place.file("allowed", format!("host@example.org {}", place.read("key.pub")));
    let allowed = allowed.display().to_string();
    let verified = |file: &str, code: i32| run(&["verify", "--allowed-signers", &allowed, file], code).0;
    let _storm = storm();
    for rotation in [["-C", "128KiB"], ["-G", "1"]] {
        let directory = place.path(rotation[0]);
        fs::create_dir(&directory).expect("a directory");
        let pattern = directory.join("t.scap").display().to_string();
        // Small chunks and files, so that there are several on a busy machine, too.
        let options = ["record", "-q", "--sign", &key, "--chunk", "64KiB", "-M", "3", "-w", &pattern];
        run(&[&options[..], &rotation].concat(), 0);
        let files = fs::read_dir(&directory).expect("a directory").flatten();
        let files: Vec<String> = files.map(|file| file.path().display().to_string()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            let text = verified(&file, 0);
            assert!(
                text.contains("signed by host@example.org") && text.contains(": the whole trace"),
                "{text}"
            );
        }
    }
    let trace = place.name("killed.scap");
    let options = ["record", "-q", "--sign", &key, "--chunk", "64KiB", "-w", &trace];
    let mut recorder = Running(tercel(&options).spawn().expect("it runs"));
    wait("a signature", || {
        // What is written is verified while it grows.
        let output = tercel(&["verify", "--fast", &trace]).output().expect("it runs");
        text(&output.stdout).contains("signed by")
    });
    recorder.0.kill().expect("it runs");
    assert_eq!(recorder.0.wait().expect("it ends").signal(), Some(9));
    let told = verified(&trace, 3);
    assert!(told.contains("signed by host@example.org"), "{told}");
    assert!(told.contains(": the first ") && told.contains(" chunks, not the rest"), "{told}");
}

#[test]
fn a_full_disk_ends_a_recording_with_a_valid_trace() {
    let Some(_turn) = turn::shared("record::a_full_disk_ends_a_recording_with_a_valid_trace") else { return };
    let place = Place::new("full");
    let disk = place.directory().display().to_string();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k", "tercel-test", &disk]).status();
    if !mounted.is_ok_and(|status| status.success()) {
        skip(
            "record::a_full_disk_ends_a_recording_with_a_valid_trace",
            &Missing::new("mount", "nothing can be mounted here"),
        );
        return;
    }
    let _storm = storm();
    let trace = place.name("t.scap");
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
    let Some(_turn) = turn::shared("record::losses_are_counted_told_and_do_no_harm") else { return };
    let place = Place::new("losses");
    let trace = place.name("t.scap");
    // Programs that say their own names: whatever else is lost, nobody may be taken for another one.
    let script = "i=0; while [ $i -lt 12 ]; do cp /bin/echo p$i; i=$((i+1)); done
        while :; do for i in 0 1 2 3 4 5 6 7 8 9 10 11; do ./p$i p$i >/dev/null & done; wait; printf x >>rounds
            sleep 0.05; done";
    let mut recorder = tercel(&["record", "--buffer", "1MiB", "-w", &trace]);
    let recorder = recorder.stderr(Stdio::piped()).spawn().expect("it runs");
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &recorder.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    };
    wait("trace", || fs::metadata(&trace).is_ok_and(|file| file.len() > 0));
    let names =
        Running(Command::new("sh").args(["-c", script]).current_dir(place.directory()).spawn().expect("sh"));
    let rounds = || fs::metadata(place.path("rounds")).map_or(0, |file| file.len());
    wait("round of the programs", || rounds() > 0);
    signal("-STOP");
    turn::storm();
    signal("-CONT");
    let lost = rounds();
    // Programs that began while events were lost have ended, and others have run whole: rounds pause, so that a recorder that has to
    // share its CPU catches up.
    wait("30 rounds, most without a loss", || rounds() >= lost + 30);
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
    assert!(summary.contains("Drop events in the capture"), "{summary}");
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
    let Some(_turn) = turn::shared("record::without_privileges_it_says_what_is_missing") else { return };
    let Some(setpriv) = require("record::without_privileges_it_says_what_is_missing", tool("setpriv")) else {
        return;
    };
    let output = Command::new(setpriv)
        .args(["--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(binary())
        .args(["record", "-w", "/dev/null", "--", "true"])
        .output()
        .expect("setpriv runs");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("CAP_BPF"), "{told}");
}

/// The file before the one that cannot be opened is closed, whichever of the two threads is faster.
#[test]
fn files_before_a_full_disk_are_closed() {
    let Some(_turn) = turn::shared("record::files_before_a_full_disk_are_closed") else { return };
    let place = Place::new("inodes");
    let disk = place.directory().display().to_string();
    let options = ["-t", "tmpfs", "-o", "nr_inodes=3", "tercel-test", &disk];
    if !Command::new("mount").args(options).status().is_ok_and(|status| status.success()) {
        skip(
            "record::files_before_a_full_disk_are_closed",
            &Missing::new("mount", "nothing can be mounted here"),
        );
        return;
    }
    let storm = storm();
    let output =
        tercel(&["record", "-G", "0.5", "-M", "60", "-w", &place.name("t.scap")]).output().expect("it runs");
    drop(storm);
    let verified: Vec<_> = [1, 2]
        .map(|number| tercel(&["verify", &place.name(&format!("t_00000{number}.scap"))]).output())
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
    let trace = place.name("t.scap");
    fs::write(&trace, "kept").expect("a file");
    let (_, told) = run(&["record", "-w", &trace, "--", "tercel-no-such-command"], 2);
    assert_eq!(told, "error: tercel-no-such-command: no such command\n");
    assert_eq!(fs::read_to_string(&trace).expect("a file"), "kept");
}
