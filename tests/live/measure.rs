//! Figures, not tests: `cargo test --release --test host live::measure -- --ignored --nocapture --test-threads=1`.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tercel_test_support::root;

use super::host::{Live, Place, binary, lines, shell};

/// From a system call to the alert line on standard output, one after the other.
#[test]
#[ignore = "a measurement"]
fn latency() {
    let Some(place) = Place::new("latency") else { return };
    let rules = place.file("rules.yaml", &marked(&place));
    let mut child = Command::new(binary())
        .args(["live", "-c", "/dev/null", "-q", "-r", rules.to_str().expect("a path")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("live starts");
    let mut out = child.stdout.take().expect("its output");
    let mark = place.file("mark", "");
    let mut buffer = [0; 4096];
    // The first alert shows that the probe runs.
    let opener = std::thread::spawn({
        let mark = mark.clone();
        move || {
            for _ in 0..200 {
                let _ = fs::File::open(&mark);
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    });
    assert!(out.read(&mut buffer).expect("an alert") > 0);
    opener.join().expect("a thread");
    drain(&mut out);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..1000 {
        std::thread::sleep(Duration::from_micros(7300));
        let began = Instant::now();
        fs::File::open(&mark).expect("a file");
        assert!(out.read(&mut buffer).expect("an alert") > 0);
        times.push(began.elapsed());
    }
    let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    child.wait().expect("an end");
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    eprintln!(
        "latency of {} alerts: median {:.2} ms, 99 % {:.2} ms, largest {:.2} ms",
        times.len(),
        at(50),
        at(99),
        at(100)
    );
}

/// Reads what is there.
fn drain(out: &mut impl Read) {
    let mut buffer = [0; 1 << 20];
    std::thread::sleep(Duration::from_millis(300));
    let _ = out.read(&mut buffer);
}

fn marked(place: &Place) -> String {
    let mark = place.path("mark");
    format!(
        "- rule: Marked\n  desc: x\n  condition: evt.type in (open, openat) and fd.name = {}\n  output: mark\n  priority: INFO\n",
        mark.display()
    )
}

/// CPU of live under a storm of about 100,000 events per second, with the shipped rules and with Falco's where they are.
#[test]
#[ignore = "a measurement"]
fn cost() {
    let Some(place) = Place::new("cost") else { return };
    let falco = root().join("../shared/corpus/rules/falco_rules.yaml");
    let shipped = root().join("rules");
    for rules in [shipped, falco] {
        if !rules.exists() {
            eprintln!("not measured: {} is missing", rules.display());
            continue;
        }
        let live = Live::start(&place, &place.path("out"), &["-r", rules.to_str().expect("a path")]);
        let (before, began) = (cpu(live.pid()), Instant::now());
        std::thread::scope(|threads| {
            threads.spawn(storm);
        });
        let (used, took) = (cpu(live.pid()) - before, began.elapsed().as_secs_f64());
        let errors = place.path("errors");
        live.stop();
        let summary = lines(&errors)
            .into_iter()
            .filter(|line| line.starts_with("Events"))
            .collect::<Vec<_>>()
            .join("; ");
        eprintln!("{}: CPU {:.1} % of one over {took:.1} s; {summary}", rules.display(), used / took * 100.0);
    }
}

/// Opens, reads and closes a file at a steady rate: three events each, for ten seconds.
fn storm() {
    let began = Instant::now();
    let mut rounds = 0u32;
    while began.elapsed() < Duration::from_secs(10) {
        let due = (began.elapsed().as_secs_f64() * 33_333.0) as u32;
        while rounds < due {
            let mut file = fs::File::open("/etc/hostname").expect("a file");
            let _ = file.read(&mut [0; 16]);
            rounds += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Seconds of CPU that a process has used.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let behind = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = behind.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// A shell's fork and exec loop, with and without live: how much slower it gets.
#[test]
#[ignore = "a measurement"]
fn slowdown() {
    let Some(place) = Place::new("slowdown") else { return };
    let loops = "i=0; while [ $i -lt 2000 ]; do /bin/true; i=$((i+1)); done";
    let time = || {
        let began = Instant::now();
        shell(loops);
        began.elapsed().as_secs_f64()
    };
    let best = |runs: u32| (0..runs).map(|_| time()).fold(f64::MAX, f64::min);
    let without = best(5);
    let rules = root().join("rules").display().to_string();
    let live = Live::start(&place, &place.path("out"), &["-r", &rules]);
    let with = best(5);
    live.stop();
    eprintln!(
        "2,000 fork and exec: {without:.2} s without, {with:.2} s with live: {:.2} times",
        with / without
    );
}
