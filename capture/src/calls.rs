//! How every system call becomes an event: the table that the probe follows. The catalogue enters, rows for the probe leave, and
//! the documentation of what is filled. What is not named here is recorded as the generic event.

use tercel_format::catalogue::{self, code, syscalls};
use tercel_probe_abi::{Call, MAX_WORDS, Param, kind, row, step, want};

use crate::{compat, flags};

/// One row: where it stands, which event it makes, and how.
pub struct Row {
    /// Number of the native call, or one of [`row`].
    pub row: u32,
    /// Event code.
    pub event: u16,
    /// Bits of [`want`].
    pub wanted: u32,
    /// Parameters and steps.
    pub words: Vec<Param>,
}

const fn word(kind: u8, arg: u8, width: u8, map: u8, value: u32) -> Param {
    Param { kind, arg, width, map, value }
}

const RET: Param = word(kind::RET, 0, 8, 0, 0);
const EMPTY: Param = word(kind::EMPTY, 0, 0, 0, 0);
const COVERED: Param = word(kind::COVERED, 0, 0, 0, 0);
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
const fn constant(value: u32, width: u8) -> Param {
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
/// `count` numbers behind the pointer in an argument, into arguments from `first` on; a failed call has none.
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

/// The event of a new process or thread; `from` says where its flags are.
fn cloned(from: u32) -> Vec<Param> {
    let mut words = vec![RET, run(step::EXE_ARGS, 0, 0, 2), COVERED, COVERED, run(step::IDS, 0, 0, 0)];
    words.extend([COVERED; 3]);
    words.extend([EMPTY, run(step::USAGE, 0, 0, 0)]);
    words.extend([COVERED; 7]);
    words.extend([run(step::CGROUPS, 0, 0, 0), COVERED, run(step::CLONE, 0, 0, from)]);
    words.extend([COVERED; 6]);
    words
}

/// The event of an executed program, up to its group; `attempt` is the argument with the vector of arguments where the call
/// failed and the process is still what it was.
fn executed(attempt: Option<u8>) -> Vec<Param> {
    let (argv, envp, value) = attempt.map_or((0, 0, 0), |argv| (argv, argv + 1, 1));
    let mut words = vec![RET, run(step::EXE_ARGS, argv, 0, value), COVERED, COVERED, run(step::IDS, 0, 0, 0)];
    words.extend([COVERED; 3]);
    words.extend([run(step::CWD, 0, 0, 0), COVERED, run(step::USAGE, 0, 0, 0)]);
    words.extend([COVERED; 7]);
    words.extend([run(step::CGROUPS, 0, 0, 0), COVERED, run(step::ENV, envp, 0, value), COVERED]);
    words.push(run(step::IMAGE, 0, 0, 0));
    words.extend([COVERED; 11]);
    words.extend([run(step::EXE_PATH, 0, 0, 0), COVERED, run(step::GROUPS, 0, 0, 0), COVERED, COVERED]);
    words
}

/// Parameters of a call that has an event of its own; `None` for calls that are recorded as the generic event.
#[rustfmt::skip]
fn words_of(name: &str) -> Option<Vec<Param>> {
    use flags::*;
    Some(match name {
        // Processes
        "clone" => cloned(0),
        "fork" | "vfork" => cloned(1),
        "clone3" => cloned(2),
        "execve" => { let mut words = executed(Some(1)); words.push(text(0)); words }
        "execveat" => executed(Some(2)),
        "kill" | "tkill" => vec![RET, signed(0), int(1, 1)],
        "tgkill" => vec![RET, signed(0), signed(1), int(2, 1)],
        "setuid" | "setgid" => vec![RET, int(0, 4)],
        "setreuid" | "setregid" => vec![RET, int(0, 4), int(1, 4)],
        "setresuid" | "setresgid" => vec![RET, int(0, 4), int(1, 4), int(2, 4)],
        "getuid" | "geteuid" | "getgid" | "getegid" => vec![ret32(4)],
        "getresuid" | "getresgid" => vec![
            fetch_always(0, 4, 1, 6), fetch_always(1, 4, 1, 7), fetch_always(2, 4, 1, 8), RET, int(6, 4), int(7, 4),
            int(8, 4),
        ],
        "setsid" => vec![RET],
        "setpgid" => vec![RET, signed(0), signed(1)],
        "capset" => vec![run(step::CAPABILITIES, 0, 0, 0), RET, int(6, 8), int(7, 8), int(8, 8)],
        "setns" => vec![RET, signed(0), bits(1, 4, CLONE)],
        "unshare" => vec![RET, bits(0, 4, CLONE)],
        "prctl" => vec![RET, int(0, 4), run(step::PRCTL, 0, 0, 0), COVERED, COVERED],
        "ptrace" => vec![RET, run(step::PTRACE, 0, 0, 0), COVERED, COVERED, value(0, 2, PTRACE), signed(1)],
        "seccomp" => vec![RET, int(0, 8), word(kind::INT, 1, 8, 0, 0)],
        "bpf" => vec![RET, int(0, 4)],
        "getrlimit" => vec![fetch(1, LONG, 2, 6), RET, int(6, 8), int(7, 8), value(0, 1, RLIMIT)],
        "setrlimit" => vec![fetch_always(1, LONG, 2, 6), RET, int(6, 8), int(7, 8), value(0, 1, RLIMIT)],
        "prlimit64" => vec![
            fetch_always(2, 8, 2, 6), fetch(3, 8, 2, 8), RET, int(6, 8), int(7, 8), int(8, 8), int(9, 8), signed(0),
            value(1, 1, RLIMIT),
        ],
        "process_vm_readv" | "process_vm_writev" => vec![RET, signed(0), run(step::IOV_DATA, 1, 2, 1), COVERED],
        "pidfd_open" => vec![RET, signed(0), bits(1, 4, PIDFD)],
        "pidfd_getfd" => vec![RET, signed(0), signed(1), int(2, 4)],
        "keyctl" => vec![RET, int(0, 4), run(step::KEYCTL, 0, 0, 0), COVERED, COVERED, COVERED, COVERED],
        // Opening files
        "open" => vec![run(step::OPENED, 1, 2, 0), RET, text(0), int(6, 4), int(7, 4), int(8, 4), int(9, 8)],
        "openat" => vec![run(step::OPENED, 2, 3, 0), RET, signed(0), text(1), int(6, 4), int(7, 4), int(8, 4), int(9, 8)],
        "openat2" => vec![
            run(step::OPENED, 0, 0, 1), RET, signed(0), text(1), int(6, 4), int(7, 4), bits(12, 4, RESOLVE), int(8, 4),
            int(9, 8),
        ],
        "creat" => vec![run(step::OPENED, 1, 1, 2), RET, text(0), int(7, 4), int(8, 4), int(9, 8), int(10, 2)],
        "open_by_handle_at" => vec![
            run(step::OPENED, 2, 13, 0), RET, signed(0), int(6, 4), run(step::FILE_PATH, 0, 0, 0), COVERED, int(8, 4),
            int(9, 8),
        ],
        "memfd_create" => vec![RET, text(0), bits(1, 4, MEMFD)],
        // Fds
        "close" | "fchdir" | "fstat" | "getdents" | "getdents64" => vec![RET, signed(0)],
        "close_range" => vec![RET, int(0, 4), int(1, 4), bits(2, 4, CLOSE_RANGE)],
        "dup" => vec![ret32(8), signed(0)],
        "dup2" => vec![ret32(8), signed(0), signed(1)],
        "dup3" => vec![ret32(8), signed(0), signed(1), bits(2, 4, DUP)],
        "fcntl" => vec![RET, signed(0), value(1, 1, FCNTL), int(2, 8)],
        "flock" => vec![RET, signed(0), bits(1, 4, FLOCK)],
        "ioctl" => vec![RET, signed(0), int(1, 8), int(2, 8)],
        "lseek" => vec![RET, signed(0), int(1, 8), value(2, 1, WHENCE)],
        "pipe" => vec![run(step::PAIR, 0, 0, 0), RET, int(6, 8), int(7, 8), int(8, 8)],
        "pipe2" => vec![run(step::PAIR, 0, 0, 0), RET, int(6, 8), int(7, 8), int(8, 8), bits(1, 4, PIPE)],
        "eventfd" => vec![RET, int(0, 8), constant(0, 4)],
        "eventfd2" => vec![RET, bits(1, 2, SOCKET), word(kind::INT, 0, 8, 0, 0)],
        "signalfd" => vec![RET, signed(0), constant(0, 4), constant(0, 1)],
        "signalfd4" => vec![ret32(8), bits(3, 2, SOCKET), signed(0), constant(0, 4)],
        "timerfd_create" => vec![RET, int(0, 1), bits(1, 1, TIMERFD)],
        "inotify_init" => vec![RET, constant(0, 1)],
        "inotify_init1" => vec![RET, bits(0, 2, SOCKET)],
        "epoll_create" => vec![RET, int(0, 4)],
        "epoll_create1" => vec![RET, bits(0, 4, EPOLL)],
        "epoll_wait" => vec![RET, signed(2)],
        "userfaultfd" => vec![RET, bits(0, 4, SOCKET)],
        "poll" => vec![RET, run(step::POLL, 0, 0, 0), COVERED, signed(2)],
        "ppoll" => vec![
            fetch_always(2, LONG, 2, 6), fetch_always(3, 4, 1, 8), RET, run(step::POLL, 0, 0, 0), COVERED, time(6),
            int(8, 4),
        ],
        "select" => vec![RET],
        // Reading and writing
        "read" => vec![RET, data_in(1), signed(0), int(2, 4)],
        "write" => vec![RET, data_out(1, 2), signed(0), int(2, 4)],
        "pread64" => vec![RET, data_in(1), signed(0), int(2, 4), int(3, 8)],
        "pwrite64" => vec![RET, data_out(1, 2), signed(0), int(2, 4), int(3, 8)],
        "readv" => vec![RET, SIZE, run(step::IOV_DATA, 1, 2, 1), COVERED, signed(0)],
        "preadv" => vec![RET, SIZE, run(step::IOV_DATA, 1, 2, 1), COVERED, signed(0), int(3, 8)],
        "writev" => vec![
            RET, run(step::IOV_DATA, 1, 2, 0), COVERED, signed(0), run(step::IOV_SIZE, 1, 2, 0), COVERED,
        ],
        "pwritev" => vec![
            RET, run(step::IOV_DATA, 1, 2, 0), COVERED, signed(0), run(step::IOV_SIZE, 1, 2, 0), COVERED, int(3, 8),
        ],
        "sendfile" => vec![fetch_always(2, LONG, 1, 6), RET, int(6, 8), signed(0), signed(1), int(3, 8)],
        "splice" => vec![RET, signed(0), signed(2), int(4, 8), bits(5, 4, SPLICE)],
        "copy_file_range" => vec![RET, signed(2), int(3, 8), signed(0), int(1, 8), int(4, 8)],
        // Sockets
        "socket" => vec![RET, value(0, 4, FAMILY), int(1, 4), int(2, 4), bits(1, 4, SOCKET)],
        "socketpair" => vec![
            run(step::PAIR, 3, 0, 0), RET, int(6, 8), int(7, 8), int(9, 8), int(10, 8), value(0, 4, FAMILY), int(1, 4),
            int(2, 4),
        ],
        "bind" => vec![RET, run(step::SOCKADDR, 1, 2, 0), COVERED, signed(0)],
        "connect" => vec![
            RET, tuple(0, OUTBOUND, 1 | 256), COVERED, signed(0), run(step::SOCKADDR, 1, 2, 0), COVERED,
        ],
        "listen" => vec![RET, signed(0), int(1, 4)],
        "accept" => vec![
            run(step::BACKLOG, 0, 0, 0), RET, tuple(RETURNED, INBOUND, UNNAMED), COVERED, int(6, 1), int(7, 4), int(8, 4),
        ],
        "accept4" => vec![
            run(step::BACKLOG, 0, 0, 0), RET, tuple(RETURNED, INBOUND, UNNAMED), COVERED, int(6, 1), int(7, 4), int(8, 4),
            bits(3, 4, SOCKET),
        ],
        "getsockname" | "getpeername" => vec![],
        "shutdown" => vec![RET, signed(0), value(1, 1, SHUTDOWN)],
        "getsockopt" => vec![
            RET, signed(0), run(step::SOCKOPT, 0, 0, 1), COVERED, COVERED, COVERED, COVERED,
        ],
        "setsockopt" => vec![
            RET, signed(0), run(step::SOCKOPT, 0, 0, 0), COVERED, COVERED, COVERED, COVERED,
        ],
        "send" => vec![RET, data_out(1, 2), signed(0), int(2, 4), tuple(0, OUTBOUND, UNNAMED), COVERED],
        "recv" => vec![RET, data_in(1), signed(0), int(2, 4), tuple(0, INBOUND, UNNAMED), COVERED],
        "sendto" => vec![RET, data_out(1, 2), signed(0), int(2, 4), tuple(0, OUTBOUND, 4), COVERED],
        "recvfrom" => vec![RET, data_in(1), tuple(0, INBOUND, 4), COVERED, signed(0), int(2, 4)],
        "sendmsg" => vec![
            run(step::MSGHDR, 0, 0, 0), RET, run(step::IOV_DATA, 6, 7, 0), COVERED, signed(0),
            run(step::IOV_SIZE, 6, 7, 0), COVERED, tuple(0, OUTBOUND, 8), COVERED,
        ],
        "recvmsg" => vec![
            run(step::MSGHDR, 0, 0, 0), RET, SIZE, run(step::IOV_DATA, 6, 7, 1), COVERED, tuple(0, INBOUND, 8), COVERED,
            run(step::CONTROL, 0, 0, 0), COVERED, signed(0),
        ],
        "sendmmsg" => vec![
            run(step::MSGHDR, 0, 0, 1), int(11, 8), signed(0), int(11, 4), run(step::IOV_DATA, 6, 7, 3), COVERED,
            tuple(0, OUTBOUND, 8), COVERED,
        ],
        "recvmmsg" => vec![
            run(step::MSGHDR, 0, 0, 1), int(11, 8), signed(0), int(11, 4), run(step::IOV_DATA, 6, 7, 3), COVERED,
            tuple(0, INBOUND, 8), COVERED, run(step::CONTROL, 0, 0, 0), COVERED,
        ],
        // Names
        "stat" | "lstat" | "chdir" | "chroot" | "rmdir" | "unlink" | "umount" => vec![RET, text(0)],
        "getcwd" => vec![RET, word(kind::STR_OK, 0, 0, 0, 0)],
        "access" => vec![RET, text(0), bits(1, 4, ACCESS)],
        "newfstatat" => vec![RET, signed(0), text(1), bits(3, 4, STAT)],
        "rename" | "link" | "symlink" => vec![RET, text(0), text(1)],
        "renameat" => vec![RET, signed(0), text(1), signed(2), text(3)],
        "renameat2" => vec![RET, signed(0), text(1), signed(2), text(3), int(4, 4)],
        "linkat" => vec![RET, signed(0), text(1), signed(2), text(3), bits(4, 4, LINK)],
        "symlinkat" => vec![RET, text(0), signed(1), text(2)],
        "unlinkat" => vec![RET, signed(0), text(1), bits(2, 4, UNLINK)],
        "mkdir" => vec![RET, text(0), int(1, 4)],
        "mkdirat" => vec![RET, signed(0), text(1), int(2, 4)],
        "mknod" => vec![RET, text(0), bits(1, 4, MKNOD), int(2, 4)],
        "mknodat" => vec![RET, signed(0), text(1), bits(2, 4, MKNOD), int(3, 4)],
        "chmod" => vec![RET, text(0), bits(1, 4, MODE)],
        "fchmod" => vec![RET, signed(0), bits(1, 4, MODE)],
        "fchmodat" => vec![RET, signed(0), text(1), bits(2, 4, MODE)],
        "chown" | "lchown" => vec![RET, text(0), int(1, 4), int(2, 4)],
        "fchown" => vec![RET, signed(0), int(1, 4), int(2, 4)],
        "fchownat" => vec![RET, signed(0), text(1), int(2, 4), int(3, 4), bits(4, 4, CHOWN)],
        "mount" => vec![RET, text(0), text(1), text(2), int(3, 4)],
        "umount2" => vec![RET, text(0), bits(1, 4, UMOUNT)],
        "fsconfig" => vec![
            RET, signed(0), value(1, 4, FSCONFIG), text(2), run(step::FSCONFIG, 0, 0, 0), COVERED, COVERED, int(4, 4),
        ],
        "quotactl" => {
            let mut words = vec![RET, text(1), run(step::QUOTACTL, 0, 0, 0)];
            words.extend([COVERED; 16]);
            words
        }
        // Modules
        "init_module" => vec![RET, data_out(0, 1), int(1, 8), text(2)],
        "finit_module" => vec![RET, signed(0), text(1), bits(2, 4, FINIT)],
        "delete_module" => vec![RET, text(0), bits(1, 4, DELETE_MODULE)],
        // Memory
        "brk" => vec![run(step::MEMORY, 0, 0, 0), RET, int(6, 4), int(7, 4), int(8, 4), int(0, 8)],
        "mmap" => vec![
            run(step::MEMORY, 0, 0, 0), RET, int(6, 4), int(7, 4), int(8, 4), int(0, 8), int(1, 8), bits(2, 4, PROT),
            bits(3, 4, MMAP), signed(4), int(5, 8),
        ],
        "munmap" => vec![run(step::MEMORY, 0, 0, 0), RET, int(6, 4), int(7, 4), int(8, 4), int(0, 8), int(1, 8)],
        "mprotect" => vec![RET, int(0, 8), int(1, 8), bits(2, 4, PROT)],
        "mlock" | "munlock" => vec![RET, int(0, 8), int(1, 8)],
        "mlock2" => vec![RET, int(0, 8), int(1, 8), bits(2, 4, MLOCK)],
        "mlockall" => vec![RET, bits(0, 4, MLOCKALL)],
        "munlockall" => vec![RET],
        // The rest
        "futex" => vec![RET, int(0, 8), value(1, 2, FUTEX), int(2, 8)],
        "nanosleep" => vec![fetch_always(0, LONG, 2, 6), RET, time(6)],
        "semop" => vec![
            run(step::SEMOP, 0, 0, 0), RET, int(2, 4), int(6, 2), int(7, 2), int(8, 2), int(9, 2), int(10, 2), int(11, 2),
            int(0, 4),
        ],
        "semget" => vec![RET, int(0, 4), int(1, 4), bits(2, 4, SEMGET)],
        "semctl" => vec![RET, int(0, 4), int(1, 4), value(2, 2, SEMCTL), int(3, 4)],
        "io_uring_setup" => vec![
            run(step::FETCH, 1, 4, 6 | 6 << 8 | 0x1_0000), RET, int(0, 4), int(6, 4), int(7, 4), bits(8, 4, URING_SETUP),
            int(9, 4), int(10, 4), bits(11, 4, URING_FEATURES),
        ],
        "io_uring_enter" => vec![RET, signed(0), int(1, 4), int(2, 4), bits(3, 4, URING_ENTER), int(4, 4)],
        "io_uring_register" => vec![RET, signed(0), value(1, 2, URING_REGISTER), int(2, 8), int(3, 4)],
        _ => return None,
    })
}

/// Every row of the table.
pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = syscalls::X86_64.iter().filter_map(native).collect();
    let mut exec = executed(None);
    exec.push(word(kind::KERNEL_STR, 0, 0, 0, 0));
    rows.push(Row { row: row::EXEC, event: code::SYSCALL_EXECVE_19_X, wanted: want::YES, words: exec });
    rows.push(Row {
        row: row::PROCEXIT,
        event: code::PROCEXIT_1_E,
        wanted: want::YES,
        words: vec![run(step::REAPER, 0, 0, 0), int(7, 8), int(8, 8), int(9, 1), int(10, 1), int(6, 8)],
    });
    rows.push(Row {
        row: row::SIGNAL,
        event: code::SIGNALDELIVER_E,
        wanted: want::YES,
        words: vec![int(0, 8), int(1, 8), int(2, 1)],
    });
    rows.push(generic(row::COMPAT, 0, 0));
    for (offset, name, event) in [(1, "send", code::SOCKET_SEND_X), (2, "recv", code::SOCKET_RECV_X)] {
        let words = words_of(name).unwrap_or_default();
        rows.push(Row { row: row::COMPAT + offset, event, wanted: want::YES, words });
    }
    rows
}

/// The row of a native call. A call whose parameters are not known here is recorded as the generic event, so that no call is
/// ever left out.
fn native(call: &syscalls::NativeSyscall) -> Option<Row> {
    let number = u32::from(call.number);
    if number >= row::EXEC {
        return None;
    }
    let name = syscalls::SYSCALL_NAMES.get(usize::from(call.code)).copied()?;
    match words_of(name) {
        Some(words) if call.exit > code::GENERIC_X => {
            let wanted =
                if matches!(name, "execve" | "execveat") { want::YES | want::FAILURES } else { want::YES };
            Some(Row { row: number, event: call.exit, wanted, words })
        }
        _ => Some(generic(number, call.code, call.number)),
    }
}

fn generic(row: u32, portable: u16, number: u16) -> Row {
    let words = vec![constant(u32::from(portable), 2), constant(u32::from(number), 2)];
    Row { row, event: code::GENERIC_X, wanted: want::YES, words }
}

/// Rows of the calls of 32-bit code, by their numbers, and behind them those of `socketcall`.
pub fn compat_rows() -> Vec<(u32, u16)> {
    let mut rows: Vec<(u32, u16)> = (0..row::SOCKETCALL).map(|number| (number, row::COMPAT as u16)).collect();
    rows.extend(compat::CALLS.iter().map(|(number, native)| (u32::from(*number), *native)));
    for (index, name) in compat::SOCKET_CALLS.iter().enumerate() {
        let row = match *name {
            "send" => Some(row::COMPAT as u16 + 1),
            "recv" => Some(row::COMPAT as u16 + 2),
            name => syscalls::X86_64
                .iter()
                .find(|call| syscalls::SYSCALL_NAMES.get(usize::from(call.code)) == Some(&name))
                .map(|call| call.number),
        };
        rows.push((row::SOCKETCALL + 1 + index as u32, row.unwrap_or(row::NONE)));
    }
    rows
}

impl Row {
    /// Number of parameters of the event.
    pub fn nparams(&self) -> usize {
        self.words.iter().filter(|word| word.kind != kind::STEP).count()
    }

    /// The row as the probe wants it: without the words that only say what a step has added.
    pub fn call(&self) -> Call {
        let mut program = [EMPTY; MAX_WORDS];
        let words = self.words.iter().filter(|word| word.kind != kind::COVERED);
        let words = program.iter_mut().zip(words).map(|(slot, word)| *slot = *word).count();
        Call {
            event: self.event,
            nparams: self.nparams() as u8,
            words: words as u8,
            wanted: self.wanted,
            program,
        }
    }
}

/// A table of what is filled, one line per event, for the documentation.
pub fn document() -> String {
    use std::fmt::Write;

    let mut lines = String::from("| event | calls | parameters |\n|---|---|---|\n");
    let mut rows = rows();
    rows.sort_by_key(|row| row.event);
    let mut rest = rows.as_slice();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|row| row.event == first.event).count();
        let (group, next) = rest.split_at(same);
        rest = next;
        let Some(info) = catalogue::event(first.event) else { continue };
        let calls: Vec<&str> = group.iter().filter_map(|row| name_of(row.row)).collect();
        let calls =
            if first.event == code::GENERIC_X { format!("{} others", group.len()) } else { calls.join(" ") };
        let mut words = first.words.iter().filter(|word| word.kind != kind::STEP);
        let params: Vec<String> = info
            .params
            .iter()
            .map(|param| match words.next().map(|word| word.kind) {
                None => format!("~~{}~~ (missing)", param.name),
                Some(kind::EMPTY) => format!("{} (empty)", param.name),
                Some(kind::CONST) if first.event != code::GENERIC_X => format!("{} (constant)", param.name),
                Some(_) => param.name.to_owned(),
            })
            .collect();
        let _ = writeln!(lines, "| {} {} | {calls} | {} |", first.event, info.name, params.join(", "));
    }
    lines
}

fn name_of(number: u32) -> Option<&'static str> {
    match number {
        row::EXEC => Some("(success)"),
        row::PROCEXIT | row::SIGNAL => Some("(tracepoint)"),
        row::COMPAT.. => Some("(32-bit)"),
        _ => {
            let call = syscalls::X86_64.iter().find(|call| u32::from(call.number) == number)?;
            syscalls::SYSCALL_NAMES.get(usize::from(call.code)).copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use tercel_format::catalogue::Width;

    use super::*;

    #[test]
    fn rows_fit_the_catalogue() {
        for row in rows() {
            let info = catalogue::event(row.event).expect("a known code");
            assert_eq!(row.nparams(), info.params.len(), "parameters of {} (row {})", info.name, row.row);
            let words = row.words.iter().filter(|word| word.kind != kind::COVERED).count();
            assert!(words <= MAX_WORDS, "{}", info.name);
            let params = row.words.iter().filter(|word| word.kind != kind::STEP).zip(info.params);
            for (word, param) in params {
                let shown = match word.kind {
                    kind::COVERED | kind::EMPTY => continue,
                    kind::STR | kind::STR_OK | kind::DATA_IN | kind::DATA_OUT | kind::KERNEL_STR => {
                        Width::Variable
                    }
                    _ => Width::Fixed(word.width),
                };
                assert_eq!(shown, param.ty.width(), "{} {}", info.name, param.name);
            }
        }
    }

    #[test]
    fn every_event_of_the_catalogue_is_made() {
        let rows = rows();
        for call in &syscalls::X86_64 {
            if u32::from(call.number) < row::EXEC && call.exit > code::GENERIC_X {
                let made = rows.iter().find(|row| row.row == u32::from(call.number)).map(|row| row.event);
                assert_eq!(made, Some(call.exit), "call {}", call.number);
            }
        }
    }

    #[test]
    fn steps_have_programs() {
        for (index, (number, _)) in step::PROGRAMS.iter().enumerate() {
            assert_eq!(index, usize::from(*number));
        }
        for row in rows() {
            for word in row.words.iter().filter(|word| word.kind == kind::STEP) {
                assert!(usize::from(word.arg) < step::PROGRAMS.len());
            }
        }
    }

    /// With `TERCEL_BLESS` set, the page is written again.
    #[test]
    fn the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/probe-events.md");
        let page = std::fs::read_to_string(path).expect("the page");
        let (intro, _) = page.split_once("| event |").expect("a table");
        let expected = format!("{intro}{}", document());
        if std::env::var_os("TERCEL_BLESS").is_some() {
            std::fs::write(path, expected).expect("a page that can be written");
        } else {
            assert!(page == expected, "docs/probe-events.md: run the test with TERCEL_BLESS=1");
        }
    }

    #[test]
    fn compat_calls_lead_to_rows() {
        let rows = rows();
        for (number, target) in compat_rows() {
            let known = target == row::NONE || rows.iter().any(|row| row.row == u32::from(target));
            assert!(known, "32-bit call {number}");
        }
    }
}
