//! The table itself: a row per event, in which each parameter of the catalogue is named and said how it is made. A test compares
//! names, their order and their number with the catalogue.

use tercel_format::catalogue::code::*;
use tercel_probe_abi::{Param, beside, item, kind, step};

use crate::flags::*;

/// What one word of a program makes.
pub(super) struct Entry {
    /// Names of the parameters that it adds, in the catalogue's order: none for a step that only works out arguments.
    pub(super) params: &'static [&'static str],
    /// The word.
    pub(super) word: Param,
}

/// How one event is made.
pub(super) struct Program {
    /// Event code.
    pub(super) event: u16,
    /// The entries in order; those that several events begin with come first.
    pub(super) parts: &'static [&'static [Entry]],
}

/// The names of an entry: one, several in parentheses, or none.
macro_rules! names {
    (($($name:tt)*)) => { &[$(stringify!($name)),*] };
    ($name:tt) => { &[stringify!($name)] };
}

/// Entries as `name: word`.
macro_rules! entries {
    ($($names:tt: $word:expr),* $(,)?) => { [$(Entry { params: names!($names), word: $word }),*] };
}

/// Rows as `EVENT { entries }`, or `EVENT [shared] { further entries }`.
macro_rules! programs {
    ($($event:ident $([$shared:expr])? { $($names:tt: $word:expr),* $(,)? })*) => {
        /// How every event is made that is not the generic one. What stands in no row is recorded as the generic event.
        pub(super) static PROGRAMS: &[Program] = &[$(
            Program { event: $event, parts: &[$(&$shared,)? &entries![$($names: $word),*]] }
        ),*];
    };
}

const fn word(kind: u8, arg: u8, width: u8, map: u8, value: u32) -> Param {
    Param { kind, arg, width, map, value }
}

const RET: Param = word(kind::RET, 0, 8, 0, 0);
const EMPTY: Param = word(kind::EMPTY, 0, 0, 0, 0);
const SIZE: Param = word(kind::SIZE, 0, 4, 0, 0);

const fn int(arg: u8, width: u8) -> Param {
    word(kind::INT, arg, width, 0, 0)
}
const fn signed(arg: u8) -> Param {
    word(kind::SIGNED, arg, 8, 0, 0)
}
const fn ret32(width: u8) -> Param {
    word(kind::RET32, 0, width, 0, 0)
}
pub(super) const fn constant(value: u32, width: u8) -> Param {
    word(kind::CONST, 0, width, 0, value)
}
const fn bits(arg: u8, width: u8, table: u8) -> Param {
    word(kind::BITS, arg, width, table, 0)
}
const fn value(arg: u8, width: u8, table: u8) -> Param {
    word(kind::ENUM, arg, width, table, 0)
}
const fn text(arg: u8) -> Param {
    word(kind::STR, arg, 0, 0, 0)
}
const fn text_if_ok(arg: u8) -> Param {
    word(kind::STR_OK, arg, 0, 0, 0)
}
const fn data_in(arg: u8) -> Param {
    word(kind::DATA_IN, arg, 0, 0, 0)
}
const fn data_out(arg: u8, size: u8) -> Param {
    word(kind::DATA_OUT, arg, 0, size, 0)
}
const fn time(arg: u8) -> Param {
    word(kind::TIME, arg, 8, 0, 0)
}
const fn run(step: u8, map: u8, width: u8, value: u32) -> Param {
    word(kind::STEP, step, width, map, value)
}
/// A step that needs to know nothing.
const fn plain(step: u8) -> Param {
    run(step, 0, 0, 0)
}
/// `count` numbers at the pointer in an argument, into arguments from `first` on; a failed call has none.
const fn fetch(pointer: u8, width: u8, count: u32, first: u32) -> Param {
    run(step::FETCH, pointer, width, count | first << 8)
}
/// The same for failed calls as well.
const fn fetch_always(pointer: u8, width: u8, count: u32, first: u32) -> Param {
    run(step::FETCH, pointer, width, count | first << 8 | 0x1_0000)
}
/// The caller's `long`.
const LONG: u8 = 0;
const OUTBOUND: u8 = 0;
const INBOUND: u8 = 1;
const RETURNED: u8 = 255;
const UNNAMED: u32 = 255;
const fn tuple(fd: u8, direction: u8, named: u32) -> Param {
    run(step::TUPLE, fd, direction, named)
}

/// Beside the parameters: the file behind the fd in an argument, whose path the caller gave in a parameter (0: in none).
const fn file(argument: u8, parameter: u32, more: u32) -> Param {
    run(step::BESIDE_FILE, argument, item::PATH, parameter | more)
}
/// Beside the parameters: the name that parameter number `parameter` (from 1) is, in the directory of an argument.
const fn name(directory: u8, parameter: u32, more: u32) -> Param {
    run(step::BESIDE_NAME, directory, item::PATH, parameter | more)
}
/// The same of the second name.
const fn second_name(directory: u8, parameter: u32, more: u32) -> Param {
    run(step::BESIDE_NAME, directory, item::SECOND_PATH, parameter | more)
}
use beside::{COMPARED, CWD, FOLLOWED, HOOKED, ID, LAST, OPENED};
/// A name that is removed.
const REMOVED: u32 = HOOKED | LAST;

/// The request of `ioctl` that returns the other end of a terminal (asm-generic/ioctls.h).
const TIOCGPTPEER: u32 = 0x5441;

/// The event of a new process or thread; `flags` says where its flags are ([`step::CLONE`]).
const fn cloned(flags: u32) -> [Entry; 7] {
    entries![
        res: RET, (exe args): run(step::EXE_ARGS, 0, 0, 2), (tid pid ptid): plain(step::IDS), cwd: EMPTY,
        (fdlimit pgft_maj pgft_min vm_size vm_rss vm_swap comm): plain(step::USAGE), cgroups: plain(step::CGROUPS),
        (flags uid gid vtid vpid pidns_init_start_ts): run(step::CLONE, 0, 0, flags),
    ]
}

/// The event of an executed program, up to its group. `attempted` is 1 if the call failed and the process is still what it
/// was: then `argv` and `envp` are the arguments with the vectors of arguments and of the environment.
const fn executed(argv: u8, envp: u8, attempted: u32) -> [Entry; 10] {
    entries![
        res: RET, (exe args): run(step::EXE_ARGS, argv, 0, attempted), (tid pid ptid): plain(step::IDS),
        cwd: plain(step::CWD), (fdlimit pgft_maj pgft_min vm_size vm_rss vm_swap comm): plain(step::USAGE),
        cgroups: plain(step::CGROUPS), env: run(step::ENV, envp, 0, attempted),
        (tty vpgid loginuid flags cap_inheritable cap_permitted cap_effective exe_ino exe_ino_ctime exe_ino_mtime
         uid): plain(step::IMAGE),
        trusted_exepath: plain(step::EXE_PATH), (pgid gid): plain(step::GROUPS),
    ]
}

/// A program that was executed, as the scheduler shows it.
pub(super) static EXECUTED: Program = Program {
    event: SYSCALL_EXECVE_19_X,
    parts: &[
        &executed(0, 0, 0),
        &entries![
            filename: word(kind::KERNEL_STR, 0, 0, 0, 0), (): run(step::BESIDE_PLACE, beside::EXE, item::EXE, 28),
        ],
    ],
};

#[rustfmt::skip]
programs! {
    // Events of the scheduler
    PROCEXIT_1_E {
        (): plain(step::REAPER), status: int(7, 8), ret: int(8, 8), sig: int(9, 1), core: int(10, 1),
        reaper_tid: int(6, 8),
    }
    SIGNALDELIVER_E { spid: int(0, 8), dpid: int(1, 8), sig: int(2, 1) }
    // Processes
    SYSCALL_CLONE_20_X [cloned(0)] {}
    SYSCALL_FORK_20_X [cloned(1)] {}
    SYSCALL_VFORK_20_X [cloned(1)] {}
    SYSCALL_CLONE3_X [cloned(2)] {}
    SYSCALL_EXECVE_19_X [executed(1, 2, 1)] { filename: text(0), (): run(step::BESIDE_ATTEMPT, 0, 0, 31) }
    SYSCALL_EXECVEAT_X [executed(2, 3, 1)] { (): run(step::BESIDE_ATTEMPT, 1, 0, 0) }
    SYSCALL_KILL_X { res: RET, pid: signed(0), sig: int(1, 1) }
    SYSCALL_TKILL_X { res: RET, tid: signed(0), sig: int(1, 1) }
    SYSCALL_TGKILL_X { res: RET, pid: signed(0), tid: signed(1), sig: int(2, 1) }
    SYSCALL_SETUID_X { res: RET, uid: int(0, 4) }
    SYSCALL_SETGID_X { res: RET, gid: int(0, 4) }
    SYSCALL_SETREUID_X { res: RET, ruid: int(0, 4), euid: int(1, 4) }
    SYSCALL_SETREGID_X { res: RET, rgid: int(0, 4), egid: int(1, 4) }
    SYSCALL_SETRESUID_X { res: RET, ruid: int(0, 4), euid: int(1, 4), suid: int(2, 4) }
    SYSCALL_SETRESGID_X { res: RET, rgid: int(0, 4), egid: int(1, 4), sgid: int(2, 4) }
    SYSCALL_GETUID_X { uid: ret32(4) }
    SYSCALL_GETEUID_X { euid: ret32(4) }
    SYSCALL_GETGID_X { gid: ret32(4) }
    SYSCALL_GETEGID_X { egid: ret32(4) }
    SYSCALL_GETRESUID_X {
        (): fetch_always(0, 4, 1, 6), (): fetch_always(1, 4, 1, 7), (): fetch_always(2, 4, 1, 8), res: RET,
        ruid: int(6, 4), euid: int(7, 4), suid: int(8, 4),
    }
    SYSCALL_GETRESGID_X {
        (): fetch_always(0, 4, 1, 6), (): fetch_always(1, 4, 1, 7), (): fetch_always(2, 4, 1, 8), res: RET,
        rgid: int(6, 4), egid: int(7, 4), sgid: int(8, 4),
    }
    SYSCALL_SETSID_X { res: RET }
    SYSCALL_SETPGID_X { res: RET, pid: signed(0), pgid: signed(1) }
    SYSCALL_CAPSET_X {
        (): plain(step::CAPABILITIES), res: RET, cap_inheritable: int(6, 8), cap_permitted: int(7, 8),
        cap_effective: int(8, 8),
    }
    SYSCALL_SETNS_X { res: RET, fd: signed(0), nstype: bits(1, 4, CLONE) }
    SYSCALL_UNSHARE_X { res: RET, flags: bits(0, 4, CLONE) }
    SYSCALL_PRCTL_X { res: RET, option: int(0, 4), (arg2_str arg2_int): plain(step::PRCTL) }
    SYSCALL_PTRACE_X { res: RET, (addr data): plain(step::PTRACE), request: value(0, 2, PTRACE), pid: signed(1) }
    SYSCALL_SECCOMP_X { res: RET, op: int(0, 8), flags: int(1, 8) }
    SYSCALL_BPF_2_X { fd: RET, cmd: int(0, 4) }
    SYSCALL_GETRLIMIT_X {
        (): fetch(1, LONG, 2, 6), res: RET, cur: int(6, 8), max: int(7, 8), resource: value(0, 1, RLIMIT),
    }
    SYSCALL_SETRLIMIT_X {
        (): fetch_always(1, LONG, 2, 6), res: RET, cur: int(6, 8), max: int(7, 8), resource: value(0, 1, RLIMIT),
    }
    SYSCALL_PRLIMIT_X {
        (): fetch_always(2, 8, 2, 6), (): fetch(3, 8, 2, 8), res: RET, newcur: int(6, 8), newmax: int(7, 8),
        oldcur: int(8, 8), oldmax: int(9, 8), pid: signed(0), resource: value(1, 1, RLIMIT),
    }
    SYSCALL_PROCESS_VM_READV_X { res: RET, pid: signed(0), data: run(step::IOV_DATA, 1, 2, 1) }
    SYSCALL_PROCESS_VM_WRITEV_X { res: RET, pid: signed(0), data: run(step::IOV_DATA, 1, 2, 1) }
    SYSCALL_PIDFD_OPEN_X { fd: RET, pid: signed(0), flags: bits(1, 4, PIDFD) }
    SYSCALL_PIDFD_GETFD_X { fd: RET, pid_fd: signed(0), target_fd: signed(1), flags: int(2, 4), (): run(step::BESIDE_FD, beside::RETURNED, 0, 0) }
    SYSCALL_KEYCTL_X { res: RET, operation: int(0, 4), (arg2 arg3 arg4 arg5): plain(step::KEYCTL) }
    // Opening files
    SYSCALL_OPEN_X {
        (): run(step::OPENED, 1, 2, 0), fd: RET, name: text(0), flags: int(6, 4), mode: int(7, 4), dev: int(8, 4),
        ino: int(9, 8),
        (): file(OPENED, 2, COMPARED),
    }
    SYSCALL_OPENAT_2_X {
        (): run(step::OPENED, 2, 3, 0), fd: RET, dirfd: signed(0), name: text(1), flags: int(6, 4), mode: int(7, 4),
        dev: int(8, 4), ino: int(9, 8),
        (): file(OPENED, 3, COMPARED),
    }
    SYSCALL_OPENAT2_X {
        (): run(step::OPENED, 0, 0, 1), fd: RET, dirfd: signed(0), name: text(1), flags: int(6, 4), mode: int(7, 4),
        resolve: bits(12, 4, RESOLVE), dev: int(8, 4), ino: int(9, 8),
        (): file(OPENED, 3, COMPARED),
    }
    SYSCALL_CREAT_X {
        (): run(step::OPENED, 1, 1, 2), fd: RET, name: text(0), mode: int(7, 4), dev: int(8, 4), ino: int(9, 8),
        creat_flags: int(10, 2),
        (): file(OPENED, 2, COMPARED),
    }
    SYSCALL_OPEN_BY_HANDLE_AT_X {
        (): run(step::OPENED, 2, 13, 0), fd: RET, mountfd: signed(0), flags: int(6, 4), path: plain(step::FILE_PATH),
        dev: int(8, 4), ino: int(9, 8),
        (): file(OPENED, 4, 0),
    }
    SYSCALL_MEMFD_CREATE_X { fd: RET, name: text(0), flags: bits(1, 4, MEMFD) }
    // Fds
    SYSCALL_CLOSE_X { res: RET, fd: signed(0) }
    SYSCALL_FCHDIR_X { res: RET, fd: signed(0), (): run(step::BESIDE_PLACE, CWD, item::PATH, 0) }
    SYSCALL_FSTAT_X { res: RET, fd: signed(0) }
    SYSCALL_GETDENTS_X { res: RET, fd: signed(0) }
    SYSCALL_GETDENTS64_X { res: RET, fd: signed(0) }
    SYSCALL_CLOSE_RANGE_X { res: RET, first: int(0, 4), last: int(1, 4), flags: bits(2, 4, CLOSE_RANGE) }
    SYSCALL_DUP_1_X { res: ret32(8), oldfd: signed(0) }
    SYSCALL_DUP2_X { res: ret32(8), oldfd: signed(0), newfd: signed(1) }
    SYSCALL_DUP3_X { res: ret32(8), oldfd: signed(0), newfd: signed(1), flags: bits(2, 4, DUP) }
    SYSCALL_FCNTL_X { res: RET, fd: signed(0), cmd: value(1, 1, FCNTL), arg: int(2, 8) }
    SYSCALL_FLOCK_X { res: RET, fd: signed(0), operation: bits(1, 4, FLOCK) }
    SYSCALL_IOCTL_3_X { res: RET, fd: signed(0), request: int(1, 8), argument: int(2, 8), (): run(step::BESIDE_FD, beside::RETURNED, 0, TIOCGPTPEER) }
    SYSCALL_LSEEK_X { res: RET, fd: signed(0), offset: int(1, 8), whence: value(2, 1, WHENCE) }
    SYSCALL_PIPE_X { (): plain(step::PAIR), res: RET, fd1: int(6, 8), fd2: int(7, 8), ino: int(8, 8) }
    SYSCALL_PIPE2_X {
        (): plain(step::PAIR), res: RET, fd1: int(6, 8), fd2: int(7, 8), ino: int(8, 8), flags: bits(1, 4, PIPE),
    }
    SYSCALL_EVENTFD_X { res: RET, initval: int(0, 8), flags: constant(0, 4) }
    SYSCALL_EVENTFD2_X { res: RET, flags: bits(1, 2, SOCKET), initval: int(0, 8) }
    SYSCALL_SIGNALFD_X { res: RET, fd: signed(0), mask: constant(0, 4), flags: constant(0, 1) }
    SYSCALL_SIGNALFD4_X { res: ret32(8), flags: bits(3, 2, SOCKET), fd: signed(0), mask: constant(0, 4) }
    SYSCALL_TIMERFD_CREATE_X { res: RET, clockid: int(0, 1), flags: bits(1, 1, TIMERFD) }
    SYSCALL_INOTIFY_INIT_X { res: RET, flags: constant(0, 1) }
    SYSCALL_INOTIFY_INIT1_X { res: RET, flags: bits(0, 2, SOCKET) }
    SYSCALL_EPOLL_CREATE_X { res: RET, size: int(0, 4) }
    SYSCALL_EPOLL_CREATE1_X { res: RET, flags: bits(0, 4, EPOLL) }
    SYSCALL_EPOLLWAIT_X { res: RET, maxevents: signed(2) }
    SYSCALL_USERFAULTFD_X { res: RET, flags: bits(0, 4, SOCKET) }
    SYSCALL_POLL_X { res: RET, fds: plain(step::POLL), timeout: signed(2) }
    SYSCALL_PPOLL_X {
        (): fetch_always(2, LONG, 2, 6), (): fetch_always(3, 4, 1, 8), res: RET, fds: plain(step::POLL),
        timeout: time(6), sigmask: int(8, 4),
    }
    SYSCALL_SELECT_X { res: RET }
    // Reading and writing
    SYSCALL_READ_X { res: RET, data: data_in(1), fd: signed(0), size: int(2, 4) }
    SYSCALL_WRITE_X { res: RET, data: data_out(1, 2), fd: signed(0), size: int(2, 4) }
    SYSCALL_PREAD_X { res: RET, data: data_in(1), fd: signed(0), size: int(2, 4), pos: int(3, 8) }
    SYSCALL_PWRITE_X { res: RET, data: data_out(1, 2), fd: signed(0), size: int(2, 4), pos: int(3, 8) }
    SYSCALL_READV_X { res: RET, size: SIZE, data: run(step::IOV_DATA, 1, 2, 1), fd: signed(0) }
    SYSCALL_PREADV_X { res: RET, size: SIZE, data: run(step::IOV_DATA, 1, 2, 1), fd: signed(0), pos: int(3, 8) }
    SYSCALL_WRITEV_X { res: RET, data: run(step::IOV_DATA, 1, 2, 0), fd: signed(0), size: run(step::IOV_SIZE, 1, 2, 0) }
    SYSCALL_PWRITEV_X {
        res: RET, data: run(step::IOV_DATA, 1, 2, 0), fd: signed(0), size: run(step::IOV_SIZE, 1, 2, 0),
        pos: int(3, 8),
    }
    SYSCALL_SENDFILE_X {
        (): fetch_always(2, LONG, 1, 6), res: RET, offset: int(6, 8), out_fd: signed(0), in_fd: signed(1),
        size: int(3, 8),
    }
    SYSCALL_SPLICE_X { res: RET, fd_in: signed(0), fd_out: signed(2), size: int(4, 8), flags: bits(5, 4, SPLICE) }
    SYSCALL_COPY_FILE_RANGE_X {
        res: RET, fdout: signed(2), offout: int(3, 8), fdin: signed(0), offin: int(1, 8), len: int(4, 8),
    }
    // Sockets
    SOCKET_SOCKET_X {
        fd: RET, domain: value(0, 4, FAMILY), type: int(1, 4), proto: int(2, 4), flags: bits(1, 4, SOCKET),
    }
    SOCKET_SOCKETPAIR_X {
        (): run(step::PAIR, 3, 0, 0), res: RET, fd1: int(6, 8), fd2: int(7, 8), source: int(9, 8), peer: int(10, 8),
        domain: value(0, 4, FAMILY), type: int(1, 4), proto: int(2, 4),
    }
    SOCKET_BIND_X { res: RET, addr: run(step::SOCKADDR, 1, 2, 0), fd: signed(0), (): run(step::BESIDE_ADDRESS, 1, 2, 0) }
    SOCKET_CONNECT_X { res: RET, tuple: tuple(0, OUTBOUND, 1 | 256), fd: signed(0), addr: run(step::SOCKADDR, 1, 2, 0), (): run(step::BESIDE_ADDRESS, 1, 2, 0) }
    SOCKET_LISTEN_X { res: RET, fd: signed(0), backlog: int(1, 4) }
    SOCKET_ACCEPT_5_X {
        (): plain(step::BACKLOG), fd: RET, tuple: tuple(RETURNED, INBOUND, UNNAMED), queuepct: int(6, 1),
        queuelen: int(7, 4), queuemax: int(8, 4),
    }
    SOCKET_ACCEPT4_6_X {
        (): plain(step::BACKLOG), fd: RET, tuple: tuple(RETURNED, INBOUND, UNNAMED), queuepct: int(6, 1),
        queuelen: int(7, 4), queuemax: int(8, 4), flags: bits(3, 4, SOCKET),
    }
    SOCKET_GETSOCKNAME_X {}
    SOCKET_GETPEERNAME_X {}
    SOCKET_SHUTDOWN_X { res: RET, fd: signed(0), how: value(1, 1, SHUTDOWN) }
    SOCKET_GETSOCKOPT_X { res: RET, fd: signed(0), (level optname val optlen): run(step::SOCKOPT, 0, 0, 1) }
    SOCKET_SETSOCKOPT_X { res: RET, fd: signed(0), (level optname val optlen): plain(step::SOCKOPT) }
    SOCKET_SEND_X { res: RET, data: data_out(1, 2), fd: signed(0), size: int(2, 4), tuple: tuple(0, OUTBOUND, UNNAMED) }
    SOCKET_RECV_X { res: RET, data: data_in(1), fd: signed(0), size: int(2, 4), tuple: tuple(0, INBOUND, UNNAMED) }
    SOCKET_SENDTO_X { res: RET, data: data_out(1, 2), fd: signed(0), size: int(2, 4), tuple: tuple(0, OUTBOUND, 4), (): run(step::BESIDE_ADDRESS, 4, 5, 0) }
    SOCKET_RECVFROM_X { res: RET, data: data_in(1), tuple: tuple(0, INBOUND, 4), fd: signed(0), size: int(2, 4) }
    SOCKET_SENDMSG_X {
        (): plain(step::MSGHDR), res: RET, data: run(step::IOV_DATA, 6, 7, 0), fd: signed(0),
        size: run(step::IOV_SIZE, 6, 7, 0), tuple: tuple(0, OUTBOUND, 8),
        (): run(step::BESIDE_ADDRESS, 1, 0, 1),
    }
    SOCKET_RECVMSG_X {
        (): plain(step::MSGHDR), res: RET, size: SIZE, data: run(step::IOV_DATA, 6, 7, 1),
        tuple: tuple(0, INBOUND, 8), msgcontrol: plain(step::CONTROL), fd: signed(0),
        (): plain(step::BESIDE_RIGHTS),
    }
    SOCKET_SENDMMSG_X {
        (res fd size data tuple): run(step::MESSAGES, 0, OUTBOUND, 0),
    }
    SOCKET_RECVMMSG_X {
        (res fd size data tuple msgcontrol): run(step::MESSAGES, 0, INBOUND, 0),
    }
    // Names
    SYSCALL_STAT_X { res: RET, path: text(0) }
    SYSCALL_LSTAT_X { res: RET, path: text(0) }
    SYSCALL_CHDIR_X { res: RET, path: text(0), (): run(step::BESIDE_PLACE, CWD, item::PATH, 2) }
    SYSCALL_CHROOT_X { res: RET, path: text(0), (): run(step::BESIDE_PLACE, beside::ROOT, item::PATH, 2) }
    SYSCALL_RMDIR_2_X { res: RET, path: text(0), (): name(CWD, 2, REMOVED) }
    SYSCALL_UNLINK_2_X { res: RET, path: text(0), (): name(CWD, 2, REMOVED) }
    SYSCALL_GETCWD_X { res: RET, path: text_if_ok(0) }
    SYSCALL_ACCESS_X { res: RET, name: text(0), mode: bits(1, 4, ACCESS) }
    SYSCALL_NEWFSTATAT_X { res: RET, dirfd: signed(0), path: text(1), flags: bits(3, 4, STAT) }
    SYSCALL_RENAME_X { res: RET, oldpath: text(0), newpath: text(1), (): name(CWD, 2, HOOKED), (): second_name(CWD, 3, REMOVED) }
    SYSCALL_LINK_2_X { res: RET, oldpath: text(0), newpath: text(1), (): name(CWD, 2, 0), (): second_name(CWD, 3, 0) }
    SYSCALL_SYMLINK_X { res: RET, target: text(0), linkpath: text(1), (): name(CWD, 3, 0) }
    SYSCALL_RENAMEAT_X { res: RET, olddirfd: signed(0), oldpath: text(1), newdirfd: signed(2), newpath: text(3), (): name(0, 3, HOOKED), (): second_name(2, 5, REMOVED) }
    SYSCALL_RENAMEAT2_X {
        res: RET, olddirfd: signed(0), oldpath: text(1), newdirfd: signed(2), newpath: text(3), flags: int(4, 4),
        (): name(0, 3, HOOKED), (): second_name(2, 5, REMOVED),
    }
    SYSCALL_LINKAT_2_X {
        res: RET, olddir: signed(0), oldpath: text(1), newdir: signed(2), newpath: text(3), flags: bits(4, 4, LINK),
        (): name(0, 3, FOLLOWED), (): second_name(2, 5, 0),
    }
    SYSCALL_SYMLINKAT_X { res: RET, target: text(0), linkdirfd: signed(1), linkpath: text(2), (): name(1, 4, 0) }
    SYSCALL_UNLINKAT_2_X { res: RET, dirfd: signed(0), name: text(1), flags: bits(2, 4, UNLINK), (): name(0, 3, REMOVED) }
    SYSCALL_MKDIR_2_X { res: RET, path: text(0), mode: int(1, 4), (): name(CWD, 2, 0) }
    SYSCALL_MKDIRAT_X { res: RET, dirfd: signed(0), path: text(1), mode: int(2, 4), (): name(0, 3, 0) }
    SYSCALL_MKNOD_X { res: RET, path: text(0), mode: bits(1, 4, MKNOD), dev: int(2, 4), (): name(CWD, 2, 0) }
    SYSCALL_MKNODAT_X { res: RET, dirfd: signed(0), path: text(1), mode: bits(2, 4, MKNOD), dev: int(3, 4), (): name(0, 3, 0) }
    SYSCALL_CHMOD_X { res: RET, filename: text(0), mode: bits(1, 4, MODE), (): name(CWD, 2, FOLLOWED) }
    SYSCALL_FCHMOD_X { res: RET, fd: signed(0), mode: bits(1, 4, MODE), (): file(0, 0, ID) }
    SYSCALL_FCHMODAT_X { res: RET, dirfd: signed(0), filename: text(1), mode: bits(2, 4, MODE), (): name(0, 3, FOLLOWED) }
    SYSCALL_CHOWN_X { res: RET, path: text(0), uid: int(1, 4), gid: int(2, 4), (): name(CWD, 2, FOLLOWED) }
    SYSCALL_LCHOWN_X { res: RET, path: text(0), uid: int(1, 4), gid: int(2, 4), (): name(CWD, 2, 0) }
    SYSCALL_FCHOWN_X { res: RET, fd: signed(0), uid: int(1, 4), gid: int(2, 4), (): file(0, 0, ID) }
    SYSCALL_FCHOWNAT_X {
        res: RET, dirfd: signed(0), pathname: text(1), uid: int(2, 4), gid: int(3, 4), flags: bits(4, 4, CHOWN),
        (): name(0, 3, FOLLOWED),
    }
    SYSCALL_MOUNT_X { res: RET, dev: text(0), dir: text(1), type: text(2), flags: int(3, 4), (): name(CWD, 3, FOLLOWED) }
    SYSCALL_UMOUNT2_X { res: RET, name: text(0), flags: bits(1, 4, UMOUNT), (): name(CWD, 2, FOLLOWED) }
    SYSCALL_FSCONFIG_X {
        res: RET, fd: signed(0), cmd: value(1, 4, FSCONFIG), key: text(2),
        (value_bytebuf value_charbuf): plain(step::FSCONFIG), aux: int(4, 4),
    }
    SYSCALL_QUOTACTL_X {
        res: RET, special: text(1),
        (quotafilepath dqb_bhardlimit dqb_bsoftlimit dqb_curspace dqb_ihardlimit dqb_isoftlimit dqb_btime dqb_itime
         dqi_bgrace dqi_igrace dqi_flags quota_fmt_out cmd type id quota_fmt): plain(step::QUOTACTL),
    }
    // Modules
    SYSCALL_INIT_MODULE_X { res: RET, img: data_out(0, 1), length: int(1, 8), uargs: text(2) }
    SYSCALL_FINIT_MODULE_X { res: RET, fd: signed(0), uargs: text(1), flags: bits(2, 4, FINIT) }
    SYSCALL_DELETE_MODULE_X { res: RET, name: text(0), flags: bits(1, 4, DELETE_MODULE) }
    // Memory
    SYSCALL_BRK_4_X {
        (): plain(step::MEMORY), res: RET, vm_size: int(6, 4), vm_rss: int(7, 4), vm_swap: int(8, 4), addr: int(0, 8),
    }
    SYSCALL_MMAP_X {
        (): plain(step::MEMORY), res: RET, vm_size: int(6, 4), vm_rss: int(7, 4), vm_swap: int(8, 4), addr: int(0, 8),
        length: int(1, 8), prot: bits(2, 4, PROT), flags: bits(3, 4, MMAP), fd: signed(4), offset: int(5, 8),
    }
    SYSCALL_MUNMAP_X {
        (): plain(step::MEMORY), res: RET, vm_size: int(6, 4), vm_rss: int(7, 4), vm_swap: int(8, 4), addr: int(0, 8),
        length: int(1, 8),
    }
    SYSCALL_MPROTECT_X { res: RET, addr: int(0, 8), length: int(1, 8), prot: bits(2, 4, PROT) }
    SYSCALL_MLOCK_X { res: RET, addr: int(0, 8), len: int(1, 8) }
    SYSCALL_MUNLOCK_X { res: RET, addr: int(0, 8), len: int(1, 8) }
    SYSCALL_MLOCK2_X { res: RET, addr: int(0, 8), len: int(1, 8), flags: bits(2, 4, MLOCK) }
    SYSCALL_MLOCKALL_X { res: RET, flags: bits(0, 4, MLOCKALL) }
    SYSCALL_MUNLOCKALL_X { res: RET }
    // The rest
    SYSCALL_FUTEX_X { res: RET, addr: int(0, 8), op: value(1, 2, FUTEX), val: int(2, 8) }
    SYSCALL_NANOSLEEP_X { (): fetch_always(0, LONG, 2, 6), res: RET, interval: time(6) }
    SYSCALL_SEMOP_X {
        (): plain(step::SEMOP), res: RET, nsops: int(2, 4), sem_num_0: int(6, 2), sem_op_0: int(7, 2),
        sem_flg_0: int(8, 2), sem_num_1: int(9, 2), sem_op_1: int(10, 2), sem_flg_1: int(11, 2), semid: int(0, 4),
    }
    SYSCALL_SEMGET_X { res: RET, key: int(0, 4), nsems: int(1, 4), semflg: bits(2, 4, SEMGET) }
    SYSCALL_SEMCTL_X { res: RET, semid: int(0, 4), semnum: int(1, 4), cmd: value(2, 2, SEMCTL), val: int(3, 4) }
    SYSCALL_IO_URING_SETUP_X {
        (): run(step::FETCH, 1, 4, 6 | 6 << 8 | 0x1_0000), res: RET, entries: int(0, 4), sq_entries: int(6, 4),
        cq_entries: int(7, 4), flags: bits(8, 4, URING_SETUP), sq_thread_cpu: int(9, 4), sq_thread_idle: int(10, 4),
        features: bits(11, 4, URING_FEATURES),
    }
    SYSCALL_IO_URING_ENTER_X {
        res: RET, fd: signed(0), to_submit: int(1, 4), min_complete: int(2, 4), flags: bits(3, 4, URING_ENTER),
        sig: int(4, 4),
    }
    SYSCALL_IO_URING_REGISTER_X {
        res: RET, fd: signed(0), opcode: value(1, 2, URING_REGISTER), arg: int(2, 8), nr_args: int(3, 4),
    }
}
