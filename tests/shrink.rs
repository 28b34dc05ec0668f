//! The smallest trace of an alert, and slices without other processes, through the built binary: the lines stay the same, and what other
//! processes were called with is not among the bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use tercel_test_support::{Place, corpus, ran, require, root};

use crate::content::{blocks, found, parts};

/// Ten shipped rules and the traces on which they fire.
const SHIPPED: [(&str, &str); 10] = [
    ("Password hashes read", "password-hashes-read"),
    ("Miner started", "miner-started"),
    ("Mining pool contacted", "mining-pool-contacted"),
    ("Interactive shell in container", "interactive-shell-in-container"),
    ("Private key read", "private-key-read"),
    ("Program run from memory file", "program-run-from-memory-file"),
    ("Packet capture started", "packet-capture-started"),
    ("Data destroyed", "data-destroyed"),
    ("Kernel module loaded", "kernel-module-loaded"),
    ("Privileged container started", "privileged-container-started"),
];

/// Rules of Falco and captures of the corpus on which they fire.
const OF_CORPUS: [(&str, &str); 10] = [
    ("System user interactive", "attacks"),
    ("PTRACE attached to process", "attacks"),
    ("Execution from /dev/shm", "attacks"),
    ("Fileless execution via memfd_create", "attacks"),
    ("Directory traversal monitored file read", "attacks"),
    ("Drop and execute new binary in container", "container"),
    ("Redirect STDOUT/STDIN to Network Connection in Container", "container"),
    ("Terminal shell in container", "container"),
    ("Read sensitive file trusted after startup", "b1_meta"),
    ("Disallowed SSH Connection Non Standard Port", "b1_meta"),
];

/// The alert lines of a rule, with the numbers of their events and the containers that rules may ask for.
fn lines(rules: &str, rule: &str, trace: &str) -> Vec<(u64, String)> {
    let number = "append_output=[{extra_fields: [evt.num, container.id]}]";
    let out = ran(&["replay", "-q", "--utc", "--json", "--iso8601", "-r", rules, "-o", number, trace], 0).out;
    let lines = out.lines().filter_map(|line| {
        let alert: Value = serde_json::from_str(line).expect("an object");
        let event = alert["output_fields"]["evt.num"].as_u64().expect("a number");
        (alert["rule"] == rule).then(|| (event, line.to_owned()))
    });
    lines.collect()
}

/// Words of at least this length are looked for.
const LONG: usize = 7;

/// What processes were called with, by process: words of command lines and environments.
fn words(trace: &str) -> BTreeMap<i64, BTreeSet<String>> {
    let mut words: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let mut add = |pid: i64, text: &str| {
        let long = text
            .split(|c: char| c.is_whitespace() || c == '\0')
            .filter(|word| word.len() >= LONG)
            .map(str::to_owned);
        words.entry(pid).or_default().extend(long);
    };
    for line in ran(&["ps", "-q", "--json", trace], 0).out.lines() {
        let process: Value = serde_json::from_str(line).expect("an object");
        let text = process["cmdline"].as_str().unwrap_or_default();
        // The first word is the name, which children show.
        add(process["pid"].as_i64().unwrap_or(0), text.split_once(' ').map_or("", |(_, rest)| rest));
    }
    let executed = "evt.type in (execve, execveat, clone, clone3, fork, vfork)";
    let shown = ["events", "-q", "-p", "%proc.pid|%proc.args %proc.env", trace, executed];
    for line in ran(&shown, 0).out.lines() {
        if let Some((pid, text)) = line.split_once('|') {
            add(pid.parse().unwrap_or(0), text);
        }
    }
    words
}

/// Whether a word is the id of a container, as long as it is shown or longer: long arguments are cut.
fn is_id(word: &str) -> bool {
    word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Checks the first alert of a rule over a capture.
#[track_caller]
fn check(place: &Place, rules: &str, rule: &str, trace: &str) {
    let all = lines(rules, rule, trace);
    let (event, line) = all.first().expect("the rule fires");
    let (small, test) = (place.name("small.scap"), place.name("small.test.yaml"));
    let number = event.to_string();
    let shrink = ["shrink", "--force", "--with-test", "-r", rules, "--rule", rule, "--event", &number, trace];
    let told = ran(&[&shrink[..], &["-w", &small]].concat(), 0).err;
    assert_eq!(lines(rules, rule, &small), [(*event, line.clone())], "{rule}: the line is the same");
    ran(&["verify", "-q", &small], 0);
    ran(&["test", "-q", &test], 0);
    let share = told.split_once('(').and_then(|(_, rest)| rest.split_once(" %")).map(|(share, _)| share);
    let share: f64 = share.and_then(|share| share.parse().ok()).expect("a share");
    assert!(share <= 2.0, "{told}");
    let (bytes, _) = parts(&small);
    // As in JSON, and as the fields have it.
    let alert: Value = serde_json::from_str(line).expect("an object");
    let line = format!("{line} {}", alert["output"].as_str().unwrap_or_default());
    for (pid, words) in words(trace) {
        // Alerts show the beginning of a container's id, the whole of which is in the cgroups of its processes.
        let shown = |word: &&String| line.contains(if is_id(word) { &word[..12] } else { word.as_str() });
        for word in words.iter().filter(|word| !shown(word)) {
            assert!(!found(&bytes, word.as_bytes()), "{rule}: '{word}' of process {pid} is in the trace");
        }
    }
}

#[test]
fn shipped_alerts_shrink_to_their_events() {
    let place = Place::new("shrink-shipped");
    for (rule, trace) in SHIPPED {
        check(&place, "rules", rule, &format!("testdata/traces/{trace}.scap"));
    }
}

#[test]
fn alerts_of_the_corpus_shrink_to_their_events() {
    let Some(corpus) = require("shrink::alerts_of_the_corpus", corpus()) else { return };
    let place = Place::new("shrink-corpus");
    let rules = corpus.join("rules/falco_rules.yaml").display().to_string();
    for (rule, capture) in OF_CORPUS {
        let trace = corpus.join("captures").join(capture).with_extension("scap");
        check(&place, &rules, rule, &trace.display().to_string());
    }
}

/// All alerts of a rule, from captures of every layout: the same trace, to the byte.
#[test]
fn a_trace_shrinks_to_the_same_bytes_in_every_layout() {
    let place = Place::new("shrink-layouts");
    let plain = place.name("plain.scap");
    let trace = "testdata/traces/data-destroyed.scap";
    ran(&["convert", "-q", "--to", "scap", "-w", &plain, trace], 0);
    let rows = place.name("rows.scap");
    ran(&["convert", "-q", "--layout", "rows", "-w", &rows, trace], 0);
    let shrunk = |trace: &str, name: &str| {
        let small = place.name(name);
        ran(&["shrink", "-q", "-r", "rules", "--rule", "Data destroyed", trace, "-w", &small], 0);
        ran(&["convert", "-q", "--to", "scap", &small, "-w", &place.name("bytes.scap"), "--force"], 0);
        std::fs::read(place.path("bytes.scap")).expect("a file")
    };
    let expected = shrunk(trace, "columns.small.scap");
    assert_eq!(shrunk(&rows, "rows.small.scap"), expected);
    assert_eq!(shrunk(&plain, "plain.small.scap"), expected);
}

#[test]
fn what_cannot_be_shrunk_is_said() {
    let place = Place::new("shrink-errors");
    let (small, trace) = (place.name("small.scap"), "testdata/traces/miner-started.scap");
    let shrink = |more: &[&str], code| {
        let error = ran(&[&["shrink", "-r", "rules", "-w", &small], more].concat(), code).err;
        assert!(!Path::new(&small).exists(), "nothing is written");
        error
    };
    let error = shrink(&["--rule", "Miner startd", trace], 2);
    assert!(error.contains("unknown rule 'Miner startd'; did you mean 'Miner started'?"), "{error}");
    let error = shrink(&["--rule", "Miner started", "--event", "1", trace], 2);
    assert!(error.contains("gives no alert at event 1; it gives one at: "), "{error}");
    let error = shrink(&["--rule", "Miner started", "testdata/traces/ordinary.scap"], 2);
    assert!(error.contains("the rule 'Miner started' gives no alert"), "{error}");
    let error = shrink(&["--rule", "Miner started", "-"], 2);
    assert!(error.contains("standard input"), "{error}");
    let error = shrink(&["--rule", "Miner started", "no-such.scap"], 4);
    assert!(error.contains("no-such.scap: no such file"), "{error}");
    let counting = place.file(
        "counting.yaml",
        "- {rule: R, desc: d, condition: evt.type=execve and util.cnt > 3, output: 'n=%util.cnt', priority: INFO}\n",
    );
    let counting = counting.display().to_string();
    let error = ran(&["shrink", "-r", &counting, "--rule", "R", trace, "-w", &small], 2).err;
    assert!(
        error.contains("no part of the capture gives the same alerts of 'R': the rules look at"),
        "{error}"
    );
    place.file("small.test.yaml", "kept");
    let error = shrink(&["--rule", "Miner started", "--with-test", trace], 2);
    assert!(error.contains("small.test.yaml: the file exists; --force writes over it"), "{error}");
    assert_eq!(place.read("small.test.yaml"), "kept");
}

/// The processes of a capture, with their parents.
fn processes(trace: &str) -> BTreeMap<i64, i64> {
    let rows = ran(&["ps", "-q", "--json", trace], 0).out;
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object"));
    rows.filter_map(|row| Some((row["pid"].as_i64()?, row["ppid"].as_i64()?))).collect()
}

/// What fields give for the events of a capture, where they give anything.
fn values(trace: &str, fields: &[String]) -> BTreeSet<String> {
    let format = format!("*{}", fields.join("\n"));
    ran(&["events", "-q", "-p", &format, trace], 0).out.lines().map(str::to_owned).collect()
}

/// The processes of which a slice has events, and those that led to them: init, ancestors, leaders of sessions and groups, and, since a
/// child may get another parent than its maker, whoever made one of them.
fn led_to(slice: &str, whole: &str) -> BTreeSet<i64> {
    let leaders = ["pid", "sid", "pgid", "vpgid", "origin.pid"].map(|field| format!("%proc.{field}"));
    let ancestors = (1..=24).map(|number| format!("%proc.lineage.pid[{number}]"));
    let fields: Vec<String> = leaders.into_iter().chain(ancestors).collect();
    let mut led: BTreeSet<i64> = values(slice, &fields).iter().filter_map(|pid| pid.parse().ok()).collect();
    led.insert(1);
    let makers = [
        "events",
        "-q",
        "-p",
        "%evt.rawres %proc.pid",
        whole,
        "evt.type in (clone, clone3, fork, vfork) and evt.rawres > 0",
    ];
    let makers = ran(&makers, 0).out;
    let makers = makers.lines().filter_map(|line| line.split_once(' '));
    let makers = makers.filter_map(|(child, maker)| Some((child.parse().ok()?, maker.parse().ok()?)));
    let pairs: Vec<(i64, i64)> = makers.chain(processes(whole)).collect();
    let mut sought: Vec<i64> = led.iter().copied().collect();
    while let Some(pid) = sought.pop() {
        let makers = pairs.iter().filter(|(child, _)| *child == pid).map(|(_, maker)| *maker);
        sought.extend(makers.filter(|maker| led.insert(*maker)));
    }
    led
}

/// What these processes of a slice were called with: as their events in the whole capture say, and as the slice says of its processes and their
/// ancestors, some of which have no events.
fn own_words(slice: &str, led: &BTreeSet<i64>, trace: &str) -> BTreeSet<String> {
    let of_events = words(trace).into_iter().filter(|(pid, _)| led.contains(pid));
    let environments: Vec<String> = ["%proc.env".to_owned()]
        .into_iter()
        .chain((1..=24).map(|ancestor| format!("%proc.aenv[{ancestor}]")))
        .collect();
    let of_ancestors = values(slice, &environments);
    let of_ancestors = of_ancestors.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned);
    of_events.flat_map(|(_, words)| words).chain(of_ancestors).collect()
}

#[test]
fn a_slice_can_leave_other_processes_out() {
    let place = Place::new("slice-only");
    let (all, only) = (place.name("all.scap"), place.name("only.scap"));
    // With the number of words of other processes that the capture has at least.
    for (trace, filter, least) in [
        ("testdata/traces/interactive-shell-in-container.scap", "container.id!=host", 3),
        ("testdata/traces/security-program-stopped.scap", "proc.name=setenforce", 1),
        ("testdata/traces/data-uploaded-by-command.scap", "proc.name=curl", 1),
    ] {
        ran(&["slice", "-q", "--force", trace, filter, "-w", &all], 0);
        ran(&["slice", "-q", "--force", "--only", trace, filter, "-w", &only], 0);
        ran(&["verify", "-q", &only], 0);
        let shown = "*%evt.num %evt.type %evt.args %proc.cmdline %proc.pcmdline %proc.aname[2] %proc.sname %proc.env \
                     %proc.duration %user.name %fd.name %container.name";
        let events = |trace: &str| ran(&["events", "-q", "-p", shown, trace, "evt.type!=switch"], 0).out;
        assert_eq!(events(&all), events(&only), "{trace}");
        let alerts = |trace: &str| ran(&["replay", "-q", "-r", "rules", trace], 0).out;
        assert_eq!(alerts(&all), alerts(&only), "{trace}");
        let (before, kept) = (processes(&all), processes(&only));
        assert!(kept.len() < before.len(), "{trace}: {} of {} processes", kept.len(), before.len());
        let led = led_to(&only, trace);
        // A call that made a process makes it again, as a copy of its maker.
        let is_known = |(pid, parent): (&i64, &i64)| led.contains(pid) || led.contains(parent);
        assert!(kept.iter().all(is_known), "{trace}: {kept:?} of {led:?}");
        let own = own_words(&only, &led, trace);
        let foreign = words(trace).into_iter().filter(|(pid, _)| !led.contains(pid));
        let foreign: BTreeSet<String> = foreign.flat_map(|(_, words)| words).collect();
        // Ids of containers are part of the names of files, too, and devices are open files.
        let foreign: Vec<&String> =
            foreign.difference(&own).filter(|word| !is_id(word) && !word.starts_with("/dev/")).collect();
        let (whole, part) = (blocks(&all).0, blocks(&only).0);
        let (there, left): (Vec<&String>, Vec<&String>) = foreign
            .into_iter()
            .filter(|word| found(&whole, word.as_bytes()))
            .partition(|word| !found(&part, word.as_bytes()));
        assert!(there.len() >= least, "{trace}: there is something to leave out: {there:?}");
        assert_eq!(left, Vec::<&String>::new(), "{trace}: words of other processes are in the slice");
    }
    ran(&["slice", "-q", "--only", "-", "-w", &place.name("x.scap")], 2);
}

#[test]
fn a_window_without_other_processes_gives_its_alerts() {
    let place = Place::new("slice-only-window");
    let only = place.name("only.scap");
    let trace = root().join("testdata/traces/data-destroyed.scap").display().to_string();
    let (event, _) = lines("rules", "Data destroyed", &trace).remove(0);
    let window = ["--from", &format!("#{event}"), "--to", &format!("#{}", event + 1)];
    ran(&[&["slice", "-q", "--only", &trace, "-w", &only], &window[..]].concat(), 0);
    let alerts =
        |trace: &str| ran(&[&["replay", "-q", "--utc", "-r", "rules", trace], &window[..]].concat(), 0).out;
    assert_eq!(alerts(&only), alerts(&trace));
    assert!(alerts(&only).contains("Data destroyed"));
}
