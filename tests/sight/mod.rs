//! What the kernel says beside what the caller says: files that are reached in many ways, arguments that are changed under way, and how
//! long calls take, as recordings have them. Needs root, BPF and a C compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use tercel_format::catalogue::code;
use tercel_format::extras::{fact, flag, kind};
use tercel_format::{Block, Event, Reader, until_nul};
use tercel_test_support::{Place, ran, require, root, tool};

use crate::turn;

mod held;

/// A program of tests/evade, built in `place`. Nothing if there is no compiler, which is said of the check.
fn program(check: &str, place: &Place, name: &str) -> Option<String> {
    let compiler = require(check, tool("cc"))?;
    let program = place.name(name);
    let source = root().join("tests/evade").join(name).with_extension("c");
    let built = Command::new(compiler).args(["-O1", "-w", "-pthread", "-o", &program]).arg(source).status();
    assert!(built.expect("cc runs").success());
    Some(program)
}

/// Shows every event of a trace.
fn each(trace: &str, mut show: impl FnMut(&Event<'_>)) {
    let mut reader = Reader::new(BufReader::new(File::open(trace).expect("the trace"))).expect("a capture");
    while let Some(block) = reader.next().expect("whole blocks") {
        if let Block::Event(event) = block
            && !event.initial
        {
            show(&event);
        }
    }
    assert_eq!(reader.statistics().incidents, 0);
}

/// Ways whose file the kernel does not know by the name that is watched: then it has another one in its directory, for good or for a moment.
const OTHER_NAMES: [&str; 2] = ["hardlink", "renamed"];

#[test]
fn the_kernel_knows_what_was_reached_in_whatever_way() {
    let check = "sight::the_kernel_knows_what_was_reached_in_whatever_way";
    let Some(_turn) = turn::alone(check) else { return };
    let place = Place::new("evade");
    let Some(program) = program(check, &place, "ways") else { return };
    let (trace, scratch) = (place.name("t.scap"), place.name("scratch"));
    let told = ran(&["record", "-q", "-w", &trace, "--", &program, &scratch], 0).out;
    let ways: BTreeMap<&str, bool> = told
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(way, result)| (way, result == "ok"))
        .collect();
    assert!(ways.len() > 50 && ways["plain"], "{told}");
    // Ways follow each other; each begins with its name.
    let watched = format!("{scratch}/watched").into_bytes();
    let (mut way, mut seen) = (String::new(), BTreeSet::new());
    each(&trace, |event| {
        if event.code() == code::SYSCALL_PRCTL_X
            && let Some(name) = event.text(2).map(|name| String::from_utf8_lossy(name).into_owned())
            && ways.contains_key(name.as_str())
        {
            way = name;
        }
        let mut paths: Vec<&[u8]> = event.kernel_path(kind::PATH).into_iter().collect();
        paths.extend(event.kernel_path(kind::EXE));
        paths.extend(event.extras().fds().map(|file| file.path));
        for path in paths {
            let reached: &[u8] = match way.as_bytes() {
                [b'x', b'_', ..] => b"/usr/bin/true",
                [b'w', b'_', ..] => &watched,
                _ if OTHER_NAMES.contains(&way.as_str()) => b"/etc/.",
                _ => b"/etc/shadow",
            };
            let is_other = reached == b"/etc/." && path.starts_with(reached);
            if event.return_value().is_some_and(|value| value >= 0) && (path == reached || is_other) {
                seen.insert(way.clone());
            }
        }
    });
    let missing: Vec<_> = ways
        .iter()
        // That file was opened by the parent, under its own name.
        .filter(|(way, is_done)| **is_done && **way != "inherited" && !seen.contains(**way))
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {told}");
}

#[test]
fn no_file_appears_under_a_name_that_was_changed_under_way() {
    let check = "sight::no_file_appears_under_a_name_that_was_changed_under_way";
    let Some(_turn) = turn::alone(check) else { return };
    let place = Place::new("toctou");
    let Some(program) = program(check, &place, "toctou") else { return };
    let trace = place.name("t.scap");
    let directory = place.directory().canonicalize().expect("a directory");
    let directory = directory.to_str().expect("a name");
    let told =
        ran(&["record", "-q", "--buffer", "128MiB", "-w", &trace, "--", &program, directory, "20000"], 0).out;
    let numbers: Vec<u64> = told.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [secret, secrets, others] = numbers[..] else { panic!("{told}") };
    let name = |name: &str| format!("{directory}/{name}").into_bytes();
    let (secret_name, benign_name) = (name("secret"), name("benign"));
    let (mut found, mut wrong, mut misnamed) = ([0, 0], 0, 0);
    let (mut changed, mut removed, mut lies) = (0, 0, 0);
    each(&trace, |event| {
        let mode = event.code() == code::SYSCALL_OPENAT_2_X || event.code() == code::SYSCALL_OPEN_X;
        let path = event.kernel_path(kind::PATH).unwrap_or_default();
        if mode && (path == secret_name || path == benign_name) {
            let (ino, given) = match event.code() {
                code::SYSCALL_OPEN_X => (event.uint(5), event.text(1)),
                _ => (event.uint(6), event.text(2)),
            };
            let is_secret = ino == Some(secret);
            found[usize::from(!is_secret)] += 1;
            wrong += u64::from(is_secret != (path == secret_name));
            misnamed += u64::from(given != Some(path));
        }
        if event.code() == code::SYSCALL_UNLINK_2_X
            && let Some(given) = event.text(1)
            && given.starts_with(directory.as_bytes())
        {
            removed += 1;
            let entry = event.kernel_path(kind::ENTRY_PATH);
            changed += u64::from(event.extras().is(fact::CHANGED));
            lies += u64::from(event.extras().is(fact::CHANGED) != entry.is_some() || entry == Some(given));
        }
    });
    // The files were made under their own names before.
    assert_eq!(found, [secrets + 1, others + 1], "{told}");
    assert_eq!((wrong, lies), (0, 0));
    assert!(removed >= 20_000, "{removed}");
    assert!(secrets > 0 && others > 0, "{told}");
    // What is changed all the time is changed between entry and exit often enough, and between the opening and the event, too.
    eprintln!(
        "{misnamed} of {} opens under another name by the caller's memory, {changed} of {removed} removals changed",
        secrets + others
    );
    assert!(changed > 0, "of {removed}");
}

#[test]
fn relative_names_have_the_directory_of_the_kernel() {
    let check = "sight::relative_names_have_the_directory_of_the_kernel";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("names");
    let (trace, directory) = (place.name("t.scap"), place.directory().canonicalize().expect("a directory"));
    let script = "mkdir -p b/c d && touch b/c/f && mv b/c/f d/g && chmod 600 d/g && ln -s g d/l && rm -r b";
    let mut command = Command::new(tercel_test_support::binary());
    command.args(["record", "-q", "-w", &trace, "--", "sh", "-c", script]).current_dir(&directory);
    assert!(command.status().expect("it runs").success());
    let below = |path: &[u8]| {
        let path = Path::new(std::str::from_utf8(path).expect("text"));
        path.strip_prefix(&directory).ok().map(|path| path.to_str().expect("text").to_owned())
    };
    let (mut proved, mut given, mut second) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    each(&trace, |event| {
        let Some(item) = event.extras().get(kind::PATH) else { return };
        let Some(path) = event.kernel_path(kind::PATH).and_then(below) else { return };
        if item.has(flag::COMPOSED) {
            proved.insert((event.info.name, path));
        } else if item.has(flag::UNRESOLVED) {
            given.insert((event.info.name, path));
            second.extend(event.kernel_path(kind::SECOND_PATH).and_then(below));
        }
    });
    let has = |set: &BTreeSet<(&str, String)>, name: &str, path: &str| {
        set.iter().any(|(event, found)| event.starts_with(name) && found == path)
    };
    for path in ["b", "d"] {
        assert!(has(&proved, "mkdir", path), "{path} of {proved:?}");
    }
    for path in ["b", "b/c"] {
        assert!(
            has(&proved, "unlinkat", path) || has(&given, "unlinkat", path),
            "{path} of {proved:?} {given:?}"
        );
    }
    assert!(has(&given, "rename", "b/c/f") && second.contains("d/g"), "{given:?} {second:?}");
}

#[test]
fn calls_say_how_long_they_took_where_that_is_asked_for() {
    let check = "sight::calls_say_how_long_they_took_where_that_is_asked_for";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("latency");
    for asked in [true, false] {
        let trace = place.name(if asked { "with.scap" } else { "without.scap" });
        let options: &[&str] = if asked { &["--latency"] } else { &[] };
        let command: &[&str] = &["--", "sleep", "0.2"];
        ran(&[&["record", "-q", "-w", &trace], options, command].concat(), 0);
        let (mut slept, mut timed) = (None, 0);
        each(&trace, |event| {
            timed += u64::from(event.extras().latency().is_some());
            let is_sleep = event.code() == code::SYSCALL_NANOSLEEP_X
                || (event.code() == code::GENERIC_X && event.uint(1) == Some(230));
            slept = slept.max(event.extras().latency().filter(|_| is_sleep));
        });
        assert_eq!(timed > 10, asked, "{timed}");
        assert_eq!(
            slept.is_some_and(|slept| (200_000_000..60_000_000_000).contains(&slept)),
            asked,
            "{slept:?}"
        );
        let filter = "evt.latency >= 200000000 and proc.name = sleep";
        let lines = ran(&["events", &trace, filter, "-p", "%evt.latency.s %evt.latency.human"], 0).out;
        assert_eq!(lines.lines().count() == 1, asked, "{lines}");
        assert!(!asked || lines.starts_with("0 2") && lines.ends_with("ms\n"), "{lines}");
    }
}

#[test]
fn files_that_somebody_else_opened_have_their_names() {
    let check = "sight::files_that_somebody_else_opened_have_their_names";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("rights");
    let Some(program) = program(check, &place, "ways") else { return };
    let (trace, scratch) = (place.name("t.scap"), place.name("scratch"));
    let told = ran(&["record", "-q", "-w", &trace, "--", &program, &scratch, "rights", "getfd"], 0).out;
    let ino = std::fs::metadata("/etc/shadow").expect("a file").ino();
    let mut found = BTreeMap::new();
    each(&trace, |event| {
        for file in event.extras().fds() {
            assert_eq!((until_nul(file.path), file.file.ino), (&b"/etc/shadow"[..], ino));
            *found.entry(event.info.name).or_insert(0) += 1;
        }
    });
    let expected = told.lines().filter(|line| line.ends_with(" ok")).count();
    assert_eq!(found.values().sum::<usize>(), expected, "{told}{found:?}");
    assert!(told.contains("rights ok") && found.contains_key("recvmsg"), "{told}{found:?}");
}

/// The port of an address as parameters have it: family, four bytes, port.
fn port(address: &[u8]) -> Option<u16> {
    let [2, _, _, _, _, low, high] = address else { return None };
    Some(u16::from_le_bytes([*low, *high]))
}

#[test]
fn an_address_that_is_changed_under_way_is_said_to_be() {
    let check = "sight::an_address_that_is_changed_under_way_is_said_to_be";
    let Some(_turn) = turn::alone(check) else { return };
    let place = Place::new("addresses");
    let Some(program) = program(check, &place, "addresses") else { return };
    let trace = place.name("t.scap");
    let (mut changed, mut switched) = (BTreeMap::new(), BTreeSet::new());
    let is_seen = |changed: &BTreeMap<&str, u64>, switched: &BTreeSet<u16>| {
        changed.contains_key("connect") && changed.contains_key("sendto") && switched.len() == 2
    };
    // On a busy machine the thread that changes the address may not run beside the calls.
    for _ in 0..20 {
        let calls = changed_addresses(&program, &trace, &mut changed, &mut switched);
        eprintln!("{changed:?} of {calls:?} addresses changed");
        for call in ["connect", "sendto"] {
            assert!(calls.get(call).is_some_and(|calls| *calls >= 20_000), "{calls:?}");
        }
        if is_seen(&changed, &switched) {
            return;
        }
    }
    // The parameter is read a moment before the comparison, so that it may have the port of the entry, but it does not always.
    panic!("changed {changed:?}, to ports other than at the entry: {switched:?}");
}

/// Records the program's calls: how many there are, and to `changed` and `switched` those whose address changed and the ports that the
/// parameter has then, where they differ from those at the entry.
fn changed_addresses(
    program: &str,
    trace: &str,
    changed: &mut BTreeMap<&'static str, u64>,
    switched: &mut BTreeSet<u16>,
) -> BTreeMap<&'static str, u64> {
    ran(&["record", "-q", "--force", "--buffer", "128MiB", "-w", trace, "--", program, "20000"], 0);
    let mut calls = BTreeMap::new();
    each(trace, |event| {
        if ![code::SOCKET_CONNECT_X, code::SOCKET_SENDTO_X].contains(&event.code()) {
            return;
        }
        let at_exit = event.param(3).filter(|_| event.code() == code::SOCKET_CONNECT_X).and_then(port);
        let at_entry = event.extras().get(kind::ENTRY_ADDRESS).map(|item| item.value);
        assert_eq!(event.extras().is(fact::CHANGED), at_entry.is_some());
        if event.code() == code::SOCKET_CONNECT_X && !matches!(at_exit, Some(4711 | 4712)) {
            return; // Not the program's.
        }
        *calls.entry(event.info.name).or_insert(0) += 1;
        if let Some(at_entry) = at_entry {
            assert!(matches!(port(at_entry), Some(4711 | 4712)), "{at_entry:?}");
            switched.extend(at_exit.filter(|at_exit| port(at_entry) != Some(*at_exit)));
            *changed.entry(event.info.name).or_insert(0) += 1;
        }
    });
    calls
}

#[test]
fn arguments_are_kept_up_to_the_chosen_limit() {
    let check = "sight::arguments_are_kept_up_to_the_chosen_limit";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("arguments");
    let long = "x".repeat(10_000);
    for (limit, kept) in [(None, 4096), (Some("8KiB"), 8192), (Some("16KiB"), "true".len() + long.len() + 2)]
    {
        let trace = place.name("t.scap");
        let options = limit.map_or(Vec::new(), |limit| vec!["--max-args", limit]);
        let command = ["--force", "-w", &trace, "--", "true", &long];
        ran(&[&["record", "-q"], options.as_slice(), &command].concat(), 0);
        let mut seen = Vec::new();
        each(&trace, |event| {
            let (Some(exe), Some(args)) = (event.param(1), event.param(2)) else { return };
            if event.code() == code::SYSCALL_EXECVE_19_X && event.return_value() == Some(0) {
                seen.push((exe.len() + args.len(), event.extras().is(fact::ARGUMENTS_CUT)));
            }
        });
        let is_cut = kept < long.len();
        assert!(seen.contains(&(kept, is_cut)), "{limit:?}: {kept} bytes, truncated: {is_cut}, of {seen:?}");
    }
}
