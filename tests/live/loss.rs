//! Lost events: a run that cannot keep up reports it with the CPU, captures less, and goes on; its trace contains the loss as well.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

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
    live.until("overload: rules less urgent than Informational do not get read");
    wait("an alert about the loss", || lines(&out).iter().any(|line| line.contains("n_drops_buffer_total")));
    shell(&format!("cat {}2 2>/dev/null; true", marked()));
    wait("the second alert", || lines(&out).iter().any(|line| line.ends_with(&format!("{}2", marked()))));
    live.stop();
    let told: Vec<String> = lines(&out).into_iter().filter(|line| line.contains("n_drops_cpu_")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let replayed = Command::new(binary()).args(["replay", "-r", rules, trace]).output().expect("replay runs");
    let alerts = String::from_utf8_lossy(&replayed.stdout).into_owned();
    let live: Vec<String> = lines(&out).into_iter().filter(|line| !line.contains("Falco internal")).collect();
    assert_eq!(alerts.lines().collect::<Vec<_>>(), live);
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("Drop events in the capture"));
}

#[test]
fn what_was_left_out_comes_back() {
    let Some(place) = Place::new("shed") else { return };
    let rules = "
- rule: Marked
  desc: x
  condition: evt.type in (open, openat) and fd.name contains tercel-shed-
  output: opened %fd.name
  priority: ERROR
- rule: Read
  desc: sheds first
  condition: evt.type = read and fd.name contains tercel-shed-
  output: read %fd.name
  priority: DEBUG
";
    let (out, rules) = (place.path("out"), place.file("rules.yaml", rules));
    let mut live = Live::start(
        &place,
        &out,
        &["-r", rules.to_str().expect("a path"), "--buffer", "4", "--rule-matching", "all"],
    );
    // How often a file was seen opened and read.
    let seen = |number: u32| {
        let file = place.file(&format!("tercel-shed-{number}"), "x");
        shell(&format!("cat {}", file.display()));
        let of = |kind: &str| {
            let end = format!("{kind} {}", file.display());
            lines(&out).iter().filter(|line| line.ends_with(&end)).count()
        };
        wait("alert about the opened file", || of("opened") > 0);
        // What was read comes after what was opened, and before the mark that follows.
        let mark = place.file(&format!("tercel-shed-{number}-end"), "");
        shell(&format!("cat {}", mark.display()));
        wait("end", || lines(&out).iter().any(|line| line.ends_with(&mark.display().to_string())));
        of("read")
    };
    assert!(seen(1) > 0);
    live.signal("STOP");
    storm();
    live.signal("CONT");
    live.until("overload: rules less urgent than Informational do not get read");
    assert_eq!(seen(2), 0, "reads are left out");
    // Half a minute without a loss; whatever else this host does may lengthen it.
    let over = "overload has ended: all rules get the events that they need";
    let patient = Instant::now() + Duration::from_secs(240);
    while !live.errors().contains(over) && Instant::now() < patient {
        std::thread::sleep(Duration::from_millis(200));
    }
    live.until(over);
    assert!(seen(3) > 0, "reads are captured again");
    live.stop();
    assert!(lines(&out).iter().any(|line| line.contains("n_drops_cpu_")), "the CPUs that lost are named");
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
