//! Lost events: a run that cannot keep up reports it with the CPU, takes from those that make the load, and goes on; its trace contains the
//! loss as well.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tercel_test_support::{Missing, skip};

use super::host::{Live, Place, binary, lines, marked, shell, wait};
use crate::turn::storm;

const RULES: &str = "
- rule: Marked
  desc: x
  condition: evt.type in (open, openat) and fd.name startswith MARKED
  output: mark %fd.name
  priority: ERROR
- rule: Read
  desc: only to have reads asked for
  condition: evt.type = read and proc.name = no-such-process
  output: read
  priority: DEBUG
";

#[test]
fn a_run_that_cannot_keep_up_says_so_and_goes_on() {
    let Some(place) = Place::new("loss") else { return };
    let (out, rules, trace) = (
        place.path("out"),
        place.file("rules.yaml", &RULES.replace("MARKED", &marked())),
        place.path("trace.scap"),
    );
    let (rules, trace) = (rules.to_str().expect("a path"), trace.to_str().expect("a path"));
    // Recorded are the calls that are asked for, and one more: else a recording asks for all.
    let arguments = ["-r", rules, "-w", trace, "--buffer", "1", "-o", "base_syscalls.custom_set=[getcwd]"];
    let mut live = Live::start(&place, &out, &arguments);
    shell(&format!("cat {}1 2>/dev/null; true", marked()));
    wait("the first alert", || lines(&out).len() == 1);
    live.signal("STOP");
    storm();
    live.signal("CONT");
    live.until("Falco internal: syscall event drop.");
    live.until(": a process gets at most 5000 events a second of ");
    wait("an alert about the loss", || lines(&out).iter().any(|line| line.contains("n_drops_buffer_total")));
    // What others do may fill the small rings once more, so that one attempt could be lost.
    wait("the second alert", || {
        shell(&format!("cat {}2 2>/dev/null; true", marked()));
        lines(&out).iter().any(|line| line.ends_with(&format!("{}2", marked())))
    });
    live.stop();
    let told: Vec<String> = lines(&out).into_iter().filter(|line| line.contains("n_drops_cpu_")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let replayed = Command::new(binary()).args(["replay", "-r", rules, trace]).output().expect("replay runs");
    let alerts = String::from_utf8_lossy(&replayed.stdout).into_owned();
    let live: Vec<String> = lines(&out).into_iter().filter(|line| !of_the_run(line)).collect();
    assert_eq!(alerts.lines().collect::<Vec<_>>(), live);
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("Drop events in the capture"));
}

/// Whether an alert is about the run itself.
fn of_the_run(line: &str) -> bool {
    line.contains("Falco internal") || line.contains(" overload")
}

/// Processes that read and write single bytes until they are dropped.
struct Flood(Vec<Child>);

impl Flood {
    fn begin() -> Flood {
        let mut dd = Command::new("dd");
        dd.args(["if=/dev/zero", "of=/dev/null", "bs=1"]).stderr(Stdio::null());
        Flood((0..4).map(|_| dd.spawn().expect("dd runs")).collect())
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_flood_loses_its_own_events_and_no_others() {
    let Some(place) = Place::new("flood") else { return };
    let rules = "
- rule: Read
  desc: x
  condition: evt.type = read and fd.name contains tercel-flood-
  output: read %fd.name
  priority: CRITICAL
- rule: Written
  desc: only to have writes asked for
  condition: evt.type = write and proc.name = no-such-process
  output: written
  priority: DEBUG
";
    let (out, rules, trace) = (place.path("out"), place.file("rules.yaml", rules), place.path("trace.scap"));
    let (rules, trace) = (rules.to_str().expect("a path"), trace.to_str().expect("a path"));
    let arguments = ["-r", rules, "-w", trace, "--buffer", "1", "-o", "base_syscalls.custom_set=[getcwd]"];
    let mut live = Live::start(&place, &out, &arguments);
    let read = |name: &str| {
        let file = place.file(&format!("tercel-flood-{name}"), "x");
        shell(&format!("cat {}", file.display()));
        format!(" read {}", file.display())
    };
    let seen = |line: &str| lines(&out).iter().any(|found| found.ends_with(line));
    let flood = Flood::begin();
    live.until("more events than their share: dd (pid ");
    let during: Vec<String> = (0..10).map(|number| read(&format!("during-{number}"))).collect();
    drop(flood);
    live.until("overload has ended after ");
    let after: Vec<String> = (0..10).map(|number| read(&format!("after-{number}"))).collect();
    wait("alert about each file after the flood", || after.iter().all(|line| seen(line)));
    live.stop();
    let count = during.iter().filter(|line| seen(line)).count();
    assert!(count >= 8, "{count} of 10 during the flood");
    let alerts = lines(&out);
    let share = "events a second of read, write (load.lost=";
    assert!(
        alerts.iter().any(|line| line.contains(share) && line.contains(" Warning overload")),
        "{alerts:?}"
    );
    assert!(
        alerts.iter().any(|line| line.contains("load.users=\"0\"") && line.contains("dd (pid ")),
        "{alerts:?}"
    );
    assert!(alerts.iter().any(|line| line.contains(" Notice overload has ended")), "{alerts:?}");
    let replayed = Command::new(binary()).args(["replay", "-r", rules, trace]).output().expect("replay runs");
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("Drop events in the capture"));
}

/// Kernel: inode of the first pid namespace (`PROC_PID_INIT_INO`). In another one live does not see the threads of the host.
const FIRST_NAMESPACE: u64 = 0xefff_fffc;

#[test]
fn threads_whose_ends_were_lost_are_forgotten() {
    let namespace = fs::metadata("/proc/self/ns/pid").map_or(0, |found| found.ino());
    if namespace != FIRST_NAMESPACE {
        let reason = "this is not the first pid namespace, which alone shows all threads of the host";
        return skip("live: ends that were lost", &Missing::new("host", reason));
    }
    let Some(place) = Place::new("ends") else { return };
    // A length of sleep that no other process has.
    let length = format!("1000.{}", std::process::id());
    let rule = format!(
        "- rule: Began\n  desc: x\n  condition: evt.type = execve and proc.cmdline = 'sleep {length}'\n  \
         output: began %proc.pid\n  priority: ERROR\n"
    );
    let (out, rules, trace) = (place.path("out"), place.file("rules.yaml", &rule), place.path("trace.scap"));
    let arguments =
        ["-r", rules.to_str().expect("a path"), "-w", trace.to_str().expect("a path"), "--buffer", "8"];
    // Rings that hold what this host does while live waits for its turn, but not the storm.
    let live = Live::start(&place, &out, &arguments);
    let began = || -> BTreeSet<i64> {
        lines(&out).iter().filter_map(|line| line.split_once(" began ")?.1.parse().ok()).collect()
    };
    // A hundred processes begin while live watches and end while it does not.
    let mut children: Vec<_> =
        (0..100).map(|_| Command::new("sleep").arg(&length).spawn().expect("a process")).collect();
    let pids: BTreeSet<i64> = children.iter().map(|child| i64::from(child.id())).collect();
    wait("alert about each begin", || began() == pids);
    live.signal("STOP");
    storm();
    for child in &mut children {
        child.kill().and_then(|()| child.wait()).expect("an end");
    }
    live.signal("CONT");
    // Rules do not see what live adds, but the trace has it.
    wait("end of each process in the trace", || ends(&trace, &pids).len() >= pids.len());
    live.stop();
    let ends = ends(&trace, &pids);
    assert_eq!(
        (ends.len(), BTreeSet::from_iter(ends)),
        (pids.len(), pids),
        "each end is there once, seen or not"
    );
}

/// The ends of some processes in a trace that may still be written.
fn ends(trace: &Path, pids: &BTreeSet<i64>) -> Vec<i64> {
    let mut reader = tercel_format::Reader::new(fs::File::open(trace).expect("a trace")).expect("a capture");
    let mut ends = Vec::new();
    while let Ok(Some(block)) = reader.next() {
        if let tercel_format::Block::Event(event) = block
            && event.info.name == "procexit"
            && pids.contains(&event.tid)
        {
            ends.push(event.tid);
        }
    }
    ends
}
