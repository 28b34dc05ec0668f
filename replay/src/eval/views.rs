//! Conditions on paths, where callers say one thing and the kernel another.

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::extras::{FileId, flag, kind};
use tercel_format::record::ProcessRecord;
use tercel_format::writer::EventBuilder;

use super::{Matcher, Matching};
use crate::fields::{Context, Paths, Settings};
use crate::state::State;

const PROCESS: i64 = 100;
const REGULAR: u32 = 0o100_644;

/// A host with one process.
fn host() -> State {
    let mut state = State::new();
    let record = ProcessRecord {
        tid: PROCESS,
        pid: PROCESS,
        vtid: PROCESS,
        vpid: PROCESS,
        comm: b"cat".to_vec(),
        exepath: b"/tmp/cat".to_vec(),
        cwd: b"/tmp".to_vec(),
        ..ProcessRecord::default()
    };
    state.block(&Block::Processes(vec![record]));
    state
}

fn file(ino: u64) -> Vec<u8> {
    FileId { ino, dev: 5, mode: REGULAR }.bytes().to_vec()
}

/// An open of fd 3 by a name, and what the kernel calls the file.
fn open(name: &str, path: &str, inside: Option<&str>) -> EventBuilder {
    let event = EventBuilder::new(code::SYSCALL_OPENAT_2_X, 1000, PROCESS)
        .set("fd", 3)
        .set("dirfd", -100)
        .set("name", name)
        .set("flags", 1)
        .set("ino", 7)
        .extra(kind::FILE, 0, &file(7))
        .extra(
            kind::PATH,
            if name == path { flag::SAME } else { 0 },
            if name == path { b"" } else { path.as_bytes() },
        );
    match inside {
        Some(inside) => event.extra(kind::PATH_INSIDE, 0, inside.as_bytes()),
        None => event,
    }
}

/// Which of the conditions hold at the last of the events.
#[track_caller]
fn held(
    conditions: &[&str],
    paths: Paths,
    matching: Matching,
    events: Vec<EventBuilder>,
) -> (Vec<u32>, Vec<u32>) {
    let program = super::tests::program(conditions);
    let matcher = Matcher::new(&program, matching);
    let mut memory = matcher.memory(Settings { paths, ..Settings::default() });
    let mut state = host();
    let mut found = (Vec::new(), Vec::new());
    for (number, event) in (1..).zip(events) {
        let encoded = event.encode().expect("an event of the catalogue");
        let mut event = encoded.event();
        event.num = number;
        let facts = state.apply(&event).expect("an event that is shown");
        let (all, by_kernel) =
            matcher.found(&Context { state: &state, event: &event, facts: &facts }, &mut memory);
        found = (all.to_vec(), by_kernel.to_vec());
    }
    found
}

#[track_caller]
fn check(conditions: &[&str], events: impl Fn() -> Vec<EventBuilder>, expected: [&[u32]; 3]) {
    for (paths, expected) in [Paths::Caller, Paths::Kernel, Paths::Both].into_iter().zip(expected) {
        assert_eq!(held(conditions, paths, Matching::All, events()).0, expected, "{paths:?}");
    }
}

/// A watched file, and exceptions as rules have them.
const RULES: [&str; 6] = [
    "fd.name = /etc/shadow",
    "fd.directory = /etc and fd.filename = shadow",
    "fd.name startswith /etc and not fd.name startswith /etc/ssl",
    "fs.path.name = /etc/shadow",
    "fd.name in (/etc/shadow, /etc/passwd) and not fd.name in (/tmp/zz)",
    "evt.abspath = /etc/shadow",
];

#[test]
fn a_disguise_hides_a_file_from_the_callers_view_only() {
    let disguises = [
        open("/tmp/zz", "/etc/shadow", None),
        open("zz", "/etc/shadow", None),
        open("/proc/self/root/etc/shadow", "/etc/shadow", None),
        open("/etc/ssl/zz", "/etc/shadow", None),
        open("/shadow", "/etc/shadow", Some("/shadow")),
    ];
    for event in disguises {
        check(&RULES, || vec![event.clone()], [&[], &[0, 1, 2, 3, 4, 5], &[0, 1, 2, 3, 4, 5]]);
    }
    // Where nobody hides anything, everybody sees the same; and what a caller says counts for Falco's lines.
    check(&RULES, || vec![open("/etc/shadow", "/etc/shadow", None)], [&[0, 1, 2, 3, 4, 5]; 3]);
    let all: &[u32] = &[0, 1, 2, 3, 4, 5];
    check(&RULES, || vec![open("/etc/shadow", "/tmp/bait", None)], [all, &[], all]);
    check(&RULES, || vec![open("/tmp/a", "/tmp/b", None)], [&[]; 3]);
}

#[test]
fn a_condition_sees_one_view_at_a_time() {
    // A file below /etc by name is somewhere else, and its exception with it.
    let event = || vec![open("/etc/ssl/cert", "/usr/share/cert", None)];
    check(&["fd.name startswith /etc and not fd.name startswith /etc/ssl"], event, [&[]; 3]);
    check(&["fd.name startswith /etc and fd.name endswith share/cert"], event, [&[]; 3]);
    // In a container the path that the container sees counts as well as the host's.
    let inside = || vec![open("/tmp/zz", "/var/lib/c/merged/etc/shadow", Some("/etc/shadow"))];
    check(&["fd.name = /etc/shadow", "fd.name startswith /var/lib"], inside, [&[], &[1], &[0, 1]]);
}

#[test]
fn an_fd_stays_what_it_is() {
    let read = || EventBuilder::new(code::SYSCALL_READ_X, 2000, PROCESS).set("res", 5).set("fd", 3);
    let events = || vec![open("/tmp/zz", "/etc/shadow", None), read()];
    check(&["fd.name = /etc/shadow", "fd.name = /tmp/zz"], events, [&[1], &[0], &[0, 1]]);
    // One that came without a name, and one that took the place of another.
    let came = |number: u64, path: &str| {
        read().extra(kind::PATH, 0, path.as_bytes()).extra(kind::FILE, 0, &file(number))
    };
    check(&["fd.name = /etc/shadow", "fd.type = file"], || vec![came(9, "/etc/shadow")], [&[0, 1]; 3]);
    let events = || vec![open("/tmp/a", "/tmp/a", None), came(9, "/etc/shadow")];
    check(&["fd.name = /etc/shadow", "fd.name = /tmp/a"], events, [&[0]; 3]);
    let events = || vec![open("/tmp/a", "/tmp/a", None), came(7, "/tmp/b"), read()];
    check(&["fd.name = /tmp/b", "fd.name = /tmp/a"], events, [&[1], &[0], &[0, 1]]);
}

#[test]
fn two_paths_and_an_executable() {
    let rename = || {
        let event = EventBuilder::new(code::SYSCALL_RENAME_X, 1000, PROCESS).set("res", 0);
        let event = event.set("oldpath", "/tmp/x").set("newpath", "/tmp/y");
        vec![event.extra(kind::PATH, 0, b"/etc/x").extra(kind::SECOND_PATH, 0, b"/etc/y")]
    };
    let conditions = ["fs.path.source = /etc/x", "fs.path.target = /etc/y", "fs.path.target = /tmp/y"];
    check(&conditions, rename, [&[2], &[0, 1], &[0, 1, 2]]);
    let link = || {
        let event = EventBuilder::new(code::SYSCALL_LINK_2_X, 1000, PROCESS).set("res", 0);
        let event = event.set("oldpath", "/tmp/x").set("newpath", "/tmp/y");
        vec![event.extra(kind::PATH, 0, b"/etc/old").extra(kind::SECOND_PATH, 0, b"/etc/new")]
    };
    let conditions =
        ["fs.path.source = /etc/new", "fs.path.target = /etc/old", "evt.arg.oldpath in (/etc/old)"];
    check(&conditions, link, [&[], &[0, 1, 2], &[0, 1, 2]]);
    let exec = || {
        let event =
            EventBuilder::new(code::SYSCALL_EXECVE_19_X, 1000, PROCESS).set("res", 0).set("pid", PROCESS);
        let event = event.set("exe", "x").set("comm", "x").set("trusted_exepath", "/tmp/bind/x");
        let event = event.extra(kind::EXE, 0, b"/usr/bin/nc");
        vec![event, open("/tmp/a", "/tmp/a", None)]
    };
    let conditions = [
        "proc.exepath = /usr/bin/nc",
        "proc.exepath = /tmp/bind/x",
        "proc.realexe = /usr/bin/nc",
        "proc.name = x",
    ];
    check(&conditions, exec, [&[1, 2, 3], &[0, 2, 3], &[0, 1, 2, 3]]);
}

#[test]
fn falcos_alert_stays_beside_the_kernels() {
    let rules = ["fd.name startswith /etc", "fd.name startswith /tmp"];
    let event = || vec![open("/tmp/zz", "/etc/shadow", None)];
    assert_eq!(held(&rules, Paths::Both, Matching::First, event()), (vec![0, 1], vec![0]));
    assert_eq!(held(&rules, Paths::Caller, Matching::First, event()), (vec![1], vec![]));
    assert_eq!(held(&rules, Paths::Kernel, Matching::First, event()), (vec![0], vec![]));
    let plain = vec![open("/tmp/zz", "/tmp/zz", None)];
    assert_eq!(held(&rules, Paths::Both, Matching::First, plain), (vec![1], vec![]));
}

#[test]
fn an_unknown_directory_is_the_kernels() {
    let unlink = || {
        let event = EventBuilder::new(code::SYSCALL_UNLINKAT_2_X, 1000, PROCESS).set("res", 0);
        vec![event.set("dirfd", 77).set("name", "b").extra(kind::PATH, 0, b"/tmp/a/b")]
    };
    check(&["fs.path.name = /tmp/a/b"], unlink, [&[0]; 3]);
}
