//! Names of files and directories.

use tercel_format::catalogue::code;
use tercel_format::writer::Value;

use super::super::FdKind;
use super::{Host, Params, string};

const CLOEXEC: u32 = 1 << 12;
const DIRECTORY: u32 = 1 << 10;

#[test]
fn names_are_joined_with_the_directory_in_force() {
    for (dirfd, name, expected) in [
        (-100, "a", "/home/u/a"),
        (-100, "../x//y/", "/home/x/y"),
        (5, "a", "/srv/data/a"),
        (5, "/etc/passwd", "/etc/passwd"),
        (99, "a", "<UNKNOWN>a"),
        (-1, "a", "<UNKNOWN>a"),
        (-1, "/a", "/a"),
    ] {
        let mut host = Host::new();
        host.open(100, 5, -100, "/srv/data", DIRECTORY);
        let facts = host.open(100, 6, dirfd, name, 1);
        assert_eq!(host.fd_name(100, 6).as_deref(), Some(expected), "{dirfd} {name}");
        assert_eq!((facts.fd_num, facts.has_fd, facts.fd_name_changed), (6, true, true));
        let fd = host.fd(100, 6).expect("open");
        assert_eq!((fd.kind, fd.dev, fd.ino, string(&fd.raw_name)), (FdKind::FileV2, 5, 6, name.to_owned()));
    }
}

#[test]
fn a_failed_open_leaves_no_entry() {
    let mut host = Host::new();
    let facts = host.open(100, -2, -100, "/nope", 1);
    assert_eq!((facts.fd_num, facts.has_fd, facts.error), (-1, false, -2));
    assert_eq!(host.state.threads.fds(host.slot(100)).map(|fds| fds.len()), Some(3));
}

#[test]
fn every_open_has_its_parameters_where_it_has_them() {
    let cases: [(u16, Params, &str, u32, u64); 5] = [
        (
            code::SYSCALL_OPEN_X,
            &[
                ("fd", 8.into()),
                ("name", "f".into()),
                ("flags", (1 << 15).into()),
                ("dev", 1.into()),
                ("ino", 2.into()),
            ],
            "/home/u/f",
            1,
            2,
        ),
        (
            code::SYSCALL_CREAT_X,
            &[
                ("fd", 8.into()),
                ("name", "f".into()),
                ("dev", 3.into()),
                ("ino", 4.into()),
                ("creat_flags", 1.into()),
            ],
            "/home/u/f",
            3,
            4,
        ),
        (
            code::SYSCALL_OPENAT2_X,
            &[
                ("fd", 8.into()),
                ("dirfd", (-100).into()),
                ("name", "f".into()),
                ("flags", (1 << 15).into()),
                ("dev", 5.into()),
                ("ino", 6.into()),
            ],
            "/home/u/f",
            5,
            6,
        ),
        (
            code::SYSCALL_OPEN_BY_HANDLE_AT_X,
            &[
                ("fd", 8.into()),
                ("flags", (1 << 15).into()),
                ("path", "/h/f".into()),
                ("dev", 7.into()),
                ("ino", 8.into()),
            ],
            "/h/f",
            7,
            8,
        ),
        (
            code::SYSCALL_OPENAT_2_X,
            &[("fd", 8.into()), ("dirfd", (-100).into()), ("flags", (1 << 15).into())],
            "/home/u/<NA>",
            0,
            0,
        ),
    ];
    for (call, params, name, dev, ino) in cases {
        let mut host = Host::new();
        host.event(call, 100, params);
        let fd = host.fd(100, 8).expect("open");
        assert_eq!((string(&fd.name).as_str(), fd.dev, fd.ino), (name, dev, ino), "{call}");
        assert!(fd.flags.upper_layer && !fd.flags.lower_layer, "{call}");
    }
}

#[test]
fn the_enter_event_tells_what_the_program_asked_for() {
    let enter: [(&str, Value); 3] =
        [("dirfd", (-100).into()), ("name", "/asked".into()), ("flags", 3.into())];
    let mut host = Host::new();
    assert!(host.hidden(code::SYSCALL_OPENAT_2_E, 100, &enter).is_none());
    host.open(100, 4, -100, "/swapped", 1 << 14);
    assert_eq!(host.fd_name(100, 4).as_deref(), Some("/asked"));
    assert_eq!(host.fd(100, 4).map(|fd| fd.open_flags), Some(3 | 1 << 14));
    // An exit that does not follow its enter event goes by itself.
    host.hidden(code::SYSCALL_OPENAT_2_E, 100, &enter);
    host.event(code::SYSCALL_SETSID_X, 100, &[("res", 1.into())]);
    host.open(100, 5, -100, "/other", 1);
    assert_eq!(host.fd_name(100, 5).as_deref(), Some("/other"));
}

#[test]
fn directories_change_for_the_whole_process() {
    let mut host = Host::new();
    host.clone_in_parent(100, 101, super::super::clone_flag::THREAD);
    host.event(code::SYSCALL_CHDIR_X, 100, &[("res", 0.into()), ("path", "../w".into())]);
    assert_eq!((host.cwd(100), host.cwd(101)), ("/home/w/".to_owned(), "/home/w/".to_owned()));
    host.event(code::SYSCALL_CHDIR_X, 100, &[("res", (-2).into()), ("path", "/nope".into())]);
    assert_eq!(host.cwd(100), "/home/w/");
    host.open(100, 4, -100, "/srv", DIRECTORY | CLOEXEC);
    host.event(code::SYSCALL_FCHDIR_X, 100, &[("res", 0.into()), ("fd", 4.into())]);
    assert_eq!(host.cwd(100), "/srv/");
    host.event(code::SYSCALL_GETCWD_X, 100, &[("res", 5.into()), ("path", "/real".into())]);
    assert_eq!(host.cwd(100), "/real/");
    // A thread has no directory of its own: its path is used alone.
    host.event(code::SYSCALL_CHDIR_X, 101, &[("res", 0.into()), ("path", "sub".into())]);
    assert_eq!(host.cwd(100), "sub/");
}
