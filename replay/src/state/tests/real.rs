//! What the kernel says of files beside the parameters.

use tercel_format::catalogue::code;
use tercel_format::extras::{FdFile, FileId, flag, kind};
use tercel_format::writer::EventBuilder;

use super::super::{FdKind, State};
use super::{Host, string};

const SHELL: i64 = 100;

fn file(ino: u64, mode: u32) -> Vec<u8> {
    FileId { ino, dev: 5, mode }.bytes().to_vec()
}

/// An event with a path of the kernel, and with a file.
fn called(event: EventBuilder, path: &str, file: &[u8]) -> EventBuilder {
    event.extra(kind::PATH, 0, path.as_bytes()).extra(kind::FILE, 0, file)
}

/// Name, path of the kernel, and path inside of an fd.
fn names(state: &State, number: i64) -> Option<(String, Option<String>, Option<String>)> {
    let slot = state.threads.by_tid(SHELL)?;
    let fd = state.threads.fd(slot, number)?;
    let text = |text: Option<&crate::state::Text>| text.map(|text| string(text));
    Some((string(&fd.name), text(fd.real_path()), text(fd.real_path_inside())))
}

fn names_of(name: &str, path: &str, inside: &str) -> Option<(String, Option<String>, Option<String>)> {
    Some((name.to_owned(), Some(path.to_owned()), Some(inside.to_owned())))
}

#[test]
fn opens_keep_what_the_kernel_called_the_file() {
    let mut host = Host::new();
    let open = |number: i64, name: &str| {
        let event =
            EventBuilder::new(code::SYSCALL_OPENAT_2_X, 0, SHELL).set("fd", number).set("dirfd", -100);
        event.set("name", name).set("flags", 1).set("ino", 7)
    };
    host.built(called(open(5, "/tmp/link"), "/etc/shadow", &file(7, 0o100_640)), &[]);
    host.built(open(6, "/etc/hosts").extra(kind::PATH, flag::SAME, b""), &[]);
    let inside = called(open(7, "/etc/x"), "/var/c/merged/etc/x", &file(7, 0o100_640));
    host.built(inside.extra(kind::PATH_INSIDE, flag::SAME, b""), &[]);
    host.built(open(8, "/etc/none"), &[]);
    let event = open(9, "b").set("dirfd", 77);
    host.built(called(event, "/a/b", &file(7, 0o100_640)), &[]);
    let restored = State::restore(&host.state.snapshot().expect("small")).expect("a snapshot");
    for state in [&host.state, &restored] {
        assert_eq!(names(state, 5), names_of("/tmp/link", "/etc/shadow", "/etc/shadow"));
        assert_eq!(names(state, 6), names_of("/etc/hosts", "/etc/hosts", "/etc/hosts"));
        assert_eq!(names(state, 7), names_of("/etc/x", "/var/c/merged/etc/x", "/etc/x"));
        assert_eq!(names(state, 8), Some(("/etc/none".to_owned(), None, None)));
        assert_eq!(names(state, 9), names_of("/a/b", "/a/b", "/a/b"));
    }
}

#[test]
fn fds_get_their_names_at_the_first_use() {
    let mut host = Host::new();
    let read =
        |number: i64| EventBuilder::new(code::SYSCALL_READ_X, 0, SHELL).set("res", 1).set("fd", number);
    host.built(called(read(20), "/etc/shadow", &file(9, 0o100_640)), &[]);
    host.built(called(read(21), "/etc", &file(10, 0o040_755)), &[]);
    host.built(called(read(22), "pipe:", &file(11, 0o010_600)), &[]);
    assert_eq!(names(&host.state, 20), names_of("/etc/shadow", "/etc/shadow", "/etc/shadow"));
    assert_eq!(host.fd(SHELL, 20).map(|fd| (fd.kind, fd.ino)), Some((FdKind::FileV2, 9)));
    assert_eq!(host.fd(SHELL, 21).map(|fd| fd.kind), Some(FdKind::Directory));
    assert!(host.fd(SHELL, 22).is_none());
    // A file in the place of something else, and another file.
    host.event(code::SYSCALL_BPF_2_X, SHELL, &[("fd", 20.into())]);
    host.built(called(read(20), "/etc/gshadow", &file(12, 0o100_640)), &[]);
    assert_eq!(names(&host.state, 20), names_of("/etc/gshadow", "/etc/gshadow", "/etc/gshadow"));
    host.open(SHELL, 23, -100, "/tmp/a", 1);
    host.built(called(read(23), "/tmp/b", &file(99, 0o100_640)), &[]);
    assert_eq!(names(&host.state, 23), names_of("/tmp/b", "/tmp/b", "/tmp/b"));
    // The same file under another name keeps the name that it was opened by.
    host.open(SHELL, 24, -100, "/tmp/a", 1);
    host.built(called(read(24), "/tmp/c", &file(6, 0o100_640)), &[]);
    assert_eq!(names(&host.state, 24), names_of("/tmp/a", "/tmp/c", "/tmp/c"));
    // What a call on a path is about is not its directory fd.
    let mkdir = EventBuilder::new(code::SYSCALL_MKDIRAT_X, 0, SHELL).set("res", 0).set("dirfd", 30);
    host.built(called(mkdir.set("path", "d"), "/tmp/d", &file(13, 0o040_755)), &[]);
    assert!(host.fd(SHELL, 30).is_none());
}

#[test]
fn fds_that_come_over_a_socket_replace_what_had_their_numbers() {
    let mut host = Host::new();
    host.open(SHELL, 8, -100, "/tmp/stale", 1);
    host.open(SHELL, 9, -100, "/tmp/stale", 1);
    let received = |fd: i32, mode: u32, path: &'static str| {
        let file = FileId { ino: 7, dev: 5, mode };
        FdFile { fd, file, open_flags: 0, path: path.as_bytes() }.bytes()
    };
    let event = EventBuilder::new(code::SOCKET_RECVMSG_X, 0, SHELL).set("res", 1).set("fd", 3);
    let event = event
        .extra(kind::FD, 0, &received(8, 0o100_640, "/etc/shadow"))
        .extra(kind::FD, 0, &received(9, 0o010_600, ""))
        .extra(kind::FD, 0, &received(10, 0o040_755, "/etc"))
        .extra(kind::FD, 0, &received(-1, 0o100_640, "/etc/hosts"));
    host.built(event, &[]);
    assert_eq!(names(&host.state, 8), names_of("/etc/shadow", "/etc/shadow", "/etc/shadow"));
    assert_eq!(host.fd(SHELL, 8).map(|fd| (fd.kind, fd.ino, fd.dev)), Some((FdKind::FileV2, 7, 5)));
    assert!(host.fd(SHELL, 9).is_none() && host.fd(SHELL, -1).is_none());
    assert_eq!(host.fd(SHELL, 10).map(|fd| fd.kind), Some(FdKind::Directory));
}
