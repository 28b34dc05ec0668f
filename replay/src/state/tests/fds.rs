//! How fds come, multiply and go.

use tercel_format::catalogue::code;
use tercel_format::writer::Value;

use super::super::{FdKind, clone_flag};
use super::{Host, Params};

const CLOEXEC: u32 = 1 << 12;

#[test]
fn a_closed_fd_is_there_until_the_next_event() {
    let mut host = Host::new();
    let facts = host.close(100, 1);
    assert_eq!((facts.fd_num, facts.has_fd), (1, true));
    assert!(host.fd(100, 1).is_some());
    host.settle();
    assert!(host.fd(100, 1).is_none());
    let facts = host.close(100, 1);
    assert!(!facts.has_fd);
    host.event(code::SYSCALL_CLOSE_X, 100, &[("res", (-9).into()), ("fd", 2.into())]);
    host.settle();
    assert!(host.fd(100, 2).is_some());
}

#[test]
fn duplicates_have_the_name_and_their_own_flags() {
    let cases: [(u16, Params, i64, bool); 6] = [
        (code::SYSCALL_DUP_1_X, &[("res", 9.into()), ("oldfd", 4.into())], 9, false),
        (code::SYSCALL_DUP2_X, &[("res", 1.into()), ("oldfd", 4.into()), ("newfd", 1.into())], 1, false),
        (code::SYSCALL_DUP3_X, &[("res", 9.into()), ("oldfd", 4.into()), ("flags", CLOEXEC.into())], 9, true),
        (code::SYSCALL_FCNTL_X, &[("res", 9.into()), ("fd", 4.into()), ("cmd", 1.into())], 9, false),
        (code::SYSCALL_FCNTL_X, &[("res", 9.into()), ("fd", 4.into()), ("cmd", 26.into())], 9, true),
        (
            code::SYSCALL_FCNTL_X,
            &[("res", 0.into()), ("fd", 4.into()), ("cmd", 3.into()), ("arg", 0.into())],
            4,
            false,
        ),
    ];
    for (call, params, number, cloexec) in cases {
        let mut host = Host::new();
        host.open(100, 4, -100, "/f", 3 | CLOEXEC);
        let facts = host.event(call, 100, params);
        assert_eq!((facts.fd_num, facts.has_fd, facts.fd_name_changed), (number, true, false), "{params:?}");
        assert_eq!(host.fd_name(100, number).as_deref(), Some("/f"));
        assert_eq!(host.fd(100, number).map(|fd| fd.closes_on_exec()), Some(cloexec), "{params:?}");
        assert_eq!(host.thread(100).flags & clone_flag::PIPE_SRC != 0, number == 1);
    }
}

#[test]
fn pipes_and_pairs_come_by_two() {
    let mut host = Host::new();
    let ends: [(&str, Value); 4] =
        [("res", 0.into()), ("fd1", 3.into()), ("fd2", 4.into()), ("ino", 55.into())];
    let facts = host.event(code::SYSCALL_PIPE_X, 100, &ends);
    assert_eq!((facts.fd_num, facts.fd_name_changed), (4, false));
    for number in [3, 4] {
        assert_eq!(host.fd(100, number).map(|fd| (fd.kind, fd.ino)), Some((FdKind::Fifo, 55)));
    }
    let pair = |fd1: i64, fd2: i64| -> [(&str, Value); 5] {
        [
            ("res", 0.into()),
            ("fd1", fd1.into()),
            ("fd2", fd2.into()),
            ("source", 16.into()),
            ("peer", 17.into()),
        ]
    };
    host.event(code::SOCKET_SOCKETPAIR_X, 100, &pair(5, 6));
    assert_eq!(host.fd(100, 6).map(|fd| (fd.kind, fd.unix)), Some((FdKind::Unix, Some((16, 17)))));
    assert!(!host.event(code::SOCKET_SOCKETPAIR_X, 100, &pair(-1, -1)).has_fd);
}

#[test]
fn calls_without_a_path_make_entries_of_their_kind() {
    let cases: [(u16, Params, FdKind, u32); 8] = [
        (code::SYSCALL_EVENTFD_X, &[("res", 8.into())], FdKind::Event, 0),
        (code::SYSCALL_EVENTFD2_X, &[("res", 8.into()), ("flags", 4096.into())], FdKind::Event, 4096),
        (code::SYSCALL_TIMERFD_CREATE_X, &[("res", 8.into()), ("flags", 3.into())], FdKind::Timer, 3),
        (code::SYSCALL_INOTIFY_INIT1_X, &[("res", 8.into()), ("flags", 2.into())], FdKind::Inotify, 2),
        (
            code::SYSCALL_EPOLL_CREATE1_X,
            &[("res", 8.into()), ("flags", 1.into())],
            FdKind::EventPoll,
            CLOEXEC,
        ),
        (code::SYSCALL_BPF_2_X, &[("fd", 8.into())], FdKind::Bpf, CLOEXEC),
        (code::SYSCALL_USERFAULTFD_X, &[("res", 8.into())], FdKind::Userfault, 0),
        (code::SYSCALL_IO_URING_SETUP_X, &[("res", 8.into())], FdKind::IoUring, CLOEXEC),
    ];
    for (call, params, kind, flags) in cases {
        let mut host = Host::new();
        let facts = host.event(call, 100, params);
        assert_eq!((facts.fd_num, facts.has_fd, facts.fd_name_changed), (8, true, false), "{call}");
        assert_eq!(host.fd(100, 8).map(|fd| (fd.kind, fd.open_flags)), Some((kind, flags)), "{call}");
    }
}

#[test]
fn memory_and_process_fds_have_names() {
    let mut host = Host::new();
    host.event(
        code::SYSCALL_MEMFD_CREATE_X,
        100,
        &[("fd", 3.into()), ("name", "mem".into()), ("flags", 1.into())],
    );
    assert_eq!(host.fd(100, 3).map(|fd| (fd.kind, fd.closes_on_exec())), Some((FdKind::Memfd, true)));
    host.event(code::SYSCALL_PIDFD_OPEN_X, 1, &[("fd", 9.into()), ("pid", 100.into()), ("flags", 0.into())]);
    assert_eq!(host.fd_name(1, 9).as_deref(), Some("/proc/100"));
    let get: [(&str, Value); 3] = [("fd", 10.into()), ("pid_fd", 9.into()), ("target_fd", 3.into())];
    host.event(code::SYSCALL_PIDFD_GETFD_X, 1, &get);
    assert_eq!(host.fd_name(1, 10).as_deref(), Some("mem"));
    assert_eq!(host.fd(1, 10).map(|fd| fd.closes_on_exec()), Some(true));
}

#[test]
fn ranges_close_at_once_or_on_exec() {
    let range = |flags: u32| -> [(&str, Value); 4] {
        [("res", 0.into()), ("first", 1.into()), ("last", u32::MAX.into()), ("flags", flags.into())]
    };
    let mut host = Host::new();
    host.event(code::SYSCALL_CLOSE_RANGE_X, 100, &range(4));
    assert_eq!(host.fd(100, 2).map(|fd| fd.closes_on_exec()), Some(true));
    assert_eq!(host.fd(100, 0).map(|fd| fd.closes_on_exec()), Some(false));
    host.event(code::SYSCALL_CLOSE_RANGE_X, 100, &range(0));
    assert!(host.fd(100, 0).is_some() && host.fd(100, 1).is_none() && host.fd(100, 2).is_none());
}

#[test]
fn an_exit_takes_its_fd_from_the_enter_event_or_its_own_parameter() {
    let mut host = Host::new();
    let facts = host.event(code::SYSCALL_READ_X, 100, &[("res", 1.into()), ("fd", 2.into())]);
    assert_eq!((facts.fd_num, facts.has_fd), (2, true));
    let facts = host.event(code::SYSCALL_MMAP_X, 100, &[("res", 1.into()), ("fd", 0.into())]);
    assert_eq!((facts.fd_num, facts.has_fd), (0, true));
    let facts = host.event(code::SOCKET_RECVMSG_X, 100, &[("res", 1.into()), ("fd", 77.into())]);
    assert_eq!((facts.fd_num, facts.has_fd), (77, false));
    host.hidden(code::SOCKET_CONNECT_E, 100, &[("fd", 1.into())]);
    let facts = host.event(code::SOCKET_CONNECT_X, 100, &[("res", (-1).into()), ("fd", 2.into())]);
    assert_eq!((facts.fd_num, facts.has_fd), (1, true));
}

#[test]
fn an_exec_closes_what_is_to_be_closed() {
    let mut host = Host::new();
    let (keeps, closes) = (0.into(), 4096.into());
    let socket = |number: i64, flags: &Value| -> [(&str, Value); 4] {
        [("fd", number.into()), ("domain", 2.into()), ("type", 1.into()), ("flags", flags.clone())]
    };
    host.event(code::SOCKET_SOCKET_X, 100, &socket(3, &closes));
    host.event(code::SOCKET_SOCKET_X, 100, &socket(4, &keeps));
    let pair = |first: i64, kind: i64| -> [(&str, Value); 6] {
        [
            ("res", 0.into()),
            ("fd1", first.into()),
            ("fd2", (first + 1).into()),
            ("source", 16.into()),
            ("peer", 17.into()),
            ("type", kind.into()),
        ]
    };
    host.event(code::SOCKET_SOCKETPAIR_X, 100, &pair(5, 1 | 0o2_000_000));
    host.event(code::SOCKET_SOCKETPAIR_X, 100, &pair(7, 1));
    host.event(code::SYSCALL_BPF_2_X, 100, &[("fd", 9.into())]);
    host.event(code::SYSCALL_PIDFD_OPEN_X, 100, &[("fd", 10.into()), ("pid", 1.into())]);
    host.exec(100, "/bin/sh");
    let open: Vec<i64> = (0..12).filter(|number| host.fd(100, *number).is_some()).collect();
    assert_eq!(open, [0, 1, 2, 4, 7, 8]);
}
