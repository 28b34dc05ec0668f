//! Cuts of a live run: what an alert says as it happens, a replay of the file that it names says, too, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tercel_test_support::{require, tool};

use super::host::{Live, Place, binary, lines, marked, shell, wait};

/// Marked files that are opened, and a line that a shell reads from a file that it has had open for long.
fn rules(place: &Place) -> String {
    let marked = marked();
    let text = format!(
        "
- rule: Opened
  desc: a marked file is opened
  condition: evt.type in (open, openat) and fd.name startswith {marked}open
  output: opened %evt.num %fd.name by %proc.cmdline of %proc.aname[2] cwd=%proc.cwd
  priority: WARNING
  capture: true
  capture_duration: 60000
- rule: Held
  desc: what a marked file contains is read
  condition: evt.type = read and evt.dir = < and fd.name startswith {marked}held and evt.rawres > 0
  output: read %evt.num %fd.name by %proc.name of %proc.aname[1] and %proc.aname[2]
  priority: NOTICE
"
    );
    place.file("rules.yaml", &text).display().to_string()
}

/// The cuts of a place.
fn cuts(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.path("cuts")).expect("a directory").flatten();
    let mut names: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    names.sort();
    names
}

fn tercel(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).stdin(Stdio::null()).output().expect("tercel runs")
}

fn replayed(rules: &str, options: &[&str], trace: &str) -> Vec<String> {
    let output = tercel(&[&["replay", "-q", "-r", rules], options, &[trace]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// The file that an alert in JSON names.
fn named(line: &str) -> Option<&str> {
    line.strip_prefix("{\"capture_file\":\"")?.split('"').next()
}

/// Starts live with a ring, and cuts in a directory of their own.
fn start(place: &Place, rules: &str, options: &[&str]) -> Live {
    let directory = place.path("cuts");
    fs::create_dir_all(&directory).expect("a directory");
    let prefix = format!("capture.path_prefix={}", directory.join("cut").display());
    let control = place.path("control").display().to_string();
    let own = ["-r", rules, "-o", "capture.enabled=true", "-o", &prefix, "--control", &control];
    Live::start(place, &place.path("alerts"), &[&own[..], options].concat())
}

fn same(name: &str, options: &[&str]) {
    let Some(place) = Place::new(name) else { return };
    let (rules, marked) = (rules(&place), marked());
    fs::write(format!("{marked}held"), "line\n").expect("a file");
    let live = start(&place, &rules, &[options, &["-o", "capture.capture_before=30s"]].concat());
    // A burst of 50, and a shell that reads from a file that it opened before the burst.
    let work = format!(
        "exec 5<{marked}held; cd /etc; i=0; while [ $i -lt 50 ]; do : >{marked}open; i=$((i+1)); done; \
        sh -c 'read line <&5; cat {marked}open; true'"
    );
    assert!(shell(&work).status.success());
    let alerts = place.path("alerts");
    wait("the last alert", || lines(&alerts).iter().any(|line| line.contains("open by cat")));
    live.stop();
    let live = lines(&alerts);
    let files = cuts(&place);
    let opened = live.iter().filter(|line| line.contains(": Warning opened ")).count();
    assert_eq!(opened, 51, "{live:?}");
    let [file] = &files[..] else { panic!("one cut for all: {files:?}") };
    assert_eq!(replayed(&rules, options, &file.display().to_string()), live);
    assert!(
        live.iter()
            .any(|line| line.contains(": Notice read ") && line.contains(&format!("{marked}held by sh of"))),
        "{live:?}"
    );
    if options.contains(&"--json") {
        assert!(live.iter().all(|line| named(line) == file.to_str()), "{live:?}");
    }
    let verified = tercel(&["verify", "-q", "--keyframes", &file.display().to_string()]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    for name in ["held", "open"] {
        fs::remove_file(format!("{marked}{name}")).expect("a file");
    }
}

#[test]
fn a_cut_replays_to_the_lines_of_its_alerts_in_text() {
    same("cuts-text", &[]);
}

#[test]
fn a_cut_replays_to_the_lines_of_its_alerts_in_json() {
    same("cuts-json", &["--json"]);
}

/// The end of a cut is far away when live is killed, and so are two more.
#[test]
fn a_killed_run_leaves_nothing_under_a_final_name() {
    let Some(place) = Place::new("cuts-killed") else { return };
    let (rules, marked) = (rules(&place), marked());
    let live = start(&place, &rules, &["--json"]);
    assert!(shell(&format!(": >{marked}open; rm {marked}open")).status.success());
    wait("the alert", || !lines(&place.path("alerts")).is_empty());
    let name = named(&lines(&place.path("alerts"))[0]).expect("a cut").to_owned();
    let partial = PathBuf::from(&name)
        .with_file_name(format!(".{}.partial", Path::new(&name).file_name().expect("a name").display()));
    wait("a beginning", || partial.exists());
    drop(live);
    assert_eq!(cuts(&place), std::slice::from_ref(&partial));
    let mut live = start(&place, &rules, &[]);
    live.until(&format!("{}: left over from an interrupted run", partial.display()));
    live.stop();
    assert!(partial.exists());
}

#[test]
fn the_administrator_gets_what_is_in_memory() {
    let Some(place) = Place::new("cuts-dump") else { return };
    let mut live = start(&place, &rules(&place), &[]);
    let socket = place.path("control").display().to_string();
    // No alert: the file is only read.
    assert!(shell("cat /etc/hostname; true").status.success());
    let dumped = tercel(&["dump", "--socket", &socket]);
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let name = String::from_utf8(dumped.stdout).expect("text").trim().to_owned();
    assert_eq!(cuts(&place), [PathBuf::from(&name)], "it is there when its name is printed");
    let opened = tercel(&["events", &name, "proc.name=cat and fd.name=/etc/hostname and evt.type=openat"]);
    assert!(!opened.stdout.is_empty(), "{}", String::from_utf8_lossy(&opened.stderr));
    live.signal("USR2");
    live.until("written, ");
    wait("the second file", || {
        cuts(&place).iter().filter(|name| !name.display().to_string().contains(".partial")).count() == 2
    });
    let short = tercel(&["dump", "--socket", &socket, "--before", "100ms"]);
    assert!(short.status.success(), "{}", String::from_utf8_lossy(&short.stderr));
    live.stop();
    let gone = tercel(&["dump", "--socket", &socket]);
    assert_eq!(gone.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("nothing that records into memory listens there"));
}

/// Every alert of a run has a cut of its own time, and each says what the alert said.
#[test]
fn all_rules_can_start_cuts() {
    let Some(place) = Place::new("cuts-all") else { return };
    let (rules, marked) = (rules(&place), marked());
    let options = [
        "--json",
        "-o",
        "capture.mode=all_rules",
        "-o",
        "capture.default_duration=100",
        "-o",
        "capture.max_per_minute=1000",
    ];
    let text = fs::read_to_string(&rules).expect("rules").replace("60000", "0");
    let rules = place.file("rules.yaml", &text).display().to_string();
    let live = start(&place, &rules, &options);
    let alerts = place.path("alerts");
    for count in 1..=3 {
        assert!(shell(&format!(": >{marked}open; rm {marked}open")).status.success());
        wait("the alert", || lines(&alerts).len() == count);
        wait("its cut", || {
            let whole =
                cuts(&place).iter().filter(|name| !name.display().to_string().contains(".partial")).count();
            whole == count
        });
    }
    live.stop();
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines(&alerts) {
        by_file.entry(named(&line).expect("a cut").to_owned()).or_default().push(line);
    }
    assert_eq!(by_file.len(), 3, "{by_file:?}");
    for (file, of_file) in by_file {
        let mut found = replayed(&rules, &["--json"], &file);
        found.retain(|line| named(line).is_some());
        assert_eq!(found, of_file);
    }
}

/// The trace of -w, a cut and what is dumped are signed by a key that only root can read.
#[test]
fn everything_that_live_records_is_signed() {
    let Some(keygen) = require("signatures of cuts", tool("ssh-keygen")) else { return };
    let Some(place) = Place::new("cuts-signed") else { return };
    let (rules, marked) = (rules(&place), marked());
    let (key, trace) = (place.path("key").display().to_string(), place.path("t.scap"));
    let made = Command::new(keygen).args(["-q", "-N", "", "-t", "ed25519", "-f", &key]).status();
    assert!(made.expect("ssh-keygen runs").success());
    let public = fs::read_to_string(format!("{key}.pub")).expect("a key");
    let allowed = place.file("allowed", &format!("host@example.org {public}")).display().to_string();
    let text = fs::read_to_string(&rules).expect("rules").replace("60000", "0");
    let rules = place.file("rules.yaml", &text).display().to_string();
    let socket = place.path("control").display().to_string();
    let name = trace.display().to_string();
    let configured = format!("capture.sign_key={key}");
    for options in [["--sign", &key], ["-o", &configured]] {
        let live = start(&place, &rules, &[&options[..], &["--force", "-w", &name]].concat());
        assert!(shell(&format!(": >{marked}open; rm {marked}open")).status.success());
        wait("the alert", || !lines(&place.path("alerts")).is_empty());
        let dumped = tercel(&["dump", "--socket", &socket]);
        assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
        live.stop();
        let mut written = cuts(&place);
        assert_eq!(written.len(), 2, "a cut and what is dumped: {written:?}");
        written.push(trace.clone());
        for file in written {
            let file = file.display().to_string();
            let verified = tercel(&["verify", "--allowed-signers", &allowed, &file]);
            let text = String::from_utf8_lossy(&verified.stdout);
            assert!(verified.status.success(), "{text}");
            assert!(text.contains("signed by host@example.org"), "{text}");
        }
        cuts(&place).iter().for_each(|file| fs::remove_file(file).expect("a file"));
    }
    let refused = tercel(&["live", "-r", &rules, "--sign", &key, "-M", "1"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--sign needs -w, --ring or capture.enabled"));
}
