//! Lost events: a run that cannot keep up says so, on which CPU, asks for less, and goes on; its trace tells the loss as well.

use std::fs;
use std::io::Read;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::host::{Live, Place, TERCEL, lines, shell, wait};

const RULES: &str = "
- rule: Marked
  desc: x
  condition: evt.type in (open, openat) and fd.name contains tercel-mark-
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
    let (out, rules, trace) = (place.path("out"), place.file("rules.yaml", RULES), place.path("trace.scap"));
    let (rules, trace) = (rules.to_str().expect("a path"), trace.to_str().expect("a path"));
    // Recorded are the calls that are asked for, and one more: else a recording asks for all.
    let arguments = ["-r", rules, "-w", trace, "--buffer", "1", "-o", "base_syscalls.custom_set=[getcwd]"];
    let mut live = Live::start(&place, &out, &arguments);
    shell("cat /tmp/tercel-mark-1 2>/dev/null; true");
    wait("the first alert", || lines(&out).len() == 1);
    live.signal("STOP");
    storm();
    live.signal("CONT");
    live.until("Tercel internal: syscall event drop.");
    live.until("overload: rules less urgent than Informational do not see read");
    wait("an alert about the loss", || lines(&out).iter().any(|line| line.contains("n_drops_buffer_total")));
    shell("cat /tmp/tercel-mark-2 2>/dev/null; true");
    wait("the second alert", || lines(&out).iter().any(|line| line.ends_with("/tmp/tercel-mark-2")));
    live.stop();
    let told: Vec<String> = lines(&out).into_iter().filter(|line| line.contains("n_drops_cpu_")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let replayed = Command::new(TERCEL).args(["replay", "-r", rules, trace]).output().expect("replay runs");
    let alerts = String::from_utf8_lossy(&replayed.stdout).into_owned();
    let live: Vec<String> =
        lines(&out).into_iter().filter(|line| !line.contains("Tercel internal")).collect();
    assert_eq!(alerts.lines().collect::<Vec<_>>(), live);
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("Drops told by the capture"));
}

/// More events than a ring of a MiB holds.
fn storm() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let mut file = fs::File::open("/etc/hostname").expect("a file");
        let _ = file.read(&mut [0; 16]);
    }
}
